// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Values and areas of every shape, against figures worked out by hand.
///
/// Areas are in unit·seconds.
@Suite struct CurveShapeTests {
    private func area(_ curve: Curve, _ until: Nanoseconds) -> Double { curve.area(until: until) / 1e9 }

    @Test func `a held amount is constant from start to end and nothing outside`() {
        let load = curve(10 * s, .hold(.cores(1.5)))
        #expect([-1, 0, 5 * s, 10 * s - 1, 10 * s].map(load.value) == [0, 1.5, 1.5, 1.5, 0])
        #expect(area(load, 10 * s) == 15)
        #expect(area(load, 99 * s) == 15)
        #expect(load.area(until: -s) == 0)
    }

    @Test func `a ramp is a straight line and then holds`() {
        let load = curve(10 * s, .ramp(from: .cores(1), to: .cores(3), over: 4 * s))
        #expect([0, s, 2 * s, 4 * s, 9 * s].map(load.value) == [1, 1.5, 2, 3, 3])
        #expect([s, 2 * s, 4 * s, 10 * s].map { area(load, $0) } == [1.25, 3, 8, 26])
    }

    @Test func `a ramp without a start begins where the stressor stood and takes the whole phase`() {
        let load = curve(10 * s, .ramp(from: nil, to: .cores(1), over: nil), from: 2)
        #expect(load.value(at: 0) == 2)
        #expect(load.value(at: 5 * s) == 1.5)
        #expect(area(load, 10 * s) == 15)
    }

    @Test func `each phase hands its last value to the ramp of the next`() {
        var load = Curve()
        let first = load.append(s, .steps([.cores(1), .cores(4)], every: 300 * ms), from: 0, seed: 1, resolve: number)
        #expect(first == 4)
        let second = load.append(s, .ramp(from: nil, to: .cores(2), over: nil), from: first, seed: 1, resolve: number)
        #expect(second == 2)
        #expect([s - 1, s, s + 500 * ms].map(load.value) == [4, 4, 3])
    }

    @Test func `a ramp that the phase cuts ends where it got to`() {
        var load = Curve()
        let last = load.append(
            s, .ramp(from: .cores(0), to: .cores(4), over: 2 * s), from: 0, seed: 1, resolve: number)
        #expect(abs(last - 2) < 1e-8)
        #expect(area(load, s) == 1)
    }

    @Test func `a staircase steps on time and holds its last step`() {
        let load = curve(10 * s, .steps([.cores(1), .cores(2), .cores(4)], every: 2 * s))
        #expect([0, 2 * s - 1, 2 * s, 4 * s, 9 * s].map(load.value) == [1, 1, 2, 4, 4])
        #expect(area(load, 10 * s) == 2 + 4 + 4 * 6)
    }

    @Test func `a sine begins at its first amount, is at the other after half a period, and has its closed area`() {
        let load = curve(10 * s, .sine(from: .cores(1), to: .cores(3), every: 4 * s))
        #expect(load.value(at: 0) == 1)
        #expect(abs(load.value(at: s) - 2) < 1e-12)
        #expect(load.value(at: 2 * s) == 3)
        #expect(abs(load.value(at: 4 * s) - 1) < 1e-12)
        // Whole periods have the mean; 10 s cut the third one at its top, which is again the mean, as sin(π) = 0.
        #expect(abs(area(load, 8 * s) - 16) < 1e-9)
        #expect(abs(area(load, 10 * s) - 20) < 1e-9)
        // A quarter: mean·t − amplitude·T/2π.
        #expect(abs(area(load, s) - (2 - 4 / (2 * Double.pi))) < 1e-9)
    }

    @Test func `a pulse is on for its width and off until the period is over, cut where the phase ends`() {
        let load = curve(1250 * ms, .pulse(.cores(2), width: 100 * ms, every: 500 * ms))
        #expect(
            [0, 100 * ms - 1, 100 * ms, 499 * ms, 500 * ms, 1050 * ms, 1100 * ms].map(load.value)
                == [2, 2, 0, 0, 2, 2, 0])
        #expect(load.area(until: 1250 * ms) == Double(600 * ms))
        #expect(load.area(until: 1050 * ms) == Double(500 * ms))
        #expect(
            curve(1050 * ms, .pulse(.cores(2), width: 100 * ms, every: 500 * ms)).area(until: s * 9)
                == Double(500 * ms))
    }

    @Test func `a pulse as wide as its period never lets go`() {
        let load = curve(2 * s, .pulse(.cores(2), width: 500 * ms, every: 500 * ms))
        #expect(load.value(at: 500 * ms) == 2)
        #expect(area(load, 2 * s) == 4)
    }

    @Test func `a sawtooth climbs and falls at once, cut where the phase ends`() {
        let load = curve(2500 * ms, .sawtooth(from: .cores(1), to: .cores(3), every: s))
        #expect([0, 500 * ms, s, 1500 * ms, 2 * s].map(load.value) == [1, 2, 1, 2, 1])
        #expect(abs(load.value(at: s - 1) - 3) < 1e-8)
        // Two whole teeth of mean 2, and half a third of mean 1.5.
        #expect(area(load, 2500 * ms) == 4.75)
    }

    @Test func `a trace joins its points, steps where two share a time, and holds its last`() {
        let points = [(0, 1.0), (s, 3), (s, 5), (3 * s, 1)].map { Trace.Point(at: $0.0, amount: .cores($0.1)) }
        let load = curve(5 * s, .trace(Trace(file: "t.csv", points: points)))
        #expect([0, 500 * ms, s, 2 * s, 3 * s, 4 * s].map(load.value) == [1, 2, 5, 3, 1, 1])
        #expect(area(load, 5 * s) == 2 + 6 + 2)
    }

    @Test func `a trace that begins late holds its first amount until then, and a long one is cut`() {
        let points = [(2 * s, 2.0), (4 * s, 4)].map { Trace.Point(at: $0.0, amount: .cores($0.1)) }
        var load = Curve()
        let last = load.append(
            3 * s, .trace(Trace(file: "t.csv", points: points)), from: 0, seed: 1, resolve: number)
        #expect([0, s, 2 * s, 2500 * ms].map(load.value) == [2, 2, 2, 2.5])
        #expect(abs(last - 3) < 1e-8)
        #expect(area(load, 3 * s) == 4 + 2.5)
    }

    @Test func `a trace in steps holds each amount until the next, and the last as long as it says`() {
        let points = [(0, 1.0), (s, 3), (3 * s, 5)].map { Trace.Point(at: $0.0, amount: .cores($0.1)) }
        var trace = Trace(file: "t.csv", points: points)
        trace.isStepped = true
        trace.length = 5 * s
        let once = curve(8 * s, .trace(trace))
        #expect([0, s - 1, s, 3 * s - 1, 3 * s, 7 * s].map(once.value) == [1, 1, 3, 3, 5, 5])
        #expect(area(once, 8 * s) == 1 + 6 + 25)
        trace.repeats = 2
        let twice = curve(13 * s, .trace(trace))
        #expect([5 * s, 6 * s, 8 * s, 10 * s, 12 * s].map(twice.value) == [1, 3, 5, 5, 5])
        #expect(area(twice, 10 * s) == 2 * 17 && area(twice, 13 * s) == 2 * 17 + 15)
        #expect(twice.peak(from: 10 * s, to: 13 * s) == 5 && trace.wholeLength == 10 * s)
        trace.repeats = .max
        let endless = curve(86_400 * s, .trace(trace))
        #expect(area(endless, 86_400 * s) == 17_280 * 17 && endless.value(at: 86_396 * s) == 3)
        #expect(Curve.pieceCount(of: .trace(trace), length: s) == 5 && trace.wholeLength == .max)
    }

    @Test func `a day of pulses takes the memory of two pieces and is exact to its last nanosecond`() {
        let day = 86_400 * s
        let load = curve(day, .pulse(.cores(1.5), width: 100 * ms, every: s))
        // A count of sections, then a length, an offset and a count of pieces, then five words a piece.
        #expect(load.words.count == 1 + 3 + 2 * 5)
        #expect(load.area(until: day) == 86_400 * 1.5 * Double(100 * ms))
        #expect(load.value(at: day - s) == 1.5)
        #expect(load.value(at: day - s - 1) == 0)
    }

    @Test func `the mean of a stretch is its area by its length, and the value where it has none`() {
        let load = curve(10 * s, .ramp(from: .cores(0), to: .cores(10), over: 10 * s))
        #expect(load.mean(from: 2 * s, to: 4 * s) == 3)
        #expect(load.mean(from: 2 * s, to: 2 * s) == 2)
    }

    @Test func `an error of an amount is passed on`() {
        struct Refused: Error {}
        var load = Curve()
        #expect(throws: Refused.self) {
            _ = try load.append(s, .hold(.max), from: 0, seed: 1) { (_) throws(Refused) in throw Refused() }
        }
        #expect(load.length == 0)
    }

    @Test func `peaks are those that are reached: a cut phase does not count what it cuts off`() {
        #expect(Curve().peak == 0)
        #expect(curve(s, .ramp(from: .cores(0), to: .cores(4), over: 4 * s)).peak == 1)
        #expect(curve(4 * s, .ramp(from: .cores(3), to: .cores(1), over: s)).peak == 3)
        #expect(curve(9 * s, .sine(from: .cores(1), to: .cores(3), every: 4 * s)).peak == 3)
        #expect(abs(curve(s, .sine(from: .cores(1), to: .cores(3), every: 4 * s)).peak - 2) < 1e-12)
        #expect(curve(s, .sine(from: .cores(3), to: .cores(1), every: 4 * s)).peak == 3)
        #expect(curve(3 * s, .steps([.cores(1), .cores(2), .cores(9)], every: s)).peak == 9)
        #expect(curve(2 * s, .steps([.cores(1), .cores(2), .cores(9)], every: s)).peak == 2)
    }

    @Test func `the peak of a stretch is that of the phases that it touches`() {
        var load = curve(s, .hold(.cores(1)))
        load.appendRelease(s)
        _ = load.append(s, .hold(.cores(5)), from: 0, seed: 1, resolve: number)
        #expect(load.peak(from: 0, to: s) == 1)
        #expect(load.peak(from: s, to: 2 * s) == 0)
        #expect(load.peak(from: s, to: 2 * s + 1) == 5)
        #expect(load.peak(from: 2 * s, to: 2 * s) == 0)
        #expect(load.peak == 5)
    }

    @Test func `how many pieces a shape needs is known before any is made`() {
        #expect(Curve.pieceCount(of: .random(from: .cores(0), to: .cores(1), every: s), length: 86_400 * s) == 86_401)
        #expect(Curve.pieceCount(of: .random(from: .cores(0), to: .cores(1), every: 1), length: s) == Curve.drawLimit)
        #expect(Curve.pieceCount(of: .pulse(.cores(1), width: 1, every: 2), length: .max) == 2)
        #expect(Curve.pieceCount(of: .steps([.max, .max], every: s), length: s) == 3)
    }

    @Test func `the amounts of a shape are those that it names`() {
        let points = [Trace.Point(at: 0, amount: .cores(7)), Trace.Point(at: 1, amount: .cores(8))]
        let shapes: [(LoadShape, [Double])] = [
            (.hold(.cores(1)), [1]), (.ramp(from: nil, to: .cores(2), over: nil), [2]),
            (.ramp(from: .cores(1), to: .cores(2), over: nil), [1, 2]),
            (.steps([.cores(3), .cores(1)], every: 1), [3, 1]),
            (.sine(from: .cores(1), to: .cores(2), every: 1), [1, 2]), (.pulse(.cores(4), width: 1, every: 2), [4]),
            (.sawtooth(from: .cores(5), to: .cores(6), every: 1), [5, 6]),
            (.random(from: .cores(0), to: .cores(9), every: 1), [0, 9]),
            (.trace(Trace(file: "", points: points)), [7, 8]),
        ]
        for (shape, amounts) in shapes { #expect(shape.amounts.map(number) == amounts) }
    }
}
