// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Memory that goes through the limit of its group on purpose: the OOM killer comes, or swap fills.
///
/// Without it exert stops at its headroom, and neither is ever seen. It is for a group: at the end of the host's own
/// memory the OOM killer chooses among all processes, and so that must be said apart.
enum BeyondLimit {
    static let key = "beyond-limit"
    static let hostKey = "beyond-host"
    /// The most that a load may be, in percent of its base.
    static let mostPercent = 1000.0

    static let keys: [Manifest.Key] = [
        .init(
            key, .boolean, default: .boolean(false), reach: .byValue(["false": .ownProcess, "true": .controlGroup]),
            help: "Go through the limit of the control group rather than stop below it: the OOM killer comes, or swap "
                + "fills, as the group is set up. Targets may then be above the limit and above 100%, and what is "
                + "paged out counts as held. Refused where the host's memory ends before the group's limit; "
                + "'expect: killed' makes the kill a success."),
        .init(
            hostKey, .boolean, default: .boolean(false), reach: .byValue(["false": .ownProcess, "true": .host]),
            help: "With beyond-limit, go through the host's own memory, too: no headroom is kept, and the OOM killer "
                + "chooses among all processes of the host."),
    ]

    /// Whether the limits of groups are gone through.
    static func isOfGroup(_ settings: Settings) -> Bool { settings.flag(key) }

    /// Whether the host's own memory may end.
    static func isOfHost(_ settings: Settings) -> Bool { settings.flag(key) && settings.flag(hostKey) }

    /// Refuses what it cannot mean, and a host that would run out where only a group is meant to.
    static func check(_ settings: Settings, _ host: HostFacts) throws(PlanProblem) {
        guard isOfGroup(settings) else {
            if settings.flag(hostKey) {
                throw .invalid(setting: hostKey, "'\(hostKey)' goes with '\(key): true'; write both, or neither")
            }
            return
        }
        if settings.text("mode") == "total" {
            throw .invalid(setting: key, "a total is never beyond its limit; with '\(key)', mode is add")
        }
        if settings.nodes(NodeSetting.key) != nil {
            throw .invalid(setting: key, "'\(key)' is of a group's limit, and not of 'nodes'; drop one of them")
        }
        guard !isOfHost(settings), let reason = hostEndsFirst(settings, host) else { return }
        throw .invalid(
            setting: key,
            "'\(key)' is for a control group, and here the host's own memory ends first (\(reason)): the OOM killer "
                + "would choose among all processes of the host. Put it into a group with a limit ('cgroup'), or say "
                + "'\(hostKey): true', too")
    }

    /// Why the host's memory ends before the limit of a group does; `nil` where it does not.
    private static func hostEndsFirst(_ settings: Settings, _ host: HostFacts) -> String? {
        guard let bound = host.memoryBound, let inGroup = CgroupMemoryGauge(bound)?.available else {
            return "no group of it has a limit"
        }
        // Who cannot tell how much the host has left cannot tell that it is enough.
        guard let available = host.memoryAvailable else { return "MemAvailable cannot be read" }
        let room = available - MemoryStressor.hostHeadroom(settings)
        guard inGroup >= room else { return nil }
        return "\(mebibytes(Double(inGroup))) are left below \(bound.source), \(mebibytes(Double(room))) of the host "
            + "before its headroom"
    }

    /// What will come, and what would make it come otherwise than is meant.
    static func findings(_ request: LoadRequest, peak: Double) -> [Finding] {
        let host = request.host
        guard isOfGroup(request.settings) else { return [] }
        guard let bound = host.memoryBound else {
            return [note("beyond_host", "the target goes up to \(mebibytes(peak)), and nothing is left to the host")]
        }
        let used = max(0, CgroupMemoryGauge(bound)?.mostUsed ?? 0)
        let limit = "\(mebibytes(bound.value)) (\(bound.source)), of which \(mebibytes(Double(used))) are in use"
        guard peak + Double(used) - request.held > bound.value else {
            return [
                note(
                    "limit_not_reached",
                    "the target goes up to \(mebibytes(peak)) and does not reach the limit of \(limit); raise it to go "
                        + "beyond")
            ]
        }
        let end =
            maySwap(bound.group)
            ? "pages go to swap, and where that is full the OOM killer comes"
            : host.memoryLimit == nil
                ? "the group is slowed down, and nobody is killed: that is a limit of memory.high"
                : waits(bound.group)
                    ? "nothing can be paged out, and nobody is killed, since memory.oom_control of "
                        + "\(bound.group.directory) has oom_kill_disable 1: who wants more waits"
                    : "nothing can be paged out, so the OOM killer comes; exert's stressors offer themselves first"
        let found = note(
            "beyond_limit", "the target goes up to \(mebibytes(peak)), beyond the limit of \(limit): \(end)")
        return [found] + [killsAll(host)].compactMap { $0 }
    }

    private static func note(_ code: String, _ message: String) -> Finding {
        Finding(code: code, severity: .note, message: message)
    }

    /// Whether a group's memory can be paged out at all: `memory.swap.max` of v2, `memory.memsw.limit_in_bytes` of v1;
    /// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of the kernel.
    private static func maySwap(_ group: CgroupView.Group) -> Bool {
        let info = (try? SmallFile.bytes("/proc/meminfo")) ?? []
        guard let total = ByteScanner.bytes(afterKiB: "SwapTotal:", in: info[...]), total > 0 else { return false }
        if group.version == 2 { return SmallFile.text(group.directory + "/memory.swap.max") != "0" }
        func number(_ file: String) -> Int64? { SmallFile.text("\(group.directory)/\(file)").flatMap { Int64($0) } }
        // Where swap is not counted, it is not limited either.
        guard let both = number("memory.memsw.limit_in_bytes"), let memory = number("memory.limit_in_bytes") else {
            return true
        }
        return both > memory
    }

    /// Whether whoever wants more than a group may have waits, rather than being killed: `oom_kill_disable` of v1;
    /// Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control".
    private static func waits(_ group: CgroupView.Group) -> Bool {
        let text = group.version == 1 ? SmallFile.text(group.directory + "/memory.oom_control") : nil
        return text?.utf8.starts(with: "oom_kill_disable 1".utf8) == true
    }

    /// Says that the kernel will kill the whole group, exert's observer with it, which then tells no verdict.
    ///
    /// The uppermost group with `memory.oom.group` up to the one whose limit is met is killed as one:
    /// `mem_cgroup_get_oom_group` in mm/memcontrol.c.
    private static func killsAll(_ host: HostFacts) -> Finding? {
        let own = Set(CgroupView().groups(of: "memory").map(\.directory))
        let groups = host.cgroups.groups(of: "memory")
        let limiting = host.memoryLimit?.group.directory
        let end = groups.firstIndex { $0.directory == limiting } ?? groups.count - 1
        let killed = groups.prefix(end + 1).last { SmallFile.text($0.directory + "/memory.oom.group") == "1" }
        guard let killed, own.contains(killed.directory) else { return nil }
        return Finding(
            code: "observer_killed_too",
            message: "memory.oom.group of \(killed.directory) is 1 and exert itself is in it: the OOM killer takes the "
                + "observer as well, and nobody tells the verdict. Put the load into a group of its own ('cgroup'), or "
                + "set it to 0 (of a kubelet: singleProcessOOMKill: true)")
    }

    /// Guards that are on by default and that the load means to trip, each with the reason.
    static func overrides(
        _ request: LoadRequest, _ settings: Settings, base: Base, peak: Double, isAboveHigh: Bool
    ) -> [Metric: String] {
        var overrides: [Metric: String] = [:]
        if isOfHost(settings) {
            overrides[.memoryAvailable] = "the profile says '\(hostKey): true'"
        } else if let available = request.host.memoryAvailable,
            let limit = Guard.defaults.first(where: { $0.metric == .memoryAvailable })?.limit.number
        {
            let left =
                base.mode == .total ? base.capacity - peak : Double(available) + request.held - peak
            let headroom = Double(MemoryStressor.hostHeadroom(settings))
            if left < limit, headroom < limit, MemoryBase(settings, host: request.host) != .cgroup {
                overrides[.memoryAvailable] =
                    "the load may leave no more than \(mebibytes(max(0, headroom, left))) of the host's memory"
            }
        }
        if isOfGroup(settings) {
            overrides[.memoryPressureFull] = "the profile says '\(key): true'"
        } else if isAboveHigh {
            overrides[.memoryPressureFull] = "the target goes above memory.high"
        }
        return overrides
    }
}
