// SPDX-License-Identifier: Apache-2.0

internal import CLinux
public import Synchronization

/// Sleeping on a word that processes share.
public enum Futex {
    /// Sleeps until `deadline` (ns, `CLOCK_MONOTONIC`) or until somebody wakes the word; returns at once where it is
    /// not `expected`.
    public static func wait(
        _ word: UnsafeMutablePointer<Atomic<UInt32>>, while expected: UInt32, until deadline: Int64
    ) {
        _ = CLinux_futex_wait(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), expected, deadline)
    }

    /// Wakes all who sleep on the word.
    public static func wakeAll(_ word: UnsafeMutablePointer<Atomic<UInt32>>) {
        _ = CLinux_futex_wake_all(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }
}
