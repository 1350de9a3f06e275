// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Adds up how one stressor does in one phase; pure, fed with points.
///
/// The first second of a phase (a quarter of a short one) is for settling. From then on the error is judged: of a rate
/// in windows of one second that lie in the phase, of a level at each point.
struct PhaseLedger {
    private let phase: Int
    private var stressor: PlannedStressor
    private let start: Nanoseconds
    private let length: Nanoseconds
    private let settledAt: Nanoseconds
    private let windowLength: Nanoseconds

    private(set) var first: HistoryPoint?
    private var settled: HistoryPoint?
    private(set) var last: HistoryPoint?
    private var lastAlive: HistoryPoint?
    private var targetIntegral = 0.0
    private var achievedIntegral = 0.0
    private var claimedIntegral = 0.0
    private var settledIntegral = 0.0
    /// Claimed less achieved since the phase settled: while a level is on its way, a worker's claim lags what it does.
    private var claimIntegral = 0.0
    /// Whether the phase asks for as much as there is: then there is no error.
    private var isUnlimited: Bool
    private var errors = BoundedSeries()
    private var shortfall: [Cause: Double] = [:]
    private var reachedAfter: Nanoseconds?
    private var contentAfter: Nanoseconds?
    var residentBytes: Double?
    /// What lay on each memory node near the phase's end; empty where it was looked and is not known.
    var nodeBytes: [Int: Double]?
    /// What the phase's operations took, and how many were dropped; set at its end.
    var latency: LatencyPair?
    var dropped: Int64?
    /// What kept the threads from running; set at the phase's end.
    var scheduling: SchedulingFigures?
    var isKilled = false

    init(phase index: Int, of plan: Plan, _ stressor: PlannedStressor) {
        let phase = plan.phases[index]
        self.phase = index
        self.stressor = stressor
        start = phase.start
        length = phase.length
        settledAt = phase.start + min(.second, phase.length / 4)
        windowLength = min(.second, phase.length / 2)
        isLoaded = phase.loads[stressor.name] != nil
        isUnlimited = stressor.curve.isUnlimited(from: phase.start, to: phase.start + phase.length)
    }

    private(set) var isLoaded: Bool
    /// Until when a change of the target is given time to settle.
    private var unsettled: Range<Nanoseconds> = 0..<0

    /// Goes over to another target from `time` on.
    mutating func retarget(_ curve: Curve, from time: Nanoseconds) {
        stressor.curve = curve
        isUnlimited = curve.isUnlimited(from: start, to: start + length)
        isLoaded = isLoaded || curve.peak(from: time, to: start + length) > 0
        unsettled = (unsettled.contains(time) ? unsettled.lowerBound : time)..<time + .second
    }

    /// Whether a reading has been within tolerance yet.
    var isReached: Bool { reachedAfter != nil }

    /// Takes in the point that was last appended to `history`.
    mutating func add(_ history: History, steal: Double, limits: LimitFigures? = nil) {
        guard let point = history.last, point.time >= start, point.time != last?.time else { return }
        if let last, stressor.drive == .level { integrate(last, point) }
        if first == nil { first = point }
        if settled == nil, point.time >= settledAt { settled = point }
        last = point
        if point.achieved != nil { lastAlive = point }
        noteReach(point, history)
        if contentAfter == nil, isReached, point.content > 0, point.content >= point.held {
            contentAfter = point.time - start
        }
        judge(point, history, steal: steal, limits: limits)
    }

    private mutating func integrate(_ a: HistoryPoint, _ b: HistoryPoint) {
        let span = Double(b.time - a.time)
        targetIntegral += b.owed * span
        claimedIntegral += b.claimed * span
        let achieved = b.achieved ?? 0
        achievedIntegral += achieved * span
        if a.time >= settledAt, !unsettled.contains(a.time), !unsettled.contains(b.time) {
            settledIntegral += (achieved - b.owed) * span
            claimIntegral += (b.claimed - (b.own ?? achieved)) * span
        }
    }

    private mutating func noteReach(_ point: HistoryPoint, _ history: History) {
        guard reachedAfter == nil, isLoaded, point.achieved != nil else { return }
        switch stressor.drive {
        case .level:
            let allowed = stressor.tolerance.allowed(at: point.owed)
            if let achieved = point.achieved, abs(achieved - point.owed) <= allowed {
                reachedAfter = point.time - start
            }
        case .rate:
            let from = max(start, point.time - 100 * .millisecond)
            guard let first, point.time - first.time >= 90 * .millisecond, let earlier = history.point(notAfter: from),
                earlier.time >= first.time
            else { return }
            let window = Window(from: earlier, to: point, .rate)
            // One window of 100 ms can cut a burst: a quarter of a period for each worker, two operations, or what is
            // due in one period.
            let span = Double(max(1, window.length))
            let burst =
                stressor.unit == .cores
                ? Double(stressor.workers) * Double(Pacer.period) / 4 / span
                : stressor.quantum > 0
                    ? 2 * stressor.quantum * Double(Nanoseconds.second) / span
                    : window.target * Double(Pacer.period) / span
            if isUnlimited {
                if window.achieved ?? 0 > 0 { reachedAfter = point.time - start }
                return
            }
            if let error = window.error, abs(error) <= stressor.tolerance.allowed(at: window.target) + burst {
                reachedAfter = point.time - start
            }
        }
    }

    private mutating func judge(_ point: HistoryPoint, _ history: History, steal: Double, limits: LimitFigures?) {
        let earliest = max(settledAt, point.time - windowLength - 50 * .millisecond)
        guard isLoaded, !isUnlimited, let earlier = history.point(notAfter: point.time - windowLength),
            earlier.time + 10 * .millisecond >= earliest || stressor.drive == .level, point.time >= settledAt,
            !unsettled.contains(point.time)
        else { return }
        let window = Window(from: earlier, to: point, stressor.drive)
        guard let error = window.error else { return }
        errors.append(abs(error))
        if error < -stressor.tolerance.allowed(at: window.target) {
            let (cause, found) = Attribution.cause(window, stressor, steal: steal, limits: limits)
            if let found { evidence[cause] = found }
            limitedBy = cause
            shortfall[cause, default: 0] -= error
        } else {
            limitedBy = nil
        }
    }

    /// What the causes rest on.
    private(set) var evidence: [Cause: CauseEvidence] = [:]
    /// Why the last window was short; `nil` where it was not.
    private(set) var limitedBy: Cause?

    /// The result; `isCut` where the phase was ended before its time.
    func result(isCut: Bool) -> PhaseResult {
        let span = Double(max(1, (last?.time ?? 0) - (first?.time ?? 0)))
        var target = 0.0
        var achieved = 0.0
        var claimed = 0.0
        var errorMean = 0.0
        var claimError = 0.0
        if let first, let last {
            switch stressor.drive {
            case .rate:
                let whole = Window(from: first, to: last, .rate)
                // A process that is gone has done what it had done by then.
                let work = (lastAlive?.achieved ?? 0) - (first.achieved ?? 0)
                (target, achieved, claimed) = (whole.target, work / span, whole.claimed)
                // The one reading of a very short phase may be the first that is settled: then all of it is judged.
                let start = settled.flatMap { $0.time < last.time ? $0 : nil } ?? first
                let judged = Window(from: start, to: last, .rate)
                errorMean = judged.error ?? -target
                claimError = judged.claimed - (judged.own ?? judged.achieved ?? judged.claimed)
            case .level:
                (target, achieved, claimed) = (targetIntegral / span, achievedIntegral / span, claimedIntegral / span)
                if let settled, settled.time < last.time {
                    let span = Double(last.time - settled.time)
                    errorMean = settledIntegral / span
                    claimError = claimIntegral / span
                }
            }
        }
        let count = Double(max(1, errors.total))
        let allowed = stressor.tolerance.allowed(at: isUnlimited ? achieved : target)
        let isContentKnown = stressor.drive == .level && contentAfter != nil
        var result = PhaseResult(
            phase: phase, stressor: stressor.name, isLoaded: isLoaded, targetMean: isUnlimited ? nil : target,
            achievedMean: achieved,
            claimedMean: claimed, errorMean: errorMean, errorAbsMean: errors.mean, errorAbsP95: errors.percentile(0.95),
            errorAbsMax: errors.max, tolerance: allowed, timeToReach: reachedAfter?.seconds,
            timeToContent: isContentKnown ? contentAfter?.seconds : nil, shortfall: shortfall.mapValues { $0 / count },
            residentBytes: residentBytes, nodeBytes: nodeBytes, dropped: dropped, latency: latency,
            scheduling: scheduling,
            verdict: isUnlimited
                ? unlimitedVerdict(isCut: isCut, achieved: achieved, claimError: claimError)
                : verdict(isCut: isCut, errorMean: errorMean, allowed: allowed, claimError: claimError)
        )
        result.evidence = evidence
        return result
    }

    /// As much as there is was done where anything was, and the kernel agrees.
    private func unlimitedVerdict(isCut: Bool, achieved: Double, claimError: Double) -> Verdict {
        if isKilled { return .killed }
        if isCut { return .aborted }
        if !isLoaded { return .met }
        guard first != nil else { return .unverified }
        if achieved <= 0 { return .notMet }
        return abs(claimError) <= 2 * stressor.tolerance.allowed(at: achieved) ? .met : .unverified
    }

    private func verdict(isCut: Bool, errorMean: Double, allowed: Double, claimError: Double) -> Verdict {
        if isKilled { return .killed }
        if isCut { return .aborted }
        if !isLoaded { return .met }
        // Nobody looked: the observer was stopped, or the phase was over before it could.
        guard first != nil else { return .unverified }
        // A phase too short to be judged in windows is judged by its mean alone.
        let isOnTarget = abs(errorMean) <= allowed && errors.mean <= allowed && (isReached || errors.total == 0)
        if !isOnTarget { return .notMet }
        return abs(claimError) <= 2 * allowed ? .met : .unverified
    }
}

/// Sizes of error, bounded: when full, every other one is dropped and from then on every other one is kept.
struct BoundedSeries {
    private static let capacity = 16384
    private var values: [Double] = []
    private var stride = 1
    private var sum = 0.0
    private(set) var total = 0
    private(set) var max = 0.0

    var mean: Double { total == 0 ? 0 : sum / Double(total) }

    mutating func append(_ value: Double) {
        if total % stride == 0 {
            if values.count == Self.capacity {
                values = Swift.stride(from: 0, to: values.count, by: 2).map { values[$0] }
                stride *= 2
            }
            if total % stride == 0 { values.append(value) }
        }
        total += 1
        sum += value
        max = Swift.max(max, value)
    }

    func percentile(_ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Swift.max(0, Int((Double(sorted.count) * share).rounded(.up)) - 1))]
    }
}
