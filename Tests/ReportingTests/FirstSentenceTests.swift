// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Reporting

@Suite struct FirstSentenceTests {
    private static let load = "cpu 50% for 2m"

    private static func result(
        _ verdict: ObjectiveVerdict, _ good: Int64 = 600, of probe: String = "checkout"
    ) -> ObjectiveResult {
        let wanted = Objective.Wanted.keeps(
            .goodProbes, .fixed(.atLeast, 0.99), verdict == .notSteady ? .before : .duringLoad, window: nil,
            fromSettled: false)
        var result = ObjectiveResult(objective(probe, wanted), verdict)
        (result.figure, result.limit, result.count) = (.share(good: good, of: 600), 0.99, 600)
        return result
    }

    private static func objective(_ probe: String, _ wanted: Objective.Wanted) -> Objective {
        Objective(probe: probe, wanted: wanted, text: "", mark: SourceMark(line: 1, column: 1))
    }

    private static func recovery(
        _ verdict: ObjectiveVerdict, _ bounds: TimeBounds? = nil, watched: Nanoseconds? = nil
    ) -> ObjectiveResult {
        var result = ObjectiveResult(objective("checkout", .recovers(within: 30 * .second)), verdict)
        (result.recovery, result.watched) = (bounds, watched)
        return result
    }

    private func text(_ verdict: Verdict?, _ results: ObjectiveResult...) -> String {
        FirstSentence.text(load: Self.load, verdict: verdict, objectives: results)
    }

    @Test func `the nine cells`() {
        let held = Self.result(.held)
        let lost = Self.result(.lost, 500)
        var unknown = Self.result(.inconclusive)
        (unknown.figure, unknown.reason) = (nil, .noData)
        #expect(
            text(.met, held) == "cpu 50% for 2m was put on, and was really there. checkout kept its objective.")
        #expect(
            text(.met, lost) == "cpu 50% for 2m was put on, and was really there. "
                + "checkout missed its objective (83.33% good, where 99% was the limit).")
        #expect(
            text(.met, unknown) == "cpu 50% for 2m was put on, and was really there. "
                + "checkout: nobody knows, since no probe was asked in that time.")
        for (verdict, words) in [(Verdict.notMet, "was not there as asked"), (.killed, "was killed before its time")] {
            for result in [held, lost, unknown] {
                let said = text(verdict, result)
                #expect(said.contains(words) && said.contains("nothing is known of how checkout would do"), "\(said)")
                #expect(!said.contains("kept") && !said.contains("held"), "\(said)")
            }
        }
    }

    @Test func `an end that was wanted is told as what it is`() {
        func said(_ end: Verdict) -> String {
            FirstSentence.text(load: Self.load, verdict: .met, wanted: end, objectives: [Self.result(.held)])
        }
        #expect(
            said(.notMet) == "cpu 50% for 2m was put on, and was not there as asked, as was wanted, so nothing is "
                + "known of how checkout would do under it.")
        #expect(
            said(.killed) == "cpu 50% for 2m was put on, and was killed before its time, as was wanted. "
                + "checkout kept its objective.")
    }

    @Test func `whether and when it came back`() {
        let lost = Self.result(.lost, 500)
        func second(_ recovery: ObjectiveResult) -> String {
            String(text(.met, lost, recovery).dropFirst("cpu 50% for 2m was put on, and was really there. ".count))
        }
        let missed = "checkout missed 1 of its 2 objectives (83.33% good, where 99% was the limit), and "
        let seconds = TimeBounds(from: 1_960 * .millisecond, to: 2_080 * .millisecond)
        #expect(
            second(Self.recovery(.recovered, seconds)) == missed + "came back 2.0 to 2.1 s after the load was released."
        )
        #expect(
            second(Self.recovery(.notRecovered, watched: 30 * .second)) == missed
                + "had not come back 30s after the load was released.")
        #expect(
            second(Self.recovery(.notRecovered, TimeBounds(from: 40 * .second, to: 40_050 * .millisecond))) == missed
                + "came back 40.00 to 40.05 s after the load was released, later than wanted.")
        #expect(
            second(Self.recovery(.recovered, TimeBounds(from: -3 * .second, to: -2 * .second))) == missed
                + "came back while the load was still there.")
        var between = Self.recovery(.recovered, seconds)
        between.releasedPhase = "first"
        #expect(second(between) == missed + "came back 2.0 to 2.1 s after the load of 'first' was released.")
        #expect(ObjectiveText.times(between) == "back 2.0 to 2.1 s after the release of 'first'")
        var before = Self.result(.lost, 500)
        before.loss = TimeBounds(from: -3 * .second, to: -2 * .second)
        #expect(ObjectiveText.times(before) == "lost 2.0 to 3.0 s before the load was there")
        #expect(
            text(.met, Self.recovery(.recovered, seconds))
                == "cpu 50% for 2m was put on, and was really there. checkout kept what was asked of it, "
                + "came back 2.0 to 2.1 s after the load was released.")
    }

    @Test func `of several services and none`() {
        #expect(text(.met) == "cpu 50% for 2m was put on, and was really there.")
        #expect(text(.unsupported) == "cpu 50% for 2m cannot be put on here.")
        #expect(
            text(.met, Self.result(.held, of: "queue"), Self.result(.held)).hasSuffix(
                "there. queue and checkout kept their objectives."))
        #expect(
            text(.met, Self.result(.held, of: "queue"), Self.result(.lost, 594)).hasSuffix(
                "there. checkout missed its objective (99% good, where 99% was the limit); queue kept its objective."))
    }

    @Test func `nothing is exerted where it was not well`() {
        #expect(
            text(nil, Self.result(.notSteady, 300))
                == "Nothing was put on, since checkout was not well to begin with (50% good, where 99% was the limit).")
    }

    @Test func `figures say how little is known of them`() {
        var result = Self.result(.held)
        result.objective = Self.objective(
            "a", .keeps(.percentile(0.99), .fixed(.below, 0.3), .duringLoad, window: nil, fromSettled: false))
        (result.figure, result.limit, result.count) = (.latency(.known(212 * .millisecond)), 0.3, 20)
        #expect(ObjectiveText.figure(result) == "p99 212 ms (20 probes: not known better than p86)")
        #expect(ObjectiveText.limit(result) == "300 ms")
        (result.figure, result.count) = (.latency(.beyond(.second)), 600)
        #expect(ObjectiveText.figure(result) == "p99 > 1 s")
        result.figure = .latency(.unanswered)
        #expect(ObjectiveText.figure(result) == "p99 unanswered")
        var share = Self.result(.lost, 599)
        share.figure = .share(good: 59_999, of: 60_000)
        #expect(ObjectiveText.figure(share) == "99.99% good", "all but one is not all")
    }

    @Test func `a plan says what it puts on`() {
        func phase(_ name: String, _ loads: [String: String]) -> PlannedPhase {
            PlannedPhase(name: name, start: 0, length: 60 * .second, loads: loads)
        }
        var plan = Fixture.plan
        let stressors = plan.stressors.map(\.name)
        plan.phases = [phase("a", [:]), phase("b", [stressors[0]: "50%"]), phase("c", [stressors[0]: "80%"])]
        #expect(FirstSentence.load(of: plan) == "\(stressors[0]) 50%, then 80% for 2m")
    }
}
