// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Tells which claims of a plan too few probes can prove, which probes keep step with the load, and which do not verify
/// whom they ask.
enum ProbeNote {
    static func findings(_ profile: Profile) -> [Finding] {
        profile.objectives.compactMap { tooFew($0, profile) } + profile.objectives.compactMap { tooSoon($0, profile) }
            + profile.probes.compactMap { inStep($0, profile) }
            + profile.probes.filter(\.isUnverified).map { unverified($0) }
    }

    private static func unverified(_ probe: ProbePlan) -> Finding {
        Finding(
            code: "probe_unverified", severity: .note,
            message:
                "probe '\(probe.name)' does not verify the certificate ('verify: false'): whoever answers is taken "
                + "for the service")
    }

    /// `p99 over 2 s is 20 probes; it needs 299 to mean anything`.
    private static func tooFew(_ objective: Objective, _ profile: Profile) -> Finding? {
        guard case .keeps(let measure, _, let span, let window, _) = objective.wanted, let share = objective.share,
            let needed = Objective.probesNeeded(for: share),
            let probe = profile.probes.first(where: { $0.name == objective.probe })
        else { return nil }
        let length = window ?? profile.length(of: span)
        // Of seconds there is one each second, however often is asked.
        let every = measure == .goodSeconds ? max(.second, probe.every) : probe.every
        let count = length / every
        guard count < needed else { return nil }
        let noun = measure == .goodSeconds ? "seconds" : "probes"
        let claim: String
        switch measure {
        case .percentile: claim = "p" + shortPercent(share)
        default: claim = shortPercent(share) + "% good" + (measure == .goodSeconds ? " seconds" : "")
        }
        let (long, isBeyond) = every.multipliedReportingOverflow(by: Nanoseconds(needed))
        let time = isBeyond ? "longer than any run" : HumanUnits.duration(long)
        return Finding(
            code: "few_probes", severity: .note,
            message: "'\(objective.text)': \(claim) over \(HumanUnits.duration(length)) is \(count) \(noun); it needs "
                + "\(needed) to mean anything, which takes \(time)")
    }

    /// Where the run is over before an objective on an alert could be missed; a recovery is waited for.
    private static func tooSoon(_ objective: Objective, _ profile: Profile) -> Finding? {
        guard case .becomesGood(let limit, let phase) = objective.wanted else { return nil }
        let first = profile.phases.firstIndex { phase.map($0.isCalled) ?? !$0.loads.isEmpty } ?? 0
        let left = profile.phases[first...].reduce(0) { $0 + $1.length }
        guard left < limit else { return nil }
        return Finding(
            code: "ends_too_soon", severity: .note,
            message:
                "'\(objective.text)': the run ends \(HumanUnits.duration(left)) later at the latest, before the time "
                + "is up; lengthen the last phase")
    }

    /// A period that the wakes of a load fit into a whole number of times, so that all probes meet it at one point.
    private static func inStep(_ probe: ProbePlan, _ profile: Profile) -> Finding? {
        let periods = probe.every.seconds * Double(Pacer.wakesPerSecond)
        guard periods >= 0.5, abs(periods - periods.rounded()) < 0.01 else { return nil }
        // A third of a period off, in whole milliseconds.
        let other =
            Nanoseconds(((periods.rounded() - 0.38) / Double(Pacer.wakesPerSecond) * 1000).rounded()) * .millisecond
        return Finding(
            code: "probes_in_step", severity: .note,
            message: "probe '\(probe.name)': its period of \(HumanUnits.duration(probe.every)) is a multiple of the "
                + "load's, 1/\(Pacer.wakesPerSecond) s, so that all probes meet the load at one point of it; take one "
                + "such as \(HumanUnits.duration(other))")
    }

    /// `99` or `99.9`.
    private static func shortPercent(_ share: Double) -> String {
        NumberText.text(share * 100, places: 9, trimming: true)
    }
}

extension Profile {
    /// How long a span of objectives is, in ns.
    func length(of span: Objective.Span) -> Nanoseconds {
        func sum(_ part: some Sequence<Phase>) -> Nanoseconds { part.reduce(0) { $0 + $1.length } }
        switch span {
        case .before: return sum(phases.prefix { $0.loads.isEmpty })
        case .during(let name): return sum(phases.filter { $0.isCalled(name) })
        case .duringLoad: return sum(phases.filter { !$0.loads.isEmpty })
        case .after: return sum(phases.reversed().prefix { $0.loads.isEmpty })
        case .always: return sum(phases)
        }
    }
}
