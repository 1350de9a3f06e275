// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Phases of a rate that are so short that a quantum is more than what is allowed, judged together.
///
/// In each of them a quantum is forgiven, which may be half of what was due; in all of them together it is forgiven
/// once, as in a phase that is as long as they are. What the grid of a pace, or an operation, brings in one phase too
/// little it brings in another one too much, so that it does not add up; a load that is absent does.
struct ShortPhases {
    /// What one of them adds; integrals in unit·nanoseconds.
    struct Part {
        /// Achieved less target, without what is excused.
        var error: Double
        /// What is allowed of it by itself.
        var allowed: Double
        /// A quantum, whole.
        var quantum: Double
    }

    private var error = 0.0
    private var allowed = 0.0
    private var quantum = 0.0

    /// Takes in one more; whether it is off, since what it lacks, or has too much, is what the others before it did.
    mutating func take(_ part: Part) -> Bool {
        error += part.error
        allowed += part.allowed
        quantum = max(quantum, part.quantum)
        return abs(part.error) > part.allowed && part.error * error > 0
            && abs(error) > max(allowed, quantum) * (1 + 1e-9)
    }
}
