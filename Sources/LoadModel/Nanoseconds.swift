// SPDX-License-Identifier: Apache-2.0

/// A length of time or an instant on `CLOCK_MONOTONIC`, in nanoseconds.
///
/// `Int64` holds 292 years. `Duration` is 128 bits wide and is not used in the paths that pace a load.
public typealias Nanoseconds = Int64

extension Nanoseconds {
    /// One second in nanoseconds.
    public static let second: Nanoseconds = 1_000_000_000
    /// One millisecond in nanoseconds.
    public static let millisecond: Nanoseconds = 1_000_000

    /// This length in seconds.
    public var seconds: Double { Double(self) / 1e9 }

    /// The whole number of nanoseconds nearest to `seconds`; saturates at the ends of the range.
    public init(seconds: Double) {
        let scaled = (seconds * 1e9).rounded()
        self = scaled >= 9.2e18 ? .max : scaled <= -9.2e18 ? .min : Int64(scaled)
    }
}
