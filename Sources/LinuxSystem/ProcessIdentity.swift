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

    private static var currentBoot: String { SmallFile.text("/proc/sys/kernel/random/boot_id") ?? unknown }

    private static let unknown = "unknown"

    private static var currentNamespace: String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : unknown
    }
}
