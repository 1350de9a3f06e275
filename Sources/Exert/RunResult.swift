// SPDX-License-Identifier: Apache-2.0

/// How a run ended; everything that it held is given back.
public struct RunResult: Sendable {
    /// What the run shows.
    public enum Verdict: String, Codable, Sendable, CaseIterable {
        /// Every target was met.
        case met
        /// A target was not met.
        case notMet = "not_met"
        /// Ended early: stopped, or by a guard or the end of its lease.
        case aborted
        /// A stressor process was killed.
        case killed
        /// It cannot be done on this host.
        case unsupported
        /// Nobody looked for too long, or what a stressor claims and what the kernel says disagree.
        case unverified
    }
    /// What the run shows; `nil` where it came to no verdict.
    public var verdict: Verdict?
    /// The exit code that `exert run` would have ended with.
    public var exitCode: Int32
    /// What was put on, whether it was really there, and what the system under test did, for people.
    ///
    /// `nil` where the load never began.
    public var sentence: String?
    /// What each objective came to; empty where none was asked for.
    public var objectives: [ObjectiveOutcome] = []
    /// The report for people.
    public var text: String
    /// The report as a JSON document; empty where the load never began.
    public var json: String
    /// Why it ended before its time; `nil` where it did not.
    public var reason: String?
}
