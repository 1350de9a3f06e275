// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The definition of the verdict, sentence by sentence, on simulated stressors that are looked at as by the observer.
@Suite struct PhaseLedgerTests {
    private func near(_ a: Double?, _ b: Double, _ slack: Double = 1e-6) -> Bool {
        a.map { abs($0 - b) <= slack * max(1, abs(b)) } ?? false
    }

    /// One phase that holds `value`.
    private func held(
        _ drive: Drive, _ value: Double = 1, for length: Nanoseconds = 10 * s, within: Nanoseconds? = nil
    ) -> JudgeSimulation {
        var run = JudgeSimulation(drive)
        run.hold(value, for: length, within: within)
        return run
    }

    @Test(arguments: [Drive.rate, .level])
    func `on target all the time is met, and reached with the first reading`(drive: Drive) throws {
        let result = try #require(held(drive).results().first)
        #expect(result.verdict == .met)
        #expect(near(result.targetMean, 1) && near(result.achievedMean, 1) && near(result.claimedMean, 1))
        #expect(near(result.errorAbsMax, 0) && near(result.errorMean, 0))
        #expect(near(result.timeToReach, drive == .rate ? 0.0951 : 0))
        #expect(result.shortfall.isEmpty && result.limitedBy == nil)
        #expect(near(result.tolerance, 0.01))
        #expect(result.offSeconds == 0 && result.unseenSeconds == 0 && result.isLoaded)
    }

    @Test(arguments: [Drive.rate, .level])
    func `always a tenth short is not met, by that much`(drive: Drive) {
        var run = held(drive)
        run.disturb(0, 10 * s, factor: 0.9)
        let result = run.results()[0]
        #expect(result.verdict == .notMet)
        #expect(near(result.errorMean, -0.1) && near(result.achievedMean, 0.9))
        #expect(near(result.errorAbsMean, 0.1) && near(result.errorAbsP95, 0.1) && near(result.errorAbsMax, 0.1))
        #expect(result.timeToReach == nil && near(result.offSeconds, 10, 1e-3))
        #expect(near(result.shortfall[.saturation], 0.1, 0.02))
        #expect(result.limitedBy == .saturation)
    }

    @Test(arguments: [Drive.rate, .level])
    func `always a tenth over is not met either, and is no shortfall`(drive: Drive) {
        var run = held(drive)
        run.disturb(0, 10 * s, factor: 1.1)
        let result = run.results()[0]
        #expect(result.verdict == .notMet)
        #expect(near(result.errorMean, 0.1))
        #expect(result.shortfall.isEmpty)
    }

    // MARK: The way

    @Test(arguments: [Drive.rate, .level])
    func `the way to a target may take a second, and its shortfall is then no error`(drive: Drive) {
        var run = held(drive)
        run.disturb(0, 900 * ms, factor: 0)
        let result = run.results()[0]
        #expect(result.verdict == .met)
        #expect(near(result.errorMean, 0, 1e-3) && near(result.achievedMean, 0.91, 1e-3), "\(result)")
        #expect(result.allowanceSeconds >= 0.89 && result.allowanceSeconds <= 1)
        #expect(result.shortfall.isEmpty)
    }

    @Test(arguments: [Drive.rate, .level])
    func `a way that takes longer is void from its begin`(drive: Drive) {
        var run = held(drive)
        run.disturb(0, 1300 * ms, factor: 0)
        let result = run.results()[0]
        #expect(result.verdict == .notMet)
        #expect(near(result.errorMean, -0.13, 0.01) && result.allowanceSeconds == 0)
        #expect(result.offSeconds >= 1.3)
        #expect(near(result.shortfall[.saturation], 0.13, 0.05))
    }

    @Test(arguments: [Drive.rate, .level])
    func `a quarter of a short stretch is all that the way may take`(drive: Drive) {
        var run = held(drive, for: 2 * s)
        run.disturb(0, 400 * ms, factor: 0)
        #expect(run.results()[0].verdict == .met)
        run = held(drive, for: 2 * s)
        run.disturb(0, 700 * ms, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test(arguments: [Drive.rate, .level])
    func `a profile may allow more, half of the stretch at most`(drive: Drive) {
        var run = held(drive, for: 8 * s, within: 5 * s)
        run.disturb(0, 2700 * ms, factor: 0)
        #expect(run.results()[0].verdict == .met)
        run.disturb(0, 4300 * ms, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
        run = held(drive, for: 8 * s, within: 100 * ms)
        run.disturb(0, 700 * ms, factor: 0)
        #expect(run.results()[0].verdict == .notMet, "less than a second, too")
    }

    @Test(arguments: [Drive.rate, .level])
    func `the allowance ends when the target is first reached`(drive: Drive) {
        var run = held(drive, for: 4 * s)
        run.disturb(200 * ms, 900 * ms, factor: 0)
        let result = run.results()[0]
        #expect(result.verdict == .notMet)
        #expect(near(result.errorMean, -0.175, 0.02), "\(result.errorMean)")
    }

    @Test func `the mean claim of a level that moves faster than the looks is that of what is there`() throws {
        // Ten looks a second fall on the same place of each wave.
        var run = JudgeSimulation(.level)
        run.phase(
            2 * s, [.init(length: 50 * ms, .line(100, 15000)), .init(length: 50 * ms, .line(15000, 100))])
        let result = try #require(run.results().first)
        #expect(near(result.targetMean, 7550) && near(result.achievedMean, 7550, 0.02))
        #expect(near(result.claimedMean, result.achievedMean, 1e-3), "\(result.claimedMean)")
    }

    @Test func `phases that are too short for a quantum are judged together`() {
        // 20 ms of 10 each: a quantum of 10 ms forgives each of them four tenths of the work, and not all of them.
        func run(_ factors: [Double]) -> [Verdict] {
            var run = JudgeSimulation(.rate)
            for (index, factor) in factors.enumerated() {
                run.hold(1, for: 20 * ms)
                run.phase(80 * ms)
                let start = Nanoseconds(index) * 100 * ms
                run.disturb(start, start + 20 * ms, factor: factor)
            }
            return run.results().enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element.verdict)
        }
        #expect(run([1, 1, 1, 1]).allSatisfy { $0 == .met })
        #expect(run([0.6]) == [.met], "one quantum of one phase")
        #expect(run(Array(repeating: 0.6, count: 6)).dropFirst(1).allSatisfy { $0 == .notMet })
        #expect(run([0.7, 1.3, 0.7, 1.3, 0.7, 1.3]).allSatisfy { $0 == .met }, "what one lacks the next one has")
        #expect(run([0.6, 1, 1, 0.6]).suffix(3) == [.met, .met, .notMet])
    }

    @Test func `a process of several that was killed is no cause of saturation`() {
        var ledger = self.ledgerOfHandles()
        var history = History()
        for step in 0..<10 {
            var point = HistoryPoint(time: Nanoseconds(step) * 100 * ms, owed: 10, achieved: 10, claimed: 10)
            if step >= 5 { (point.achieved, point.claimed) = (8, 8) }
            history.append(point)
            ledger.add(history, steal: 0)
            if step == 5 { ledger.noteKilled(at: point.time, history) }
        }
        let result = ledger.result(isCut: false)
        #expect(result.verdict == .killed && result.limitedBy == nil && result.shortfall.values.allSatisfy { $0 <= 0 })
        var next = self.ledgerOfHandles()
        next.isCrippled = true
        for point in [HistoryPoint(time: 0, owed: 10, achieved: 8, claimed: 8)] {
            history = History()
            history.append(point)
            next.add(history, steal: 0)
        }
        #expect(next.limitedBy == nil)
    }

    private func ledgerOfHandles() -> PhaseLedger {
        var curve = Curve()
        curve.append(s, repeating: [.init(length: s, holding: 10)])
        let stressor = PlannedStressor(
            name: "x", kind: "file-handles", unit: .handles, drive: .level, settings: Settings(values: [:]),
            capacity: 100, base: "", curve: curve, workers: 1,
            tolerance: ToleranceLimit(absolute: 0, ratio: 0.001), witness: "")
        let phase = PlannedPhase(name: "p", start: 0, length: s, loads: ["x": "10"])
        let plan = Plan(
            profile: "", file: "", sha256: "", seed: 0, stressors: [stressor], phases: [phase], findings: [])
        return PhaseLedger(phase: 0, of: plan, stressor)
    }

    @Test func `an order may grant more time for its way, until the phase ends`() {
        func verdict(_ within: Nanoseconds?) -> Verdict {
            var run = JudgeSimulation(.level)
            run.hold(1, for: 8 * s)
            return run.resultAfterOrder(at: 2 * s, to: 3, within: within, arrivingAfter: 2 * s)
        }
        #expect(verdict(nil) == .notMet && verdict(500 * ms) == .notMet)
        #expect(verdict(2500 * ms) == .met)
    }

    @Test func `a stall that is made up for in a burst is seen twice`() {
        // 0.7 s without work, then so much more that the mean is right.
        var run = held(.rate, 0.4, for: 4 * s)
        run.disturb(150 * ms, 850 * ms, factor: 0)
        run.disturb(1 * s, 2 * s, factor: 1.7)
        let result = run.results()[0]
        #expect(near(result.errorMean, 0, 1e-2))
        #expect(result.verdict == .notMet && near(result.offSeconds, 2, 0.02))
    }

    @Test func `operations that were dropped on the way count`() {
        var run = held(.rate, 100)
        (run.unit, run.operation) = (.operationsPerSecond, 1)
        run.disturb(0, 900 * ms, factor: 0)
        #expect(run.results()[0].verdict == .met)
        run.dropped = { $0 > 500 * ms ? 90 : 0 }
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test(arguments: [Drive.rate, .level])
    func `on the way down a surplus is excused, on the way up it is not`(drive: Drive) {
        var run = JudgeSimulation(drive)
        run.hold(1, for: 5 * s)
        run.hold(0.5, for: 5 * s)
        run.disturb(5 * s, 5800 * ms, factor: 2)
        #expect(run.results().map(\.verdict) == [.met, .met])
        run = JudgeSimulation(drive)
        run.hold(0.5, for: 5 * s)
        run.hold(1, for: 5 * s)
        run.disturb(5 * s, 5800 * ms, factor: 2)
        #expect(run.results().map(\.verdict) == [.met, .notMet])
    }

    // MARK: Rates

    @Test func `one bad second of a long phase is no miss, and two of a short one are`() {
        var run = held(.rate, for: 120 * s)
        run.disturb(60 * s, 60 * s + 500 * ms, factor: 0)
        let result = run.results()[0]
        #expect(result.verdict == .met && near(result.errorAbsMax, 0.5, 0.01) && near(result.offSeconds, 1, 0.01))
        run = held(.rate, for: 10 * s)
        run.disturb(3 * s, 3 * s + 40 * ms, factor: 0)
        #expect(run.results()[0].verdict == .met)
        run.disturb(5 * s, 5 * s + 40 * ms, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test func `pulses shorter than a look are exact by counter`() {
        var run = JudgeSimulation()
        run.phase(5 * s, .init(length: 100 * ms, .line(0.4, 0.4)), .init(length: 900 * ms, .line(0, 0)))
        let result = run.results()[0]
        #expect(result.verdict == .met)
        #expect(near(result.targetMean, 0.04) && near(result.achievedMean, 0.04))
        run.disturb(2 * s, 2 * s + 60 * ms, factor: 0)
        run.disturb(3 * s, 3 * s + 60 * ms, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test(arguments: [50 * ms, 90 * ms, 150 * ms, 300 * ms])
    func `a short rate phase is judged by the counters at its edges`(length: Nanoseconds) {
        var run = JudgeSimulation()
        run.hold(1, for: length)
        run.phase(100 * ms, [])
        #expect(run.results().map(\.verdict) == [.met, .met])
        run.disturb(0, length, factor: 0.5)
        #expect(run.results().map(\.verdict) == [.notMet, .met])
    }

    @Test func `a burst in the first part of a phase is judged, whatever comes after it`() {
        var run = JudgeSimulation()
        run.phase(5 * s, .init(length: 900 * ms, .line(90, 90)), .init(length: 9100 * ms, .line(0, 0)))
        run.disturb(0, 900 * ms, factor: 0.05)
        let result = run.results()[0]
        #expect(result.verdict == .notMet)
        #expect(near(result.targetMean, 16.2) && near(result.achievedMean, 0.81, 0.01))
    }

    @Test func `one operation more or less is none, and half of what was due is not less than one`() {
        var run = held(.rate, 1.5, for: 6 * s)
        (run.unit, run.operation) = (.operationsPerSecond, 1)
        // Operations come whole.
        run.disturb(0, 6 * s, factor: 0, plus: 8.0 / 6)
        #expect(run.results()[0].verdict == .met)
        run.disturb(0, 6 * s, factor: 0, plus: 6.0 / 6)
        #expect(run.results()[0].verdict == .notMet)
        run = held(.rate, 0.3, for: 3 * s)
        (run.unit, run.operation) = (.operationsPerSecond, 1)
        run.disturb(0, 3 * s, factor: 0)
        #expect(run.results()[0].verdict == .notMet, "nothing is not the 0.9 operations that were due")
    }

    // MARK: As much as there is

    private static let free = Double.infinity

    @Test func `as much as there is has no error, but what falls far behind its median is off`() {
        var run = held(.rate, Self.free)
        run.unit = .bytesPerSecond
        run.disturb(0, 10 * s, factor: 0, plus: 5e9)
        var result = run.results()[0]
        #expect(result.verdict == .met && result.targetMean == nil && near(result.achievedMean, 5e9, 1e-3))
        run.disturb(3 * s, 6 * s, factor: 0, plus: 1e8)
        result = run.results()[0]
        #expect(result.verdict == .notMet && result.offSeconds > 2 && result.errorMean == 0)
        run.disturb(0, 8 * s, factor: 0)
        #expect(run.results()[0].verdict == .notMet, "nothing is not the measure of nothing")
        run.disturb(0, 10 * s, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test func `one instant of as much as there is exempts that instant alone`() {
        var run = JudgeSimulation()
        run.unit = .bytesPerSecond
        run.phase(
            4 * s, .init(length: 3 * s, .line(5e9, 5e9)), .init(length: 1 * s, .unlimited))
        run.disturb(0, 3 * s, factor: 0.01)
        run.disturb(3 * s, 4 * s, factor: 0, plus: 5e7)
        let result = run.results()[0]
        #expect(result.verdict == .notMet && near(result.targetMean, 5e9, 1e-3))
    }

    // MARK: Levels

    @Test func `a level that swings about its target is not met, though its mean is right`() {
        var run = held(.level, 1000)
        for time in stride(from: Nanoseconds(0), to: 10 * s, by: Int(400 * ms)) {
            run.disturb(time, time + 200 * ms, factor: 1.05)
            run.disturb(time + 200 * ms, time + 400 * ms, factor: 0.95)
        }
        let result = run.results()[0]
        #expect(result.verdict == .notMet)
        #expect(abs(result.errorMean) < 10 && result.errorAbsMean > 40)
    }

    @Test func `one look that is off is no miss, and a look that is off in a long row is`() {
        var run = held(.level, 1000)
        run.disturb(5 * s, 5 * s + 99 * ms, factor: 0.5)
        #expect(run.results()[0].verdict == .met)
        run.disturb(5 * s, 5 * s + 600 * ms, factor: 0.9)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test func `a level that pulses is judged in each stretch`() {
        var run = JudgeSimulation(.level)
        run.tolerance = ToleranceLimit(absolute: 0, ratio: 0.001)
        run.phase(5 * s, .init(length: 500 * ms, .line(5000, 5000)), .init(length: 500 * ms, .line(0, 0)))
        let result = run.results()[0]
        #expect(result.verdict == .met && near(result.targetMean, 2500) && near(result.achievedMean, 2500, 1e-3))
        run.disturb(0, 5 * s, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test func `a stretch that is too short for two looks is unseen`() {
        var run = JudgeSimulation(.level)
        run.phase(5 * s, .init(length: 10 * ms, .line(5000, 5000)), .init(length: 10 * ms, .line(0, 0)))
        let result = run.results()[0]
        #expect(result.verdict != .met && result.unseenSeconds > 4)
    }

    @Test func `a ramp may lag by two steps of its driver`() {
        var run = JudgeSimulation(.level)
        run.phase(5 * s, .init(length: 5 * s, .line(0, 5e9)))
        // 30 ms behind.
        run.disturb(30 * ms, 5 * s, factor: 1, plus: -3e7)
        run.disturb(0, 30 * ms, factor: 0)
        #expect(run.results()[0].verdict == .met)
    }

    // MARK: Nothing to do

    @Test(arguments: [Drive.rate, .level])
    func `a phase without a load is judged by what is still taken`(drive: Drive) {
        var run = JudgeSimulation(drive)
        run.tolerance.released = 0.005
        run.hold(1, for: 3 * s)
        run.phase(4 * s, [])
        run.disturb(3 * s, 3500 * ms, factor: 0, plus: 1)
        #expect(run.results().map(\.verdict) == [.met, .met], "the way down")
        #expect(run.results().map(\.isLoaded) == [true, false])
        run.disturb(3 * s, 7 * s, factor: 0, plus: 0.004)
        #expect(run.results().map(\.verdict) == [.met, .met])
        run.disturb(3 * s, 6500 * ms, factor: 0, plus: 1)
        let results = run.results()
        #expect(results.map(\.verdict) == [.met, .notMet])
        #expect(results[1].offSeconds > 3 && results[1].targetMean == 0)
    }

    // MARK: Blindness

    @Test func `what nobody saw is not met`() {
        var level = held(.level, for: 6 * s)
        level.blind = [1 * s..<5500 * ms]
        let result = level.results()[0]
        #expect(result.verdict == .unverified && result.unseenSeconds > 4)
        var rate = held(.rate, for: 6 * s)
        rate.blind = [1 * s..<5500 * ms]
        #expect(rate.results()[0].verdict == .unverified)
        // What was not done in that time is known.
        rate.disturb(1500 * ms, 5 * s, factor: 0)
        #expect(rate.results()[0].verdict == .notMet)
        rate.blind = [1 * s..<7 * s]
        rate.disturb(1500 * ms, 7 * s, factor: 0)
        let frozen = rate.results()[0]
        #expect(frozen.verdict == .notMet && near(frozen.achievedMean, 0.25, 0.01))
    }

    @Test func `an edge that was slept through makes neither side of it known`() {
        var run = JudgeSimulation()
        run.hold(1, for: 3 * s)
        run.hold(2, for: 3 * s)
        run.blind = [2500 * ms..<3500 * ms]
        #expect(run.results().map(\.verdict) == [.unverified, .unverified])
        run.blind = [2999 * ms..<3040 * ms]
        #expect(run.results().map(\.verdict) == [.met, .met])
    }

    @Test func `a level whose processes stand still is off, with that as the cause, though it is held`() {
        var run = held(.level, 1000)
        run.stopped = { min(max(0, $0 - 3 * s), 3 * s) }
        let result = run.results()[0]
        #expect(result.verdict == .notMet && near(result.offSeconds, 3, 0.1))
        #expect(result.errorMean == 0 && result.limitedBy == .stopped)
    }

    // MARK: Totals

    @Test func `a total has a second to follow others, and no more`() {
        var run = held(.level, 1000)
        run.mode = .total
        run.others = { $0 < 5 * s ? 200 : 400 }
        run.disturb(0, 5 * s, factor: 0, plus: 800)
        run.disturb(5 * s, 5800 * ms, factor: 0, plus: 700)
        run.disturb(5800 * ms, 10 * s, factor: 0, plus: 600)
        #expect(run.results()[0].verdict == .met)
        run.disturb(5 * s, 7 * s, factor: 0, plus: 700)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test func `a total that others alone exceed is not met`() {
        var run = held(.level, 1000)
        run.mode = .total
        run.others = { _ in 1500 }
        run.disturb(0, 10 * s, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    // MARK: Changes of the target

    @Test(arguments: [Drive.rate, .level])
    func `many changes of the target blank out nothing`(drive: Drive) {
        var run = held(drive)
        var curve = run.curve
        for index in Nanoseconds(1)...40 {
            // To the same, and to a hair more and back.
            var changed = curve.prefix(until: index * 200 * ms)
            let value = index % 2 == 0 ? 1 : 1.001
            changed.append(
                10 * s - index * 200 * ms,
                repeating: [.init(length: 10 * s - index * 200 * ms, .line(value, value))])
            curve = changed
            run.changes.append((index * 200 * ms, curve))
        }
        #expect(run.results()[0].verdict == .met)
        run.disturb(2 * s, 10 * s, factor: 0)
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test(arguments: [Drive.rate, .level])
    func `a change has an allowance of its own`(drive: Drive) {
        var run = held(drive)
        var changed = run.curve.prefix(until: 5 * s)
        changed.append(5 * s, repeating: [.init(length: 5 * s, .line(2, 2))])
        run.changes = [(5 * s, changed)]
        run.disturb(5600 * ms, 10 * s, factor: 2)
        let result = run.results()[0]
        #expect(result.verdict == .met && near(result.targetMean, 1.5))
        run.disturb(5 * s, 6500 * ms, factor: 1)
        #expect(run.results()[0].verdict == .notMet)
    }

    // MARK: Claims, ends

    @Test(arguments: [Drive.rate, .level])
    func `a claim that the kernel does not confirm is unverified`(drive: Drive) {
        var run = held(drive)
        run.claimFactor = 1.03
        #expect(run.results()[0].verdict == .unverified)
        run.claimFactor = 1.015
        #expect(run.results()[0].verdict == .met)
        // Off target is worse than badly claimed.
        run.disturb(0, 10 * s, factor: 0.5)
        run.claimFactor = 2
        #expect(run.results()[0].verdict == .notMet)
    }

    @Test(arguments: [Drive.rate, .level])
    func `killed comes before aborted, and aborted before all else`(drive: Drive) {
        var run = held(drive)
        run.disturb(0, 10 * s, factor: 0.5)
        run.cutAt = 4 * s
        #expect(run.results()[0].verdict == .aborted)
        run.diesAt = 3 * s
        #expect(run.results()[0].verdict == .killed)
    }

    @Test(arguments: [Drive.rate, .level])
    func `of a killed stressor the means are of the time until then`(drive: Drive) {
        var run = held(drive, 64)
        run.diesAt = 3 * s
        let result = run.results()[0]
        #expect(result.verdict == .killed)
        #expect(near(result.achievedMean, 64, 1e-3) && near(result.targetMean, 64))
        #expect(near(result.killedAfter, 3) && near(result.achievedWhenKilled, 64, 1e-3))
        #expect(abs(result.errorMean) < 0.1)
    }

    @Test func `the cause of a shortfall comes from the kernel's figures of its windows`() {
        var run = held(.rate)
        run.disturb(0, 10 * s, factor: 0.7)
        run.runDelay = { $0 * 3 / 10 }
        #expect(run.results()[0].limitedBy == .contention)
        var level = held(.level, 1000)
        level.disturb(0, 10 * s, factor: 0.7)
        level.refusals = { $0 / (100 * ms) }
        #expect(level.results()[0].limitedBy == .refusal)
    }

    @Test func `a ledger without any point has a result, and it is not met`() {
        var run = JudgeSimulation(.level)
        run.hold(1, for: s)
        let stressor = PlannedStressor(
            name: "x", kind: "x", unit: .bytes, drive: .level, settings: Settings(values: [:]), capacity: 1, base: "",
            curve: run.curve, workers: 1, tolerance: ToleranceLimit(absolute: 1, ratio: 0), witness: "")
        let plan = Plan(
            profile: "", file: "", sha256: "", seed: 0, stressors: [stressor], phases: run.phases, findings: [])
        var ledger = PhaseLedger(phase: 0, of: plan, stressor)
        let whole = ledger.result(isCut: false)
        #expect(whole.verdict == .unverified)
        let cut = ledger.result(isCut: true)
        #expect(cut.verdict == .aborted)
    }
}

@Suite struct BoundedSeriesTests {
    @Test func `a short series is exact`() {
        var series = BoundedSeries()
        for value in (1...100).shuffled() { series.append(Double(value)) }
        #expect(series.total == 100 && series.max == 100)
        #expect([0, 0.01, 0.5, 0.95, 0.951, 1].map(series.percentile) == [1, 1, 50, 95, 96, 100])
    }

    @Test func `an empty series is nothing`() {
        let series = BoundedSeries()
        #expect(series.max == 0 && series.percentile(0.95) == 0)
    }

    /// A day at 10 Hz.
    ///
    /// The memory is looked at by reflection: the number of kept values is no one else's business.
    @Test func `a day's series stays within its bound, maximum exact, percentile nearly so`() throws {
        var series = BoundedSeries()
        let count = 300_000
        var most = 0
        for index in 0..<count {
            series.append(Double(index * 7919 % count))
            if index % 10_007 == 0 { most = max(most, try kept(series)) }
        }
        #expect(most <= 16384)
        #expect(try kept(series) > 16384 / 4)
        #expect(series.total == count)
        #expect(series.max == Double(count - 1))
        #expect(abs(series.percentile(0.95) / Double(count) - 0.95) < 0.01)
    }

    /// Rising values, so that keeping more of the late ones than of the early ones would show.
    @Test func `a long series weighs early and late values alike`() {
        var series = BoundedSeries()
        for index in 0..<100_000 { series.append(Double(index)) }
        for share in [0.1, 0.5, 0.95] { #expect(abs(series.percentile(share) - share * 100_000) < 500) }
    }

    private func kept(_ series: BoundedSeries) throws -> Int {
        let values = Mirror(reflecting: series).children.first { $0.label == "values" }?.value as? [Double]
        return try #require(values).count
    }
}

@Suite struct HistoryTests {
    private func history(_ times: [Nanoseconds]) -> History {
        var history = History()
        for time in times { history.append(HistoryPoint(time: time, owed: 0, achieved: nil, claimed: 0)) }
        return history
    }

    @Test func `the point before a time is found, within a tenth of a sample, else the earliest`() {
        let history = history([0, 100 * ms, 200 * ms, 300 * ms])
        #expect(
            [-s, 0, 50 * ms, 90 * ms, 100 * ms, 195 * ms, s].map { history.point(notAfter: $0)?.time }
                == [0, 0, 0, 100 * ms, 100 * ms, 200 * ms, 300 * ms])
        #expect(History().point(notAfter: 0)?.time == nil)
    }

    @Test func `only the last points are kept, in order`() {
        let history = history((0..<1000).map { $0 * 100 * ms })
        #expect(history.last?.time == 99_900 * ms)
        #expect(history.point(notAfter: 98_900 * ms)?.time == 98_900 * ms)
        #expect(history.point(notAfter: 0)?.time == 84_000 * ms)
    }
}
