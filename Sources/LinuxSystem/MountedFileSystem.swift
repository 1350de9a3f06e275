// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A file system that holds files of its own, and how full it is.
public struct MountedFileSystem: Sendable {
    /// What the file system said.
    public enum Answer: Hashable, Sendable {
        /// How full it is, and whether this mount is read-only.
        case known(FileSystemSpace, isReadOnly: Bool)
        /// It cannot be asked.
        case unreadable(Errno)
        /// It was not asked, because an answer may never come: it is, or lies below, one of type `type`.
        case notAsked(type: String)
    }

    /// The mount that stands for the file system: of several the one with the shortest path.
    public var mount: MountTable.Entry
    /// Where else it is mounted.
    public var otherPoints: [String]
    /// What it said.
    public var answer: Answer
    /// Whether its files are in memory rather than on a disk.
    public var isMemory: Bool
    /// Whether the mount point is a directory; a container's `/etc/hosts` is none.
    public var isDirectory: Bool

    /// File systems that the kernel makes up, and that hold no files of anybody.
    private static let pseudoTypes: Set<String> = [
        "autofs", "bdev", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs",
        "devpts", "devtmpfs", "dmabuf", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nfsd", "nsfs", "pipefs", "proc",
        "pstore", "resctrl", "rootfs", "rpc_pipefs", "secretmem", "securityfs", "selinuxfs", "smackfs", "sockfs",
        "sysfs", "tracefs",
    ]

    /// File systems without a device of their own that answer from this host's memory and disks.
    private static let localTypes: Set<String> = [
        "tmpfs", "ramfs", "overlay", "btrfs", "zfs", "bcachefs", "aufs", "ubifs", "jffs2", "unionfs",
    ]

    /// Whether asking the file system of a mount may take for ever: it has no disk of this host's behind it.
    public static func mayHang(_ mount: MountTable.Entry) -> Bool {
        mount.type.hasPrefix("fuse") || (mount.major == 0 && !localTypes.contains(mount.type))
    }

    /// Lists the file systems of `mounts`, in the order of their mount points.
    ///
    /// - Parameter named: directories whose file systems are asked however remote they are.
    public static func list(_ mounts: MountTable, named: [String] = []) -> [MountedFileSystem] {
        // Of two mounts on one point the later one hides the other.
        var visible: [String: Int] = [:]
        for (index, entry) in mounts.entries.enumerated() { visible[entry.point] = index }
        let remotePoints = mounts.entries.filter { mayHang($0) && !pseudoTypes.contains($0.type) }.map(\.point)
        let wanted = Set(named.compactMap { mounts.mount(above: $0)?.point })
        var groups: [[MountTable.Entry]] = []
        var places: [String: Int] = [:]
        for (index, entry) in mounts.entries.enumerated() where visible[entry.point] == index && isShown(entry) {
            let key = "\(entry.major):\(entry.minor) \(entry.type)"
            if let place = places[key] {
                groups[place].append(entry)
            } else {
                places[key] = groups.count
                groups.append([entry])
            }
        }
        return groups.compactMap { group in
            let points = group.map(\.point).sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
            guard let mount = group.first(where: { $0.point == points[0] }) else { return nil }
            let isWanted = points.contains(where: wanted.contains)
            let isBlocked = mayHang(mount) || remotePoints.contains { mount.point.hasPrefix($0 + "/") && $0 != "/" }
            return MountedFileSystem(mount, Array(points.dropFirst()), mounts, isAsked: isWanted || !isBlocked)
        }.sorted { $0.mount.point < $1.mount.point }
    }

    private static func isShown(_ entry: MountTable.Entry) -> Bool {
        // What covers files of /proc and /sys, as container runtimes do, is nobody's disk.
        let isCover = ["/proc", "/sys"].contains { entry.point == $0 || entry.point.hasPrefix($0 + "/") }
        return !isCover && !pseudoTypes.contains(entry.type)
    }

    private init(_ mount: MountTable.Entry, _ otherPoints: [String], _ mounts: MountTable, isAsked: Bool) {
        self.mount = mount
        self.otherPoints = otherPoints
        isMemory = FileSystemFacts.memoryTypes.contains(mount.type)
        isDirectory = true
        guard isAsked else {
            answer = .notAsked(type: mount.type)
            return
        }
        if Storage(of: mount, mounts: mounts).isMemory { isMemory = true }
        if Places.waitForAnswer(of: mount.point) != nil {
            answer = .unreadable(.timedOut)
            return
        }
        var facts = statvfs()
        guard statvfs(mount.point, &facts) == 0 else {
            answer = .unreadable(Errno(rawValue: errno))
            return
        }
        var status = stat()
        isDirectory = stat(mount.point, &status) != 0 || status.st_mode & S_IFMT == S_IFDIR
        answer = .known(FileSystemSpace(facts), isReadOnly: facts.f_flag & 1 /* ST_RDONLY */ != 0)
    }
}
