// SPDX-License-Identifier: Apache-2.0

/// A condition that aborts the run.
public struct Guard: Hashable, Sendable {
    /// How the metric is compared with the limit.
    public enum Comparison: String, Hashable, Sendable, CaseIterable {
        case below = "<", atMost = "<=", above = ">", atLeast = ">="

        /// Whether figures above the limit meet it.
        public var isUpward: Bool { self == .above || self == .atLeast }
    }

    /// What is watched.
    public var metric: Metric
    /// Whose figure that is; `nil` of metrics of the host.
    public var subject: GuardSubject?
    /// The comparison that trips the guard when it holds.
    public var comparison: Comparison
    /// The limit; of a latency or of a probe's numbers a count in the subject's unit.
    public var limit: Amount
    /// For how long the comparison must hold.
    public var length: Nanoseconds
    /// The notation as written.
    public var text: String
    /// Where it stands in the file.
    public var mark: SourceMark

    /// Creates a guard.
    public init(
        metric: Metric, subject: GuardSubject? = nil, comparison: Comparison, limit: Amount, length: Nanoseconds,
        text: String, mark: SourceMark
    ) {
        self.metric = metric
        self.subject = subject
        self.comparison = comparison
        self.limit = limit
        self.length = length
        self.text = text
        self.mark = mark
    }

    /// The guards that are on unless the profile turns them off, or watches the same metric itself: what no experiment
    /// wants is a host that has nothing left for anybody.
    public static let defaults = [
        Guard(
            metric: .memoryAvailable, comparison: .below, limit: .bytes(0x1p25), length: 2 * .second,
            text: "memory.available < 32MiB for 2s", mark: SourceMark(line: 1, column: 1)),
        Guard(
            metric: .memoryPressureFull, comparison: .above, limit: .percent(40), length: 10 * .second,
            text: "psi.memory.full > 40% for 10s", mark: SourceMark(line: 1, column: 1)),
    ]
}

/// The probe or the stressor that a guard watches, and which of its figures.
public struct GuardSubject: Hashable, Sendable {
    /// Its name in the profile.
    public var name: String
    /// Which percentile is meant, 0 through 1; `nil` of other metrics.
    public var percentile: Double?
    /// The unit of the figure.
    public var unit: PlannedGuard.Unit
    /// The length of the time that a figure is of, up to now.
    public var window: Nanoseconds

    /// The window where none is written, in ns.
    public static let usualWindow = Nanoseconds.second

    /// Creates a subject.
    public init(
        _ name: String, percentile: Double? = nil, unit: PlannedGuard.Unit, window: Nanoseconds = Self.usualWindow
    ) {
        self.name = name
        self.percentile = percentile
        self.unit = unit
        self.window = window
    }
}
