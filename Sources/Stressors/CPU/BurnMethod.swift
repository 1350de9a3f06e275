// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// What a CPU worker does with its time.
public enum BurnMethod: String, CaseIterable, Sendable {
    /// The processor's pause instruction in a loop: time and as little else as can be.
    case spin
    /// Integer multiplication, rotation and addition.
    case int
    /// Scalar floating-point multiply-add.
    case float
    /// The widest vector multiply-add that the processor has: most heat.
    case simd
    /// Branches that cannot be predicted.
    case branch
    /// Dependent loads from a ring of 512 KiB.
    case cache
    /// Dependent loads from a ring of 32 MiB, which no L2 cache holds.
    case memory
    /// Kernel entries and exits.
    case syscall
    /// The others in turn, without `memory`.
    case mixed

    var code: Int32 {
        let code =
            switch self {
            case .spin: CLINUX_BURN_SPIN
            case .int: CLINUX_BURN_INT
            case .float: CLINUX_BURN_FLOAT
            case .simd: CLINUX_BURN_SIMD
            case .branch: CLINUX_BURN_BRANCH
            case .cache: CLINUX_BURN_CACHE
            case .memory: CLINUX_BURN_MEMORY
            case .syscall: CLINUX_BURN_SYSCALL
            case .mixed: CLINUX_BURN_MIXED
            }
        return Int32(code.rawValue)
    }
}
