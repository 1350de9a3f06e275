// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Whether `/proc` speaks of this process and its children, and not of somebody else's.
///
/// A mount of proc numbers processes as one pid namespace does, whoever reads it. Where it is another's than ours, as
/// after `unshare --pid` without `--mount-proc`, `/proc/PID` is a stranger with the same number, or nobody.
/// Sources: proc(5), pid_namespaces(7).
public enum ProcMount {
    /// Why it cannot be taken for ours.
    public enum Problem: Error, Hashable, Sendable {
        /// Nothing of the kind is mounted.
        case missing
        /// It is of another pid namespace; how that shows.
        case foreign(String)
        /// It does not show a process that runs and is ours.
        case hidden(Int32)

        /// What it is, and what helps.
        public var message: String {
            switch self {
            case .missing: "/proc is not mounted; mount it: mount -t proc proc /proc"
            case .foreign(let sign):
                "/proc is of another pid namespace (\(sign)), so what it says of a process would be said of a "
                    + "stranger; mount one of this namespace: mount -t proc proc /proc, or unshare --mount-proc"
            case .hidden(let id):
                "/proc does not show process \(id), which runs and is ours (hidepid?); mount it so that it does: mount "
                    + "-o remount,hidepid=0 /proc, or run exert with CAP_SYS_PTRACE, or from a binary that its user "
                    + "may read"
            }
        }
    }

    /// What is wrong with `/proc` as far as this process itself goes; `nil` where it is ours.
    public static var problem: Problem? {
        var target = [CChar](repeating: 0, count: 32)
        let count = readlink("/proc/self", &target, target.count)
        guard count > 0 else {
            // Mounted, and we are no part of the namespace that it shows.
            return CLinux_is_proc("/proc") == 1 ? .foreign("it does not know this process, \(getpid())") : .missing
        }
        let name = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard name == "\(getpid())" else { return .foreign("this process is \(getpid()), and there \(name)") }
        // The numbers may be the same by chance.
        guard let status = try? SmallFile.bytes("/proc/self/status") else { return nil }
        let depth = depth(status[...])
        return depth > 1 ? .foreign("it shows this process \(depth - 1) below its own, by the number \(getpid())") : nil
    }

    /// How many namespaces the process of a `/proc/PID/status` has a number in, from the one that the mount shows down
    /// to its own: the fields of `NSpid`; 0 where the kernel does not tell.
    static func depth(_ status: ArraySlice<UInt8>) -> Int {
        var scanner = ByteScanner(status)
        guard scanner.seek(line: "NSpid:") else { return 0 }
        var depth = 0
        while scanner.nextInteger() != nil { depth += 1 }
        return depth
    }

    /// What is wrong with `/proc` as far as a child goes that has not been waited for; `nil` where it shows that one.
    ///
    /// - Parameters:
    ///   - id: the child.
    ///   - pidDescriptor: its pidfd; negative where the kernel has none.
    ///   - spawned: between which times of `CLOCK_BOOTTIME` it was started, in ns.
    static func problem(ofChild id: Int32, pidDescriptor: Int32, spawned: ClosedRange<Int64>) -> Problem? {
        if let problem { return problem }
        // What the descriptor stands for is our child in any case; the number is the one in the mount's namespace.
        if pidDescriptor >= 0, let facts = try? SmallFile.bytes("/proc/self/fdinfo/\(pidDescriptor)"),
            let number = ByteScanner.integer(after: "Pid:", in: facts[...]), number != Int64(id)
        {
            // -1: it has ended, and there is no number of it any more.
            return number < 0 ? nil : .foreign("process \(id) is \(number) there")
        }
        guard let stat = try? SmallFile.bytes("/proc/\(id)/stat") else {
            return kill(id, 0) == 0 || errno == EPERM ? .hidden(id) : nil
        }
        guard let born = ProcessBirth(stat: stat) else { return nil }
        guard born.parent == getpid() else { return .foreign("process \(id) has another parent there") }
        guard born.isWithin(spawned) else { return .foreign("process \(id) began at another time there") }
        return nil
    }
}

/// Whose child a process is and when it began, from `/proc/PID/stat`.
struct ProcessBirth {
    /// How far the kernel's clock of starts may be from `CLOCK_BOOTTIME`: gVisor makes it out of another one.
    private static let slack: Int64 = 1_000_000_000

    /// Field 4.
    var parent: Int32
    /// Field 22, in clock ticks since the boot.
    var start: Int64

    init?(stat: [UInt8]) {
        // The name may hold blanks and brackets: the last one closes it.
        guard let close = stat.lastIndex(of: 0x29) else { return nil }
        var scanner = ByteScanner(stat[(close + 1)...])
        scanner.skipFields(1)  // state
        guard let parent = scanner.nextInteger() else { return nil }
        scanner.skipFields(17)  // pgrp through itrealvalue
        guard let start = scanner.nextInteger() else { return nil }
        self.parent = Int32(clamping: parent)
        self.start = start
    }

    /// Whether it began between two times of `CLOCK_BOOTTIME`, in ns.
    func isWithin(_ span: ClosedRange<Int64>) -> Bool {
        let tick = 1_000_000_000 / Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let time = start.multipliedSaturating(by: tick)
        return time >= span.lowerBound - tick - Self.slack && time <= span.upperBound + Self.slack
    }
}
