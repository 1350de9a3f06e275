// SPDX-License-Identifier: Apache-2.0

/// What a guard can watch; the raw value is its name in profiles and in the log, behind the name of a probe or a
/// stressor where it is of one.
///
/// A metric without its description, or without where it is read (`GuardMeter`), does not compile.
public enum Metric: String, Sendable, CaseIterable {
    case memoryAvailable = "memory.available"
    case cpuBusy = "cpu.busy"
    case diskAvailable = "disk.available"
    case diskFree = "disk.free"
    case handlesFree = "handles.free"
    case processesFree = "processes.free"
    case cpuPressureSome = "psi.cpu.some"
    case memoryPressureSome = "psi.memory.some"
    case memoryPressureFull = "psi.memory.full"
    case ioPressureSome = "psi.io.some"
    case ioPressureFull = "psi.io.full"
    case groupCPUPressureSome = "group.psi.cpu.some"
    case groupMemoryPressureSome = "group.psi.memory.some"
    case groupMemoryPressureFull = "group.psi.memory.full"
    case groupIOPressureSome = "group.psi.io.some"
    case groupIOPressureFull = "group.psi.io.full"
    case good, bad, percentile, mean, errors
}

/// What is known of a metric: parser, planner, help and schema take it from here.
public struct MetricDescription: Sendable {
    /// What it is, for help.
    public let help: String
    /// Where it is read.
    public let source: String
    /// The kinds of amount that it is compared with.
    public let kinds: [AmountKind]
    /// The unit of its amounts; ``PlannedGuard/Unit/ratio`` where it is a share by nature.
    public var unit = PlannedGuard.Unit.ratio
    /// Of what it is one figure each.
    public var place = Place.host

    /// What a figure is of.
    public enum Place: Sendable {
        /// The whole host.
        case host
        /// The file system of a directory that is worked on.
        case fileSystem
        /// A control group that a stressor is in.
        case group
        /// A probe, by name.
        case probe
        /// A stressor, by name.
        case stressor
    }
    /// Whether it is worse the more it is; `nil` where either may be meant.
    public var isWorseAbove: Bool?
    /// How it is written, where that is not its name.
    public var form: String?
    /// A guard on it that may be written, for messages and for help; `nil` where another metric has one like it.
    public var example: String?
    /// What helps where it cannot be read, as the end of a sentence; empty where nothing does.
    public var remedy = ""
}

extension MetricDescription {
    private static let wholeProc = " (ProcSubset=pid?); drop the guard, or run where /proc is whole"

    private static func pressure(_ help: String, _ resource: String) -> MetricDescription {
        MetricDescription(
            help: help, source: "/proc/pressure/\(resource)", kinds: [.percent],
            remedy: "; the kernel needs PSI (psi=1)")
    }

    /// That of the stressors' own groups, which v1 does not tell.
    private static func groupPressure(_ help: String, _ resource: String) -> MetricDescription {
        MetricDescription(
            help: "\(help), in the stressors' control group (cgroup v2)", source: "\(resource).pressure",
            kinds: [.percent], place: .group, remedy: "; the kernel needs PSI (psi=1)")
    }

    /// That of a probe, by what the prober tells of it.
    private static func ofProbe(
        _ help: String, kinds: [AmountKind] = [], isWorseAbove: Bool? = nil, form: String? = nil, example: String
    ) -> MetricDescription {
        MetricDescription(
            help: "\(help), of a probe", source: "the probe's results", kinds: kinds, place: .probe,
            isWorseAbove: isWorseAbove, form: form, example: example)
    }

    fileprivate static func of(_ metric: Metric) -> MetricDescription {
        switch metric {
        case .memoryAvailable:
            MetricDescription(
                help: "memory that can be had without swapping: MemAvailable, or what the cgroup's limit leaves",
                source: "/proc/meminfo, memory.max", kinds: [.bytes, .percent], unit: .bytes, remedy: wholeProc)
        case .cpuBusy:
            MetricDescription(
                help: "time of all processors that is neither idle nor waiting for a disk", source: "/proc/stat",
                kinds: [.percent], remedy: wholeProc)
        case .diskAvailable:
            MetricDescription(
                help: "space that unprivileged users can have", source: "statvfs(3)", kinds: [.bytes, .percent],
                unit: .bytes, place: .fileSystem)
        case .diskFree:
            MetricDescription(
                help: "space that is free, the reserve of root included", source: "statvfs(3)",
                kinds: [.bytes, .percent], unit: .bytes, place: .fileSystem)
        case .handlesFree:
            MetricDescription(
                help: "file handles that the kernel can still open", source: "/proc/sys/fs/file-nr", kinds: [.count],
                unit: .handles, remedy: wholeProc)
        case .processesFree:
            MetricDescription(
                help: "processes and threads that can still be made: the least that pids.max of the groups of exert, "
                    + "threads-max and pid_max leave",
                source: "pids.current, /proc/loadavg", kinds: [.count], unit: .processes, remedy: wholeProc)
        case .cpuPressureSome: pressure("time in which some task waited for a processor", "cpu")
        case .memoryPressureSome: pressure("time in which some task waited for memory", "memory")
        case .memoryPressureFull: pressure("time in which all tasks waited for memory", "memory")
        case .ioPressureSome: pressure("time in which some task waited for a disk", "io")
        case .ioPressureFull: pressure("time in which all tasks waited for a disk", "io")
        case .groupCPUPressureSome: groupPressure("time in which some task waited for a processor", "cpu")
        case .groupMemoryPressureSome: groupPressure("time in which some task waited for memory", "memory")
        case .groupMemoryPressureFull: groupPressure("time in which all tasks waited for memory", "memory")
        case .groupIOPressureSome: groupPressure("time in which some task waited for a disk", "io")
        case .groupIOPressureFull: groupPressure("time in which all tasks waited for a disk", "io")
        case .good:
            ofProbe(
                "share of the answers that are good", kinds: [.percent], isWorseAbove: false,
                example: "checkout.good < 90% over 5s for 2s")
        case .bad:
            ofProbe(
                "share of the answers that are not good", kinds: [.percent], isWorseAbove: true,
                example: "checkout.bad > 50% for 5s")
        case .percentile:
            ofProbe(
                "percentile of the latencies, or of the numbers that it reads", form: "p95",
                example: "checkout.p95 > 500ms over 10s")
        case .mean: ofProbe("mean of the numbers that it reads", example: "lag.mean > 30s for 10s")
        case .errors:
            MetricDescription(
                help: "operations of a stressor that fail, are refused or are dropped, a second",
                source: "the stressor's own count", kinds: [.count], unit: .errorsPerSecond, place: .stressor,
                isWorseAbove: true, example: "disk-bandwidth.errors > 10 for 1s")
        }
    }
}

extension Metric {
    /// What is known of it.
    public var description: MetricDescription { .of(self) }

    /// Whether it is of a probe or a stressor, whose name stands before it.
    public var hasSubject: Bool { description.place == .probe || description.place == .stressor }

    /// How it is written behind such a name.
    public var form: String { description.form ?? rawValue }
}
