// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// Why a process cannot be put into a control group.
public struct GroupProblem: Error, Hashable, Sendable {
    /// What is in the way and what to do about it, as one sentence.
    public var message: String
}

/// A control group that somebody named, in every hierarchy that it was meant in.
public struct NamedGroup: Sendable {
    /// Its directories: one of v2, or one of each v1 hierarchy that has it.
    public var groups: [CgroupView.Group]
    /// Where a process stands that has joined it.
    public var view: CgroupView
}

extension CgroupView {
    /// Finds the group that `path` names.
    ///
    /// Two notations are taken: a directory below a mount of a hierarchy, such as `/sys/fs/cgroup/memory/app`, means
    /// the group of this one hierarchy; a path as `/proc/PID/cgroup` writes it, such as `/app`, means the group of that
    /// name in each hierarchy that has one.
    ///
    /// - Throws: ``GroupProblem`` where there is no such group, or no process may be put into it; see cgroups(7).
    public func named(_ path: String) throws(GroupProblem) -> NamedGroup {
        let parts = path.split(separator: "/").map(String.init)
        guard path.hasPrefix("/"), !parts.contains(".."), !parts.contains(".") else {
            throw GroupProblem(
                message: "'\(path)' is not a control group; write its directory, such as /sys/fs/cgroup/app, or "
                    + "its path as /proc/PID/cgroup shows it, such as /app")
        }
        let normal = "/" + parts.joined(separator: "/")
        let isInMount = mounts.filter { normal == $0.point || normal.hasPrefix($0.point + "/") }
        // Of two mounts the one that lies deeper: on hybrid hosts v2 is mounted within the v1 directory.
        let place = isInMount.max { $0.point.utf8.count < $1.point.utf8.count }
        let chosen = place.map { [$0] } ?? mounts
        var view = self
        var groups: [Group] = []
        for mount in chosen {
            let below =
                place == nil
                ? self.parts(of: normal, in: mount)
                : String(normal.dropFirst(mount.point.count)).split(separator: "/").map(String.init)
            guard let below, case let directory = ([mount.point] + below).joined(separator: "/"), isDirectory(directory)
            else { continue }
            let group = Group(directory: directory, version: mount.version)
            try checkJoinable(group)
            groups.append(group)
            view.move(to: (mount.root == "/" ? "" : mount.root) + "/" + below.joined(separator: "/"), in: mount)
        }
        guard !groups.isEmpty else {
            throw GroupProblem(
                message: mounts.isEmpty
                    ? "there is no control group '\(path)': no hierarchy is mounted here"
                    : "there is no control group '\(path)'; create it first, or look for its path in /proc/PID/cgroup")
        }
        return NamedGroup(groups: groups, view: view)
    }

    /// Where another process stands, of which `membership` is the text of `/proc/PID/cgroup`; the same hierarchies are
    /// seen.
    public func view(ofMembership membership: ArraySlice<UInt8>) -> CgroupView {
        var view = CgroupView(mountinfo: [], membership: membership, prefix: prefix)
        view.mounts = mounts
        return view
    }

    /// Whether `controller` belongs to a v1 hierarchy that is mounted, rather than to v2.
    public func hierarchy(isV1 controller: String) -> Bool { hierarchy(of: controller)?.0.version == 1 }

    /// The groups of the v2 hierarchy, our own first, then its ancestors; empty where none is mounted.
    public var unifiedGroups: [Group] {
        guard let unifiedPath, let mount = mounts.first(where: { $0.version == 2 }) else { return [] }
        return chain(mount, unifiedPath)
    }

    /// The directories of our own group in every hierarchy that can be seen.
    public var ownDirectories: Set<String> {
        var directories: Set<String> = []
        for mount in mounts {
            let path = mount.version == 2 ? unifiedPath : mount.controllers.lazy.compactMap { paths[$0] }.first
            if let path, let own = chain(mount, path).first { directories.insert(own.directory) }
        }
        return directories
    }

    /// The group that counts the CPU time of `group`: itself, or on v1, where quota and accounting may be hierarchies
    /// of their own, the group of the same path in the other one.
    ///
    /// `nil` where we are not in that other group: what it counts is then not what is limited.
    public func accounting(of group: Group) -> Group? {
        if group.version == 2 { return group }
        if SmallFile.text(prefix + group.directory + "/cpuacct.usage") != nil { return group }
        let limiting = mounts.first { $0.controllers.contains("cpu") && group.directory.hasPrefix($0.point) }
        guard let mount = limiting,
            let other = mounts.first(where: { $0.version == 1 && $0.controllers.contains("cpuacct") })
        else { return nil }
        let directory = other.point + group.directory.dropFirst(mount.point.utf8.count)
        return groups(of: "cpuacct").first { $0.directory == directory }
    }

    private func isDirectory(_ path: String) -> Bool {
        (try? OwnedDescriptor.open(prefix + path, 0o200000 /* O_DIRECTORY */)) != nil
    }

    private func checkJoinable(_ group: Group) throws(GroupProblem) {
        let file = prefix + group.directory + "/cgroup.procs"
        guard access(file, W_OK) == 0 else {
            let error = Errno(rawValue: errno)
            throw GroupProblem(
                message: "no process may be put into \(group.directory): \(error) for cgroup.procs; run as root, or as "
                    + "the user that the group is delegated to")
        }
        guard group.version == 2 else { return }
        func text(_ name: String) -> String? { SmallFile.text("\(prefix)\(group.directory)/\(name)") }
        // A group either has processes or hands controllers to its children; the root is free of that.
        if let handed = text("cgroup.subtree_control"), !handed.isEmpty, text("cgroup.type") != nil {
            throw GroupProblem(
                message: "no process may be put into \(group.directory): it hands controllers (\(handed)) to its "
                    + "children; name one of them")
        }
        if let type = text("cgroup.type"), type != "domain" {
            throw GroupProblem(
                message: "no process may be put into \(group.directory): its cgroup.type is '\(type)'; name a domain")
        }
    }
}

extension HostFacts {
    /// The host as a process sees it that has joined the group `path`; see ``CgroupView/named(_:)``.
    public func joining(_ path: String) throws(GroupProblem) -> HostFacts {
        let named = try cgroups.named(path)
        var facts = self
        facts.cgroups = named.view
        facts.joinedGroups = named.groups
        facts.cpuQuota = named.view.cpuQuota
        facts.memoryLimit = named.view.memoryLimit
        facts.memoryHigh = named.view.memoryHigh
        if let allowed = named.view.cpusetCPUs.list, !allowed.isEmpty, cgroups.cpusetCPUs.list != allowed {
            facts.affinityCPUs = allowed.filter(onlineCPUs.contains)
        }
        return facts
    }
}

/// Puts the calling process into control groups.
public enum GroupMembership {
    /// Joins `groups`, and makes sure of it.
    public static func join(_ groups: [String]) throws(GroupProblem) {
        for directory in groups {
            do {
                let file = try OwnedDescriptor.open(directory + "/cgroup.procs", O_WRONLY)
                try file.write(all: Array("0".utf8))
            } catch {
                throw GroupProblem(message: "the kernel refuses to put the process into \(directory): \(remedy(error))")
            }
        }
        guard !groups.isEmpty else { return }
        let own = CgroupView().ownDirectories
        if let missing = groups.first(where: { !own.contains($0) }) {
            throw GroupProblem(message: "the process was put into \(missing), and the kernel does not show it there")
        }
    }

    private static func remedy(_ error: Errno) -> String {
        switch error {
        case .resourceBusy: "\(error); it hands controllers to its children: name one of them"
        case .noSpace: "\(error); its cpuset.cpus or cpuset.mems is empty"
        case .permissionDenied: "\(error); the user must own cgroup.procs of the common ancestor, too"
        default: "\(error)"
        }
    }
}

extension CurrentProcess {
    /// Runs this binary anew in place of this process, which keeps its number, descriptors and control groups.
    ///
    /// What the kernel charged to another group before is given back, and what the new image takes is charged to the
    /// present one. Returns only on failure; the corresponding C function is `execve`.
    public static func runAnew(arguments: [String]) -> Errno {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        argv.append(nil)
        defer { for argument in argv { free(argument) } }
        execve("/proc/self/exe", &argv, environ)
        return Errno(rawValue: errno)
    }
}
