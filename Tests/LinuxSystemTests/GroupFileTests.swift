// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import LinuxSystem

/// The limits of single groups as the kernel writes them, v1 and v2, and as they change under the reader.
@Suite struct GroupFileTests {
    private static let second: Int64 = 1_000_000_000

    private func group(_ folder: TemporaryFolder, _ version: Int) -> CgroupView.Group {
        CgroupView.Group(directory: folder.path, version: version)
    }

    // MARK: Quota

    @Test func aQuotaOfV2IsReadAnew() throws {
        let folder = try TemporaryFolder()
        try folder.write("max 100000\n", to: "cpu.max")
        try folder.write(
            "usage_usec 9\nnr_periods 5\nnr_throttled 3\nthrottled_usec 12\nnr_bursts 0\n", to: "cpu.stat")
        let quota = GroupQuota(group(folder, 2))
        #expect(quota.read(at: 0) == .init(cores: nil, throttledCount: 3, throttledTime: 12_000))
        #expect(quota.source == folder.path + "/cpu.max")
        try folder.write("25000 50000\n", to: "cpu.max")
        #expect(quota.read(at: Self.second).cores == 0.5)
    }

    @Test func aQuotaOfV1IsReadAnew() throws {
        let folder = try TemporaryFolder()
        try folder.write("-1\n", to: "cpu.cfs_quota_us")
        try folder.write("100000\n", to: "cpu.cfs_period_us")
        try folder.write("nr_periods 5\nnr_throttled 4\nthrottled_time 77\n", to: "cpu.stat")
        let quota = GroupQuota(group(folder, 1))
        #expect(quota.read(at: 0) == .init(cores: nil, throttledCount: 4, throttledTime: 77))
        try folder.write("150000\n", to: "cpu.cfs_quota_us")
        #expect(quota.read(at: Self.second).cores == 1.5)
        try folder.write("10000\n", to: "cpu.cfs_period_us")
        #expect(quota.read(at: 2 * Self.second).cores == 15)
    }

    @Test func countersThatCannotBeReadAreUnknownAndNotZero() throws {
        let folder = try TemporaryFolder()
        try folder.write("50000 100000\n", to: "cpu.max")
        let quota = GroupQuota(group(folder, 2))
        #expect(quota.read(at: 0) == .init(cores: 0.5, throttledCount: nil, throttledTime: nil))
        try folder.write("usage_usec 9\n", to: "cpu.stat")
        quota.lookAgain()
        #expect(quota.read(at: Self.second).throttledTime == nil, "a quota that somebody does not count")
    }

    @Test func countersOfAControllerThatComesLaterBeginAtZero() throws {
        let folder = try TemporaryFolder()
        try folder.write("usage_usec 9\n", to: "cpu.stat")
        let quota = GroupQuota(group(folder, 2))
        #expect(quota.read(at: 0) == .init(cores: nil, throttledCount: 0, throttledTime: 0))
        try folder.write("20000 100000\n", to: "cpu.max")
        try folder.write("usage_usec 9\nnr_throttled 3\nthrottled_usec 12\n", to: "cpu.stat")
        quota.lookAgain()
        #expect(quota.read(at: Self.second) == .init(cores: 0.2, throttledCount: 3, throttledTime: 12_000))
    }

    @Test func aControllerThatIsHandedDownLaterIsFound() throws {
        let folder = try TemporaryFolder()
        let quota = GroupQuota(group(folder, 2))
        #expect(quota.read(at: 0).cores == nil)
        try folder.write("10000 100000\n", to: "cpu.max")
        quota.lookAgain()
        #expect(quota.read(at: Self.second).cores == 0.1)
    }

    @Test func whoAsksAtTheSameTimeGetsTheSameReading() throws {
        let folder = try TemporaryFolder()
        try folder.write("10000 100000\n", to: "cpu.max")
        let pool = GroupFilePool()
        let one = pool.files(GroupQuota.self, of: group(folder, 2))
        #expect(pool.files(GroupQuota.self, of: group(folder, 2)) === one)
        #expect(one.read(at: 100).cores == 0.1)
        try folder.write("20000 100000\n", to: "cpu.max")
        #expect(one.read(at: 100 + 4_000_000).cores == 0.1)
        #expect(one.read(at: 100 + 6_000_000).cores == 0.2)
    }

    // MARK: Others

    @Test func memoryLimitsOfV2() throws {
        let folder = try TemporaryFolder()
        for (file, text) in [
            ("memory.max", "max"), ("memory.high", "62914560"), ("memory.current", "62918656"),
            ("memory.swap.current", "4096"), ("memory.events", "low 0\nhigh 7\nmax 1\noom 0\noom_kill 2"),
        ] {
            try folder.write(text + "\n", to: file)
        }
        let reading = GroupMemory(group(folder, 2)).read(at: 0)
        #expect(reading.most == nil && reading.high == 60 << 20 && reading.used == (60 << 20) + 4096)
        #expect(reading.swapped == 4096 && reading.highEvents == 7)
        let kills = GroupOOMKills(group(folder, 2))
        #expect(kills.read(at: 0) == 2 && kills.source == folder.path + "/memory.events")
    }

    @Test func memoryLimitsOfV1() throws {
        let folder = try TemporaryFolder()
        try folder.write("9223372036854771712\n", to: "memory.limit_in_bytes")
        let memory = GroupMemory(group(folder, 1))
        #expect(memory.read(at: 0).most == nil)
        try folder.write("4096\n", to: "memory.limit_in_bytes")
        #expect(memory.read(at: Self.second).most == 4096 && memory.read(at: Self.second).high == nil)
        try folder.write("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", to: "memory.oom_control")
        #expect(GroupOOMKills(group(folder, 1)).read(at: 0) == 5)
        try folder.write("oom_kill_disable 0\nunder_oom 0\n", to: "memory.oom_control")
        #expect(GroupOOMKills(group(folder, 1)).read(at: 0) == nil, "kernels before 4.13 do not count")
    }

    @Test func frozenGroups() {
        func isFrozen(_ text: String, _ version: Int) -> Bool {
            GroupFreezer.isFrozen(Array(text.utf8)[...], version: version)
        }
        #expect(isFrozen("populated 1\nfrozen 1\n", 2) && !isFrozen("populated 1\nfrozen 0\n", 2))
        #expect(isFrozen("FROZEN\n", 1) && isFrozen("FREEZING\n", 1) && !isFrozen("THAWED\n", 1))
    }

    @Test func theGroupThatWasToldToFreezeIsFound() throws {
        let (own, parent) = (try TemporaryFolder(), try TemporaryFolder())
        try own.write("0\n", to: "cgroup.freeze")
        try parent.write("0\n", to: "freezer.self_freezing")
        let groups = [group(own, 2), group(parent, 1)]
        #expect(GroupFreezer.order(in: groups) == nil)
        try parent.write("1\n", to: "freezer.self_freezing")
        #expect(GroupFreezer.order(in: groups)?.source == parent.path + "/freezer.self_freezing")
        try own.write("1\n", to: "cgroup.freeze")
        #expect(GroupFreezer.order(in: groups)?.source == own.path + "/cgroup.freeze")
    }

    @Test func limitsOfDisksOfV2() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "8:16 rbps=2097152 wbps=max riops=max wiops=120\n8:0 rbps=max wbps=max riops=max wiops=max\n", to: "io.max")
        try folder.write(
            "8:0 rbytes=9 wbytes=9 rios=9 wios=9\n8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 "
                + "dios=0\n", to: "io.stat")
        let io = GroupIO(group(folder, 2))
        let readings = io.read(at: 0)
        #expect(readings.count == 1 && readings.first?.device == DeviceNumber(major: 8, minor: 16))
        #expect(readings.first?.limits.values == [2_097_152, .max, .max, 120])
        #expect(readings.first?.done.values == [1_459_200, 314_773_504, 192, 353])
        #expect(io.source(of: 3) == folder.path + "/io.max")
    }

    @Test func limitsOfDisksOfV1() throws {
        let folder = try TemporaryFolder()
        for name in ["read_bps", "write_iops"] { try folder.write("", to: "blkio.throttle.\(name)_device") }
        try folder.write("7:3 5000000\n", to: "blkio.throttle.write_bps_device")
        try folder.write("7:3 50\n8:0 1\n", to: "blkio.throttle.read_iops_device")
        try folder.write(
            "7:3 Read 4096\n7:3 Write 8192\n7:3 Sync 1\n7:3 Total 12288\n8:0 Read 1\nTotal 12289\n",
            to: "blkio.throttle.io_service_bytes_recursive")
        try folder.write("7:3 Read 1\n7:3 Write 2\n", to: "blkio.throttle.io_serviced_recursive")
        let io = GroupIO(group(folder, 1))
        let loop = io.read(at: 0).first { $0.device == DeviceNumber(major: 7, minor: 3) }
        #expect(loop?.limits.values == [.max, 5_000_000, 50, .max])
        #expect(loop?.done.values == [4096, 8192, 1, 2])
        #expect(io.source(of: 1) == folder.path + "/blkio.throttle.write_bps_device")
    }

    @Test func limitsOfProcesses() throws {
        let folder = try TemporaryFolder()
        try folder.write("20\n", to: "pids.max")
        try folder.write("19\n", to: "pids.current")
        try folder.write("max 4\n", to: "pids.events")
        let files = GroupProcessLimit(group(folder, 2))
        #expect(files.read(at: 0) == .init(most: 20, count: 19, refusals: 4))
        try folder.write("max\n", to: "pids.max")
        #expect(files.read(at: Self.second).most == nil)
    }

    // MARK: Processes

    @Test func aStoppedProcessIsToldByItsState() {
        func isStopped(_ text: String) -> Bool { ProcessState.isStopped(Array(text.utf8)[...]) }
        #expect(isStopped("12 (a) R) T 1 2 3") && isStopped("12 (x) t 1"))
        #expect(!isStopped("12 (T) R 1") && !isStopped("12 (T) S T") && !isStopped(""))
    }

    @Test func theLimitOfCPUTimeIsRead() {
        let text = """
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              1                    unlimited            seconds
            Max processes             96364                96365                processes
            """
        let limits = ProcessLimits(Array(text.utf8)[...])
        #expect(limits.cpuTime == .init(soft: 1, hard: nil) && limits.processes == .init(soft: 96364, hard: 96365))
    }

    @Test func anotherProcessIsFoundInTheSameHierarchies() throws {
        let host = try TemporaryFolder()
        try host.write("50000 100000\n", to: "sys/fs/cgroup/other/cpu.max")
        let view = CgroupView(
            mountinfo: "35 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", membership: "0::/", prefix: host.path)
        #expect(view.cpuQuota == nil)
        let other = view.view(ofMembership: Array("0::/other\n".utf8)[...])
        #expect(other.cpuQuota?.value == 0.5)
        #expect(other.unifiedGroups.map(\.directory) == ["/sys/fs/cgroup/other", "/sys/fs/cgroup"])
        #expect(!other.hierarchy(isV1: "cpu"))
    }

    @Test func whatIsPromisedIsRead() {
        let info = MemoryInfo(Array("MemTotal: 9 kB\nCommitLimit:     100 kB\nCommitted_AS:     40 kB\n".utf8)[...])
        #expect(info.commitLimit == 102_400 && info.committed == 40_960)
    }
}
