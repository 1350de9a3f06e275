// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Judges a rate in one phase; pure, fed with looks at counters.
///
/// From the phase's first instant on, time is cut into slots of a second, or of four operations where that is longer.
/// What was done in a slot is a difference of two counters, so that nothing of it is missed, however short a pulse is.
struct RateJudge {
    /// The longest time between two looks of which more is known than the integral.
    static let longestGap: Nanoseconds = 2 * .second
    /// How long a slot is, at least.
    static let slotLength: Nanoseconds = .second
    /// How many operations a slot has, at least.
    static let slotOperations = 4.0
    /// How much before a slot's end a look may be that closes it.
    static let earliness: Nanoseconds = 6 * .millisecond
    /// How late a look may be that was meant for a jump.
    static let nearness: Nanoseconds = 20 * .millisecond
    /// The shortest time that tells whether a rate is on target.
    static let window: Nanoseconds = 90 * .millisecond

    /// How much later than the allowance's end the look may be that tells that the target was reached by then.
    static let lateness: Nanoseconds = 5 * .millisecond

    private(set) var phase: JudgedPhase
    private(set) var stretch: Stretch
    private var last: Look?
    private var first: Look?
    /// From when on claims are compared: until then operations were handed out that are in flight ever since.
    private var claimedSince: Look?
    /// What there is by the last look.
    private var mark = Mark()
    /// The marks of the last looks of this stretch, the one at its begin first where it was seen.
    private var recent: [Mark] = []
    private var stretchMark = Mark()
    private var slot = Slot()
    /// Slots that are closed while the allowance of a stretch that they touch is open.
    private var pending: [Slot] = []
    private var tally = Tally()
    /// Shortfall inside allowances that may still be made up for.
    private var credit = 0.0
    /// From where on it may not: what is missing where the target falls is given up.
    private var creditEnd = Nanoseconds.max
    private var granted: (length: Double, excuse: Double)?
    private var longestSlot = 0.0
    private var freely = FreeRun()
    private var others: Double?
    private var slotsSinceOthersChanged = Int.max / 2
    /// Since the phase's start, when the rate was first seen on target.
    private(set) var reachedAfter: Nanoseconds?

    init(_ phase: JudgedPhase) {
        self.phase = phase
        stretch = Stretch(phase, from: phase.start)
    }

    /// Takes in a look; the first one is that at the phase's begin.
    mutating func add(_ look: Look) {
        guard let achieved = look.achieved else { return }
        guard let before = last, let doneBefore = before.achieved else {
            begin(look)
            return
        }
        guard look.time > before.time else { return }
        // Nobody wakes right at a jump: what was done since the last look is shared out.
        let jump = stretch.end
        if before.time < jump, jump < phase.end, jump < look.time, look.time - jump <= Self.nearness {
            add(Look.between(before, look, at: jump, phase.curve))
            add(look)
            return
        }
        if before.time >= stretch.end, stretch.end < phase.end { turn(at: before.time) }
        let span = look.time - before.time
        let free = phase.curve.unlimitedLength(from: before.time, to: look.time)
        let done = achieved - doneBefore
        let due = due(from: before.time, to: look.time, free: free)
        // What is beyond the figure is of the time that has none; what is short of it is short.
        let error = free > 0 ? min(0, done - due) : done - due
        let earlier = mark
        mark.time = look.time
        mark.error += free == span ? 0 : error
        mark.due += due
        mark.dropped = look.dropped
        mark.others += done - ((look.ownAmount ?? achieved) - (before.ownAmount ?? doneBefore))
        mark.freeTime += Double(free)
        mark.freeWork += free > 0 ? max(0, done - due) : 0
        last = look
        if claimedSince == nil, look.time >= phase.start + min(.second, phase.length / 4) { claimedSince = look }
        if max(span, look.blindFor) > Self.longestGap { return skip(from: earlier) }
        noteReach()
        // At a jump there is a look of its own, and none before it closes the slot: work is done ahead of its time.
        let end = slotEnd
        let hasOwnLook = end == phase.end || abs(stretch.end - end) <= Self.earliness
        if look.time >= (hasOwnLook ? max(end, stretch.end) : end - Self.earliness) { closeSlot(at: mark) }
    }

    /// Grants another time for the way to targets from `time` on; `nil` is what the phase says.
    mutating func revise(within: Nanoseconds?, from time: Nanoseconds) { phase.revisions.append((time, within)) }

    /// Ends the phase at a time that is still to come.
    mutating func shorten(to time: Nanoseconds) { phase.end = time }

    /// Goes over to another target from a time on that is still to come.
    mutating func retarget(_ curve: Curve) {
        phase.curve = curve
        guard stretch.follow(phase), stretch.way == .reached, let granted,
            stretch.start + Nanoseconds(granted.length) > stretch.allowanceEnd + 2 * Self.window
        else { return }
        // The stretch is shorter than it was to be, and so is what it was allowed.
        stretch.way = .none
        tally.allowance -= granted.length
        tally.off += granted.length
        tally.absolute += granted.excuse
        tally.judged += granted.length
        if stretch.isUp { tally.excusedShortfall -= granted.excuse } else { tally.excusedSurplus -= granted.excuse }
        credit = 0
    }

    // MARK: Slots

    private mutating func begin(_ look: Look) {
        first = look
        last = look
        mark.time = look.time
        mark.dropped = look.dropped
        stretchMark = mark
        recent = [mark]
        slot = Slot(from: mark)
    }

    private func due(from start: Nanoseconds, to end: Nanoseconds, free: Nanoseconds) -> Double {
        if free == end - start { return 0 }
        return max(0, phase.curve.area(until: end) - phase.curve.area(until: start))
    }

    /// When the present slot is to end: what would be left of the phase is no slot of its own where it is short.
    private var slotEnd: Nanoseconds {
        let start = slot.from.time
        var length = Self.slotLength
        if phase.operation > 0 {
            let rate = phase.curve.mean(from: start, to: min(phase.end, start + length))
            if rate > 0, rate.isFinite {
                let longer = Self.slotOperations * phase.operation / rate * Double(Nanoseconds.second)
                length = max(length, Nanoseconds(min(longer, Double(phase.length))))
            }
        }
        // Slots lie from the phase's first instant on, however late or early the looks are.
        let number = (start - phase.start + length / 2) / length + 1
        let end = phase.start + number * length
        return phase.end - end < length / 2 ? phase.end : end
    }

    private mutating func closeSlot(at end: Mark) {
        slot.to = end
        defer { slot = Slot(from: end) }
        if stretch.way == .open, end.time > stretch.start { pending.append(slot) } else { book(slot) }
    }

    private mutating func book(_ slot: Slot) {
        freely.add(slot)
        noteOthers(slot)
        let length = slot.length
        tally.allowance += slot.excusedTime
        guard length > 0 else { return }
        longestSlot = max(longestSlot, length)
        var error = slot.error
        if error < 0, slot.excusedSurplus > 0 {
            // What came a moment after the target fell was due a moment before: it makes up for that first.
            let late = min(-error, slot.excusedSurplus)
            error += late
            tally.excusedSurplus -= late
        }
        if error > 0, credit > 0, slot.from.time < creditEnd {
            // What was due on the way may be done after it, as slowly as all that is made up for.
            let made = min(error, credit, 1.1 * LeadLimit.share * slot.due)
            error -= made
            credit -= made
            tally.madeUp += made
        }
        let target = slot.due / length
        let allowed = phase.tolerance.allowed(at: target) * length
        let isOff = abs(error) > max(2 * allowed, phase.quantum(at: target, due: slot.due))
        if isOff, isFollowing {
            tally.on += length
            return
        }
        if isOff { tally.off += length } else { tally.on += length }
        tally.absolute += abs(error)
        tally.judged += length
        tally.sizes.append(abs(error) / length)
    }

    /// Whether others changed what they take of a total in this slot or the one before, so that it had to be followed.
    private var isFollowing: Bool { slotsSinceOthersChanged <= 1 }

    private mutating func noteOthers(_ slot: Slot) {
        guard phase.isTotal, slot.length > 0 else { return }
        let now = slot.others / slot.wholeLength
        defer { others = now }
        let allowed = 2 * phase.tolerance.allowed(at: slot.due / slot.length)
        let isChanged = others.map { abs(now - $0) > allowed } ?? false
        slotsSinceOthersChanged = isChanged ? 0 : min(slotsSinceOthersChanged + 1, Int.max / 2)
    }

    /// Nobody looked for long: what was done counts, and when it was done is not known.
    private mutating func skip(from earlier: Mark) {
        if earlier.time > slot.from.time { closeSlot(at: earlier) }
        if stretch.way == .open { settle(grantedAt: nil) }
        tally.unseen += Double(mark.time - earlier.time)
        slot = Slot(from: mark)
        if mark.time >= stretch.end, stretch.end < phase.end { turn(at: mark.time) }
        recent = [mark]
    }

    // MARK: Stretches

    private mutating func turn(at time: Nanoseconds) {
        if stretch.way == .open { settle(grantedAt: nil) }
        // Several may lie between two looks; those were never seen by themselves.
        var start = stretch.end
        while let next = phase.curve.nextJump(after: start), next <= time, next < phase.end { start = next }
        stretch = Stretch(phase, from: start)
        granted = nil
        recent = [mark]
        stretchMark = mark
        if !stretch.isUp { creditEnd = min(creditEnd, start) }
        // Where the jump was not looked at, what belongs to the way is not known.
        if time - start > 10 * .millisecond { stretch.way = .none }
    }

    /// Looks whether the rate is on target since a while, and grants or ends the allowance.
    private mutating func noteReach() {
        recent.append(mark)
        if recent.count > 8 { recent.removeFirst() }
        guard stretch.way == .open || reachedAfter == nil, mark.time <= stretch.end + 5 * .millisecond else { return }
        let least = min(Self.window, (stretch.allowanceEnd - stretch.start) * 4 / 5)
        // The earliest look since which it is on target, of those that lie long enough ago.
        let reached = recent.first { mark.time - $0.time >= least && isOnTarget(since: $0) }
        if reached != nil, reachedAfter == nil, mark.due > recent[0].due || mark.freeTime > recent[0].freeTime {
            reachedAfter = mark.time - phase.start
        }
        guard stretch.way == .open else { return }
        let end = stretch.allowanceEnd + Self.lateness
        if let reached, reached.time <= end {
            settle(grantedAt: reached)
        } else if mark.time - least > end {
            settle(grantedAt: nil)
        }
    }

    /// Whether what was done since `from` is what was due, or more on the way up, and less on the way down.
    private func isOnTarget(since from: Mark) -> Bool {
        let span = Double(mark.time - from.time)
        if mark.freeTime > from.freeTime { return mark.freeWork > from.freeWork }
        let due = mark.due - from.due
        let error = mark.error - from.error
        // Of what the pace brings in one piece, a window cuts half at the most.
        let allowed = max(phase.tolerance.allowed(at: due / span) * span, phase.quantum(at: due / span, due: due) / 2)
        return stretch.isUp ? error >= -allowed : error <= allowed
    }

    /// Ends the allowance: what fell short on the way until `reached` is excused, or nothing is.
    private mutating func settle(grantedAt reached: Mark?) {
        stretch.way = reached == nil ? .none : .reached
        if let reached { stretch.settledAt = max(stretch.settledAt, reached.time) }
        if let reached, reached.time > stretchMark.time {
            let error = reached.error - stretchMark.error
            // Operations that were dropped count, whenever they were due.
            let dropped =
                Double(reached.dropped - stretchMark.dropped) * phase.operation * Double(Nanoseconds.second)
            let excuse = stretch.isUp ? max(0, -error - dropped) : max(0, error)
            if excuse > 0 {
                let share = excuse / abs(error)
                for index in pending.indices { pending[index].excuse(from: stretchMark, to: reached, share) }
                slot.to = mark
                slot.excuse(from: stretchMark, to: reached, share)
                granted = (Double(reached.time - stretchMark.time), excuse)
                if stretch.isUp {
                    tally.excusedShortfall += excuse
                    if stretch.start >= creditEnd { (credit, creditEnd) = (0, .max) }
                    credit += excuse
                } else {
                    tally.excusedSurplus += excuse
                }
            }
        }
        let closed = pending
        pending = []
        for slot in closed { book(slot) }
    }

    // MARK: End

    /// The judgement of the phase until `end`: its own, or when it was cut, or the process was gone.
    mutating func finish(at end: Nanoseconds) -> Judgement {
        if mark.time > slot.from.time { closeSlot(at: mark) }
        if stretch.way == .open { settle(grantedAt: nil) }
        let end = min(end, phase.end)
        let span = Double(max(1, end - phase.start))
        let from = first?.time ?? end
        // Nothing is assumed at the begin or at the end.
        for gap in [from - phase.start, end - max(from, mark.time)] where gap > LevelJudge.reach {
            tally.unseen += Double(gap)
        }
        let seen = max(1, Double(mark.time - from))
        let finite = max(1, seen - mark.freeTime)
        let isFree = phase.curve.unlimitedLength(from: phase.start, to: end) >= end - phase.start
        let target = isFree ? 0 : targetMean(to: end)
        let achieved =
            isFree
            ? ((last?.achieved ?? 0) - (first?.achieved ?? 0)) / seen : (mark.due + mark.error) / finite
        let claimed = ((last?.claimed ?? 0) - (first?.claimed ?? 0)) / seen
        let since = claimedSince.flatMap { $0.time < mark.time ? $0 : nil } ?? first
        let compared = max(1, Double(mark.time - (since?.time ?? from)))
        let own = ((last?.ownAmount ?? 0) - (since?.ownAmount ?? 0)) / compared
        let claimOfIt = ((last?.claimed ?? 0) - (since?.claimed ?? 0)) / compared
        let allowed = phase.tolerance.allowed(at: isFree ? achieved : target)
        let errorMean = isFree ? 0 : tally.counted(mark.error) / finite
        let overall = max(target, own)
        // A claim is behind by what is done in one piece at the most, at the first look and at the last.
        let agreed = max(2 * allowed, 2 * phase.quantum(at: overall, due: .infinity) / compared)
        let mismatch = abs(claimOfIt - own) > agreed ? ClaimMismatch(claimed: claimOfIt, achieved: own) : nil
        let limit = max(allowed, phase.quantum(at: target, due: target * finite) / finite)
        let slotLength = max(1, min(finite, longestSlot))
        let limitOfSlots = max(allowed, phase.quantum(at: target, due: target * slotLength) / slotLength)
        let absolute = tally.judged > 0 ? tally.absolute / tally.judged : 0
        tally.off += freely.off
        tally.on += freely.on
        var verdict = Verdict.met
        if abs(errorMean) > limit * (1 + Self.rounding) || absolute > limitOfSlots * (1 + Self.rounding)
            || tally.off > max(0.05 * span, longestSlot, freely.longest) || isFree && achieved <= 0
        {
            verdict = .notMet
        } else if tally.unseen > 0.05 * span || mismatch != nil {
            verdict = .unverified
        }
        var short: ShortPhases.Part?
        if !isFree, target > 0, limit > allowed {
            short = .init(
                error: errorMean * finite, allowed: allowed * finite,
                quantum: phase.quantum(at: target, due: .infinity))
        }
        return Judgement(
            tally: tally, targetMean: isFree ? nil : target, achievedMean: achieved, claimedMean: claimed,
            errorMean: errorMean, allowed: allowed, mismatch: mismatch, verdict: verdict,
            short: short)
    }

    /// The curve's mean over the phase, without the time in which it has no figure.
    private func targetMean(to end: Nanoseconds) -> Double {
        let free = phase.curve.unlimitedLength(from: phase.start, to: end)
        let due = due(from: phase.start, to: end, free: free)
        return due / Double(max(1, end - phase.start - free))
    }

    /// Means are differences of large sums: their last digits are no error.
    private static let rounding = 1e-9
}
