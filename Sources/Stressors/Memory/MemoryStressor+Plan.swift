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
            it, is the target. It refuses to grow into the headroom rather than bring the OOM killer, and offers \
            itself first should the killer come. The kernel takes everything back when the process ends, however it \
            ends.
            """,
        drive: .level, unit: .bytes, amounts: [.percent, .bytes, .max, .leave],
        keys: [
            .init(
                "of", .choice(["auto", "host", "available", "cgroup"]), default: .text("auto"),
                help:
                    "What 100 % is: MemTotal, MemAvailable at the start, or the cgroup's limit; auto takes the "
                    + "cgroup's limit where there is one, else the host."),
            .init(
                "mode", .choice(["add"]), default: .text("add"),
                help: "add takes the amount on top of what is in use."),
            .init(
                "pages", .choice(["huge", "small"]), default: .text("huge"),
                help: "huge asks for transparent huge pages of 2 MiB, small for pages of 4 KiB."),
            .init(
                "content", .choice(["random", "zero"]), default: .text("random"),
                help: "random cannot be compressed or merged away; zero is faster and can be."),
            .init(
                "lock", .boolean, default: .boolean(false),
                help:
                    "Lock the memory, so that all reclaim falls on others; needs CAP_IPC_LOCK or a high RLIMIT_MEMLOCK."
            ),
            .init(
                "headroom", .bytes, default: nil,
                help: "Leave at least this much available, to the host and to the cgroup; 64MiB, or 2 % of a cgroup's "
                    + "limit, unless given."),
            .init(
                "workers", .integer(1...64), default: nil,
                help: "Threads that populate in parallel; one for each CPU, 8 at most, unless given."),
        ],
        tolerance: .percent(1), witness: "statm",
        examples: ["1GiB", "50%", "leave 512MiB", "ramp to 2GiB in 1m", "sawtooth 100MiB to 1GiB every 30s"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        let (settings, host) = (request.settings, request.host)
        let limit = host.memoryLimit
        let inGroup = limit.flatMap { CgroupMemoryGauge($0)?.available }
        let roomOfHost = host.memoryAvailable - hostHeadroom(settings)
        let roomOfGroup = inGroup.map { $0 - cgroupHeadroom(settings, limit) }
        let free = Double(max(0, min(roomOfHost, roomOfGroup ?? .max)))
        func base(_ capacity: Double, _ text: String) -> Base { Base(capacity: capacity, free: free, text: text) }
        let ofHost = base(Double(host.memoryTotal), "host: MemTotal \(host.memoryTotal) bytes (/proc/meminfo)")
        let ofGroup =
            limit.map { base(min($0.value, ofHost.capacity), "cgroup: limit \(Int64($0.value)) bytes (\($0.source))") }
            ?? base(ofHost.capacity, "cgroup: no limit, so \(ofHost.text)")
        switch settings.text("of") {
        case "host": return ofHost
        case "available":
            return base(
                Double(host.memoryAvailable), "available: MemAvailable \(host.memoryAvailable) bytes at the start")
        case "cgroup": return ofGroup
        default: return limit.map { $0.value < ofHost.capacity } == true ? ofGroup : ofHost
        }
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let (settings, host, peak) = (request.settings, request.host, curve.peak)
        // Beyond 2^47 there is no address space to reserve.
        guard peak < 0x1p47 else {
            throw .invalid(setting: nil, "the target goes up to \(peak) bytes, more than a process can address")
        }
        if settings.flag("lock"), !CurrentProcess.mayLockMemory, let most = CurrentProcess.lockedMemoryLimit,
            Double(most) < peak
        {
            throw .unsupported(
                "lock: true needs CAP_IPC_LOCK, or RLIMIT_MEMLOCK of \(Int64(peak)) bytes where it is \(most); "
                    + "grant one of them or drop 'lock'")
        }
        var findings: [Finding] = []
        if peak > base.free {
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "the target goes up to \(Int64(peak)) bytes; \(Int64(base.free)) can be taken before the "
                        + "headroom is reached. Lower the target, or free memory first."))
        }
        if peak > 0, peak < processSize {
            findings.append(
                Finding(
                    code: "target_below_process",
                    message:
                        "the stressor process itself has some 16 MiB resident, which is part of the target; ask for "
                        + "\(Int64(processSize)) bytes or more"))
        }
        if settings.text("pages") != "small", pages(settings, on: host) == .small {
            findings.append(
                Finding(
                    code: "huge_pages_unavailable",
                    message:
                        "transparent huge pages are '\(host.hugePages)' here; small pages are used, which fill slower"))
        }
        // A thread for each 256 MiB is as fast as more of them; eight saturate the memory of a large machine.
        let useful = max(1, Int((peak / Double(256 << 20)).rounded(.up)))
        let workers = settings.integer("workers") ?? min(host.affinityCPUs.count, 8, useful)
        return Preparation(workers: workers, findings: findings)
    }

    /// Below this, a target cannot be met: the process that holds it is larger.
    private static let processSize = Double(24 << 20)

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        request.processIDs.first.flatMap { ResidentSetWitness(processID: $0) }
    }
}

/// The resident set of the whole stressor process.
///
/// While nothing is asked for, what is resident is the idle process itself and no load: then it is counted from what it
/// was before the load began.
private final class ResidentSetWitness: Witness {
    private let statm: ProcFile
    private let rollup: ProcFile?
    private var idle: Int64 = 0

    init?(processID: Int32) {
        guard let statm = ProcFile("/proc/\(processID)/statm", capacity: 128) else { return nil }
        self.statm = statm
        rollup = ProcFile("/proc/\(processID)/smaps_rollup")
    }

    func begin() { idle = statm.read(StatmReader.resident) ?? 0 }

    func read(target: Double) -> WitnessReading? {
        statm.read(StatmReader.resident).map { WitnessReading(Double(target > 0 ? $0 : max(0, $0 - idle))) }
    }

    func readExactly() -> Double? {
        rollup?.read { ByteScanner.integer(after: "Rss:", in: $0) }.map { Double($0 * 1024) }
    }
}
