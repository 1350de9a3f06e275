// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// Where this process stands in the control groups, v1, v2 or both.
///
/// Read as cgroups(7) and the kernel's admin guide describe: `/proc/self/mountinfo` says which hierarchies can be seen
/// and where, `/proc/self/cgroup` which group of each is ours. That a v2 mount exists does not mean that v2 has the
/// controllers: on a hybrid host it has none.
public struct CgroupView: Sendable {
    /// One directory of a hierarchy.
    public struct Group: Hashable, Sendable {
        /// The directory, such as `/sys/fs/cgroup/cpu/app`.
        public var directory: String
        /// 1 or 2.
        public var version: Int
    }

    struct Mount: Hashable, Sendable {
        var version: Int
        var controllers: Set<String>
        var root: String
        var point: String
    }

    /// The hierarchies that can be seen, in the order of mounting.
    var mounts: [Mount]
    /// Our group in the v2 hierarchy, as `/proc/self/cgroup` names it.
    private(set) var unifiedPath: String?
    /// Our group for each v1 controller.
    private(set) var paths: [String: String]
    let prefix: String
    /// Which of the two files could not be read, and why.
    public private(set) var unread: [String: Errno] = [:]

    /// No path of Linux is longer; a text that says otherwise is not walked.
    private static let longestPath = 4096

    /// Reads the view of this process.
    ///
    /// - Parameter prefix: put before every path that is read; tests set it to a folder of fixtures.
    public init(prefix: String = "") {
        var unread: [String: Errno] = [:]
        func bytes(_ path: String) -> [UInt8] {
            do throws(Errno) {
                // A host with thousands of containers has megabytes of mounts.
                return try SmallFile.bytes(prefix + path, limit: 16 << 20)
            } catch {
                unread[path] = error
                return []
            }
        }
        let mountinfo = bytes("/proc/self/mountinfo")
        let membership = bytes("/proc/self/cgroup")
        self.init(mountinfo: mountinfo[...], membership: membership[...], prefix: prefix)
        self.unread = unread
    }

    /// Parses the two files.
    public init(mountinfo: String, membership: String, prefix: String = "") {
        self.init(mountinfo: Array(mountinfo.utf8)[...], membership: Array(membership.utf8)[...], prefix: prefix)
    }

    /// Parses the bytes of the two files.
    public init(mountinfo: ArraySlice<UInt8>, membership: ArraySlice<UInt8>, prefix: String = "") {
        self.prefix = prefix
        mounts = mountinfo.split(separator: 0x0A).compactMap(Self.mount)
        var paths: [String: String] = [:]
        var unifiedPath: String?
        for line in membership.split(separator: 0x0A) {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let path = String(decoding: fields[2], as: UTF8.self)
            if fields[1].isEmpty {
                unifiedPath = path
            } else {
                for controller in fields[1].split(separator: UInt8(ascii: ",")) {
                    paths[String(decoding: controller, as: UTF8.self)] = path
                }
            }
        }
        self.paths = paths
        self.unifiedPath = unifiedPath
    }

    private static func mount(_ line: ArraySlice<UInt8>) -> Mount? {
        // 36 35 98:0 /root /point options … - type source superoptions
        let fields = line.split(separator: 0x20)
        guard fields.count > 7, let dash = fields.firstIndex(where: { $0.elementsEqual([0x2D]) }), dash >= 6,
            fields.count > dash + 1
        else { return nil }
        let type = String(decoding: fields[dash + 1], as: UTF8.self)
        guard type == "cgroup2" || type == "cgroup", let options = fields.last else { return nil }
        let root = MountTable.unescape(fields[3])
        let point = MountTable.unescape(fields[4])
        if type == "cgroup2" { return Mount(version: 2, controllers: [], root: root, point: point) }
        let controllers = options.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
        return Mount(version: 1, controllers: Set(controllers), root: root, point: point)
    }

    /// The groups that `controller` applies to us, our own first, then its ancestors as far as they can be seen.
    ///
    /// Empty where the controller is not mounted.
    public func groups(of controller: String) -> [Group] {
        if let (mount, path) = hierarchy(of: controller) { return chain(mount, path) }
        return []
    }

    /// Makes `path` our group in one hierarchy.
    mutating func move(to path: String, in mount: Mount) {
        if mount.version == 2 { unifiedPath = path }
        for controller in mount.controllers where paths[controller] != nil { paths[controller] = path }
    }

    /// The mount that `controller` is looked for in, and our group's path there.
    func hierarchy(of controller: String) -> (Mount, String)? {
        if let path = paths[controller],
            let mount = mounts.first(where: { $0.version == 1 && $0.controllers.contains(controller) })
        {
            return (mount, path)
        }
        if let unifiedPath, let mount = mounts.first(where: { $0.version == 2 }) { return (mount, unifiedPath) }
        return nil
    }

    /// The names from the mount point to our group; `nil` where the path leads out of the mount.
    func parts(of path: String, in mount: Mount) -> [String]? {
        var relative = Substring(path)
        if mount.root != "/", path == mount.root || path.hasPrefix(mount.root + "/") {
            relative = relative.dropFirst(mount.root.count)
        }
        // A private namespace shows paths that lie outside the mount as `/..`: then the mount point is all we see.
        let parts = relative.split(separator: "/").map(String.init)
        // So does one whose mounts are the host's: their root is then `/..`, and where we are below it is not told.
        if mount.root.split(separator: "/").contains("..") { return nil }
        return parts.contains("..") || path.utf8.count > Self.longestPath ? nil : parts
    }

    func chain(_ mount: Mount, _ path: String) -> [Group] {
        var parts = parts(of: path, in: mount) ?? []
        var groups: [Group] = []
        while true {
            let directory = ([mount.point] + parts).joined(separator: "/")
            if parts.isEmpty || exists(directory) {
                groups.append(Group(directory: directory, version: mount.version))
            }
            if parts.isEmpty { return groups }
            parts.removeLast()
        }
    }

    /// Whether our own group of `controller` can be seen, rather than the mount point in its stead.
    func seesOwnGroup(of controller: String) -> Bool {
        guard let (mount, path) = hierarchy(of: controller), let own = chain(mount, path).first else { return false }
        return own.directory == ([mount.point] + (parts(of: path, in: mount) ?? ["", ""])).joined(separator: "/")
    }

    /// A directory that may not be looked into is one: its limits are unreadable, not absent.
    private func exists(_ directory: String) -> Bool {
        do throws(Errno) {
            _ = try OwnedDescriptor.open(prefix + directory, 0o10200000 /* O_PATH | O_DIRECTORY */).rawValue
            return true
        } catch {
            return error != .noSuchFileOrDirectory && error != .notDirectory && error != .fileNameTooLong
        }
    }

    /// A limit and the file that set it.
    public struct Limit: Hashable, Sendable {
        /// Cores for CPU, bytes for memory.
        public var value: Double
        /// The file that says so.
        public var source: String
        /// The group's directory.
        public var group: Group
    }

    /// The smallest CPU quota of our group and its ancestors, in cores; `nil` where there is none that can be read.
    public var cpuQuota: Limit? { report(.cpuQuota).limit }

    /// The smallest memory limit of our group and its ancestors, in bytes; `nil` where there is none that can be read.
    public var memoryLimit: Limit? { report(.memory).limit }

    /// The smallest `memory.high` of our group and its ancestors, in bytes; `nil` where there is none that can be read.
    public var memoryHigh: Limit? { report(.memoryHigh).limit }
}
