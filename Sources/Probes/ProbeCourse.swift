// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// One probe through time: when it is due, who asks, what is in flight.
///
/// Time is what it is told: nothing here reads a clock or sleeps.
final class ProbeCourse {
    /// A question that waits for its answer.
    struct Flight {
        var number: Int64
        var due: Nanoseconds
        var sent: Nanoseconds
        var slot: Int
        /// When it is given up.
        var deadline: Nanoseconds
    }

    let index: Int
    let plan: ProbePlan
    let askers: [any Asker]
    /// How late the prober may be without saying anything wrong of the service: a tenth of the time limit, and of what
    /// took longer a tenth of that.
    let tolerance: Nanoseconds
    private let first: Nanoseconds
    private let end: Nanoseconds
    private var number: Int64 = 0
    /// Who can ask, the one that asked last at the end: it has the connection.
    private var free: [(slot: Int, since: Nanoseconds)]
    /// Who has not come back from a question that was given up.
    private var recovering: [Int] = []
    /// By due time, and so by the time at which each is given up.
    private var flights: [Flight] = []
    private let emit: (ProbeResult, String?) -> Void

    /// - Parameters:
    ///   - first: the first due time.
    ///   - end: before which a probe is due for the last time.
    init(
        _ plan: ProbePlan, index: Int, askers: [any Asker], first: Nanoseconds, end: Nanoseconds,
        emit: @escaping (ProbeResult, String?) -> Void
    ) {
        self.plan = plan
        self.index = index
        self.askers = askers
        self.first = first
        self.end = end
        self.emit = emit
        tolerance = min(plan.timeout, plan.goodWithin ?? .max) / 10
        free = askers.indices.reversed().map { ($0, first) }
    }

    /// When it is due next; `nil` where it is no more.
    var nextDue: Nanoseconds? {
        let due = first + number * plan.every
        return due < end ? due : nil
    }

    /// When something is to be done at the latest; `nil` where nothing is left.
    ///
    /// While an answer is awaited, often enough that a prober that is kept from running notices.
    func nextTime(after now: Nanoseconds) -> Nanoseconds? {
        var time = nextDue ?? .max
        if let flight = flights.first { time = min(time, flight.deadline) }
        if !flights.isEmpty || !recovering.isEmpty { time = min(time, now + max(.millisecond, tolerance / 2)) }
        return time == .max ? nil : time
    }

    /// Whether no result is left to come.
    var isOver: Bool { flights.isEmpty && nextDue == nil }
    /// How many answers are awaited.
    var inFlight: Int { flights.count }

    /// Asks what is due, and gives up what has taken too long.
    func advance(_ clock: () -> Nanoseconds, _ starvation: Starvation) {
        settle(clock, starvation)
        while let due = nextDue, due <= clock() { ask(due, clock, starvation) }
    }

    /// Gives up what has taken too long, and asks nothing.
    func settle(_ clock: () -> Nanoseconds, _ starvation: Starvation) {
        recover(clock())
        for flight in flights {
            if let reply = askers[flight.slot].tick() { end(flight, reply, clock(), starvation) }
        }
        while let flight = flights.first {
            let now = clock()
            guard flight.deadline <= now else { break }
            // A prober that was kept from running waits that much longer: then it has waited for as long as one that
            // was not, and what is silent until then is silent for certain.
            let lost = starvation.lost(from: flight.due, to: now)
            if flight.due + plan.timeout + lost > now {
                flights[0].deadline = flight.due + plan.timeout + lost
                break
            }
            askers[flight.slot].giveUp()
            giveUp(flight, now)
        }
    }

    private func giveUp(_ flight: Flight, _ now: Nanoseconds) {
        flights.removeAll { $0.number == flight.number }
        release(flight.slot, now)
        emit(
            ProbeResult(
                probe: index, number: flight.number, due: flight.due, sent: flight.sent, done: now,
                outcome: .timeout), nil)
    }

    private func ask(_ due: Nanoseconds, _ clock: () -> Nanoseconds, _ starvation: Starvation) {
        let now = clock()
        let number = number
        self.number += 1
        // What a late prober asks now is no answer to how the service was then, and all at once would be a load.
        if now - due > tolerance { return emitUnsent(number, due, now, .withdrawn) }
        guard let slot = free.popLast()?.slot else { return emitUnsent(number, due, now, .busy) }
        let flight = Flight(number: number, due: due, sent: now, slot: slot, deadline: due + plan.timeout)
        flights.append(flight)
        if let reply = askers[slot].ask() { end(flight, reply, clock(), starvation) }
    }

    private func emitUnsent(_ number: Int64, _ due: Nanoseconds, _ now: Nanoseconds, _ outcome: ProbeOutcome) {
        emit(ProbeResult(probe: index, number: number, due: due, sent: now, done: now, outcome: outcome), nil)
    }

    /// Has an asker go on; see ``Asker/wake()``.
    func wake(slot: Int, generation: UInt32, _ clock: () -> Nanoseconds, _ starvation: Starvation) {
        guard askers.indices.contains(slot), askers[slot].isCurrent(generation) else { return }
        guard let reply = askers[slot].wake() else { return recover(clock()) }
        if let flight = flights.first(where: { $0.slot == slot }) { end(flight, reply, clock(), starvation) }
    }

    private func end(_ flight: Flight, _ reply: Reply, _ now: Nanoseconds, _ starvation: Starvation) {
        flights.removeAll { $0.number == flight.number }
        release(flight.slot, now)
        var outcome = reply.outcome
        if now - flight.due >= plan.timeout {
            // Complete, and nobody waited for it any more.
            outcome = .timeout
        } else if outcome == .good, let limit = plan.goodWithin, now - flight.due > limit {
            outcome = .slow
        }
        // What took long may have been lost a tenth of that: it took long even so.
        let most = max(tolerance, (now - flight.due) / 10)
        if starvation.touches(from: flight.due, to: now, tolerance: most) { outcome = .withdrawn }
        emit(
            ProbeResult(
                probe: index, number: flight.number, due: flight.due, sent: flight.sent, done: now, outcome: outcome,
                value: reply.value), reply.note)
    }

    private func release(_ slot: Int, _ now: Nanoseconds) {
        if askers[slot].isFree { free.append((slot, now)) } else { recovering.append(slot) }
    }

    private func recover(_ now: Nanoseconds) {
        for slot in recovering {
            _ = askers[slot].tick()
            guard askers[slot].isFree else { continue }
            recovering.removeAll { $0 == slot }
            free.append((slot, now))
        }
    }

    /// Closes connections that nobody has needed for `idle` ns: those that a stalled service made necessary.
    func tidy(_ now: Nanoseconds, idle: Nanoseconds) {
        for place in free.dropLast() where now - place.since > idle { askers[place.slot].rest() }
    }

    /// Asks nothing more, and withdraws what is still in flight: it is over before the answers were.
    func cut(_ now: Nanoseconds) {
        for flight in flights {
            askers[flight.slot].giveUp()
            emit(
                ProbeResult(
                    probe: index, number: flight.number, due: flight.due, sent: flight.sent, done: now,
                    outcome: .withdrawn), nil)
        }
        flights = []
    }
}
