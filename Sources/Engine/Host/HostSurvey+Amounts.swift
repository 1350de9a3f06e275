// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

extension HostSurvey {
    func memory() -> HostReport.Memory {
        var memory = HostReport.Memory()
        let info = FileFigures("/proc/meminfo") { MemoryInfo($0) }
        memory.total = info.figure("MemTotal") { $0.total }
        memory.available = info.figure("MemAvailable") { $0.available }
        memory.swapTotal = info.figure("SwapTotal") { $0.swapTotal }
        memory.swapFree = info.figure("SwapFree") { $0.swapFree }
        memory.hugePages = info.figure("HugePages_Total") { $0.hugePages }
        memory.hugePagesFree = info.figure("HugePages_Free") { $0.hugePagesFree }
        memory.hugePageSize = info.figure("Hugepagesize") { $0.hugePageSize }
        let limit = cgroups.report(.memory)
        memory.limit = HostLimit(limit)
        memory.high = HostLimit(cgroups.report(.memoryHigh))
        memory.swapLimit = HostLimit(cgroups.report(.swap))
        if let group = limit.limit?.group ?? limit.levels.first?.group {
            let file = group.version == 2 ? "memory.current" : "memory.usage_in_bytes"
            memory.used = Figures.number("\(group.directory)/\(file)")
        } else {
            memory.used = Sourced(nil, source: "memory.current", error: Errno.noSuchFileOrDirectory.name)
        }
        memory.transparentHugePages = Figures.file("/sys/kernel/mm/transparent_hugepage/enabled", ChoiceText.chosen)
        memory.overcommit = Figures.number("/proc/sys/vm/overcommit_memory")
        memory.cpusetNodes = Sourced(cgroups.cpusetNodes)
        let online = Figures.file("/sys/devices/system/node/online") { CPUList.parse($0) }
        memory.nodes = (online.value ?? []).map { node in
            let folder = "/sys/devices/system/node/node\(node)"
            let info = FileFigures(folder + "/meminfo") { MemoryInfo($0) }
            return .init(
                id: node, cpus: Figures.file(folder + "/cpulist") { CPUList.parse($0) },
                total: info.figure("MemTotal") { $0.total }, free: info.figure("MemFree") { $0.free })
        }
        return memory
    }

    func handles() -> HostReport.Handles {
        var handles = HostReport.Handles()
        let limits = FileFigures("/proc/self/limits") { ProcessLimits($0) }
        handles.soft = limits.limit("Max open files", \.openFiles)
        handles.hard = limits.limit("Max open files", \.openFiles, isHard: true)
        handles.userProcesses = limits.limit("Max processes", \.processes)
        handles.greatest = Figures.number("/proc/sys/fs/nr_open")
        let table = FileFigures("/proc/sys/fs/file-nr") { SystemFileTable.parse($0) }
        handles.systemUsed = table.figure(nil) { $0?.used }
        handles.systemMost = table.figure(nil) { $0?.most }
        handles.inotifyInstances = Figures.number("/proc/sys/fs/inotify/max_user_instances")
        handles.threads = Figures.number("/proc/sys/kernel/threads-max")
        handles.processes = HostLimit(cgroups.report(.processes))
        return handles
    }
}

/// Figures out of one file that is read once.
struct FileFigures<Parsed> {
    private let path: String
    private let parsed: Parsed?
    private let error: String?

    init(_ path: String, _ parse: (ArraySlice<UInt8>) -> Parsed) {
        self.path = path
        do throws(Errno) {
            parsed = parse(try SmallFile.bytes(path)[...])
            error = nil
        } catch {
            parsed = nil
            self.error = error.name
        }
    }

    /// One figure; where the file has none of that name, `ENODATA`.
    func figure<Value>(_ field: String?, _ pick: (Parsed) -> Value?) -> Sourced<Value> {
        let source = field.map { "\(path) \($0)" } ?? path
        guard let parsed else { return Sourced(nil, source: source, error: error) }
        guard let value = pick(parsed) else { return Sourced(nil, source: source, error: Errno.noData.name) }
        return Sourced(value, source: source)
    }
}

extension FileFigures<ProcessLimits> {
    /// A limit of a process; no value and no error where there is none.
    func limit(_ field: String, _ path: KeyPath<ProcessLimits, ProcessLimits.Pair?>, isHard: Bool = false)
        -> Sourced<Int64>
    {
        let pair = figure(field) { $0[keyPath: path] }
        let value = isHard ? pair.value?.hard : pair.value?.soft
        return Sourced(value, source: "\(pair.source), \(isHard ? "hard" : "soft")", error: pair.error)
    }
}

/// Figures out of whole files.
enum Figures {
    /// What `parse` makes of a file; `EBADMSG` where it makes nothing of it.
    static func file<Value>(_ path: String, _ parse: (ArraySlice<UInt8>) -> Value?) -> Sourced<Value> {
        do throws(Errno) {
            guard let value = parse(try SmallFile.bytes(path)[...]) else { throw .badMessage }
            return Sourced(value, source: path)
        } catch {
            return Sourced(nil, source: path, error: error.name)
        }
    }

    static func number(_ path: String) -> Sourced<Int64> {
        file(path) { bytes in
            var scanner = ByteScanner(bytes)
            return scanner.nextInteger()
        }
    }

    static func text(_ path: String) -> Sourced<String> {
        file(path) { bytes in
            String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0 }, as: UTF8.self)
        }
    }

    static func pressure(_ resource: String, scope: String, _ path: String) -> HostReport.Pressure {
        let totals = file(path, PressureTotals.parse)
        func figure(_ value: Int64?) -> Sourced<Int64> {
            Sourced(value, source: path, error: value == nil ? totals.error ?? Errno.noData.name : nil)
        }
        return .init(
            resource: resource, scope: scope, some: figure(totals.value?.some), full: figure(totals.value?.full))
    }
}
