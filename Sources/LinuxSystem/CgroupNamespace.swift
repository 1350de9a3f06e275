// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import SystemPackage

extension CgroupView {
    /// Which kind of control groups a host has.
    public enum Version: String, Sendable {
        /// None can be seen.
        case none
        /// Only hierarchies of cgroup v1.
        case v1
        /// Only the unified hierarchy.
        case v2
        /// Both: each controller belongs to one of them.
        case hybrid
    }

    /// Which kinds of hierarchy are mounted where this process sees them.
    public var version: Version {
        let hasV1 = mounts.contains { $0.version == 1 }
        let hasV2 = mounts.contains { $0.version == 2 }
        return hasV1 ? (hasV2 ? .hybrid : .v1) : (hasV2 ? .v2 : .none)
    }

    /// A controller and where it applies to us.
    public struct Controller: Hashable, Sendable {
        /// Its name, such as `memory`.
        public var name: String
        /// Our own group.
        public var group: Group
        /// The path of our group as `/proc/self/cgroup` tells it.
        public var path: String
    }

    /// The controllers that apply to us, in the order of their names.
    public var controllers: [Controller] {
        var found: [Controller] = []
        for (name, path) in paths where !name.hasPrefix("name=") {
            if let (mount, _) = hierarchy(of: name), mount.version == 1, let group = groups(of: name).first {
                found.append(Controller(name: name, group: group, path: path))
            }
        }
        // A v2 mount tells itself which controllers it has: on a hybrid host often none.
        if let unifiedPath, let mount = mounts.first(where: { $0.version == 2 }),
            let own = chain(mount, unifiedPath).first,
            let bytes = try? SmallFile.bytes("\(prefix)\(own.directory)/cgroup.controllers")
        {
            for name in bytes.split(whereSeparator: { $0 == 0x20 || $0 == 0x0A }) {
                let name = String(decoding: name, as: UTF8.self)
                if paths[name] == nil { found.append(Controller(name: name, group: own, path: unifiedPath)) }
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The group of this process in the v2 hierarchy; `nil` where none is mounted.
    public var unifiedGroup: Group? {
        guard let unifiedPath, let mount = mounts.first(where: { $0.version == 2 }) else { return nil }
        return chain(mount, unifiedPath).first
    }

    /// The namespace that control groups are seen through, from `/proc/self/ns/cgroup`.
    public var namespace: Namespace { Namespace.read("cgroup", prefix: prefix) }
}

/// Whether this process is in the first namespace of a kind, which is the host's, or in one of its own.
public enum Namespace: Hashable, Sendable {
    /// The first one: what is seen is what the host sees.
    case host
    /// One of its own, as containers have: names in it are not the host's.
    case own
    /// It cannot be told.
    case unknown(Errno)

    /// The numbers of the first namespaces, fixed in `include/uapi/linux/nsfs.h` of the kernel.
    private static let first: [String: UInt64] = [
        "ipc": 0xEFFF_FFFF, "uts": 0xEFFF_FFFE, "user": 0xEFFF_FFFD, "pid": 0xEFFF_FFFC, "cgroup": 0xEFFF_FFFB,
    ]

    /// Tells the namespace of `kind` (`cgroup`, `pid`, `user`, `ipc` or `uts`) of this process.
    public static func read(_ kind: String, prefix: String = "") -> Namespace {
        var target = [CChar](repeating: 0, count: 128)
        let count = readlink("\(prefix)/proc/self/ns/\(kind)", &target, target.count)
        if count < 0 { return .unknown(Errno(rawValue: errno)) }
        return parse(target[..<count].map { UInt8(bitPattern: $0) }[...], kind)
    }

    /// Parses the link's target, such as `cgroup:[4026531835]`.
    static func parse(_ target: ArraySlice<UInt8>, _ kind: String) -> Namespace {
        guard let open = target.firstIndex(of: 0x5B), target.last == 0x5D, let first = first[kind] else {
            return .unknown(.badMessage)
        }
        var scanner = ByteScanner(target[(open + 1)...])
        guard let number = scanner.nextInteger(), number > 0 else { return .unknown(.badMessage) }
        return UInt64(number) == first ? .host : .own
    }
}
