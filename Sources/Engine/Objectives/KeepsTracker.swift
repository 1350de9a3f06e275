// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Follows an objective that a measure keeps its limit in a span.
struct KeepsTracker {
    /// The most that may be withdrawn, as a share of what was due, where something is to have held.
    static let mostWithdrawn = 0.05

    let objective: Objective
    let plan: ProbePlan
    let span: Objective.Span
    let fromSettled: Bool
    /// The indices of the phases of `during`.
    let phases: Set<Int>
    let limit: Objective.Limit
    private(set) var tally: MeasureTally
    private var window: SlidingWindow?
    private(set) var episodes: EpisodeTracker
    /// When the episode began that used up what may be bad.
    private var breach: TimeBounds?
    /// How many probes the span has, as planned.
    let expected: Int64

    init?(_ objective: Objective, _ plan: ProbePlan, phases: Set<Int>, expected: Int64) {
        guard case .keeps(let measure, let limit, let span, let length, let fromSettled) = objective.wanted else {
            return nil
        }
        self.objective = objective
        self.plan = plan
        self.span = span
        self.fromSettled = fromSettled
        self.phases = phases
        self.limit = limit
        self.expected = expected
        tally = MeasureTally(measure, isOfNumbers: plan.unit != nil)
        if case .fixed(let comparison, let value) = limit {
            tally.threshold = Threshold(comparison: comparison, value: value)
        }
        window = length.map { SlidingWindow($0, plan, measure) }
        episodes = EpisodeTracker(plan)
    }

    /// How many results are kept.
    var retained: Int { episodes.retained + (window?.retained ?? 0) }

    /// Whether its limit is relative to the time before the load and not known yet.
    var wantsBaseline: Bool { tally.threshold == nil }

    mutating func resolve(baseline: Double) {
        guard case .ofBefore(let comparison, let factor) = limit else { return }
        tally.threshold = Threshold(comparison: comparison, value: baseline * factor)
    }

    mutating func add(_ probe: SeenProbe) {
        guard probe.lies(in: span, phases: phases, fromSettled: fromSettled) else {
            window?.reset()
            return
        }
        tally.add(probe)
        let holds = tally.holds(probe.result)
        window?.add(probe, holds: holds, tally.threshold)
        guard probe.result.outcome.isOfService else { return episodes.addUnseen(probe) }
        episodes.add(probe, isGood: holds)
        let isBroken = window.map { $0.lostAt != nil } ?? (!holds && tally.count - tally.held > budget)
        if isBroken, breach == nil { breach = episodes.beginning }
    }

    /// How many may be bad without the objective being missed, if as many are asked as planned.
    private var budget: Int64 {
        switch tally.measure {
        case .percentile(let share):
            return tally.threshold.map { expected - $0.needed(of: max(1, expected), percentile: share) } ?? 0
        case .goodProbes: return Int64((Double(expected) * (1 - (tally.threshold?.value ?? 1))).rounded(.down))
        case .goodSeconds, .mean: return 0
        }
    }

    /// Whether it was kept, as far as was seen; `nil` where nothing was.
    private var isKept: Bool? {
        guard let threshold = tally.threshold, tally.count > 0 else { return nil }
        if let window { return window.worst == nil ? nil : window.lostAt == nil }
        switch tally.measure {
        case .goodProbes: return threshold.holds(Double(tally.held) / Double(tally.count))
        case .goodSeconds: return threshold.holds(Double(tally.seconds.good) / Double(tally.seconds.count))
        case .percentile(let share): return tally.held >= threshold.needed(of: tally.count, percentile: share)
        case .mean: return tally.values.count == 0 ? nil : threshold.holds(tally.values.mean)
        }
    }

    // MARK: The end

    /// What it came to.
    ///
    /// - Parameters:
    ///   - isLoadMet: whether the loads that it is about were as they were asked for.
    ///   - effective: when the load was effective, of the clock; `nil` where it never was.
    func result(isLoadMet: Bool, effective: Nanoseconds?, start: Nanoseconds) -> ObjectiveResult {
        var result = ObjectiveResult(objective, .inconclusive)
        fill(&result, start)
        if let breach, isKept == false { result.loss = effective.map(breach.since) }
        result.episodes = episodes.count
        result.badTime = episodes.badTime
        if let reason = reason(isLoadMet) {
            result.reason = reason
        } else if isKept == true {
            result.verdict = .held
        } else {
            result.verdict = span == .before ? .notSteady : .lost
        }
        return result
    }

    private func fill(_ result: inout ObjectiveResult, _ start: Nanoseconds) {
        result.withdrawn = tally.withdrawn
        result.limit = tally.threshold?.value
        var (held, count) = (tally.held, tally.count)
        if tally.measure == .goodSeconds { (held, count) = (tally.seconds.good, tally.seconds.count) }
        result.figure = tally.figure
        if window != nil {
            result.figure = window?.worst?.figure
            result.windowStart = window?.worst.map { $0.start - start }
            (held, count) = (window?.worst?.held ?? 0, window?.worst?.count ?? 0)
        }
        result.count = count
        guard let threshold = tally.threshold else { return }
        switch tally.measure {
        case .goodProbes, .goodSeconds: result.isClose = Confidence.isClose(held, of: count, to: threshold.value)
        case .percentile(let share):
            let needed = threshold.neededShare(percentile: share)
            result.isClose = Confidence.isClose(held, of: count, to: needed)
        case .mean:
            result.isClose = count > 0 && abs(tally.values.mean - threshold.value) <= tally.values.meanError
        }
    }

    /// Why nobody knows; `nil` where somebody does.
    private func reason(_ isLoadMet: Bool) -> ObjectiveResult.Reason? {
        if !isLoadMet { return .loadNotMet }
        if tally.count == 0 { return tally.withdrawn > 0 ? .proberStarved : .noData }
        guard let threshold = tally.threshold else { return .noBaseline }
        guard let isKept else { return .noData }
        let due = tally.count + tally.withdrawn
        let isStarved = Double(tally.withdrawn) > Self.mostWithdrawn * Double(due)
        if isKept {
            // Of a mean, what was not read is missing, and not bad.
            if tally.measure == .mean, Double(tally.failed) > Self.mostWithdrawn * Double(tally.count) {
                return .noData
            }
            return isStarved ? .proberStarved : nil
        }
        guard window == nil else { return isStarved ? .proberStarved : nil }
        // Missed, even if all that was not seen was good: then that is no matter.
        switch tally.measure {
        case .goodProbes:
            return threshold.holds(Double(tally.held + tally.withdrawn) / Double(due)) ? .proberStarved : nil
        case .percentile(let share):
            if tally.held + tally.withdrawn >= threshold.needed(of: due, percentile: share) { return .proberStarved }
            // What the prober's own lateness made of it is not the service's doing.
            return Double(tally.late) > 0.01 * Double(tally.count)
                && tally.held + tally.late >= threshold.needed(of: tally.count, percentile: share)
                ? .proberStarved : nil
        case .goodSeconds, .mean: return isStarved ? .proberStarved : nil
        }
    }
}
