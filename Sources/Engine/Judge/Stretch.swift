// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The time between two jumps of a target, and the allowance for the way at its begin.
struct Stretch {
    /// What became of the allowance.
    enum Way {
        /// There is none: the target did not jump, or the allowance was not used in time.
        case none
        /// The target is to be reached.
        case open
        /// The target was reached in time.
        case reached
    }

    let start: Nanoseconds
    private(set) var end: Nanoseconds
    /// Until when the target is to be reached.
    private(set) var allowanceEnd: Nanoseconds
    /// Whether the target went up; `false` where it went down.
    let isUp: Bool
    var way: Way
    /// Since when the way is over.
    var settledAt: Nanoseconds

    /// Until when the target is to be reached; `nil` where it is, or need not be.
    var openUntil: Nanoseconds? { way == .open ? allowanceEnd : nil }

    /// The stretch of `phase` that begins at `start`.
    init(_ phase: JudgedPhase, from start: Nanoseconds) {
        self.start = start
        settledAt = start
        end = phase.stretchEnd(after: start)
        allowanceEnd = start + phase.allowance(from: start, to: end)
        let (before, after) = (phase.curve.valueBefore(start), phase.curve.value(at: start))
        isUp = after > before
        way = Curve.isJump(before, after) ? .open : .none
    }

    /// Takes over a target that was changed, which may cut the stretch short.
    ///
    /// - Returns: whether the allowance became shorter.
    mutating func follow(_ phase: JudgedPhase) -> Bool {
        let before = allowanceEnd
        end = phase.stretchEnd(after: start)
        allowanceEnd = start + phase.allowance(from: start, to: end)
        return allowanceEnd < before
    }
}
