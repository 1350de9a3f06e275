// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// An io_uring ring for reads and writes of one file, created and used by one thread.
///
/// Operations are told apart by slot: each slot has one operation in flight at most, and one buffer.
public struct IORing: ~Copyable {
    /// What became of an operation.
    public struct Completion: Sendable {
        /// Its slot.
        public let slot: UInt32
        /// Bytes moved, 0 of a sync, or a negative errno.
        public let result: Int32
    }

    private let ring: OpaquePointer
    private let completions: UnsafeMutablePointer<CLinux_ring_completion>
    private let depth: Int

    /// Creates a ring for `depth` operations in flight.
    ///
    /// - Throws: `Errno`, of which containers answer many: `EPERM` by seccomp or `kernel.io_uring_disabled`, `ENOSYS`
    ///   by old kernels and sandboxes, `ENOMEM` by `RLIMIT_MEMLOCK`.
    public init(depth: Int) throws(Errno) {
        // A place for the sync that may follow a write, and room for kernels that let the queue run behind.
        guard let ring = CLinux_ring_create(UInt32(depth) * 2, UInt32(depth)) else { throw Errno(rawValue: errno) }
        self.ring = ring
        self.depth = depth
        completions = .allocate(capacity: depth)
    }

    deinit {
        CLinux_ring_destroy(ring)
        completions.deallocate()
    }

    /// Which features the kernel granted, in words for a log.
    public var description: String {
        var facts = CLinux_ring_facts()
        CLinux_ring_describe(ring, &facts)
        let taskRun = facts.setup_flags & 1 << 13 != 0 ? "deferred" : facts.setup_flags != 0 ? "cooperative" : "plain"
        return "task run \(taskRun), file \(facts.has_file != 0 ? "" : "not ")registered, buffers "
            + "\(facts.has_buffers != 0 ? "" : "not ")registered"
    }

    /// Names the file of all operations and the slots' buffers, `each` bytes apart from `buffers` on.
    ///
    /// Both are registered where the kernel lets us, which saves it work in each operation.
    public func use(_ file: borrowing WorkingFile, buffers: UnsafeMutableRawPointer, each: Int) {
        _ = CLinux_ring_use_file(ring, file.rawDescriptor)
        _ = CLinux_ring_use_buffers(ring, buffers, each, UInt32(depth))
    }

    /// Queues a write or a read; `false` where the ring is full.
    ///
    /// - Parameter level: a level of the best-effort class of I/O, which a thread has by itself, with level 4 as a
    ///   rule; `nil` for the thread's own. Requests of two levels are never merged (`blk_rq_merge_ok` in
    ///   block/blk-merge.c).
    public func queue(
        slot: UInt32, isWrite: Bool, _ address: UnsafeMutableRawPointer, count: Int, at offset: Int64,
        isDurable: Bool = false, level: Int? = nil
    ) -> Bool {
        let flags = isDurable && isWrite ? CLinux_rwf_dsync : 0
        let priority = Int32(level ?? -1)
        return CLinux_ring_queue(ring, slot, isWrite ? 1 : 0, address, UInt32(count), offset, flags, priority) == 0
    }

    /// Queues an fdatasync of the file; `false` where the ring is full.
    public func queueSync(slot: UInt32) -> Bool { CLinux_ring_queue_sync(ring, slot) == 0 }

    /// Submits what is queued and sleeps until `wanted` completions are there, or until `deadline` (ns,
    /// `CLOCK_MONOTONIC`); when `patience` (µs) is over one is enough, as it always is before Linux 6.12.
    ///
    /// The corresponding C function is `io_uring_enter`.
    public func enter(waitingFor wanted: Int, patience: Int = 0, until deadline: Int64) throws(Errno) {
        _ = try check(CLinux_ring_enter(ring, UInt32(wanted), UInt32(patience), deadline))
    }

    /// Takes the completions that are there and returns how many; ``completion(_:)`` tells each, until the next call.
    public func collect() -> Int { Int(CLinux_ring_reap(ring, completions, UInt32(depth))) }

    /// One of the completions last collected.
    public func completion(_ index: Int) -> Completion {
        Completion(slot: completions[index].slot, result: completions[index].result)
    }

    /// Whether io_uring can be used here, by one write of `count` bytes at the start of `file`.
    ///
    /// All is tried, because a sandbox may allow the ring and refuse what is done with it.
    ///
    /// - Throws: the `Errno` of what is refused.
    public static func probe(_ file: borrowing WorkingFile, count: Int) throws(Errno) {
        let ring = try IORing(depth: 2)
        let size = (2 * count + 4095) / 4096 * 4096
        let buffers = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        buffers.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer { buffers.deallocate() }
        ring.use(file, buffers: buffers, each: count)
        guard ring.queue(slot: 0, isWrite: true, buffers, count: count, at: 0, level: 4) else { throw .noBufferSpace }
        let limit = CLinux_monotonic_ns() + 10_000_000_000
        while CLinux_monotonic_ns() < limit {
            try ring.enter(waitingFor: 1, until: limit)
            if ring.collect() == 0 { continue }
            let result = ring.completion(0).result
            if result < 0 { throw Errno(rawValue: -result) }
            if Int(result) < count { throw .ioError }
            return
        }
        throw .timedOut
    }
}
