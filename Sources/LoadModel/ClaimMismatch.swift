// SPDX-License-Identifier: Apache-2.0

/// What a stressor claims and what the kernel says of it, over the time in which both were compared.
///
/// That is not all of a phase: operations are in flight at its begin, and a level is compared where it is on target.
public struct ClaimMismatch: Hashable, Sendable {
    /// The mean of what the stressor says, in its unit.
    public var claimed: Double
    /// The mean of what the kernel says; of a total, of the stressor's own part.
    public var achieved: Double

    /// Creates a mismatch.
    public init(claimed: Double, achieved: Double) {
        self.claimed = claimed
        self.achieved = achieved
    }
}
