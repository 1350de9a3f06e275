// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LinuxSystem

/// `cgroup: PATH`: which directories a name means.
struct NamedGroupTests {
    private static let hybrid = """
        30 25 0:26 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs ro,mode=755
        31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct
        32 30 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """
    private static let membership = "2:cpu,cpuacct:/me\n1:memory:/\n0::/me\n"
    private static let cgroup = "sys/fs/cgroup"

    private func view(_ host: TemporaryFolder) -> CgroupView {
        CgroupView(mountinfo: Self.hybrid, membership: Self.membership, prefix: host.path)
    }

    private func message(_ host: TemporaryFolder, _ path: String) -> String? {
        do {
            _ = try view(host).named(path)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func aPathMeansTheGroupOfEachHierarchyThatHasOne() throws {
        let host = try TemporaryFolder()
        try host.write("", to: "\(Self.cgroup)/memory/app/cgroup.procs")
        try host.write("", to: "\(Self.cgroup)/cpu,cpuacct/app/cgroup.procs")
        try host.write("50000\n", to: "\(Self.cgroup)/cpu,cpuacct/app/cpu.cfs_quota_us")
        try host.write("100000\n", to: "\(Self.cgroup)/cpu,cpuacct/app/cpu.cfs_period_us")
        try host.write("67108864\n", to: "\(Self.cgroup)/memory/app/memory.limit_in_bytes")
        let named = try view(host).named("/app")
        #expect(
            Set(named.groups.map(\.directory)) == ["/\(Self.cgroup)/cpu,cpuacct/app", "/\(Self.cgroup)/memory/app"])
        #expect(named.view.cpuQuota?.value == 0.5)
        #expect(named.view.memoryLimit?.value == 67_108_864)
        #expect(view(host).cpuQuota == nil, "our own group is another")
    }

    @Test(arguments: ["/sys/fs/cgroup/memory/app", "/sys/fs/cgroup/memory/app/", "/sys/fs/cgroup//memory/app"])
    func aDirectoryMeansTheGroupOfItsHierarchyAlone(path: String) throws {
        let host = try TemporaryFolder()
        try host.write("", to: "\(Self.cgroup)/memory/app/cgroup.procs")
        try host.write("67108864\n", to: "\(Self.cgroup)/memory/app/memory.limit_in_bytes")
        try host.write("", to: "\(Self.cgroup)/cpu,cpuacct/app/cgroup.procs")
        try host.makeFolder("\(Self.cgroup)/cpu,cpuacct/me")
        let named = try view(host).named(path)
        #expect(named.groups == [.init(directory: "/\(Self.cgroup)/memory/app", version: 1)])
        #expect(named.view.memoryLimit?.value == 67_108_864)
        #expect(named.view.groups(of: "cpu").first?.directory == "/\(Self.cgroup)/cpu,cpuacct/me", "as before")
        #expect(named.view.ownDirectories.contains("/\(Self.cgroup)/memory/app"))
    }

    @Test func onAHybridHostTheDeeperMountIsMeant() throws {
        let host = try TemporaryFolder()
        try host.write("", to: "\(Self.cgroup)/unified/app/cgroup.procs")
        let named = try view(host).named("/sys/fs/cgroup/unified/app")
        #expect(named.groups == [.init(directory: "/\(Self.cgroup)/unified/app", version: 2)])
    }

    @Test func aPartOfAHierarchyThatIsMountedElsewhereIsFound() throws {
        let host = try TemporaryFolder()
        let mounts = "35 25 0:30 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
        try host.write("", to: "\(Self.cgroup)/inner/cgroup.procs")
        let view = CgroupView(mountinfo: mounts, membership: "0::/docker/abc", prefix: host.path)
        for path in ["/docker/abc/inner", "/sys/fs/cgroup/inner"] {
            let named = try view.named(path)
            #expect(named.groups.map(\.directory) == ["/sys/fs/cgroup/inner"])
            #expect(named.view.groups(of: "memory").map(\.directory) == ["/sys/fs/cgroup/inner", "/sys/fs/cgroup"])
        }
    }

    @Test(arguments: ["app", "", "../app", "/app/../../etc", "/./app"])
    func whatIsNoPathIsSaidToBeNone(path: String) throws {
        #expect(try message(TemporaryFolder(), path)?.contains("is not a control group") == true)
    }

    @Test func aGroupThatIsNotThereIsNotMadeUp() throws {
        let host = try TemporaryFolder()
        #expect(message(host, "/app")?.contains("there is no control group '/app'; create it first") == true)
        #expect(message(host, "/sys/fs/cgroup/memory/app")?.contains("there is no control group") == true)
        let none = CgroupView(mountinfo: "", membership: "", prefix: host.path)
        do {
            _ = try none.named("/app")
            Issue.record("there is no hierarchy at all")
        } catch {
            #expect(error.message.contains("no hierarchy is mounted here"))
        }
    }

    @Test func groupsThatTakeNoProcessAreRefusedBeforeTheStart() throws {
        let host = try TemporaryFolder()
        let app = "\(Self.cgroup)/unified/app"
        try host.makeFolder(app)
        #expect(message(host, "/app")?.contains("for cgroup.procs; run as root") == true, "it has no cgroup.procs")
        try host.write("", to: "\(app)/cgroup.procs")
        try host.write("domain\n", to: "\(app)/cgroup.type")
        try host.write("cpu memory\n", to: "\(app)/cgroup.subtree_control")
        #expect(message(host, "/app")?.contains("hands controllers (cpu memory) to its children") == true)
        try host.write("\n", to: "\(app)/cgroup.subtree_control")
        #expect(message(host, "/app") == nil)
        try host.write("threaded\n", to: "\(app)/cgroup.type")
        #expect(message(host, "/app")?.contains("cgroup.type is 'threaded'") == true)
    }

    @Test func theHostIsSeenFromTheGroup() throws {
        let host = try TemporaryFolder()
        let app = "\(Self.cgroup)/app"
        try host.write("", to: "\(app)/cgroup.procs")
        try host.write("0\n", to: "\(app)/cpuset.cpus.effective")
        try host.write("25000 100000\n", to: "\(app)/cpu.max")
        var facts = HostFacts.read()
        facts.onlineCPUs = [0, 1, 2, 3]
        facts.affinityCPUs = [0, 1, 2, 3]
        facts.cgroups = CgroupView(
            mountinfo: "35 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", membership: "0::/", prefix: host.path)
        let seen = try facts.joining("/app")
        #expect(seen.joinedGroups.map(\.directory) == ["/sys/fs/cgroup/app"])
        #expect(seen.affinityCPUs == [0])
        #expect(seen.cpuQuota?.value == 0.25)
        #expect(facts.joinedGroups.isEmpty)
    }
}

/// `/proc/stat` for totals.
struct ProcessorTicksTests {
    private static let stat = """
        cpu  10 20 30 4000 50 6 7 8 0 0
        cpu0 5 10 15 1000 20 3 3 1 0 0
        cpu1 5 10 15 3000 30 3 4 7 0 0
        intr 12345 0 1 2
        ctxt 1
        """

    private func unused(_ text: String, of processors: Set<Int>?) -> Int64? {
        CPUTicks.unused(Array(text.utf8)[...], of: processors)
    }

    @Test func idleWaitAndStealAreUnused() {
        #expect(unused(Self.stat, of: nil) == 4058)
        #expect(unused(Self.stat, of: [1]) == 3037)
        #expect(unused(Self.stat, of: [0, 1]) == 4058)
    }

    @Test func aProcessorThatIsGoneIsNotGuessed() {
        #expect(unused(Self.stat, of: [0, 2]) == nil)
        #expect(unused("cpu\n", of: nil) == nil)
        #expect(unused("", of: nil) == nil)
        #expect(unused("cpu  1 2 3\n", of: nil) == nil)
    }

    @Test func olderAndNewerKernelsAreRead() {
        #expect(unused("cpu  1 2 3 400\n", of: nil) == 400, "before 2.5.41")
        #expect(unused("cpu  1 2 3 400 50 6 7 8 9 10 11 12\n", of: nil) == 458, "columns to come")
    }

    @Test func theGaugeSeesThisMachine() throws {
        let gauge = try #require(CPUUseGauge(.processors(HostFacts.read().onlineCPUs, isWhole: true)))
        let before = try #require(gauge.read())
        let own = Clocks.processCPU
        while Clocks.processCPU - own < 200_000_000 {}
        let after = try #require(gauge.read())
        let used = after.used - before.used
        #expect(used >= 150_000_000, "200 ms were burned here; \(used)")
        #expect(used <= (after.time - before.time) * Int64(HostFacts.read().onlineCPUs.count) + 60_000_000)
    }
}
