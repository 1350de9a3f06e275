// SPDX-License-Identifier: Apache-2.0

import LoadModel

extension HostRows {
    mutating func processors(_ cpu: HostReport.Processors, _ pressures: [HostReport.Pressure]) {
        let usable = NumberText.text(cpu.usable, places: 3, trimming: true)
        let reason =
            cpu.quota.value.map { $0 < Double(cpu.affinity.value?.count ?? .max) } == true ? "the quota" : "affinity"
        let quota = cpu.quota.state == .unreadable ? ", as far as can be seen" : ""
        row("usable", StyledText("\(usable) \(usable == "1" ? "core" : "cores")\(quota)", .bold), "by \(reason)")
        figure("online", cpu.online, Self.set)
        figure("affinity", cpu.affinity, Self.set)
        set("cpuset", cpu.cpuset)
        figure("physical cores", cpu.physicalCores) { "\($0)" }
        limit("quota", cpu.quota) { HumanUnits.exactAmount($0, .cores) }
        for pressure in pressures where pressure.resource == "cpu" { self.pressure(pressure) }
    }

    mutating func memory(_ memory: HostReport.Memory, _ pressures: [HostReport.Pressure]) {
        func amount(_ bytes: Int64) -> String { HumanUnits.amount(Double(bytes), .bytes) }
        func limitAmount(_ bytes: Double) -> String { HumanUnits.exactAmount(bytes, .bytes) }
        figure("total", memory.total, amount)
        figure("available", memory.available, amount)
        limit("limit", memory.limit, limitAmount)
        if memory.high.levels.contains(where: { $0.state != .absent }) { limit("high", memory.high, limitAmount) }
        if !memory.limit.levels.isEmpty { figure("used in the group", memory.used, amount) }
        if memory.swapTotal.value == 0 {
            row("swap", StyledText("none"), memory.swapTotal.source)
        } else {
            figure("swap", memory.swapTotal, amount)
            figure("swap free", memory.swapFree, amount)
        }
        limit("swap limit", memory.swapLimit, limitAmount)
        figure("huge pages", memory.transparentHugePages) { "transparent: \($0)" }
        if let count = memory.hugePages.value, count > 0 {
            let size = memory.hugePageSize.value.map { " of \(amount($0))" } ?? ""
            figure("", memory.hugePagesFree) { "explicit: \(count)\(size), \($0) free" }
        }
        figure("overcommit", memory.overcommit) { ["heuristic", "always", "strict"][Int(clamping: $0) % 3] }
        set("cpuset nodes", memory.cpusetNodes)
        for node in memory.nodes {
            let cpus = node.cpus.value.map { ", CPUs \(Self.list($0))" } ?? ""
            figure("node \(node.id)", node.total) { total in
                let free = node.free.value.map { ", \(amount($0)) free" } ?? ""
                return amount(total) + free + cpus
            }
        }
        for pressure in pressures where pressure.resource == "memory" { self.pressure(pressure) }
    }

    mutating func handles(_ handles: HostReport.Handles) {
        func count(_ value: Int64) -> String { "\(value)" }
        limit("open files, soft", handles.soft, count)
        limit("open files, hard", handles.hard, count)
        figure("hard at most", handles.greatest, count)
        figure("system: open", handles.systemUsed, count)
        figure("system: at most", handles.systemMost) { $0 > 1 << 60 ? "no limit worth the name" : "\($0)" }
        figure("inotify per user", handles.inotifyInstances, count)
        limit("processes, user", handles.userProcesses, count)
        figure("threads, system", handles.threads, count)
        limit("processes, cgroup", handles.processes) { NumberText.text($0, places: 0) }
    }

    mutating func privileges(_ privileges: HostReport.Privileges) {
        row("user", StyledText(privileges.userID == 0 ? "root (0)" : "\(privileges.userID)"), "geteuid")
        figure("capabilities", privileges.capabilities) { names in
            if names.isEmpty { return "none" }
            // What decides about loads; all of them are in the JSON.
            let useful = ["SYS_ADMIN", "SYS_RESOURCE", "SYS_NICE", "IPC_LOCK", "PERFMON", "DAC_OVERRIDE", "SYS_PTRACE"]
            let missing = useful.filter { !names.contains($0) }
            return "\(names.count)" + (missing.isEmpty ? "" : ", without \(missing.joined(separator: ", "))")
        }
        figure("seccomp", privileges.seccomp) { $0 }
        figure("no new privileges", privileges.noNewPrivileges) { $0 ? "set" : "not set" }
        if privileges.securityLabel.value?.isEmpty == false {
            figure("security label", privileges.securityLabel) { $0 }
        }
        limit("locked memory", privileges.lockedMemory) { HumanUnits.amount(Double($0), .bytes) }
        limit("address space", privileges.addressSpace) { HumanUnits.amount(Double($0), .bytes) }
        limit("file size", privileges.fileSize) { HumanUnits.amount(Double($0), .bytes) }
    }

    private mutating func set(_ name: String, _ figure: Sourced<[Int]>) {
        if figure.value == nil, figure.error == nil {
            row(name, StyledText("none: no control group confines it"))
        } else {
            self.figure(name, figure, Self.set)
        }
    }

    private static func set(_ numbers: [Int]) -> String { "\(numbers.count) (\(list(numbers)))" }

    /// `0-3,8`.
    private static func list(_ numbers: [Int]) -> String {
        var parts: [String] = []
        var start = numbers.startIndex
        while start < numbers.endIndex {
            var end = start
            while end + 1 < numbers.endIndex, numbers[end + 1] == numbers[end] + 1 { end += 1 }
            parts.append(start == end ? "\(numbers[start])" : "\(numbers[start])-\(numbers[end])")
            start = end + 1
        }
        return parts.joined(separator: ",")
    }
}

/// The table of file systems.
enum FileSystemRows {
    static func lines(_ report: HostReport, _ style: TextStyle) -> [StyledText] {
        var table = TextTable([.left, .left, .right, .right, .right, .right, .right, .left])
        table.append(["mounted on", "type", "size", "used", "available", "reserved", "inodes left", ""], .dim)
        for system in report.fileSystems {
            var cells = [StyledText(system.point), StyledText(system.type)]
            if let space = system.space {
                let isCounting = space.inodes > 0
                cells += [space.total, space.used, space.available, space.reserved].map {
                    StyledText(HumanUnits.amount(Double($0), .bytes))
                }
                cells.append(StyledText(isCounting ? "\(space.inodesAvailable)" : style.none))
            } else {
                cells += Array(repeating: StyledText(style.none), count: 5)
            }
            var note = StyledText()
            if let problem = system.problem {
                note.append(problem.hasPrefix("not asked") ? problem : "unreadable: \(problem)", .warning)
            } else if let refusal = system.refusal {
                note.append("exert refuses it: \(refusal)", .dim)
            }
            cells.append(note)
            table.append(cells)
        }
        return table.lines()
    }
}

/// What this process runs in, in sentences.
enum SurroundingRows {
    static func append(_ report: HostReport, to lines: inout TextLines) {
        let identity = report.identity
        let hints = identity.hints
        row("runs in", hints.isEmpty ? "no sign of a container" : hints.joined(separator: ", "), &lines)
        let own = identity.namespaces.filter { $0.state == "own" }.map(\.kind)
        let unknown = identity.namespaces.filter { $0.state == "unknown" }
        let known = own.isEmpty ? "the host's" : "its own: \(own.joined(separator: ", ")); else the host's"
        row("namespaces", known + " (/proc/self/ns)", &lines)
        for namespace in unknown {
            row("", "unreadable: \(namespace.error ?? "?") (/proc/self/ns/\(namespace.kind))", &lines, .warning)
        }
        if !identity.virtualisedFiles.isEmpty {
            row("/proc", "virtualised: \(identity.virtualisedFiles.joined(separator: ", "))", &lines, .warning)
        }
        let groups = report.cgroups
        let names = groups.controllers.map { "\($0.name) v\($0.version)" }.joined(separator: ", ")
        row("control groups", "\(groups.version): \(names.isEmpty ? "no controllers" : names)", &lines)
        for file in groups.unread {
            row("", "unreadable: \(file.error ?? "?") (\(file.source))", &lines, .warning)
        }
    }

    private static func row(
        _ name: String, _ words: String, _ lines: inout TextLines, _ ink: StyledText.Ink = .plain
    ) {
        var head = StyledText("  \(name)")
        head.pad(to: 18)
        if ink != .plain { head.append("! ", ink) }
        lines.append(head, sentence: words)
    }
}
