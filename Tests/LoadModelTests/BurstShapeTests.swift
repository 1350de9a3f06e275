// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadModel

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Bursts of a length that is drawn, and rests between them.
@Suite struct BurstShapeTests {
    private let shape = LoadShape.bursts(.cores(2), lengths: 2 * s...8 * s, rests: s...3 * s)

    /// The lengths of bursts and of rests, in order; the last of them, which the phase's end may have cut, left out.
    private func lengths(of load: Curve) -> (bursts: [Nanoseconds], rests: [Nanoseconds]) {
        var bursts: [Nanoseconds] = []
        var rests: [Nanoseconds] = []
        var from: Nanoseconds = 0
        while let jump = load.nextJump(after: from), jump < load.length {
            if load.value(at: from) > 0 { bursts.append(jump - from) } else { rests.append(jump - from) }
            from = jump
        }
        return (bursts, rests)
    }

    @Test func `bursts and rests are drawn in turn from their ranges, and nothing else comes`() {
        let (bursts, rests) = lengths(of: curve(24 * 3600 * s, shape, seed: 5))
        #expect(abs(bursts.count - rests.count) <= 1 && bursts.count > 10_000)
        #expect(bursts.allSatisfy { (2 * s...8 * s).contains($0) } && rests.allSatisfy { (s...3 * s).contains($0) })
        // Uniform: by the law of Kolmogorov and Smirnov the distance is above 1.63/√n once in a hundred seeds.
        for (lengths, least, most) in [(bursts, 2.0, 8.0), (rests, 1.0, 3.0)] {
            let sorted = lengths.sorted().map { ($0.seconds - least) / (most - least) }
            var distance = 0.0
            for (index, place) in sorted.enumerated() {
                distance = max(distance, abs(place - (Double(index) + 0.5) / Double(sorted.count)))
            }
            #expect(distance < 1.63 / Double(sorted.count).squareRoot())
        }
    }

    @Test func `the area is that of the bursts, to the nanosecond`() {
        let load = curve(600 * s, shape, seed: 9)
        var area = 0.0
        var from: Nanoseconds = 0
        while from < load.length, let jump = load.nextJump(after: from) {
            area += load.value(at: from) * Double(jump - from)
            #expect(load.area(until: jump) == area)
            from = jump
        }
        #expect(from == load.length && load.area(until: load.length) == area)
        #expect(load.value(at: 0) == 2, "it begins with a burst")
    }

    @Test func `the same seed is the same load, and another seed another`() {
        #expect(curve(600 * s, shape, seed: 7) == curve(600 * s, shape, seed: 7))
        #expect(curve(600 * s, shape, seed: 7) != curve(600 * s, shape, seed: 8))
        let regular = LoadShape.bursts(.cores(1), lengths: s...s, rests: 2 * s...2 * s)
        let pulse = LoadShape.pulse(.cores(1), width: s, every: 3 * s)
        let (a, b) = (curve(100 * s, regular, seed: 1), curve(100 * s, pulse))
        #expect((0..<1000).allSatisfy { a.value(at: Int64($0) * 100 * ms) == b.value(at: Int64($0) * 100 * ms) })
    }

    @Test func `a phase that is shorter than its first burst is all burst`() {
        let load = curve(s, shape, seed: 1)
        #expect(load.area(until: s) == 2e9 && load.peak == 2)
        #expect(Curve.pieceCount(of: shape, length: s) >= 1)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `there are never more pieces than were counted before`(seed: UInt64) {
        let short = LoadShape.bursts(.cores(1), lengths: 10 * ms...11 * ms, rests: 10 * ms...12 * ms)
        let pieces = curve(10 * s, short, seed: seed).sections[0].pieces.count
        #expect(pieces <= Curve.pieceCount(of: short, length: 10 * s))
    }

    @Test func `bursts can be put on top of another load`() {
        let load = curve(60 * s, .sum([.hold(.cores(1)), shape]), seed: 4)
        let alone = curve(60 * s, shape, seed: 4 &+ 0xA24B_AED4_963E_E407)
        for second in 0..<60 { #expect(load.value(at: Int64(second) * s) == 1 + alone.value(at: Int64(second) * s)) }
    }
}
