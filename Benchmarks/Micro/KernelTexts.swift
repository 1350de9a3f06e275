// SPDX-License-Identifier: Apache-2.0

import Benchmark
import LinuxSystem

/// The kernel's texts as a host with 64 processors, two memory nodes and some containers has them.
func addKernelText() {
    let stat = bytes(Texts.stat)
    Measure.add("proc.stat", calls: 200) { calls in
        for _ in 0..<calls { blackHole(CPUTicks.parse(stat)) }
    }
    let half = Set(0..<32)
    Measure.add("proc.stat.32_of_64_processors", calls: 10) { calls in
        for _ in 0..<calls { blackHole(CPUTicks.unused(stat, of: half)) }
    }
    let meminfo = bytes(Texts.meminfo)
    Measure.add("proc.meminfo", calls: 20) { calls in
        for _ in 0..<calls { blackHole(MemoryInfo(meminfo)) }
    }
    Measure.add("proc.meminfo.available", calls: 500) { calls in
        for _ in 0..<calls { blackHole(ByteScanner.bytes(afterKiB: "MemAvailable:", in: meminfo)) }
    }
    let pressure = bytes(Texts.pressure)
    Measure.add("proc.pressure", calls: 200) { calls in
        for _ in 0..<calls { blackHole(PressureTotals.parse(pressure)) }
    }
    let mountinfo = bytes(Texts.mountinfo)
    Measure.add("proc.mountinfo", calls: 1) { calls in
        for _ in 0..<calls { blackHole(MountTable(bytes: mountinfo)) }
    }
    let membership = bytes(Texts.cgroup)
    Measure.add("proc.cgroup", calls: 1) { calls in
        for _ in 0..<calls { blackHole(CgroupView(mountinfo: mountinfo, membership: membership)) }
    }
    let numaMaps = bytes(Texts.numaMaps)
    Measure.add("proc.numa_maps", calls: 1) { calls in
        for _ in 0..<calls { blackHole(NumaMaps.anonymousBytes(numaMaps, home: 0)) }
    }
}

private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

private enum Texts {
    static let stat: String = {
        var text = "cpu  4705 150 1120 16250856 8750 30 55 12 0 0\n"
        for cpu in 0..<64 { text += "cpu\(cpu) 1393280 32966 572056 13343292 6130 0 17875 1021 23933 0\n" }
        text += "intr 199292218" + String(repeating: " 0", count: 600) + "\nctxt 22473452\nbtime 1719999999\n"
        return text + "processes 26442\nprocs_running 1\nprocs_blocked 0\nsoftirq 5057579 250191 1481983 1647 211099\n"
    }()

    static let meminfo: String = {
        let names = [
            "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive",
            "Active(anon)", "Inactive(anon)", "Active(file)", "Inactive(file)", "Unevictable", "Mlocked", "SwapTotal",
            "SwapFree", "Zswap", "Zswapped", "Dirty", "Writeback", "AnonPages", "Mapped", "Shmem", "KReclaimable",
            "Slab", "SReclaimable", "SUnreclaim", "KernelStack", "PageTables", "SecPageTables", "NFS_Unstable",
            "Bounce", "WritebackTmp", "CommitLimit", "Committed_AS", "VmallocTotal", "VmallocUsed", "VmallocChunk",
            "Percpu", "HardwareCorrupted", "AnonHugePages", "ShmemHugePages", "ShmemPmdMapped", "FileHugePages",
            "FilePmdMapped", "HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp", "Hugepagesize",
            "Hugetlb", "DirectMap4k", "DirectMap2M", "DirectMap1G",
        ]
        return names.map { $0 + ":" + String(repeating: " ", count: 24 - $0.utf8.count) + "12345678 kB\n" }.joined()
    }()

    static let pressure = """
        some avg10=1.12 avg60=0.57 avg300=0.10 total=1234567890
        full avg10=0.00 avg60=0.00 avg300=0.00 total=123456789

        """

    private static let controllers = [
        "cpuset", "cpu,cpuacct", "blkio", "memory", "devices", "freezer", "net_cls,net_prio", "perf_event", "hugetlb",
        "pids", "rdma", "misc",
    ]

    static let mountinfo: String = {
        var text = "22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw,errors=remount-ro\n"
        text += "23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw\n"
        text += "30 22 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
        for (index, name) in controllers.enumerated() {
            text += "\(31 + index) 22 0:\(27 + index) / /sys/fs/cgroup/\(name) rw,nosuid,nodev,noexec,relatime "
            text += "shared:\(9 + index) - cgroup cgroup rw,\(name)\n"
        }
        for index in 0..<80 {
            text += "\(100 + index) 22 0:\(60 + index) / /var/lib/containers/overlay/\(index)/merged\\040root "
            text += "rw,relatime shared:\(100 + index) - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u/\(index)\n"
        }
        return text
    }()

    static let cgroup: String = {
        var text = ""
        for (index, name) in controllers.enumerated() { text += "\(12 - index):\(name):/docker/0123456789ab/job\n" }
        return text + "0::/docker/0123456789ab/job\n"
    }()

    static let numaMaps: String = {
        var text = ""
        for index in 0..<120 {
            text += "7f00\(1000 + index)000 default anon=512 dirty=512 active=0 N0=256 N1=256 kernelpagesize_kB=4\n"
        }
        return text
    }()
}
