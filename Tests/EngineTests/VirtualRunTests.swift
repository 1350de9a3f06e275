// SPDX-License-Identifier: Apache-2.0

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

/// A rate of 200 operations a second and a level of 5 GB.
private final class VirtualRun {
    let world: World
    private(set) var samples: [Sample] = []
    private let plan: Plan

    init(
        phases lengths: [Nanoseconds], rate: Unit = .operationsPerSecond, value: Double = 200,
        expect: [[String: ExpectedEnd]] = []
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
            for length in lengths { curve.append(length, repeating: [.init(length: length, .line(value, value))]) }
            return PlannedStressor(
                name: type.manifest.kind, kind: type.manifest.kind, unit: unit, drive: type.manifest.drive,
                settings: Settings(values: [:]), capacity: value, base: "", curve: curve, workers: 3,
                includesObserver: unit == .cores,
                tolerance: ToleranceLimit(absolute: 0, ratio: 0.01), witness: "none")
        }
        plan = Plan(
            profile: "p", file: "p", sha256: "", seed: 0, stressors: stressors, phases: phases, findings: [])
        world = World(plan)
    }

    func make() throws -> RunRecord {
        let description = HostDescription(
            name: "", kernel: "", architecture: "", onlineCPUs: 1, affinityCPUs: 1, quotaCores: nil,
            memoryTotalBytes: 0, memoryAvailableBytes: 0, memoryLimitBytes: nil, numaNodes: 1, hugePages: "",
            exertVersion: "")
        let observer = try Observer(
            plan, host: HostFacts.read(), description: description, options: .init(logInterval: s, runID: "r"),
            world: world,
            sink: { [unowned self] event in if case .sample(let sample) = event.event { samples.append(sample) } },
            display: nil)
        return try observer.run(catalog: [StandInRate.self, StandInLevel.self])
    }
}

private final class World: RunWorld {
    private(set) var monotonic: Nanoseconds = 5000 * s
    var wall: Nanoseconds { monotonic }
    /// None: what a hypervisor takes from the machine of the test is not taken from this world.
    let processorTimes = "/nonexistent"
    /// How much of what is due the rate's workers do.
    var share = 1.0
    /// When all processes end, since the load's start.
    var deathAt: Nanoseconds = .max
    private var crews: [StandInWorkers] = []
    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    var observerShares: [Nanoseconds] { crews.map(\.observerShare) }
    var elapsed: Nanoseconds { crews.first.map { $0.start == 0 ? 0 : monotonic - $0.start } ?? 0 }

    func wait(for poll: inout EventPoll, until deadline: Nanoseconds) -> Bool {
        monotonic = max(monotonic, deadline)
        for (stressor, crew) in zip(plan.stressors, crews) {
            let isRate = stressor.drive == .rate
            let work =
                share * stressor.curve.area(until: elapsed) * stressor.unit.workPerArea - Double(crew.observerShare)
            crew.gauges[0].claimed = Int64(isRate ? work : stressor.curve.value(at: elapsed))
        }
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
