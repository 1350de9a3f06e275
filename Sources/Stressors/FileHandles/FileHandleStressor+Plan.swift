// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

extension FileHandleStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "file-handles",
        summary: "Hold open file handles: a count, percent of a table, or all but some.",
        details: """
            Of a process, the figure is the stressor's whole descriptor table as /proc/PID/fd counts it; more than \
            one table's worth is held by several processes. Of the system, it is open files as fs.file-nr counts \
            them; processes with CAP_SYS_ADMIN pass fs.file-max, so a victim that runs as root will not notice, and \
            exert never goes below keep-free. With target, another process is squeezed: its soft limit \
            (RLIMIT_NOFILE) is set so that it has exactly so many free, follows what it opens and closes, and is \
            restored at the end; an undo record is written first. What that process starts meanwhile inherits the \
            limit and keeps it. Handles are closed, and seen to be closed, before release is reported; the kernel \
            closes them when the process ends, however it ends.
            """,
        reach: .ownProcess, drive: .level, unit: .handles, amounts: [.percent, .count, .max, .leave],
        keys: [
            .init(
                "of", .choice(["process", "system"]), default: .text("process"),
                reach: .byValue(["process": .ownProcess, "system": .host]),
                help: "What 100 % is: the stressor process's hard RLIMIT_NOFILE, or the system's fs.file-max."),
            .init(
                "handle", .choice(["auto"] + HandleTable.Kind.allCases.map(\.rawValue)), default: .text("auto"),
                reach: handleReach,
                help:
                    "What is opened. auto takes dup for a process, which fills its table at the least cost, and path "
                    + "(O_PATH of /) for the system, whose table a dup does not fill."),
            .init(
                "mode", .choice(["auto", "add", "total"]), default: .text("auto"),
                reach: .byValue(["auto": .ownProcess, "add": .host, "total": .host]),
                help:
                    "Of the system: add takes a count on top of what is open; total brings the whole table to the "
                    + "target and follows others both ways; auto takes total for percent, leave and max."),
            .init(
                "keep-free", .integer(0...1_000_000_000), default: nil, reach: .always(.host),
                help:
                    "Of the system: never leave fewer free than this, since resolvers and logins need some; max goes "
                    + "so far. 1024 unless given."),
            Manifest.followKey,
            .init(
                HandleScope.targetKey, .integer(1...4_194_304), default: nil, reach: .always(.otherProcess),
                help: "Squeeze this process instead: leave exactly so many free in its table; takes 'leave N' alone."),
        ],
        tolerance: ToleranceRule(
            .percent(0.1),
            note: "totals: 16 of the system's table, which others use without pause, and 2 of another process's"),
        witness: "proc_fd",
        examples: ["15000", "95%", "leave 10", "sawtooth 100 to 15000 every 30s"])

    /// Every kind but dup takes open files of the system's table, and inotify instances are counted for each user.
    private static var handleReach: Manifest.KeyReach {
        let kinds = HandleTable.Kind.allCases.map { kind -> (String, Reach) in
            (kind.rawValue, kind == .dup ? .ownProcess : kind == .inotify ? .user : .host)
        }
        return .byValue(Dictionary(uniqueKeysWithValues: [("auto", .ownProcess)] + kinds))
    }

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        let settings = request.settings
        let scope = HandleScope(settings)
        if scope != .system, let mode = settings.text("mode"), mode != "auto" {
            throw .invalid(
                setting: "mode",
                "'mode' is for 'of: system'; the figures of a process are always those of its whole table")
        }
        switch scope {
        case .process:
            guard let limit = try? OpenFileLimit.of(processID: 0) else {
                throw .unsupported("the limit on open files (RLIMIT_NOFILE) cannot be read")
            }
            let most = Double(limit.hard)
            return Base(
                capacity: most, free: most,
                text: "process: hard RLIMIT_NOFILE \(limit.hard), the table of the stressor process")
        case .system: return try systemBase(request)
        case .target(let id): return try TargetCheck.base(id, request)
        }
    }

    private static func systemBase(_ request: LoadRequest) throws(PlanProblem) -> Base {
        guard let reading = SystemFileTable()?.read() else {
            throw .unsupported(
                "the system's table of open files cannot be read here (/proc/sys/fs/file-nr; ProcSubset=pid?): take "
                    + "'of: process'")
        }
        return try systemBase(request, reading)
    }

    /// What 100 % of a system's table is; apart, so that tests can give a system of their own.
    static func systemBase(_ request: LoadRequest, _ reading: SystemFileTable.Reading) throws(PlanProblem) -> Base {
        let settings = request.settings
        if settings.text("handle") == "dup" {
            throw .invalid(
                setting: "handle", "a dup takes no open file of the system; use path, eventfd or another kind")
        }
        let ofWhole: Set<AmountKind> = [.percent, .leave, .max]
        // Where nobody set a limit, systemd sets the largest number there is.
        if reading.most >= 1 << 62, !request.amounts.isDisjoint(with: ofWhole) {
            throw .unsupported(
                "fs.file-max is the largest number there is here, which is no limit: percent, 'leave' and 'max' of it "
                    + "would take all memory. Give a count, or set a real limit first: sysctl fs.file-max=1000000")
        }
        let isMixed = request.amounts.contains(.count) && !request.amounts.isDisjoint(with: ofWhole)
        let mode: LoadMode
        switch settings.text("mode") {
        case "add": mode = .add
        case "total": mode = .total
        default:
            if isMixed {
                throw .invalid(
                    setting: nil,
                    "a count is put on top of what is open, but percent, 'leave' and 'max' are of the whole table: "
                        + "set 'mode' to 'add' or 'total' for both")
            }
            mode = request.amounts.isDisjoint(with: ofWhole) ? .add : .total
        }
        let keepFree = Double(keepFree(settings))
        let most = Double(reading.most)
        // 'max' stops at keep-free of itself; 'leave' counts from the whole.
        let whole = request.amounts.contains(.leave) ? most : max(0, most - keepFree)
        return Base(
            capacity: most, free: mode == .total ? whole : max(0, Double(reading.free) - keepFree),
            text: "system: fs.file-max \(reading.most), of which \(reading.used) were open at the start",
            mode: mode, floor: mode == .total ? 16 : nil)
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let scope = HandleScope(request.settings)
        if case .target(let id) = scope {
            try UndoNeed.check()
            return TargetCheck.prepare(id, base: base, curve: curve)
        }
        let kind = scope.kind(request.settings)
        let processes = try processes(scope, peak: curve.peak)
        if scope == .system { try checkKeepFree(request, base, peak: curve.peak) }
        let memory = curve.peak * kind.kernelBytes + Double(processes) * processBytes
        if let most = request.host.memoryAvailable ?? request.host.memoryTotal, memory > Double(most) / 2 {
            let whole = request.host.memoryAvailable == nil ? "there is" : "is available"
            throw .unsupported(
                "\(Int64(curve.peak)) handles of kind \(kind.rawValue) in \(processes) processes take some "
                    + "\(Int64(memory) >> 20) MiB of memory, more than half of what \(whole); lower the target, "
                    + "use a lighter kind, or raise the hard limit on open files so that fewer processes do")
        }
        var resolved: [String: SettingValue] = [
            "handle": .text(kind.rawValue), "mode": .text(base.mode.rawValue),
        ]
        if scope == .system { resolved["keep-free"] = .integer(keepFree(request.settings)) }
        return Preparation(
            workers: processes, processes: processes,
            findings: findings(scope, kind, base: base, curve: curve, processes: processes)
                + [request.host.unwatchedHeadroom].compactMap { $0 },
            settings: resolved)
    }

    /// What a stressor process takes itself, most of it shared with the others.
    private static let processBytes = Double(6 << 20)

    /// As many processes as have tables for `peak`, some numbers of each being their own.
    ///
    /// - Parameter limit: the hard limit on open files of each; this process's where it is `nil`.
    static func processes(_ scope: HandleScope, peak: Double, limit: UInt64? = nil) throws(PlanProblem) -> Int {
        guard let limit = limit ?? (try? OpenFileLimit.of(processID: 0).hard) else {
            throw .unsupported("the limit on open files (RLIMIT_NOFILE) cannot be read")
        }
        let hard = Double(limit)
        if scope == .process, peak <= hard { return 1 }
        let count = (peak / max(1, hard - Double(reserve))).rounded(.up)
        guard count <= 256 else {
            throw .unsupported(
                "\(Int64(min(peak, 1e18))) handles would need \(Int64(min(count, 1e18))) processes with a limit of "
                    + "\(Int64(hard)) each, more than 256; raise the hard limit first (ulimit -Hn, LimitNOFILE=)")
        }
        return max(1, Int(count))
    }

    private static func checkKeepFree(_ request: LoadRequest, _ base: Base, peak: Double) throws(PlanProblem) {
        let keepFree = keepFree(request.settings)
        guard base.mode == .total, peak > base.capacity - Double(keepFree) else { return }
        throw .invalid(
            setting: "keep-free",
            "the target leaves \(Int64(max(0, base.capacity - peak))) free in the system's table, and 'keep-free' is "
                + "\(keepFree); lower the target, or 'keep-free' if nobody else needs to open files")
    }

    private static func findings(
        _ scope: HandleScope, _ kind: HandleTable.Kind, base: Base, curve: Curve, processes: Int
    ) -> [Finding] {
        var findings: [Finding] = []
        let peak = curve.peak
        if scope == .system, base.mode == .add, peak > base.free {
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "the target goes up to \(Int64(peak)) handles; \(Int64(base.free)) can be opened before "
                        + "'keep-free' is reached. Lower the target, or raise fs.file-max."))
        }
        if kind == .inotify, let most = SystemFileTable.inotifyInstances, peak > Double(most) {
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "a user may have \(most) inotify handles here, others' included; raise "
                        + "fs.inotify.max_user_instances for more"))
        }
        let own = 16 * processes
        if scope == .process, peak > 0, peak < Double(own) {
            findings.append(
                Finding(
                    code: "target_below_process",
                    message: "the stressor process itself has some ten descriptors, which are part of the target; ask "
                        + "for \(own) or more"))
        }
        return findings
    }

    /// See ``Stressor/baseSource(_:)``.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? {
        switch HandleScope(request.settings) {
        case .system:
            let table = SystemFileTable()
            return .meter {
                table?.read().map { BaseAmount(value: Double($0.most), source: "/proc/sys/fs/file-nr") }
            }
        case .process:
            // The hard limit: the soft one the processes raise to it at the start.
            let ids = request.processIDs
            return .meter {
                ids.compactMap { id -> BaseAmount? in
                    guard let most = ProcessLimits.of(id)?.openFiles?.hard else { return nil }
                    return BaseAmount(value: Double(most), source: "/proc/\(id)/limits, Max open files")
                }.min { $0.value < $1.value }
            }
        // The limit of a process that is squeezed is what the load itself sets.
        case .target: return nil
        }
    }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        if case .target(let id) = HandleScope(request.settings) { return TargetWitness(id, request.settings) }
        return HandleWitness(request)
    }
}
