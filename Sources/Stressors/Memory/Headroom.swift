// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import Synchronization

/// How much more may be taken without bringing the OOM killer; one for all lanes of a process.
///
/// At a cgroup's limit populating does not fail, it kills: each chunk is asked for here before it is taken. What a lane
/// has been granted and not yet populated is not in the kernel's figures, so it is counted here, or two lanes would be
/// granted the same last bytes.
final class Headroom: Sendable {
    private struct State {
        let host = ProcFile("/proc/meminfo")
        let hidden: CgroupMemoryGauge?
        let nodes: [Int: NUMA.Gauge]
        var outstanding: Int64 = 0
    }

    private let state: Mutex<State>
    private let hostReserve: @Sendable () -> Int64
    private let cgroupReserve: @Sendable () -> Int64
    private let cite: @Sendable (String, String) -> Void
    /// The limits of the process's groups.
    let ceiling: GroupCeiling

    /// Opens the kernel's figures.
    ///
    /// - Parameters:
    ///   - hostReserve: bytes of `MemAvailable` to leave; asked anew each time, since a load may come that leaves less.
    ///   - cgroupReserve: bytes to leave below a group's limit of so many.
    ///   - groups: the process's groups, its own first.
    ///   - hidden: the limit of a group that cannot be seen, as it was at the start.
    ///   - nodes: memory nodes that must not run full, of which as much is left as of the host.
    ///   - cite: is told which figure left no room: the file and what it says.
    init(
        hostReserve: @escaping @autoclosure @Sendable () -> Int64,
        cgroupReserve: @escaping @Sendable (Int64) -> Int64 = { _ in 0 },
        groups: [CgroupView.Group] = [], hidden: CgroupView.Limit? = nil, nodes: [Int] = [],
        cite: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) {
        self.hostReserve = hostReserve
        self.cite = cite
        ceiling = GroupCeiling(groups, reserve: cgroupReserve)
        let ofHidden = Int64(hidden?.value ?? 0)
        self.cgroupReserve = { cgroupReserve(ofHidden) }
        let gauges = nodes.compactMap { node in NUMA.Gauge(of: node).map { (node, $0) } }
        state = Mutex(
            State(
                hidden: hidden.flatMap { CgroupMemoryGauge($0) },
                nodes: Dictionary(gauges, uniquingKeysWith: { first, _ in first })))
    }

    /// Grants `wanted` bytes, or as many whole units as there is room for; ``settle(_:)`` must follow.
    ///
    /// - Parameter node: the memory node that they must come from.
    func grant(_ wanted: Int, unit: Int, on node: Int? = nil) throws(StressorFailure) -> Int {
        let (granted, tightest) = state.withLock { state in
            let tightest = self.tightest(state, on: node)
            let room = tightest.room.subtractingSaturating(state.outstanding)
            let granted = room >= Int64(wanted) ? wanted : max(0, Int(room)) / unit * unit
            state.outstanding += Int64(granted)
            return (granted, tightest)
        }
        guard granted > 0 else {
            cite(tightest.source, tightest.figure)
            throw .refused("less than the headroom is left: \(tightest.source): \(tightest.figure)")
        }
        return granted
    }

    /// What there is least of, its reserve taken off.
    private func tightest(_ state: State, on node: Int?) -> (room: Int64, source: String, figure: String) {
        var tightest = (room: Int64.max, source: "", figure: "")
        func consider(_ room: Int64, _ source: String, _ what: String, _ amount: Int64, _ reserve: Int64) {
            guard room < tightest.room else { return }
            tightest = (room, source, "\(what) \(amount >> 20) MiB, headroom \(reserve >> 20) MiB")
        }
        let (hostReserve, cgroupReserve) = (hostReserve(), cgroupReserve())
        if let available = state.host?.read({ ByteScanner.bytes(afterKiB: "MemAvailable:", in: $0) }) {
            consider(
                available.subtractingSaturating(hostReserve), "/proc/meminfo", "MemAvailable", available, hostReserve)
        }
        if let available = state.hidden?.available {
            consider(available - cgroupReserve, "memory.stat", "of a hidden limit are left", available, cgroupReserve)
        }
        if let room = ceiling.room {
            consider(room.available, room.source, "limit", room.limit, room.limit - room.used - room.available)
        }
        if let node, let available = state.nodes[node]?.available {
            consider(
                available.subtractingSaturating(hostReserve), "/sys/devices/system/node/node\(node)/meminfo", "free",
                available, hostReserve)
        }
        return tightest
    }

    /// Whether anonymous memory can be paged out at all; `true` where that is not known.
    var hasSwap: Bool {
        let total = state.withLock { state in
            state.host?.read { ByteScanner.integer(after: "SwapTotal:", in: $0) }
        }
        return total != 0
    }

    /// Says that `granted` bytes are populated, or given up: from now on the kernel's figures tell.
    func settle(_ granted: Int) { state.withLock { $0.outstanding -= Int64(granted) } }
}

extension HostFacts {
    /// The groups whose memory limits apply, our own first.
    var memoryGroups: [CgroupView.Group] { cgroups.groups(of: "memory") }
    /// The limit of a group that cannot be seen; `nil` where a smaller one can be.
    var hiddenMemoryLimit: CgroupView.Limit? {
        memoryLimit.flatMap { $0.source.hasSuffix("/memory.stat") ? $0 : nil }
    }
}
