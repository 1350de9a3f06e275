// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import SystemPackage

extension Technique {
    /// What a process may do to itself and to others; a few ms.
    ///
    /// - Parameters:
    ///   - cgroups: where this process stands.
    ///   - mounts: what is mounted.
    public static func process(cgroups: CgroupView, mounts: MountTable) -> [Technique] {
        [sharedMemory(), processHandle(), ioUring(), oomScore(), cycleCounter(), resourceControl(mounts)]
            + joinGroup(cgroups)
    }

    /// Writes through one mapping of a memfd and reads through another.
    static func sharedMemory() -> Technique {
        let means = "writing to a memfd through one mapping and reading it through another"
        do throws(Errno) {
            let file = try OwnedDescriptor.sharedMemory(named: "exert-probe", size: AnonymousReservation.pageSize)
            var maps: [UnsafeMutableRawPointer] = []
            defer { for map in maps { munmap(map, AnonymousReservation.pageSize) } }
            for _ in 0..<2 {
                let map = mmap(
                    nil, AnonymousReservation.pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0)
                guard let map, map != MAP_FAILED else {
                    return .fails(.sharedMemory, by: means, "not mapped", lastError)
                }
                maps.append(map)
            }
            maps[0].storeBytes(of: 0x6578_6572, as: UInt32.self)
            return maps[1].load(as: UInt32.self) == 0x6578_6572
                ? .works(.sharedMemory, by: means, "shared")
                : .fails(.sharedMemory, by: means, "accepted, and the mappings are not of the same memory")
        } catch {
            return .fails(.sharedMemory, by: means, "refused", error)
        }
    }

    static func processHandle() -> Technique {
        let means = "pidfd_open of this process, then poll, which must not report its end"
        let descriptor = CLinux_pidfd_open(getpid())
        if descriptor < 0 { return .fails(.processHandle, by: means, "refused", lastError) }
        let handle = OwnedDescriptor(owning: descriptor)
        var poll = pollfd(fd: handle.rawValue, events: Int16(POLLIN), revents: 0)
        let ready = Glibc.poll(&poll, 1, 0)
        if ready < 0 { return .fails(.processHandle, by: means, "it cannot be polled", lastError) }
        return ready == 0
            ? .works(.processHandle, by: means, "open and quiet")
            : .fails(.processHandle, by: means, "it reports the end of a process that runs")
    }

    /// Sets a ring up and writes through it to memory, so that no disk is in the way.
    static func ioUring() -> Technique {
        let means = "a ring and one write through it to a memfd"
        do throws(Errno) {
            let file = WorkingFile(
                try OwnedDescriptor.sharedMemory(named: "exert-probe", size: AnonymousReservation.pageSize))
            try IORing.probe(file, count: 512)
            return .works(.ioUring, by: means, "the write completed")
        } catch {
            let reason =
                switch error {
                case .notPermitted: "refused, by a seccomp filter, kernel.io_uring_disabled or a security module"
                case .noFunction: "the kernel or the sandbox does not have it"
                default: "failed"
                }
            return .fails(.ioUring, by: means, reason, error)
        }
    }

    /// Writes the present value back: nothing changes, and the kernel checks all that it checks of a new one.
    static func oomScore() -> Technique {
        let path = "/proc/self/oom_score_adj"
        let means = "writing the present value of \(path) back"
        do throws(Errno) {
            let text = try SmallFile.bytes(path)
            var scanner = ByteScanner(text)
            guard let value = scanner.nextInteger() else { return .fails(.oomScore, by: means, "it holds no number") }
            let file = try OwnedDescriptor.open(path, O_WRONLY)
            try file.write(all: Array("\(value)\n".utf8))
            return .works(
                .oomScore, by: means, "accepted; it is \(value)", [Figure(name: "value", value: Double(value))])
        } catch {
            return .fails(.oomScore, by: means, "refused", error)
        }
    }

    /// Counts the cycles of a short loop.
    static func cycleCounter() -> Technique {
        let means = "perf_event_open of user cycles of this thread, counting a short loop"
        let descriptor = CLinux_open_cycle_counter()
        if descriptor < 0 {
            let error = lastError
            let reason =
                error == .noSuchFileOrDirectory
                ? "there is no hardware counter, as in many virtual machines" : "refused"
            return .fails(.cycleCounter, by: means, reason, error)
        }
        let counter = OwnedDescriptor(owning: descriptor)
        let end = Clocks.threadCPU + 200_000
        while Clocks.threadCPU < end {}
        var cycles: UInt64 = 0
        let count = read(counter.rawValue, &cycles, 8)
        if count < 0 { return .fails(.cycleCounter, by: means, "it cannot be read", lastError) }
        return count == 8 && cycles > 0
            ? .works(.cycleCounter, by: means, "\(cycles) cycles in 0.2 ms")
            : .fails(.cycleCounter, by: means, "open, and it counts nothing")
    }

    /// Whether memory bandwidth can be read from the processor's own monitors.
    static func resourceControl(_ mounts: MountTable) -> Technique {
        guard let mount = mounts.entries.last(where: { $0.type == "resctrl" }) else {
            return .fails(.resourceControl, by: "/proc/self/mountinfo", "no file system of type resctrl is mounted")
        }
        let path = mount.point + "/info/L3_MON/mon_features"
        do throws(Errno) {
            let features = String(decoding: try SmallFile.bytes(path), as: UTF8.self)
                .split(separator: "\n").joined(separator: ", ")
            return features.contains("mbm_total_bytes")
                ? .works(.resourceControl, by: "reading \(path)", features)
                : .fails(.resourceControl, by: "reading \(path)", "no memory bandwidth among: \(features)")
        } catch {
            return .fails(.resourceControl, by: "reading \(path)", "mounted, and it monitors nothing", error)
        }
    }

    /// Whether `cgroup.procs` of our own groups can be opened for writing; nothing is written.
    static func joinGroup(_ cgroups: CgroupView) -> [Technique] {
        var groups: [CgroupView.Group] = []
        for controller in ["cpu", "memory", "pids"] {
            if let group = cgroups.groups(of: controller).first, !groups.contains(group) { groups.append(group) }
        }
        if groups.isEmpty { return [.fails(.joinGroup, by: "/proc/self/mountinfo", "no control group can be seen")] }
        return groups.map { group in
            let path = group.directory + "/cgroup.procs"
            let means = "opening \(path) for writing"
            do throws(Errno) {
                _ = try OwnedDescriptor.open(path, O_WRONLY).rawValue
                return .works(.joinGroup, by: means, "allowed")
            } catch {
                return .fails(.joinGroup, by: means, "refused", error)
            }
        }
    }
}
