// SPDX-License-Identifier: Apache-2.0

// What a run's end leaves, and what it comes to.
extension RunRecord {
    /// Stressors of which a process had not ended when the run did; what it holds is not given back yet.
    public var notReleased: [String] { findings.filter { $0.code == Self.leftCode }.compactMap(\.stressor) }
    /// The code of the finding that tells of such a process.
    public static let leftCode = "not_released"
    /// The code of the finding that tells of something left behind that could not be undone.
    public static let leftoverCode = "not_undone"
    /// Whether nothing is left, as far as is known now.
    public var isGivenBack: Bool { !findings.contains { $0.code == Self.leftCode || $0.code == Self.leftoverCode } }

    /// The process exit code that tells the verdict; 1 where all went well and the log, which is to prove it, is not
    /// whole, or something is left behind.
    public var exitCode: Int32 {
        // What was missed of the load is told before what exert failed at.
        let isBroken = verdict == .met && (logFailure != nil || !isGivenBack)
        return RunExitCode.code(
            load: isNotSteady ? nil : verdict, objectives: service?.objectives.map(\.verdict) ?? [],
            interruptedBy: interruptedBy, isBroken: isBroken)
    }

    /// Whether nothing was exerted, since the system under test was not steady before the load.
    public var isNotSteady: Bool { service?.isNotSteady == true && verdict == .met }
}
