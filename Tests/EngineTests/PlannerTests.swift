// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem

private let s = Nanoseconds.second

/// A kind of which 100 % is 8 cores, of which 6 are free; its setting `fail` makes it refuse at a step of the plan.
private struct FakeStressor: Stressor {
    static let manifest = Manifest(
        kind: "fake", summary: "", details: "", reach: .ownProcess, drive: .rate, unit: .cores,
        amounts: AmountKind.allCases,
        keys: [], tolerance: ToleranceRule(.points(1)), witness: "fake_witness", examples: [])

    static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        if request.settings.text("fail") == "base" { throw .unsupported("no such controller") }
        return Base(capacity: 8, free: 6, text: "all of \(request.host.name)")
    }

    static func prepare(
        _ request: LoadRequest, base: Base, curve: Curve
    ) throws(PlanProblem) -> Preparation {
        let (settings, peak) = (request.settings, curve.peak)
        if settings.text("fail") == "key" { throw .invalid(setting: "fail", "'key' is not one of ours") }
        if settings.text("fail") == "other" { throw .invalid(setting: "absent", "something is missing") }
        return Preparation(
            workers: Int(peak.rounded(.up)), findings: [Finding(code: "peak", stressor: nil, message: "\(peak)")])
    }

    static func witness(_ request: WitnessRequest) -> (any Witness)? { nil }
    init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}
    func run(on lane: Lane) throws(StressorFailure) {}
}

/// A kind whose unit is what its loads use, and of which nobody knows how much there is.
private struct FakeDisk: Stressor {
    static let manifest = Manifest(
        kind: "disk", summary: "", details: "", reach: .ownProcess, drive: .rate, unit: .bytesPerSecond,
        units: [.operationsPerSecond: .operationsPerSecond], amounts: AmountKind.allCases, keys: [],
        tolerance: ToleranceRule(.percent(1)), witness: "", examples: [])

    static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
        Base(capacity: Base.unlimited, free: Base.unlimited, text: "")
    }

    static func prepare(_ request: LoadRequest, base: Base, curve: Curve) throws(PlanProblem) -> Preparation {
        Preparation(
            workers: 1, settings: ["engine": .text("threads")],
            quantum: request.unit == .operationsPerSecond ? 1 : 65536)
    }

    static func witness(_ request: WitnessRequest) -> (any Witness)? { nil }
    init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}
    func run(on lane: Lane) throws(StressorFailure) {}
}

@Suite struct PlannerTests {
    private static let host = HostFacts(
        name: "node-1", kernel: "6.1", architecture: "x86_64", onlineCPUs: [0, 1], affinityCPUs: [0, 1], cpuQuota: nil,
        memoryTotal: 1, memoryAvailable: 1, memoryLimit: nil, numaNodes: 1, memoryNodes: [], hugePages: "never",
        cgroups: CgroupView(mountinfo: "", membership: ""))

    private static func entry(
        _ name: String = "a", kind: String = "fake", fail: String? = nil, tolerance: Tolerance? = nil, line: Int = 2,
        directory: String? = nil
    ) -> StressorEntry {
        StressorEntry(
            name: name, kind: kind,
            settings: Settings(
                values: ["fail": fail, "directory": directory].compactMapValues { $0.map { .text($0) } },
                marks: ["fail": SourceMark(line: line, column: 20)]),
            tolerance: tolerance, mark: SourceMark(line: line, column: 3))
    }

    private static func load(_ shape: LoadShape, of name: String = "a", line: Int = 9) -> PhaseLoad {
        PhaseLoad(stressor: name, shape: shape, text: "as written", mark: SourceMark(line: line, column: 12))
    }

    private static func profile(
        _ stressors: [StressorEntry], _ phases: [[PhaseLoad]], guards: [LoadModel.Guard] = []
    ) -> Profile {
        Profile(
            name: "squeeze", file: "s.yaml", sha256: "00", seed: 7, stressors: stressors,
            phases: phases.enumerated().map {
                Phase(name: "p\($0)", length: 10 * s, loads: $1, mark: SourceMark(line: 20 + $0, column: 1))
            }, guards: guards)
    }

    private func plan(_ profile: Profile) throws(PlanErrors) -> Plan {
        try Planner(host: Self.host, catalog: [FakeStressor.self]).plan(profile)
    }

    private func rejection(_ profile: Profile) -> PlanErrors? {
        do throws(PlanErrors) {
            _ = try plan(profile)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a sum is refused that comes to more than all there is, or to less than nothing`() throws {
        func problem(_ parts: LoadShape...) -> String? {
            let profile = Self.profile([Self.entry()], [[Self.load(.sum(parts))]])
            return rejection(profile)?.invalid.first?.message
        }
        let pulse = LoadShape.pulse(.percent(50), width: s, every: 2 * s)
        #expect(problem(.hold(.percent(50)), pulse) == nil)
        #expect(problem(.hold(.percent(60)), pulse)?.contains("the sum comes to 110 %") == true)
        // In amounts more than there is may be asked for.
        #expect(problem(.hold(.cores(7)), .hold(.cores(7))) == nil)
        let noise = LoadShape.noise(.percent(5), every: s)
        #expect(problem(.hold(.percent(5)), noise) == nil)
        #expect(problem(.hold(.percent(4)), noise)?.contains("the noise takes more away") == true)
        #expect(problem(.random(from: .percent(90), to: .percent(4), every: s), noise) != nil)
        #expect(problem(pulse, noise) != nil)
        let placed = LoadShape.placed(.sum([.hold(.percent(90)), pulse]), start: s, length: 4 * s)
        #expect(rejection(Self.profile([Self.entry()], [[Self.load(placed)]])) != nil)
    }

    @Test(
        arguments: [
            (.percent(50), 4), (.cores(1.5), 1.5), (.max, 6), (.leave(.cores(2)), 4),
            (.leave(.percent(25)), 4), (.leave(.cores(5)), 1),
        ] as [(Amount, Double)])
    func `amounts are resolved against the base of the stressor`(amount: Amount, value: Double) throws {
        let plan = try plan(Self.profile([Self.entry()], [[Self.load(.hold(amount))]]))
        let stressor = try #require(plan.stressors.first)
        #expect(stressor.curve.value(at: 5 * s) == value)
        #expect(stressor.workers == Int(value.rounded(.up)), "the peak is handed on")
    }

    @Test func `a build without TLS refuses probes over https, and no others`() throws {
        var profile = Self.profile([Self.entry()], [[Self.load(.hold(.percent(50)))]])
        var http = HTTPQuestion(endpoint: .host("a", port: 443), host: "a")
        let planner = Planner(host: Self.host, catalog: [FakeStressor.self], hasTLS: false)
        let mark = SourceMark(line: 1, column: 1)
        func ask() {
            profile.probes = [ProbePlan(name: "web", question: .http(http), every: s, timeout: s, mark: mark)]
        }
        ask()
        #expect(try planner.plan(profile).probes.count == 1)
        http.security = .unverified
        ask()
        let problem = #expect(throws: PlanErrors.self) { try planner.plan(profile) }
        #expect(problem?.unsupported.first?.hasPrefix("probe 'web': https cannot be asked for") == true)
    }

    @Test func `tasks are held against every limit`() {
        var bound = TaskBound()
        #expect(bound.problems([TaskRoom(scope: .host, source: "x", most: 0, used: 0)]).isEmpty)
        var stressor = PlannedStressor(
            name: "a", kind: "fake", unit: .cores, drive: .rate, settings: Settings(values: [:]), capacity: 1, base: "",
            curve: Curve(), workers: 90, tolerance: ToleranceLimit(absolute: 0, ratio: 0), witness: "")
        stressor.processes = 10
        bound.add(stressor, on: Self.host)
        func problems(_ scope: TaskRoom.Scope, _ most: Int64, _ used: Int64) -> [String] {
            bound.problems([TaskRoom(scope: scope, source: "/limit", most: most, used: used)])
        }
        #expect(problems(.user, 150, 42).isEmpty && problems(.host, 200, 75).isEmpty)
        #expect(problems(.user, 150, 43).count == 1 && problems(.host, 200, 76).count == 1)
        #expect(problems(.user, 150, 43)[0].contains("100 processes and threads"))
        #expect(problems(.user, 150, 43)[0].contains("/limit is 150, of which 43 are in use"))
    }

    @Test(arguments: [.percent(0), .leave(.cores(6)), .cores(0)] as [Amount])
    func `a load that is 0 all the time is refused where it stands`(amount: Amount) throws {
        let errors = try #require(rejection(Self.profile([Self.entry()], [[Self.load(.hold(amount))]])))
        #expect(errors.invalid.map(\.mark) == [SourceMark(line: 9, column: 12)])
        #expect(errors.invalid.first?.message.contains("'a' is 0 all the time") == true)
        // Not where another phase has more.
        let phases = [[Self.load(.hold(amount))], [Self.load(.hold(.percent(1)))]]
        #expect(rejection(Self.profile([Self.entry()], phases)) == nil)
    }

    @Test(
        arguments: [
            (.absolute(.cores(3)), ["tolerance_cut"], "0.5 cores is used"),
            (.percent(100), ["tolerance_cut"], "0.5 cores"),
            (.percent(5), [], ""), (.absolute(.cores(0.1)), [], ""),
        ] as [(Tolerance, [String], String)])
    func `a tolerance that is not what is used is told`(tolerance: Tolerance, codes: [String], words: String) throws {
        let plan = try plan(Self.profile([Self.entry(tolerance: tolerance)], [[Self.load(.hold(.cores(1)))]]))
        let told = plan.findings.filter { $0.code.hasPrefix("tolerance") }
        #expect(told.map(\.code) == codes && told.allSatisfy { $0.message.contains(words) }, "\(told)")
    }

    @Test func `a tolerance below the kernel's own grain is told`() {
        var stressor = PlannedStressor(
            name: "a", kind: "a", unit: .cores, drive: .rate, settings: Settings(values: [:]), capacity: 2, base: "",
            curve: Curve(), workers: 1,
            tolerance: ToleranceLimit(absolute: 2e-9, ratio: 0, isWritten: true, floor: 0.001), witness: "")
        stressor.curve.append(s, repeating: [.init(length: s, holding: 1)])
        let phase = PlannedPhase(name: "p", start: 0, length: s, loads: ["a": "1 core"])
        #expect(ToleranceNote.findings(stressor, [phase]).map(\.code) == ["tolerance_raised"])
        stressor.tolerance.isWritten = false
        #expect(ToleranceNote.findings(stressor, [phase]).isEmpty)
    }

    @Test(arguments: [(100, "5s are granted"), (6, "5s are granted"), (5, nil), (nil, nil)] as [(Int64?, String?)])
    func `time for the way that a phase has not is told with what is granted`(within: Int64?, words: String?) throws {
        var profile = Self.profile([Self.entry()], [[Self.load(.hold(.cores(1)))]])
        profile.phases[0].within = within.map { $0 * s }
        let told = try plan(profile).findings.filter { $0.code == "within_cut" }
        #expect(told.first.map { words.map($0.message.contains) ?? false } ?? (words == nil), "\(told)")
    }

    @Test func `a stressor has its targets in one unit, and as much as there is only level`() throws {
        func diskProfile(_ shapes: [LoadShape]) -> Profile {
            Self.profile([Self.entry(kind: "disk")], shapes.map { [Self.load($0)] })
        }
        func plan(_ shapes: [LoadShape]) throws(PlanErrors) -> Plan {
            try Planner(host: Self.host, catalog: [FakeDisk.self]).plan(diskProfile(shapes))
        }
        func rejection(_ shapes: [LoadShape]) -> String? {
            do throws(PlanErrors) {
                _ = try plan(shapes)
                return nil
            } catch {
                return error.invalid.first?.message
            }
        }
        let bytes = LoadShape.hold(.bytesPerSecond(1e6))
        #expect(try plan([bytes, .hold(.max)]).stressors.first?.unit == .bytesPerSecond)
        let operations = try #require(try plan([.hold(.operationsPerSecond(500)), .hold(.max)]).stressors.first)
        #expect(operations.unit == .operationsPerSecond && operations.curve.peak == .infinity)
        #expect(operations.settings.text("engine") == "threads" && operations.quantum == 1)
        #expect(rejection([bytes, .hold(.operationsPerSecond(1))])?.contains("another unit") == true)
        #expect(rejection([.pulse(.max, width: s, every: 2 * s)]) == nil)
        #expect(rejection([.steps([.bytesPerSecond(1e6), .max, .bytesPerSecond(1)], every: s)]) == nil)
        let one = Amount.bytesPerSecond(1)
        for shape: LoadShape in [
            .ramp(from: nil, to: .max, over: nil), .ramp(from: .max, to: one, over: nil),
            .sine(from: one, to: .max, every: s), .sawtooth(from: .max, to: one, every: s),
            .random(from: one, to: .max, every: s), .sine(from: .max, to: .max, every: s),
        ] { #expect(rejection([shape])?.contains("held, pulsed or a step; write an amount") == true, "\(shape)") }
        func trace(_ points: [(Nanoseconds, Amount)]) -> LoadShape {
            .trace(Trace(file: "", points: points.map { Trace.Point(at: $0.0, amount: $0.1) }))
        }
        #expect(rejection([trace([(0, one), (s, one), (s, .max), (2 * s, .max), (2 * s, one)])]) == nil)
        let slope = rejection([trace([(0, one), (s, .max)])])
        #expect(slope?.contains("not slope as from 0.0 s to 1.0 s; write two rows of one time") == true)
        let share = rejection([.hold(.percent(50))])
        #expect(share?.contains("no figure to take a share of") == true)
        // A large figure is one.
        let large = try #require(try plan([.hold(.bytesPerSecond(1e15))]).stressors.first)
        #expect(large.curve.peak == 1e15 && !large.curve.isUnlimited(from: 0, to: large.curve.length))
        let after = rejection([.hold(.max), .ramp(from: nil, to: .bytesPerSecond(1), over: nil)])
        #expect(after?.contains("ramp from A to B") == true)
    }

    /// A trace of 60 s, a row every 20 s, in phases of other lengths.
    @Test func `a trace that is longer or shorter than its phase is told`() throws {
        func told(_ length: Nanoseconds, _ change: (inout Trace) -> Void = { _ in }) -> [String] {
            let points = [0, 20 * s, 40 * s, 60 * s].map { Trace.Point(at: $0, amount: .percent(50)) }
            var trace = Trace(file: "t.csv", points: points)
            trace.interval = 20 * s
            change(&trace)
            return TraceNote.findings(.trace(trace), length: length, in: "p").filter { $0.code == "trace_length" }
                .map(\.message)
        }
        #expect(told(60 * s) == [] && told(80 * s) == [], "the last row stands for as long as the others")
        #expect(
            told(4 * s).first?.hasPrefix("phase 'p': the trace lasts 1m, the phase 4s: the rest is left out") == true)
        #expect(told(90 * s).first?.contains("its last amount is held for the rest") == true)
        #expect(told(120 * s) { $0.repeats = 2 } == [] && told(1000 * s) { $0.repeats = .max } == [])
        #expect(told(4 * s) { $0.repeats = .max }.first?.contains("the rest is left out") == true)
        #expect(told(100 * s) { $0.repeats = 2 }.first?.contains("lasts 1m, 2 times, the phase") == true)
        let shape = LoadShape.trace(Trace(file: "t.csv", points: [.init(at: 0, amount: .percent(50))]))
        let plan = try plan(Self.profile([Self.entry()], [[Self.load(shape)]]))
        #expect(plan.findings.contains { $0.code == "trace_length" && $0.stressor == "a" && $0.severity == .warning })
    }

    @Test func `the plan has what the profile and the kind say`() throws {
        let plan = try plan(
            Self.profile([Self.entry()], [[Self.load(.hold(.percent(50)))], [], [Self.load(.hold(.max))]]))
        #expect(plan.profile == "squeeze" && plan.file == "s.yaml" && plan.sha256 == "00" && plan.seed == 7)
        #expect(plan.length == 30 * s)
        #expect(plan.phases.map(\.start) == [0, 10 * s, 20 * s])
        #expect(plan.phases.map(\.name) == ["p0", "p1", "p2"])
        #expect(plan.phases.map(\.loads) == [["a": "as written"], [:], ["a": "as written"]])
        let stressor = try #require(plan.stressors.first)
        #expect(stressor.capacity == 8 && stressor.base == "all of node-1" && stressor.witness == "fake_witness")
        #expect(stressor.unit == .cores && stressor.drive == .rate && stressor.workers == 6)
        #expect([5 * s, 15 * s, 25 * s].map(stressor.curve.value) == [4, 0, 6])
        #expect(plan.findings == [Finding(code: "peak", stressor: "a", message: "6.0")])
    }

    @Test func `a ramp begins where the phase before ended, and at nothing after a release`() throws {
        let ramp = LoadShape.ramp(from: nil, to: .cores(6), over: nil)
        let held = try plan(Self.profile([Self.entry()], [[Self.load(.hold(.cores(2)))], [Self.load(ramp)]]))
        #expect(held.stressors[0].curve.value(at: 15 * s) == 4)
        let released = try plan(
            Self.profile([Self.entry()], [[Self.load(.hold(.cores(2)))], [], [Self.load(ramp)]]))
        #expect(released.stressors[0].curve.value(at: 25 * s) == 3)
    }

    @Test func `the same seed is the same plan, and stressors and phases draw numbers of their own`() throws {
        let random = LoadShape.random(from: .cores(0), to: .cores(6), every: s)
        let phases = [
            [Self.load(random), Self.load(random, of: "b")], [Self.load(random), Self.load(random, of: "b")],
        ]
        let profile = Self.profile([Self.entry(), Self.entry("b")], phases)
        let first = try plan(profile).stressors.map(\.curve)
        #expect(try plan(profile).stressors.map(\.curve) == first)
        let levels = [0, 10 * s].flatMap { time in first.map { $0.value(at: time) } }
        #expect(Set(levels).count == 4)
        var other = profile
        other.seed = 8
        #expect(try plan(other).stressors[0].curve != first[0])
    }

    @Test(
        arguments: [
            (nil, 0.08, 0), (.points(2.5), 0.2, 0), (.percent(5), 0, 0.05), (.absolute(.cores(0.5)), 0.5, 0),
        ] as [(Tolerance?, Double, Double)])
    func `a tolerance is resolved, that of the kind where the profile has none`(
        tolerance: Tolerance?, absolute: Double, ratio: Double
    ) throws {
        let entry = Self.entry(tolerance: tolerance)
        let limit = try plan(Self.profile([entry], [[Self.load(.hold(.max))]])).stressors[0].tolerance
        #expect(abs(limit.absolute - absolute) < 1e-12 && limit.ratio == ratio)
    }

    @Test func `a stressor that no phase loads is not started, nor looked at`() throws {
        let profile = Self.profile(
            [Self.entry(), Self.entry("idle", kind: "unheard-of")], [[Self.load(.hold(.cores(1)))]])
        #expect(try plan(profile).stressors.map(\.name) == ["a"])
    }

    private static func condition(_ metric: Metric, _ limit: Amount) -> Guard {
        Guard(
            metric: metric, comparison: .below, limit: limit, length: 2 * s, text: "as written",
            mark: SourceMark(line: 14, column: 5))
    }

    @Test func `guards are planned with figures for limits`() throws {
        let conditions = [
            Self.condition(.memoryAvailable, .bytes(0x1p28)), Self.condition(.cpuBusy, .percent(95)),
            Self.condition(.handlesFree, .count(1000)), Self.condition(.diskAvailable, .percent(5)),
        ]
        let guards = try plan(Self.profile([Self.entry()], [[Self.load(.hold(.max))]], guards: conditions)).guards
            .filter { !$0.isDefault }
        #expect(guards.map(\.limit) == [0x1p28, 0.95, 1000, 0.05])
        #expect(guards.map(\.unit) == [.bytes, .ratio, .handles, .ratio])
        #expect(guards.map(\.directory) == [nil, nil, nil, "/"], "no stressor works on a disk: the root's is meant")
        #expect(guards.allSatisfy { $0.length == 2 * s && $0.text == "as written" && $0.comparison == .below })
    }

    @Test func `guards of the host are on unless turned off or written, and the plan says which are not`() throws {
        var profile = Self.profile([Self.entry()], [[Self.load(.hold(.max))]])
        let texts = LoadModel.Guard.defaults.map(\.text)
        #expect(texts == ["memory.available < 32MiB for 2s", "psi.memory.full > 40% for 10s"])
        let plan = try plan(profile)
        #expect(plan.guards.allSatisfy { $0.isDefault })
        #expect((plan.guards.map(\.text) + plan.guardsAside.map(\.text)).sorted() == texts)
        #expect(plan.guards.first?.limit == 0x1p25 && plan.guards.first?.length == 2 * s)
        profile.guards = [Self.condition(.memoryAvailable, .bytes(1))]
        let own = try self.plan(profile)
        #expect(own.guards.filter { $0.metric == .memoryAvailable }.map { $0.isDefault } == [false])
        #expect(own.guardsAside.first?.reason == "'as written' stands in its place")
        profile.guards = []
        profile.hasDefaultGuards = false
        let off = try self.plan(profile)
        #expect(off.guards.isEmpty && off.guardsAside.map(\.text) == texts)
    }

    @Test func `a load after the kill that is expected is told to be none`() throws {
        var killed = Self.load(.hold(.cores(1)))
        killed.expect = .killed
        func codes(_ phases: [[PhaseLoad]]) throws -> [String] {
            try plan(Self.profile([Self.entry()], phases)).findings.map(\.code).filter { $0 == "load_after_kill" }
        }
        #expect(try codes([[killed], [Self.load(.hold(.cores(1)))]]) == ["load_after_kill"])
        #expect(try codes([[killed], []]) == [])
        #expect(try codes([[killed], [killed]]) == [])
    }

    @Test func `a guard that cannot watch here is refused: a run without it would be less safe than it says`() throws {
        let profile = Self.profile(
            [Self.entry(directory: "/no/such/directory")], [[Self.load(.hold(.max))]],
            guards: [Self.condition(.diskFree, .percent(5))])
        let errors = try #require(rejection(profile))
        #expect(errors.invalid.isEmpty && errors.unsupported.count == 1)
        #expect(errors.unsupported[0].contains("'as written' (line 14): what it watches cannot be read here"))
    }

    @Test func `to leave more than there is is refused where it stands`() throws {
        let errors = try #require(rejection(Self.profile([Self.entry()], [[Self.load(.hold(.leave(.cores(7))))]])))
        #expect(errors.unsupported.isEmpty)
        #expect(errors.invalid.map(\.mark) == [SourceMark(line: 9, column: 12)])
        #expect(errors.invalid[0].message == "'as written' for 'a': there is less than that to leave (all of node-1)")
    }

    @Test(
        arguments: [
            ("key", 20, "'key' is not one of ours"), ("other", 3, "something is missing"),
        ])
    func `a bad setting is told where it stands, else where its stressor does`(
        fail: String, column: Int, message: String
    ) throws {
        let errors = try #require(rejection(Self.profile([Self.entry(fail: fail)], [[Self.load(.hold(.max))]])))
        #expect(errors.invalid == [Diagnostic(SourceMark(line: 2, column: column), message)])
        #expect(errors.unsupported.isEmpty)
    }

    @Test func `everything that stands in the way is told at once`() throws {
        let profile = Self.profile(
            [
                Self.entry("a", fail: "base"), Self.entry("b", fail: "key", line: 3),
                Self.entry("c", kind: "unheard-of", line: 4), Self.entry("d"),
            ],
            [
                [
                    Self.load(.hold(.max), of: "a"), Self.load(.hold(.max), of: "b"), Self.load(.hold(.max), of: "c"),
                    Self.load(.hold(.leave(.cores(99))), of: "d"),
                ]
            ])
        let errors = try #require(rejection(profile))
        #expect(errors.unsupported == ["a: no such controller"])
        #expect(
            errors.invalid.map(\.message) == [
                "'key' is not one of ours", "unknown stressor kind 'unheard-of'",
                "'as written' for 'd': there is less than that to leave (all of node-1)",
            ])
    }
}
