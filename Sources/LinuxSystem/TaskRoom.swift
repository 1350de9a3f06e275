// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// How many more processes and threads one limit lets there be.
public struct TaskRoom: Hashable, Sendable {
    /// Whose the limit is.
    public enum Scope: Hashable, Sendable {
        /// Everybody's on this host.
        case host
        /// This user's.
        case user
        /// A control group's, which a directory names.
        case group(String)
    }
    /// Whose the limit is.
    public var scope: Scope
    /// The file or the limit that says so.
    public var source: String
    /// The limit.
    public var most: Int64
    /// How many there are.
    public var used: Int64

    /// Creates a limit.
    public init(scope: Scope, source: String, most: Int64, used: Int64) {
        self.scope = scope
        self.source = source
        self.most = most
        self.used = used
    }

    /// What is kept for others: an eighth of what is everybody's, without which nobody could log in, and of the other
    /// limits a few, without which exert itself could not stop a run.
    public var kept: Int64 { scope == .host ? most / 8 : min(8, most / 8) }
    /// How many more there may be.
    public var free: Int64 { max(0, most - used - kept) }

    /// The limits of the host and of this user, as far as they can be read.
    ///
    /// Sources: `/proc/sys/kernel/pid_max`, `threads-max`, the number of tasks in `/proc/loadavg`; proc(5).
    public static func ofHost() -> [TaskRoom] {
        var rooms: [TaskRoom] = []
        if let used = tasks() {
            for name in ["pid_max", "threads-max"] {
                let path = "/proc/sys/kernel/\(name)"
                guard let most = SmallFile.text(path).flatMap({ Int64($0) }) else { continue }
                rooms.append(TaskRoom(scope: .host, source: path, most: most, used: used))
            }
        }
        return rooms + [ofUser()].compactMap { $0 }
    }

    /// The limits of control groups, each of them; those without a limit are left out.
    public static func ofGroups(_ groups: [CgroupView.Group]) -> [TaskRoom] {
        groups.compactMap { group in
            let limit = GroupProcessLimit(group)
            let reading = limit.read(at: 0)
            return reading.most.map {
                TaskRoom(scope: .group(group.directory), source: limit.source, most: $0, used: reading.count)
            }
        }
    }

    /// All tasks of the host: `0.1 0.2 0.3 1/234 5678`.
    private static func tasks() -> Int64? {
        guard let fields = SmallFile.text("/proc/loadavg")?.split(separator: " "), fields.count >= 4 else { return nil }
        return fields[3].split(separator: "/").last.flatMap { Int64($0) }
    }

    /// `RLIMIT_NPROC`, which holds neither for root nor with `CAP_SYS_ADMIN` or `CAP_SYS_RESOURCE` (`copy_process` in
    /// kernel/fork.c).
    static func ofUser() -> TaskRoom? {
        guard getuid() != 0, CLinux_has_capability(21) != 1, CLinux_has_capability(24) != 1,
            let most = ProcessLimits(((try? SmallFile.bytes("/proc/self/limits")) ?? [])[...]).processes?.soft
        else { return nil }
        let user = Int64(getuid())
        var used: Int64 = 0
        guard let folder = try? OwnedDescriptor.open("/proc", O_RDONLY | O_DIRECTORY) else { return nil }
        DirectoryReader.forEach(ofDescriptor: folder.rawValue) { entry in
            let name = String(cString: entry)
            guard name.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let status = try? SmallFile.bytes("/proc/\(name)/status"),
                ByteScanner.integer(after: "Uid:", in: status[...]) == user
            else { return true }
            used += ByteScanner.integer(after: "Threads:", in: status[...]) ?? 1
            return true
        }
        return TaskRoom(scope: .user, source: "RLIMIT_NPROC", most: most, used: used)
    }
}
