// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

extension MemoryStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "memory",
        summary: "Hold resident memory, to the page: bytes, or percent of a stated base.",
        details: """
            Anonymous memory is populated in parallel, huge pages first, and filled with content that neither \
            compresses nor merges. The target covers the stressor process whole: its resident set, as the kernel shows \
            it, is the target; with a load such as leave 512MiB its anonymous memory is, which is what it takes from \
            others, and so much is left. It refuses to grow into the headroom rather than bring the OOM killer, and \
            offers itself first should the killer come; with beyond-limit: true it goes through the limit of its \
            group. With mode: total, the use of the whole base is brought to the target and followed both ways: what \
            others take is given back, and what they give back is taken. The \
            kernel takes everything back when the process ends, however it ends.
            """,
        reach: .ownProcess, drive: .level, unit: .bytes, amounts: [.percent, .bytes, .max, .leave],
        mostPercent: BeyondLimit.mostPercent,
        keys: [
            .init(
                "of", .choice(["auto", "host", "available", "cgroup"]), default: .text("auto"),
                reach: .always(.ownProcess),
                help:
                    "What 100 % is: MemTotal, MemAvailable at the start, or the cgroup's limit, the smallest "
                    + "memory.max or memory.high of all levels; auto takes the cgroup's limit where there is one, "
                    + "else the host."
            ),
            .init(
                "mode", .choice(["add", "total"]), default: .text("add"), reach: .always(.ownProcess),
                help: "add takes the amount on top of what is in use; total brings the whole use of the base to the "
                    + "target and follows it both ways while others come and go."),
            .init(
                "pages", .choice(["huge", "small"]), default: .text("huge"), reach: .always(.ownProcess),
                help: "huge asks for transparent huge pages of 2 MiB, small for pages of 4 KiB."),
            .init(
                "content", .choice(["random", "zero"]), default: .text("random"), reach: .always(.ownProcess),
                help: "random cannot be compressed or merged away; zero is faster and can be."),
            .init(
                "lock", .boolean, default: .boolean(false), reach: .byValue(["false": .ownProcess, "true": .host]),
                help:
                    "Lock the memory, so that all reclaim falls on others; needs CAP_IPC_LOCK or a high RLIMIT_MEMLOCK."
            ),
            .init(
                "headroom", .bytes, default: nil, reach: .always(.ownProcess),
                help: "Leave at least this much available, to the host and to the cgroup, also of a load such as leave "
                    + "20MiB. Unless given, 64MiB, or 2 % of a cgroup's limit, and no more than a load is to leave."),
            Manifest.followKey,
            .init(
                "workers", .integer(1...64), default: nil, reach: .always(.ownProcess),
                help: "Threads that populate in parallel; one for each CPU, 8 at most, unless given."),
        ] + BeyondLimit.keys + NodePlacement.keys,
        // The kernel counts a task's pages, and a group's, up to 64 of each processor late.
        tolerance: ToleranceRule(.percent(1), ofTotal: .percent(2), floor: .pagesPerCPU(64), released: 0x1p20),
        witness: "statm",
        examples: ["1GiB", "50%", "leave 512MiB", "ramp to 2GiB in 1m", "sawtooth 100MiB to 1GiB every 30s"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        let (settings, host) = (request.settings, request.host)
        try NodePlacement.check(settings, host)
        try BeyondLimit.check(settings, host)
        if settings.nodes(NodeSetting.key) != nil, settings.text("mode") == "total" {
            throw .invalid(setting: "mode", "a total is that of a whole base; with 'nodes', mode is add")
        }
        if let base = NodePlacement.base(settings, host, headroom: hostHeadroom(settings)) { return base }
        let limit = host.memoryBound
        let kind = MemoryBase(settings, host: host)
        let (capacity, whole) = try whole(of: kind, host)
        var text = whole
        guard settings.text("mode") == "total" else {
            let belowHigh = host.memoryHigh.flatMap { CgroupMemoryGauge($0)?.available } ?? .max
            guard let room = room(settings, host) else {
                if !request.amounts.isDisjoint(with: [.max, .leave]) {
                    _ = try host.memoryAvailable(for: "'max' or 'leave'", or: "write an amount or a percentage")
                }
                // Amounts and percentages do not ask what is free.
                return Base(capacity: capacity, free: 0, text: text)
            }
            var base = Base(capacity: capacity, free: Double(max(0, min(room, belowHigh))), text: text)
            base.leastLeft = Double(settings.bytes("headroom") ?? 0)
            base.whole = Self.whole(host).map { Double(max(0, min($0, belowHigh))) }
            if !request.amounts.contains(.leave) { base.whole? += Double(LeftMemory.sharedBytes) }
            return base
        }
        let used = try use(of: kind, settings, host)
        text += "; \(used) in use at the start"
        let headroom =
            kind == .cgroup ? cgroupHeadroom(settings, limit: Int64(limit?.value ?? 0)) : hostHeadroom(settings)
        var base = Base(capacity: capacity, free: max(0, capacity - Double(headroom)), text: text, mode: .total)
        base.leastLeft = Double(settings.bytes("headroom") ?? 0)
        base.whole = capacity
        return base
    }

    /// What can be taken in all, of the host and of the group; `nil` where neither can be told.
    private static func whole(_ host: HostFacts) -> Int64? {
        [host.memoryAvailable, host.memoryLimit.flatMap { CgroupMemoryGauge($0)?.available }].compactMap { $0 }.min()
    }

    /// 100 % of a base, and who said so.
    private static func whole(of base: MemoryBase, _ host: HostFacts) throws(PlanProblem) -> (Double, String) {
        let limit = host.memoryBound
        switch base {
        case .available:
            let available = try host.memoryAvailable(for: "of: available", or: "take 'of: host' or 'of: cgroup'")
            return (Double(available), "available: MemAvailable \(available) bytes at the start")
        case .cgroup where limit != nil:
            let most = limit?.value ?? .infinity
            let source = limit?.source ?? ""
            return (
                min(most, host.memoryTotal.map { Double($0) } ?? most),
                "cgroup: limit \(Int64(most)) bytes (\(source))"
            )
        case .cgroup, .host:
            let total = try host.memoryTotal(for: "100 % of the host's memory", or: "take 'of: cgroup' with a limit")
            let ofHost = "host: MemTotal \(total) bytes (\(host.memoryTotalSource))"
            return (Double(total), base == .host ? ofHost : "cgroup: no limit, so \(ofHost)")
        }
    }

    /// What can be taken before the headroom is reached, of the host and of the group; of one of them where the other
    /// cannot be told, `nil` where neither can.
    private static func room(_ settings: Settings, _ host: HostFacts) -> Int64? {
        let limit = host.memoryLimit
        let inGroup = limit.flatMap { CgroupMemoryGauge($0)?.available }
        let roomOfHost = host.memoryAvailable.map { $0 - hostHeadroom(settings) }
        let roomOfGroup = inGroup.map { $0 - cgroupHeadroom(settings, limit: Int64(limit?.value ?? 0)) }
        return [roomOfHost, roomOfGroup].compactMap { $0 }.min().map { max(0, $0) }
    }

    /// What is in use of the base before the start.
    private static func use(
        of base: MemoryBase, _ settings: Settings, _ host: HostFacts
    ) throws(PlanProblem) -> Int64 {
        let remedy = "take 'mode: add', or 'of: cgroup' in a group with a limit"
        switch base {
        case .host:
            return try host.memoryTotal(for: "mode: total", or: remedy)
                - host.memoryAvailable(for: "mode: total", or: remedy)
        case .available: return 0
        case .cgroup:
            guard let used = MemoryUse(settings, host: host)?.used else {
                throw .unsupported(
                    "what the control group has in use cannot be read (memory.current and memory.stat, or "
                        + "/proc/meminfo where it has no limit): take 'mode: add'")
            }
            return used
        }
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let (host, peak) = (request.host, curve.peak)
        let left = LeftMemory.settings(request, base: base)
        var settings = request.settings
        settings.values.merge(left) { $1 }
        guard peak < AddressSpace.limit else {
            let wanted = HumanUnits.amount(peak, .bytes)
            throw .invalid(setting: nil, "the target goes up to \(wanted), more than a process can address")
        }
        if settings.flag("lock"), !CurrentProcess.mayLockMemory, let most = CurrentProcess.lockedMemoryLimit,
            Double(most) < peak
        {
            let (wanted, present) = HumanUnits.amounts(peak, Double(most), .bytes)
            throw .unsupported(
                "lock: true needs CAP_IPC_LOCK, or RLIMIT_MEMLOCK of \(wanted) where it is \(present); "
                    + "grant one of them or drop 'lock'")
        }
        if base.mode == .total, peak > base.capacity {
            let (wanted, whole) = HumanUnits.amounts(peak, base.capacity, .bytes)
            throw .invalid(
                setting: nil, "the target goes up to \(wanted), and with mode: total 100 % is \(whole)")
        }
        let kind = MemoryBase(settings, host: host)
        let used = base.mode == .total ? try use(of: kind, settings, host) : 0
        var findings = LeftMemory.findings(request, base: base)
        if let unwatched = host.unwatchedHeadroom { findings.append(unwatched) }
        findings += BeyondLimit.findings(request, peak: peak)
        if !BeyondLimit.isOfGroup(settings), let room = room(settings, host).map({ Double($0) + request.held }),
            peak - Double(used) > room
        {
            let existing = base.mode == .total ? "\(HumanUnits.bytes(used)) are in use, and " : ""
            let (wanted, free) = HumanUnits.amounts(peak, room, .bytes)
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "the target goes up to \(wanted); \(existing)\(free) can be taken before the headroom is "
                        + "reached. Lower the target, or free memory first."))
        }
        if let commit = CommitLimit.current?.finding(forPeak: peak - Double(used)) { findings.append(commit) }
        let high = aboveHigh(peak, base.mode, host)
        if let high, !BeyondLimit.isOfGroup(settings) { findings.append(high) }
        if base.mode == .total {
            if peak > 0, peak < Double(used) {
                let (held, wanted) = HumanUnits.amounts(Double(used), peak, .bytes)
                findings.append(
                    Finding(
                        code: "target_below_use",
                        message: "others hold \(held) already, more than the target of \(wanted); nothing will be held "
                            + "until they give some back"))
            }
        } else if peak > 0, peak < processSize, !LeftMemory.isAnonymous(settings) {
            findings.append(
                Finding(
                    code: "target_below_process",
                    message:
                        "the stressor process itself has some 16 MiB resident, which is part of the target; ask for "
                        + "\(HumanUnits.amount(processSize, .bytes)) or more"))
        }
        if settings.text("pages") != "small", pages(settings, on: host) == .small {
            findings.append(
                Finding(
                    code: "huge_pages_unavailable",
                    message:
                        "transparent huge pages are '\(host.hugePages)' here; small pages are used, which fill slower"))
        }
        let placement = NodePlacement(settings, host: host)
        findings += NodePlacement.findings(settings, peak, host, headroom: hostHeadroom(settings))
        // A thread for each 256 MiB is as fast as more of them; eight saturate the memory of a large machine.
        let useful = max(1, Int((peak / Double(256 << 20)).rounded(.up)))
        var workers = settings.integer("workers") ?? min(host.affinityCPUs.count, 8, useful)
        // Each place has as many as any other.
        if let places = placement?.places.count { workers = max(1, workers / places) * places }
        // The stressor's process and the witness count from the same base and, where it is a moment's, the same figure.
        var resolved: [String: SettingValue] = placement == nil ? ["of": .text(kind.rawValue)] : [:]
        if let nodes = settings.nodes(NodeSetting.key), !nodes.amounts.isEmpty {
            let bytes = NodePlacement.bytes(nodes, host).mapValues { NodeSelection.Amount.bytes($0) }
            resolved[NodeSetting.key] = .nodes(NodeSelection(amounts: bytes))
        }
        resolved.merge(left) { $1 }
        if base.mode == .total, kind == .available, let available = host.memoryAvailable {
            resolved[MemoryBase.startKey] = .bytes(available)
        }
        // Of a total it is the base that is asked, not the process.
        let witness = kind == .cgroup ? "cgroup_working_set" : "meminfo_available"
        var preparation = Preparation(
            workers: workers, findings: findings, settings: resolved,
            witness: base.mode == .total
                ? witness
                : BeyondLimit.isOfGroup(settings)
                    ? "statm_swap" : LeftMemory.isAnonymous(settings) ? "statm_anonymous" : nil)
        preparation.overrides = BeyondLimit.overrides(
            request, settings, base: base, peak: peak, isAboveHigh: high != nil)
        preparation.leastLeft =
            left[LeftMemory.leastKey].flatMap { if case .bytes(let least) = $0 { least } else { nil } } ?? 0
        return preparation
    }

    /// Above `memory.high` a group is not refused and not killed, but made to reclaim until it is slow, and its pages
    /// go to swap.
    private static func aboveHigh(_ peak: Double, _ mode: LoadMode, _ host: HostFacts) -> Finding? {
        guard let high = host.memoryHigh else { return nil }
        let used = mode == .total ? 0 : max(0, CgroupMemoryGauge(high.group)?.mostUsed ?? 0)
        guard peak + Double(used) > high.value else { return nil }
        let existing = used > 0 ? ", with the \(mebibytes(Double(used))) that are in use" : ""
        return Finding(
            code: "above_memory_high",
            message: "the target goes up to \(mebibytes(peak))\(existing); above \(mebibytes(high.value)) "
                + "(\(high.source)) the kernel slows the group down and swaps it out. Lower the target, or raise "
                + "memory.high")
    }

    /// Below this, a target cannot be met: the process that holds it is larger.
    private static let processSize = Double(24 << 20)

    /// See ``Stressor/baseSource(_:)``.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? {
        request.settings.text("of") == "cgroup" ? .groupMemory : nil
    }

    /// See ``Stressor/writesContent(_:)``.
    public static func writesContent(_ settings: Settings) -> Bool { settings.text("content") == "random" }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        guard let id = request.processIDs.first else { return nil }
        if let placement = NodePlacement(request.settings, host: request.host) {
            return NodeWitness(processID: id, placement, host: request.host)
        }
        guard request.mode == .total else {
            return ResidentSetWitness(
                processID: id, isAnonymous: LeftMemory.isAnonymous(request.settings),
                countsSwap: BeyondLimit.isOfGroup(request.settings))
        }
        guard let use = MemoryUse(request.settings, host: request.host) else { return nil }
        return ResidentSetWitness(processID: id, use: use)
    }
}
