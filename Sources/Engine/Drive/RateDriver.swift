// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Something that does work when told how much is due.
public protocol Working: ~Copyable {
    /// Called on the worker's thread when the load begins.
    mutating func begin()
    /// Does up to `due` units of work and returns all that was done since the last call, its own overhead included.
    mutating func work(_ due: Int64) throws(StressorFailure) -> Int64
    /// Sleeps until `wake`; an asynchronous engine sleeps in its own ring. `false` when the run is to end.
    mutating func wait(until wake: Nanoseconds, _ time: any TimeSource) -> Bool
}

extension Working where Self: ~Copyable {
    /// Does nothing.
    public mutating func begin() {}
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
        var done: Int64 = 0
        while !time.isStopping {
            let wake = pacer.nextWake(after: time.now)
            let curve = self.curve
            moved?.advance(to: wake, isReleased: curve.value(at: wake) == 0)
            let due = pacer.due(until: wake, done: done + counted) { [moved] in
                (moved?.value(until: $0) ?? curve.area(until: $0)) * share
            }
            if due > 0 {
                do throws(StressorFailure) {
                    done += try worker.work(due)
                } catch .refused(_, let cause) {
                    gauge.noteRefusal(cause)
                }
                gauge.claimed = done
            }
            gauge.forgiven = Int64(pacer.forgiven)
            // Where nothing is asked for, nothing is done, not even waking up.
            let pause = due == 0 ? curve.releasedUntil(after: wake) : wake
            guard worker.wait(until: pause, time) else { return }
            gauge.lagMax = max(gauge.lagMax, time.now - pause)
        }
    }

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
