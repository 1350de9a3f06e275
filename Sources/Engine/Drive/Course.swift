// SPDX-License-Identifier: Apache-2.0

public import LoadModel
internal import Synchronization

/// The target that lanes follow, which the observer may change while they do.
///
/// Whoever follows it takes the curve anew for each decision, and keeps none. A change lies a little ahead in time, so
/// that everybody has seen it before it counts.
public final class Course: Sendable {
    /// One state of the course.
    struct Edition: Sendable {
        /// Which it is; each change has the next one.
        var number: UInt32
        /// The target over the whole run; before `changedAt` it is what it was.
        var curve: Curve
        /// From when on it differs from the edition before; 0 of the first one.
        var changedAt: Nanoseconds
    }

    /// Where new editions come from.
    protocol Source: Sendable {
        /// The number of the newest edition; 0 where there never is another one.
        var newest: UInt32 { get }
        /// The newest edition; `nil` where it cannot be read.
        func edition() -> Edition?
    }

    private let kept: Mutex<Edition>
    private let source: (any Source)?

    /// A course that never changes.
    public init(_ curve: Curve) {
        kept = Mutex(Edition(number: 0, curve: curve, changedAt: 0))
        source = nil
    }

    /// A course that begins with `curve` and changes with its source.
    init(_ curve: Curve, source: any Source) {
        self.source = source
        kept = Mutex(Edition(number: source.newest, curve: curve, changedAt: 0))
    }

    /// Whether it can change.
    public var isLive: Bool { number != 0 }

    /// The number of the newest edition.
    var number: UInt32 { source?.newest ?? 0 }

    /// The newest edition.
    var edition: Edition {
        let newest = number
        return kept.withLock { kept in
            if kept.number != newest, let edition = source?.edition() { kept = edition }
            return kept
        }
    }

    /// The target as it stands.
    public var curve: Curve { edition.curve }
}
