// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadModel

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Where a curve jumps, which is what a verdict cuts time by.
@Suite struct CurveStretchTests {
    private func jumps(_ curve: Curve) -> [Nanoseconds] {
        var found: [Nanoseconds] = []
        var time: Nanoseconds = -1
        while let next = curve.nextJump(after: time), found.count < 1000 {
            found.append(next)
            time = next
        }
        return found
    }

    @Test func `phases, steps and pulses jump, ramps and sines do not`() {
        var curve = Curve()
        curve.append(2 * s, repeating: [.init(length: 2 * s, .line(1, 1))])
        // The same value goes on: no jump.
        curve.append(2 * s, repeating: [.init(length: 2 * s, .line(1, 3))])
        curve.append(2 * s, repeating: [.init(length: s, .line(3, 3)), .init(length: s, .line(2, 2))])
        curve.append(2 * s, repeating: [.init(length: 500 * ms, .line(5, 5)), .init(length: 500 * ms, .line(0, 0))])
        curve.append(2 * s, repeating: [.init(length: 2 * s, .sine(low: 0, high: 1, period: s))])
        #expect(jumps(curve) == [0, 5 * s, 6 * s, 6500 * ms, 7 * s, 7500 * ms, 10 * s])
        #expect(curve.valueBefore(0) == 0 && curve.valueBefore(6 * s) == 2 && curve.valueBefore(6500 * ms) == 5)
        #expect(abs(curve.valueBefore(4 * s) - 3) < 1e-6)
    }

    @Test func `a sawtooth jumps at each period, a curve of zero never`() {
        var curve = Curve()
        curve.append(3 * s, repeating: [.init(length: s, .line(0, 1))])
        #expect(jumps(curve) == [s, 2 * s, 3 * s])
        var nothing = Curve()
        nothing.appendRelease(3 * s)
        #expect(jumps(nothing) == [3 * s])
        #expect(Curve().nextJump(after: 0) == nil)
    }

    @Test func `a long row of pieces that meet has no jump but its end`() {
        var curve = Curve()
        let pieces = (0..<10_000).map { Curve.Piece(length: ms, .line(Double($0), Double($0 + 1))) }
        curve.append(10 * s, repeating: pieces)
        #expect(jumps(curve) == [10 * s])
    }

    @Test func `extremes are those of the time asked for`() {
        var curve = Curve()
        curve.append(2 * s, repeating: [.init(length: 100 * ms, .line(5, 5)), .init(length: 900 * ms, .line(0, 0))])
        curve.append(2 * s, repeating: [.init(length: 2 * s, .sine(low: 1, high: 3, period: 2 * s))])
        #expect(curve.extremes(from: 0, to: s) == 0...5)
        #expect(curve.extremes(from: 200 * ms, to: 900 * ms) == 0...0)
        #expect(curve.extremes(from: 2 * s, to: 4 * s) == 1...3)
        let half = curve.extremes(from: 2500 * ms, to: 3500 * ms)
        #expect(abs(half.lowerBound - 2) < 1e-9 && half.upperBound == 3)
        #expect(curve.extremes(from: s, to: s) == 5...5)
    }

    @Test func `a curve is scaled from a time on, and stays what it was before`() {
        var curve = Curve()
        curve.append(2 * s, repeating: [.init(length: 300 * ms, .line(1, 2)), .init(length: 700 * ms, .line(4, 4))])
        curve.append(2 * s, repeating: [.init(length: 2 * s, .sine(low: 1, high: 3, period: s))])
        let scaled = curve.scaled(by: 0.25, from: 1100 * ms)
        #expect(scaled.length == curve.length)
        for time in stride(from: Nanoseconds(0), to: 4 * s, by: Int(37 * ms)) {
            let factor = time < 1100 * ms ? 1 : 0.25
            #expect(abs(scaled.value(at: time) - factor * curve.value(at: time)) < 1e-9)
        }
        let rest = curve.area(until: 4 * s) - curve.area(until: 1100 * ms)
        #expect(abs(scaled.area(until: 4 * s) - curve.area(until: 1100 * ms) - rest / 4) < 1)
    }

    @Test func `as much as there is is counted by its time`() {
        var curve = Curve()
        curve.append(
            4 * s,
            repeating: [
                .init(length: 300 * ms, .line(1, 1)), .init(length: 700 * ms, .unlimited),
            ])
        #expect(curve.unlimitedLength(from: 0, to: 4 * s) == 2800 * ms)
        #expect(curve.unlimitedLength(from: 0, to: 300 * ms) == 0)
        #expect(curve.unlimitedLength(from: 200 * ms, to: 500 * ms) == 200 * ms)
    }
}
