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
                file.read { ProcessorTicks.unused($0, of: isWhole ? nil : processors) }.map {
                    time &* Int64(processors.count) &- $0 &* 10_000_000
                }
            }
        return used.map { (time, $0) }
    }
}

/// Reads `/proc/stat`; see proc(5).
public enum ProcessorTicks {
    /// Hundredths of a second that `processors` were idle, waited for I/O or were taken away; of all of them where
    /// `nil`.
    ///
    /// `nil` where a line is missing, as for a processor that went offline.
    public static func unused(_ bytes: ArraySlice<UInt8>, of processors: Set<Int>?) -> Int64? {
        var scanner = ByteScanner(bytes)
        guard let processors else {
            return scanner.seek(line: "cpu ") ? unused(&scanner) : nil
        }
        scanner.skipLine()
        var sum: Int64 = 0
        var found = 0
        while found < processors.count, scanner.seek(line: "cpu") {
            guard let number = scanner.nextInteger() else { return nil }
            if processors.contains(Int(number)) {
                guard let ticks = unused(&scanner) else { return nil }
                sum = sum.addingReportingOverflow(ticks).partialValue
                found += 1
            }
            scanner.skipLine()
        }
        return found == processors.count ? sum : nil
    }

    /// The columns are user, nice, system, idle, iowait, irq, softirq and steal.
    private static func unused(_ scanner: inout ByteScanner) -> Int64? {
        var ticks: [Int64] = []
        while ticks.count < 8, let value = scanner.nextInteger() { ticks.append(value) }
        guard ticks.count >= 4 else { return nil }
        let iowait = ticks.count > 4 ? ticks[4] : 0
        let steal = ticks.count > 7 ? ticks[7] : 0
        return ticks[3].addingReportingOverflow(iowait).partialValue.addingReportingOverflow(steal).partialValue
    }
}
