// SPDX-License-Identifier: Apache-2.0

/// The exit code that a run's verdicts come to.
public enum RunExitCode {
    /// The code of an objective that was missed, or that nobody knows of, under a load that was there.
    public static let objectiveMissed: Int32 = 6
    /// The code of a system that was not steady before the load, so that nothing was exerted.
    public static let notSteady: Int32 = 7

    /// The exit code: a signal's, or the first that applies of 1, 5, 4, 3, 2, 7, 6, 0.
    ///
    /// - Parameters:
    ///   - load: the verdict on the load; `nil` where nothing was exerted, since a `before` objective did not hold.
    ///   - objectives: the verdict of each objective.
    ///   - interruptedBy: the signal that ended the run.
    ///   - isBroken: whether exert failed itself: a log that is not whole, something that could not be given back.
    public static func code(
        load: Verdict?, objectives: [ObjectiveVerdict] = [], interruptedBy: Int32? = nil, isBroken: Bool = false
    ) -> Int32 {
        if let interruptedBy { return 128 + interruptedBy }
        if isBroken { return 1 }
        switch load {
        case .killed: return 5
        case .unsupported: return 4
        case .aborted: return 3
        case .notMet, .unverified: return 2
        case nil: return notSteady
        case .met: break
        }
        if objectives.contains(.notSteady) { return notSteady }
        return objectives.allSatisfy { $0 == .held || $0 == .recovered } ? 0 : objectiveMissed
    }
}
