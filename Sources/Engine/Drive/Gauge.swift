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

    private enum Cell: Int {
        case threadID, claimed, refusals, forgiven, content, lagMax, own, cause, dropped, setup, moving
        case failures, failures2, failures3, otherFailures, claimedReads
    }

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
    /// Of the work done so far by operations, what reads did.
    public var claimedReads: Int64 {
        get { load(.claimedReads) }
        nonmutating set { store(.claimedReads, newValue) }
    }
    /// Refusals so far.
    public var refusals: Int64 {
        get { load(.refusals) }
        nonmutating set { store(.refusals, newValue) }
    }
    /// Why the last refusal came about; `nil` where there was none.
    public var refusalCause: Cause? {
        let index = Int(load(.cause)) - 1
        return Cause.allCases.indices.contains(index) ? Cause.allCases[index] : nil
    }
    /// Counts a refusal.
    public func noteRefusal(_ cause: Cause) {
        store(.cause, Int64(Cause.allCases.firstIndex(of: cause) ?? 0) + 1)
        refusals += 1
    }
    /// Operations that were overdue beyond the bound, of all lanes of the schedule.
    public var dropped: Int64 {
        get { load(.dropped) }
        nonmutating set { store(.dropped, newValue) }
    }
    /// How many operations failed, by errno; those of a fourth kind and more are together under 0.
    public var failures: [Int32: Int64] {
        var counts: [Int32: Int64] = [:]
        for cell in Self.failureCells {
            let value = load(cell)
            if value != 0 { counts[Int32(value >> Self.countBits)] = value & (1 << Self.countBits - 1) }
        }
        let others = load(.otherFailures)
        if others > 0 { counts[0] = others }
        return counts
    }
    /// Counts an operation that failed with `code`, an errno.
    public func noteFailure(_ code: Int32) {
        for cell in Self.failureCells {
            let value = load(cell)
            guard value == 0 || Int32(value >> Self.countBits) == code else { continue }
            return store(cell, (value == 0 ? Int64(code) << Self.countBits : value) + 1)
        }
        store(.otherFailures, load(.otherFailures) + 1)
    }
    private static let failureCells: [Cell] = [.failures, .failures2, .failures3]
    /// A cell holds the errno above and the count below.
    private static let countBits: Int64 = 48
    /// How far a lane is with what it does before the load begins, in thousandths.
    public var setup: Int64 {
        get { load(.setup) }
        nonmutating set { store(.setup, newValue) }
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
    /// Whether the lane is changing what it holds just now: what it claims is then behind.
    public var isMoving: Bool {
        get { load(.moving) != 0 }
        nonmutating set { store(.moving, newValue ? 1 : 0) }
    }
    /// The latest that the worker ever woke, in nanoseconds after the intended time.
    public var lagMax: Nanoseconds {
        get { load(.lagMax) }
        nonmutating set { store(.lagMax, newValue) }
    }
}
