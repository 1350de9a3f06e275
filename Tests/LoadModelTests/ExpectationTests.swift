// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadModel

/// Ends that are wanted, against ends that came.
@Suite struct ExpectationTests {
    private static let second = Nanoseconds.second

    /// A plan of stressors `a` and `b`, one phase of a second for each element.
    private func plan(
        _ phases: [(loads: [String], expect: [String: ExpectedEnd])], of stressors: [String: ExpectedEnd] = [:]
    ) -> Plan {
        let planned = phases.enumerated().map { index, phase in
            PlannedPhase(
                name: "p\(index)", start: Int64(index) * Self.second, length: Self.second,
                loads: Dictionary(uniqueKeysWithValues: phase.loads.map { ($0, "1") }), expect: phase.expect)
        }
        let all = ["a", "b"].map { name in
            PlannedStressor(
                name: name, kind: "k", unit: .cores, drive: .rate,
                settings: Settings(values: stressors[name].map { ["expect": .text($0.rawValue)] } ?? [:]), capacity: 1,
                base: "", curve: Curve(), workers: 1, tolerance: ToleranceLimit(absolute: 0, ratio: 0), witness: "")
        }
        return Plan(profile: "", file: "", sha256: "", seed: 0, stressors: all, phases: planned, findings: [])
    }

    private func result(
        _ phase: Int, _ verdict: Verdict, of stressor: String = "a", isLoaded: Bool = true
    ) -> PhaseResult {
        PhaseResult(
            phase: phase, stressor: stressor, isLoaded: isLoaded, targetMean: 1, achievedMean: 1, claimedMean: 1,
            errorMean: 0, errorAbsMean: 0, errorAbsP95: 0, errorAbsMax: 0, tolerance: 0, timeToReach: nil,
            timeToContent: nil, shortfall: [:], residentBytes: nil, verdict: verdict)
    }

    private func end(_ stressor: String = "a", _ manner: StressorEnd.Manner = .killed(signal: 9, isOutOfMemory: true))
        -> StressorEnd
    {
        StressorEnd(stressor: stressor, processID: 1, manner: manner, cpuSeconds: 0, releaseSeconds: nil)
    }

    /// What a load that is expected to end so is worth by what came.
    @Test(
        arguments: [
            (ExpectedEnd.killed, Verdict.killed, true), (.killed, .met, false), (.killed, .notMet, false),
            (.killed, .unverified, false), (.killed, .aborted, nil), (.notMet, .notMet, true), (.notMet, .met, false),
            (.notMet, .killed, false), (.notMet, .unverified, false), (.notMet, .aborted, nil),
        ] as [(ExpectedEnd, Verdict, Bool?)])
    func `an expectation of a load is of its verdict`(expected: ExpectedEnd, came: Verdict, answer: Bool?) {
        let plan = plan([(["a"], ["a": expected])])
        let results = [result(0, came)]
        let judge = ExpectationJudge(plan, results: results, ends: came == .killed ? [end()] : [])
        #expect(judge.isExpected(results[0]) == answer)
        #expect(judge.outcome(isCutShort: came == .aborted).map(\.hasCome) == [answer])
    }

    @Test func `what nobody expects is judged as ever`() {
        let plan = plan([(["a"], [:])])
        for verdict in Verdict.allCases {
            let judge = ExpectationJudge(plan, results: [result(0, verdict)], ends: [end()])
            #expect(judge.isExpected(result(0, verdict)) == nil)
            #expect(judge.outcome(isCutShort: false).isEmpty)
        }
    }

    @Test func `who gives up by itself was not killed`() {
        let plan = plan([(["a"], ["a": .killed])])
        let judge = ExpectationJudge(plan, results: [result(0, .killed)], ends: [end("a", .failed("no memory"))])
        #expect(judge.isExpected(result(0, .killed)) == false)
        #expect(!judge.isKilledAsExpected("a"))
    }

    @Test func `a stressor's own expectation is of one of its phases, whichever`() {
        let plan = plan([(["a"], [:]), (["a"], [:]), ([], [:])], of: ["a": .killed])
        let results = [result(0, .met), result(1, .killed), result(2, .killed, isLoaded: false)]
        let judge = ExpectationJudge(plan, results: results, ends: [end()])
        #expect(results.map(judge.isExpected) == [nil, true, true])
        #expect(
            judge.outcome(isCutShort: false) == [
                ExpectationResult(stressor: "a", phase: nil, expected: .killed, hasCome: true)
            ])
        let never = ExpectationJudge(plan, results: [result(0, .met), result(1, .met)], ends: [])
        #expect(never.outcome(isCutShort: false).map(\.hasCome) == [false])
        #expect(never.outcome(isCutShort: true).map(\.hasCome) == [nil])
    }

    @Test func `after a kill that was expected a phase without a load misses nothing, and one with a load does`() {
        let plan = plan([(["a"], ["a": .killed]), ([], [:]), (["a"], [:])])
        let results = [result(0, .killed), result(1, .killed, isLoaded: false), result(2, .killed)]
        let judge = ExpectationJudge(plan, results: results, ends: [end()])
        #expect(results.map(judge.isExpected) == [true, true, nil])
    }

    @Test func `a kill in an earlier phase is not the one that was expected`() {
        let plan = plan([(["a"], [:]), (["a"], ["a": .killed])])
        let results = [result(0, .killed), result(1, .killed)]
        let judge = ExpectationJudge(plan, results: results, ends: [end()])
        #expect(judge.isExpected(results[0]) == nil, "so the run is killed")
    }

    @Test func `loads that never began since all processes were gone are lost`() {
        let lost = plan([(["a"], ["a": .killed]), (["a"], [:])])
        #expect(ExpectationJudge(lost, results: [result(0, .killed)], ends: [end()]).hasLostLoad)
        let none = plan([(["a"], ["a": .killed]), ([], [:])])
        #expect(!ExpectationJudge(none, results: [result(0, .killed)], ends: [end()]).hasLostLoad)
        let whole = plan([(["a"], [:]), (["a"], [:])], of: ["a": .killed])
        #expect(!ExpectationJudge(whole, results: [result(0, .killed)], ends: [end()]).hasLostLoad)
    }

    @Test func `another stressor's kill is nobody's`() {
        let plan = plan([(["a", "b"], ["a": .killed])])
        let results = [result(0, .met, of: "a"), result(0, .killed, of: "b")]
        let judge = ExpectationJudge(plan, results: results, ends: [end("b")])
        #expect(results.map(judge.isExpected) == [false, nil])
        #expect(!judge.isKilledAsExpected("b"))
    }
}
