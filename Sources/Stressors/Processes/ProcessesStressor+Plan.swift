// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

extension ProcessesStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "processes",
        summary: "Hold processes and threads: a count, percent of a limit, or all but some.",
        details: """
            Threads with the smallest stack sleep in as many processes as needed; each takes a place under every limit \
            on processes, as any process does, and some 25 KiB of the kernel's memory. The figure is what the kernel \
            counts under the limit (pids.current of the control group, tasks of the host), exert's own included, and \
            others are followed both ways while they come and go (mode total); or the threads of the stressor's \
            processes (mode add). Who shares the limit gets EAGAIN from fork meanwhile. The kernel ends the threads \
            with their process, however it ends.
            """,
        reach: .ownProcess, drive: .level, unit: .processes, amounts: [.count, .percent, .max, .leave],
        keys: [
            .init(
                "of", .choice(["auto", "cgroup", "user", "system"]), default: .text("auto"),
                reach: .byValue(["auto": .ownProcess, "cgroup": .ownProcess, "user": .user, "system": .host]),
                help: "What 100 % is: pids.max of the control group on the way up that leaves the fewest; the user's "
                    + "RLIMIT_NPROC; or the lower of the host's threads-max and pid_max. auto takes the group's; where "
                    + "none has one, it takes plain counts alone."),
            LevelMode.key, Manifest.followKey,
            .init(
                "keep-free", .integer(0...1_000_000_000), default: nil, reach: .always(.host),
                help: "Never leave fewer than this to be made, so that somebody can still log in. Unless given, 64 "
                    + "with 'of: system', an eighth of the host's limit where no group has one, and none else."),
        ],
        tolerance: ToleranceRule(.percent(0.1), note: "totals of the system: 16, which others use without pause"),
        witness: "proc_threads",
        examples: ["200", "90%", "leave 10", "ramp to 90% in 30s"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        let limit = try limit(request)
        let mode = try LevelMode.resolve(request)
        let (most, unused) = (Double(limit.room.most), Double(limit.room.unused))
        let keepFree = Double(limit.keepFree(request.settings))
        let whole = mode == .total ? most : unused
        var base = Base(
            capacity: most, free: max(0, whole - keepFree),
            text: "\(limit.title): \(limit.room.source) allows \(limit.room.most); \(limit.inhabitants)", mode: mode,
            floor: mode == .total && limit.room.scope == .host ? 16 : nil)
        // 'max' stops at keep-free of itself; 'leave' counts from the whole.
        base.whole = whole
        return base
    }

    /// What a thread takes of the kernel's memory: its stack, its `task_struct` and what hangs on it.
    private static let bytesOfThread = 25e3
    /// What a process of the stressor takes itself, most of it shared with the others.
    private static let bytesOfProcess = 6e6

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let limit = try limit(request)
        let (peak, keepFree) = (curve.peak, limit.keepFree(request.settings))
        if base.mode == .total, peak > base.capacity - Double(keepFree) {
            throw .invalid(
                setting: "keep-free",
                "the target leaves \(Int64(max(0, base.capacity - peak))) processes to be made, and 'keep-free' is "
                    + "\(keepFree); lower the target, or 'keep-free' if nobody else needs any")
        }
        let others = base.mode == .total ? Double(limit.room.used) : 0
        let own = max(0, min(peak - others, Double(limit.room.most)))
        if let room = limit.freeOfHost, own > Double(room) {
            throw .unsupported(
                "\(Int64(own)) processes would use up the host's own limit: it has room for \(room) more, and "
                    + "\(TaskLimit.keptOfHost) are kept. Lower the target, or raise kernel.pid_max and threads-max")
        }
        let processes = max(1, Int((own / Double(TaskHolder.mostInProcess)).rounded(.up)))
        let memory = own * bytesOfThread + Double(processes) * bytesOfProcess
        if let available = request.host.memoryAvailable ?? request.host.memoryTotal, memory > Double(available) / 2 {
            throw .unsupported(
                "\(Int64(own)) threads take some \(HumanUnits.bytes(Int64(memory))) of memory, more than half of what "
                    + "is available; lower the target, or the limit first")
        }
        return Preparation(
            workers: processes, processes: processes,
            findings: findings(limit, base: base, peak: peak, keepFree: keepFree, processes: processes),
            settings: limit.settings.merging([
                "mode": .text(base.mode.rawValue), "keep-free": .integer(Int(keepFree)),
            ]) { $1 },
            witness: base.mode == .total ? limit.witness : nil)
    }

    private static func limit(_ request: LoadRequest) throws(PlanProblem) -> TaskLimit {
        try TaskLimit(request.settings, isShare: request.amounts != [.count], host: request.host)
    }

    private static func findings(
        _ limit: TaskLimit, base: Base, peak: Double, keepFree: Int64, processes: Int
    ) -> [Finding] {
        var findings: [Finding] = []
        func find(_ code: String, _ message: String) { findings.append(Finding(code: code, message: message)) }
        let room = max(0, limit.room.unused - keepFree)
        if base.mode == .add, peak > Double(room) {
            find(
                "target_beyond_capacity",
                "the target goes up to \(Int64(peak)) processes; \(room) can be made (\(limit.room.source)). Lower the "
                    + "target, or raise the limit")
        }
        if base.mode == .total, peak > 0, peak < Double(limit.room.used) {
            find(
                "target_below_use",
                "others have \(limit.room.used) processes already, more than the target of \(Int64(peak)); none will "
                    + "be held until they end some")
        }
        let least = 4 * processes
        if base.mode == .add, peak > 0, peak < Double(least) {
            find(
                "target_below_process",
                "the stressor's process itself has some threads, which are part of the target; ask for \(least) or "
                    + "more")
        }
        return findings
    }

    /// See ``Stressor/baseSource(_:)``.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? {
        guard let limit = TaskLimit(planned: request.settings) else { return nil }
        return .meter { limit.meter.read().map { BaseAmount(value: Double($0.most), source: $0.source) } }
    }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? { TaskWitness(request) }
}

extension TaskLimit {
    /// The kernel interface, as named in the log.
    var witness: String {
        switch room.scope {
        case .group: "pids_current"
        case .user: "proc_uid_threads"
        case .host: "proc_loadavg"
        }
    }
}
