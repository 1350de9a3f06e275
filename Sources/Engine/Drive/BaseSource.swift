// SPDX-License-Identifier: Apache-2.0

/// Where what 100 % of a kind is made of can be read while a run goes on, so that a change is told, or followed.
public enum BaseSource {
    /// Processors, and where that is less and `quota` holds, the quota of the group.
    case processors(quota: Bool)
    /// The least of the memory limits of the groups on the way up.
    case groupMemory
    /// A reading of the kind's own; `nil` while nobody knows.
    case meter(() -> BaseAmount?)
}

/// What 100 % is, and who says so.
public struct BaseAmount: Hashable, Sendable {
    /// In the stressor's unit; infinite where there is no limit.
    public var value: Double
    /// The file or call that says so.
    public var source: String

    /// Creates an amount.
    public init(value: Double, source: String) {
        self.value = value
        self.source = source
    }
}
