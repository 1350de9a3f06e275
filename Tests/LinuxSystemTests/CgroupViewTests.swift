// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LinuxSystem

/// Control groups of hosts and containers that this machine is not, as folders of fixtures.
struct CgroupViewTests {
    private static let v1Mounts = """
        30 25 0:26 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs ro,mode=755
        31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct
        32 30 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        33 30 0:29 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
        """
    private static let v2Mount = "35 25 0:30 / /sys/fs/cgroup rw,nosuid,relatime - cgroup2 cgroup2 rw,nsdelegate"

    // MARK: v1

    @Test func v1GroupsAreOurOwnFirstAndThenItsAncestors() throws {
        let host = try TemporaryFolder()
        try host.makeFolder("sys/fs/cgroup/cpu,cpuacct/app/leaf")
        let view = CgroupView(
            mountinfo: Self.v1Mounts, membership: "3:memory:/\n2:cpu,cpuacct:/app/leaf\n1:name=systemd:/x\n",
            prefix: host.path)
        let point = "/sys/fs/cgroup/cpu,cpuacct"
        #expect(view.groups(of: "cpu").map(\.directory) == ["\(point)/app/leaf", "\(point)/app", point])
        #expect(view.groups(of: "cpuacct").map(\.version) == [1, 1, 1])
        #expect(view.groups(of: "memory").map(\.directory) == ["/sys/fs/cgroup/memory"])
        #expect(view.groups(of: "pids").isEmpty, "no such controller is mounted")
    }

    @Test func v1QuotaIsTheSmallestOfTheChain() throws {
        let host = try TemporaryFolder()
        let cpu = "sys/fs/cgroup/cpu,cpuacct"
        try host.write("-1\n", to: "\(cpu)/cpu.cfs_quota_us")
        try host.write("150000\n", to: "\(cpu)/app/cpu.cfs_quota_us")
        try host.write("100000\n", to: "\(cpu)/app/cpu.cfs_period_us")
        try host.write("200000\n", to: "\(cpu)/app/leaf/cpu.cfs_quota_us")
        try host.write("50000\n", to: "\(cpu)/app/leaf/cpu.cfs_period_us")
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "2:cpu,cpuacct:/app/leaf", prefix: host.path)
        let quota = try #require(view.cpuQuota)
        #expect(quota.value == 1.5, "4 cores at the leaf, 1.5 at its parent, none at the root")
        #expect(quota.source == "/\(cpu)/app/cpu.cfs_quota_us")
        #expect(quota.group.directory == "/\(cpu)/app")
    }

    @Test func v1WithoutLimitsHasNone() throws {
        let host = try TemporaryFolder()
        try host.write("-1\n", to: "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us")
        try host.write("100000\n", to: "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us")
        // The largest multiple of 4 KiB is how v1 writes "no limit".
        try host.write("9223372036854771712\n", to: "sys/fs/cgroup/memory/memory.limit_in_bytes")
        try host.write(
            "cache 0\nhierarchical_memory_limit 9223372036854771712\n", to: "sys/fs/cgroup/memory/memory.stat")
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "2:cpu,cpuacct:/\n1:memory:/", prefix: host.path)
        #expect(view.cpuQuota == nil)
        #expect(view.memoryLimit == nil)
    }

    @Test func v1HierarchicalLimitTellsWhatANamespaceHides() throws {
        let host = try TemporaryFolder()
        let memory = "sys/fs/cgroup/memory"
        try host.write("1073741824\n", to: "\(memory)/memory.limit_in_bytes")
        try host.write("cache 4096\nhierarchical_memory_limit 268435456\nrss 1\n", to: "\(memory)/memory.stat")
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "1:memory:/", prefix: host.path)
        let limit = try #require(view.memoryLimit)
        #expect(limit.value == Double(256 << 20), "1 GiB can be seen, and an ancestor that cannot allows a quarter")
        #expect(limit.source == "/\(memory)/memory.stat")
    }

    @Test func v1HierarchicalLimitThatSaysNothingNewChangesNothing() throws {
        let host = try TemporaryFolder()
        let memory = "sys/fs/cgroup/memory"
        try host.write("268435456\n", to: "\(memory)/app/memory.limit_in_bytes")
        try host.write("hierarchical_memory_limit 268435456\n", to: "\(memory)/app/memory.stat")
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "1:memory:/app", prefix: host.path)
        #expect(view.memoryLimit?.source == "/\(memory)/app/memory.limit_in_bytes")
    }

    // MARK: v2

    @Test func v2ParentSmallerThanLeafDecides() throws {
        let host = try TemporaryFolder()
        let pod = "sys/fs/cgroup/kubepods.slice/pod1"
        try host.write("50000 100000\n", to: "\(pod)/cpu.max")
        try host.write("200000 100000\n", to: "\(pod)/main/cpu.max")
        try host.write("134217728\n", to: "\(pod)/memory.max")
        try host.write("max\n", to: "\(pod)/main/memory.max")
        let view = CgroupView(
            mountinfo: Self.v2Mount, membership: "0::/kubepods.slice/pod1/main", prefix: host.path)
        #expect(view.cpuQuota?.value == 0.5)
        #expect(view.cpuQuota?.source == "/\(pod)/cpu.max")
        #expect(view.cpuQuota?.group == CgroupView.Group(directory: "/\(pod)", version: 2))
        #expect(view.memoryLimit?.value == Double(128 << 20))
        #expect(view.memoryLimit?.source == "/\(pod)/memory.max")
    }

    @Test func v2WithoutLimitsHasNone() throws {
        let host = try TemporaryFolder()
        try host.write("max 100000\n", to: "sys/fs/cgroup/app/cpu.max")
        try host.write("max\n", to: "sys/fs/cgroup/app/memory.max")
        let view = CgroupView(mountinfo: Self.v2Mount, membership: "0::/app", prefix: host.path)
        #expect(view.groups(of: "cpu").count == 2)
        #expect(view.cpuQuota == nil)
        #expect(view.memoryLimit == nil)
    }

    /// In a private namespace the path is `/`, or leads out of what can be seen; the mount point is all there is.
    @Test(arguments: ["0::/", "0::/..", "0::/../../sibling"])
    func v2PrivateNamespaceEndsAtTheMountPoint(membership: String) throws {
        let host = try TemporaryFolder()
        try host.write("100000 100000\n", to: "sys/fs/cgroup/cpu.max")
        try host.write("1 100000\n", to: "sys/fs/cpu.max")
        let view = CgroupView(mountinfo: Self.v2Mount, membership: membership, prefix: host.path)
        #expect(view.groups(of: "cpu").map(\.directory) == ["/sys/fs/cgroup"])
        #expect(view.cpuQuota?.value == 1)
    }

    // MARK: hybrid

    @Test func hybridTakesTheControllersFromV1AndNotFromTheEmptyV2() throws {
        let host = try TemporaryFolder()
        try host.write("25000\n", to: "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us")
        try host.write("100000\n", to: "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us")
        // What a v2 mount without controllers never has; here so that looking at the wrong place shows.
        try host.write("1000 100000\n", to: "sys/fs/cgroup/unified/app/cpu.max")
        let unified = "41 30 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"
        let view = CgroupView(
            mountinfo: unified + "\n" + Self.v1Mounts, membership: "2:cpu,cpuacct:/app\n0::/app", prefix: host.path)
        #expect(view.groups(of: "cpu").first?.version == 1)
        #expect(view.cpuQuota?.value == 0.25)
    }

    @Test func hybridWithoutLimitsHasNone() throws {
        let host = try TemporaryFolder()
        try host.makeFolder("sys/fs/cgroup/unified/app")
        let unified = "41 30 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"
        let view = CgroupView(
            mountinfo: Self.v1Mounts + "\n" + unified, membership: "2:cpu,cpuacct:/app\n0::/app", prefix: host.path)
        #expect(view.cpuQuota == nil)
        #expect(view.memoryLimit == nil)
    }

    // MARK: containers

    /// docker run on a v1 host: the container's own group is bind-mounted, and the path is the host's.
    @Test func bindMountRootIsTakenOffThePath() throws {
        let host = try TemporaryFolder()
        let mounts = """
            90 80 0:28 /docker/3f2a /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory
            91 80 0:27 /docker/3f2a /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
            """
        try host.write("536870912\n", to: "sys/fs/cgroup/memory/memory.limit_in_bytes")
        try host.write("268435456\n", to: "sys/fs/cgroup/memory/job/memory.limit_in_bytes")
        let view = CgroupView(
            mountinfo: mounts, membership: "4:memory:/docker/3f2a/job\n3:cpu,cpuacct:/docker/3f2a", prefix: host.path)
        #expect(
            view.groups(of: "memory").map(\.directory) == ["/sys/fs/cgroup/memory/job", "/sys/fs/cgroup/memory"])
        #expect(view.groups(of: "cpu").map(\.directory) == ["/sys/fs/cgroup/cpu,cpuacct"])
        #expect(view.memoryLimit?.value == Double(256 << 20))
    }

    /// A path that the mount does not show: what can be seen is read, and nothing is made up.
    @Test func pathOutsideTheMountLeavesTheMountPoint() throws {
        let host = try TemporaryFolder()
        try host.write("536870912\n", to: "sys/fs/cgroup/memory/memory.limit_in_bytes")
        let view = CgroupView(
            mountinfo: "90 80 0:28 /docker/3f2a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory",
            membership: "4:memory:/elsewhere/deep", prefix: host.path)
        #expect(view.groups(of: "memory").map(\.directory) == ["/sys/fs/cgroup/memory"])
        #expect(view.memoryLimit?.value == Double(512 << 20))
    }

    @Test func octalEscapesAreUndone() throws {
        let host = try TemporaryFolder()
        try host.write("70000 100000\n", to: "mnt/my cgroups\\tree/app/cpu.max")
        let view = CgroupView(
            mountinfo: #"35 25 0:30 / /mnt/my\040cgroups\134tree rw - cgroup2 cgroup2 rw"#, membership: "0::/app",
            prefix: host.path)
        #expect(view.cpuQuota?.value == 0.7)
        #expect(view.cpuQuota?.source == #"/mnt/my cgroups\tree/app/cpu.max"#)
    }

    // MARK: what cannot be read

    @Test func unreadableLimitsAreNoLimits() throws {
        let host = try TemporaryFolder()
        // A folder in the file's place: opening succeeds, reading fails, for root too.
        try host.makeFolder("sys/fs/cgroup/app/cpu.max")
        try host.makeFolder("sys/fs/cgroup/app/memory.max")
        let view = CgroupView(mountinfo: Self.v2Mount, membership: "0::/app", prefix: host.path)
        #expect(view.groups(of: "cpu").first?.directory == "/sys/fs/cgroup/app")
        #expect(view.cpuQuota == nil)
        #expect(view.memoryLimit == nil)
    }

    @Test(arguments: ["", "50000\n", "garbage 100000\n", "50000 0\n", "50000 x\n", "nan nan\n", "max max\n"])
    func quotasThatMakeNoSenseAreNoQuotas(text: String) throws {
        let host = try TemporaryFolder()
        try host.write(text, to: "sys/fs/cgroup/app/cpu.max")
        let view = CgroupView(mountinfo: Self.v2Mount, membership: "0::/app", prefix: host.path)
        #expect(view.cpuQuota == nil)
    }

    @Test func viewsWithoutAnyCgroupsAreEmpty() {
        let view = CgroupView(mountinfo: "", membership: "")
        #expect(view.groups(of: "cpu").isEmpty)
        #expect(view.cpuQuota == nil)
        #expect(view.memoryLimit == nil)
    }

    @Test func theViewOfThisProcessIsReadThroughThePrefix() throws {
        let host = try TemporaryFolder()
        try host.write(Self.v2Mount, to: "proc/self/mountinfo")
        try host.write("0::/app\n", to: "proc/self/cgroup")
        try host.write("30000 100000\n", to: "sys/fs/cgroup/app/cpu.max")
        #expect(CgroupView(prefix: host.path).cpuQuota?.value == 0.3)
    }

    /// Mutated mountinfo and membership never trap, and every group lies below a mount point.
    @Test func mutatedTextsStayBelowTheirMountPoints() {
        var generator = SeededGenerator(seed: 3)
        let mounts = Array("31 30 0:27 /a /M rw - cgroup cgroup rw,cpu\n35 25 0:30 / /M rw - cgroup2 c rw".utf8)
        let membership = Array("2:cpu:/a/b/c\n0::/d/../e".utf8)
        let alphabet = Array("0:/.,-\\".utf8)
        var found = 0
        for _ in 0..<3_000 {
            var texts = [mounts, membership]
            for _ in 0..<3 {
                let which = generator.below(2)
                let place = generator.below(texts[which].count)
                // The mount points and the fields' order are left alone: they are what is compared with.
                if ![0x4D, 0x20, 0x0A].contains(texts[which][place]), generator.below(2) == 0 {
                    texts[which][place] = alphabet[generator.below(alphabet.count)]
                } else {
                    texts[which].insert(alphabet[generator.below(alphabet.count)], at: place)
                }
            }
            let view = CgroupView(
                mountinfo: String(decoding: texts[0], as: UTF8.self),
                membership: String(decoding: texts[1], as: UTF8.self), prefix: "/nowhere")
            for group in view.groups(of: "cpu") {
                found += 1
                #expect(group.directory.contains("M") && !group.directory.hasSuffix("/.."))
            }
        }
        #expect(found > 500, "the mutations must leave enough groups")
    }
}
