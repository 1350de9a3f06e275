// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// The limits of the disks behind a stressor's directory, and how near the groups are to them.
final class DiskLimitWatch {
    private let devices: Set<DeviceNumber>
    private var last: [Key: (time: Nanoseconds, done: GroupIO.Figures)] = [:]

    private struct Key: Hashable {
        var directory: String
        var device: DeviceNumber
    }

    /// Finds the devices; `nil` where the stressor has no directory, or that is on none.
    init?(_ stressor: PlannedStressor) {
        guard let directory = stressor.settings.text("directory"), let device = BlockDevice(behind: directory) else {
            return nil
        }
        devices = Set(device.numbers)
        if devices.isEmpty { return nil }
    }

    /// The limit that a group of `levels` is nearest to, by what it did since the last time that this was asked.
    func nearest(_ levels: [GroupIO], at now: Nanoseconds) -> LimitFigures.IOLimit? {
        var nearest: LimitFigures.IOLimit?
        for level in levels {
            for reading in level.read(at: now) where devices.contains(reading.device) {
                let key = Key(directory: level.group.directory, device: reading.device)
                let before = last.updateValue((now, reading.done), forKey: key)
                for (kind, most) in reading.limits.values.enumerated() where most != .max && most > 0 {
                    var rate = 0.0
                    if let before, now > before.time {
                        rate = Double(max(0, reading.done.values[kind] - before.done.values[kind]))
                        rate /= (now - before.time).seconds
                    }
                    guard rate / Double(most) >= nearest.map({ $0.rate / $0.most }) ?? 0 else { continue }
                    nearest = LimitFigures.IOLimit(
                        source: level.source(of: kind), kind: GroupIO.Figures.kinds[kind],
                        device: "\(reading.device)", most: Double(most), rate: rate)
                }
            }
        }
        return nearest
    }
}

/// What of the host as a whole holds a stressor back: processors that went, memory that is not promised.
final class SurroundingsWatch {
    private static let onlineSource = "/sys/devices/system/cpu/online"

    private let process: ProcessWatch
    private let online: ProcFile?
    private let strict: ProcFile?
    private let meminfo: ProcFile?
    private let before: Set<Int>

    /// Opens the files that matter to the stressor, and takes what there is now as what it was planned for.
    init(_ stressor: PlannedStressor, _ process: ProcessWatch) {
        self.process = process
        let isRate = stressor.drive == .rate
        online = isRate ? ProcFile(Self.onlineSource, capacity: 1024) : nil
        let isMemory = stressor.unit == .bytes
        strict = isMemory ? ProcFile("/proc/sys/vm/overcommit_memory", capacity: 64) : nil
        meminfo = isMemory ? ProcFile("/proc/meminfo") : nil
        let there = online?.read(CPUList.parse)
        let allowed = isRate ? stressor.settings.cpus("cpus") ?? process.allowedCPUs : nil
        before = Set(allowed ?? []).intersection(there ?? [])
    }

    /// Looks at all of it.
    func look(_ figures: inout LimitFigures) {
        figures.processors = processors ?? figures.processors
        figures.commit = commit
    }

    private var processors: LimitFigures.Processors? {
        guard !before.isEmpty, let there = online?.read(CPUList.parse), let allowed = process.allowedCPUs else {
            return nil
        }
        let present = before.intersection(there)
        let source = present.count < before.count ? Self.onlineSource : "/proc/\(process.id)/status"
        return LimitFigures.Processors(
            before: before.count, now: present.intersection(allowed).count, source: source)
    }

    private var commit: LimitFigures.Commit? {
        guard strict?.integer == 2, let info = meminfo?.read({ MemoryInfo($0) }), let limit = info.commitLimit,
            let committed = info.committed
        else { return nil }
        return LimitFigures.Commit(limit: limit, committed: committed)
    }
}
