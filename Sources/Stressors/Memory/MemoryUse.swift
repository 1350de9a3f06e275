// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import Synchronization

/// What 100 % of memory is: the setting `of`, resolved.
enum MemoryBase: String {
    /// `MemTotal`; in use is what is not `MemAvailable`.
    case host
    /// `MemAvailable` at the start; in use is what is gone of it since.
    case available
    /// The limit of a control group, `memory.max` or `memory.high`, whichever of all levels is the smallest; in use is
    /// that group's working set.
    case cgroup

    /// The setting that carries `MemAvailable` at the start, so that all processes count from the same figure.
    static let startKey = "available-at-start"

    /// The base of `settings`; `auto` takes the group that is joined, or the cgroup's limit where that is below the
    /// host's memory.
    init(_ settings: Settings, host: HostFacts) {
        let auto: MemoryBase =
            settings.text("cgroup") != nil
                || host.memoryBound.map { $0.value < host.memoryTotal.map { Double($0) } ?? .infinity } == true
            ? .cgroup : .host
        self = settings.text("of").flatMap(MemoryBase.init) ?? auto
    }
}

/// How much of a base is in use, all of it, as the kernel says; in bytes.
///
/// Sources: `/proc/meminfo`; `memory.current` or `memory.usage_in_bytes`, less the inactive page cache of
/// `memory.stat`.
final class MemoryUse: Sendable {
    private enum Source {
        case meminfo(ProcFile, whole: Int64)
        case group(CgroupMemoryGauge)
    }

    private let source: Mutex<Source>

    /// Opens the kernel's figures of the base that `settings` say; `nil` where they cannot be read.
    init?(_ settings: Settings, host: HostFacts) {
        let base = MemoryBase(settings, host: host)
        // The group that set the limit, else our own; the root group of v2 has no figures, and is the host.
        let group = host.memoryBound?.group ?? host.cgroups.groups(of: "memory").first
        if base == .cgroup, let gauge = group.flatMap({ CgroupMemoryGauge($0) }) {
            source = Mutex(.group(gauge))
            return
        }
        guard let meminfo = ProcFile("/proc/meminfo") else { return nil }
        let start = settings.bytes(MemoryBase.startKey) ?? host.memoryAvailable
        guard let whole = base == .available ? start : host.memoryTotal else { return nil }
        source = Mutex(.meminfo(meminfo, whole: whole))
    }

    /// The bytes in use; below 0 where others gave back of what they held at the start.
    var used: Int64? {
        source.withLock { source in
            switch source {
            case .group(let gauge): gauge.used
            case .meminfo(let file, let whole):
                file.read { ByteScanner.bytes(afterKiB: "MemAvailable:", in: $0) }.map { whole - $0 }
            }
        }
    }
}
