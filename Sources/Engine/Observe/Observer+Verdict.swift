// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// What a run comes to.
extension Observer {
    /// The verdict of the run: the worst of its results, where what was expected to end so is as good as met.
    var verdict: Verdict {
        if startFailure != nil { return .unsupported }
        // What was expected to end so is as good as met.
        let verdicts = Set(results.filter { $0.isExpected != true }.map(\.verdict))
        let expectations = ExpectationJudge(plan, results: results, ends: ends)
        let isLost =
            isAnyLeft
            || ends.contains { end in
                switch end.manner {
                case .released: false
                case .failed: true
                case .killed: !expectations.isKilledAsExpected(end.stressor)
                }
            }
        if isLost || verdicts.contains(.killed) { return .killed }
        if interruptedBy != nil || leaseExpiry != nil || verdicts.contains(.aborted) { return .aborted }
        let isNotSteady = probing?.isNotSteady == true
        if expectations.hasLostLoad, !isNotSteady { return .killed }
        let isMissed = expectations.outcome(isCutShort: isNotSteady).contains { $0.hasCome == false }
        if isMissed || verdicts.contains(.notMet) { return .notMet }
        return verdicts.contains(.unverified) ? .unverified : .met
    }

    /// Tells of results of which the stressor's claim and the kernel's word differ.
    func noteMismatches(_ results: [PhaseResult]) {
        for (result, stressor) in zip(results, plan.stressors) where result.verdict == .unverified {
            guard let mismatch = result.mismatch else { continue }
            let (claimed, achieved) = HumanUnits.amounts(mismatch.claimed, mismatch.achieved, stressor.unit)
            note(
                Finding(
                    code: "claim_mismatch", stressor: result.stressor,
                    message: "in phase \(phase + 1) the stressor claims \(claimed) and the kernel says \(achieved); "
                        + "the figures are not proof until they agree"))
        }
    }
}
