// SPDX-License-Identifier: Apache-2.0

/// CPU time that everybody together takes: on processors of the host, or in a control group.
public final class CPUUseGauge {
    /// Whose time is counted.
    public enum Scope: Hashable, Sendable {
        /// Of everybody on these processors; `isWhole` where they are all that are online.
        case processors([Int], isWhole: Bool)
        /// Of a control group and the groups below it.
        case group(CgroupView.Group)
    }

    private let file: ProcFile
    private let source: Source
    /// The file that is read.
    public let path: String

    private enum Source {
        case idle(Set<Int>, isWhole: Bool)
        case nanoseconds
        case microseconds
    }

    /// Opens the kernel's counters; `nil` where they cannot be read.
    public init?(_ scope: Scope) {
        switch scope {
        case .processors(let processors, let isWhole):
            path = "/proc/stat"
            source = .idle(Set(processors), isWhole: isWhole)
            // One line a processor, 120 bytes at most; the first line is enough for all of them.
            guard let file = ProcFile(path, capacity: isWhole ? 512 : 256 + 160 * ((processors.max() ?? 0) + 1)) else {
                return nil
            }
            self.file = file
        case .group(let group):
            let isUnified = group.version == 2
            path = "\(group.directory)/\(isUnified ? "cpu.stat" : "cpuacct.usage")"
            source = isUnified ? .microseconds : .nanoseconds
            guard let file = ProcFile(path) else { return nil }
            self.file = file
        }
    }

    /// CPU time since any fixed moment, in nanoseconds, and the moment of reading (ns of `CLOCK_MONOTONIC`).
    ///
    /// Of processors it is the time that they were not idle: elapsed time less `idle` and `iowait`, which a tickless
    /// kernel counts to the nanosecond and shows in hundredths of a second, and less what a hypervisor took (`steal`).
    /// The columns of busy time are sampled at the tick and would not see a load that runs in step with it. A group's
    /// counter is exact for threads that have just been accounted, as by reading their own clock.
    public func read() -> (time: Int64, used: Int64)? {
        let time = Clocks.monotonic
        let used: Int64? =
            switch source {
            case .nanoseconds: file.integer
            case .microseconds: file.read { ByteScanner.integer(after: "usage_usec ", in: $0) }.map { $0 &* 1000 }
            case .idle(let processors, let isWhole):
                file.read { CPUTicks.unused($0, of: isWhole ? nil : processors) }.map {
                    time &* Int64(processors.count) &- $0 &* 10_000_000
                }
            }
        return used.map { (time, $0) }
    }
}
