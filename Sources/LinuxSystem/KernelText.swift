// SPDX-License-Identifier: Apache-2.0

/// The first line of `/proc/stat`: what all processors did since boot, in clock ticks.
public enum CPUTicks {
    /// `user nice system idle iowait irq softirq steal`, as far as the kernel has them; guest time is within user.
    ///
    /// `nil` where there are not even those of Linux 2.6.0, which had no `steal`.
    public static func parse(_ bytes: ArraySlice<UInt8>) -> [Int64]? {
        var scanner = ByteScanner(bytes)
        guard scanner.seek(line: "cpu ") else { return nil }
        let ticks = columns(&scanner)
        return ticks.count >= 5 ? ticks : nil
    }

    /// Hundredths of a second that `processors` were idle, waited for I/O or were taken away; of all of them where
    /// `nil`.
    ///
    /// `nil` where a line is missing, as for a processor that went offline.
    public static func unused(_ bytes: ArraySlice<UInt8>, of processors: Set<Int>?) -> Int64? {
        var scanner = ByteScanner(bytes)
        guard let processors else { return scanner.seek(line: "cpu ") ? unused(&scanner) : nil }
        scanner.skipLine()
        var sum: Int64 = 0
        var found = 0
        while found < processors.count, scanner.seek(line: "cpu") {
            guard let number = scanner.nextInteger() else { return nil }
            if processors.contains(Int(number)) {
                guard let ticks = unused(&scanner) else { return nil }
                sum = sum.addingSaturating(ticks)
                found += 1
            }
            scanner.skipLine()
        }
        return found == processors.count ? sum : nil
    }

    private static func unused(_ scanner: inout ByteScanner) -> Int64? {
        let ticks = columns(&scanner)
        guard ticks.count >= 4 else { return nil }
        let (iowait, steal) = (ticks.count > 4 ? ticks[4] : 0, ticks.count > 7 ? ticks[7] : 0)
        return ticks[3].addingSaturating(iowait).addingSaturating(steal)
    }

    private static func columns(_ scanner: inout ByteScanner) -> [Int64] {
        var ticks: [Int64] = []
        while ticks.count < 8, let value = scanner.nextInteger() { ticks.append(value) }
        return ticks
    }
}

/// A thread's `schedstat`; `Documentation/scheduler/sched-stats.rst` of the kernel.
public enum SchedulerText {
    /// How long it waited on a run queue, in nanoseconds: the second field.
    public static func runDelay(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        scanner.skipFields(1)
        return scanner.nextInteger()
    }

    /// How often it was put on a processor: the third field.
    public static func timeslices(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        scanner.skipFields(2)
        return scanner.nextInteger()
    }
}

/// `/proc/PID/statm`, in pages.
public enum MemoryText {
    /// The resident set in bytes: the second field.
    public static func resident(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        scanner.skipFields(1)
        return scanner.nextInteger()?.multipliedSaturating(by: Int64(AnonymousReservation.pageSize))
    }

    /// The resident set less what is of files and shared, in bytes: the second field less the third.
    public static func anonymous(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = ByteScanner(bytes)
        scanner.skipFields(1)
        guard let resident = scanner.nextInteger(), let shared = scanner.nextInteger() else { return nil }
        return max(0, resident.subtractingSaturating(shared)).multipliedSaturating(
            by: Int64(AnonymousReservation.pageSize))
    }
}

/// `/proc/meminfo`, or a node's `meminfo`, in bytes; what a kernel does not tell is `nil`.
public struct MemoryInfo: Hashable, Sendable {
    /// `MemTotal`.
    public var total: Int64?
    /// `MemFree`.
    public var free: Int64?
    /// `MemAvailable`, which kernels before Linux 3.14 do not tell.
    public var available: Int64?
    /// `SwapTotal`.
    public var swapTotal: Int64?
    /// `SwapFree`.
    public var swapFree: Int64?
    /// `HugePages_Total`, a count.
    public var hugePages: Int64?
    /// `HugePages_Free`, a count.
    public var hugePagesFree: Int64?
    /// `Hugepagesize`.
    public var hugePageSize: Int64?
    /// `Zswap`, the memory that compressed swap takes.
    public var compressedSwap: Int64?
    /// `CommitLimit`, up to which the kernel promises memory where `vm.overcommit_memory` is 2.
    public var commitLimit: Int64?
    /// `Committed_AS`, what it has promised.
    public var committed: Int64?

    /// Parses the file in one pass.
    public init(_ bytes: ArraySlice<UInt8>) {
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            // A node's file says "Node 0 MemTotal: …".
            if scanner.take("Node ") { _ = scanner.nextInteger() }
            scanner.skipBlanks()
            for (key, path, factor) in Self.keys where scanner.take(key) {
                self[keyPath: path] = scanner.nextInteger()?.multipliedSaturating(by: factor)
                break
            }
            scanner.skipLine()
        }
    }

    private typealias Key = (StaticString, WritableKeyPath<MemoryInfo, Int64?>, Int64)
    private static var keys: [Key] {
        [
            ("MemTotal:", \.total, 1024), ("MemFree:", \.free, 1024), ("MemAvailable:", \.available, 1024),
            ("SwapTotal:", \.swapTotal, 1024), ("SwapFree:", \.swapFree, 1024),
            ("HugePages_Total:", \.hugePages, 1), ("HugePages_Free:", \.hugePagesFree, 1),
            ("Hugepagesize:", \.hugePageSize, 1024), ("Zswap:", \.compressedSwap, 1024),
            ("CommitLimit:", \.commitLimit, 1024), ("Committed_AS:", \.committed, 1024),
        ]
    }
}

/// What `/proc/PID/status` says of a process's rights; what a kernel does not tell is `nil`.
public struct ProcessStatus: Hashable, Sendable {
    /// `CapEff`: bit `n` is capability `n` of `linux/capability.h`.
    public var effectiveCapabilities: UInt64?
    /// `CapBnd`: what it may ever have.
    public var boundingCapabilities: UInt64?
    /// `Seccomp`: 0 off, 1 strict, 2 a filter.
    public var seccomp: Int64?
    /// `NoNewPrivs`.
    public var noNewPrivileges: Bool?
    /// `Cpus_allowed_list`.
    public var allowedCPUs: [Int]?
    /// `Mems_allowed_list`.
    public var allowedNodes: [Int]?
    /// `VmLck` in bytes.
    public var locked: Int64?

    /// Parses the file in one pass.
    public init(_ bytes: ArraySlice<UInt8>) {
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if scanner.take("CapEff:") {
                effectiveCapabilities = Self.hexadecimal(scanner.word())
            } else if scanner.take("CapBnd:") {
                boundingCapabilities = Self.hexadecimal(scanner.word())
            } else if scanner.take("Seccomp:") {
                seccomp = scanner.nextInteger()
            } else if scanner.take("NoNewPrivs:") {
                noNewPrivileges = scanner.nextInteger().map { $0 != 0 }
            } else if scanner.take("Cpus_allowed_list:") {
                allowedCPUs = CPUList.parse(scanner.word())
            } else if scanner.take("Mems_allowed_list:") {
                allowedNodes = CPUList.parse(scanner.word())
            } else if scanner.take("VmLck:") {
                locked = scanner.nextInteger()?.multipliedSaturating(by: 1024)
            }
            scanner.skipLine()
        }
    }

    private static func hexadecimal(_ word: ArraySlice<UInt8>) -> UInt64? {
        guard (1...16).contains(word.count) else { return nil }
        return UInt64(String(decoding: word, as: UTF8.self), radix: 16)
    }
}

/// `/proc/PID/limits`: soft and hard limits; `nil` is no limit.
public struct ProcessLimits: Hashable, Sendable {
    /// One line.
    public struct Pair: Hashable, Sendable {
        /// What applies now; `nil` where there is no limit.
        public var soft: Int64?
        /// What it may be raised to; `nil` where there is no limit.
        public var hard: Int64?

        /// Creates a pair.
        public init(soft: Int64?, hard: Int64?) {
            self.soft = soft
            self.hard = hard
        }
    }

    /// `Max open files`.
    public var openFiles: Pair?
    /// `Max processes`: of the user, threads included.
    public var processes: Pair?
    /// `Max locked memory`, in bytes.
    public var lockedMemory: Pair?
    /// `Max address space`, in bytes.
    public var addressSpace: Pair?
    /// `Max file size`, in bytes.
    public var fileSize: Pair?
    /// `Max cpu time`, in seconds.
    public var cpuTime: Pair?

    /// The limits of process `id`, which may have ended as long as nobody has waited for it; `nil` where they cannot be
    /// read.
    public static func of(_ id: Int32) -> ProcessLimits? {
        (try? SmallFile.bytes("/proc/\(id)/limits")).map { ProcessLimits($0[...]) }
    }

    /// Parses the file in one pass.
    public init(_ bytes: ArraySlice<UInt8>) {
        var scanner = ByteScanner(bytes)
        while !scanner.isAtEnd {
            if scanner.take("Max ") {
                if scanner.take("open files ") {
                    openFiles = Self.pair(&scanner)
                } else if scanner.take("processes ") {
                    processes = Self.pair(&scanner)
                } else if scanner.take("locked memory ") {
                    lockedMemory = Self.pair(&scanner)
                } else if scanner.take("address space ") {
                    addressSpace = Self.pair(&scanner)
                } else if scanner.take("file size ") {
                    fileSize = Self.pair(&scanner)
                } else if scanner.take("cpu time ") {
                    cpuTime = Self.pair(&scanner)
                }
            }
            scanner.skipLine()
        }
    }

    private static func pair(_ scanner: inout ByteScanner) -> Pair? {
        var values: [Int64?] = []
        for _ in 0..<2 {
            scanner.skipBlanks()
            if scanner.take("unlimited") {
                values.append(nil)
            } else {
                guard let value = scanner.nextInteger(), value >= 0 else { return nil }
                values.append(value)
            }
        }
        return Pair(soft: values[0], hard: values[1])
    }
}

/// Which of several words a file of `/sys` has chosen: `always [madvise] never`.
public enum ChoiceText {
    /// The word in brackets; `nil` where there is none.
    public static func chosen(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let open = bytes.firstIndex(of: 0x5B), let close = bytes[open...].firstIndex(of: 0x5D) else { return nil }
        return String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
    }
}
