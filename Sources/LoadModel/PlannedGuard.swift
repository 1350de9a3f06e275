// SPDX-License-Identifier: Apache-2.0

/// A guard with its limit as a figure: a condition that ends the run.
public struct PlannedGuard: Hashable, Sendable {
    /// What its figures are.
    public enum Unit: String, Codable, Sendable, CaseIterable {
        /// Bytes.
        case bytes
        /// File handles.
        case handles
        /// Processes and threads.
        case processes
        /// A share, 0 through 1.
        case ratio
        /// Seconds.
        case seconds
        /// Milliseconds, as a probe reads them.
        case milliseconds
        /// Percent, as a probe reads them.
        case percent
        /// A plain number, as a probe reads it.
        case number
        /// Operations a second that failed, were refused or were dropped.
        case errorsPerSecond = "errors_per_second"

        /// The unit of stressors' figures that it is; `nil` of a share.
        public var amounts: LoadModel.Unit? { LoadModel.Unit(rawValue: rawValue) }

        /// Decimals that the log keeps.
        public var logPlaces: Int {
            switch self {
            case .bytes, .handles, .processes: 0
            case .ratio, .seconds, .number: 6
            case .milliseconds, .percent, .errorsPerSecond: 3
            }
        }
    }

    /// The notation as written, such as `memory.available < 256MiB for 2s`.
    public var text: String
    /// What is watched.
    public var metric: Metric
    /// The probe or the stressor whose figure that is; `nil` of metrics of the host.
    public var subject: GuardSubject?
    /// The comparison that trips it when it holds.
    public var comparison: Guard.Comparison
    /// The limit, in the unit.
    public var limit: Double
    /// The unit.
    public var unit: Unit
    /// For how long the comparison must hold.
    public var length: Nanoseconds
    /// The directory whose file system is watched; `nil` for metrics that have none.
    public var directory: String?
    /// What holds that directory; `nil` where nothing does.
    public var held: HeldDirectory?
    /// Whether it is there without being written.
    ///
    /// Then it watches the host alone, whatever limits groups have: what a
    /// load takes of a group's limit endangers nobody else.
    public var isDefault: Bool

    /// Creates a planned guard.
    public init(
        text: String, metric: Metric, subject: GuardSubject? = nil, comparison: Guard.Comparison, limit: Double,
        unit: Unit, length: Nanoseconds, directory: String? = nil, held: HeldDirectory? = nil, isDefault: Bool = false
    ) {
        self.text = text
        self.metric = metric
        self.subject = subject
        self.comparison = comparison
        self.limit = limit
        self.unit = unit
        self.length = length
        self.directory = directory
        self.held = held
        self.isDefault = isDefault
    }

    /// The name of what is watched, such as `memory.available` or `checkout.p95`.
    public var metricName: String {
        guard let subject else { return metric.rawValue }
        guard let percentile = subject.percentile else { return "\(subject.name).\(metric.rawValue)" }
        return "\(subject.name).p\(NumberText.text(percentile * 100, places: 9, trimming: true))"
    }

    /// Whether `value` is on the wrong side of the limit.
    public func isTripped(by value: Double) -> Bool {
        switch comparison {
        case .below: value < limit
        case .atMost: value <= limit
        case .above: value > limit
        case .atLeast: value >= limit
        }
    }
}

/// A guard that would be on by default, and is not in this run.
public struct GuardAside: Hashable, Sendable {
    /// The notation, such as `memory.available < 32MiB for 2s`.
    public var text: String
    /// Why it is not on, as a sentence without a full stop.
    public var reason: String

    /// Creates one.
    public init(text: String, reason: String) {
        self.text = text
        self.reason = reason
    }
}

/// A guard that ended the run.
public struct GuardTrip: Hashable, Sendable {
    /// The guard.
    public var condition: PlannedGuard
    /// What was seen last, in the guard's unit.
    public var value: Double
    /// Whether the value is only known to be more than that: it is a probe's timeout, or there was no answer at all.
    public var isLeast = false
    /// For how long the comparison had held, the times between left out in which it did not.
    public var held: Nanoseconds
    /// How long ago it first held; as long as ``held`` where it did without a break.
    public var span: Nanoseconds

    /// Creates a trip; without a break where no `span` is given.
    public init(condition: PlannedGuard, value: Double, held: Nanoseconds, span: Nanoseconds? = nil) {
        self.condition = condition
        self.value = value
        self.held = held
        self.span = span ?? held
    }
}
