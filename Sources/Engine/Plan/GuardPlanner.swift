// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Resolves guards: their limits to figures, and what they watch to files that can be read here.
struct GuardPlanner {
    private let host: HostFacts
    private let directories: [String]
    private let held: [String: HeldDirectory]
    private let groups: [String]

    /// Creates a planner for a run that works in `directories`, and in the groups that `bases` were planned in.
    init(_ host: HostFacts, directories: [String], held: [HeldDirectory], bases: [PlanBasis]) {
        self.host = host
        self.directories = directories
        self.held = Dictionary(held.map { ($0.path, $0) }) { first, _ in first }
        groups = Set(bases.compactMap { GroupProbe.directory(of: $0.request.host.cgroups) }).sorted()
    }

    /// The guards that are written; those of disks once for each file system that a stressor works on, those of groups
    /// once for each group that a stressor is in.
    func plan(_ guards: [Guard], _ errors: inout PlanErrors) -> [PlannedGuard] {
        guards.flatMap { plan($0, "guard", &errors) }
    }

    /// What a phase is to go on until, as guards are planned.
    func plan(
        _ ends: [EarlyEnd<Guard>], of phase: String, _ errors: inout PlanErrors
    ) -> [EarlyEnd<PlannedGuard>] {
        ends.flatMap { end -> [EarlyEnd<PlannedGuard>] in
            switch end {
            case .metric(let condition): plan(condition, "'until' of '\(phase)':", &errors).map { .metric($0) }
            case .recovered: [.recovered]
            case .stopped: [.stopped]
            }
        }
    }

    private func plan(_ condition: Guard, _ title: String, _ errors: inout PlanErrors) -> [PlannedGuard] {
        let metric = condition.metric.description
        let places: [String?] =
            switch metric.place {
            // What probes and stressors tell can be had wherever they run.
            case .probe, .stressor: [nil]
            case .host: [nil]
            case .fileSystem: directories.isEmpty ? ["/"] : directories
            case .group: groups
            }
        if places.isEmpty {
            errors.add(
                "\(title) '\(condition.text)' (\(condition.mark.lineWords)): no stressor is in a group of cgroup v2 "
                    + "below the root; put them into one ('cgroup'), or watch the host, such as psi.memory.full")
        }
        return places.compactMap { directory in
            let place = directory.flatMap { held[$0] }
            let planned = Self.planned(condition, directory: directory, held: place)
            guard Self.canWatch(planned, host) else {
                errors.add(
                    "\(title) '\(condition.text)' (\(condition.mark.lineWords)): what it watches cannot be read here"
                        + metric.remedy)
                return nil
            }
            return planned
        }
    }

    private static func canWatch(_ condition: PlannedGuard, _ host: HostFacts) -> Bool {
        condition.subject != nil || GuardMeter(condition, host: host) != nil
    }

    private static func planned(
        _ condition: Guard, directory: String? = nil, held: HeldDirectory? = nil, isDefault: Bool = false
    ) -> PlannedGuard {
        let (limit, unit): (Double, PlannedGuard.Unit) =
            if case .percent(let percent) = condition.limit {
                (percent / 100, .ratio)
            } else {
                (condition.limit.number ?? .nan, condition.subject?.unit ?? condition.metric.description.unit)
            }
        return PlannedGuard(
            text: condition.text, metric: condition.metric, subject: condition.subject,
            comparison: condition.comparison, limit: limit, unit: unit, length: condition.length,
            directory: directory, held: held, isDefault: isDefault)
    }

    /// The guards that nobody need write: which are on, and which are not, and why.
    static func defaults(
        _ profile: Profile, bases: [String: PlanBasis], _ host: HostFacts
    ) -> (on: [PlannedGuard], aside: [GuardAside]) {
        var (on, aside): ([PlannedGuard], [GuardAside]) = ([], [])
        for condition in Guard.defaults {
            let planned = planned(condition, isDefault: true)
            let overrides = bases.sorted { $0.key < $1.key }.compactMap { name, basis in
                basis.overrides[condition.metric].map { "\(name): \($0)" }
            }
            if !profile.hasDefaultGuards {
                aside.append(GuardAside(text: condition.text, reason: "the profile turns it off"))
            } else if let own = profile.guards.first(where: { $0.metric == condition.metric }) {
                aside.append(GuardAside(text: condition.text, reason: "'\(own.text)' stands in its place"))
            } else if let reason = overrides.first {
                aside.append(GuardAside(text: condition.text, reason: reason))
            } else if !canWatch(planned, host) {
                let remedy = condition.metric.description.remedy.drop { $0 == ";" || $0 == " " }
                aside.append(
                    GuardAside(
                        text: condition.text,
                        reason: "what it watches cannot be read here" + (remedy.isEmpty ? "" : ": \(remedy)")))
            } else {
                on.append(planned)
            }
        }
        return (on, aside)
    }
}
