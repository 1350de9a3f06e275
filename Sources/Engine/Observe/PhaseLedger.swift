// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Adds up how one stressor does in one phase; pure, fed with points.
///
/// Whether it was on target is the judge's to say; why it was not, and all else that a result tells, is kept here.
struct PhaseLedger {
    private let phase: Int
    private var stressor: PlannedStressor
    private let start: Nanoseconds
    private var end: Nanoseconds
    /// The judge of a rate, and that of a level where there is none.
    ///
    /// Each has a place of its own: what is taken out of an enumeration to be changed is copied at each look, with all
    /// that it remembers of the phase.
    private var rate: RateJudge?
    private var level: LevelJudge

    private(set) var first: HistoryPoint?
    private(set) var last: HistoryPoint?
    private var lastAlive: HistoryPoint?
    private var shortfall: [Cause: Double] = [:]
    /// The same on the way to a target, which counts only where that takes too long.
    private var shortfallOnWay: [Cause: Double] = [:]
    private var contentAfter: Nanoseconds?
    private(set) var isLoaded: Bool
    /// The phases before it that were too short for a quantum, and then this one.
    var shortPhases = ShortPhases()
    var residentBytes: Double?
    /// What lay on each memory node near the phase's end; empty where it was looked and is not known.
    var nodeBytes: [Int: Double]?
    /// What the phase's operations took, and how many were dropped; set at its end.
    var latency: LatencyPair?
    var dropped: Int64?
    /// Those of them that failed, by errno's name.
    var failures: [String: Int64] = [:]
    /// What kept the threads from running; set at the phase's end.
    var scheduling: SchedulingFigures?
    /// When the process was found gone, since the run's start.
    private var killedAt: Nanoseconds?
    private var achievedWhenKilled: Double?
    /// The limit that ended it.
    private var endedBy: Cause?
    /// Whether one of several processes was gone before the phase began: what is missing is missing for that.
    var isCrippled = false
    /// What was put down to a cause last: a process that is being killed gives back before it is seen to be gone.
    private var lastMiss: (cause: Cause, amount: Double, time: Nanoseconds)?

    init(phase index: Int, of plan: Plan, _ stressor: PlannedStressor) {
        let phase = plan.phases[index]
        self.phase = index
        self.stressor = stressor
        start = phase.start
        end = phase.end
        isLoaded = phase.loads[stressor.name] != nil
        let judged = JudgedPhase(phase, stressor)
        rate = stressor.drive == .rate ? RateJudge(judged) : nil
        level = LevelJudge(judged)
        isLevel = stressor.drive == .level
        stretch = level.stretch
    }

    /// Grants another time for the way to targets from `time` on, before the target that begins there is taken over.
    mutating func revise(within: Nanoseconds?, from time: Nanoseconds) {
        rate?.revise(within: within, from: time)
        level.revise(within: within, from: time)
    }

    /// Goes over to another target from `time` on.
    mutating func retarget(_ curve: Curve, from time: Nanoseconds) {
        stressor.curve = curve
        isLoaded = isLoaded || curve.peak(from: time, to: end) > 0
        rate?.retarget(curve)
        level.retarget(curve)
        noteStretch()
    }

    /// Ends the phase at `time`, from where on the target is `curve`.
    mutating func shorten(to time: Nanoseconds, _ curve: Curve) {
        end = time
        rate?.shorten(to: time)
        level.shorten(to: time)
        retarget(curve, from: time)
    }

    /// Whether the target is still to be reached within its allowance.
    var isOnItsWay: Bool { stretch.openUntil != nil }

    /// The stretch that the last look was in, kept beside the judge: it is asked for before each look.
    private(set) var stretch: Stretch

    private mutating func noteStretch() { stretch = rate?.stretch ?? level.stretch }

    /// Whether it is a level that is judged, and not a rate.
    let isLevel: Bool

    /// Since the phase's start, when a reading was first within tolerance, in ns.
    var reachedAfter: Nanoseconds? { rate == nil ? level.reachedAfter : rate?.reachedAfter }

    /// Whether a reading has been within tolerance yet.
    var isReached: Bool { reachedAfter != nil }

    /// Takes in the point that was last appended to `history`; of a rate also the one at the phase's end.
    ///
    /// - Parameter limits: what holds the processes back, asked for only where the target is missed.
    mutating func add(_ history: History, steal: Double, limits: @autoclosure () -> LimitFigures? = nil) {
        guard let point = history.last, point.time >= start, point.time != last?.time else { return }
        let wasOnItsWay = isOnItsWay
        let look = Look(point)
        if rate != nil, point.time > end, let last {
            // Nobody wakes right at an edge: what was done is shared out.
            rate?.add(Look.between(Look(last), look, at: end, stressor.curve))
        } else if rate != nil {
            rate?.add(look)
        } else {
            level.add(look)
        }
        noteStretch()
        if first == nil { first = point }
        if point.achieved != nil { lastAlive = point }
        settleCauses(wasOnItsWay: wasOnItsWay)
        attribute(point, history, steal: steal, limits)
        last = point
        if contentAfter == nil, isReached, point.content > 0, point.content >= point.held {
            contentAfter = point.time - start
        }
    }

    /// Takes in what the phase before was closed with: this one begins with it.
    ///
    /// - Parameters:
    ///   - earlier: the point before the phase's begin.
    ///   - history: what was last appended is at the begin or a little later.
    mutating func open(after earlier: HistoryPoint?, _ history: History) {
        guard rate != nil, let point = history.last, point.time >= start else { return }
        let look = Look(point)
        if point.time > start, let earlier, earlier.time < start {
            let edge = Look.between(Look(earlier), look, at: start, stressor.curve)
            rate?.add(edge)
            if point.time < end {
                var blind = look
                blind.blindFor = edge.blindFor
                rate?.add(blind)
            }
        } else {
            rate?.add(look)
        }
        noteStretch()
        (first, last) = (point, point)
        if point.achieved != nil { lastAlive = point }
    }

    // MARK: Causes

    /// On the way, what keeps a stressor is no news; when the allowance turns out to be void it is.
    private mutating func settleCauses(wasOnItsWay: Bool) {
        guard wasOnItsWay, !isOnItsWay else { return }
        if !isReached { shortfall.merge(shortfallOnWay) { $0 + $1 } }
        shortfallOnWay = [:]
    }

    private mutating func attribute(
        _ point: HistoryPoint, _ history: History, steal: Double, _ limits: () -> LimitFigures?
    ) {
        // What is missing of one whose process is gone is missing for that, however much others of it still do.
        guard killedAt == nil, !isCrippled, let last, point.achieved != nil,
            let answer = cause(of: point, after: last, history, steal: steal, limits)
        else {
            limitedBy = nil
            return
        }
        if let found = answer.evidence { evidence[answer.cause] = found }
        limitedBy = isOnItsWay ? nil : answer.cause
        let piece = Window(from: last, to: point, stressor.drive)
        // A level that stands still may be off by nothing but its time.
        let isFree = stressor.curve.unlimitedLength(from: last.time, to: point.time) > 0
        let missing = max(isFree ? 0 : abs(piece.error ?? 0), .leastNormalMagnitude) * Double(piece.length)
        if isOnItsWay {
            shortfallOnWay[answer.cause, default: 0] += missing
        } else {
            shortfall[answer.cause, default: 0] += missing
            lastMiss = (answer.cause, missing, point.time)
        }
    }

    /// Why the last second, or less of a stretch that is not as old, was off; `nil` where it was not.
    private func cause(
        of point: HistoryPoint, after last: HistoryPoint, _ history: History, steal: Double,
        _ limits: () -> LimitFigures?
    ) -> Attribution.Answer? {
        // What was done on the way there says nothing of now.
        let from = max(stretch.settledAt, point.time - .second)
        guard let earlier = history.point(notAfter: from), earlier.time < point.time else { return nil }
        if stressor.curve.unlimitedLength(from: earlier.time, to: point.time) > 0 {
            // As much as there is has no error; but who stands still does nothing, and a limit is what there is.
            let piece = Window(from: last, to: point, stressor.drive)
            if piece.standstill > 0 { return Attribution.cause(piece, stressor, steal: steal, limits: limits()) }
            return Attribution.causeOfUnlimited(Window(from: earlier, to: point, stressor.drive), stressor, limits())
        }
        if point.time - last.time > .second {
            let gap = Attribution.causeOfGap(from: last, to: point, stressor, steal: steal, limits: limits())
            if let gap { return gap }
        }
        let window = Window(from: earlier, to: point, stressor.drive)
        guard let error = window.error else { return nil }
        let allowed = max(stressor.tolerance.allowed(at: window.target), quantum(of: window), lag(at: point.time))
        let isStill = isLevel && window.target > 0 && Window(from: last, to: point, .level).standstill > 0
        let isOver = error > allowed && stressor.mode == .total && window.target > 0
        guard error < -allowed || isOver || isStill else { return nil }
        let answer = Attribution.cause(window, stressor, steal: steal, limits: limits())
        // Above its target, a total can only be held up by others.
        return error < 0 || isStill || answer.cause == .others ? answer : nil
    }

    /// By how much a level that moves may lag, and then twice what is allowed: from there on a look is off.
    private func lag(at time: Nanoseconds) -> Double {
        guard isLevel else { return 0 }
        let now = stressor.curve.value(at: time)
        let before = stressor.curve.value(at: max(start, time - LevelJudge.lag))
        return max(0, now - before) + 2 * stressor.tolerance.allowed(at: now)
    }

    /// What cannot be told apart in a window, in the unit.
    private func quantum(of window: Window) -> Double {
        guard stressor.drive == .rate else { return 0 }
        let length = Double(max(1, window.length))
        let judged = JudgedPhase.quantum(stressor.quantum, at: window.target, due: window.target * length)
        return judged / length
    }

    /// What the causes rest on.
    private(set) var evidence: [Cause: CauseEvidence] = [:]
    /// Why the last window was off; `nil` where it was not.
    private(set) var limitedBy: Cause?

    // MARK: End

    /// Notes that the process is gone, found at `time`.
    ///
    /// - Parameter reason: the limit that ended it, where one is known to have.
    mutating func noteKilled(
        at time: Nanoseconds, _ history: History, because reason: (cause: Cause, evidence: CauseEvidence)? = nil
    ) {
        guard killedAt == nil else { return }
        killedAt = max(start, time)
        limitedBy = nil
        if let miss = lastMiss, time - miss.time < 300 * .millisecond {
            shortfall[miss.cause, default: 0] -= miss.amount
        }
        endedBy = reason?.cause
        if let reason { evidence[reason.cause] = reason.evidence }
        guard let last = lastAlive else { return }
        achievedWhenKilled = last.achieved
        guard stressor.drive == .rate else { return }
        let earlier = history.point(notAfter: last.time - .second)
        achievedWhenKilled = earlier.flatMap {
            $0.time < last.time ? Window(from: $0, to: last, .rate).achieved : nil
        }
    }

    /// The result of the phase, which ended at `time` where it was cut before its end.
    mutating func result(isCut: Bool, at time: Nanoseconds = .max) -> PhaseResult {
        let isKilled = killedAt != nil
        // A process that is gone has done what it had done by then.
        let end = min(self.end, time, isKilled ? max(start, lastAlive?.time ?? start) : .max)
        let span = Double(max(1, end - start))
        var (rate, level) = (rate, level)
        var judgement = rate?.finish(at: end) ?? level.finish(at: end)
        if !isCut, !isKilled, let short = judgement.short, shortPhases.take(short) { judgement.verdict = .notMet }
        if isKilled { judgement.verdict = .killed } else if isCut { judgement.verdict = .aborted }
        let isContentKnown = stressor.drive == .level && contentAfter != nil
        let tally = judgement.tally
        var shortfall = shortfall
        if isOnItsWay { shortfall.merge(shortfallOnWay) { $0 + $1 } }
        var result = PhaseResult(
            phase: phase, stressor: stressor.name, isLoaded: isLoaded, targetMean: judgement.targetMean,
            achievedMean: judgement.achievedMean, claimedMean: judgement.claimedMean, errorMean: judgement.errorMean,
            errorAbsMean: tally.judged > 0 ? tally.absolute / tally.judged : 0,
            errorAbsP95: tally.sizes.percentile(0.95), errorAbsMax: tally.sizes.max, tolerance: judgement.allowed,
            timeToReach: isLoaded ? reachedAfter?.seconds : nil,
            timeToContent: isContentKnown ? contentAfter?.seconds : nil, shortfall: shortfall.mapValues { $0 / span },
            residentBytes: residentBytes, nodeBytes: nodeBytes, dropped: dropped, latency: latency,
            scheduling: scheduling, verdict: judgement.verdict)
        tellDrawn(&result)
        result.offSeconds = tally.off / 1e9
        result.unseenSeconds = tally.unseen / 1e9
        result.allowanceSeconds = tally.allowance / 1e9
        result.killedAfter = killedAt.map { ($0 - start).seconds }
        result.achievedWhenKilled = achievedWhenKilled
        result.failures = failures
        result.mismatch = judgement.mismatch
        result.endedBy = endedBy
        result.evidence = evidence.filter { result.shortfall[$0.key, default: 0] > 0 || $0.key == endedBy }
        return result
    }
}

extension PhaseLedger {
    /// The means with what was drawn beyond the target, which the judge does not see; and what reads did.
    private func tellDrawn(_ result: inout PhaseResult) {
        guard let first, let last = lastAlive, last.time > first.time else { return }
        let span = Double(last.time - first.time)
        if let before = first.reads, let after = last.reads { result.readsMean = (after - before) / span }
        guard stressor.arrivals != nil, let target = result.targetMean else { return }
        let drawn = (last.drawn - first.drawn) / span
        result.dueMean = target + drawn
        result.achievedMean += drawn
        result.claimedMean += drawn
    }
}

extension Look {
    /// What the observer saw; what was drawn beyond the target was due as well, and is no error.
    init(_ point: HistoryPoint) {
        self.init(
            time: point.time, achieved: point.achieved.map { $0 - point.drawn },
            own: point.own.map { $0 - point.drawn }, claimed: point.claimed - point.drawn, dropped: point.dropped,
            standstill: point.frozen + point.stopped + point.astray)
    }
}
