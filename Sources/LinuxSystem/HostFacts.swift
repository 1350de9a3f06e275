// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// What this host or container offers, read once before a run.
public struct HostFacts: Sendable {
    /// `uname -n`, `uname -r` and `uname -m`.
    public var name: String
    /// The kernel's release.
    public var kernel: String
    /// The machine's architecture.
    public var architecture: String
    /// Processors online, from `/sys/devices/system/cpu/online`.
    public var onlineCPUs: [Int]
    /// Processors that this process may run on, from `sched_getaffinity(2)`.
    public var affinityCPUs: [Int]
    /// The smallest CPU quota over us.
    public var cpuQuota: CgroupView.Limit?
    /// `MemTotal` in bytes; `nil` where nothing tells it.
    public var memoryTotal: Int64?
    /// Who told ``memoryTotal``: `/proc/meminfo`, or `sysinfo(2)` where that cannot be read.
    public var memoryTotalSource = "/proc/meminfo"
    /// `MemAvailable` in bytes; `nil` where `/proc/meminfo` cannot be read, as with `ProcSubset=pid`, or does not say.
    public var memoryAvailable: Int64?
    /// The smallest memory limit over us.
    public var memoryLimit: CgroupView.Limit?
    /// The smallest limit over us above which a group is slowed down, `memory.high` of v2.
    public var memoryHigh: CgroupView.Limit?
    /// How many memory nodes there are.
    public var numaNodes: Int
    /// The memory nodes; empty where the kernel tells none.
    public var memoryNodes: [NUMA.Node] = []
    /// The mode of transparent huge pages: `always`, `madvise`, `never` or `unknown`.
    public var hugePages: String
    /// Where we stand in the control groups.
    public var cgroups: CgroupView
    /// The groups that a stressor's processes join before they load; empty where they stay in ours.
    public var joinedGroups: [CgroupView.Group] = []

    /// Reads the facts of this host.
    public static func read() -> HostFacts {
        var names = utsname()
        uname(&names)
        let cgroups = CgroupView()
        let memory = MemoryInfo(((try? SmallFile.bytes("/proc/meminfo")) ?? [])[...])
        let affinity = (try? CurrentThread.affinity()) ?? [0]
        let online = SmallFile.text("/sys/devices/system/cpu/online").flatMap(CPUList.parse) ?? affinity
        var facts = HostFacts(
            name: text(&names.nodename), kernel: text(&names.release), architecture: text(&names.machine),
            onlineCPUs: online, affinityCPUs: affinity, cpuQuota: cgroups.cpuQuota,
            memoryTotal: memory.total ?? installedMemory, memoryAvailable: memory.available,
            memoryLimit: cgroups.memoryLimit, numaNodes: NUMA.nodesWithMemory, memoryNodes: NUMA.nodes,
            hugePages: hugePageMode(),
            cgroups: cgroups)
        facts.memoryHigh = cgroups.memoryHigh
        if memory.total == nil { facts.memoryTotalSource = "sysinfo(2)" }
        return facts
    }

    /// `MemTotal` as `sysinfo(2)` tells it, from the same place in the kernel (`si_meminfo` in mm/show_mem.c); `nil`
    /// where that is refused.
    static var installedMemory: Int64? {
        let bytes = CLinux_memory_total()
        return bytes > 0 ? bytes : nil
    }

    /// The smaller of ``memoryLimit`` and ``memoryHigh``: what a group can have without being slowed down or killed.
    public var memoryBound: CgroupView.Limit? {
        guard let memoryHigh, memoryHigh.value < memoryLimit?.value ?? .infinity else { return memoryLimit }
        return memoryHigh
    }

    private static func text<T>(_ field: inout T) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func hugePageMode() -> String {
        let bytes = (try? SmallFile.bytes("/sys/kernel/mm/transparent_hugepage/enabled")) ?? []
        return ChoiceText.chosen(bytes[...]) ?? "unknown"
    }
}

/// How much of its limit a cgroup uses.
public final class CgroupMemoryGauge {
    private let usage: ProcFile
    private let statistics: ProcFile?
    private let inactiveKey: StaticString
    private let limit: Int64

    /// Opens the files of the group that set `limit`; `nil` where they cannot be read.
    public convenience init?(_ limit: CgroupView.Limit) { self.init(limit.group, limit: Int64(limit.value)) }

    /// Opens the files of `group`, whatever its limit; `nil` where they cannot be read.
    public init?(_ group: CgroupView.Group, limit: Int64 = .max) {
        let isUnified = group.version == 2
        let file = isUnified ? "memory.current" : "memory.usage_in_bytes"
        guard let usage = ProcFile("\(group.directory)/\(file)") else { return nil }
        self.usage = usage
        statistics = ProcFile("\(group.directory)/memory.stat", capacity: 16384)
        inactiveKey = isUnified ? "inactive_file " : "total_inactive_file "
        self.limit = limit
    }

    /// The working set in bytes: what is charged, less inactive page cache, which the kernel reclaims first; `nil`
    /// where either cannot be read.
    public var used: Int64? {
        guard let charged = usage.integer else { return nil }
        let key = inactiveKey
        guard let inactive = statistics?.read({ ByteScanner.integer(after: key, in: $0) }) else { return nil }
        return max(0, charged - inactive)
    }

    /// The working set in bytes, or all that is charged where it cannot be read what of that is page cache: for bounds,
    /// which may be too low and never too high.
    public var mostUsed: Int64? { used ?? usage.integer }

    /// The limit less the working set, in bytes: what can still be charged before the OOM killer comes.
    public var available: Int64? { mostUsed.map { limit - $0 } }
}
