// SPDX-License-Identifier: Apache-2.0

/// The CPU quota of one control group and how often it stopped the group.
///
/// Sources: `cpu.max` and `cpu.stat` (v2), `cpu.cfs_quota_us`, `cpu.cfs_period_us` and `cpu.stat` (v1). What a group is
/// throttled for by its parent's quota, the parent counts: `Documentation/scheduler/sched-bwc.rst` of the kernel.
public final class GroupQuota: GroupFiles {
    /// The quota and its counters.
    public struct Reading: Hashable, Sendable {
        /// The quota in cores; `nil` where there is none.
        public var cores: Double?
        /// How often it stopped the group; `nil` where that cannot be read.
        public var throttledCount: Int64?
        /// For how long, in ns; of v1 and v2 alike the sum over processors; `nil` where that cannot be read.
        public var throttledTime: Int64?

        /// Creates a reading.
        public init(cores: Double?, throttledCount: Int64?, throttledTime: Int64?) {
            self.cores = cores
            self.throttledCount = throttledCount
            self.throttledTime = throttledTime
        }
    }

    /// See ``GroupFiles/group``.
    public let group: CgroupView.Group
    /// The file that says how much.
    public let source: String
    private let limit: KeptFile
    private let period: KeptFile?
    private let statistics: KeptFile
    private var fresh = Fresh<Reading>()

    /// See ``GroupFiles/init(_:)``.
    public init(_ group: CgroupView.Group) {
        self.group = group
        let isUnified = group.version == 2
        source = "\(group.directory)/\(isUnified ? "cpu.max" : "cpu.cfs_quota_us")"
        limit = KeptFile(source)
        period = isUnified ? nil : KeptFile("\(group.directory)/cpu.cfs_period_us")
        statistics = KeptFile("\(group.directory)/cpu.stat", capacity: 1024)
    }

    /// See ``GroupFiles/lookAgain()``.
    public func lookAgain() {
        limit.lookAgain()
        statistics.lookAgain()
    }

    /// The figures at `now`, ns of any clock.
    public func read(at now: Int64) -> Reading {
        fresh.value(at: now) {
            let counters = statistics.read { Self.counters($0, version: group.version) }
            var reading = Reading(cores: cores, throttledCount: counters?.count, throttledTime: counters?.time)
            // Nothing throttles a group without the controller, and its counters begin with it: 0 is what they were.
            if let counters, counters == (nil, nil), isUncontrolled {
                (reading.throttledCount, reading.throttledTime) = (0, 0)
            }
            return reading
        }
    }

    /// Whether it is a v2 group whose parent does not hand down the controller.
    ///
    /// `cpu.stat` has times alone then, and `cpu.max` is not there: `Documentation/admin-guide/cgroup-v2.rst` of the
    /// kernel.
    private var isUncontrolled: Bool { group.version == 2 && limit.read { _ in true } == nil }

    private var cores: Double? {
        let version = group.version
        guard case .limited(let value)? = limit.read({ CgroupView.limit($0, .cpuQuota, version: version) }) else {
            return nil
        }
        guard version == 1 else { return value }
        guard let length = period?.integer, length > 0 else { return nil }
        return value / Double(length)
    }

    /// `nr_throttled`, and `throttled_usec` (v2) or `throttled_time` (v1, ns) in ns; `nil` where a line is missing, as
    /// in a v2 group without the controller.
    static func counters(_ bytes: ArraySlice<UInt8>, version: Int) -> (count: Int64?, time: Int64?) {
        let time =
            version == 2
            ? ByteScanner.integer(after: "throttled_usec ", in: bytes)?.multipliedSaturating(by: 1000)
            : ByteScanner.integer(after: "throttled_time ", in: bytes)
        return (ByteScanner.integer(after: "nr_throttled ", in: bytes), time)
    }
}

/// How many processes and threads one control group may have, and how often it was refused one.
///
/// Sources: `pids.max`, `pids.current` and `pids.events`, in v1 and v2 alike; see
/// `Documentation/admin-guide/cgroup-v2.rst` of the kernel.
public final class GroupProcessLimit: GroupFiles {
    /// The limit and its counter.
    public struct Reading: Hashable, Sendable {
        /// The limit; `nil` where there is none.
        public var most: Int64?
        /// How many there are.
        public var count: Int64
        /// How often a process or a thread was refused.
        public var refusals: Int64
    }

    /// See ``GroupFiles/group``.
    public let group: CgroupView.Group
    /// The file that says how many.
    public let source: String
    private let limit: KeptFile
    private let current: KeptFile
    private let events: KeptFile
    private var fresh = Fresh<Reading>()

    /// See ``GroupFiles/init(_:)``.
    public init(_ group: CgroupView.Group) {
        self.group = group
        source = "\(group.directory)/pids.max"
        limit = KeptFile(source)
        current = KeptFile("\(group.directory)/pids.current")
        events = KeptFile("\(group.directory)/pids.events")
    }

    /// See ``GroupFiles/lookAgain()``.
    public func lookAgain() {
        limit.lookAgain()
        current.lookAgain()
        events.lookAgain()
    }

    /// The figures at `now`, ns of any clock.
    public func read(at now: Int64) -> Reading {
        fresh.value(at: now) {
            Reading(
                most: limit.integer, count: current.integer ?? 0,
                refusals: events.read { ByteScanner.integer(after: "max ", in: $0) } ?? 0)
        }
    }
}

/// Whether a process's control groups are frozen, and for how long they were.
///
/// Sources: `cgroup.events` and `cgroup.stat.local` (v2, the latter since Linux 6.18), `freezer.state` (v1); all of
/// them know of frozen ancestors. See `Documentation/admin-guide/cgroup-v2.rst` and `cgroup-v1/freezer-subsystem.rst`.
public final class GroupFreezer: GroupFiles {
    /// What the group says.
    public struct Reading: Hashable, Sendable {
        /// Whether it is frozen, or being frozen.
        public var isFrozen: Bool
        /// For how long it was in all, in ns; `nil` where the kernel does not count it.
        public var time: Int64?
    }

    /// See ``GroupFiles/group``.
    public let group: CgroupView.Group
    private let state: KeptFile
    private let statistics: KeptFile?
    private var fresh = Fresh<Reading>()

    /// See ``GroupFiles/init(_:)``.
    public init(_ group: CgroupView.Group) {
        self.group = group
        let isUnified = group.version == 2
        state = KeptFile("\(group.directory)/\(isUnified ? "cgroup.events" : "freezer.state")")
        statistics = isUnified ? KeptFile("\(group.directory)/cgroup.stat.local") : nil
    }

    /// See ``GroupFiles/lookAgain()``.
    public func lookAgain() {}

    /// What the group says at `now`, ns of any clock.
    public func read(at now: Int64) -> Reading {
        fresh.value(at: now) {
            let isFrozen = state.read { Self.isFrozen($0, version: group.version) } ?? false
            return Reading(
                isFrozen: isFrozen,
                time: statistics?.read { ByteScanner.integer(after: "frozen_usec ", in: $0) }?
                    .multipliedSaturating(by: 1000))
        }
    }

    static func isFrozen(_ bytes: ArraySlice<UInt8>, version: Int) -> Bool {
        if version == 2 { return ByteScanner.integer(after: "frozen ", in: bytes) == 1 }
        // FROZEN, FREEZING or THAWED
        var scanner = ByteScanner(bytes)
        return scanner.take("FR")
    }

    /// Which of `groups`, a group and its ancestors, was told to freeze, and what its file says; `nil` where none says
    /// so.
    public static func order(in groups: [CgroupView.Group]) -> (source: String, text: String)? {
        for group in groups {
            let path = group.directory + (group.version == 2 ? "/cgroup.freeze" : "/freezer.self_freezing")
            if SmallFile.text(path) == "1" { return (path, "1") }
        }
        return nil
    }
}
