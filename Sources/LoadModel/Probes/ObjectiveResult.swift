// SPDX-License-Identifier: Apache-2.0

/// What an objective came to: the verdict, and the figures that it rests on.
public struct ObjectiveResult: Hashable, Sendable {
    /// Why nobody knows; the raw value is its name in the log.
    public enum Reason: String, Codable, Sendable, CaseIterable {
        /// Nothing was asked in the time that it is about, or no whole window of it.
        case noData = "no_data"
        /// The prober was kept from running, so that too much was not seen.
        case proberStarved = "prober_starved"
        /// The load was not there as it was asked for.
        case loadNotMet = "load_not_met"
        /// Nothing is known of the time before the load, which the limit is relative to.
        case noBaseline = "no_baseline"
        /// The run was over before the time was up.
        case cutShort = "cut_short"
        /// It was good before the load was there.
        case alreadyGood = "already_good"
    }

    /// What was measured.
    public enum Figure: Hashable, Sendable {
        /// So many of so many were good.
        case share(good: Int64, of: Int64)
        /// A percentile of latencies.
        case latency(ProbeTally.Quantile)
        /// A percentile or a mean of numbers, in the probe's unit.
        case number(Double)
    }

    /// What was wanted.
    public var objective: Objective
    /// What became of it.
    public var verdict: ObjectiveVerdict
    /// Why nobody knows; `nil` where somebody does.
    public var reason: Reason?
    /// Whether the figure is so near to the limit, or of so few probes, that chance may have decided: the interval of
    /// 95 % confidence holds the limit.
    public var isClose = false
    /// What was measured, of sliding windows in the worst; `nil` where nothing was, or the objective is on time.
    public var figure: Figure?
    /// What it was held against, in the figure's unit: a share, seconds, the probe's unit; `nil` where that is unknown.
    public var limit: Double?
    /// When the worst window began, since the run's start, in ns; `nil` without windows.
    public var windowStart: Nanoseconds?
    /// How many probes, or seconds, the figure is of.
    public var count: Int64 = 0
    /// How many probes were withdrawn.
    public var withdrawn: Int64 = 0
    /// When it was lost, since the load was effective, in ns; negative where it was not this load's doing.
    public var loss: TimeBounds?
    /// When it was well again, since the load was released, or an alert was there, since the load was effective, in ns.
    public var recovery: TimeBounds?
    /// The phase whose load's release ``recovery`` counts from, where that is not the last load; `nil` where it is.
    public var releasedPhase: String?
    /// When the load that it is about was effective, since the run's start, in ns; `nil` where it never was.
    public var effective: Nanoseconds?
    /// When the last load was given back, since the run's start, in ns; `nil` where it was not.
    public var released: Nanoseconds?
    /// How long was looked, where it was never seen well again: since the release, in ns.
    public var watched: Nanoseconds?
    /// How often it was lost, losses less than 5 s apart taken as one.
    public var episodes = 0
    /// How long it was bad in all, in ns: each bad probe stands for its period.
    public var badTime: Nanoseconds = 0

    /// Creates a result without figures.
    public init(_ objective: Objective, _ verdict: ObjectiveVerdict, reason: Reason? = nil) {
        self.objective = objective
        self.verdict = verdict
        self.reason = reason
    }
}

/// Between which two instants something happened, in ns since what it is told against.
public struct TimeBounds: Hashable, Sendable {
    /// Not before.
    public var from: Nanoseconds
    /// Not after.
    public var to: Nanoseconds

    /// Creates bounds; `to` is never before `from`.
    public init(from: Nanoseconds, to: Nanoseconds) {
        self.from = from
        self.to = max(from, to)
    }

    /// The same, told against another instant.
    public func since(_ origin: Nanoseconds) -> TimeBounds { TimeBounds(from: from - origin, to: to - origin) }
}
