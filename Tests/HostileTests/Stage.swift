// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Everything around one run: its folder, disk, control groups and neighbours, and exert's processes.
///
/// All of it is gone with its owner. One thread uses it.
final class Stage {
    /// Who is meant by a signal.
    enum Role: Sendable {
        case observer, stressors, all, prober, service
    }

    let folder: String
    private var disks: [Disk] = []
    private var diskUnderneath: Disk?
    private var groups: [String: String] = [:]
    private var children: [String] = []
    private var neighbours: [Child] = []
    private let path: String
    /// The observer; 0 before it is started.
    var observer: Int32 = 0
    /// The stressors, as they were last looked for.
    private(set) var stressors: [Int32] = []
    /// Who asks the probes, as it was last looked for.
    private(set) var prober: Int32?
    /// The service that is asked.
    private var service: StubService?

    private static let root = "/sys/fs/cgroup"

    init(_ needs: [Need]) throws {
        let name = "exert-hostile-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        folder = NSTemporaryDirectory() + name
        path = "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for need in needs {
            switch need {
            case .disk(let mebibytes, let type, let inodes, let below):
                var place = folder
                if let below {
                    let outer = try Disk(mebibytes: below, type: "ext4", inodes: nil, in: folder)
                    diskUnderneath = outer
                    place = outer.path
                }
                disks.append(try Disk(mebibytes: mebibytes, type: type, inodes: inodes, in: place))
            case .service: service = try StubService(in: folder)
            case .group(let controller, let files, let child):
                let directory = "\(Self.root)/\(controller)\(path)"
                guard mkdir(directory, 0o755) == 0 else { throw Failure("\(directory) cannot be made: cgroup v1?") }
                groups[controller] = directory
                for (file, value) in files { try write(value, to: file, of: controller) }
                if child {
                    guard mkdir(directory + "/child", 0o755) == 0 else { throw Failure("\(directory)/child") }
                    children.append(directory + "/child")
                }
            }
        }
    }

    deinit {
        endNeighbours()
        service = nil
        if let freezer = groups["freezer"] { try? Self.write("THAWED", to: freezer + "/freezer.state") }
        disks = []
        diskUnderneath = nil
        // The kernel removes a group as soon as the last process is not only dead but gone.
        for directory in children + groups.values {
            for _ in 0..<500 where rmdir(directory) != 0 && errno != ENOENT { usleep(10_000) }
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The disk.
    func disk() throws -> Disk {
        guard let disk = disks.first else { throw Failure("the scenario has no disk") }
        return disk
    }

    /// The disk that the disk's image lies on.
    func diskBelow() throws -> Disk {
        guard let diskUnderneath else { throw Failure("the scenario has no disk below its disk") }
        return diskUnderneath
    }

    /// Puts names of what was made into a text.
    func fill(_ text: String) -> String {
        var text = text.replacingOccurrences(of: "{path}", with: path)
        var names = groups
        names["disk"] = disks.first?.path
        names["service"] = service?.url
        names["neighbour"] = neighbours.first.map { "\($0.id)" }
        for (name, value) in names { text = text.replacingOccurrences(of: "{\(name)}", with: value) }
        return text
    }

    /// Looks for the stressors anew; of those that are gone the last ones stay known.
    func refresh() {
        let found = Kernel.stressors(of: observer)
        if !found.isEmpty { stressors = found }
        prober = Kernel.prober(of: observer) ?? prober
    }

    func send(_ signal: Int32, to role: Role) {
        if role == .prober || role == .service {
            // 0 would be the test's own process group.
            if let id = role == .prober ? prober : service?.id, id > 0 { kill(id, signal) }
            return
        }
        // The observer is stopped first and goes on last: it shall not see what happens to the stressors alone.
        if role != .stressors, signal == SIGSTOP { kill(observer, signal) }
        if role != .observer { for id in stressors { kill(id, signal) } }
        if role != .stressors, signal != SIGSTOP { kill(observer, signal) }
    }

    /// Writes to a control group's file; `child/…` is the group below it.
    func write(_ value: String, to file: String, of controller: String) throws {
        guard let directory = groups[controller] else { throw Failure("the scenario has no group of '\(controller)'") }
        try Self.write(value, to: directory + "/" + file)
    }

    private static func write(_ value: String, to file: String) throws {
        let descriptor = open(file, O_WRONLY)
        guard descriptor >= 0 else { throw Failure("\(file): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        // In one piece: what a control group reads is one write.
        guard Glibc.write(descriptor, value, value.utf8.count) == value.utf8.count else {
            throw Failure("\(file) takes no '\(value)': \(String(cString: strerror(errno)))")
        }
    }

    /// Starts a shell command that goes on until the end.
    func startNeighbour(_ command: String) throws {
        neighbours.append(try Child(["sh", "-c", fill(command)]))
    }

    func endNeighbours() {
        for neighbour in neighbours { neighbour.end() }
        neighbours = []
    }

    /// CPU time of each stressor so far; it stays when the process is gone.
    private var cpuTimes: [Int32: Double] = [:]
    /// CPU time of the prober so far; it stays, too.
    private var proberTime: Double?
    private lazy var spaceBefore = disks.first?.used ?? 0
    private lazy var inodesBefore = disks.first?.usedInodes ?? 0

    /// Takes note of what the disk has before the run.
    func noteDisk() { _ = (spaceBefore, inodesBefore) }

    /// Reads one meter; `nil` where there is nothing to read.
    func read(_ meter: Meter) -> Double? {
        switch meter {
        case .cpu:
            for id in stressors { if let time = Kernel.cpuTime(id) { cpuTimes[id] = time } }
            return cpuTimes.isEmpty ? nil : cpuTimes.values.reduce(0, +)
        case .prober:
            proberTime = prober.flatMap(Kernel.cpuTime) ?? proberTime
            return proberTime
        case .service: return service.flatMap { Kernel.cpuTime($0.id) }
        case .resident:
            let pages = stressors.compactMap { Kernel.numbers("/proc/\($0)/statm").dropFirst().first }
            return pages.reduce(0, +) * Double(sysconf(Int32(_SC_PAGESIZE)))
        case .handles:
            return Double(stressors.compactMap { Kernel.entries("/proc/\($0)/fd") }.reduce(0, +))
        case .tasks:
            return Double(stressors.compactMap { Kernel.entries("/proc/\($0)/task") }.reduce(0, +))
        case .groupTasks: return groups["pids"].flatMap { Kernel.number($0 + "/pids.current") }
        case .space: return disks.first?.used.map { $0 - spaceBefore }
        case .inodes: return disks.first?.usedInodes.map { $0 - inodesBefore }
        case .writtenBelow:
            return diskUnderneath.flatMap { Kernel.numbers("/sys/block/\($0.name)/stat").dropFirst(6).first }
                .map { $0 * 512 }
        case .read, .written, .operations:
            // https://docs.kernel.org/block/stat.html: reads, merged, sectors of 512 bytes, ms; the same of writes.
            guard let disk = disks.first else { return nil }
            let figures = Kernel.numbers("/sys/block/\(disk.name)/stat")
            guard figures.count > 6 else { return nil }
            return meter == .read ? figures[2] * 512 : meter == .written ? figures[6] * 512 : figures[0] + figures[4]
        case .groupCPU: return groups["cpuacct"].flatMap { Kernel.number($0 + "/cpuacct.usage") }.map { $0 / 1e9 }
        case .groupMemory: return groups["memory"].flatMap { Kernel.number($0 + "/memory.usage_in_bytes") }
        case .groupKills:
            let lines = groups["memory"].flatMap { Kernel.text($0 + "/memory.oom_control") }?.split(separator: "\n")
            return lines?.first { $0.hasPrefix("oom_kill ") }.flatMap { Double($0.dropFirst("oom_kill ".count)) }
        case .neighbourFree:
            guard let id = neighbours.first?.id, let limit = Kernel.softLimit(of: id) else { return nil }
            // A descriptor beyond the limit takes none of the numbers below it.
            let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd")
            return open.map { names in limit - Double(names.count { (Double($0) ?? 0) < limit }) }
        }
    }
}
