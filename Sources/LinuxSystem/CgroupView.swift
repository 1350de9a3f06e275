// SPDX-License-Identifier: Apache-2.0

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

    struct Mount: Sendable {
        var version: Int
        var controllers: Set<String>
        var root: String
        var point: String
    }

    private(set) var mounts: [Mount]
    private(set) var unifiedPath: String?
    private(set) var paths: [String: String]
    let prefix: String

    /// Reads the view of this process.
    ///
    /// - Parameter prefix: put before every path that is read; tests set it to a folder of fixtures.
    public init(prefix: String = "") {
        let mountinfo = SmallFile.text(prefix + "/proc/self/mountinfo") ?? ""
        let membership = SmallFile.text(prefix + "/proc/self/cgroup") ?? ""
        self.init(mountinfo: mountinfo, membership: membership, prefix: prefix)
    }

    /// Parses the two files.
    public init(mountinfo: String, membership: String, prefix: String = "") {
        self.prefix = prefix
        mounts = mountinfo.split(separator: "\n").compactMap(Self.mount)
        paths = [:]
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                unifiedPath = String(fields[2])
            } else {
                for controller in fields[1].split(separator: ",") { paths[String(controller)] = String(fields[2]) }
            }
        }
    }

    private static func mount(_ line: Substring) -> Mount? {
        // 36 35 98:0 /root /point options … - type source superoptions
        let fields = line.split(separator: " ")
        guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 1 else { return nil }
        let type = fields[dash + 1]
        let root = MountTable.unescape(fields[3])
        let point = MountTable.unescape(fields[4])
        if type == "cgroup2" { return Mount(version: 2, controllers: [], root: root, point: point) }
        guard type == "cgroup", let options = fields.last else { return nil }
        let controllers = Set(options.split(separator: ",").map(String.init))
        return Mount(version: 1, controllers: controllers, root: root, point: point)
    }

    /// The groups that `controller` applies to us, our own first, then its ancestors as far as they can be seen.
    ///
    /// Empty where the controller is not mounted.
    public func groups(of controller: String) -> [Group] {
        if let path = paths[controller],
            let mount = mounts.first(where: { $0.version == 1 && $0.controllers.contains(controller) })
        {
            return chain(mount, path)
        }
        if let unifiedPath, let mount = mounts.first(where: { $0.version == 2 }) {
            return chain(mount, unifiedPath)
        }
        return []
    }

    /// Makes `path` our group in one hierarchy.
    mutating func move(to path: String, in mount: Mount) {
        if mount.version == 2 { unifiedPath = path }
        for controller in mount.controllers where paths[controller] != nil { paths[controller] = path }
    }

    func chain(_ mount: Mount, _ path: String) -> [Group] {
        var relative = Substring(path)
        if mount.root != "/", path == mount.root || path.hasPrefix(mount.root + "/") {
            relative = relative.dropFirst(mount.root.count)
        }
        // A private namespace shows paths that lie outside the mount as `/..`: then the mount point is all we see.
        var parts = relative.split(separator: "/").map(String.init)
        if parts.contains("..") { parts = [] }
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

    private func exists(_ directory: String) -> Bool {
        (try? OwnedDescriptor.open(prefix + directory, 0o200000 /* O_DIRECTORY */)) != nil
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

    /// The smallest CPU quota of our group and its ancestors, in cores; `nil` where there is none.
    public var cpuQuota: Limit? {
        smallest(of: "cpu") { group in
            if group.version == 2 {
                // "max 100000" or "50000 100000"; absent in the root group.
                guard let text = SmallFile.text(prefix + group.directory + "/cpu.max") else { return nil }
                let fields = text.split(separator: " ")
                guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0
                else { return nil }
                return (quota / period, "cpu.max")
            }
            guard let quota = number(group.directory + "/cpu.cfs_quota_us"), quota > 0,
                let period = number(group.directory + "/cpu.cfs_period_us"), period > 0
            else { return nil }
            return (quota / period, "cpu.cfs_quota_us")
        }
    }

    /// The smallest memory limit of our group and its ancestors, in bytes; `nil` where there is none.
    public var memoryLimit: Limit? {
        let walked = smallest(of: "memory") { group in
            let file = group.version == 2 ? "memory.max" : "memory.limit_in_bytes"
            // v1 writes "unlimited" as the largest whole number of pages.
            guard let limit = number(group.directory + "/" + file), limit < 0x7FFF_FFFF_0000_0000 else { return nil }
            return (limit, file)
        }
        // v1 also tells the smallest limit of ancestors that a namespace hides.
        guard let own = groups(of: "memory").first, own.version == 1,
            let bytes = try? SmallFile.bytes(prefix + own.directory + "/memory.stat"),
            let hidden = ByteScanner.integer(after: "hierarchical_memory_limit ", in: bytes[...]),
            Double(hidden) < min(walked?.value ?? 0x7FFF_FFFF_0000_0000, 0x7FFF_FFFF_0000_0000)
        else { return walked }
        return Limit(value: Double(hidden), source: own.directory + "/memory.stat", group: own)
    }

    private func smallest(of controller: String, _ limit: (Group) -> (Double, String)?) -> Limit? {
        var smallest: Limit?
        for group in groups(of: controller) {
            guard let (value, file) = limit(group), value < smallest?.value ?? .infinity else { continue }
            smallest = Limit(value: value, source: "\(group.directory)/\(file)", group: group)
        }
        return smallest
    }

    private func number(_ path: String) -> Double? {
        SmallFile.text(prefix + path).flatMap { Double($0) }
    }
}
