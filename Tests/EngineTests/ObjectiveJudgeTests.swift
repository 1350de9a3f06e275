// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

@Suite struct ObjectiveJudgeTests {
    private typealias Simulation = ServiceSimulation

    private static func percentile(
        _ share: Double, below limit: Double, _ span: Objective.Span = .duringLoad, over window: Nanoseconds? = nil,
        fromSettled: Bool = false
    ) -> Objective.Wanted {
        .keeps(.percentile(share), .fixed(.below, limit), span, window: window, fromSettled: fromSettled)
    }

    private static func good(
        _ share: Double, _ span: Objective.Span = .duringLoad, over window: Nanoseconds? = nil, seconds: Bool = false
    ) -> Objective.Wanted {
        .keeps(
            seconds ? .goodSeconds : .goodProbes, .fixed(.atLeast, share), span, window: window, fromSettled: false)
    }

    private static func seconds(_ result: ObjectiveResult) -> Double? {
        if case .latency(.known(let time)) = result.figure { time.seconds } else { nil }
    }

    private static func share(_ result: ObjectiveResult) -> Double? {
        if case .share(let good, let count) = result.figure { Double(good) / Double(count) } else { nil }
    }

    // MARK: The server that is stopped for 6 s

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a server that is stopped for 6 s is seen whole`(seed: UInt64) {
        let stop = [10 * Nanoseconds.second..<16 * .second]
        let patient = Simulation(plan: Simulation.plan(timeout: 10 * .second), down: stop)
        let phases = [PlannedPhase(name: "squeeze", start: 0, length: 30 * .second, loads: ["cpu": "1%"])]
        let results = ObjectiveJudge.run(
            patient, Self.percentile(0.9, below: 1), Self.percentile(0.95, below: 1), Self.percentile(0.99, below: 1),
            phases: phases, seed: seed)
        for (result, expected) in zip(results, [3.0, 4.5, 5.7]) {
            #expect(result.verdict == .lost && result.count == 600)
            let measured = Self.seconds(result) ?? 0
            #expect(abs(measured - expected) < 0.1, "\(measured)")
            #expect(result.loss.map { $0.from <= 9_500 * .millisecond && 9_500 * .millisecond <= $0.to } == true)
            #expect(
                result.loss.map { $0.to - $0.from <= 150 * .millisecond } == true, "\(String(describing: result.loss))")
        }
        let impatient = Simulation(plan: Simulation.plan(), down: stop)
        let short = ObjectiveJudge.run(
            impatient, Self.good(0.99), Self.percentile(0.9, below: 1), Self.percentile(0.8, below: 1), phases: phases,
            seed: seed)
        #expect(abs((Self.share(short[0]) ?? 0) - 5.0 / 6) <= 0.003)
        #expect(short[0].verdict == .lost && !short[0].isClose)
        // What was given up took longer than that, and nobody knows how much.
        if case .latency(.beyond(let time)) = short[1].figure {
            #expect(abs(time.seconds - 1) < 0.001)
        } else {
            Issue.record("\(String(describing: short[1].figure))")
        }
        #expect(short[2].verdict == .held)
    }

    // MARK: Recovery

    /// Well again exactly 2.0 s after the release.
    @Test(arguments: ServiceSimulation.Manner.allCases)
    func `the time to recover lies in an interval that is narrow`(manner: ServiceSimulation.Manner) {
        for seed in 1...100 as ClosedRange<UInt64> {
            for plan in [Simulation.plan(), Simulation.plan(goodWithin: 300 * .millisecond)] {
                var simulation = Simulation(plan: plan, manner: manner)
                simulation.down = [11 * .second..<22 * .second]
                let result = ObjectiveJudge.run(
                    simulation, .recovers(within: 30 * .second), phases: ObjectiveJudge.phases(10, 10, 20), seed: seed)[
                        0]
                #expect(result.verdict == .recovered && result.episodes == 1 && !result.isClose)
                guard let recovery = result.recovery else {
                    Issue.record("no interval, seed \(seed)")
                    return
                }
                let told = "\(recovery.from.seconds)…\(recovery.to.seconds), seed \(seed)"
                #expect(recovery.from <= 2 * .second && 2 * .second <= recovery.to, "\(told)")
                #expect(recovery.to - recovery.from <= 200 * .millisecond, "\(told)")
                // Down 0.5 s after the load was effective.
                #expect(result.loss.map { $0.from <= .second / 2 && .second / 2 <= $0.to } == true, "seed \(seed)")
            }
        }
    }

    @Test(arguments: ServiceSimulation.Manner.allCases)
    func `of a service that flaps it is the last episode`(manner: ServiceSimulation.Manner) {
        var simulation = Simulation(plan: Simulation.plan(), manner: manner)
        simulation.down = [12, 20, 31].map { $0 * .second..<($0 + 2) * .second }
        let result = ObjectiveJudge.run(
            simulation, .recovers(within: 15 * .second), phases: ObjectiveJudge.phases(10, 10, 30))[0]
        #expect(result.episodes == 3 && result.verdict == .recovered)
        #expect(result.recovery.map { $0.from <= 13 * .second && 13 * .second <= $0.to } == true)
        // Of a stopped one, those of the last second are answered in time.
        let expected = manner == .stops ? 3.0 : 6.0
        #expect(abs(result.badTime.seconds - expected) < 0.35, "\(result.badTime.seconds)")
    }

    @Test(arguments: ServiceSimulation.Manner.allCases)
    func `of a service that never is back there is no number`(manner: ServiceSimulation.Manner) {
        var simulation = Simulation(plan: Simulation.plan(), manner: manner)
        simulation.down = [12 * .second..<Nanoseconds.max / 2]
        let result = ObjectiveJudge.run(
            simulation, .recovers(within: 5 * .second), phases: ObjectiveJudge.phases(10, 10, 10))[0]
        #expect(result.verdict == .notRecovered && result.recovery == nil && result.watched == 10 * .second)
        let late = ObjectiveJudge.run(
            Simulation(plan: Simulation.plan(), manner: manner, down: [12 * .second..<27 * .second]),
            .recovers(within: 5 * .second), phases: ObjectiveJudge.phases(10, 10, 10))[0]
        #expect(late.verdict == .notRecovered && late.recovery.map { $0.to >= 7 * .second } == true)
    }

    @Test func `a recovery between two loads is told against the first one's release`() {
        var begin: Nanoseconds = 0
        let parts: [(String, Nanoseconds)] = [
            ("steady", 10), ("one", 10), ("rest", 20), ("two", 10), ("recover", 10),
        ]
        let phases = parts.map { name, seconds in
            defer { begin += seconds * .second }
            return PlannedPhase(
                name: name, start: begin, length: seconds * .second,
                loads: ["one", "two"].contains(name) ? ["cpu": "50%"] : [:])
        }
        func run(downUntil end: Nanoseconds) -> ObjectiveResult {
            ObjectiveJudge.run(
                Simulation(plan: Simulation.plan(), manner: .refuses, down: [12 * .second..<end]),
                .recovers(within: 15 * .second), phases: phases)[0]
        }
        let gap = run(downUntil: 23 * .second)
        #expect(gap.verdict == .recovered && gap.releasedPhase == "one")
        #expect(gap.recovery.map { $0.from <= 3 * .second && 3 * .second <= $0.to } == true)
        #expect(gap.effective == 10_500 * .millisecond && gap.released == 50 * .second)
        let late = run(downUntil: 36 * .second)
        #expect(
            late.verdict == .notRecovered && late.releasedPhase == "one", "within 15 s of the release before the gap")
        // Under the second load, and after it.
        let under = run(downUntil: 45 * .second)
        #expect(under.releasedPhase == nil && under.recovery.map { $0.to <= 0 } == true)
        let after = run(downUntil: 52 * .second)
        #expect(after.releasedPhase == nil && after.recovery.map { $0.from <= 2 * .second } == true)
        #expect(after.verdict == .recovered)
    }

    @Test func `what began while nobody looked began then at the earliest`() {
        let simulation = Simulation(
            plan: Simulation.plan(), manner: .refuses, down: [5 * .second..<25 * .second], starved: 0..<12 * .second)
        let result = ObjectiveJudge.run(
            simulation, .recovers(within: 15 * .second), phases: ObjectiveJudge.phases(0, 20, 20))[0]
        #expect(result.loss.map { $0.from <= 4500 * .millisecond && $0.to >= 11 * .second } == true)
    }

    @Test func `what was asked before the first good one is waited for`() {
        // It forgets what it was asked, and is well 1 s after the release: the last of them is given up 5 s after it.
        let plan = Simulation.plan(timeout: 6 * .second, goodWithin: 300 * .millisecond)
        var simulation = Simulation(plan: plan, manner: .forgets)
        simulation.down = [11 * .second..<21 * .second]
        var judge = ObjectiveJudge(
            probes: [plan],
            objectives: [
                Objective(
                    probe: "a", wanted: .recovers(within: 8 * .second), text: "a", mark: SourceMark(line: 1, column: 1))
            ], phases: ObjectiveJudge.phases(10, 10), start: ObjectiveJudge.start)
        judge.note(.effective(phase: 1, at: ObjectiveJudge.start + 10 * .second))
        judge.note(.judged(phase: 1, isMet: true))
        judge.note(.released(at: ObjectiveJudge.start + 20 * .second))
        var end = Nanoseconds.max
        for result in simulation.results(40 * .second) where end == .max {
            judge.add(result)
            if result.done > ObjectiveJudge.start + 20 * .second, !judge.isRecoveryOpen(at: result.done) {
                end = result.done
            }
        }
        #expect(abs((end - ObjectiveJudge.start).seconds - 27) < 0.2)
        let recovery = judge.finish(at: end)[0].recovery
        #expect(recovery.map { $0.from <= .second && .second <= $0.to && $0.to - $0.from <= .second / 5 } == true)
    }

    @Test func `what was never lost has held, and what came back under the load did so before the release`() {
        let phases = ObjectiveJudge.phases(10, 10, 10)
        let well = ObjectiveJudge.run(
            Simulation(plan: Simulation.plan()), .recovers(within: .second), phases: phases)[0]
        #expect(well.verdict == .held && well.episodes == 0 && well.recovery == nil && well.badTime == 0)
        let early = ObjectiveJudge.run(
            Simulation(plan: Simulation.plan(), manner: .refuses, down: [12 * .second..<14 * .second]),
            .recovers(within: .second), phases: phases)[0]
        #expect(early.verdict == .recovered && early.recovery.map { $0.to < -5 * .second } == true)
    }

    @Test func `that nothing was lost only who looked can say`() {
        // Asked every 8 s, and the load is there for 2 s: nobody asked in that time.
        let sparse = ObjectiveJudge.run(
            Simulation(plan: Simulation.plan(every: 8 * .second)), .recovers(within: 5 * .second),
            phases: ObjectiveJudge.phases(9, 2, 20))[0]
        #expect(sparse.verdict == .inconclusive && sparse.reason == .noData)
        // Interrupted while there was time left to come back.
        var simulation = Simulation(plan: Simulation.plan(), manner: .refuses)
        simulation.down = [12 * .second..<Nanoseconds.max / 2]
        let cut = ObjectiveJudge.run(
            simulation, .recovers(within: 20 * .second), phases: ObjectiveJudge.phases(10, 10, 10))[0]
        #expect(cut.verdict == .inconclusive && cut.reason == .cutShort && cut.recovery == nil)
    }

    // MARK: The load decides first

    private static let outcomes: [(data: String, verdict: ObjectiveVerdict)] = [
        ("held", .held), ("missed", .lost), ("no data", .inconclusive),
    ]

    /// Load by objective: 0 6 6, 2 2 2, 5 5 5.
    @Test(arguments: [(Verdict.met, [0, 6, 6]), (.notMet, [2, 2, 2]), (.killed, [5, 5, 5])] as [(Verdict, [Int32])])
    func `the nine cells`(load: Verdict, codes: [Int32]) {
        for ((data, expected), code) in zip(Self.outcomes, codes) {
            var simulation = Simulation(plan: Simulation.plan(), manner: .refuses)
            if data == "missed" { simulation.down = [12 * .second..<15 * .second] }
            if data == "no data" { simulation.starved = 9 * .second..<41 * .second }
            let results = ObjectiveJudge.run(
                simulation, Self.good(0.99), .recovers(within: 20 * .second), phases: ObjectiveJudge.phases(10, 20, 10),
                isMet: load == .met)
            let verdicts = results.map(\.verdict)
            #expect(RunExitCode.code(load: load, objectives: [verdicts[0]]) == code, "\(data)")
            if load == .met {
                #expect(verdicts[0] == expected)
                #expect(results[0].reason == (data == "no data" ? .proberStarved : nil))
            } else {
                // However green it looks.
                #expect(verdicts == [.inconclusive, .inconclusive])
                #expect(results.allSatisfy { $0.reason == .loadNotMet })
            }
        }
    }

    @Test func `a load of which nobody told how it did was not met`() {
        let simulation = Simulation(plan: Simulation.plan())
        let phases = ObjectiveJudge.phases(10, 20, 10)
        let untold = ObjectiveJudge.run(
            simulation, Self.good(0.99), Self.good(0.99, .before), Self.good(0.99, .during("steady")),
            Self.good(0.9, .always), Self.good(0.9, .during("recover")), phases: phases, isMet: nil)
        #expect(untold.map(\.verdict) == [.inconclusive, .held, .held, .inconclusive, .inconclusive])
        #expect(ObjectiveJudge.run(simulation, Self.good(0.9, .during("recover")), phases: phases)[0].verdict == .held)
    }
}
