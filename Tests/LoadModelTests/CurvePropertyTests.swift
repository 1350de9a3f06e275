// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// What must hold of every curve, tried on shapes and on random curves whose seed a failure names.
@Suite struct CurvePropertyTests {
    /// All eight shapes over 10 s, with turns at whole milliseconds only.
    private static let shapes: [(String, LoadShape)] = [
        ("hold", .hold(.cores(1.5))),
        ("ramp", .ramp(from: .cores(0.5), to: .cores(3), over: 7 * s)),
        ("steps", .steps([.cores(1), .cores(0), .cores(4)], every: 1730 * ms)),
        ("sine", .sine(from: .cores(0.2), to: .cores(1.8), every: 3100 * ms)),
        ("pulse", .pulse(.cores(2), width: 310 * ms, every: 1110 * ms)),
        ("sawtooth", .sawtooth(from: .cores(0), to: .cores(2), every: 2300 * ms)),
        ("random", .random(from: .cores(0), to: .cores(4), every: 700 * ms)),
        (
            "trace",
            .trace(
                Trace(
                    file: "",
                    points: [(300 * ms, 1), (s, 3), (s, 0), (8 * s, 2)].map {
                        Trace.Point(at: $0.0, amount: .cores($0.1))
                    }))
        ),
    ]

    /// Trapezia of 2 ms, none across a turn: the right end of each is read one nanosecond before its end.
    @Test(arguments: shapes)
    func `the area is what fine numeric integration finds`(name: String, shape: LoadShape) {
        let load = curve(10 * s, shape)
        let step = 2 * ms
        var sum = 0.0
        for start in stride(from: Nanoseconds(0), to: 10 * s, by: Int(step)) {
            sum += (load.value(at: start) + load.value(at: start + step - 1)) / 2 * Double(step)
            if start % s == 998 * ms {
                #expect(abs(load.area(until: start + step) - sum) < 1e-6 * 4 * Double(10 * s))
            }
        }
        #expect(abs(load.mean(from: 0, to: 10 * s) - sum / Double(10 * s)) < 1e-6)
    }

    @Test(arguments: UInt64(1)...60)
    func `areas grow, add up over any cut, and equal those of the phases one by one`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let parts = (0..<3).map { _ in dice.curve(pieceLengths: 1000...900_000) }
        let load = parts.reduce(into: [UInt64(0)]) { words, part in
            words[0] += part.words[0]
            words += part.words.dropFirst()
        }
        guard let whole = Curve(words: load) else {
            Issue.record("the curves cannot be joined")
            return
        }
        let sum = parts.reduce(0.0) { $0 + $1.area(until: $1.length) }
        #expect(whole.length == parts.reduce(0) { $0 + $1.length })
        #expect(abs(whole.area(until: whole.length) - sum) <= 1e-12 * max(1, sum))
        for _ in 0..<50 {
            let a = dice.roll(0...whole.length)
            let b = dice.roll(a...whole.length)
            let pieces = whole.mean(from: a, to: b) * Double(b - a)
            let (upToA, upToB) = (whole.area(until: a), whole.area(until: b))
            #expect(upToA <= upToB + 1e-6)
            if b > a { #expect(abs(upToA + pieces - upToB) <= 1e-9 * max(1, upToB)) }
            // A stretch of one nanosecond has the area of its value: no jump where pieces, cycles or phases meet.
            if a < whole.length {
                #expect(abs(whole.area(until: a + 1) - upToA - whole.value(at: a)) < 0.02)
            }
        }
    }

    /// Each instant of short curves is compared with each instant that is promised to be like it.
    @Test(arguments: UInt64(1)...150)
    func `the value is what it was until constantUntil says otherwise`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1...12)
        for time in 0..<load.length {
            let until = load.constantUntil(after: time)
            #expect(until >= time && until <= load.length)
            let value = load.value(at: time)
            let firstOther = (time..<max(time, until)).first { load.value(at: $0) != value }
            #expect(firstOther == nil, "at \(time) of seed \(seed), until \(until)")
        }
        #expect(load.constantUntil(after: load.length) == .max)
        #expect(load.constantUntil(after: -5) == 0)
    }

    @Test(arguments: UInt64(1)...60)
    func `where all is constant there is always a next time, so that a sleeper gets to the end`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1...40, onlyConstant: true)
        var time: Nanoseconds = 0
        while time < load.length {
            let until = load.constantUntil(after: time)
            #expect(until > time, "at \(time) of seed \(seed)")
            guard until > time else { return }
            time = until
        }
    }

    @Test func `constantUntil sees through the edges of pieces and phases of one value, and stops where it changes`() {
        var load = curve(3 * s, .steps([.cores(1), .cores(1), .cores(2)], every: s))
        #expect(load.constantUntil(after: 0) == 2 * s)
        _ = load.append(s, .hold(.cores(2)), from: 0, seed: 1, resolve: number)
        #expect(load.constantUntil(after: 2 * s + 1) == 4 * s)
        _ = load.append(s, .ramp(from: .cores(2), to: .cores(3), over: nil), from: 0, seed: 1, resolve: number)
        #expect(load.constantUntil(after: 2 * s) == 4 * s)
        #expect(load.constantUntil(after: 4 * s) == 4 * s)
        #expect(load.constantUntil(after: 4 * s + 7) == 4 * s + 7)
        let flat = curve(86_400 * s, .pulse(.cores(1), width: ms, every: ms))
        #expect(flat.constantUntil(after: 5) == 86_400 * s)
    }

    /// Pieces are 50 ns and longer, so that from one nanosecond to the next nothing moves by more than the slack.
    @Test(arguments: UInt64(1)...100)
    func `the peak is the greatest of all values and no greater`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 50...300)
        let greatest = (0..<load.length).map(load.value).max() ?? 0
        #expect(load.peak >= greatest)
        #expect(load.peak <= greatest + 0.15)
        #expect(load.peak == load.peak(from: 0, to: load.length))
    }
}
