// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the answers to a probe must be, and when.
public struct Objective: Hashable, Sendable {
    /// What is held against the limit.
    public enum Measure: Hashable, Sendable {
        /// The share of probes that were good, 0 through 1.
        case goodProbes
        /// The share of seconds in which all probes were good, 0 through 1.
        case goodSeconds
        /// A percentile of the latency, in seconds; of a probe of a number, of that.
        case percentile(Double)
        /// The mean of the numbers of a probe of a number.
        case mean
    }

    /// What the measure must be.
    public enum Limit: Hashable, Sendable {
        /// At least, of shares; at most, of latencies; as the comparison says.
        case fixed(Comparison, Double)
        /// Relative to what this run itself had before the load: 1.2 is 20 % more.
        case ofBefore(Comparison, Double)
    }

    /// How the measure is compared.
    public enum Comparison: String, Hashable, Sendable, CaseIterable {
        case below = "<", atMost = "<=", above = ">", atLeast = ">="
    }

    /// When it must be so.
    public enum Span: Hashable, Sendable {
        /// In the phases before the first load: the gate, without which nothing is exerted.
        case before
        /// In a phase, by name; in all of its repetitions, by the name that they share.
        case during(String)
        /// In all phases with a load.
        case duringLoad
        /// From the release of the last load on.
        case after
        /// All of the time.
        case always
    }

    /// What is wanted.
    public enum Wanted: Hashable, Sendable {
        /// A measure keeps its limit in a span; `window` is a sliding one, and all of them count; `fromSettled` leaves
        /// the way to the target out.
        case keeps(Measure, Limit, Span, window: Nanoseconds?, fromSettled: Bool)
        /// What was lost under the load comes back within so long of its release.
        case recovers(within: Nanoseconds)
        /// The probe becomes good within so long of the load of a phase being effective, or of the first one: an alert.
        case becomesGood(within: Nanoseconds, of: String?)
    }

    /// The most probes that a sliding window may hold; each is kept.
    public static let windowLimit: Int64 = 100_000
    /// The probability that a claim is to be wrong with at most: 5 %.
    public static let mostDoubt = 0.05

    /// How many probes it takes, none of them bad, until nobody need doubt that more than `share` of all are good.
    ///
    /// If no more than `share` were, `n` good ones in a row would come with a probability of share^n: 59 for 0.95, 299
    /// for 0.99, 2995 for 0.999. `nil` where no number is enough.
    public static func probesNeeded(for share: Double) -> Int? {
        guard share < 1 else { return nil }
        // 299 · ln 0.99 is a hair's breadth from what it must be.
        return share <= mostDoubt ? 1 : Int((log(mostDoubt) / log(share) - 1e-9).rounded(.up))
    }

    /// The share that so many good probes in a row can prove.
    public static func shareProven(by probes: Int) -> Double { probes > 0 ? pow(mostDoubt, 1 / Double(probes)) : 0 }

    /// The share of probes that it is about, 0 through 1; `nil` where it is about something else.
    public var share: Double? {
        guard case .keeps(let measure, let limit, _, _, _) = wanted else { return nil }
        switch (measure, limit) {
        case (.percentile(let share), _), (.goodProbes, .fixed(_, let share)), (.goodSeconds, .fixed(_, let share)):
            return share
        default: return nil
        }
    }

    /// Whether it must hold before anything is exerted.
    public var isGate: Bool {
        if case .keeps(_, _, .before, _, _) = wanted { true } else { false }
    }

    /// The probe's name.
    public var probe: String
    /// What is wanted of it.
    public var wanted: Wanted
    /// The notation as written.
    public var text: String
    /// Where it stands in the file.
    public var mark: SourceMark

    /// Creates an objective.
    public init(probe: String, wanted: Wanted, text: String, mark: SourceMark) {
        self.probe = probe
        self.wanted = wanted
        self.text = text
        self.mark = mark
    }
}

/// What became of an objective; the raw value is its name in the log.
public enum ObjectiveVerdict: String, Codable, Sendable, CaseIterable {
    /// It held, under a load that was there.
    case held
    /// It did not.
    case lost
    /// It was lost under the load and came back in time; of objectives on recovery alone.
    case recovered
    /// It was lost under the load and did not come back in time.
    case notRecovered = "not_recovered"
    /// It did not hold before the load, so that nothing was exerted.
    case notSteady = "not_steady"
    /// Nobody knows: no data, a prober that was starved, or a load that was not there.
    case inconclusive
}
