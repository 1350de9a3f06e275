// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import Glibc
internal import LinuxSystem
internal import LoadModel

/// Keeps up to `depth` operations in flight by io_uring, from one thread that sleeps in the ring.
///
/// All memory is taken at the start: an operation is a slot, its buffer, and a few words.
struct RingEngine: Issuing, ~Copyable {
    private struct Slot {
        var ticket = Ticket(sequence: 0, intended: 0)
        var submitted: Nanoseconds = 0
        var operation = OperationPattern.Operation(offset: 0, count: 0, isWrite: false, syncs: false, isOdd: false)
        /// Bytes moved so far; a kernel may move fewer than it was asked to.
        var done = 0
    }

    /// How late a stop may be noticed while the device does not answer.
    private static let limit: Nanoseconds = 100 * .millisecond
    /// How long the first operation that has ended waits for the others that were begun with it, in µs: they end
    /// nearly together, and each wake costs as much as several operations.
    private static let patience = 200
    /// The same while the ring is full, which is always so at `max`.
    private static let patienceWhenFull = 50

    private let set: WorkingSet
    private let ring: IORing
    private let buffers: RandomBuffer
    private let base: UnsafeMutableRawPointer
    private let slots: UnsafeMutablePointer<Slot>
    private let free: UnsafeMutablePointer<UInt32>
    private let depth: Int
    private let each: Int
    private let countsOperations: Bool
    private let isDurable: Bool
    private var freeCount: Int
    private var stamps: UInt64 = 0
    /// `CLOCK_MONOTONIC` at the run's start; known once it has begun.
    private var origin: Nanoseconds?

    /// Creates the ring on the thread that is to use it.
    ///
    /// - Throws: the `Errno` of the call that is refused.
    init(_ set: WorkingSet, countsOperations: Bool) throws {
        let depth = set.options.depth
        // Direct I/O wants aligned addresses; small blocks share no page.
        let each = (set.options.largest + 4095) / 4096 * 4096
        let ring = try IORing(depth: depth)
        let buffers = RandomBuffer(count: depth * each)
        ring.use(set.file, buffers: buffers.base, each: each)
        slots = .allocate(capacity: depth)
        slots.initialize(repeating: Slot(), count: depth)
        free = .allocate(capacity: depth)
        for index in 0..<depth { (free + index).initialize(to: UInt32(index)) }
        freeCount = depth
        self.set = set
        self.countsOperations = countsOperations
        self.depth = depth
        self.each = each
        isDurable = set.options.durability == .directDurable
        self.ring = ring
        self.buffers = buffers
        base = buffers.base
    }

    deinit {
        // Closing the ring does not wait for what is in flight.
        buffers.isAbandoned = inFlight > 0
        slots.deallocate()
        free.deallocate()
    }

    var room: Int { freeCount }
    var inFlight: Int { depth - freeCount }

    mutating func issue(_ ticket: Ticket, at now: Nanoseconds) throws(StressorFailure) {
        let operation = set.next()
        if operation.isWrite { try set.mayWrite(operation.count) }
        freeCount -= 1
        let index = free[freeCount]
        if operation.isWrite {
            RandomBuffer.stamp(base + Int(index) * each, count: operation.count, number: stamps)
            stamps &+= UInt64(operation.count / 4096 + 1)
        }
        slots[Int(index)] = Slot(ticket: ticket, submitted: now, operation: operation)
        try queue(index)
    }

    mutating func reap(
        until wake: Nanoseconds, _ time: any TimeSource, _ finished: (Completion) -> Void
    ) throws(StressorFailure) {
        guard inFlight > 0 else {
            _ = time.wait(until: wake)
            return
        }
        let now = Clocks.monotonic
        let start = origin ?? now - time.now
        origin = start
        do {
            let isFull = freeCount == 0
            try ring.enter(
                waitingFor: isFull ? max(1, depth / 8) : inFlight,
                patience: isFull ? Self.patienceWhenFull : Self.patience, until: min(start + wake, now + Self.limit))
        } catch {
            throw .impossible("the ring cannot be used any more: \(error)")
        }
        let count = ring.collect()
        if count == 0 { return }
        let ended = Clocks.monotonic - start
        for index in 0..<count {
            let completion = ring.completion(index)
            if let failure = try progress(completion) { finish(completion.slot, failure, ended, finished) }
        }
    }

    private mutating func finish(
        _ index: UInt32, _ failure: Int32, _ ended: Nanoseconds, _ finished: (Completion) -> Void
    ) {
        let slot = slots[Int(index)]
        free[freeCount] = index
        freeCount += 1
        finished(
            Completion(
                ticket: slot.ticket, submitted: slot.submitted, ended: ended,
                work: failure == 0 ? slot.operation.work(countsOperations) : 0, isRead: !slot.operation.isWrite,
                failure: failure))
    }

    /// Takes an operation one step on; once it has ended why it failed, an errno, or 0; `nil` while it has not.
    private func progress(_ completion: IORing.Completion) throws(StressorFailure) -> Int32? {
        let slot = slots + Int(completion.slot)
        let result = completion.result
        let isSync = slot.pointee.done == slot.pointee.operation.count
        if result == -EAGAIN || result == -EINTR {
            if isSync { try queueSync(completion.slot) } else { try queue(completion.slot) }
            return nil
        }
        if result < 0 || (result == 0 && !isSync) {
            let operation = slot.pointee.operation
            let failure = result == 0 ? EIO : -result
            set.note(
                failure: failure, isWrite: operation.isWrite, at: operation.offset + Int64(slot.pointee.done))
            return failure
        }
        if isSync { return 0 }
        slot.pointee.done += Int(result)
        if slot.pointee.done < slot.pointee.operation.count {
            try queue(completion.slot)
            return nil
        }
        guard slot.pointee.operation.syncs else { return 0 }
        try queueSync(completion.slot)
        return nil
    }

    private func queue(_ index: UInt32) throws(StressorFailure) {
        let slot = slots[Int(index)]
        let isQueued = ring.queue(
            slot: index, isWrite: slot.operation.isWrite, base + Int(index) * each + slot.done,
            count: slot.operation.count - slot.done, at: slot.operation.offset + Int64(slot.done),
            isDurable: isDurable, level: level(of: slot.operation))
        guard isQueued else { throw .impossible("the ring takes no more operations") }
    }

    /// Neighbours on the disk have two levels of one class, so that they are not made one request on their way,
    /// wherever they are held back: by the ring, a limit, a scheduler.
    private func level(of operation: OperationPattern.Operation) -> Int? {
        set.options.mayMerge ? nil : operation.isOdd ? 5 : 4
    }

    private func queueSync(_ index: UInt32) throws(StressorFailure) {
        guard ring.queueSync(slot: index) else { throw .impossible("the ring takes no more operations") }
    }
}
