// SPDX-License-Identifier: Apache-2.0

/// A change of a run that goes on, made from outside.
public struct RunChange: Hashable, Sendable {
    /// What was changed.
    public enum Kind: Hashable, Sendable {
        /// A stressor follows another load until the present phase ends; its name and the notation.
        case load(stressor: String, text: String)
        /// Every load is released; the run's clock goes on.
        case paused
        /// Every load is again what it is by now.
        case resumed
    }
    /// What was changed.
    public var kind: Kind
    /// From when on, since the load began.
    public var from: Nanoseconds
    /// How long the way to the new load may take, where that was said.
    public var within: Nanoseconds?

    /// Creates a change.
    public init(_ kind: Kind, from: Nanoseconds, within: Nanoseconds? = nil) {
        self.kind = kind
        self.from = from
        self.within = within
    }

    /// The change in a sentence.
    public var sentence: String {
        switch kind {
        case .load(let stressor, let text):
            "\(stressor) retargeted: \(text)" + (within.map { ", within \(HumanUnits.duration($0))" } ?? "")
        case .paused: "paused: every load is released, the run's clock goes on"
        case .resumed: "resumed: every load is what the profile says by now"
        }
    }
}

/// A lease that nobody renewed.
public struct LeaseExpiry: Hashable, Sendable {
    /// How long it lasts from each renewal.
    public var length: Nanoseconds

    /// Creates an expiry.
    public init(length: Nanoseconds) { self.length = length }

    /// What happened, in a sentence.
    public var sentence: String {
        let seconds = length % .second == 0 ? "\(length / .second)" : "\(length.seconds)"
        return "the lease of \(seconds) s ran out: nobody renewed it, and everything is released"
    }
}
