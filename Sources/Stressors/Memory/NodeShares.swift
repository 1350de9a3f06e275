// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import Synchronization

/// What each lane holds on its memory node; one for all lanes of a process.
///
/// The target is the process's anonymous memory: shared code lies wherever it was first read. What the process has of
/// its own on a node is part of the node's target, so that the kernel's count of the node is exact to a page.
final class NodeShares: Sendable {
    private struct State {
        /// What the process itself has at each place.
        var overhead: [Int64]
        let maps: NumaMaps
        /// Anonymous memory and holdings when it was measured last.
        var measured: (anonymous: Int64, held: Int64)?
    }

    let placement: NodePlacement
    private let gauges: [Gauge]
    private let state: Mutex<State>
    private let anonymous: @Sendable () -> Int64?

    /// Measures the process before it holds anything.
    init(_ placement: NodePlacement, gauges: [Gauge]) throws(StressorFailure) {
        guard let maps = NumaMaps() else { throw .impossible("/proc/self/numa_maps cannot be read") }
        self.placement = placement
        self.gauges = gauges
        anonymous = { ProcessOverhead.anonymous }
        state = Mutex(State(overhead: placement.places.map { _ in 0 }, maps: maps))
        // Twice: the first look takes the memory that looking needs.
        for _ in 0..<2 { _ = measure(total: 0) }
    }

    /// Which place a lane takes its memory from.
    func place(of lane: Int) -> NodePlacement.Place { placement.places[lane % placement.places.count] }

    /// The most that a lane will hold of `total`.
    func mostShare(of total: Int64, lane: Int) -> Int64 {
        let part = placement.parts(of: total)[lane % placement.places.count]
        return part / Int64(max(1, lanes(of: lane % placement.places.count)))
    }

    /// What a lane is to hold for the process's anonymous memory to be `total`.
    func share(of total: Int64, lane: Int) -> Int64 {
        guard total > 0 else { return 0 }
        let (index, ordinal) = (lane % placement.places.count, lane / placement.places.count)
        let page = Int64(AnonymousReservation.pageSize)
        let overhead = state.withLock { $0.overhead[index] }
        let pages = max(0, placement.parts(of: total)[index] - overhead) / page
        let (each, rest) = pages.quotientAndRemainder(dividingBy: Int64(max(1, lanes(of: index))))
        return (each + (Int64(ordinal) < rest ? 1 : 0)) * page
    }

    private func lanes(of place: Int) -> Int {
        (gauges.count - place + placement.places.count - 1) / placement.places.count
    }

    /// Measures what the process has of its own; `true` where all lanes hold their shares of `total` and nothing new
    /// was found.
    ///
    /// Pages that lie on another node than they should are no overhead: more of them would be taken in their place.
    func measure(total: Int64) -> Bool {
        for lane in gauges.indices where gauges[lane].claimed != share(of: total, lane: lane) { return false }
        guard let anonymous = anonymous() else { return true }
        let held = gauges.reduce(0) { $0 + $1.claimed }
        return state.withLock { state in
            // The walk over the page tables is for when something has changed.
            if let last = state.measured, last == (anonymous, held) { return true }
            guard let bytes = state.maps.anonymousBytes(home: placement.home) else { return true }
            state.measured = (anonymous, held)
            let found = overhead(bytes)
            guard found.allSatisfy({ (0..<(64 << 20)).contains($0) }), found != state.overhead else { return true }
            state.overhead = found
            gauges[0].own = found.reduce(0, +)
            return false
        }
    }

    /// What is at each place and not held; what lies on nodes that were not asked for counts to the first.
    private func overhead(_ bytes: [Int: Int64]) -> [Int64] {
        var left = bytes
        var overhead = placement.places.enumerated().map { index, place in
            let held = stride(from: index, to: gauges.count, by: placement.places.count).reduce(0) {
                $0 + gauges[$1].claimed
            }
            return place.nodes.reduce(0) { $0 + (left.removeValue(forKey: $1) ?? 0) } - held
        }
        overhead[0] += left.values.reduce(0, +)
        return overhead
    }
}
