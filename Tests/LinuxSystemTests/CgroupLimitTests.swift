// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import Testing

@testable import LinuxSystem

/// Limited, unlimited, unreadable and absent, level by level.
@Suite struct CgroupLimitTests {
    private static let v2Mount = "35 25 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
    private static let v1Mounts = """
        31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
        32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        33 30 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
        """
    private static let root = "sys/fs/cgroup"

    private func v2(_ host: TemporaryFolder, _ membership: String = "0::/pod/app") -> CgroupView {
        CgroupView(mountinfo: Self.v2Mount, membership: membership, prefix: host.path)
    }

    private func states(_ report: CgroupView.LimitReport) -> [String] {
        report.levels.map { level in
            switch level.answer {
            case .unlimited: "unlimited"
            case .limited(let limit): "\(limit.value)"
            case .unreadable(_, let error): error.name
            case .absent: "absent"
            }
        }
    }

    // MARK: v2

    @Test func eachLevelOfV2AnswersForItself() throws {
        let host = try TemporaryFolder()
        try host.write("max 100000\n", to: "\(Self.root)/pod/app/cpu.max")
        try host.write("150000 100000\n", to: "\(Self.root)/pod/cpu.max")
        let report = v2(host).report(.cpuQuota)
        #expect(states(report) == ["unlimited", "1.5", "absent"])
        #expect(report.limit?.source == "/\(Self.root)/pod/cpu.max")
        #expect(report.unread.isEmpty && report.seesOwnGroup)
    }

    @Test func unlimitedEverywhereIsUnlimited() throws {
        let host = try TemporaryFolder()
        for group in ["pod/app", "pod"] { try host.write("max\n", to: "\(Self.root)/\(group)/memory.max") }
        #expect(v2(host).report(.memory).effective == .unlimited)
        #expect(v2(host).report(.memoryHigh).effective == .absent, "no group has the file")
    }

    /// A folder in the file's place cannot be read by anybody, root included.
    @Test func aLevelThatCannotBeReadIsNeverTakenForUnlimited() throws {
        let host = try TemporaryFolder()
        try host.write("max\n", to: "\(Self.root)/pod/app/memory.max")
        try host.makeFolder("\(Self.root)/pod/memory.max")
        let report = v2(host).report(.memory)
        #expect(states(report) == ["unlimited", "EISDIR", "absent"])
        #expect(report.effective == .unreadable(path: "/\(Self.root)/pod/memory.max", .isDirectory))
        #expect(report.limit == nil)
    }

    @Test func aLimitBelowALevelThatCannotBeReadIsAnUpperBound() throws {
        let host = try TemporaryFolder()
        try host.write("1048576\n", to: "\(Self.root)/pod/app/memory.max")
        try host.makeFolder("\(Self.root)/pod/memory.max")
        let report = v2(host).report(.memory)
        #expect(report.limit?.value == 1_048_576)
        #expect(report.unread == [.unreadable(path: "/\(Self.root)/pod/memory.max", .isDirectory)])
    }

    @Test(arguments: ["", "\n", "lots\n", "max", "max -1", "1 2 3\n", "-5 100000\n", "100 0\n"])
    func aQuotaThatIsNotUnderstoodIsUnreadable(text: String) throws {
        let host = try TemporaryFolder()
        try host.write(text, to: "\(Self.root)/pod/app/cpu.max")
        let path = "/\(Self.root)/pod/app/cpu.max"
        #expect(v2(host).report(.cpuQuota).effective == .unreadable(path: path, .badMessage))
    }

    @Test func swapHighAndProcessesOfV2() throws {
        let host = try TemporaryFolder()
        try host.write("0\n", to: "\(Self.root)/pod/app/memory.swap.max")
        try host.write("4096\n", to: "\(Self.root)/pod/app/memory.high")
        try host.write("77\n", to: "\(Self.root)/pod/pids.max")
        #expect(v2(host).report(.swap).limit?.value == 0, "no swap at all is a limit")
        #expect(v2(host).report(.memoryHigh).limit?.value == 4096)
        #expect(v2(host).report(.processes).limit?.value == 77)
    }

    @Test func ancestorsThatANamespaceHidesAreToldFromTheRoot() throws {
        let host = try TemporaryFolder()
        try host.write("max\n", to: "\(Self.root)/memory.max")
        try host.write("", to: "\(Self.root)/cgroup.procs")
        #expect(v2(host, "0::/").report(.memory).hidesAncestors == false)
        // The root group of a hierarchy has no such file, and every other one has.
        try host.write("populated 1\n", to: "\(Self.root)/cgroup.events")
        #expect(v2(host, "0::/").report(.memory).hidesAncestors == true)
        #expect(v2(try TemporaryFolder(), "0::/").report(.memory).hidesAncestors == nil)
    }

    @Test(arguments: ["0::/..", "0::/../../sibling", "0::/gone/away"])
    func whereOurGroupCannotBeSeenNothingIsCalledUnlimited(membership: String) throws {
        let host = try TemporaryFolder()
        try host.write("max\n", to: "\(Self.root)/memory.max")
        let report = v2(host, membership).report(.memory)
        #expect(!report.seesOwnGroup)
        #expect(report.effective == .unreadable(path: "/\(Self.root)", .noSuchFileOrDirectory))
        try host.write("4096\n", to: "\(Self.root)/memory.max")
        #expect(v2(host, membership).report(.memory).limit?.value == 4096, "what can be seen counts")
    }

    /// The host's mounts in a cgroup namespace of one's own: the kernel writes their root as `/..`.
    @Test func mountsFromOutsideANamespaceDoNotShowOurGroup() throws {
        let host = try TemporaryFolder()
        try host.write("max 100000\n", to: "\(Self.root)/cpu.max")
        let view = CgroupView(
            mountinfo: "35 25 0:30 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw", membership: "0::/", prefix: host.path
        )
        #expect(!view.report(.cpuQuota).seesOwnGroup)
        #expect(view.report(.cpuQuota).effective != .unlimited)
    }

    // MARK: v1 and hybrid

    @Test func eachLevelOfV1AnswersForItself() throws {
        let host = try TemporaryFolder()
        for (group, quota) in [("app", "50000"), ("", "-1")] {
            try host.write("\(quota)\n", to: "\(Self.root)/cpu/\(group)/cpu.cfs_quota_us")
            try host.write("100000\n", to: "\(Self.root)/cpu/\(group)/cpu.cfs_period_us")
        }
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "1:cpu:/app", prefix: host.path)
        #expect(states(view.report(.cpuQuota)) == ["0.5", "unlimited"])
        #expect(view.report(.memory).levels.isEmpty && view.report(.memory).effective == .absent)
        #expect(view.report(.processes).effective == .absent)
    }

    @Test func aQuotaWhosePeriodCannotBeReadIsUnreadable() throws {
        let host = try TemporaryFolder()
        try host.write("50000\n", to: "\(Self.root)/cpu/cpu.cfs_quota_us")
        try host.makeFolder("\(Self.root)/cpu/cpu.cfs_period_us")
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "1:cpu:/", prefix: host.path)
        #expect(states(view.report(.cpuQuota)) == ["EISDIR"])
    }

    @Test func v1TellsMemoryAndSwapOfAncestorsThatCannotBeSeen() throws {
        let host = try TemporaryFolder()
        let memory = "\(Self.root)/memory"
        try host.write("9223372036854771712\n", to: "\(memory)/memory.limit_in_bytes")
        try host.write("9223372036854771712\n", to: "\(memory)/memory.memsw.limit_in_bytes")
        try host.write(
            "hierarchical_memory_limit 1048576\nhierarchical_memsw_limit 2097152\n", to: "\(memory)/memory.stat")
        try host.write("", to: "\(memory)/cgroup.procs")
        let view = CgroupView(mountinfo: Self.v1Mounts, membership: "1:memory:/", prefix: host.path)
        #expect(view.report(.memory).limit?.value == 1_048_576)
        #expect(view.report(.memory).limit?.source == "/\(memory)/memory.stat")
        #expect(view.report(.swap).limit?.value == 2_097_152)
        #expect(view.report(.memory).hidesAncestors == true, "only the root has a release_agent")
        try host.write("", to: "\(memory)/release_agent")
        #expect(view.report(.memory).hidesAncestors == false)
    }

    @Test func versionsAreToldApart() {
        func version(_ mountinfo: String) -> CgroupView.Version {
            CgroupView(mountinfo: mountinfo, membership: "", prefix: "/nowhere").version
        }
        #expect(version("") == .none)
        #expect(version(Self.v1Mounts) == .v1)
        #expect(version(Self.v2Mount) == .v2)
        #expect(version(Self.v1Mounts + "\n" + Self.v2Mount) == .hybrid)
    }

    @Test func controllersOfAHybridHostAreWhereTheyAre() throws {
        let host = try TemporaryFolder()
        let unified = "41 30 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
        try host.write("hugetlb cpu\n", to: "\(Self.root)/unified/cgroup.controllers")
        let view = CgroupView(
            mountinfo: Self.v1Mounts + "\n" + unified, membership: "3:name=systemd:/\n2:cpu:/\n1:memory:/\n0::/",
            prefix: host.path)
        #expect(view.controllers.map { "\($0.name) \($0.group.version)" } == ["cpu 1", "hugetlb 2", "memory 1"])
    }

    // MARK: cpusets and namespaces

    @Test func cpusetsOfBothVersions() throws {
        let host = try TemporaryFolder()
        try host.write("0-1,4\n", to: "\(Self.root)/cpuset/app/cpuset.effective_cpus")
        try host.write("0\n", to: "\(Self.root)/cpuset/app/cpuset.mems")
        let old = CgroupView(mountinfo: Self.v1Mounts, membership: "1:cpuset:/app", prefix: host.path)
        let point = "/\(Self.root)/cpuset/app"
        #expect(old.cpusetCPUs == .known([0, 1, 4], source: "\(point)/cpuset.effective_cpus"))
        #expect(old.cpusetNodes == .known([0], source: "\(point)/cpuset.mems"), "before Linux 3.17")
        // A v2 group without the controller has no file; what its parent says applies.
        try host.write("2-3\n", to: "\(Self.root)/pod/cpuset.cpus.effective")
        try host.makeFolder("\(Self.root)/pod/app")
        try host.makeFolder("\(Self.root)/pod/cpuset.mems.effective")
        #expect(v2(host).cpusetCPUs == .known([2, 3], source: "/\(Self.root)/pod/cpuset.cpus.effective"))
        #expect(v2(host).cpusetNodes == .unreadable(path: "/\(Self.root)/pod/cpuset.mems.effective", .isDirectory))
        #expect(v2(try TemporaryFolder()).cpusetCPUs == .absent)
    }

    @Test func namespacesAreToldByTheirNumbers() throws {
        let host = try TemporaryFolder()
        try host.makeFolder("proc/self/ns")
        func link(_ target: String) throws -> Namespace {
            let path = host.path + "/proc/self/ns/cgroup"
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
            return CgroupView(prefix: host.path).namespace
        }
        #expect(CgroupView(prefix: host.path).namespace == .unknown(.noSuchFileOrDirectory))
        #expect(try link("cgroup:[4026531835]") == .host)
        #expect(try link("cgroup:[4026532584]") == .own)
        #expect(try link("cgroup:[x]") == .unknown(.badMessage))
    }

    @Test func filesThatCannotBeReadAreNamed() throws {
        let host = try TemporaryFolder()
        try host.makeFolder("proc/self/mountinfo")
        let view = CgroupView(prefix: host.path)
        #expect(view.unread == ["/proc/self/mountinfo": .isDirectory, "/proc/self/cgroup": .noSuchFileOrDirectory])
    }
}
