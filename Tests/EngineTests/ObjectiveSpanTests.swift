// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

/// Spans, windows, limits that are relative, and what is near to a limit.
@Suite struct ObjectiveSpanTests {
    private typealias Simulation = ServiceSimulation
    private static let phases = ObjectiveJudge.phases(10, 20, 10)

    private static func good(
        _ share: Double, _ span: Objective.Span, over window: Nanoseconds? = nil, seconds: Bool = false,
        fromSettled: Bool = false
    ) -> Objective.Wanted {
        .keeps(
            seconds ? .goodSeconds : .goodProbes, .fixed(.atLeast, share), span, window: window,
            fromSettled: fromSettled)
    }

    @Test func `each span counts what was due in it`() {
        let simulation = Simulation(plan: Simulation.plan())
        let spans: [(Objective.Span, Int64)] = [
            (.before, 200), (.during("squeeze"), 400), (.duringLoad, 400), (.after, 200), (.always, 800),
            (.during("steady"), 200),
        ]
        for (span, count) in spans {
            let result = ObjectiveJudge.run(simulation, Self.good(1, span), phases: Self.phases)[0]
            #expect(result.count == count && result.verdict == .held && !result.isClose, "\(span)")
        }
        let settled = ObjectiveJudge.run(
            simulation, Self.good(1, .duringLoad, fromSettled: true), phases: Self.phases)[0]
        #expect(settled.count == 390)
    }

    @Test func `a phase that is repeated is meant as a whole, or one repetition by its own name`() {
        var phases = ObjectiveJudge.phases(10, 20, 10)
        let squeezed = [0, 1, 2].map { index in
            let length: Nanoseconds = [8, 4, 8][index] * .second
            let begin: Nanoseconds = [10, 18, 22][index] * .second
            return index == 1
                ? PlannedPhase(name: "rest", start: begin, length: length, loads: [:])
                : PlannedPhase(
                    name: "squeeze \(index / 2 + 1)/2", start: begin, length: length, loads: ["cpu": "50%"],
                    title: "squeeze")
        }
        phases.replaceSubrange(1...1, with: squeezed)
        var simulation = Simulation(plan: Simulation.plan(), manner: .fails)
        simulation.down = [24 * .second..<26 * .second]
        let results = ObjectiveJudge.run(
            simulation, Self.good(1, .during("squeeze")), Self.good(1, .during("squeeze 1/2")),
            Self.good(1, .during("squeeze 2/2"), fromSettled: true), phases: phases)
        #expect(results.map(\.count) == [320, 160, 150])
        #expect(results.map(\.verdict) == [.lost, .held, .lost])
        let unmet = ObjectiveJudge.run(simulation, Self.good(1, .during("squeeze")), phases: phases, isMet: nil)
        #expect(unmet[0].verdict == .inconclusive)
    }

    @Test func `the way to the target can be left out, however late its end is told`() {
        var simulation = Simulation(plan: Simulation.plan(), manner: .fails)
        // The target is reached at 10.5 s.
        simulation.down = [10 * .second..<10_450 * .millisecond]
        for late in [0, 9 * Nanoseconds.second] {
            let results = ObjectiveJudge.run(
                simulation, Self.good(1, .duringLoad, fromSettled: true), Self.good(1, .duringLoad),
                Self.good(1, .after),
                phases: Self.phases, lateBy: late)
            #expect(results.map(\.verdict) == [.held, .lost, .held])
            #expect(results[0].count == 390 && results[2].count == 200)
            #expect(results[1].loss.map { $0.to <= 0 } == true, "lost before the load was there")
        }
    }

    @Test func `of 10 s in which one second is bad, a tenth of the probes and of the seconds is`() {
        var simulation = Simulation(plan: Simulation.plan(), manner: .fails)
        simulation.down = [15 * .second..<15_100 * .millisecond]
        let results = ObjectiveJudge.run(
            simulation, Self.good(0.99, .duringLoad), Self.good(0.99, .duringLoad, seconds: true), phases: Self.phases)
        // 2 of 400 probes, and 1 of 20 seconds.
        #expect(results.map(\.verdict) == [.held, .lost])
        guard case .share(let good, let count) = results[1].figure else {
            Issue.record("no share")
            return
        }
        #expect(count - good <= 2 && count - good >= 1 && (20...21).contains(count))
    }

    @Test func `a window sees what the whole hides`() {
        var simulation = Simulation(plan: Simulation.plan(), manner: .fails)
        simulation.down = [15 * .second..<16 * .second]
        let results = ObjectiveJudge.run(
            simulation, Self.good(0.94, .duringLoad), Self.good(0.94, .duringLoad, over: 10 * .second),
            Self.good(0.89, .duringLoad, over: 10 * .second),
            .keeps(.percentile(0.8), .fixed(.below, 0.3), .duringLoad, window: 2 * .second, fromSettled: false),
            Self.good(0.5, .duringLoad, over: 30 * .second), phases: Self.phases)
        #expect(results.map(\.verdict) == [.held, .lost, .held, .lost, .inconclusive])
        #expect(results[4].reason == .noData)
        let loss = results[1].loss
        #expect(loss.map { $0.from <= 4_500 * .millisecond && $0.to >= 4_450 * .millisecond } == true)
        guard case .share(let good, let count) = results[2].figure else {
            Issue.record("no share")
            return
        }
        #expect(count == 200 && (179...180).contains(good))
        #expect(results[1].windowStart.map { (5 * Nanoseconds.second...15 * .second).contains($0) } == true)
    }

    @Test func `a limit is relative to this run's own steady state`() {
        func relative(_ factor: Double) -> Objective.Wanted {
            .keeps(.percentile(0.95), .ofBefore(.atMost, factor), .duringLoad, window: nil, fromSettled: false)
        }
        let calm = Simulation(plan: Simulation.plan(), latency: 10 * .millisecond)
        let held = ObjectiveJudge.run(calm, relative(1.2), relative(0.8), phases: Self.phases)
        #expect(held.map(\.verdict) == [.held, .lost])
        #expect(held[0].limit.map { (0.012...0.0123).contains($0) } == true)
        var starved = calm
        starved.starved = 0..<10 * .second
        let blind = ObjectiveJudge.run(starved, relative(1.2), phases: Self.phases)[0]
        #expect(blind.verdict == .inconclusive && blind.reason == .noBaseline)
        // What failed before the load is no time that anything could be relative to.
        var failing = calm
        (failing.manner, failing.down) = (.refuses, [0..<9 * .second])
        #expect(ObjectiveJudge.run(failing, relative(1.2), phases: Self.phases)[0].reason == .noBaseline)
    }

    @Test func `an error that is quick is not a quick answer`() {
        let simulation = Simulation(plan: Simulation.plan(), manner: .fails, down: [11 * .second..<29 * .second])
        let result = ObjectiveJudge.run(
            simulation,
            .keeps(.percentile(0.95), .fixed(.below, 0.3), .duringLoad, window: nil, fromSettled: false),
            phases: Self.phases)[0]
        #expect(result.verdict == .lost && result.figure == .latency(.unanswered))
    }

    @Test(
        arguments: [
            (0.99, 0, 20, true), (0.99, 0, 400, false), (0.99, 4, 400, true), (0.99, 20, 400, false),
            (0.95, 0, 59, true), (0.95, 0, 80, false), (1, 0, 10, false),
        ] as [(Double, Int64, Int64, Bool)])
    func `a figure is close where its interval holds the limit`(share: Double, bad: Int64, of: Int64, isClose: Bool) {
        #expect(Confidence.isClose(of - bad, of: of, to: share) == isClose)
    }

    @Test func `a prober that saw too little says nothing, unless what it saw is enough`() {
        var simulation = Simulation(plan: Simulation.plan(), manner: .refuses)
        simulation.starved = 12 * .second..<14 * .second
        let blind = ObjectiveJudge.run(simulation, Self.good(0.99, .duringLoad), phases: Self.phases)[0]
        #expect(blind.verdict == .inconclusive && blind.reason == .proberStarved && blind.withdrawn == 40)
        simulation.down = [15 * .second..<20 * .second]
        let lost = ObjectiveJudge.run(simulation, Self.good(0.9, .duringLoad), phases: Self.phases)[0]
        #expect(lost.verdict == .lost)
        simulation.down = []
        simulation.starved = 12 * .second..<12_500 * .millisecond
        #expect(ObjectiveJudge.run(simulation, Self.good(0.99, .duringLoad), phases: Self.phases)[0].verdict == .held)
    }

    @Test func `the gate is open where what must be steady is`() {
        let objective = Objective(
            probe: "a", wanted: Self.good(0.99, .before), text: "a 99% good before",
            mark: SourceMark(line: 1, column: 1))
        for (down, isOpen) in [(0..<0, true), (5 * .second..<6 * .second, false)] as [(Range<Nanoseconds>, Bool)] {
            let simulation = Simulation(plan: Simulation.plan(), manner: .refuses, down: [down])
            var judge = ObjectiveJudge(
                probes: [simulation.plan], objectives: [objective], phases: Self.phases, start: Simulation.start)
            #expect(judge.gate() != .open, "nothing is known yet")
            for result in simulation.results(10 * .second) { judge.add(result) }
            #expect((judge.gate() == .open) == isOpen)
            if case .shut(let results) = judge.gate() {
                #expect(results.map(\.verdict) == [.notSteady])
                #expect(RunExitCode.code(load: nil, objectives: results.map(\.verdict)) == 7)
            }
            let none = ObjectiveJudge(probes: [], objectives: [], phases: Self.phases, start: 0)
            #expect(none.gate() == .open)
        }
    }

    /// The alert is there 7.0 s after the load was effective, and found by one who asks each 5 s, 1 s or 0.1 s.
    @Test(arguments: [5000, 1000, 100] as [Int64])
    func `an alert is found within a period of when it fired`(milliseconds: Int64) {
        let every = milliseconds * .millisecond
        let simulation = Simulation(
            plan: Simulation.plan(every: every), manner: .fails, down: [0..<17_500 * .millisecond])
        for seed in 1...20 as ClosedRange<UInt64> {
            let results = ObjectiveJudge.run(
                simulation, .becomesGood(within: 15 * .second, of: "squeeze"),
                .becomesGood(within: 2 * .second, of: nil),
                phases: Self.phases, seed: seed)
            #expect(results.map(\.verdict) == [.held, .lost])
            #expect(results[0].recovery.map { $0.from <= 7 * .second && 7 * .second <= $0.to } == true)
            #expect(results[0].recovery.map { $0.to - $0.from <= every + 5 * .millisecond } == true)
        }
        var never = simulation
        never.down = [0..<Nanoseconds.max / 2]
        let lost = ObjectiveJudge.run(
            never, .becomesGood(within: 15 * .second, of: nil), .becomesGood(within: 40 * .second, of: nil),
            phases: Self.phases)
        #expect(lost.map(\.verdict) == [.lost, .inconclusive] && lost[1].reason == .cutShort)
        let already = ObjectiveJudge.run(
            Simulation(plan: simulation.plan), .becomesGood(within: 15 * .second, of: nil), phases: Self.phases)[0]
        #expect(already.verdict == .inconclusive && already.reason == .alreadyGood)
    }

    @Test func `numbers have means and percentiles in their own unit`() {
        func result(_ value: (Int64) -> Double, _ wanted: Objective.Wanted...) -> [ObjectiveResult] {
            let plan = Simulation.plan(every: 100 * .millisecond, unit: .number)
            let objectives = wanted.map {
                Objective(probe: "a", wanted: $0, text: "", mark: SourceMark(line: 1, column: 1))
            }
            var judge = ObjectiveJudge(
                probes: [plan], objectives: objectives, phases: Self.phases, start: Simulation.start)
            judge.note(.judged(phase: 1, isMet: true))
            for var result in Simulation(plan: plan).results(40 * .second) {
                result.value = value(result.number)
                judge.add(result)
            }
            return judge.finish(at: Simulation.start + 40 * .second)
        }
        func p(_ share: Double, _ comparison: Objective.Comparison, _ limit: Double) -> Objective.Wanted {
            .keeps(.percentile(share), .fixed(comparison, limit), .always, window: nil, fromSettled: false)
        }
        func mean(_ comparison: Objective.Comparison, _ limit: Double) -> Objective.Wanted {
            .keeps(.mean, .fixed(comparison, limit), .always, window: nil, fromSettled: false)
        }
        // -200 … 199, each once.
        let results = result(
            { Double($0) - 200 }, p(0.95, .below, 181), p(0.95, .below, 179), p(0.05, .atLeast, -181),
            p(0.05, .above, -181), mean(.atMost, 0), mean(.above, 0), mean(.below, -100))
        #expect(results.map(\.verdict) == [.held, .lost, .held, .lost, .held, .lost, .lost])
        #expect(results.map(\.isClose) == [true, true, true, true, true, true, false])
        for (index, expected) in [(0, 179.0), (2, -181.0), (4, -0.5)] {
            guard case .number(let figure) = results[index].figure else {
                Issue.record("no number")
                return
            }
            #expect(abs(figure - expected) <= abs(expected) / 1000 + 1e-9, "\(figure) \(expected)")
        }
    }

    @Test func `results that are lost or come twice disturb nothing`() {
        let simulation = Simulation(plan: Simulation.plan())
        let objective = Objective(
            probe: "a", wanted: Self.good(0.99, .always), text: "", mark: SourceMark(line: 1, column: 1))
        var judge = ObjectiveJudge(
            probes: [simulation.plan], objectives: [objective], phases: Self.phases, start: Simulation.start)
        judge.note(.judged(phase: 1, isMet: true))
        for result in simulation.results(40 * .second) where !(300..<320).contains(result.number) {
            judge.add(result)
            if result.number % 7 == 0 { judge.add(result) }
        }
        let result = judge.finish(at: Simulation.start + 40 * .second)[0]
        #expect(result.count == 780 && result.verdict == .held)
    }

    /// A day at 20 a second, a minute of each hour bad.
    @Test func `while a recovery is watched the phase of the load is over`() {
        // 50 ms apart: 200 in the phase, all good; and it fails from the release on, for 5 s.
        var simulation = Simulation(plan: Simulation.plan(), manner: .fails)
        simulation.down = [20 * .second..<25 * .second]
        var judge = ObjectiveJudge(
            probes: [simulation.plan],
            objectives: [Objective.Span.during("squeeze"), .duringLoad, .after].map {
                Objective(
                    probe: "a",
                    wanted: .keeps(.goodProbes, .fixed(.atLeast, 0.9), $0, window: nil, fromSettled: false),
                    text: "a", mark: SourceMark(line: 1, column: 1))
            }, phases: ObjectiveJudge.phases(10, 10), start: ObjectiveJudge.start)
        judge.note(.effective(phase: 1, at: ObjectiveJudge.start + 10 * .second))
        judge.note(.judged(phase: 1, isMet: true))
        judge.note(.released(at: ObjectiveJudge.start + 20 * .second))
        for result in simulation.results(26 * .second) { judge.add(result) }
        let results = judge.finish(at: ObjectiveJudge.start + 26 * .second)
        #expect(results.map(\.verdict) == [.held, .held, .lost])
        #expect(results.map(\.count) == [200, 200, 120])
    }

    @Test func `what was never told is known, in and out of order`() {
        var told = ToldNumbers(ServiceSimulation.plan(every: .second, timeout: .second))
        for number in [0, 1, 3, 6] as [Int64] { told.insert(number) }
        #expect(told.missing(before: 9) == [2, 4, 5, 7, 8] && told.missing(before: 2) == [])
        told.insert(2)
        #expect(told.missing(before: 7) == [4, 5])
        // One that is lost keeps nothing for ever.
        for number in 7...1000 as ClosedRange<Int64> { told.insert(number) }
        #expect(told.missing(before: 1003) == [1001, 1002])
    }

    @Test func `what is kept does not grow with the run`() {
        let plan = Simulation.plan()
        let phases = [PlannedPhase(name: "squeeze", start: 0, length: 86_400 * .second, loads: ["cpu": "1%"])]
        let wanted: [Objective.Wanted] = [
            Self.good(0.99, .duringLoad), Self.good(0.9, .duringLoad, over: 10 * .second),
            .keeps(.percentile(0.99), .fixed(.below, 0.3), .duringLoad, window: nil, fromSettled: false),
            .recovers(within: .second),
        ]
        var judge = ObjectiveJudge(
            probes: [plan],
            objectives: wanted.map {
                Objective(probe: "a", wanted: $0, text: "", mark: SourceMark(line: 1, column: 1))
            },
            phases: phases, start: 0)
        judge.note(.judged(phase: 0, isMet: true))
        var most = 0
        for number in 0..<86_400 * 20 as Range<Int64> {
            let due = number * plan.every
            let isBad = number / 20 % 3600 < 60
            let taken = isBad ? plan.timeout : (1 + number % 50) * .millisecond
            judge.add(
                ProbeResult(
                    probe: 0, number: number, due: due, sent: due, done: due + taken, outcome: isBad ? .timeout : .good)
            )
            if number % 1000 == 0 { most = max(most, judge.retained) }
        }
        #expect(most > 200 && most < 3000, "\(most)")
        let results = judge.finish(at: 86_400 * .second)
        #expect(results.map(\.verdict) == [.lost, .lost, .lost, .inconclusive])
        #expect(results[0].count == 1_728_000 && results[0].episodes == 24)
        #expect(results[0].badTime == 24 * 60 * .second)
    }
}
