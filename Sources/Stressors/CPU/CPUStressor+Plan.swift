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
            from outside, and what the observer itself takes, about 0.1 % of a core, which is part of the load and not \
            on top of it (not with cpus, nodes, a control group or mode total, where the load is somewhere of its own, \
            nor of whole processors). It touches nothing else and leaves nothing behind.
            """,
        reach: .ownProcess, drive: .rate, unit: .cores, amounts: [.percent, .cores, .max, .leave],
        keys: [
            .init(
                "of", .choice(["auto", "host", "affinity", "cgroup"]), default: .text("auto"),
                reach: .always(.ownProcess),
                help: "What 100 % is: the host's online CPUs, those this process may run on, or the cgroup's quota; "
                    + "auto takes the smallest."),
            .init(
                "mode", .choice(["add", "total"]), default: .text("add"), reach: .always(.ownProcess),
                help: "add puts the load on top of what is there; total brings the use of the whole base, everybody's "
                    + "together, to the target and follows it both ways while others come and go."),
            Manifest.followKey,
            .init(
                "workers", .integer(1...1024), default: nil, reach: .always(.ownProcess),
                help: "Threads that share the target; one for each core of the base unless given."),
            CPUSetting.key,
            .init(
                NodeSetting.key, .nodes, default: nil, reach: .always(.ownProcess),
                help: "Run on the processors of these memory nodes, such as 1 or 0-1; not together with cpus."),
            .init(
                "method", .choice(BurnMethod.allCases.map(\.rawValue)), default: .text("int"),
                reach: .always(.ownProcess),
                help: "What the time is spent on; simd makes most heat, memory misses caches, syscall is system time."),
            .init(
                "priority", .choice(["normal", "nice", "idle"]), default: .text("normal"), reach: .always(.ownProcess),
                help: "nice yields to others (nice 19), idle takes only what nobody wants (SCHED_IDLE)."),
        ],
        tolerance: ToleranceRule(.points(1), ofTotal: .points(2), floor: .amount(0.001), released: 0.005),
        witness: "process_cpu_clock",
        examples: ["80%", "1.5 cores", "500m", "ramp to 80% in 30s", "sine 20% to 60% every 10s"])

    /// See ``Stressor/base(_:)``.
    public static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        if request.settings.nodes(NodeSetting.key) != nil, request.settings.cpus("cpus") != nil {
            throw .invalid(setting: NodeSetting.key, "'nodes' and 'cpus' both say where to run; give one of them")
        }
        let base = try CPUBase.resolve(request.settings, request.host)
        let isTotal = request.settings.text("mode") == "total"
        if isTotal, base.scope.flatMap(CPUUseGauge.init) == nil {
            if case .processors? = base.scope {
                throw .unsupported(
                    "mode: total needs the CPU time of everybody, and /proc/stat cannot be read here "
                        + "(ProcSubset=pid?): take 'mode: add', or 'of: cgroup' in a group with a quota")
            }
            throw .unsupported(
                "mode: total needs the CPU time of everybody in the base, and nobody counts it (\(base.text)); on "
                    + "cgroup v1 give 'cgroup' as a path that the hierarchies cpu and cpuacct both have")
        }
        return Base(
            capacity: base.capacity, free: base.capacity, text: base.text, mode: isTotal ? .total : .add)
    }

    /// See ``Stressor/prepare(_:base:curve:)``.
    public static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let (settings, host, peak) = (request.settings, request.host, curve.peak)
        let places = try CPUBase.allowed(settings, host).cpus.count
        // A worker is one core at most. A fractional quota gets a worker that sleeps for the rest, never one that the
        // kernel has to throttle.
        let wanted = Int(max(base.capacity, peak).rounded(.up))
        let workers = settings.integer("workers") ?? max(1, min(places, wanted))
        var findings = NodeSetting.findings(settings, host)
        let reachable = min(Double(min(workers, places)), host.cpuQuota?.value ?? .infinity)
        if peak > reachable * 1.000001 {
            var reason = "\(workers) workers on \(places) CPUs"
            if let quota = host.cpuQuota, quota.value <= Double(min(workers, places)) {
                reason = "the quota in \(quota.source)"
            }
            findings.append(
                Finding(
                    code: "target_beyond_capacity",
                    message: "the target goes up to \(amount(peak)); \(reason) allows \(amount(reachable)). "
                        + "Lower the target, or raise the limit."))
        }
        if base.mode == .total, let most = try? CPUBase.most(settings, host, workers: workers), peak > most * 1.000001,
            !findings.contains(where: { $0.code == "target_beyond_capacity" })
        {
            findings.append(
                Finding(
                    code: "target_beyond_capacity", severity: .note,
                    message: "exert can add \(amount(most)) at most; the rest of the \(amount(peak)) is up to "
                        + "others"))
        }
        let scope = base.mode == .total ? try CPUBase.resolve(settings, host).scope : nil
        // Where the observer runs elsewhere than the load, or the whole is held, which it is part of, it is left out.
        let isApart =
            base.mode == .total || ["cpus", NodeSetting.key, "cgroup"].contains { settings.values[$0] != nil }
        return Preparation(
            workers: workers, findings: findings, witness: scope?.witness, includesObserver: !isApart)
    }

    private static func amount(_ cores: Double) -> String { HumanUnits.allowance(cores, .cores) }

    /// See ``Stressor/baseSource(_:)``.
    public static func baseSource(_ request: WitnessRequest) -> BaseSource? {
        // Without `of` and with `auto` it would be the quota that counts, were the plan made now.
        .processors(quota: !["host", "affinity"].contains(request.settings.text("of")))
    }

    /// See ``Stressor/witness(_:)``.
    public static func witness(_ request: WitnessRequest) -> (any Witness)? {
        guard let clock = request.processIDs.first.flatMap({ ProcessCPUClock(processID: $0) }) else { return nil }
        guard request.mode == .total else { return CPUClockWitness(clock) }
        guard let base = try? CPUBase.resolve(request.settings, request.host) else { return nil }
        return base.scope.flatMap(CPUUseGauge.init).map { CPUUseWitness(clock, $0) }
    }
}

/// The CPU clock of the whole stressor process, from when its load began.
private final class CPUClockWitness: Witness {
    private let clock: ProcessCPUClock
    private var start: Int64?

    init(_ clock: ProcessCPUClock) { self.clock = clock }

    func begin() { start = clock.now }

    func read(target: Double) -> WitnessReading? {
        guard let start, let now = clock.now else { return nil }
        return WitnessReading(Double(now - start))
    }
}

/// The CPU time of everybody in the base, and what of it is the stressor's own.
///
/// While nothing is asked for, what others take is no load: then only the stressor's own time is counted.
private final class CPUUseWitness: Witness {
    private let clock: ProcessCPUClock
    private let gauge: CPUUseGauge
    private var start: Int64?
    private var last: (used: Int64, own: Int64)?
    private var counted: Int64 = 0

    init(_ clock: ProcessCPUClock, _ gauge: CPUUseGauge) {
        self.clock = clock
        self.gauge = gauge
    }

    func begin() {
        start = clock.now
        guard let start else { return }
        last = gauge.read().map { ($0.used, start) }
    }

    func read(target: Double) -> WitnessReading? {
        // The stressor's clock first: reading it brings the group's counter up to date.
        guard let start, let own = clock.now, let used = gauge.read()?.used else { return nil }
        if let last { counted += target > 0 ? used - last.used : own - last.own }
        last = (used, own)
        return WitnessReading(Double(counted), own: Double(own - start))
    }
}
