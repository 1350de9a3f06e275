// SPDX-License-Identifier: Apache-2.0

/// How many processes and threads one limit counts, and how many it lets there be; from files that are kept open.
///
/// Sources: `pids.max` and `pids.current` (`Documentation/admin-guide/cgroup-v2.rst` of the kernel), `/proc/loadavg`,
/// whose fourth field has the number of tasks behind the slash, `/proc/sys/kernel/threads-max` and `pid_max`; proc(5).
public final class TaskMeter {
    /// Process numbers that are not given out a second time (`RESERVED_PIDS` in kernel/pid.c).
    public static let reservedNumbers: Int64 = 300

    /// What counts them.
    public let scope: TaskRoom.Scope
    private let count: () -> TaskRoom?

    private init(_ scope: TaskRoom.Scope, _ count: @escaping () -> TaskRoom?) {
        self.scope = scope
        self.count = count
    }

    /// The limit and what counts against it; `nil` where that cannot be read, or where there is no limit any more.
    public func read() -> TaskRoom? { count() }

    /// The tighter of the host's limits: so many tasks, and so many numbers for them; `nil` without `/proc`.
    public static func host() -> TaskMeter? {
        guard let load = ProcFile("/proc/loadavg", capacity: 128) else { return nil }
        let limits = [("/proc/sys/kernel/threads-max", Int64(0)), ("/proc/sys/kernel/pid_max", reservedNumbers)]
            .compactMap { path, reserved in
                ProcFile(path, capacity: 64).map { (path: path, reserved: reserved, file: $0) }
            }
        return TaskMeter(.host) {
            guard let used = load.read(tasks) else { return nil }
            return limits.compactMap { limit in
                limit.file.integer.map {
                    TaskRoom(scope: .host, source: limit.path, most: $0 - limit.reserved, used: used)
                }
            }.min { $0.most < $1.most }
        }
    }

    /// The limits of the groups on the way up, innermost first; groups without a limit are left out.
    public static func groups(_ cgroups: CgroupView) -> [TaskMeter] {
        cgroups.groups(of: "pids").compactMap { group($0.directory) }
    }

    /// The limit of the group at `directory`; `nil` where it has none.
    public static func group(_ directory: String) -> TaskMeter? {
        let (limit, current) = (KeptFile("\(directory)/pids.max"), KeptFile("\(directory)/pids.current"))
        let meter = TaskMeter(.group(directory)) {
            guard let most = limit.integer, let used = current.integer else { return nil }
            return TaskRoom(scope: .group(directory), source: "\(directory)/pids.max", most: most, used: used)
        }
        return meter.read() == nil ? nil : meter
    }

    /// All limits that hold for this process.
    public static func all(_ cgroups: CgroupView) -> [TaskMeter] {
        groups(cgroups) + [user(), host()].compactMap { $0 }
    }

    /// This user's limit; `nil` where there is none for who we are.
    ///
    /// Each reading walks `/proc`.
    public static func user() -> TaskMeter? { TaskRoom.ofUser().map { _ in TaskMeter(.user) { TaskRoom.ofUser() } } }

    /// The number of tasks in `0.1 0.2 0.3 1/234 5678`.
    static func tasks(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return ByteScanner.integer(after: [UInt8(ascii: "/")], in: bytes[slash...])
    }
}

extension TaskRoom {
    /// How many more the kernel would make.
    public var unused: Int64 { max(0, most - used) }
}
