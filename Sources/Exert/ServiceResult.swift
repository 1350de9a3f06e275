// SPDX-License-Identifier: Apache-2.0

/// What one probe came to that was due in one second.
public struct ProbeSample: Decodable, Sendable {
    /// The probe's name.
    public let probe: String
    /// Where the second begins, since the run's start, in seconds.
    public let fromSeconds: Double
    /// How many times it was due.
    public let due: Int
    /// How many results there are of each outcome, such as `good`, `timeout` or `refused`.
    public let outcomes: [String: Int]
    /// The share that was good of what says something of the service, 0 through 1; `nil` where nothing does.
    public let goodRatio: Double?
    /// From when the probe was due to its answer, in seconds, by percentile such as `p50_s` and `max_s`; `nil` among
    /// those that were given up.
    public let latency: [String: Double?]

    private enum CodingKeys: String, CodingKey {
        case probe, due, outcomes, latency
        case fromSeconds = "from_s"
        case goodRatio = "good_ratio"
    }
}

/// What an objective came to.
public struct ObjectiveOutcome: Decodable, Sendable {
    /// What became of an objective.
    public enum Verdict: String, Codable, Sendable, CaseIterable {
        /// It held, under a load that was there.
        case held
        /// It did not.
        case lost
        /// It was lost under the load, and came back in time.
        case recovered
        /// It was lost under the load, and did not come back in time.
        case notRecovered = "not_recovered"
        /// It did not hold before the load, so that nothing was exerted.
        case notSteady = "not_steady"
        /// Nobody knows.
        case inconclusive
    }

    /// Between which two instants something was, in seconds.
    public struct Bounds: Codable, Hashable, Sendable {
        /// Not before.
        public let from: Double
        /// Not after.
        public let to: Double
    }

    /// The probe's name.
    public let probe: String
    /// The objective as written.
    public let objective: String
    /// What became of it.
    public let verdict: Verdict
    /// Why nobody knows, such as `no_data` or `load_not_met`; `nil` where somebody does.
    public let reason: String?
    /// What was measured, for people; `nil` where nothing was.
    public let figure: String?
    /// When it was lost, since the load was there.
    public let lost: Bounds?
    /// When it was well again, since the load was released; of an alert, since the load was there.
    public let recovered: Bounds?

    private enum CodingKeys: String, CodingKey {
        case probe, objective, verdict, reason, figure
        case lost = "lost_s"
        case recovered = "recovered_s"
    }
}
