// SPDX-License-Identifier: Apache-2.0

public import LoadModel
internal import Synchronization

/// One operation of a rate: which it is, and when it is due.
public struct Ticket: Hashable, Sendable {
    /// Its number, from 0; numbers of dropped operations are left out.
    public let sequence: Int64
    /// When it is due, since the run's start.
    public let intended: Nanoseconds
    /// When it may begin: later than it is due where a stall is made up for.
    let notBefore: Nanoseconds
    /// Which edition of the course it was taken from, and how many were due before it by that.
    let edition: UInt32
    let position: Int64

    /// Creates a ticket.
    public init(sequence: Int64, intended: Nanoseconds) {
        self.init(sequence: sequence, intended: intended, notBefore: intended, edition: 0, position: 0)
    }

    init(sequence: Int64, intended: Nanoseconds, notBefore: Nanoseconds, edition: UInt32, position: Int64) {
        self.sequence = sequence
        self.intended = intended
        self.notBefore = notBefore
        self.edition = edition
        self.position = position
    }
}

/// Which operation is due when: an absolute schedule that all lanes of a stressor take their tickets from.
///
/// Operation k is due when the area under the target reaches what its ``OperationRow`` says, k + ½ operations where
/// they are alike and come evenly, whatever became of those before it, so that a slow device does not slow the schedule
/// down and hide its own latency ("coordinated omission"). What is overdue beyond the backlog is dropped, and counted.
public final class OperationSchedule: Sendable {
    private struct State {
        var sequence: Int64 = 0
        /// Operations since the anchor.
        var position: Int64 = 0
        var anchor = 0.0
        /// Operations that were due before the anchor.
        var before = 0.0
        var row: OperationRow
        var time: Nanoseconds = 0
        var intended: Nanoseconds = 0
        var dropped: Int64 = 0
        /// Operations that were handed out, and by how much that is ahead of the target.
        var issued: Int64 = 0
        var lead = LeadLimit()
        /// The next jump of the target that was not yet reached.
        var edges = CurveEdges()
        /// The last jump to less, whose leftovers are still to be dropped.
        var fall: Nanoseconds?
        /// The edition of the course that the figures above are of.
        var edition: UInt32 = 0
        /// Tickets of earlier editions from this position on are void: their operations are due at other times now.
        var voidFrom: Int64 = .max

        init(_ row: OperationRow) { self.row = row }
    }

    /// How late an operation may begin when its load is over.
    private static let grace: Nanoseconds = 10 * .millisecond
    /// Nobody counts that many operations.
    private static let most = 1e15
    /// How many steps of its grid from a jump of the target operations are not gathered.
    private static let nearness: Int64 = 10

    private let course: Course
    /// Units of work in one unit·nanosecond of the curve's area.
    private let workPerArea: Double
    /// The area of one operation in the mean, in unit·nanoseconds.
    private let areaPerOperation: Double
    private let backlog: Nanoseconds
    private let gathers: Bool
    private let state: Mutex<State>

    /// Creates a schedule.
    ///
    /// - Parameters:
    ///   - row: what each operation does, its bytes or 1, and how they come.
    ///   - workPerArea: units of work in one unit·nanosecond of the curve's area.
    ///   - backlog: how long an operation may be overdue and still be done, at the target's present rate.
    ///   - gathers: whether a few operations are due together, on a grid of 1 to 10 ms, where the rate is high
    ///     enough: for engines to whom a wake costs more than another operation. Not of drawn ones, which would then
    ///     no longer come as they were drawn.
    public init(
        course: Course, row: OperationRow, workPerArea: Double, backlog: Nanoseconds = .second, gathers: Bool = false
    ) {
        self.course = course
        self.gathers = gathers && !row.isDrawn
        self.workPerArea = workPerArea
        areaPerOperation = row.mean / workPerArea
        self.backlog = backlog
        state = Mutex(State(row))
        let first = course.number
        state.withLock { $0.edition = first }
    }

    /// Creates the schedule of a target that never changes.
    public convenience init(
        curve: Curve, row: OperationRow, workPerArea: Double, backlog: Nanoseconds = .second, gathers: Bool = false
    ) {
        self.init(course: Course(curve), row: row, workPerArea: workPerArea, backlog: backlog, gathers: gathers)
    }

    /// The area at which the next operation is due.
    private func nextDue(_ state: inout State) -> Double {
        state.anchor + state.row.due(state.position) / workPerArea
    }

    /// How many operations since the anchor are due when the area is `area`.
    private func count(_ state: inout State, until area: Double) -> Int64 {
        state.row.count(until: (area - state.anchor) * workPerArea)
    }

    /// The same since the begin, in parts of one where they are alike.
    private func progress(_ state: inout State, until area: Double) -> Double {
        state.before + state.row.progress(until: (area - state.anchor) * workPerArea)
    }

    /// Operations that were dropped.
    public var dropped: Int64 { state.withLock { $0.dropped } }

    /// The next operation, which may be due later than `now`; `nil` where none comes before the curve's end.
    public func take(at now: Nanoseconds) -> Ticket? {
        state.withLock { state in
            // Within the lock, so that no lane goes back to an edition that another has left.
            let edition = course.edition
            let curve = state.edges.follow(course)
            turn(&state, to: edition)
            if let ticket = unlimitedTicket(&state, curve, at: now) { return ticket }
            passUnlimited(&state, curve, until: now)
            dropOverdue(&state, curve, at: now)
            let due = nextDue(&state)
            guard let intended = curve.time(reaching: due, from: state.time) else { return nil }
            state.time = intended
            guard curve.value(at: intended).isFinite else {
                // As much as there is begins there: this one is of those, and all others are taken then.
                defer { state.sequence += 1 }
                return Ticket(
                    sequence: state.sequence, intended: intended, notBefore: intended, edition: state.edition,
                    position: state.position)
            }
            // A grid that becomes finer must not put an operation before its predecessor.
            state.intended = max(state.intended, gathers ? gathered(intended, curve) : intended)
            defer {
                state.sequence += 1
                state.position += 1
                state.issued += 1
            }
            return Ticket(
                sequence: state.sequence, intended: state.intended, notBefore: release(&state, curve, at: now),
                edition: state.edition, position: state.position)
        }
    }

    /// When the next operation may begin: when it is due, or where it is overdue, so much later that what a stall left
    /// is not made up for in a burst.
    private func release(_ state: inout State, _ curve: Curve, at now: Nanoseconds) -> Nanoseconds {
        guard state.intended < now else { return state.intended }
        let area = curve.area(until: now)
        let owed = progress(&state, until: area)
        let rate = curve.value(at: now) / areaPerOperation
        // Where the load ends within the second, what is left of it shrinks: taken alone, that would hold operations
        // back below the target until then.
        let coming = max(
            (curve.area(until: now + .second) - area) / areaPerOperation, rate * Double(Nanoseconds.second))
        let next = max(coming, 1 / LeadLimit.share)
        let most = owed + state.lead.limit(Double(state.issued) - owed, at: now, next: next)
        let excess = Double(state.issued) + 1 - most
        guard excess > 0, rate > 0 else { return state.intended }
        return now + Nanoseconds(min(excess / rate, Double(Nanoseconds.second)))
    }

    /// Whether a ticket that was taken is still to be used: where the target has changed since, its operation may be
    /// due at another time, and is then taken anew.
    func holds(_ ticket: Ticket) -> Bool {
        if ticket.edition == course.number { return true }
        return state.withLock { state in
            turn(&state, to: course.edition)
            return ticket.edition == state.edition || ticket.position < state.voidFrom
        }
    }

    /// Goes over to a new edition of the course: what was due before it changed stays as it is, the rest comes anew.
    private func turn(_ state: inout State, to edition: Course.Edition) {
        guard edition.number != state.edition else { return }
        state.edition = edition.number
        let (curve, change) = (edition.curve, edition.changedAt)
        let area = curve.area(until: change)
        if area >= state.anchor, (area - state.anchor) / areaPerOperation < Self.most {
            state.voidFrom = min(state.position, count(&state, until: area))
            state.position = state.voidFrom
        } else {
            // Too much for anybody to have counted.
            state.voidFrom = 0
            anchor(&state, at: area)
        }
        state.time = min(state.time, change)
        state.intended = min(state.intended, change)
    }

    /// The middle of the piece of a grid that brings two to eight operations together, or more at very high rates;
    /// `time` where the rate is too low, or a jump of the target is near: what is judged there are a few operations,
    /// and some of them too early or too late would be a miss.
    ///
    /// The middle, since phases begin at points of the grid as a rule: all that is due before such a point has begun a
    /// moment before, and nothing that is due after it.
    private func gathered(_ time: Nanoseconds, _ curve: Curve) -> Nanoseconds {
        let perMillisecond = curve.value(at: time) / areaPerOperation * Double(Nanoseconds.millisecond)
        if perMillisecond * 5 < 1.5 { return time }
        // Steps that go evenly into a second, and into the tenths of it at which the load is looked at.
        let grid: Nanoseconds =
            switch perMillisecond {
            case 3.5...: 1
            case 1.5...: 2
            case 0.8...: 5
            default: 10
            }
        let step = grid * .millisecond
        let near = Self.nearness * step
        if let jump = curve.nextJump(after: time - near), jump <= time + near { return time }
        return time / step * step + step / 2
    }

    /// While the target is as much as there is, each operation is due when it is asked for.
    private func unlimitedTicket(_ state: inout State, _ curve: Curve, at now: Nanoseconds) -> Ticket? {
        guard curve.value(at: now).isInfinite else { return nil }
        // From its end on, the schedule begins anew.
        state.time = min(curve.constantUntil(after: now), curve.length)
        anchor(&state, at: curve.area(until: state.time))
        // It is ahead of no figure: what is issued of the target goes on where it was.
        defer { state.sequence += 1 }
        return Ticket(
            sequence: state.sequence, intended: now, notBefore: now, edition: state.edition, position: 0)
    }

    /// Goes past as much as there is where it ended without anybody who asked: from its end on, operations are due by
    /// figures again.
    private func passUnlimited(_ state: inout State, _ curve: Curve, until now: Nanoseconds) {
        guard let end = curve.unlimitedEnd(from: state.time, to: now) else { return }
        state.time = end
    }

    /// Begins the row anew at an area.
    private func anchor(_ state: inout State, at area: Double) {
        guard area != state.anchor || state.position != 0 else { return }
        state.before = progress(&state, until: area)
        state.anchor = area
        state.position = 0
    }

    private func dropOverdue(_ state: inout State, _ curve: Curve, at now: Nanoseconds) {
        // What was due before less was asked for is not made up for from then on, but for its last moment.
        state.fall = state.edges.lastFall(until: now) ?? state.fall
        if let fall = state.fall, now > fall + Self.grace {
            state.fall = nil
            // Nor is what was behind then a measure of what may be made up for now.
            state.lead = LeadLimit()
            drop(&state, until: curve.area(until: fall))
        }
        let due = nextDue(&state)
        let overdue = curve.area(until: now) - due
        guard overdue > 0 else { return }
        // What was due in the last moment of a load is done in the first one after it.
        let last = curve.value(at: state.time) * Double(Self.grace)
        let excess = overdue - max(last, curve.value(at: now) * Double(backlog))
        guard excess > 0 else { return }
        drop(&state, until: due + excess)
    }

    /// Drops what is not begun and was due before the area was `area`.
    private func drop(_ state: inout State, until area: Double) {
        guard (area - state.anchor) / areaPerOperation < Self.most else { return }
        let late = count(&state, until: area) - state.position
        guard late > 0 else { return }
        state.dropped += late
        state.position += late
    }
}
