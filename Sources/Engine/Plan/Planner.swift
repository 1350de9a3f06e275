// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import LoadModel
internal import Probes

/// Resolves a profile against a host.
public struct Planner {
    private let host: HostFacts
    private let catalog: [any Stressor.Type]
    private let hasTLS: Bool
    private let startAt: Nanoseconds?

    /// Creates a planner for the stressors of `catalog`.
    ///
    /// - Parameters:
    ///   - hasTLS: whether probes can be asked over https.
    ///   - startAt: when the load is to begin, in nanoseconds since the Unix epoch; `nil` for as soon as may be.
    public init(host: HostFacts, catalog: [any Stressor.Type], hasTLS: Bool = true, startAt: Nanoseconds? = nil) {
        self.host = host
        self.catalog = catalog
        self.hasTLS = hasTLS
        self.startAt = startAt
    }

    /// Makes the plan, or says everything that stands in its way.
    public func plan(_ profile: Profile) throws(PlanErrors) -> Plan { try prepare(profile).plan }

    /// Makes the plan and keeps what other loads can be resolved with later.
    public func prepare(_ profile: Profile) throws(PlanErrors) -> PreparedRun {
        var bases: [String: PlanBasis] = [:]
        var errors = PlanErrors(invalid: [], unsupported: [])
        let clock = ClockPlan(startAt ?? Clocks.wall)
        let profile = clock.planned(profile, &errors)
        var phases = plannedPhases(profile)
        var planned: [PlannedStressor] = []
        var findings: [Finding] = []
        var tasks = TaskBound()
        for (index, entry) in profile.stressors.enumerated() {
            guard profile.phases.contains(where: { $0.loads.contains { $0.stressor == entry.name } }) else { continue }
            do throws(Rejection) {
                let (stressor, found, basis) = try plan(entry, index: index, profile)
                planned.append(stressor)
                bases[stressor.name] = basis
                tasks.add(stressor, on: basis.request.host)
                findings += found
            } catch {
                errors.invalid += error.invalid
                errors.unsupported += error.unsupported
            }
        }
        let directories = Set(planned.compactMap { $0.settings.text("directory") }).sorted()
        let held = planned.compactMap { $0.settings.held("directory") }
        let guardPlanner = GuardPlanner(host, directories: directories, held: held, bases: Array(bases.values))
        let guards = guardPlanner.plan(profile.guards, &errors)
        for index in phases.indices {
            phases[index].until = guardPlanner.plan(profile.phases[index].until, of: phases[index].title, &errors)
        }
        let defaults = GuardPlanner.defaults(profile, bases: bases, host)
        errors.unsupported += tasks.problems()
        if !hasTLS {
            errors.unsupported += profile.probes.filter(\.isEncrypted).map {
                "probe '\($0.name)': \(ProbeProblem.withoutTLS)"
            }
        }
        if !errors.invalid.isEmpty || !errors.unsupported.isEmpty { throw errors }
        var plan = Plan(
            profile: profile.name, file: profile.file, sha256: profile.sha256, seed: profile.seed, stressors: planned,
            phases: phases, guards: guards + defaults.on, findings: findings + ExpectationNote.findings(planned, phases)
        )
        plan.guardsAside = defaults.aside
        plan.probes = profile.probes
        plan.objectives = profile.objectives
        plan.parameters = profile.parameters
        plan.changes = profile.changes
        (plan.includes, plan.labels, plan.note) = (profile.includes, profile.labels, profile.note)
        plan.findings += ProbeNote.findings(profile) + TraceNote.findings(profile) + clock.findings(profile)
        return PreparedRun(plan: plan, bases: bases)
    }

    private typealias Rejection = PlanErrors

    private func plannedPhases(_ profile: Profile) -> [PlannedPhase] {
        var start: Nanoseconds = 0
        return profile.phases.map { phase in
            defer { start += phase.length }
            let loads = Dictionary(phase.loads.map { ($0.stressor, $0.text) }, uniquingKeysWith: { $1 })
            var planned = PlannedPhase(
                name: phase.name, start: start, length: phase.length, loads: loads, within: within(phase, profile),
                expect: Dictionary(
                    phase.loads.compactMap { load in load.expect.map { (load.stressor, $0) } }, uniquingKeysWith: { $1 }
                ), title: phase.title)
            planned.note = phase.note
            return planned
        }
    }

    /// How long the way to each stressor's target may take in a phase: the load's word, the phase's, the stressor's.
    private func within(_ phase: Phase, _ profile: Profile) -> [String: Nanoseconds] {
        var within: [String: Nanoseconds] = [:]
        for entry in profile.stressors {
            let load = phase.loads.first { $0.stressor == entry.name }
            within[entry.name] = load?.within ?? phase.within ?? entry.settings.duration("within")
        }
        return within
    }

    private func plan(
        _ entry: StressorEntry, index: Int, _ profile: Profile
    ) throws(Rejection) -> (PlannedStressor, [Finding], PlanBasis) {
        guard let type = catalog.first(where: { $0.manifest.kind == entry.kind }) else {
            throw PlanErrors(
                invalid: [Diagnostic(entry.mark, "unknown stressor kind '\(entry.kind)'")], unsupported: [])
        }
        let manifest = type.manifest
        var entry = entry
        entry.settings.holdDirectories(of: manifest)
        var request = try request(for: entry, profile, manifest, host: try host(of: entry))
        // Each stressor draws its own numbers; a JSON number holds them exactly.
        request.seed = (profile.seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15) % (1 << 53)
        if entry.settings.flag("follow"), request.amounts != [.percent] {
            let mark = entry.settings.marks["follow"] ?? entry.mark
            let message =
                "'follow' changes the loads of '\(entry.name)' with what 100 % is, so all of them must be in percent; "
                + "write them so, or drop 'follow'"
            throw PlanErrors(invalid: [Diagnostic(mark, message)], unsupported: [])
        }
        let base = try resolve(entry) { () throws(PlanProblem) in try type.base(request) }
        let curve = try curve(of: entry, index: index, profile, manifest, base: base)
        guard curve.peak > 0 else {
            let mark = profile.phases.flatMap(\.loads).first { $0.stressor == entry.name }?.mark ?? entry.mark
            let message =
                "nothing to exert: the load of '\(entry.name)' is 0 all the time; raise it, or leave the stressor out"
            throw PlanErrors(invalid: [Diagnostic(mark, message)], unsupported: [])
        }
        let preparation = try resolve(entry) { () throws(PlanProblem) in
            try type.prepare(request, base: base, curve: curve)
        }
        var settings = entry.settings
        settings.values.merge(preparation.settings) { $1 }
        // `auto` was resolved.
        if settings.values["mode"] != nil { settings.values["mode"] = .text(base.mode.rawValue) }
        var stressor = PlannedStressor(
            name: entry.name, kind: entry.kind, unit: request.unit, drive: manifest.drive, settings: settings,
            capacity: base.capacity, base: base.text, mode: base.mode, curve: curve, workers: preparation.workers,
            processes: preparation.processes, quantum: preparation.quantum, setupLimit: preparation.setupLimit,
            releaseLimit: preparation.releaseLimit, includesObserver: preparation.includesObserver,
            tolerance: limit(entry, manifest.tolerance, base), witness: preparation.witness ?? manifest.witness)
        stressor.floating = floating(entry, index: index, profile, base)
        stressor.arrivals = preparation.arrivals
        let odd = oddities(of: stressor, profile)
        let findings = (preparation.findings + whereItRuns(request) + odd).map { finding in
            var finding = finding
            finding.stressor = entry.name
            return finding
        }
        let basis = PlanBasis(type: type, request: request, base: base, overrides: preparation.overrides)
        return (stressor, findings, basis)
    }

    /// Where the profile writes a tolerance or a time that is not what is used.
    private func oddities(of stressor: PlannedStressor, _ profile: Profile) -> [Finding] {
        let phases = plannedPhases(profile).filter { $0.loads[stressor.name] != nil }
        let cuts = phases.compactMap { phase in
            phase.within[stressor.name].flatMap {
                WithinNote.finding($0, stressor.curve, from: phase.start, to: phase.end, in: phase.name)
            }
        }
        return ToleranceNote.findings(stressor, phases) + cuts.prefix(WithinNote.most)
    }

    /// The host as the stressor's processes will see it.
    private func host(of entry: StressorEntry) throws(Rejection) -> HostFacts {
        guard let group = entry.settings.text("cgroup") else { return host }
        do {
            return try host.joining(group)
        } catch {
            throw PlanErrors(
                invalid: [Diagnostic(entry.settings.marks["cgroup"] ?? entry.mark, error.message)], unsupported: [])
        }
    }

    /// What is charged to whom, where the stressor is in a group of its own.
    private func whereItRuns(_ request: LoadRequest) -> [Finding] {
        let groups = request.host.joinedGroups.map(\.directory)
        guard !groups.isEmpty else { return [] }
        return [
            Finding(
                code: "joins_group", severity: .note,
                message: "its processes join \(groups.joined(separator: ", ")) before they load and start anew there: "
                    + "what these groups count of them is charged there from their first page on; exert itself stays "
                    + "outside")
        ]
    }

    /// What the profile asks of the stressor, in the one unit that its loads use.
    private func request(
        for entry: StressorEntry, _ profile: Profile, _ manifest: Manifest, host: HostFacts
    ) throws(Rejection) -> LoadRequest {
        var amounts: Set<AmountKind> = []
        var unit: Unit?
        for load in profile.phases.flatMap(\.loads) where load.stressor == entry.name {
            if let problem = load.shape.problemBeyondAll(entry.settings) {
                throw PlanErrors(invalid: [Diagnostic(load.mark, problem)], unsupported: [])
            }
            for amount in load.shape.amounts {
                amounts.insert(amount.kind)
                guard let own = manifest.unit(of: amount) else { continue }
                guard unit == nil || unit == own else {
                    let message =
                        "'\(load.text)' for '\(entry.name)': its other loads are in another unit; give a stressor "
                        + "either all its targets in one unit, or define a second stressor of the kind"
                    throw PlanErrors(invalid: [Diagnostic(load.mark, message)], unsupported: [])
                }
                unit = own
            }
        }
        var request = LoadRequest(
            name: entry.name, settings: entry.settings, unit: unit ?? manifest.unit, amounts: amounts, host: host,
            length: profile.phases.reduce(0) { $0 + $1.length })
        request.left = profile.phases.flatMap(\.loads).filter { $0.stressor == entry.name }
            .flatMap(\.shape.left)
        return request
    }

    private func resolve<R>(
        _ entry: StressorEntry, _ body: () throws(PlanProblem) -> R
    ) throws(Rejection) -> R {
        do throws(PlanProblem) {
            return try body()
        } catch {
            switch error {
            case .invalid(let setting, let message):
                let mark = setting.flatMap { entry.settings.marks[$0] } ?? entry.mark
                throw PlanErrors(invalid: [Diagnostic(mark, message)], unsupported: [])
            case .unsupported(let message):
                throw PlanErrors(invalid: [], unsupported: ["\(entry.name): \(message)"])
            }
        }
    }

    /// What a stressor draws from in a phase: each has numbers of its own, and the same ones each time.
    private func seed(_ profile: Profile, stressor: Int, phase: Int) -> UInt64 {
        profile.seed &+ UInt64(stressor) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(phase) &* 0xD1B5_4A32_D192_ED03
    }

    /// The loads that depend on how the run goes.
    private func floating(
        _ entry: StressorEntry, index: Int, _ profile: Profile, _ base: Base
    ) -> [Int: FloatingShape] {
        let mayMove = profile.phases.contains { !$0.until.isEmpty }
        let resolver = AmountResolver(base: base)
        var shapes: [Int: FloatingShape] = [:]
        for (number, phase) in profile.phases.enumerated() {
            guard let load = phase.loads.first(where: { $0.stressor == entry.name }),
                load.shape.isOnClock || mayMove && load.shape.isContinued
            else { continue }
            let values = load.shape.amounts.map { ($0, (try? resolver.value(of: $0)) ?? 0) }
            shapes[number] = FloatingShape(
                load.shape, seed: seed(profile, stressor: index, phase: number),
                values: Dictionary(values) { first, _ in first })
        }
        return shapes
    }

    private func curve(
        of entry: StressorEntry, index: Int, _ profile: Profile, _ manifest: Manifest, base: Base
    ) throws(Rejection) -> Curve {
        var curve = Curve()
        var last = 0.0
        for (number, phase) in profile.phases.enumerated() {
            guard let load = phase.loads.first(where: { $0.stressor == entry.name }) else {
                curve.appendRelease(phase.length)
                last = 0
                continue
            }
            let seed = seed(profile, stressor: index, phase: number)
            do throws(AmountProblem) {
                try load.shape.refuseUnlimitedSlope(from: last, base)
                try load.shape.checkSums(phase.length, seed: seed, manifest, base)
                last = try curve.append(phase.length, load.shape, from: last, seed: seed) {
                    (amount) throws(AmountProblem) in try AmountResolver(base: base).value(of: amount)
                }
            } catch {
                throw PlanErrors(
                    invalid: [Diagnostic(load.mark, "'\(load.text)' for '\(entry.name)': \(error.message)")],
                    unsupported: [])
            }
        }
        return curve
    }

    /// How far off a stressor may be: what the profile says, or else its kind.
    private func limit(_ entry: StressorEntry, _ rule: ToleranceRule, _ base: Base) -> ToleranceLimit {
        let declared = base.mode == .total ? rule.ofTotal : rule.tolerance
        let (absolute, ratio): (Double, Double) =
            switch entry.tolerance ?? declared {
            case .points(let points): (base.capacity.isFinite ? points / 100 * base.capacity : 0, 0)
            case .percent(let percent): (0, percent / 100)
            case .absolute(let amount): ((try? AmountResolver(base: base).value(of: amount)) ?? 0, 0)
            }
        var released = rule.released
        let floor: Double
        switch rule.floor {
        case .amount(let amount): floor = amount
        case .pagesPerCPU(let pages):
            floor = Double(pages * AnonymousReservation.pageSize * host.onlineCPUs.count)
            released = max(released, floor)
        case .blocks(let blocks): floor = Double(blocks) * base.block
        }
        return ToleranceLimit(
            absolute: absolute, ratio: ratio, isWritten: entry.tolerance != nil, floor: base.floor ?? floor,
            released: released)
    }
}

/// Why an amount has no value.
struct AmountProblem: Error { var message: String }

/// Turns amounts into figures of a stressor's unit.
struct AmountResolver {
    let base: Base

    func value(of amount: Amount) throws(AmountProblem) -> Double {
        switch amount {
        case .percent(let percent):
            guard base.capacity.isFinite else {
                throw AmountProblem(message: "there is no figure to take a share of (\(base.text)); write an amount")
            }
            return percent / 100 * base.capacity
        case .max: return base.free
        case .leave(let rest):
            let left = try value(of: rest)
            guard base.free.isFinite else {
                throw AmountProblem(message: "there is no figure to leave a part of (\(base.text)); write an amount")
            }
            let whole = base.whole ?? base.free
            guard left <= whole else {
                throw AmountProblem(message: "there is less than that to leave (\(base.text))")
            }
            return max(0, whole - max(left, base.leastLeft))
        default: return amount.number ?? .nan
        }
    }
}
