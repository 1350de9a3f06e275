// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Something that does work when told how much is due.
public protocol Working: ~Copyable {
    /// Called on the worker's thread when the load begins.
    mutating func begin()
    /// Does up to `due` units of work and returns all that was done since the last call, its own overhead included.
    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64
    /// The same, but gives up when `limit` ns have passed: something else is asked for then.
    mutating func work(_ due: Int64, for limit: Nanoseconds) throws(StressorFailure) -> Int64
    /// Sleeps until `wake`; an asynchronous engine sleeps in its own ring. `false` when the run is to end.
    mutating func wait(until wake: Nanoseconds, _ time: any TimeSource) -> Bool
}

extension Working where Self: ~Copyable {
    /// Does nothing.
    public mutating func begin() {}
    /// Does all of it: a piece of work is short.
    public mutating func work(_ due: Int64, for limit: Nanoseconds) throws(StressorFailure) -> Int64 { try work(due) }
    /// Sleeps on the run's clock.
    public mutating func wait(until wake: Nanoseconds, _ time: any TimeSource) -> Bool { time.wait(until: wake) }
}

extension Lane {
    /// Drives `worker` along this lane's share of the target until the run ends.
    ///
    /// - Parameters:
    ///   - workPerArea: units of work in one unit·nanosecond of the curve's area: 1 for CPU nanoseconds and cores, 1e-9
    ///     for bytes and bytes per second.
    ///   - catchUp: how much of a stall may be made up for.
    ///   - setPoint: followed in place of the target, which then only tells when nothing is asked for.
    public func pace<W: Working & ~Copyable>(
        _ worker: inout W, workPerArea: Double, catchUp: CatchUp, following setPoint: SetPoint? = nil
    ) throws(StressorFailure) {
        guard waitForStart() else { return }
        worker.begin()
        let share = workPerArea / Double(count)
        var pacer = Pacer(lane: index, of: count, catchUp: catchUp)
        var moved = setPoint.map(MovedArea.init)
        var edges = CurveEdges()
        // What was done where it was due, and where as much as there is was asked for.
        var done: Int64 = 0
        var free: Int64 = 0
        while !time.isStopping {
            let now = time.now
            let curve = edges.follow(course)
            // What is overdue does not go on where less is asked for.
            if moved == nil, let fall = edges.lastFall(until: now) {
                pacer.forgive(before: fall, done: done + counted) { curve.area(until: $0) * share }
            }
            // A jump is a wake of its own: what is due before it is done before it.
            let wake = min(pacer.nextWake(after: now), edges.next(after: now) ?? .max)
            moved?.advance(to: wake, isReleased: curve.value(at: wake) == 0)
            if moved == nil, curve.value(at: now).isInfinite {
                free += try workFreely(&worker, curve, at: now)
                gauge.claimed = done + free
                continue
            }
            let due = pacer.due(until: wake, done: done + counted) { [moved] in
                (moved?.value(until: $0) ?? curve.area(until: $0)) * share
            }
            if due > 0 {
                do throws(StressorFailure) {
                    if let fall = edges.fall(at: wake) {
                        done += try worker.work(due, for: max(1, fall - time.now))
                    } else {
                        done += try worker.work(due)
                    }
                } catch .refused(_, let cause) {
                    gauge.noteRefusal(cause)
                }
                gauge.claimed = done + free
            }
            gauge.forgiven = Int64(pacer.forgiven)
            // Where nothing is asked for, nothing is done, not even waking up.
            let pause = due == 0 ? curve.releasedUntil(after: wake) : wake
            guard worker.wait(until: pause, time) else { return }
            gauge.lagMax = max(gauge.lagMax, time.now - pause)
        }
    }

    /// Works as fast as it goes for a period, or until something else is asked for; returns what was done.
    private func workFreely<W: Working & ~Copyable>(
        _ worker: inout W, _ curve: Curve, at now: Nanoseconds
    ) throws(StressorFailure) -> Int64 {
        let end = min(curve.constantUntil(after: now), now + Pacer.period)
        do throws(StressorFailure) {
            return try worker.work(Self.boundless, for: max(1, end - now))
        } catch .refused(_, let cause) {
            gauge.noteRefusal(cause)
            // Who is refused again and again rests in between.
            _ = worker.wait(until: now + Pacer.period, time)
            return 0
        }
    }

    /// More work than anything does in a period, and little enough to be added up.
    private static var boundless: Int64 { 1 << 50 }
}

/// The jumps of a target that may change, found once each.
struct CurveEdges {
    /// No more of them are looked at after a stall: what they are for is then long past.
    private static let most = 1000

    private var edition: UInt32?
    private var curve = Curve()
    private var jump: Nanoseconds?

    /// The target as it stands.
    mutating func follow(_ course: Course) -> Curve {
        if edition == nil || edition != course.number {
            let newest = course.edition
            edition = newest.number
            curve = newest.curve
            jump = curve.nextJump(after: jump.map { min($0, newest.changedAt) - 1 } ?? -1)
        }
        return curve
    }

    /// The last jump to less from the one that was found last up to `time`; `nil` where there is none.
    mutating func lastFall(until time: Nanoseconds) -> Nanoseconds? {
        var fall: Nanoseconds?
        var count = 0
        while let edge = jump, edge <= time, count < Self.most {
            if curve.value(at: edge) < curve.valueBefore(edge) { fall = edge }
            jump = curve.nextJump(after: edge)
            count += 1
        }
        if count == Self.most { jump = curve.nextJump(after: time) }
        return fall
    }

    /// `time` where the next jump is one to less and lies there.
    func fall(at time: Nanoseconds) -> Nanoseconds? {
        guard jump == time, curve.value(at: time) < curve.valueBefore(time) else { return nil }
        return time
    }

    /// The first jump after `time`, up to which ``lastFall(until:)`` has looked.
    func next(after time: Nanoseconds) -> Nanoseconds? { jump.flatMap { $0 > time ? $0 : nil } }
}

extension Curve {
    /// How long the target stays 0 from `wake` on; `wake` itself where it is not.
    fileprivate func releasedUntil(after wake: Nanoseconds) -> Nanoseconds {
        guard value(at: wake) == 0 else { return wake }
        let until = constantUntil(after: wake)
        // Bounded, because a wait for ever cannot be told from one that hangs.
        return max(wake, min(until, wake + 10 * .second))
    }
}
