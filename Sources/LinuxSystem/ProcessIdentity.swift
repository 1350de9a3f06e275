// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What tells a process from every other one, before and after it: its id alone is used again.
public struct ProcessIdentity: Hashable, Sendable {
    /// The process's id.
    public var processID: Int32
    /// When it was started, in clock ticks since the boot: field 22 of `/proc/PID/stat`; 0 where that was unreadable.
    public var startTime: UInt64
    /// The boot, from `/proc/sys/kernel/random/boot_id`; `unknown` where that was unreadable.
    public var boot: String
    /// The namespace that the id is of: the link `/proc/self/ns/pid`.
    public var namespace: String

    /// Creates what was read of a process before.
    public init(processID: Int32, startTime: UInt64, boot: String, namespace: String) {
        self.processID = processID
        self.startTime = startTime
        self.boot = boot
        self.namespace = namespace
    }

    /// This process.
    public static func current() -> ProcessIdentity {
        ProcessIdentity(
            processID: getpid(), startTime: startTime(of: getpid()) ?? 0, boot: currentBoot,
            namespace: currentNamespace)
    }

    /// When a process was started; `nil` where there is none of that id.
    public static func startTime(of processID: Int32) -> UInt64? {
        ProcessFacts(of: processID)?.startTime
    }

    /// Whether the process still runs; `nil` where that cannot be told from here.
    public var isAlive: Bool? {
        let (boot, namespace) = (Self.currentBoot, Self.currentNamespace)
        if boot != Self.unknown, self.boot != Self.unknown, self.boot != boot { return false }
        // What /proc does not tell, or tells of others, is no answer.
        guard namespace == self.namespace, namespace != Self.unknown, startTime != 0, ProcMount.problem == nil else {
            return nil
        }
        if ProcessFacts.isRunning(processID, startedAt: startTime) { return true }
        // hidepid: it may be there, and not for us to see.
        if ProcessFacts(of: processID) == nil, kill(processID, 0) == 0 || errno == EPERM { return nil }
        // Another process has the number now, or none: nothing of this boot or of any other.
        return false
    }

    /// A process as it can be seen from this namespace.
    public enum Sight: Hashable, Sendable {
        /// It runs, under this id.
        case running(Int32)
        /// It has ended.
        case ended
        /// That cannot be told from here.
        case unknown
    }

    /// The process as it can be seen from this namespace, whichever it is of.
    ///
    /// Of another namespace it is found by its id there, the last number of `NSpid` in `/proc/PID/status`. A namespace
    /// that nobody is in any more has ended with all its processes: pid_namespaces(7).
    public var here: Sight {
        switch isAlive {
        case true?: return .running(processID)
        case false?: return .ended
        case nil: break
        }
        let current = Self.currentNamespace
        guard namespace != current, namespace != Self.unknown, current != Self.unknown, startTime != 0,
            ProcMount.problem == nil, let proc = try? OwnedDescriptor.open("/proc", O_RDONLY | O_DIRECTORY)
        else { return .unknown }
        // Only the first namespace sees all others: PROC_PID_INIT_INO in include/linux/proc_ns.h.
        var isDeserted = current == "pid:[4026531836]"
        for id in DirectoryReader.names(ofDescriptor: proc.rawValue).compactMap({ Int32($0) }) {
            let link = Self.namespace(of: "\(id)")
            // One that may not be looked into may be of it, but for the first one; one that has ended meanwhile is not.
            if link == Self.unknown, id != 1, ProcessFacts(of: id).map({ !$0.isEnded }) ?? false { isDeserted = false }
            guard link == namespace else { continue }
            isDeserted = false
            let status = SmallFile.text("/proc/\(id)/status") ?? ""
            let ids = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }?.split(separator: "\t")
            guard ids?.last.flatMap({ Int32($0) }) == processID, Self.startTime(of: id) == startTime else { continue }
            return .running(id)
        }
        return isDeserted ? .ended : .unknown
    }

    private static var currentBoot: String { SmallFile.text("/proc/sys/kernel/random/boot_id") ?? unknown }

    private static let unknown = "unknown"

    private static var currentNamespace: String { namespace(of: "self") }

    private static func namespace(of process: String) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(process)/ns/pid", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : unknown
    }
}
