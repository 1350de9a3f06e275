// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// The kernel's clocks in nanoseconds.
///
/// Pacing uses `CLOCK_MONOTONIC` only: a step of the wall clock must not become a burst of load.
public enum Clocks {
    /// `CLOCK_MONOTONIC`.
    public static var monotonic: Int64 { CLinux_monotonic_ns() }
    /// `CLOCK_REALTIME`: nanoseconds since the Unix epoch.
    public static var wall: Int64 { CLinux_realtime_ns() }
    /// `CLOCK_BOOTTIME`: nanoseconds since the boot, suspended time included, as starts of processes are told.
    static var boot: Int64 { CLinux_clock_ns(7) }
    /// CPU time of the calling thread, to the nanosecond.
    public static var threadCPU: Int64 { CLinux_thread_cpu_ns() }
    /// CPU time of this process, to the nanosecond.
    public static var processCPU: Int64 { CLinux_process_cpu_ns() }
}

/// The CPU clock of another process.
///
/// Reading it makes the kernel account running threads first, so that it is exact to about a microsecond, where
/// `schedstat` and the cgroup counters are stale by up to a tick. Unprivileged; see `clock_getcpuclockid(3)`.
public struct ProcessCPUClock: Sendable {
    private let clock: Int32

    /// Creates the clock of process `processID`; `nil` where there is no such process.
    public init?(processID: Int32) {
        var clock: Int32 = 0
        guard CLinux_process_cpu_clock(processID, &clock) == 0 else { return nil }
        self.clock = clock
    }

    /// CPU time of all threads of the process, in nanoseconds; `nil` once the process is reaped.
    public var now: Int64? {
        let time = CLinux_clock_ns(clock)
        return time < 0 ? nil : time
    }
}
