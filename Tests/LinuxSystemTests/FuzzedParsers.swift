// SPDX-License-Identifier: Apache-2.0

import SystemPackage

@testable import LinuxSystem

/// A parser of kernel text, a sample of what it reads, and what must hold of whatever it returns.
struct FuzzedParser: Sendable {
    enum Answer { case nothing, sense, nonsense }

    let name: String
    let sample: String
    var linesOfOneText = 8
    let accepts: @Sendable (ArraySlice<UInt8>) -> Answer

    /// `nothing` for `nil`; else what `isSane` says.
    private static func judge<Value>(_ value: Value?, _ isSane: (Value) -> Bool) -> Answer {
        guard let value else { return .nothing }
        return isSane(value) ? .sense : .nonsense
    }

    private static func list(_ list: [Int]) -> Bool {
        list.allSatisfy { (0..<8192).contains($0) } && list == list.sorted()
    }

    static let all: [FuzzedParser] = groups + processes + system

    // MARK: control groups

    private static let mountinfo = """
        22 27 0:21 / /proc rw,relatime shared:12 - proc proc rw
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,resuid=65534
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 /docker/3f2a /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/my\\040memory rw,relatime - cgroup cgroup rw,memory
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
        90 27 0:60 /@/sub /data rw master:1 propagate_from:2 - btrfs /dev/sdb1 rw,subvolid=5
        """
    private static let membership = """
        4:memory:/process_api/38d3c1a335357bfbf811851efa05f1a7
        2:cpu,cpuacct:/docker/3f2a/job
        9:name=systemd:/
        0::/kubepods.slice/pod1/../main
        """

    private static func view(_ view: CgroupView) -> Answer {
        let groups = ["cpu", "memory", "pids"].flatMap { view.groups(of: $0) }
        let isSane = groups.allSatisfy { !$0.directory.hasSuffix("/..") && ($0.version == 1 || $0.version == 2) }
        _ = view.version
        // Nothing is there: every level must say so.
        let hasNone = view.report(.memory).limit == nil && view.cpusetCPUs == .absent
        return isSane && hasNone ? (groups.isEmpty ? .nothing : .sense) : .nonsense
    }

    private static func limit(_ name: String, _ sample: String, _ resource: CgroupView.Resource, _ version: Int) -> Self
    {
        FuzzedParser(name: name, sample: sample, linesOfOneText: 1) { bytes in
            switch CgroupView.limit(bytes, resource, version: version) {
            case .malformed: .nothing
            case .unlimited: .sense
            case .limited(let value): value.isFinite && value >= 0 ? .sense : .nonsense
            }
        }
    }

    private static let groups: [FuzzedParser] = [
        FuzzedParser(name: "mountinfo of control groups", sample: mountinfo) { bytes in
            view(CgroupView(mountinfo: bytes, membership: Array(membership.utf8)[...], prefix: "/nowhere"))
        },
        FuzzedParser(name: "/proc/self/cgroup", sample: membership, linesOfOneText: 4) { bytes in
            view(CgroupView(mountinfo: Array(mountinfo.utf8)[...], membership: bytes, prefix: "/nowhere"))
        },
        FuzzedParser(name: "mountinfo", sample: mountinfo) { bytes in
            let table = MountTable(bytes: bytes)
            _ = table.mount(above: "/data/x")
            return table.entries.isEmpty ? .nothing : .sense
        },
        limit("cpu.max", "50000 100000", .cpuQuota, 2), limit("cpu.cfs_quota_us", "50000", .cpuQuota, 1),
        limit("memory.max", "134217728", .memory, 2), limit("memory.limit_in_bytes", "9223372036854771712", .memory, 1),
        limit("pids.max", "max", .processes, 2),
        keys("cpu.stat", "nr_periods 5\nnr_throttled 3\nthrottled_usec 12345\nthrottled_time 99", "throttled_usec "),
        keys(
            "memory.stat", "cache 4096\nrss 8192\nhierarchical_memory_limit 268435456\ntotal_inactive_file 4096",
            "hierarchical_memory_limit "),
        FuzzedParser(
            name: "pressure", sample: "some avg10=0.12 avg60=0.05 avg300=0.01 total=123456\nfull avg10=0.00 total=77",
            linesOfOneText: 2
        ) { bytes in
            judge(PressureTotals.parse(bytes)) { $0.some ?? 0 >= 0 && $0.full ?? 0 >= 0 }
        },
    ]

    /// A file of `key value` lines, read by key, and scaled as its readers scale it.
    private static func keys(_ name: String, _ sample: String, _ key: StaticString) -> Self {
        FuzzedParser(name: name, sample: sample, linesOfOneText: 4) { bytes in
            let value = ByteScanner.integer(after: key, in: bytes)
            _ = value?.multipliedSaturating(by: 1_000_000)
            return judge(value) { $0 != .min }
        }
    }

    // MARK: processes

    private static let status = """
        Name:\tswift (x) y
        Tgid:\t77
        VmLck:\t      64 kB
        CapEff:\t000001fffeffffff
        CapBnd:\t000001fffeffffff
        NoNewPrivs:\t0
        Seccomp:\t2
        Cpus_allowed_list:\t0-3,8
        Mems_allowed_list:\t0
        """
    private static let limits = """
        Limit                     Soft Limit           Hard Limit           Units
        Max cpu time              unlimited            unlimited            seconds
        Max file size             unlimited            unlimited            bytes
        Max processes             96365                96365                processes
        Max open files            1024                 1048576              files
        Max locked memory         8388608              unlimited            bytes
        Max address space         unlimited            unlimited            bytes
        """

    private static let processes: [FuzzedParser] = [
        FuzzedParser(name: "/proc/PID/status", sample: status) { bytes in
            let status = ProcessStatus(bytes)
            let isSane = list(status.allowedCPUs ?? []) && list(status.allowedNodes ?? [])
            return isSane ? (status.effectiveCapabilities == nil ? .nothing : .sense) : .nonsense
        },
        FuzzedParser(name: "/proc/PID/limits", sample: limits) { bytes in
            let limits = ProcessLimits(bytes)
            let pairs = [limits.openFiles, limits.processes, limits.lockedMemory, limits.addressSpace, limits.fileSize]
            let isSane = pairs.allSatisfy { $0?.soft ?? 0 >= 0 && $0?.hard ?? 0 >= 0 }
            return isSane ? (limits.openFiles == nil ? .nothing : .sense) : .nonsense
        },
        FuzzedParser(
            name: "/proc/PID/stat",
            sample: "77 (a) b)) S 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 4096 100 18446744073709551615",
            linesOfOneText: 1
        ) { bytes in
            judge(ProcessFacts(id: 77, stat: Array(bytes), status: Array(status.utf8))) {
                $0.startTime <= UInt64(Int64.max)
            }
        },
        FuzzedParser(name: "schedstat", sample: "123456789 4567 89", linesOfOneText: 1) { bytes in
            judge(SchedulerText.runDelay(bytes)) { $0 != .min }
        },
        FuzzedParser(name: "statm", sample: "100000 2500 900 1 0 5000 0", linesOfOneText: 1) { bytes in
            judge(MemoryText.resident(bytes)) { _ in true }
        },
        keys("/proc/PID/io", "rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0", "write_bytes:"),
        keys("smaps_rollup", "55-7f ---p 0:0 0 [rollup]\nRss:    1234 kB\nAnonHugePages:   2048 kB", "AnonHugePages:"),
        FuzzedParser(name: "namespace", sample: "cgroup:[4026531835]", linesOfOneText: 1) { bytes in
            Namespace.parse(bytes, "cgroup") == .unknown(.badMessage) ? .nothing : .sense
        },
    ]

    // MARK: the system

    private static let system: [FuzzedParser] = [
        FuzzedParser(
            name: "/proc/meminfo",
            sample: """
                MemTotal:       24684096 kB
                MemFree:        14239900 kB
                MemAvailable:   22494000 kB
                SwapTotal:             0 kB
                SwapFree:              0 kB
                Zswap:                 0 kB
                HugePages_Total:       4
                HugePages_Free:        2
                Hugepagesize:       2048 kB
                """
        ) { bytes in MemoryInfo(bytes).total == nil ? .nothing : .sense },
        FuzzedParser(name: "a node's meminfo", sample: "Node 0 MemTotal:  18049240 kB\nNode 0 MemFree:  14239900 kB") {
            bytes in
            MemoryInfo(bytes).total == nil ? .nothing : .sense
        },
        FuzzedParser(
            name: "/proc/stat",
            sample: "cpu  100 2 30 4000 50 6 7 8 9 10\ncpu0 100 2 30 4000 50 6 7 8 9 10\nintr 5 0 1\nbtime 1",
            linesOfOneText: 4
        ) { bytes in
            judge(CPUTicks.parse(bytes)) { (5...8).contains($0.count) && !$0.contains(.min) }
        },
        keys("/proc/vmstat", "nr_free_pages 12345\npgfault 99\noom_kill 3\npgmajfault 7", "oom_kill "),
        FuzzedParser(name: "file-nr", sample: "925\t0\t9223372036854775807", linesOfOneText: 1) { bytes in
            judge(SystemFileTable.parse(bytes)) { $0.free <= .max }
        },
        FuzzedParser(name: "a CPU list", sample: "0-3,8,10-11", linesOfOneText: 1) { bytes in
            judge(CPUList.parse(bytes), list)
        },
        FuzzedParser(
            name: "a block device's stat", sample: "  1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", linesOfOneText: 1
        ) { bytes in
            judge(BlockDeviceCounters.parse(bytes)) { $0.readBytes != .min + 1 }
        },
        FuzzedParser(
            name: "numa_maps",
            sample: "7f0000000000 bind:1 anon=512 dirty=512 N0=3 N1=509 kernelpagesize_kB=4\n"
                + "7f1000000000 default file=/usr/bin/x\\040y mapped=9 N0=9 kernelpagesize_kB=4"
        ) { bytes in
            let sums = NumaMaps.anonymousBytes(bytes, home: 1)
            return sums.isEmpty ? .nothing : sums.keys.allSatisfy { (0..<1024).contains($0) } ? .sense : .nonsense
        },
        FuzzedParser(name: "Mems_allowed_list", sample: "Name:\tx\nMems_allowed_list:\t0-1\nThreads:\t1") { bytes in
            judge(ProcessStatus(bytes).allowedNodes, list)
        },
        FuzzedParser(
            name: "idle time of some processors", sample: "cpu  1 2 3 4000 5 6 7 8\ncpu0 1 2 3 1000 5\ncpu1 1 2 3 4",
            linesOfOneText: 4
        ) { bytes in
            _ = CPUTicks.unused(bytes, of: nil)
            return judge(CPUTicks.unused(bytes, of: [0, 1])) { _ in true }
        },
        FuzzedParser(name: "a choice", sample: "always [madvise] never", linesOfOneText: 1) { bytes in
            judge(ChoiceText.chosen(bytes)) { !$0.utf8.contains(0x5D) }
        },
    ]
}
