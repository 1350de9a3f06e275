// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Judges a level in one phase; pure, fed with looks.
///
/// A look is off beyond twice the allowed error. Between two looks the level is on target where both are and they are
/// no more than a second apart, off where one is off, and else unseen.
struct LevelJudge {
    /// The longest time between two looks of which something is known.
    static let longestGap: Nanoseconds = .second
    /// For how long one look speaks by itself, at the begin and at the end of a stretch.
    static let reach: Nanoseconds = 150 * .millisecond
    /// The usual time between two looks.
    static let tick: Nanoseconds = 100 * .millisecond
    /// How much later than the allowance's end the look may be that tells that the target was reached by then.
    static let lateness: Nanoseconds = 25 * .millisecond
    /// By how much a level that moves may lag: two steps of its driver.
    static let lag: Nanoseconds = 2 * LevelRhythm.tick
    /// In which share of a phase it may be behind others who change.
    static let mostWaited = 0.5
    /// How long a total may take to follow others.
    static let follow: Nanoseconds = .second

    /// A look, and how far off it is.
    private struct Seen {
        var time: Nanoseconds
        var target: Double
        /// Achieved less target.
        var error: Double
        /// The same, less what a target that moves is ahead of who follows it in steps.
        var miss: Double
        var own: Double
        var claimed: Double
        var isOn: Bool
        /// For how long its processes stood still so far, where something is asked of them.
        var standstill: Nanoseconds
        /// What is claimed beyond what is there, and beyond what of that is the stressor's own.
        var claimedBeyond: Double { claimed - (target + error) }
        var claimedBeyondOwn: Double { claimed - own }
    }

    private(set) var phase: JudgedPhase
    private(set) var stretch: Stretch
    private var last: Seen?
    /// How many looks the stretch has had.
    private var looks = 0
    private var tally = Tally()
    /// What this stretch has had so far, and of it what lies in the allowance that is open or was granted.
    private var present = Tally()
    private var way = Tally()
    private var wayError = 0.0
    private var error = 0.0
    private var rawError = 0.0
    /// By how much claims are beyond what the kernel says at both of two looks, and its word there.
    private var claimError = 0.0
    private var claimedTime = 0.0
    private var comparedOwn = 0.0
    /// Claimed less achieved.
    private var claimBeyond = 0.0
    private var seen = 0.0
    private var longestStep: Nanoseconds = 0
    private var others: Double?
    /// Time in which it was off, and others had changed a moment before.
    private var waited = 0.0
    private var othersChangedAt: Nanoseconds = .min / 2
    /// Since the phase's start, when a look was first on target.
    private(set) var reachedAfter: Nanoseconds?

    init(_ phase: JudgedPhase) {
        self.phase = phase
        stretch = Stretch(phase, from: phase.start)
    }

    mutating func add(_ look: Look) {
        guard let amount = look.achieved, look.time > last?.time ?? .min, look.time < phase.end else { return }
        let isStill = look.standstill > last?.standstill ?? look.standstill
        while look.time >= stretch.end, stretch.end < phase.end { turn(isStill: isStill) }
        noteOthers(look, amount)
        let next = seen(look, amount)
        if let last, looks > 0 {
            book(from: last, to: next, blindFor: look.blindFor)
        } else {
            open(next, isStill: isStill)
        }
        looks += 1
        last = next
        if next.isOn, reachedAfter == nil { reachedAfter = next.time - phase.start }
        followWay(next)
    }

    /// Grants another time for the way to targets from `time` on; `nil` is what the phase says.
    mutating func revise(within: Nanoseconds?, from time: Nanoseconds) { phase.revisions.append((time, within)) }

    /// Ends the phase at a time that is still to come.
    mutating func shorten(to time: Nanoseconds) { phase.end = time }

    /// Goes over to another target from a time on that is still to come.
    mutating func retarget(_ curve: Curve) {
        phase.curve = curve
        guard stretch.follow(phase), stretch.way == .reached, way.allowance > 0,
            stretch.start + Nanoseconds(way.allowance) > stretch.allowanceEnd + Self.lateness
        else { return }
        // The stretch is shorter than it was to be, and so is what it was allowed.
        stretch.way = .none
        present.allowance -= way.allowance
        present.off += way.allowance
        present.excusedShortfall -= way.excusedShortfall
        present.excusedSurplus -= way.excusedSurplus
    }

    // MARK: Looks

    private func seen(_ look: Look, _ amount: Double) -> Seen {
        let now = phase.curve.value(at: look.time)
        // A target that moves is followed in steps.
        let before = phase.curve.value(at: max(stretch.start, look.time - Self.lag))
        var (low, high) = (min(now, before), max(now, before))
        // There is no half of a handle: the whole numbers around a target are as near as it gets.
        if phase.unit.isWhole { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        let miss = amount < low ? amount - low : max(0, amount - high)
        return Seen(
            time: look.time, target: now, error: amount - now, miss: miss, own: look.ownAmount ?? amount,
            claimed: look.claimed, isOn: abs(miss) <= 2 * phase.tolerance.allowed(at: now),
            standstill: now > 0 ? look.standstill : last?.standstill ?? 0)
    }

    private mutating func noteOthers(_ look: Look, _ amount: Double) {
        guard phase.isTotal, let own = look.own else { return }
        let now = amount - own
        let allowed = phase.tolerance.allowed(at: phase.curve.value(at: look.time))
        guard let before = others, abs(now - before) <= allowed else {
            if others != nil { othersChangedAt = look.time }
            others = now
            return
        }
    }

    /// The time from the stretch's begin to its first look, which speaks for it.
    private mutating func open(_ first: Seen, isStill: Bool) {
        let span = first.time - stretch.start
        guard span > 0 else { return }
        let gap = span <= Self.reach || !first.isOn ? span : .max
        add(span: span, first, first, gap: gap, isStill: isStill && hasTarget(stretch.start, first.time))
    }

    private mutating func book(from a: Seen, to b: Seen, blindFor: Nanoseconds) {
        let span = b.time - a.time
        longestStep = max(longestStep, span)
        // Who stands still holds nothing up: what is there is left over, and nobody follows the target.
        add(span: span, a, b, gap: max(span, blindFor), isStill: b.standstill > a.standstill)
    }

    /// Adds a piece of time that is bounded by two looks, or by one, which is then given twice.
    private mutating func add(span: Nanoseconds, _ a: Seen, _ b: Seen, gap: Nanoseconds, isStill: Bool = false) {
        let time = Double(span)
        // The errors are what is averaged, and not the amounts: between looks the target may go anywhere.
        let integral = (a.miss + b.miss) / 2 * time
        rawError += (a.error + b.error) / 2 * time
        var piece = Tally()
        let isOn = a.isOn && b.isOn
        // Where nothing is asked for, what the kernel says is all that counts.
        let isReleased = b.target == 0
        let isFollowing = b.time - othersChangedAt <= Self.follow
        if !isStill, !isOn, isFollowing { waited += time }
        if isStill || !isOn && !isFollowing {
            piece.off = time
        } else if gap > Self.longestGap {
            piece.unseen = time
        } else {
            piece.on = time
        }
        let isJudged = piece.unseen == 0 && (isOn || !isFollowing)
        if isJudged {
            piece.judged = time
            piece.absolute = (abs(a.miss) + abs(b.miss)) / 2 * time
        }
        error += integral
        seen += time
        claimBeyond += (a.claimedBeyond + b.claimedBeyond) / 2 * time
        if piece.unseen == 0, isOn, !isReleased, b.time > a.time {
            // A claim that is behind for one look is on its way: it was read before what the kernel counts, which may
            // take long.
            let (low, high) = (min(a.claimedBeyondOwn, b.claimedBeyondOwn), max(a.claimedBeyondOwn, b.claimedBeyondOwn))
            claimError += (low > 0 ? low : min(0, high)) * time
            comparedOwn += (a.own + b.own) / 2 * time
            claimedTime += time
        }
        guard stretch.way == .open else {
            present += piece
            if isJudged { tally.sizes.append(abs(b.miss)) }
            return
        }
        way += piece
        if isJudged { way.sizes.append(abs(b.miss)) }
        wayError += integral
    }

    private func hasTarget(_ from: Nanoseconds, _ to: Nanoseconds) -> Bool {
        phase.curve.area(until: to) > phase.curve.area(until: from)
    }

    // MARK: Stretches

    /// Grants the allowance when the target is reached, or makes it void when its time is over.
    private mutating func followWay(_ look: Seen) {
        guard stretch.way == .open else { return }
        if look.time > stretch.allowanceEnd + Self.lateness { return void() }
        guard look.isOn else { return }
        stretch.way = .reached
        stretch.settledAt = look.time
        let time = Double(look.time - stretch.start)
        way = Tally()
        way.allowance = time
        if stretch.isUp { way.excusedShortfall = max(0, -wayError) } else { way.excusedSurplus = max(0, wayError) }
        present += way
    }

    private mutating func void() {
        stretch.way = .none
        present += way
        tally.sizes.append(contentsOf: way.sizes)
        way = Tally()
    }

    /// Closes the stretch and begins the next one.
    private mutating func turn(isStill: Bool = false) {
        let edge = stretch.end
        close(at: edge, isStill: isStill)
        stretch = Stretch(phase, from: edge)
    }

    private mutating func close(at edge: Nanoseconds, isStill: Bool = false) {
        if stretch.way == .open { void() }
        if let last, looks > 0 {
            let span = edge - last.time
            // A look that is on target says nothing of long after.
            let gap = span <= Self.reach || !last.isOn ? span : .max
            if span > 0 {
                add(span: span, last, last, gap: gap, isStill: isStill && hasTarget(last.time, edge))
            }
        } else {
            present.unseen += Double(edge - stretch.start)
        }
        // One look is none: what it sees may be gone before and after.
        if looks < 2 {
            present.unseen += present.on + present.off + present.allowance
            (present.on, present.off, present.allowance) = (0, 0, 0)
        }
        tally += present
        (present, way, wayError, looks) = (Tally(), Tally(), 0, 0)
    }

    // MARK: End

    /// The judgement of the phase until `end`: its own, or when it was cut, or the process was gone.
    mutating func finish(at end: Nanoseconds) -> Judgement {
        let end = min(end, phase.end)
        while end > stretch.end, stretch.end < phase.end { turn() }
        if end > stretch.start { close(at: end) }
        let span = Double(max(1, end - phase.start))
        // Others who change all the time are no excuse for not following them at all.
        if waited > Self.mostWaited * span {
            tally.off += waited
            tally.on -= min(tally.on, waited)
        }
        let target = phase.curve.mean(from: phase.start, to: end)
        let allowed = phase.tolerance.allowed(at: target)
        let errorMean = tally.counted(error) / span
        let mismatch = claimedTime > 0 ? mismatch(beyond: 2 * allowed) : nil
        var verdict = Verdict.met
        let absolute = tally.judged > 0 ? tally.absolute / tally.judged : 0
        // One look that is off, between two that are not, is no miss.
        let grace = max(0.05 * span, min(2 * Double(min(longestStep, Self.tick)), span / 4))
        if abs(errorMean) > allowed + Self.rounding || absolute > allowed + Self.rounding || tally.off > grace {
            verdict = .notMet
        } else if tally.unseen > 0.05 * span || mismatch != nil {
            verdict = .unverified
        }
        // Between looks a claim goes anywhere, as the target does: what is averaged is its distance from what is there.
        let achieved = target + rawError / span
        return Judgement(
            tally: tally, targetMean: target, achievedMean: achieved,
            claimedMean: seen > 0 ? max(0, achieved + claimBeyond / seen) : 0, errorMean: errorMean, allowed: allowed,
            mismatch: mismatch, verdict: verdict)
    }

    /// The means that were compared, where they differ by more than `most`.
    private func mismatch(beyond most: Double) -> ClaimMismatch? {
        let (own, difference) = (comparedOwn / claimedTime, claimError / claimedTime)
        return abs(difference) > most ? ClaimMismatch(claimed: max(0, own + difference), achieved: own) : nil
    }

    /// Means are sums of many terms: their last digits are no error.
    private static let rounding = 1e-6
}
