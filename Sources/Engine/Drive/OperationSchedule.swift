// SPDX-License-Identifier: Apache-2.0

public import LoadModel
internal import Synchronization

/// One operation of a rate: which it is, and when it is due.
public struct Ticket: Hashable, Sendable {
    /// Its number, from 0; numbers of dropped operations are left out.
    public let sequence: Int64
    /// When it is due, since the run's start.
    public let intended: Nanoseconds

    /// Creates a ticket.
    public init(sequence: Int64, intended: Nanoseconds) {
        self.sequence = sequence
        self.intended = intended
    }
}

/// Which operation is due when: an absolute schedule that all lanes of a stressor take their tickets from.
///
/// Operation k is due when the area under the target reaches k + ½ operations, whatever became of those before it, so
/// that a slow device does not slow the schedule down and hide its own latency ("coordinated omission"). What is
/// overdue beyond the backlog is dropped, and counted.
public final class OperationSchedule: Sendable {
    private struct State {
        var sequence: Int64 = 0
        /// Operations since the anchor.
        var position: Int64 = 0
        var anchor = 0.0
        var time: Nanoseconds = 0
        var intended: Nanoseconds = 0
        var dropped: Int64 = 0
    }

    /// How late an operation may begin when its load is over.
    private static let grace: Nanoseconds = 10 * .millisecond

    private let curve: Curve
    /// The area of one operation, in unit·nanoseconds.
    private let areaPerOperation: Double
    private let backlog: Nanoseconds
    private let gathers: Bool
    private let state = Mutex(State())

    /// Creates a schedule.
    ///
    /// - Parameters:
    ///   - workPerOperation: units of work in one operation: its bytes, or 1.
    ///   - workPerArea: units of work in one unit·nanosecond of the curve's area.
    ///   - backlog: how long an operation may be overdue and still be done, at the target's present rate.
    ///   - gathers: whether a few operations are due together, on a grid of 1, 2 or 5 ms, where the rate is high
    ///     enough: for engines to whom a wake costs more than another operation.
    public init(
        curve: Curve, workPerOperation: Double, workPerArea: Double, backlog: Nanoseconds = .second,
        gathers: Bool = false
    ) {
        self.curve = curve
        self.gathers = gathers
        areaPerOperation = workPerOperation / workPerArea
        self.backlog = backlog
    }

    /// Operations that were dropped.
    public var dropped: Int64 { state.withLock { $0.dropped } }

    /// The next operation, which may be due later than `now`; `nil` where none comes before the curve's end.
    public func take(at now: Nanoseconds) -> Ticket? {
        state.withLock { state in
            if let ticket = unlimitedTicket(&state, at: now) { return ticket }
            dropOverdue(&state, at: now)
            let due = state.anchor + (Double(state.position) + 0.5) * areaPerOperation
            guard let intended = curve.time(reaching: due, from: state.time) else { return nil }
            // As much as there is begins where that time lies: its own tickets are taken then.
            state.time = intended
            // A grid that becomes finer must not put an operation before its predecessor.
            state.intended = max(state.intended, gathers ? gathered(intended) : intended)
            defer { state.sequence += 1 }
            state.position += 1
            return Ticket(sequence: state.sequence, intended: state.intended)
        }
    }

    /// The next point of the grid that brings two to seven operations together, or more at very high rates; `time`
    /// where the rate is too low.
    private func gathered(_ time: Nanoseconds) -> Nanoseconds {
        let perMillisecond = curve.value(at: time) / areaPerOperation * Double(Nanoseconds.millisecond)
        if perMillisecond * 5 < 1.5 { return time }
        // Steps that go evenly into a second, and into the tenths of it at which the load is looked at.
        let grid = (perMillisecond > 3.5 ? 1 : perMillisecond > 1.5 ? 2 : 5) * Nanoseconds.millisecond
        return (time + grid - 1) / grid * grid
    }

    /// While the target is as much as there is, each operation is due when it is asked for.
    private func unlimitedTicket(_ state: inout State, at now: Nanoseconds) -> Ticket? {
        guard curve.value(at: now) >= Curve.unlimited else { return nil }
        // From its end on, the schedule begins anew.
        state.time = min(curve.constantUntil(after: now), curve.length)
        state.anchor = curve.area(until: state.time)
        state.position = 0
        defer { state.sequence += 1 }
        return Ticket(sequence: state.sequence, intended: now)
    }

    private func dropOverdue(_ state: inout State, at now: Nanoseconds) {
        let due = state.anchor + (Double(state.position) + 0.5) * areaPerOperation
        let overdue = curve.area(until: now) - due
        guard overdue > 0 else { return }
        // What was due in the last moment of a load is done in the first one after it.
        let last = curve.value(at: state.time) * Double(Self.grace)
        let excess = overdue - max(last, curve.value(at: now) * Double(backlog))
        let count = Int64((excess / areaPerOperation).rounded(.up))
        guard count > 0 else { return }
        state.dropped += count
        state.position += count
    }
}
