// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

extension CgroupView {
    /// What control groups can limit.
    public enum Resource: CaseIterable, Sendable {
        /// CPU time, in cores: `cpu.max`, `cpu.cfs_quota_us`.
        case cpuQuota
        /// Memory at which the OOM killer comes, in bytes: `memory.max`, `memory.limit_in_bytes`.
        case memory
        /// Memory above which a group is slowed down, in bytes: `memory.high` of v2.
        case memoryHigh
        /// Swap in bytes, `memory.swap.max`; of v1 memory and swap together, `memory.memsw.limit_in_bytes`.
        case swap
        /// Processes and threads, a count: `pids.max`.
        case processes

        var controller: String {
            switch self {
            case .cpuQuota: "cpu"
            case .memory, .memoryHigh, .swap: "memory"
            case .processes: "pids"
            }
        }

        /// The file of a group of `version`; `nil` where that has none.
        func file(version: Int) -> String? {
            switch self {
            case .cpuQuota: version == 2 ? "cpu.max" : "cpu.cfs_quota_us"
            case .memory: version == 2 ? "memory.max" : "memory.limit_in_bytes"
            case .memoryHigh: version == 2 ? "memory.high" : nil
            case .swap: version == 2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"
            case .processes: "pids.max"
            }
        }

        /// What v1 tells in `memory.stat` of the smallest limit of all ancestors, hidden ones included.
        var hierarchicalKey: StaticString? {
            switch self {
            case .memory: "hierarchical_memory_limit "
            case .swap: "hierarchical_memsw_limit "
            default: nil
            }
        }
    }

    /// What one group says of a limit.
    public enum LimitAnswer: Hashable, Sendable {
        /// The file is there and says that there is none.
        case unlimited
        /// The file says how much.
        case limited(Limit)
        /// The file is there and cannot be read or understood (`EBADMSG`), so that nobody knows.
        case unreadable(path: String, Errno)
        /// The group has no such file: the controller does not limit it, as in the root group.
        case absent
    }

    /// What all groups from our own up to the mount point say of a limit.
    public struct LimitReport: Hashable, Sendable {
        /// What was asked for.
        public var resource: Resource
        /// Each group's answer, our own group's first.
        public var levels: [Level]
        /// A smaller limit of an ancestor that cannot be seen, which v1 tells of memory.
        public var hidden: Limit?
        /// Whether there are ancestors that cannot be seen, whose limits then apply unseen; `nil` where even that
        /// cannot be told.
        public var hidesAncestors: Bool?

        /// Whether the first level is our own group.
        ///
        /// Where the path of `/proc/self/cgroup` leads out of what is mounted, only the mount point can be asked.
        public var seesOwnGroup: Bool

        /// One group.
        public struct Level: Hashable, Sendable {
            /// Which one.
            public var group: Group
            /// What it says.
            public var answer: LimitAnswer
        }

        /// What applies to us, as far as it can be read.
        ///
        /// The smallest of what could be read. `unlimited` only where each level could be read, our own group's among
        /// them: one that could not may have any limit.
        public var effective: LimitAnswer {
            if let limit { return .limited(limit) }
            for case .unreadable(let path, let error) in levels.map(\.answer) { return .unreadable(path: path, error) }
            if !seesOwnGroup, let level = levels.first {
                return .unreadable(path: level.group.directory, .noSuchFileOrDirectory)
            }
            return levels.contains { $0.answer == .unlimited } ? .unlimited : .absent
        }

        /// What could not be read: with a limit from elsewhere, the real one may be smaller.
        public var unread: [LimitAnswer] {
            levels.map(\.answer).filter { if case .unreadable = $0 { true } else { false } }
        }

        /// The smallest limit that could be read.
        public var limit: Limit? {
            var smallest: Limit?
            for case .limited(let limit) in levels.map(\.answer) where limit.value < smallest?.value ?? .infinity {
                smallest = limit
            }
            if let hidden, hidden.value < smallest?.value ?? .infinity { return hidden }
            return smallest
        }
    }

    /// Asks each group that applies to us for its limit of `resource`.
    public func report(_ resource: Resource) -> LimitReport {
        let groups = groups(of: resource.controller)
        let levels = groups.map { LimitReport.Level(group: $0, answer: answer($0, resource)) }
        return LimitReport(
            resource: resource, levels: levels, hidden: groups.first.flatMap { hiddenLimit($0, resource) },
            hidesAncestors: groups.last.flatMap(isRoot).map { !$0 }, seesOwnGroup: seesOwnGroup(of: resource.controller)
        )
    }

    private func answer(_ group: Group, _ resource: Resource) -> LimitAnswer {
        guard let file = resource.file(version: group.version) else { return .absent }
        let path = "\(group.directory)/\(file)"
        do throws(Errno) {
            let bytes = try SmallFile.bytes(prefix + path)
            var value = Self.limit(bytes[...], resource, version: group.version)
            if resource == .cpuQuota, group.version == 1, case .limited(let quota) = value {
                let period = try SmallFile.bytes("\(prefix)\(group.directory)/cpu.cfs_period_us")
                value = Self.quota(quota, period[...])
            }
            switch value {
            case .unlimited: return .unlimited
            case .limited(let value): return .limited(Limit(value: value, source: path, group: group))
            case .malformed: return .unreadable(path: path, .badMessage)
            }
        } catch {
            return error == .noSuchFileOrDirectory ? .absent : .unreadable(path: path, error)
        }
    }

    /// What the text of a limit says.
    enum LimitText: Hashable {
        case unlimited, malformed
        case limited(Double)
    }

    /// v1 writes "unlimited" as the largest whole number of pages.
    private static let unlimitedBytes: Int64 = 0x7FFF_FFFF_0000_0000

    /// Parses a limit: `max`, a number, or for CPU of v2 `quota period`, and for CPU of v1 microseconds, -1 for none.
    static func limit(_ bytes: ArraySlice<UInt8>, _ resource: Resource, version: Int) -> LimitText {
        var scanner = ByteScanner(bytes)
        let isUnlimited = scanner.take("max")
        let first = isUnlimited ? nil : scanner.nextInteger()
        if resource == .cpuQuota, version == 2 {
            let period = scanner.nextInteger()
            guard let period, period > 0, scanner.isAtLineEnd else { return .malformed }
            if isUnlimited { return .unlimited }
            guard let first, first >= 0 else { return .malformed }
            return .limited(Double(first) / Double(period))
        }
        guard scanner.isAtLineEnd else { return .malformed }
        if isUnlimited { return .unlimited }
        guard let first else { return .malformed }
        if resource == .cpuQuota { return first > 0 ? .limited(Double(first)) : .unlimited }
        return first < 0 || first >= unlimitedBytes ? .unlimited : .limited(Double(first))
    }

    private static func quota(_ quota: Double, _ period: ArraySlice<UInt8>) -> LimitText {
        var scanner = ByteScanner(period)
        guard let period = scanner.nextInteger(), period > 0 else { return .malformed }
        return .limited(quota / Double(period))
    }

    private func hiddenLimit(_ own: Group, _ resource: Resource) -> Limit? {
        guard own.version == 1, let key = resource.hierarchicalKey,
            let bytes = try? SmallFile.bytes("\(prefix)\(own.directory)/memory.stat"),
            let limit = ByteScanner.integer(after: key, in: bytes[...]), (0..<Self.unlimitedBytes).contains(limit)
        else { return nil }
        // Where it says what the levels say, too, they are the better source.
        let seen = groups(of: resource.controller).contains { group in
            if case .limited(let level) = answer(group, resource) { level.value <= Double(limit) } else { false }
        }
        return seen ? nil : Limit(value: Double(limit), source: "\(own.directory)/memory.stat", group: own)
    }

    /// Whether a group is the root of its hierarchy, on the host and not only in a namespace; `nil` where it cannot be
    /// told.
    public func isRoot(_ top: Group) -> Bool? {
        func has(_ file: String) -> Bool {
            (try? OwnedDescriptor.open("\(prefix)\(top.directory)/\(file)", 0o10000000 /* O_PATH */)) != nil
        }
        guard has("cgroup.procs") else { return nil }
        // Files that all groups but the root have (v2), or none but the root (v1); `cgroup_base_files` and
        // `cgroup1_base_files` in kernel/cgroup.
        return top.version == 2 ? !has("cgroup.events") : has("release_agent")
    }

    /// A set of CPUs or nodes that groups confine us to.
    public enum SetAnswer: Hashable, Sendable {
        /// The set and the file that says so.
        case known([Int], source: String)
        /// The file is there and cannot be read or understood (`EBADMSG`).
        case unreadable(path: String, Errno)
        /// No group of ours has such a file.
        case absent

        /// The set where it is known.
        var list: [Int]? {
            if case .known(let list, _) = self { list } else { nil }
        }
    }

    /// The CPUs that our cpuset allows, as the kernel applies it: ancestors and offline CPUs are accounted for.
    public var cpusetCPUs: SetAnswer { cpuset("cpus") }

    /// The memory nodes that our cpuset allows.
    public var cpusetNodes: SetAnswer { cpuset("mems") }

    private func cpuset(_ what: String) -> SetAnswer {
        for group in groups(of: "cpuset") {
            // A v1 kernel before Linux 3.17 has only what was configured, which is what it applies.
            let files =
                group.version == 2
                ? ["cpuset.\(what).effective"] : ["cpuset.effective_\(what)", "cpuset.\(what)"]
            for file in files {
                let path = "\(group.directory)/\(file)"
                do throws(Errno) {
                    let bytes = try SmallFile.bytes(prefix + path)
                    guard let list = CPUList.parse(bytes[...]) else { return .unreadable(path: path, .badMessage) }
                    return .known(list, source: path)
                } catch {
                    if error != .noSuchFileOrDirectory { return .unreadable(path: path, error) }
                }
            }
        }
        return .absent
    }
}
