// SPDX-License-Identifier: Apache-2.0

/// A guard with its limit as a figure: a condition of the host that ends the run.
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

        /// The unit of stressors' figures that it is; `nil` of a share.
        public var amounts: LoadModel.Unit? { LoadModel.Unit(rawValue: rawValue) }
    }

    /// The notation as written, such as `memory.available < 256MiB for 2s`.
    public var text: String
    /// What is watched.
    public var metric: Metric
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
        text: String, metric: Metric, comparison: Guard.Comparison, limit: Double, unit: Unit, length: Nanoseconds,
        directory: String? = nil, held: HeldDirectory? = nil, isDefault: Bool = false
    ) {
        self.text = text
        self.metric = metric
        self.comparison = comparison
        self.limit = limit
        self.unit = unit
        self.length = length
        self.directory = directory
        self.held = held
        self.isDefault = isDefault
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
    /// For how long the comparison had held.
    public var held: Nanoseconds

    /// Creates a trip.
    public init(condition: PlannedGuard, value: Double, held: Nanoseconds) {
        self.condition = condition
        self.value = value
        self.held = held
    }
}
