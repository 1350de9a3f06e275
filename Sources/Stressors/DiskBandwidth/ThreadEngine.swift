// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Does one operation at a time, on the lane's own thread: as many in flight as there are lanes.
///
/// For direct I/O and for reads; of a buffered write only ``WriteOutEngine`` knows when it has ended.
struct ThreadEngine: Issuing, ~Copyable {
    private let set: WorkingSet
    private let time: any TimeSource
    private let buffer: RandomBuffer
    private let base: UnsafeMutableRawPointer
    private let countsOperations: Bool
    private var ended: Completion?
    private var stamps: UInt64

    init(_ set: WorkingSet, lane: Lane, countsOperations: Bool) {
        self.set = set
        self.countsOperations = countsOperations
        time = lane.time
        buffer = RandomBuffer(count: set.options.largest)
        base = buffer.base
        stamps = UInt64(lane.index) << 48
    }

    var room: Int { ended == nil ? 1 : 0 }
    var inFlight: Int { ended == nil ? 0 : 1 }

    mutating func issue(_ ticket: Ticket, at now: Nanoseconds) throws(StressorFailure) {
        let operation = set.next()
        if operation.isWrite {
            try set.mayWrite(operation.count)
            RandomBuffer.stamp(base, count: operation.count, number: stamps)
            stamps &+= UInt64(operation.count / 4096 + 1)
        }
        let submitted = time.now
        let failure = perform(operation)
        ended = Completion(
            ticket: ticket, submitted: submitted, ended: time.now,
            work: failure == 0 ? operation.work(countsOperations) : 0, isRead: !operation.isWrite, failure: failure)
        set.dropCache(of: operation)
    }

    mutating func reap(
        until wake: Nanoseconds, _ time: any TimeSource, _ finished: (Completion) -> Void
    ) throws(StressorFailure) {
        guard let completion = ended else {
            _ = time.wait(until: wake)
            return
        }
        ended = nil
        finished(completion)
    }

    /// Does an operation whole; why it failed, an errno, or 0.
    private func perform(_ operation: OperationPattern.Operation) -> Int32 {
        let failure = set.transfer(base, operation)
        if failure != 0 { return failure }
        guard operation.syncs else { return 0 }
        let result = set.file.syncData()
        if result != 0 { set.note(failure: Int32(-result), isWrite: true, at: operation.offset) }
        return Int32(-result)
    }
}
