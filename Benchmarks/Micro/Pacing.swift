// SPDX-License-Identifier: Apache-2.0

import Benchmark
import Engine
import LoadModel

/// What a rate lane asks at each of its 101 wakes a second, and what everybody asks a curve.
func addPacer() {
    let curve = hold(0.5)
    Measure.add("pacer.due", calls: 2000) { calls in
        var pacer = Pacer(lane: 3, of: 8, catchUp: .headroom(window: .second, capacity: 1))
        var (now, done): (Nanoseconds, Int64) = (0, 0)
        for _ in 0..<calls {
            now = pacer.nextWake(after: now)
            done += pacer.due(until: now, done: done) { curve.area(until: $0) }
        }
        blackHole(done)
    }
    Measure.add("pacer.due.after_stall", calls: 2000) { calls in
        var pacer = Pacer(lane: 3, of: 8, catchUp: .headroom(window: .second, capacity: 1))
        var (now, done): (Nanoseconds, Int64) = (0, 0)
        for _ in 0..<calls {
            // Three seconds late each time: some is made up for and some forgiven.
            now = pacer.nextWake(after: now + 3 * .second)
            done += pacer.due(until: now, done: done) { curve.area(until: $0) }
        }
        blackHole((done, pacer.forgiven))
    }
}

/// Values, areas, when an area is reached, and the way to another process and back.
func addCurve() {
    let plain = hold(2000)
    let long = thousandPhases()
    let step = long.length / 1009
    Measure.add("curve.value", calls: 2000) { calls in
        for call in 0..<calls { blackHole(long.value(at: Int64(call % 1009) * step)) }
    }
    Measure.add("curve.area", calls: 2000) { calls in
        for call in 0..<calls { blackHole(long.area(until: Int64(call % 1009) * step)) }
    }
    Measure.add("curve.time_reaching.hold", calls: 1000) { calls in
        for call in 0..<calls {
            let start = Int64(call) * .millisecond
            blackHole(plain.time(reaching: plain.area(until: start) + 1e9, from: start))
        }
    }
    Measure.add("curve.time_reaching.ramp", calls: 50) { calls in
        for call in 0..<calls {
            let start = Int64(call % 1009) * step
            blackHole(long.time(reaching: long.area(until: start) + 100e9, from: start))
        }
    }
    Measure.add("curve.words_round_trip.1000_phases", calls: 1) { calls in
        for _ in 0..<calls { blackHole(Curve(words: long.words)) }
    }
}

private func hold(_ value: Double) -> Curve {
    var curve = Curve()
    curve.append(3600 * .second, repeating: [.init(length: 3600 * .second, .line(value, value))])
    return curve
}

/// Ramps and waves in turn, a minute each.
private func thousandPhases() -> Curve {
    var curve = Curve()
    let minute = 60 * Nanoseconds.second
    for index in 0..<1000 {
        curve.append(
            minute,
            repeating: [
                index % 2 == 0
                    ? .init(length: minute, .line(100, 500))
                    : .init(length: minute, .sine(low: 100, high: 500, period: 10 * .second))
            ])
    }
    return curve
}
