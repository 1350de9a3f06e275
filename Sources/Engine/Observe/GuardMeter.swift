// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// What a guard watches, read from kernel files that are kept open.
final class GuardMeter {
    /// Shares are of the last second: at 10 Hz a single look would be noise.
    static let window: Nanoseconds = .second

    private enum Source {
        /// A figure as it stands.
        case level(() -> Double?)
        /// A counter that grows by at most 1 for each ns: the share of the window in which it did.
        case share(() -> Double?)
    }

    private let source: Source
    private var looks: [(time: Nanoseconds, counter: Double)] = []

    /// Opens what `condition` needs; `nil` where this host does not offer it.
    init?(_ condition: PlannedGuard, host: HostFacts) {
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
            }
        guard let found else { return nil }
        source = found
    }

    /// The figure at `now` (ns, any fixed origin); `nil` where it is not known, or not yet.
    func read(at now: Nanoseconds) -> Double? {
        switch source {
        case .level(let read):
            return read()
        case .share(let read):
            guard let counter = read() else { return nil }
            looks.append((now, counter))
            // The latest look that is a window old stays.
            while looks.count > 2, looks[1].time <= now - Self.window { looks.removeFirst() }
            // 5 % short is a window, too: looks come every 100 ms, and not to the ns.
            guard let first = looks.first, now - first.time >= Self.window / 20 * 19 else { return nil }
            return min(1, max(0, (counter - first.counter) / Double(now - first.time)))
        }
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

/// Watches all guards of a run.
final class GuardWatch {
    /// How often guards are looked at that nobody wrote: they are in every run, and wait for seconds anyway.
    static let defaultPause: Nanoseconds = 500 * .millisecond

    private var watched: [(condition: PlannedGuard, meter: GuardMeter, since: Nanoseconds?)] = []
    private var lastDefaultLook: Nanoseconds?

    /// Opens the meters of `guards`.
    ///
    /// - Throws: ``ObserverFailure/cannotObserve(_:)`` where one cannot be opened any more.
    init(_ guards: [PlannedGuard], host: HostFacts) throws(ObserverFailure) {
        for condition in guards {
            guard let meter = GuardMeter(condition, host: host) else {
                throw .cannotObserve("guard '\(condition.text)': what it watches cannot be read")
            }
            watched.append((condition, meter, nil))
        }
    }

    /// Looks at all guards; the first that is tripped, where one is.
    ///
    /// - Parameter now: any fixed origin, in ns.
    func check(at now: Nanoseconds) -> GuardTrip? {
        var trip: GuardTrip?
        // Looks come every 100 ms, and not to the ns.
        let takesDefaults = lastDefaultLook.map { now - $0 >= Self.defaultPause / 20 * 19 } ?? true
        if takesDefaults { lastDefaultLook = now }
        for index in watched.indices where takesDefaults || !watched[index].condition.isDefault {
            let condition = watched[index].condition
            // What cannot be read just now neither trips a guard nor clears it.
            guard let value = watched[index].meter.read(at: now) else { continue }
            guard condition.isTripped(by: value) else {
                watched[index].since = nil
                continue
            }
            let since = watched[index].since ?? now
            watched[index].since = since
            if trip == nil, now - since >= condition.length {
                trip = GuardTrip(condition: condition, value: value, held: now - since)
            }
        }
        return trip
    }
    /// Takes away the guards that are on by default and that a load means to go beyond; those that were taken away.
    func stepAside(_ overrides: [Metric: String]) -> [GuardAside] {
        let aside = watched.compactMap { entry in
            overrides[entry.condition.metric].flatMap { reason in
                entry.condition.isDefault ? GuardAside(text: entry.condition.text, reason: reason) : nil
            }
        }
        watched.removeAll { $0.condition.isDefault && overrides[$0.condition.metric] != nil }
        return aside
    }
}
