// SPDX-License-Identifier: Apache-2.0

/// What `/proc/PID/stat` and `/proc/PID/status` say of a process.
public struct ProcessFacts: Hashable, Sendable {
    /// The process.
    public var id: Int32
    /// Its command name, 15 bytes at most.
    public var name: String
    /// When it started, in clock ticks since boot: with the id, this names one process, and no later one.
    public var startTime: UInt64
    /// Whether it is a thread of the kernel.
    public var isKernelThread: Bool
    /// Whether it has ended and only waits to be reaped.
    public var isEnded: Bool
    /// The process that it is a thread of; its own id where it is a process.
    public var threadGroup: Int32

    /// Reads the facts of process `id`; `nil` where there is none.
    public init?(of id: Int32) {
        guard let stat = try? SmallFile.bytes("/proc/\(id)/stat"),
            let status = try? SmallFile.bytes("/proc/\(id)/status")
        else { return nil }
        self.init(id: id, stat: stat, status: status)
    }

    /// Parses the two files, as proc(5) describes them.
    init?(id: Int32, stat: [UInt8], status: [UInt8]) {
        // The name may hold blanks and brackets: the last one closes it.
        guard let open = stat.firstIndex(of: 0x28), let close = stat.lastIndex(of: 0x29), open < close else {
            return nil
        }
        let rest = stat[(close + 1)...]
        guard let state = rest.first(where: { $0 != 0x20 }) else { return nil }
        var scanner = ByteScanner(rest)
        scanner.skipFields(6)  // state, ppid, pgrp, session, tty_nr, tpgid
        guard let flags = scanner.nextInteger() else { return nil }
        scanner.skipFields(12)  // minflt through itrealvalue
        guard let startTime = scanner.nextInteger(), startTime >= 0 else { return nil }
        self.id = id
        name = String(decoding: stat[(open + 1)..<close], as: UTF8.self)
        self.startTime = UInt64(startTime)
        isKernelThread = flags & 0x0020_0000 /* PF_KTHREAD */ != 0
        isEnded = state == 0x5A /* Z */ || state == 0x58 /* X */
        threadGroup = ByteScanner.integer(after: "Tgid:", in: status[...]).map { Int32(clamping: $0) } ?? id
    }

    /// Whether process `id` still runs and is the one that started at `startTime`.
    public static func isRunning(_ id: Int32, startedAt startTime: UInt64) -> Bool {
        guard let facts = ProcessFacts(of: id) else { return false }
        return facts.startTime == startTime && !facts.isEnded
    }
}

/// The state of a process or a thread.
///
/// Source: the third field of `/proc/PID/stat`, proc(5).
public enum ProcessState {
    /// Whether a signal (`T`) or a tracer (`t`) has stopped it.
    public static func isStopped(_ stat: ArraySlice<UInt8>) -> Bool {
        let state = letter(stat)
        return state == 0x54 || state == 0x74
    }

    /// Whether it has ended (`Z`, `X`) and nobody has asked how.
    public static func hasEnded(_ stat: ArraySlice<UInt8>) -> Bool {
        let state = letter(stat)
        return state == 0x5A || state == 0x58
    }

    private static func letter(_ stat: ArraySlice<UInt8>) -> UInt8? {
        // The name may hold blanks and brackets: the last one closes it.
        stat.lastIndex(of: 0x29).flatMap { close in stat[(close + 1)...].first { $0 != 0x20 } }
    }
}
