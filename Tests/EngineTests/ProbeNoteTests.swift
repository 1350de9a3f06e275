// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

@Suite struct ProbeNoteTests {
    private static let mark = SourceMark(line: 1, column: 1)

    private static func profile(every: Nanoseconds, squeeze: Nanoseconds, _ wanted: [Objective.Wanted]) -> Profile {
        let load = PhaseLoad(stressor: "cpu", shape: .hold(.percent(1)), text: "1%", mark: mark)
        var profile = Profile(
            name: "p", file: "p", sha256: "", seed: 0, stressors: [],
            phases: [
                Phase(name: "steady", length: 60 * .second, loads: [], mark: mark),
                Phase(name: "squeeze", length: squeeze, loads: [load], mark: mark),
                Phase(name: "recover", length: 10 * .second, loads: [], mark: mark),
            ], guards: [])
        let question = ProbeQuestion.unit(name: "x")
        profile.probes = [ProbePlan(name: "a", question: question, every: every, timeout: .second, mark: mark)]
        profile.objectives = wanted.map { Objective(probe: "a", wanted: $0, text: "a …", mark: mark) }
        return profile
    }

    private static func p(_ share: Double, _ span: Objective.Span, over window: Nanoseconds? = nil) -> Objective.Wanted
    {
        .keeps(.percentile(share), .fixed(.below, 0.3), span, window: window, fromSettled: false)
    }

    @Test func `who does not verify whom it asks is told`() {
        var profile = Self.profile(every: 100 * .millisecond, squeeze: 2 * .second, [])
        for (security, codes) in [
            (.none, []), (.verified(authorities: nil), []), (.unverified, ["probe_unverified"]),
        ] as [(HTTPQuestion.Security, [String])] {
            var http = HTTPQuestion(endpoint: .host("a", port: 443), host: "a")
            http.security = security
            profile.probes[0].question = .http(http)
            #expect(ProbeNote.findings(profile).map(\.code) == codes)
        }
    }

    @Test func `a claim that too few probes can prove is told with what it needs`() {
        let profile = Self.profile(every: 100 * .millisecond, squeeze: 2 * .second, [Self.p(0.99, .during("squeeze"))])
        let findings = ProbeNote.findings(profile)
        #expect(findings.map(\.code) == ["few_probes"])
        #expect(
            findings.first?.message
                == "'a …': p99 over 2s is 20 probes; it needs 299 to mean anything, which takes 29.9s")
    }

    @Test(
        arguments: [
            (0.95, .during("squeeze"), nil, 6, true), (0.95, .during("squeeze"), nil, 5, false),
            (0.99, .duringLoad, nil, 30, true), (0.99, .duringLoad, nil, 29, false), (0.999, .before, nil, 30, false),
            (0.95, .always, 6, 30, true), (0.95, .always, 5, 30, false), (0.5, .after, nil, 30, true),
        ] as [(Double, Objective.Span, Int64?, Int64, Bool)])
    func `of spans and windows`(
        share: Double, span: Objective.Span, window: Int64?, squeeze: Int64, isEnough: Bool
    ) {
        let profile = Self.profile(
            every: 100 * .millisecond, squeeze: squeeze * .second,
            [Self.p(share, span, over: window.map { $0 * .second })])
        #expect(ProbeNote.findings(profile).isEmpty == isEnough)
    }

    @Test func `a run that ends before the time is up is told`() {
        let profile = Self.profile(
            every: 100 * .millisecond, squeeze: 20 * .second,
            [
                .recovers(within: 30 * .second), .recovers(within: 10 * .second),
                .becomesGood(within: 30 * .second, of: "squeeze"), .becomesGood(within: 31 * .second, of: nil),
            ])
        #expect(ProbeNote.findings(profile).map(\.code) == ["ends_too_soon"])
    }

    /// 1 s is 101 of the load's periods, and 100 ms are 10.1.
    @Test(
        arguments: [
            (1000, true), (2000, true), (100, false), (50, false), (500, false), (1, false), (986, false),
        ] as [(Int64, Bool)])
    func `a probe that keeps step with the load is told`(milliseconds: Int64, isInStep: Bool) {
        let profile = Self.profile(every: milliseconds * .millisecond, squeeze: 20 * .second, [])
        #expect(ProbeNote.findings(profile).map(\.code) == (isInStep ? ["probes_in_step"] : []))
        if milliseconds == 1000 { #expect(ProbeNote.findings(profile)[0].message.hasSuffix("such as 996ms")) }
    }
}
