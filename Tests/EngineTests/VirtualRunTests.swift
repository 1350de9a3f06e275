// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import LoadModel
import SystemPackage
import Testing

@_spi(Benchmarks) @testable import Engine

private let s = Nanoseconds.second

/// Whole runs in a world whose clock moves when the observer waits, and whose workers are in this process.
@Suite struct VirtualRunTests {
    @Test func `an hour of a rate and a level is met, with a sample for each second`() throws {
        let run = try VirtualRun(phases: [1800 * s, 1800 * s])
        let record = try run.make()
        #expect(record.verdict == .met && record.elapsed == 3600 * s)
        #expect(record.results.count == 4 && record.results.allSatisfy { $0.verdict == .met })
        #expect(run.samples.count == 3600)
        #expect(run.samples.map(\.phase).filter { $0 == 0 }.count == 1800)
        let last = try #require(run.samples.last)
        #expect(abs((last.readings[0].achieved ?? 0) - 200) < 0.1 && last.readings[1].achieved == 5e9)
        #expect(record.ends.count == 2)
    }

    @Test func `workers that do half of it are found out`() throws {
        let run = try VirtualRun(phases: [60 * s])
        run.world.share = 0.5
        let record = try run.make()
        #expect(record.results.map(\.verdict) == [.notMet, .met])
        #expect(abs(record.results[0].achievedMean - 100) < 1)
        #expect(run.samples.last?.readings[0].limitedBy == .saturation)
    }

    @Test func `what the observer takes is part of a load that includes it, and of no other`() throws {
        let run = try VirtualRun(phases: [30 * s, 30 * s], rate: .cores, value: 2)
        let record = try run.make()
        #expect(record.verdict == .met)
        let shares = run.world.observerShares
        #expect(shares[0] > 0 && shares[1] == 0)
        #expect(Double(shares[0]) <= 2 * 60e9 / 2, "no more than half")
        for result in record.results where result.stressor == "rate" {
            #expect(abs(result.achievedMean - 2) < 0.02, "the workers leave it off, and the observer counts it")
            #expect(abs(result.claimedMean - 2) < 0.02)
        }
    }

    @Test func `whole processors are taken whole, whatever the observer takes`() throws {
        let run = try VirtualRun(phases: [10 * s], rate: .cores, value: 3)
        #expect(try run.make().verdict == .met)
        #expect(run.world.observerShares == [0, 0])
    }

    @Test func `a process that ends is seen at once and ends the run's verdict`() throws {
        let run = try VirtualRun(phases: [60 * s])
        run.world.deathAt = 10 * s
        let record = try run.make()
        #expect(record.verdict == .killed)
        // All of them are gone: there is nothing left to see.
        #expect(record.elapsed >= 10 * s && record.elapsed < 11 * s)
    }

    @Test func `a kill that is expected is met, one of a stressor that is not is none, and none is a miss`() throws {
        let both = try VirtualRun(phases: [60 * s], expect: [["rate": .killed, "level": .killed]])
        both.world.deathAt = 10 * s
        let record = try both.make()
        #expect(record.verdict == .met && record.exitCode == 0)
        #expect(record.results.map(\.verdict) == [.killed, .killed], "what came is told as it is")
        #expect(record.results.map(\.isExpected) == [true, true])

        let one = try VirtualRun(phases: [60 * s], expect: [["rate": .killed]])
        one.world.deathAt = 10 * s
        #expect(try one.make().exitCode == 5)

        let never = try VirtualRun(phases: [20 * s], expect: [["rate": .killed]])
        let missed = try never.make()
        #expect(missed.verdict == .notMet && missed.exitCode == 2)
        #expect(missed.results.map(\.verdict) == [.met, .met] && missed.results[0].isExpected == false)

        let early = try VirtualRun(phases: [60 * s, 60 * s], expect: [[:], ["rate": .killed, "level": .killed]])
        early.world.deathAt = 10 * s
        #expect(try early.make().exitCode == 5, "it came in another phase")
    }

    @Test func `a miss that is expected is met, and a target that is met is then a miss`() throws {
        let run = try VirtualRun(phases: [60 * s], expect: [["rate": .notMet]])
        run.world.share = 0.5
        let record = try run.make()
        #expect(record.verdict == .met && record.results.map(\.verdict) == [.notMet, .met])
        let whole = try VirtualRun(phases: [60 * s], expect: [["rate": .notMet]])
        #expect(try whole.make().exitCode == 2)
    }
}

/// Phases that end before their time.
@Suite struct EarlyEndTests {
    /// What always holds: there is a byte left.
    private static func condition(for length: Nanoseconds) -> EarlyEnd<PlannedGuard> {
        .metric(
            PlannedGuard(
                text: "memory.available > 1B for \(length / s)s", metric: .memoryAvailable, comparison: .above,
                limit: 1,
                unit: .bytes, length: length))
    }

    @Test func `a phase ends when its condition has held, and all later ones lie as much earlier`() throws {
        let run = try VirtualRun(phases: [60 * s, 20 * s, 30 * s], values: [200, 100, 300]) {
            $0.phases[0].until = [Self.condition(for: 10 * s)]
        }
        let record = try run.make()
        #expect(record.verdict == .met && record.results.allSatisfy { $0.verdict == .met })
        let shortened = try #require(record.shortened.first)
        #expect(record.shortened.count == 1 && shortened.phase == 0 && shortened.planned == 60 * s)
        // It is seen at a look, and ends 50 ms later.
        #expect(shortened.length > 10 * s && shortened.length < 10 * s + 300 * .millisecond)
        #expect(record.elapsed == shortened.length + 50 * s && record.plan.phases[2].start == shortened.length + 20 * s)
        let means = record.results.filter { $0.stressor == "rate" }.map(\.targetMean)
        #expect(means == [200, 100, 300], "each phase has its own load from its first instant on")
        let done = run.world.curves[0].area(until: record.elapsed) / 1e9
        #expect(abs(done - (200 * shortened.length.seconds + 100 * 20 + 300 * 30)) < 1e-6)
        #expect(run.names.filter { $0 == "phase_shortened" }.count == 1 && record.findings.isEmpty)
    }

    @Test func `what is seen before the load can be judged ends the phase when it can`() throws {
        // It holds from the first look on; a level that takes 400 ms to its target is granted a quarter of its time.
        for (slowness, least) in [(Nanoseconds(0), 1000), (400 * .millisecond, 1600)] {
            let run = try VirtualRun(phases: [60 * s, 10 * s], values: [200, 100]) {
                $0.phases[0].until = [Self.condition(for: 0)]
            }
            run.world.slowness = slowness
            let record = try run.make()
            let length = try #require(record.shortened.first).length
            #expect(record.verdict == .met, "\(slowness): \(record.results.map(\.verdict))")
            #expect(length >= Int64(least) * .millisecond && length < 3 * s, "\(slowness): \(length)")
        }
    }

    @Test func `what begins where the stressor stands begins where it stands`() throws {
        let run = try VirtualRun(phases: [100 * s, 10 * s, 10 * s], values: [0, 0, 0]) { plan in
            plan.phases[0].until = [Self.condition(for: 10 * s)]
            for index in plan.stressors.indices {
                // Whole operations are no grain at this rate.
                let unit = index == 0 ? 1e3 : 1e7
                var curve = Curve()
                let up = LoadShape.ramp(from: .count(0), to: .count(1000), over: nil)
                let down = LoadShape.ramp(from: nil, to: .count(10), over: nil)
                let hold = LoadShape.curve(from: nil, [.hold(10 * s)])
                var last = 0.0
                for (shape, length) in [(up, 100), (down, 10), (hold, 10)] {
                    last = curve.append(Int64(length) * s, shape, from: last, seed: 0) { ($0.number ?? 0) * unit }
                }
                plan.stressors[index].curve = curve
                let values: [Amount: Double] = [.count(10): 10 * unit]
                plan.stressors[index].floating = [
                    1: FloatingShape(down, seed: 0, values: values), 2: FloatingShape(hold, seed: 0, values: values),
                ]
            }
        }
        let record = try run.make()
        let length = try #require(record.shortened.first).length
        let reached = 1e4 * length.seconds
        let curve = run.world.curves[0]
        #expect(abs(curve.valueBefore(length) - reached) < 1e-3 && abs(curve.value(at: length) - reached) < 1e-3)
        #expect(curve.value(at: length + 15 * s) == 1e4)
        let area = reached * length.seconds / 2 + (reached + 1e4) / 2 * 10 + 1e4 * 10
        #expect(abs(curve.area(until: record.elapsed) / 1e9 - area) < 1e-3)
        #expect(record.verdict == .met)
    }

    @Test func `a condition that is never seen is told, and what was before the phase is not of it`() throws {
        let run = try VirtualRun(phases: [30 * s, 5 * s], values: [200, 100]) {
            // Held for as long only by both phases together.
            $0.phases[1].until = [Self.condition(for: 8 * s)]
        }
        let record = try run.make()
        #expect(record.shortened.isEmpty && record.elapsed == 35 * s && record.verdict == .met)
        #expect(record.findings.map(\.code) == ["until_not_seen"])
        #expect(record.findings[0].message.contains("phase '1' went on to its limit of 5s"))
    }

    @Test func `one that is seen too late to matter is no news`() throws {
        let run = try VirtualRun(phases: [10 * s], values: [200]) {
            $0.phases[0].until = [Self.condition(for: 10 * s - 80 * .millisecond)]
        }
        let record = try run.make()
        #expect(record.shortened.isEmpty && record.findings.isEmpty && record.elapsed == 10 * s)
    }

    @Test func `a run that is to go on until it is stopped is met when it is, and its kernel timer is moved on`() throws
    {
        let run = try VirtualRun(phases: [5 * s, 3650 * 86_400 * s], values: [200, 100]) {
            $0.phases[1].until = [.stopped]
        }
        run.stopAt = 300 * s
        let record = try run.make()
        #expect(record.verdict == .met && record.exitCode == 0 && record.interruptedBy == nil)
        #expect(record.elapsed > 300 * s && record.elapsed < 301 * s)
        #expect(record.shortened.map(\.end) == [.stopped])
        #expect(run.world.leases.allSatisfy { (29 * s...61 * s).contains($0) }, "never more than a minute ahead")
        #expect(run.world.leases.count > 1000)
    }

    @Test func `what goes by the time of day is settled when the load begins, and when phases move`() throws {
        let hour = 3600 * s
        let sine = LoadShape.sine(from: .count(0), to: .count(1000), every: hour)
        let run = try VirtualRun(phases: [600 * s, 600 * s], values: [200, 200]) { plan in
            plan.phases[0].until = [Self.condition(for: 100 * s)]
            // The wall clock of that world shows 5000 s: a period began 900 s before.
            var time = DayTime(sinceMidnight: 0, zone: "UTC")
            time.instant = 4100 * s
            for index in plan.stressors.indices {
                let unit = index == 0 ? 1e3 : 1e7
                let shape = FloatingShape(
                    .onClock(sine, time), seed: 0, values: [.count(0): 0, .count(1000): 1000 * unit])
                plan.stressors[index].floating = [0: shape, 1: shape]
            }
        }
        let record = try run.make()
        #expect(record.verdict == .met)
        let (curve, start) = (run.world.curves[0], record.plan.phases[1].start)
        #expect(start > 100 * s && start < 101 * s)
        for elapsed in [0, start, start + 300 * s] {
            let inPeriod = Double(record.startedAt + elapsed - 4100 * s) / Double(hour)
            let wanted = 1e6 * (1 - cos(2 * .pi * inPeriod)) / 2
            #expect(abs(curve.value(at: elapsed) - wanted) < 1e-3, "at \(elapsed)")
        }
    }

    @Test func `one that is stopped before its last phase is interrupted, and an ordinary run has no lease`() throws {
        let early = try VirtualRun(phases: [50 * s, 3650 * 86_400 * s], values: [200, 100]) {
            $0.phases[1].until = [.stopped]
        }
        early.stopAt = 10 * s
        #expect(try early.make().interruptedBy == 15)
        let usual = try VirtualRun(phases: [50 * s])
        #expect(try usual.make().verdict == .met && usual.world.leases.allSatisfy { $0 < 0 })
    }
}

/// A rate of 200 operations a second and a level of 5 GB.
private final class VirtualRun {
    let world: World
    private(set) var samples: [Sample] = []
    private(set) var names: [String] = []
    /// When somebody asks it to stop, since the load's start.
    var stopAt: Nanoseconds = .max
    private let plan: Plan

    init(
        phases lengths: [Nanoseconds], rate: Unit = .operationsPerSecond, value: Double = 200,
        values: [Double] = [], expect: [[String: ExpectedEnd]] = [], change: (inout Plan) -> Void = { _ in }
    ) throws {
        let kinds: [(any Stressor.Type, Unit, Double)] = [
            (StandInRate.self, rate, value), (StandInLevel.self, .bytes, 5e9),
        ]
        var start: Nanoseconds = 0
        var phases: [PlannedPhase] = []
        for (index, length) in lengths.enumerated() {
            phases.append(
                PlannedPhase(
                    name: "\(index)", start: start, length: length, loads: ["rate": "", "level": ""],
                    expect: index < expect.count ? expect[index] : [:]))
            start += length
        }
        let stressors = kinds.map { type, unit, value in
            var curve = Curve()
            for (index, length) in lengths.enumerated() {
                let share = index < values.count ? values[index] / 200 : 1
                let held = value * share
                curve.append(length, repeating: [.init(length: length, .line(held, held))])
            }
            return PlannedStressor(
                name: type.manifest.kind, kind: type.manifest.kind, unit: unit, drive: type.manifest.drive,
                settings: Settings(values: [:]), capacity: value, base: "", curve: curve, workers: 3,
                includesObserver: unit == .cores,
                tolerance: ToleranceLimit(absolute: 0, ratio: 0.01), witness: "none")
        }
        var plan = Plan(
            profile: "p", file: "p", sha256: "", seed: 0, stressors: stressors, phases: phases, findings: [])
        change(&plan)
        self.plan = plan
        world = World(plan)
    }

    func make() throws -> RunRecord {
        let description = HostDescription(
            name: "", kernel: "", architecture: "", onlineCPUs: 1, affinityCPUs: 1, quotaCores: nil,
            memoryTotalBytes: 0, memoryAvailableBytes: 0, memoryLimitBytes: nil, numaNodes: 1, hugePages: "",
            exertVersion: "")
        var options = Observer.Options(logInterval: s, runID: "r")
        options.steering = Stopper(world, at: stopAt)
        let observer = try Observer(
            plan, host: HostFacts.read(), description: description, options: options, world: world,
            sink: { [unowned self] event in
                switch event.event {
                case .sample(let sample): samples.append(sample)
                case .phaseShortened: names.append("phase_shortened")
                default: break
                }
            }, display: nil)
        return try observer.run(catalog: [StandInRate.self, StandInLevel.self])
    }
}

/// Asks to stop, once.
private final class Stopper: RunSteering {
    let descriptors: [Int32] = []
    private let world: World
    private var time: Nanoseconds

    init(_ world: World, at time: Nanoseconds) {
        self.world = world
        self.time = time
    }

    func next() -> RunOrder? {
        guard world.elapsed >= time else { return nil }
        time = .max
        var order = RunOrder()
        order.stops = true
        return order
    }

    func answer(_ refusal: OrderRefusal?) {}
}

private final class World: RunWorld {
    private(set) var monotonic: Nanoseconds = 5000 * s
    var wall: Nanoseconds { monotonic }
    /// None: what a hypervisor takes from the machine of the test is not taken from this world.
    let processorTimes = "/nonexistent"
    /// How much of what is due the rate's workers do.
    var share = 1.0
    /// How long the level takes until it is there.
    var slowness: Nanoseconds = 0
    /// When all processes end, since the load's start.
    var deathAt: Nanoseconds = .max
    private var crews: [StandInWorkers] = []
    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    /// How far ahead the lease's end was at each look, in ns.
    private(set) var leases: [Nanoseconds] = []

    var observerShares: [Nanoseconds] { crews.map(\.observerShare) }
    /// The targets as they stand.
    var curves: [Curve] { crews.compactMap(\.curve) }
    var elapsed: Nanoseconds { crews.first.map { $0.start == 0 ? 0 : monotonic - $0.start } ?? 0 }

    func wait(for poll: inout EventPoll, until deadline: Nanoseconds) -> Bool {
        monotonic = max(monotonic, deadline)
        for (stressor, crew) in zip(plan.stressors, crews) {
            let isRate = stressor.drive == .rate
            let curve = crew.curve ?? stressor.curve
            let work = share * curve.area(until: elapsed) * stressor.unit.workPerArea - Double(crew.observerShare)
            crew.gauges[0].claimed = Int64(isRate ? work : elapsed < slowness ? 0 : curve.value(at: elapsed))
        }
        if let crew = crews.first { leases.append(crew.leaseEnd == 0 ? -1 : crew.leaseEnd - monotonic) }
        return elapsed >= deathAt
    }

    func wait(for descriptors: [Int32], milliseconds: Int32) { monotonic += Nanoseconds(milliseconds) * .millisecond }

    func start(arguments: [String], descriptors: [Int32?]) throws(Errno) -> any StressorChild {
        guard let shared = descriptors[3], let workers = StandInWorkers(descriptor: shared) else {
            throw .invalidArgument
        }
        workers.becomeReady()
        crews.append(workers)
        return Child(self, workers)
    }

    private final class Child: StressorChild {
        let id = CurrentProcess.id
        /// So that the observer asks at each look, as on kernels without pidfds.
        let pidDescriptor: Int32 = -1
        private unowned let world: World
        private let workers: StandInWorkers

        init(_ world: World, _ workers: StandInWorkers) {
            self.world = world
            self.workers = workers
        }

        func poll() -> ChildProcess.End? {
            if world.elapsed >= world.deathAt { return .init(exitCode: -1, signal: 9, cpuTime: 0) }
            return workers.isStopping ? .init(exitCode: 0, signal: 0, cpuTime: 0) : nil
        }

        func send(signal: Int32) {}
    }
}

private protocol StandIn: Stressor { init() }

extension StandIn {
    init(_ settings: Settings, process: StressorContext) throws(StressorFailure) { self.init() }
    static func base(_ request: LoadRequest) throws(PlanProblem) -> Base { Base(capacity: 1, free: 1, text: "") }
    static func prepare(_ request: LoadRequest, base: Base, curve: Curve) throws(PlanProblem) -> Preparation {
        Preparation(workers: 1)
    }
    static func witness(_ request: WitnessRequest) -> (any Witness)? { Claims(claims: request.claims) }
    func run(on lane: Lane) throws(StressorFailure) {}
}

private struct StandInRate: StandIn {
    static let manifest = Manifest(
        kind: "rate", summary: "", details: "", reach: .ownProcess, drive: .rate, unit: .operationsPerSecond,
        amounts: [], keys: [],
        tolerance: ToleranceRule(.percent(1)), witness: "none", examples: [])
}

private struct StandInLevel: StandIn {
    static let manifest = Manifest(
        kind: "level", summary: "", details: "", reach: .ownProcess, drive: .level, unit: .bytes, amounts: [], keys: [],
        tolerance: ToleranceRule(.percent(1)), witness: "none", examples: [])
}

/// Believes what the workers say.
private final class Claims: Witness {
    private let claims: () -> Int64
    init(claims: @escaping () -> Int64) { self.claims = claims }
    func read(target: Double) -> WitnessReading? { WitnessReading(Double(claims())) }
}
