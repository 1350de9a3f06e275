// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What tells a process from every other one, before and after it: its id alone is used again.
public struct ProcessIdentity: Hashable, Sendable {
    /// The process's id.
    public var processID: Int32
    /// When it was started, in clock ticks since the boot: field 22 of `/proc/PID/stat`.
    public var startTime: UInt64
    /// The boot, from `/proc/sys/kernel/random/boot_id`.
    public var boot: String
    /// The namespace that the id is of: the link `/proc/self/ns/pid`.
    public var namespace: String

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
        guard boot == Self.currentBoot else { return false }
        guard namespace == Self.currentNamespace else { return nil }
        return ProcessFacts.isRunning(processID, startedAt: startTime)
    }

    private static var currentBoot: String { SmallFile.text("/proc/sys/kernel/random/boot_id") ?? "unknown" }

    private static var currentNamespace: String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "unknown"
    }
}
