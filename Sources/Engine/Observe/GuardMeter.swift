// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// What a guard watches: read from kernel files that are kept open, or told by the prober or the stressors.
final class GuardMeter {
    /// Shares are of the last second: at 10 Hz a single look would be noise.
    static let window: Nanoseconds = .second

    private enum Source {
        /// A figure as it stands.
        case level(() -> Double?)
        /// A counter that grows by at most 1 for each ns: the share of the window in which it did.
        case share(() -> Double?)
        /// What a probe's answers of the last while come to.
        case probe(ProbeWindow)
        /// A counter's growth per second.
        case rate((() -> Int64?)?)
    }

    /// A figure, as it is told.
    struct Figure {
        var value: Double
        /// Whether it is only known to be more.
        var isLeast = false
    }

    let condition: PlannedGuard
    private var source: Source
    private let probe: ProbePlan?
    private var looks: [(time: Nanoseconds, counter: Double)] = []

    /// Opens what `condition` needs; `nil` where this host does not offer it.
    ///
    /// - Parameter probe: the plan of the probe that it watches; `nil` where it watches none.
    init?(_ condition: PlannedGuard, host: HostFacts, probe: ProbePlan? = nil) {
        let (metric, isRatio) = (condition.metric, condition.unit == .ratio)
        let directory = condition.held?.location ?? condition.directory
        let found: Source? =
            switch metric {
            case .memoryAvailable: Self.memory(isRatio: isRatio, ofHost: condition.isDefault, host)
            case .cpuBusy: Self.processors(host)
            case .diskAvailable: Self.disk(directory, isRatio: isRatio) { Double($0.available) }
            case .diskFree: Self.disk(directory, isRatio: isRatio) { Double($0.unused) }
            case .handlesFree: SystemFileTable().map { table in .level { table.read().map { Double($0.free) } } }
            case .processesFree: Self.tasks(host)
            case .cpuPressureSome: Self.pressure(metric) { $0.some }
            case .memoryPressureSome: Self.pressure(metric) { $0.some }
            case .memoryPressureFull: Self.pressure(metric) { $0.full }
            case .ioPressureSome: Self.pressure(metric) { $0.some }
            case .ioPressureFull: Self.pressure(metric) { $0.full }
            case .groupCPUPressureSome, .groupMemoryPressureSome, .groupIOPressureSome:
                Self.pressure(metric, of: directory) { $0.some }
            case .groupMemoryPressureFull, .groupIOPressureFull: Self.pressure(metric, of: directory) { $0.full }
            case .good, .bad, .percentile, .mean: probe.flatMap { ProbeWindow(condition, $0) }.map { .probe($0) }
            case .errors: .rate(nil)
            }
        guard let found else { return nil }
        self.condition = condition
        self.probe = probe
        source = found
    }

    /// Forgets what was seen: a share or a window begins anew.
    func restart() {
        looks = []
        last = nil
        guard case .probe = source, let window = probe.flatMap({ ProbeWindow(condition, $0) }) else { return }
        source = .probe(window)
    }

    /// Takes what a probe came to, at `now` as ``look(at:)`` has it.
    func add(_ result: ProbeResult, at now: Nanoseconds) {
        guard case .probe(var window) = source else { return }
        // One owner at a time, so that nothing is copied.
        source = .rate(nil)
        window.add(result, at: now)
        source = .probe(window)
    }

    /// Counts by `read` from now on.
    func connect(_ read: @escaping () -> Int64?) {
        guard case .rate = source else { return }
        source = .rate(read)
    }

    /// Whether the comparison holds at `now` (ns, any fixed origin); `nil` where that is not known, or not yet.
    func look(at now: Nanoseconds) -> Bool? {
        if case .probe(var window) = source {
            source = .rate(nil)
            defer { source = .probe(window) }
            return window.look(at: now)
        }
        last = read(at: now)
        return last.map { condition.isTripped(by: $0) }
    }

    /// What was seen at the last look; `nil` where that was nothing.
    var figure: Figure? {
        if case .probe(let window) = source { return window.figure }
        return last.map { Figure(value: $0) }
    }

    private var last: Double?

    private func read(at now: Nanoseconds) -> Double? {
        switch source {
        case .level(let read): return read()
        case .share(let read):
            return growth(of: read(), within: Self.window, at: now).map { min(1, max(0, $0)) }
        case .rate(let read):
            let count = read?().map { Double($0) * Double(Nanoseconds.second) }
            return growth(of: count, within: condition.subject?.window ?? Self.window, at: now)
        case .probe: return nil
        }
    }

    /// The growth of a counter in a window, by the length of that.
    private func growth(of counter: Double?, within window: Nanoseconds, at now: Nanoseconds) -> Double? {
        guard let counter else { return nil }
        looks.append((now, counter))
        // The latest look that is a window old stays.
        while looks.count > 2, looks[1].time <= now - window { looks.removeFirst() }
        // 5 % short is a window, too: looks come every 100 ms, and not to the ns.
        guard let first = looks.first, now - first.time >= window / 20 * 19 else { return nil }
        return (counter - first.counter) / Double(now - first.time)
    }

    /// What can be had without swapping: of the host, or of the control group where that is less.
    private static func memory(isRatio: Bool, ofHost: Bool, _ host: HostFacts) -> Source? {
        guard let meminfo = ProcFile("/proc/meminfo") else { return nil }
        let group = ofHost ? nil : host.memoryLimit.flatMap(CgroupMemoryGauge.init)
        let total = host.memoryTotal.map { Double($0) }
        guard let whole = isRatio ? total : 1 else { return nil }
        let limit = isRatio ? host.memoryLimit?.value ?? 1 : 1
        return .level {
            let available = meminfo.read { ByteScanner.bytes(afterKiB: "MemAvailable:", in: $0) }
            let ofHost = available.map { Double($0) / whole }
            guard let ofHost, let inGroup = group?.available else { return ofHost }
            return min(ofHost, Double(inGroup) / limit)
        }
    }

    private static func processors(_ host: HostFacts) -> Source? {
        let online = host.onlineCPUs
        return CPUUseGauge(.processors(online, isWhole: true)).map { gauge in
            .share { gauge.read().map { Double($0.used) / Double(online.count) } }
        }
    }

    private static func disk(
        _ directory: String?, isRatio: Bool, _ amount: @escaping (FileSystemSpace) -> Double
    ) -> Source? {
        FileSystemGauge(directory ?? "/", isAside: true).map { gauge in
            .level { gauge.space.map { amount($0) / (isRatio ? Double(max(1, $0.used + $0.available)) : 1) } }
        }
    }

    /// What the tightest limit leaves: of the groups that exert is in, or of the host.
    private static func tasks(_ host: HostFacts) -> Source? {
        let meters = [TaskMeter.host()].compactMap { $0 } + TaskMeter.groups(host.cgroups)
        return meters.isEmpty ? nil : .level { meters.compactMap { $0.read()?.unused }.min().map { Double($0) } }
    }

    private static func pressure(
        _ metric: Metric, of group: String? = nil, _ total: @escaping (PressureTotals) -> Int64?
    ) -> Source? {
        let source = metric.description.source
        guard let gauge = PressureGauge(group.map { "\($0)/\(source)" } ?? source), gauge.read().flatMap(total) != nil
        else {
            return nil
        }
        return .share { gauge.read().flatMap(total).map { Double($0) * 1000 } }
    }
}
