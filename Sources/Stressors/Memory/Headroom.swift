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
        let cgroup: CgroupMemoryGauge?
        let nodes: [Int: NUMA.Gauge]
        var outstanding: Int64 = 0
    }

    private let state: Mutex<State>
    private let hostReserve: Int64
    private let cgroupReserve: Int64

    /// Opens the kernel's figures.
    ///
    /// - Parameters:
    ///   - hostReserve: bytes of `MemAvailable` to leave.
    ///   - cgroupReserve: bytes to leave below `limit`.
    ///   - nodes: memory nodes that must not run full, of which as much is left as of the host.
    init(hostReserve: Int64, cgroupReserve: Int64, limit: CgroupView.Limit?, nodes: [Int] = []) {
        self.hostReserve = hostReserve
        self.cgroupReserve = cgroupReserve
        let gauges = nodes.compactMap { node in NUMA.Gauge(of: node).map { (node, $0) } }
        state = Mutex(
            State(
                cgroup: limit.flatMap { CgroupMemoryGauge($0) },
                nodes: Dictionary(gauges, uniquingKeysWith: { first, _ in first })))
    }

    /// Grants `wanted` bytes, or as many whole units as there is room for; ``settle(_:)`` must follow.
    ///
    /// - Parameter node: the memory node that they must come from.
    func grant(_ wanted: Int, unit: Int, on node: Int? = nil) throws(StressorFailure) -> Int {
        let granted = state.withLock { state in
            var room = Int64.max
            if let available = state.host?.read({ ByteScanner.bytes(afterKiB: "MemAvailable:", in: $0) }) {
                room = min(room, available.subtractingSaturating(hostReserve))
            }
            if let available = state.cgroup?.available { room = min(room, available - cgroupReserve) }
            if let node, let available = state.nodes[node]?.available { room = min(room, available - hostReserve) }
            room -= state.outstanding
            let granted = room >= Int64(wanted) ? wanted : max(0, Int(room)) / unit * unit
            state.outstanding += Int64(granted)
            return granted
        }
        guard granted > 0 else { throw .refused("less than the headroom is left") }
        return granted
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
