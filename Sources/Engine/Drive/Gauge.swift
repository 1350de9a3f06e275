// SPDX-License-Identifier: Apache-2.0

public import LoadModel
internal import Synchronization

/// What one worker says of itself, in memory that the observer can read when the worker's process is dead.
///
/// Plain atomics and no locks; each worker has 128 bytes of its own, so that no two write to one cache line.
public struct Gauge: @unchecked Sendable {
    // Unchecked: the cells are atomics in memory that outlives every gauge that points to it.

    /// The bytes of one gauge.
    public static let byteCount = 128

    private let cells: UnsafeMutablePointer<Atomic<Int64>>

    /// Places a gauge at `base`, which holds zeroed bytes.
    public init(at base: UnsafeMutableRawPointer) {
        cells = base.assumingMemoryBound(to: Atomic<Int64>.self)
    }

    private enum Cell: Int { case threadID, claimed, refusals, forgiven, content, lagMax, own }

    private func load(_ cell: Cell) -> Int64 { cells[cell.rawValue].load(ordering: .relaxed) }
    private func store(_ cell: Cell, _ value: Int64) { cells[cell.rawValue].store(value, ordering: .relaxed) }

    /// The kernel's id of the worker's thread.
    public var threadID: Int64 {
        get { load(.threadID) }
        nonmutating set { store(.threadID, newValue) }
    }
    /// Work done so far (rates), or the amount held (levels).
    public var claimed: Int64 {
        get { load(.claimed) }
        nonmutating set { store(.claimed, newValue) }
    }
    /// Refusals so far.
    public var refusals: Int64 {
        get { load(.refusals) }
        nonmutating set { store(.refusals, newValue) }
    }
    /// Work that was overdue and will not be made up for.
    public var forgiven: Int64 {
        get { load(.forgiven) }
        nonmutating set { store(.forgiven, newValue) }
    }
    /// Bytes that hold content.
    public var content: Int64 {
        get { load(.content) }
        nonmutating set { store(.content, newValue) }
    }
    /// What the process itself holds besides: part of the level, and no worker's share.
    public var own: Int64 {
        get { load(.own) }
        nonmutating set { store(.own, newValue) }
    }
    /// The latest that the worker ever woke, in nanoseconds after the intended time.
    public var lagMax: Nanoseconds {
        get { load(.lagMax) }
        nonmutating set { store(.lagMax, newValue) }
    }
}
