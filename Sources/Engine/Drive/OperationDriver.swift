// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// An operation that has ended.
public struct Completion: Sendable {
    /// Which it was.
    public var ticket: Ticket
    /// When it was handed to the kernel, since the run's start.
    public var submitted: Nanoseconds
    /// When its end was seen, since the run's start.
    public var ended: Nanoseconds
    /// The units of work that it did: bytes, or 1; 0 where it failed.
    public var work: Int64
    /// Whether it read, where a load reads and writes.
    public var isRead: Bool
    /// Why it failed, an errno; 0 where it did not.
    public var failure: Int32

    /// Creates a completion.
    public init(
        ticket: Ticket, submitted: Nanoseconds, ended: Nanoseconds, work: Int64, isRead: Bool = false,
        failure: Int32 = 0
    ) {
        self.isRead = isRead
        self.ticket = ticket
        self.failure = failure
        self.submitted = submitted
        self.ended = ended
        self.work = work
    }
}

/// Something that starts operations and tells when they end.
public protocol Issuing: ~Copyable {
    /// How many more operations it takes now.
    var room: Int { get }
    /// How many operations have begun and not ended.
    var inFlight: Int { get }
    /// Starts an operation.
    mutating func issue(_ ticket: Ticket, at now: Nanoseconds) throws(StressorFailure)
    /// Hands what was issued to the kernel, sleeps until `wake` at the longest for a first completion, and reports all
    /// that are there; ends its sleep early when the run is to end.
    mutating func reap(
        until wake: Nanoseconds, _ time: any TimeSource, _ finished: (Completion) -> Void
    ) throws(StressorFailure)
}

extension Lane {
    /// Drives `worker` along the operations of `schedule` until the run ends.
    ///
    /// - Parameter latency: where latencies are counted; `nil` where nobody asks.
    public func issue<W: Issuing & ~Copyable>(
        _ worker: inout W, schedule: OperationSchedule, latency: LatencyCells?
    ) throws(StressorFailure) {
        guard waitForStart() else { return }
        var next: Ticket?
        var restUntil: Nanoseconds = 0
        var (done, read): (Int64, Int64) = (0, 0)
        func note(_ completion: Completion) {
            guard completion.failure == 0 else {
                gauge.noteFailure(completion.failure)
                gauge.noteRefusal(.refusal)
                restUntil = completion.ended + LevelRhythm.rest
                return
            }
            done += completion.work
            if completion.isRead { read += completion.work }
            latency?.count(
                intended: completion.ended - completion.ticket.intended,
                service: completion.ended - completion.submitted)
        }
        while !time.isStopping {
            let now = time.now
            if let ticket = next, !schedule.holds(ticket) { next = nil }
            while worker.room > 0, now >= restUntil {
                if next == nil { next = schedule.take(at: now) }
                guard let ticket = next, ticket.notBefore <= now else { break }
                next = nil
                gauge.lagMax = max(gauge.lagMax, now - ticket.intended)
                do throws(StressorFailure) {
                    try worker.issue(ticket, at: now)
                } catch .refused(_, let cause) {
                    gauge.noteRefusal(cause)
                    restUntil = now + LevelRhythm.rest
                }
            }
            // Bounded, because a wait for ever cannot be told from one that hangs, and a ring does not see a target
            // change.
            var wake = now + (course.isLive ? 100 * .millisecond : .second)
            if restUntil > now {
                wake = min(wake, restUntil)
            } else if worker.room > 0, let next {
                wake = min(wake, next.notBefore)
            }
            try worker.reap(until: wake, time, note)
            gauge.claimedReads = read
            gauge.claimed = done
            gauge.dropped = schedule.dropped
        }
        try drain(&worker, note)
        gauge.claimedReads = read
        gauge.claimed = done
    }

    /// Waits for what is in flight: the kernel still uses its buffers.
    private func drain<W: Issuing & ~Copyable>(
        _ worker: inout W, _ note: (Completion) -> Void
    ) throws(StressorFailure) {
        let limit = time.now + 5 * .second
        while worker.inFlight > 0, time.now < limit { try worker.reap(until: limit, time, note) }
    }
}
