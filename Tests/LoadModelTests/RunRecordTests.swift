// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@Suite struct RunRecordTests {
    private static func record(_ verdict: Verdict, interruptedBy: Int32? = nil) -> RunRecord {
        RunRecord(
            runID: "01",
            host: HostDescription(
                name: "h", kernel: "6", architecture: "x86_64", onlineCPUs: 1, affinityCPUs: 1, quotaCores: nil,
                memoryTotalBytes: 1, memoryAvailableBytes: 1, memoryLimitBytes: nil, numaNodes: 1, hugePages: "never",
                exertVersion: "0"),
            plan: Plan(profile: "p", file: "f", sha256: "", seed: 0, stressors: [], phases: [], findings: []),
            startedAt: 0, elapsed: 0, results: [], ends: [], findings: [], verdict: verdict,
            interruptedBy: interruptedBy, observerCPUSeconds: 0)
    }

    @Test(
        arguments: [
            (.met, 0), (.notMet, 2), (.unverified, 2), (.aborted, 3), (.unsupported, 4), (.killed, 5),
        ] as [(Verdict, Int32)])
    func `the exit code tells the verdict`(verdict: Verdict, code: Int32) {
        #expect(Self.record(verdict).exitCode == code)
    }

    @Test(arguments: Verdict.allCases)
    func `an interrupted run tells the signal, whatever its verdict`(verdict: Verdict) {
        #expect(Self.record(verdict, interruptedBy: 2).exitCode == 130)
        #expect(Self.record(verdict, interruptedBy: 15).exitCode == 143)
    }

    @Test(
        arguments: [
            ([:], nil), ([.quota: 0], nil), ([.quota: -1], nil), ([.steal: 0.1], .steal),
            ([.steal: 0.1, .contention: 0.3, .refusal: 0.2], .contention),
            // Equal ones: the first by name, whatever the order of the dictionary.
            ([.steal: 1, .contention: 1, .quota: 1, .saturation: 1], .contention),
            ([.steal: 1, .saturation: 1, .quota: 0.5], .saturation),
        ] as [([Cause: Double], Cause?)])
    func `a result is limited by the cause that took the most`(shortfall: [Cause: Double], cause: Cause?) {
        let result = PhaseResult(
            phase: 0, stressor: "cpu", isLoaded: true, targetMean: 1, achievedMean: 1, claimedMean: 1, errorMean: 0,
            errorAbsMean: 0, errorAbsP95: 0, errorAbsMax: 0, tolerance: 0, timeToReach: nil, timeToContent: nil,
            shortfall: shortfall, residentBytes: nil, verdict: .notMet)
        #expect(result.limitedBy == cause)
    }

    @Test func `the error of a reading is achieved less target, and none where the process is gone`() {
        var reading = Reading(
            stressor: "cpu", target: 2, achieved: 1.5, claimed: 2, limitedBy: nil, refusals: 0, contentBytes: nil)
        #expect(reading.error == -0.5)
        reading.achieved = nil
        #expect(reading.error == nil)
    }

    @Test func `problems are told in the order of the text, whole-file ones first, equal places as they came`() {
        let errors = ProfileErrors(
            file: "p.yaml",
            diagnostics: [
                Diagnostic(SourceMark(line: 9, column: 1), "d"), Diagnostic(SourceMark(line: 2, column: 5), "b"),
                Diagnostic(nil, "a"), Diagnostic(SourceMark(line: 2, column: 5), "c"),
            ])
        #expect(
            errors.description == """
                p.yaml: error: a
                p.yaml:2:5: error: b
                p.yaml:2:5: error: c
                p.yaml:9:1: error: d
                """)
    }
}
