// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

extension CPUStressor {
    /// See ``Stressor/manifest``.
    public static let manifest = Manifest(
        kind: "cpu",
        summary: "Take CPU time: percent, cores or millicores, spread over all processors.",
        details: """
            Each worker thread burns CPU until its own CPU clock has caught up with the area under the target, then \
            sleeps to the next of 101 wakes a second. What it achieved is the CPU clock of the whole process, read \
            from outside. It touches nothing else and leaves nothing behind.
            """,
        drive: .rate, unit: .cores, amounts: [.percent, .cores, .max, .leave],
        keys: [
            .init(
                "of", .choice(["auto", "host", "affinity", "cgroup"]), default: .text("auto"),
                help: "What 100 % is: the host's online CPUs, those this process may run on, or the cgroup's quota; "
                    + "auto takes the smallest."),
            .init(
                "mode", .choice(["add"]), default: .text("add"),
                help: "add puts the load on top of what is there."),
            .init(
                "workers", .integer(1...1024), default: nil,
                help: "Threads that share the target; one for each core of the base unless given."),
            .init(
                "cpus", .cpuList, default: nil,
                help: "Confine the load to these CPUs, such as 0-3,8; as many workers as CPUs are pinned one to one."),
            .init(
                "method", .choice(BurnMethod.allCases.map(\.rawValue)), default: .text("int"),
                help: "What the time is spent on; simd makes most heat, memory misses caches, syscall is system time."),
            .init(
                "priority", .choice(["normal", "nice", "idle"]), default: .text("normal"),
                help: "nice yields to others (nice 19), idle takes only what nobody wants (SCHED_IDLE)."),
        ],
        tolerance: .points(1), witness: "process_cpu_clock",
        examples: ["80%", "1.5 cores", "500m", "ramp to 80% in 30s", "sine 20% to 60% every 10s"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        let (settings, host) = (request.settings, request.host)
        var allowed = host.affinityCPUs
        var allowedText = "CPUs that this process may run on (sched_getaffinity)"
        if let cpus = settings.cpus("cpus") {
            let missing = cpus.filter { !host.affinityCPUs.contains($0) }
            guard missing.isEmpty, !cpus.isEmpty else {
                throw .invalid(
                    setting: "cpus",
                    "CPUs \(CPUList.text(missing)) are not ours to use; this process may run on "
                        + CPUList.text(host.affinityCPUs))
            }
            allowed = cpus
            allowedText = "CPUs \(CPUList.text(cpus)) (cpus)"
        }
        let affinity = Double(allowed.count)
        let online = Double(host.onlineCPUs.count)
        let quota = host.cpuQuota
        func base(_ capacity: Double, _ text: String) -> Base { Base(capacity: capacity, free: capacity, text: text) }
        let ofAffinity = base(affinity, "affinity: \(allowed.count) \(allowedText)")
        let ofCgroup =
            quota.map { quota in
                quota.value < affinity
                    ? base(quota.value, "cgroup: quota of \(quota.value) cores (\(quota.source))")
                    : base(
                        affinity, "cgroup: quota of \(quota.value) cores is more than \(allowed.count) \(allowedText)")
            } ?? base(affinity, "cgroup: no quota, so \(allowed.count) \(allowedText)")
        switch settings.text("of") {
        case "host": return base(online, "host: \(host.onlineCPUs.count) CPUs online (/sys/devices/system/cpu/online)")
        case "affinity": return ofAffinity
        case "cgroup": return ofCgroup
        default:
            if let quota, quota.value < affinity { return ofCgroup }
            return affinity < online
                ? ofAffinity
                : base(online, "host: \(host.onlineCPUs.count) CPUs online (/sys/devices/system/cpu/online)")
        }
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let (settings, host, peak) = (request.settings, request.host, curve.peak)
        let places = settings.cpus("cpus")?.count ?? host.affinityCPUs.count
        // A worker is one core at most. A fractional quota gets a worker that sleeps for the rest, never one that the
        // kernel has to throttle.
        let wanted = Int(max(base.capacity, peak).rounded(.up))
        let workers = settings.integer("workers") ?? max(1, min(places, wanted))
        var findings: [Finding] = []
        let reachable = min(Double(min(workers, places)), host.cpuQuota?.value ?? .infinity)
        if peak > reachable * 1.000001 {
            var reason = "\(workers) workers on \(places) CPUs"
            if let quota = host.cpuQuota, quota.value <= Double(min(workers, places)) {
                reason = "the quota in \(quota.source)"
            }
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "the target goes up to \(rounded(peak)) cores; \(reason) allows \(rounded(reachable)). "
                        + "Lower the target, or raise the limit."))
        }
        return Preparation(workers: workers, findings: findings)
    }

    private static func rounded(_ cores: Double) -> String { "\((cores * 1000).rounded() / 1000)" }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        request.processIDs.first.flatMap { ProcessCPUClock(processID: $0) }.map(CPUClockWitness.init)
    }
}

/// The CPU clock of the whole stressor process, from when its load began.
private final class CPUClockWitness: Witness {
    private let clock: ProcessCPUClock
    private var start: Int64 = 0

    init(_ clock: ProcessCPUClock) { self.clock = clock }

    func begin() { start = clock.now ?? 0 }
    func read(target: Double) -> WitnessReading? { clock.now.map { WitnessReading(Double($0 - start)) } }
}
