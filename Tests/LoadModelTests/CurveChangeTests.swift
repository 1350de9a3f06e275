// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

/// Curves that are cut and put together anew while a run follows them.
@Suite struct CurveChangeTests {
    private static let second = Nanoseconds.second

    /// Phases of every shape, the parts of which can be told apart.
    private static var load: Curve {
        var load = Curve()
        let shapes: [LoadShape] = [
            .hold(.cores(1)), .ramp(from: .cores(1), to: .cores(3), over: 2 * second),
            .sine(from: .cores(3), to: .cores(1), every: 1_700_000_000),
            .pulse(.cores(2), width: 300_000_000, every: 700_000_000),
            .sawtooth(from: .cores(0), to: .cores(1), every: 900_000_000),
            .random(from: .cores(0), to: .cores(2), every: 400_000_000),
        ]
        for shape in shapes {
            _ = load.append(5 * second, shape, from: 0, seed: 7) { (amount) throws(Never) -> Double in
                if case .cores(let value) = amount { value } else { .nan }
            }
        }
        return load
    }

    @Test(arguments: [1, 999_999_999, 4_999_999_999, 5_000_000_000, 12_345_678_901, 17_100_000_003, 29_999_999_999])
    func `cut in two and joined again it is what it was`(cut: Nanoseconds) {
        let load = Self.load
        var joined = load.prefix(until: cut)
        #expect(joined.length == cut && joined.value(at: cut) == 0)
        joined.append(load, from: cut)
        #expect(joined.length == load.length)
        for time in stride(from: Nanoseconds(0), to: load.length, by: 97_000_001) {
            #expect(joined.value(at: time) == load.value(at: time), "at \(time)")
            let difference = joined.area(until: time) - load.area(until: time)
            #expect(abs(difference) < 1e-3, "at \(time): \(difference) core·ns")
            #expect(joined.constantUntil(after: time) >= time)
        }
        #expect(abs(joined.peak - load.peak) < 1e-6)
        let copy = Curve(words: joined.words)
        #expect(copy == joined && joined.words.count == joined.wordCount)
    }

    @Test func `cut many times it stays what it was`() {
        let load = Self.load
        var joined = load
        for cut in stride(from: Nanoseconds(500_000_000), to: load.length, by: 750_000_000) {
            var next = joined.prefix(until: cut)
            next.append(joined, from: cut)
            joined = next
        }
        for time in stride(from: Nanoseconds(0), to: load.length, by: 97_000_001) {
            #expect(joined.value(at: time) == load.value(at: time))
            #expect(abs(joined.area(until: time) - load.area(until: time)) < 1e-3)
        }
    }

    @Test func `condensed it keeps its area and its future and becomes small`() {
        let load = Self.load
        var pieces = load.prefix(until: 0)
        // A change every second.
        for second in 0..<30 {
            pieces.append(
                load, from: Nanoseconds(second) * Self.second, to: Nanoseconds(second + 1) * Self.second)
        }
        let now = 20 * Self.second + 1
        let small = pieces.condensed(before: now)
        #expect(small.wordCount < pieces.wordCount && small.length == load.length)
        for time in stride(from: now, to: load.length, by: 97_000_001) {
            #expect(small.value(at: time) == pieces.value(at: time))
            #expect(abs(small.area(until: time) - pieces.area(until: time)) < 1e-2)
        }
        #expect(load.condensed(before: 0) == load, "nothing is past")
        #expect(load.condensed(before: 5 * Self.second) == load, "one section is none too many")
    }

    @Test func `the peak of a part is what is reached in it`() {
        let second = Self.second
        var sine = Curve()
        sine.append(10 * second, repeating: [.init(length: 10 * second, .sine(low: 0, high: 4, period: 4 * second))])
        func peak(_ from: Nanoseconds, _ to: Nanoseconds) -> Double {
            var part = Curve()
            part.append(sine, from: from, to: to)
            return part.peak
        }
        #expect(abs(peak(3 * second, 5 * second) - 2) < 1e-9)
        #expect(peak(5 * second, 6 * second + 1) == 4)
        #expect(peak(0, 10 * second) == 4)
        var saw = Curve()
        saw.append(10 * second, repeating: [.init(length: 2 * second, .line(0, 1))])
        var part = Curve()
        part.append(saw, from: second, to: 3 * second)
        #expect(part.peak == 1, "it goes over the top")
        part = Curve()
        part.append(saw, from: 2 * second, to: 3 * second)
        #expect(part.peak == 0.5)
    }
}
