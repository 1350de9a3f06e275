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
        if expectations.hasLostLoad { return .killed }
        let isMissed = expectations.outcome(isCutShort: false).contains { $0.hasCome == false }
        if isMissed || verdicts.contains(.notMet) { return .notMet }
        return verdicts.contains(.unverified) ? .unverified : .met
    }
}
