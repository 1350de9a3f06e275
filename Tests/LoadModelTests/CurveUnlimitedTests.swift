// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// As much as there is has no figure: whatever is asked of a curve, that time adds nothing and spoils nothing.
@Suite struct CurveUnlimitedTests {
    /// A curve with and without its unlimited pieces: the same area, and value by value the same elsewhere.
    @Test(arguments: UInt64(1)...150)
    func `each instant is counted, or has a figure`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1...12, unlimitedIn: 3)
        var free: Nanoseconds = 0
        for time in 0..<load.length {
            #expect(load.unlimitedLength(from: 0, to: time) == free)
            let value = load.value(at: time)
            #expect(!value.isNaN)
            #expect(load.isUnlimited(from: time, to: time + 1) == (value == .infinity))
            if value == .infinity {
                free += 1
                #expect(load.area(until: time + 1) - load.area(until: time) == 0)
            }
        }
        #expect(load.unlimitedLength(from: -5, to: .max) == free)
        #expect(load.area(until: load.length).isFinite)
        #expect((load.peak == .infinity) == (free > 0))
        #expect(load.extremes(from: 0, to: load.length).upperBound == load.peak)
    }

    @Test(arguments: UInt64(1)...60)
    func `where it begins and where it ends is found from anywhere`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1...9, unlimitedIn: 4)
        func isFree(_ time: Nanoseconds) -> Bool { load.value(at: time) == .infinity }
        for start in 0..<load.length {
            for end in [start, start + 1, (start + load.length) / 2, load.length] where end >= start {
                let free = (start..<end).filter(isFree)
                #expect(load.unlimitedStart(from: start, to: end) == free.first)
                #expect(load.unlimitedEnd(from: start, to: end) == free.last.map { $0 + 1 })
                #expect(load.isUnlimited(from: start, to: end) == !free.isEmpty)
                let mean = load.mean(from: start, to: end)
                #expect(mean == .infinity ? end == start || free.count == end - start : mean.isFinite)
            }
        }
    }

    @Test(arguments: UInt64(1)...60)
    func `it jumps there and back, and stays for as long as it says`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1...12, unlimitedIn: 3)
        var time: Nanoseconds = 0
        while let jump = load.nextJump(after: time), jump < load.length {
            for instant in time + 1..<jump {
                #expect((load.value(at: instant) == .infinity) == (load.value(at: time) == .infinity))
            }
            time = jump
        }
        for time in 0..<load.length where load.value(at: time) == .infinity {
            let until = load.constantUntil(after: time)
            #expect(until > time && (time..<until).allSatisfy { load.value(at: $0) == .infinity })
        }
    }

    @Test(arguments: UInt64(1)...60)
    func `cut, condensed, scaled and sent, it keeps its area and its time without a figure`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1000...900_000, unlimitedIn: 3)
        let cut = dice.roll(1...load.length - 1)
        var joined = load.prefix(until: cut)
        joined.append(load, from: cut)
        let start = dice.roll(0...cut)
        var phases = load.prefix(until: start)
        if start < cut { phases.append(joined, from: start, to: cut) }
        phases.append(load, from: cut)
        let small = phases.condensed(before: load.length, keeping: start)
        #expect(Curve(words: load.words) == load)
        for other in [joined, load.scaled(by: 1, from: cut), small] {
            for end in [start, load.length] where other != small || end == load.length {
                #expect(other.unlimitedLength(from: 0, to: end) == load.unlimitedLength(from: 0, to: end))
                #expect(abs(other.area(until: end) - load.area(until: end)) < 1)
            }
        }
        #expect(
            small.unlimitedLength(from: start, to: load.length) == load.unlimitedLength(from: start, to: load.length))
        let rest = load.area(until: load.length) - load.area(until: start)
        #expect(abs(small.area(until: load.length) - small.area(until: start) - rest) < 1)
        let half = load.scaled(by: 0.5, from: 0)
        #expect(abs(half.area(until: load.length) * 2 - load.area(until: load.length)) < 1)
        #expect(half.unlimitedLength(from: 0, to: load.length) == load.unlimitedLength(from: 0, to: load.length))
    }

    /// An area is reached at the first instant from which on it is there, or where no figure bounds it.
    @Test(arguments: UInt64(1)...60)
    func `as much as there is reaches any area`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 50...400, onlyConstant: true, unlimitedIn: 5)
        for _ in 0..<100 {
            let start = dice.roll(0...load.length)
            let area = load.area(until: start) + Double(dice.roll(0...1000)) + 0.5
            let first = (start..<load.length).first {
                load.value(at: $0) == .infinity || load.area(until: $0) >= area
            }
            let found = load.time(reaching: area, from: start)
            #expect(found == first || first == nil && (found == nil || found == load.length), "seed \(seed)")
        }
    }

    @Test func `any shape may hold it where it can be held`() {
        let pulse = curve(4 * s, .pulse(.max, width: s, every: 2 * s))
        #expect(pulse.unlimitedLength(from: 0, to: 4 * s) == 2 * s && pulse.value(at: s) == 0)
        let steps = curve(6 * s, .steps([.cores(1), .max, .cores(2)], every: s))
        #expect([0, s, 2 * s, 5 * s].map(steps.value) == [1, .infinity, 2, 2])
        #expect(steps.area(until: 6 * s) == Double(9 * s) && steps.mean(from: 0, to: 6 * s) == 1.8)
        let trace = LoadShape.trace(
            Trace(
                file: "",
                points: [(0, Amount.cores(1)), (s, .cores(1)), (s, .max), (2 * s, .max), (2 * s, .cores(3))].map {
                    Trace.Point(at: $0.0, amount: $0.1)
                }))
        let traced = curve(4 * s, trace)
        #expect(traced.unlimitedLength(from: 0, to: 4 * s) == s && traced.unlimitedStart(from: 0, to: 4 * s) == s)
        #expect(traced.value(at: 3 * s) == 3)
    }

    @Test func `a condensed curve still tells what a phase in its middle asked for`() {
        var load = Curve()
        for value in [100.0, 100, 10, 10, 10, 10] { load.append(s, repeating: [.init(length: s, holding: value)]) }
        let small = load.condensed(before: 5 * s, keeping: 2 * s)
        #expect(small.wordCount < load.wordCount)
        #expect(small.mean(from: 2 * s, to: 6 * s) == 10 && small.area(until: 6 * s) == load.area(until: 6 * s))
    }
}
