// SPDX-License-Identifier: Apache-2.0

public import LoadModel
internal import Synchronization

/// Latency counts of one stressor, in memory that the observer can read while the workers count and when they are dead.
public struct LatencyCells: @unchecked Sendable {
    // Unchecked: the cells are atomics in memory that outlives every copy of this value.

    /// The bytes of one pair of distributions.
    public static let byteCount = 2 * LatencyScale.cellCount * 8

    private let cells: UnsafeMutablePointer<Atomic<Int64>>

    /// Places the counts at `base`, which holds zeroed bytes.
    public init(at base: UnsafeMutableRawPointer) { cells = base.assumingMemoryBound(to: Atomic<Int64>.self) }

    /// Counts one operation; latencies in ns.
    public func count(intended: Nanoseconds, service: Nanoseconds) {
        cells[LatencyScale.cell(of: intended)].add(1, ordering: .relaxed)
        cells[LatencyScale.cellCount + LatencyScale.cell(of: service)].add(1, ordering: .relaxed)
    }

    /// The counts as they stand.
    public var pair: LatencyPair {
        func read(_ from: Int) -> LatencyDistribution {
            LatencyDistribution(
                counts: (from..<from + LatencyScale.cellCount).map { cells[$0].load(ordering: .relaxed) })
        }
        return LatencyPair(intended: read(0), service: read(LatencyScale.cellCount))
    }
}
