// SPDX-License-Identifier: Apache-2.0

/// A parameter of a profile with the value that a run has.
public struct ProfileParameter: Hashable, Sendable {
    /// Where a value came from; the raw value is its name in the log.
    public enum Origin: String, Hashable, Sendable, CaseIterable {
        /// The profile's own default.
        case file = "profile"
        /// The command line.
        case flag
        /// The environment, where the profile lists it.
        case environment
    }

    /// Its name.
    public var name: String
    /// Its value, as it stands in the profile's texts.
    public var value: String
    /// Where the value came from.
    public var origin: Origin
    /// Whether it is any text, and no number, length of time or amount.
    public var isText: Bool

    /// The value for logs and reports; `nil` of text that came from the environment, which may be secret.
    public var shownValue: String? { isText && origin == .environment ? nil : value }

    /// Creates a parameter.
    public init(name: String, value: String, origin: Origin, isText: Bool = false) {
        self.isText = isText
        self.name = name
        self.value = value
        self.origin = origin
    }
}
