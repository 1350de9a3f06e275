// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// What 100 % of CPU is, and whose use a total is.
struct CPUBase {
    /// In cores.
    var capacity: Double
    /// Which base that is and who said so.
    var text: String
    /// Who is counted in `mode: total`; `nil` where nobody counts it.
    var scope: CPUUseGauge.Scope?

    /// Resolves the settings on a host; the observer and the stressor's process come to the same.
    static func resolve(_ settings: Settings, _ host: HostFacts) throws(PlanProblem) -> CPUBase {
        let allowed = try allowed(settings, host)
        let affinity = Double(allowed.cpus.count)
        let online = host.onlineCPUs
        let isWhole = allowed.cpus == online
        let quota = host.cpuQuota
        let ofHost = CPUBase(
            capacity: Double(online.count), text: "host: \(online.count) CPUs online (/sys/devices/system/cpu/online)",
            scope: .processors(online, isWhole: true))
        let ofAffinity = CPUBase(
            capacity: affinity, text: "affinity: \(allowed.cpus.count) \(allowed.text)",
            scope: .processors(allowed.cpus, isWhole: isWhole))
        var ofCgroup = CPUBase(
            capacity: affinity, text: "cgroup: no quota, so \(allowed.cpus.count) \(allowed.text)",
            scope: ofAffinity.scope)
        if let group = quota?.group ?? host.cgroups.groups(of: "cpu").first {
            ofCgroup.scope = host.cgroups.accounting(of: group).map { .group($0) }
        }
        if let quota {
            let isSmaller = quota.value < affinity
            ofCgroup.capacity = min(quota.value, affinity)
            ofCgroup.text =
                "cgroup: quota of \(quota.value) cores "
                + (isSmaller ? "(\(quota.source))" : "is more than \(allowed.cpus.count) \(allowed.text)")
        }
        switch settings.text("of") {
        case "host": return ofHost
        case "affinity": return ofAffinity
        case "cgroup": return ofCgroup
        default:
            // The setting and not `joinedGroups`: the process that has joined does not see where it came from.
            if settings.text("cgroup") != nil { return ofCgroup }
            if let quota, quota.value < affinity { return ofCgroup }
            return affinity < Double(online.count) ? ofAffinity : ofHost
        }
    }

    /// The processors that the load may run on, and who says so.
    static func allowed(
        _ settings: Settings, _ host: HostFacts
    ) throws(PlanProblem) -> (cpus: [Int], text: String) {
        guard let cpus = try CPUSetting.cpus(settings, host) else {
            if let nodes = try NodeSetting.nodes(settings, host) {
                let cpus = NodeSetting.cpus(of: nodes, host)
                guard !cpus.isEmpty else {
                    throw .invalid(
                        setting: NodeSetting.key,
                        "no processor of memory node \(CPUList.text(nodes)) is ours to use; this process may run on "
                            + CPUList.text(host.affinityCPUs))
                }
                return (cpus, "CPUs \(CPUList.text(cpus)) of memory node \(CPUList.text(nodes)) (nodes)")
            }
            return (host.affinityCPUs, "CPUs that this process may run on (sched_getaffinity)")
        }
        return (cpus, "CPUs \(CPUList.text(cpus)) (cpus)")
    }

    /// What `workers` can take at most, in cores.
    static func most(_ settings: Settings, _ host: HostFacts, workers: Int) throws(PlanProblem) -> Double {
        let places = Double(min(workers, try allowed(settings, host).cpus.count))
        return min(places, host.cpuQuota?.value ?? .infinity)
    }
}

extension CPUUseGauge.Scope {
    /// The kernel interface, as named in the log.
    var witness: String {
        switch self {
        case .processors: "proc_stat_idle"
        case .group(let group): group.version == 2 ? "cpu_stat" : "cpuacct_usage"
        }
    }
}
