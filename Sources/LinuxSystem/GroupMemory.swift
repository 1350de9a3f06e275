// SPDX-License-Identifier: Apache-2.0

/// The memory limits of one control group, what it uses, and what they did to it.
///
/// Sources: `memory.max`, `memory.high`, `memory.current`, `memory.swap.current` and `memory.events` (v2),
/// `memory.limit_in_bytes` (v1); `Documentation/admin-guide/cgroup-v2.rst` of the kernel.
public final class GroupMemory: GroupFiles {
    /// Limits and counters, in bytes where nothing else is said.
    public struct Reading: Hashable, Sendable {
        /// The limit at which the OOM killer comes; `nil` where there is none.
        public var most: Int64?
        /// The limit above which the group is slowed down; `nil` where there is none, as always in v1.
        public var high: Int64?
        /// What is charged to the group; `nil` where it is not asked, or cannot be read, as the next two.
        public var used: Int64?
        /// What of it is paged out.
        public var swapped: Int64?
        /// How often a task of the group, or of one below it, was made to reclaim because of `high`.
        public var highEvents: Int64?
    }

    /// See ``GroupFiles/group``.
    public let group: CgroupView.Group
    /// The file of the limit at which the OOM killer comes.
    public let source: String
    /// The file of the limit above which the group is slowed down.
    public var highSource: String { group.directory + "/memory.high" }
    private let most: KeptFile
    private let high: KeptFile?
    private let current: KeptFile?
    private let swap: KeptFile?
    private let events: KeptFile?
    private var fresh = Fresh<Reading>()

    /// See ``GroupFiles/init(_:)``.
    public init(_ group: CgroupView.Group) {
        self.group = group
        let isUnified = group.version == 2
        source = "\(group.directory)/\(isUnified ? "memory.max" : "memory.limit_in_bytes")"
        most = KeptFile(source)
        func unified(_ name: String) -> KeptFile? { isUnified ? KeptFile("\(group.directory)/\(name)") : nil }
        high = unified("memory.high")
        current = unified("memory.current")
        swap = unified("memory.swap.current")
        events = unified("memory.events")
    }

    /// See ``GroupFiles/lookAgain()``.
    public func lookAgain() {
        most.lookAgain()
        for file in [high, current, swap, events] { file?.lookAgain() }
    }

    /// The figures at `now`, ns of any clock.
    public func read(at now: Int64) -> Reading {
        fresh.value(at: now) {
            var reading = Reading()
            reading.most = limit(most, .memory)
            reading.high = high.flatMap { limit($0, .memoryHigh) }
            // Nobody asks for the rest where there is no such limit.
            guard reading.high != nil else { return reading }
            reading.used = current?.integer
            reading.swapped = swap?.integer
            reading.highEvents = events?.read { ByteScanner.integer(after: "high ", in: $0) }
            return reading
        }
    }

    private func limit(_ file: KeptFile, _ resource: CgroupView.Resource) -> Int64? {
        let version = group.version
        guard case .limited(let value)? = file.read({ CgroupView.limit($0, resource, version: version) }) else {
            return nil
        }
        return Int64(value)
    }
}

/// How often the OOM killer has killed in one control group.
///
/// Sources: `oom_kill` of `memory.events` (v2, groups below included) and of `memory.oom_control` (v1). The kernel
/// counts a kill for the group of the one that is killed, whoever's limit it was, and before it sends the signal:
/// `__oom_kill_process` in mm/oom_kill.c.
public final class GroupOOMKills: GroupFiles {
    /// See ``GroupFiles/group``.
    public let group: CgroupView.Group
    /// The file that counts.
    public let source: String
    private let file: KeptFile
    private var fresh = Fresh<Int64?>()

    /// See ``GroupFiles/init(_:)``.
    public init(_ group: CgroupView.Group) {
        self.group = group
        source = "\(group.directory)/\(group.version == 2 ? "memory.events" : "memory.oom_control")"
        file = KeptFile(source)
    }

    /// See ``GroupFiles/lookAgain()``.
    public func lookAgain() { file.lookAgain() }

    /// How many were killed by `now`, ns of any clock; `nil` where the kernel does not count them.
    public func read(at now: Int64) -> Int64? {
        fresh.value(at: now) { file.read { ByteScanner.integer(after: "oom_kill ", in: $0) } }
    }
}
