// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Tells where `within` asks for more time than a stretch has to give.
enum WithinNote {
    /// More phases than this are not told one by one.
    static let most = 8
    /// More stretches of one phase than this are not looked at: a pulse has as many as it has edges.
    private static let mostStretches = 1000

    /// What is granted where that is less than `written`; `nil` where all of it is.
    ///
    /// - Parameters:
    ///   - start: the begin of the load, since the run's start.
    ///   - end: its end.
    ///   - phase: the phase's name, where a plan is told of.
    static func finding(
        _ written: Nanoseconds, _ curve: Curve, from start: Nanoseconds, to end: Nanoseconds, in phase: String? = nil
    ) -> Finding? {
        var shortest: Nanoseconds?
        var at = start
        for _ in 0..<mostStretches where at < end {
            let next = min(curve.nextJump(after: at) ?? end, end)
            if Curve.isJump(curve.valueBefore(at), curve.value(at: at)), next - at < shortest ?? .max {
                shortest = next - at
            }
            at = next
        }
        guard let shortest else { return nil }
        let granted = PlannedPhase.granted(written, stretch: shortest)
        guard granted < written else { return nil }
        func text(_ time: Nanoseconds) -> String {
            HumanUnits.duration(time >= .second ? time / .millisecond * .millisecond : time)
        }
        let place = phase.map { "phase '\($0)': " } ?? ""
        return Finding(
            code: "within_cut", severity: .note,
            message: "\(place)'within: \(text(written))' is more than half of the \(text(shortest)) that the target "
                + "stands; \(text(granted)) are granted. Let it stand longer, or ramp to it")
    }
}

/// Tells where a written tolerance is not what is used.
enum ToleranceNote {
    /// What is used in place of the tolerance of `stressor`, where that is so in a phase at its greatest target.
    static func findings(_ stressor: PlannedStressor, _ phases: [PlannedPhase]) -> [Finding] {
        let limit = stressor.tolerance
        guard limit.isWritten else { return [] }
        let amount = { (value: Double) in HumanUnits.allowance(value, stressor.unit) }
        let peaks = phases.map { stressor.curve.peak(from: $0.start, to: $0.end) }.filter { $0 > 0 && $0.isFinite }
        func declared(_ target: Double) -> Double { max(limit.absolute, limit.ratio * target) }
        var findings: [Finding] = []
        if let peak = peaks.filter({ declared($0) > ToleranceLimit.most * $0 }).min() {
            findings.append(
                Finding(
                    code: "tolerance_cut", severity: .note,
                    message:
                        "the tolerance of \(amount(declared(peak))) is more than \(ToleranceRule.mostText) of a target "
                        + "of \(HumanUnits.amount(peak, stressor.unit)): \(amount(limit.allowed(at: peak))) is used "
                        + "there, since a load that is more than half absent was not there"))
        }
        if let peak = peaks.filter({ declared($0) < limit.floor && limit.allowed(at: $0) > declared($0) }).max() {
            findings.append(
                Finding(
                    code: "tolerance_raised", severity: .note,
                    message:
                        "the tolerance of \(amount(declared(peak))) is less than the kernel's accounting can tell: "
                        + "\(amount(limit.allowed(at: peak))) is used"))
        }
        return findings
    }
}

/// Says that a load cannot be there, since its stressor is to be killed before.
enum ExpectationNote {
    static func findings(_ stressors: [PlannedStressor], _ phases: [PlannedPhase]) -> [Finding] {
        stressors.compactMap { stressor in
            let name = stressor.name
            guard let end = phases.firstIndex(where: { $0.expect[name] == .killed }),
                let next = phases.dropFirst(end + 1).first(where: { $0.loads[name] != nil }),
                (next.expect[name] ?? stressor.expect) != .killed
            else { return nil }
            return Finding(
                code: "load_after_kill", stressor: name,
                message: "it is expected to be killed in phase '\(phases[end].name)', and then has no load in phase "
                    + "'\(next.name)', which is a miss; leave it out there, or define a second stressor of the kind")
        }
    }
}
