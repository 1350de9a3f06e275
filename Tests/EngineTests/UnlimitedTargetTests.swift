// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// As much as there is, beside figures: each is done and judged by its own measure.
@Suite struct UnlimitedTargetTests {
    // MARK: The judge

    /// A phase of figures and of as much as there is in turn, of which each may be done in full or not.
    private struct Draw {
        var simulation = JudgeSimulation()
        var value = 0.0
        /// What is done of the figures, and for which share of the rest nothing is done.
        var factor = 1.0
        var idle = 0.0
        var text = ""

        private static func pow10(_ exponent: Int) -> Double { (0..<exponent).reduce(1.0) { power, _ in power * 10 } }

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            value = Self.pow10(random.below(15)) * (1 + random.unit())
            let freely = value * (0.2 + 5 * random.unit())
            factor = random.chance(0.4) ? 0.5 : 1
            idle = random.chance(0.4) ? 0.6 : 0
            simulation.unit = .bytesPerSecond
            if random.chance(0.3) { simulation.operation = value / 1000 }
            if random.chance(0.5) { simulation.hold(value / 2, for: 2 * s) }
            let start = simulation.curve.length
            var pieces: [Curve.Piece] = []
            var time = start
            for number in 0..<(2 + random.below(4)) {
                let length = (6 + Nanoseconds(random.below(4))) * s + Nanoseconds(random.below(1000)) * ms
                if number % 2 == 0 {
                    pieces.append(.init(length: length, holding: value))
                    if factor < 1 { simulation.disturb(time, time + length, factor: factor) }
                } else {
                    pieces.append(.init(length: length, .unlimited))
                    let stop = time + Nanoseconds(Double(length) * (1 - idle))
                    simulation.disturb(time, stop, factor: 0, plus: freely)
                }
                time += length
            }
            simulation.phase(time - start, pieces)
            text = "seed \(seed): \(value), freely \(freely), factor \(factor), idle \(idle)"
        }
    }

    @Test(arguments: 0..<8)
    func `met is what did its figures and went on where there was none`(batch: UInt64) throws {
        var seen: [Verdict: Int] = [:]
        for seed in stride(from: batch, to: 2000, by: 8) {
            let draw = Draw(seed: seed)
            let result = try #require(draw.simulation.results().last)
            let figures = [
                result.targetMean ?? 0, result.achievedMean, result.claimedMean, result.errorMean, result.errorAbsMean,
                result.tolerance, result.offSeconds, result.unseenSeconds,
            ]
            #expect(figures.allSatisfy { $0.isFinite }, "\(draw.text): \(figures)")
            #expect(result.targetMean.map { abs($0 - draw.value) < 1e-6 * draw.value } == true, "\(draw.text)")
            let isDone = draw.factor == 1 && draw.idle == 0
            #expect(result.verdict == (isDone ? .met : .notMet), "\(draw.text): \(result)")
            seen[result.verdict, default: 0] += 1
        }
        #expect(seen[.met, default: 0] > 30 && seen[.notMet, default: 0] > 30, "\(seen)")
    }

    @Test(arguments: [1e12, 1.8e12, 1e15, 4e18])
    func `a large figure is judged as the figure that it is`(value: Double) {
        for drive in [Drive.level, .rate] {
            var run = JudgeSimulation(drive)
            run.hold(value, for: 6 * s)
            #expect(run.results()[0].verdict == .met)
            #expect(run.results()[0].targetMean.map { abs($0 / value - 1) < 1e-12 } == true)
            run.disturb(0, 6 * s, factor: 0.9)
            #expect(run.results()[0].verdict == .notMet)
            run.disturb(0, 6 * s, factor: 0)
            #expect(run.results()[0].verdict == .notMet)
        }
    }

    @Test func `where a phase of figures ends in as much as there is, each has its own work`() {
        var curve = Curve()
        curve.append(s, repeating: [.init(length: s, holding: 100)])
        curve.append(s, repeating: [.init(length: s, .unlimited)])
        curve.append(s, repeating: [.init(length: s, holding: 100)])
        func look(_ time: Nanoseconds, _ done: Double) -> Look { Look(time: time, achieved: done, claimed: done) }
        let ten = Double(10 * ms)
        let up = Look.between(look(990 * ms, 0), look(1010 * ms, 600 * ten), at: s, curve)
        #expect(up.achieved == 100 * ten && up.claimed == 100 * ten)
        let down = Look.between(look(1990 * ms, 0), look(2010 * ms, 600 * ten), at: 2 * s, curve)
        #expect(down.achieved == 500 * ten)
        // Less than the figures asked for is theirs.
        let short = Look.between(look(990 * ms, 0), look(1010 * ms, 60 * ten), at: s, curve)
        #expect(short.achieved == 60 * ten)
        let within = Look.between(look(1400 * ms, 0), look(1600 * ms, 600 * ten), at: 1500 * ms, curve)
        #expect(within.achieved == 300 * ten)
    }

    // MARK: The lane

    @Test func `a lane goes as fast as it can for as long as that is asked for, and then by figures again`() throws {
        var curve = Curve()
        for value in [0.25, .infinity, 0.25, 0, .infinity, 0.5] {
            curve.append(2 * s, repeating: [.init(length: 2 * s, holding: value)])
        }
        let time = VirtualTime(stopAt: 12 * s)
        let memory = GaugeMemory()
        let lane = Lane(index: 0, count: 1, curve: curve, time: time, gauge: memory.gauges[0])
        var worker = TimedWorker(time: time)
        try lane.pace(&worker, workPerArea: 1, catchUp: .backlog(window: 100 * ms))
        for (second, asked) in [0.25, 0.25, 1, 1, 0.25, 0.25, 0, 0, 1, 1, 0.5, 0.5].enumerated() {
            let done = worker.done(from: Nanoseconds(second) * s, to: Nanoseconds(second + 1) * s)
            #expect(abs(done - asked) < 0.03, "second \(second): \(done)")
        }
        #expect(memory.gauges[0].claimed == worker.total && memory.gauges[0].forgiven == 0)
    }

    @Test func `what is overdue when as much as there is begins is not made up for after it`() throws {
        var curve = Curve()
        for value in [0.5, .infinity, 0.25] { curve.append(2 * s, repeating: [.init(length: 2 * s, holding: value)]) }
        let time = VirtualTime(stopAt: 6 * s)
        let memory = GaugeMemory()
        let lane = Lane(index: 0, count: 1, curve: curve, time: time, gauge: memory.gauges[0])
        var worker = TimedWorker(time: time)
        time.lateness = { $0 > 1500 * ms && $0 < 1900 * ms ? 400 * ms : 0 }
        try lane.pace(&worker, workPerArea: 1, catchUp: .backlog(window: 10 * s))
        #expect(abs(worker.done(from: 4 * s, to: 6 * s) - 0.5) < 0.03)
    }

    // MARK: The schedule

    private func schedule(_ curve: Curve) -> OperationSchedule {
        OperationSchedule(curve: curve, row: OperationRow(work: 1), workPerArea: 1e-9)
    }

    @Test func `tickets of as much as there is wait for it, and nobody who missed it is held up`() {
        var curve = Curve()
        for value in [0, .infinity, 10, 0, .infinity] {
            curve.append(s, repeating: [.init(length: s, holding: value)])
        }
        let early = schedule(curve)
        for _ in 0..<4 { #expect(early.take(at: 0)?.notBefore == s, "whoever asks, and however many") }
        // Nobody asked in that time; then ten are due in a second, and none of them at once.
        let late = schedule(curve)
        _ = late.take(at: 0)
        let times = (0..<10).compactMap { _ in late.take(at: 2 * s)?.notBefore }
        #expect(times.count == 10)
        #expect(abs((times.first ?? 0) - (2 * s + 50 * ms)) < 10 && abs((times.last ?? 0) - (3 * s - 50 * ms)) < 10)
        #expect(late.take(at: 2 * s)?.intended == 4 * s)
        #expect(late.dropped == 0)
        #expect(late.take(at: 4 * s + 7)?.intended == 4 * s + 7)
        #expect(late.take(at: 5 * s) == nil)
    }

    @Test func `what was issued where there was no figure holds nothing back afterwards`() {
        var curve = Curve()
        for value in [.infinity, 100] { curve.append(2 * s, repeating: [.init(length: 2 * s, holding: value)]) }
        let schedule = schedule(curve)
        for number in 0..<50_000 { _ = schedule.take(at: Nanoseconds(number) * 40_000) }
        // 30 ms late: what is overdue may begin at once, within a tenth of a second's target.
        let overdue = (0..<3).compactMap { _ in schedule.take(at: 2 * s + 30 * ms) }
        #expect(overdue.allSatisfy { $0.notBefore <= 2 * s + 30 * ms }, "\(overdue)")
        #expect(schedule.dropped == 0)
    }

    @Test func `what was overdue before it and never done is dropped, and told`() {
        var curve = Curve()
        for value in [100, .infinity, 100] { curve.append(s, repeating: [.init(length: s, holding: value)]) }
        let schedule = schedule(curve)
        for _ in 0..<60 { _ = schedule.take(at: 500 * ms) }
        _ = schedule.take(at: 2 * s + 100 * ms)
        #expect(schedule.dropped == 40)
    }
}

/// A processor that does a nanosecond of work in each, a millisecond at a time, and knows when.
private struct TimedWorker: Working {
    let time: VirtualTime
    private(set) var total: Int64 = 0
    private var bursts: [(from: Nanoseconds, to: Nanoseconds)] = []

    init(time: VirtualTime) { self.time = time }

    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64 { try work(due, for: Pacer.period) }

    mutating func work(_ due: Int64, for limit: Nanoseconds) throws(StressorFailure) -> Int64 {
        let length = min(due, limit)
        bursts.append((time.now, time.now + length))
        time.pass(length)
        total += length
        return length
    }

    /// Work in a time, in seconds.
    func done(from start: Nanoseconds, to end: Nanoseconds) -> Double {
        bursts.reduce(0) { $0 + max(0, min($1.to, end) - max($1.from, start)).seconds }
    }
}
