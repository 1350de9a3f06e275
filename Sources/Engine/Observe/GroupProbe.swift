// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Pressure of the host or of a control group as shares of the time between two looks, from files that are kept open.
final class PressureProbe {
    private let cpu: PressureGauge?
    private let memory: PressureGauge?
    private let io: PressureGauge?
    private var last: (time: Nanoseconds, cpu: PressureTotals?, memory: PressureTotals?, io: PressureTotals?)?

    /// Opens the files `directory/cpu…`; `nil` where there is none of them.
    init?(directory: String, suffix: String) {
        func gauge(_ name: String) -> PressureGauge? { PressureGauge("\(directory)/\(name)\(suffix)") }
        (cpu, memory, io) = (gauge("cpu"), gauge("memory"), gauge("io"))
        if cpu == nil, memory == nil, io == nil { return nil }
    }

    /// The shares since the last call; `nil` the first time.
    func read() -> PressureReading? {
        let now = (time: Clocks.monotonic, cpu: cpu?.read(), memory: memory?.read(), io: io?.read())
        defer { last = now }
        guard let last, now.time > last.time else { return nil }
        let span = Double(now.time - last.time) / 1000
        func ratio(_ earlier: Int64??, _ later: Int64??) -> Double? {
            guard let earlier = earlier ?? nil, let later = later ?? nil else { return nil }
            // The kernel brings the totals up to date for each processor in turn: one window may get a little more.
            return min(1, Double(max(0, later - earlier)) / span)
        }
        return PressureReading(
            cpuSome: ratio(last.cpu?.some, now.cpu?.some), memorySome: ratio(last.memory?.some, now.memory?.some),
            memoryFull: ratio(last.memory?.full, now.memory?.full), ioSome: ratio(last.io?.some, now.io?.some),
            ioFull: ratio(last.io?.full, now.io?.full))
    }
}

/// The v2 control group that a stressor runs in; v1 groups do not tell their pressure.
final class GroupProbe {
    private let directory: String
    private let pressure: PressureProbe

    /// Opens the files of our group in `view`; `nil` where it is the root of all groups, which is the host itself.
    init?(_ view: CgroupView) {
        guard let directory = Self.directory(of: view),
            let pressure = PressureProbe(directory: directory, suffix: ".pressure")
        else { return nil }
        self.directory = directory
        self.pressure = pressure
        _ = pressure.read()
    }

    /// The directory of our group in `view`; `nil` of v1, and of the root.
    static func directory(of view: CgroupView) -> String? {
        guard let group = view.groups(of: "").first, group.version == 2,
            SmallFile.text(group.directory + "/cgroup.type") != nil
        else { return nil }
        return group.directory
    }

    /// The group since the last call.
    func read() -> GroupReading? { pressure.read().map { GroupReading(directory: directory, pressure: $0) } }
}
