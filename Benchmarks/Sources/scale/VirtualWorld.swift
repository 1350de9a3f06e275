// SPDX-License-Identifier: Apache-2.0

@_spi(Benchmarks) import Engine
import LinuxSystem
import LoadModel
import SystemPackage

/// A world whose clock moves when somebody waits, and whose workers do exactly what they are asked.
final class VirtualWorld: RunWorld {
    private(set) var monotonic: Nanoseconds = 1000 * .second
    /// How often the observer has slept until a time of its choice.
    private(set) var ticks = 0
    /// Called at each of them, before the observer looks.
    var onTick: (VirtualWorld) -> Void = { _ in }
    /// None: nobody takes time from processors that are not there.
    let processorTimes = "/nonexistent"

    private let plan: Plan
    private var crews: [Crew] = []
    /// What stands in for the descriptors of processes: never readable.
    private let never: OwnedDescriptor

    /// The workers of one stressor and its curve.
    private struct Crew {
        let workers: StandInWorkers
        let first: Gauge
        let stressor: PlannedStressor

        /// Does what is due by `elapsed`; one gauge holds it all, since the observer only asks for the sum.
        func work(until elapsed: Nanoseconds) {
            switch stressor.drive {
            case .rate: first.claimed = Int64(stressor.curve.area(until: elapsed) * stressor.unit.workPerArea)
            case .level: first.claimed = Int64(stressor.curve.value(at: elapsed))
            }
        }
    }

    init(_ plan: Plan) throws {
        self.plan = plan
        never = try OwnedDescriptor.eventCounter()
    }

    var wall: Nanoseconds { 1_800_000_000 * .second + monotonic }
    var elapsed: Nanoseconds { monotonic - start }
    private var start: Nanoseconds { crews.first?.workers.start ?? monotonic }

    func wait(for poll: inout EventPoll, until deadline: Nanoseconds) -> Bool {
        ticks += 1
        // Ctrl-C is seen now and then.
        if ticks % 10_000 == 0, poll.wait(until: 0) { return true }
        monotonic = max(monotonic, deadline)
        work()
        onTick(self)
        return false
    }

    func wait(for descriptors: [Int32], milliseconds: Int32) { monotonic += Nanoseconds(milliseconds) * .millisecond }

    func start(arguments: [String], descriptors: [Int32?]) throws(Errno) -> any StressorChild {
        guard let shared = descriptors[3], let workers = StandInWorkers(descriptor: shared) else {
            throw .invalidArgument
        }
        // So that the files of the scheduler that the observer keeps open for each thread are there.
        for gauge in workers.gauges { gauge.threadID = Int64(CurrentThread.id) }
        workers.becomeReady()
        crews.append(Crew(workers: workers, first: workers.gauges[0], stressor: plan.stressors[crews.count]))
        return StandInChild(workers, descriptor: never.rawValue)
    }

    /// What the workers do between two looks.
    private func work() {
        let elapsed = elapsed
        for crew in crews { crew.work(until: elapsed) }
    }

    /// CPU time that the workers take for each look, in ns, tried anew: it is no part of the observer's cost.
    func cost() -> Double {
        let start = Clocks.threadCPU
        for _ in 0..<2000 { work() }
        return Double(Clocks.threadCPU - start) / 2000
    }
}

/// A process that is none: this one in its place.
private final class StandInChild: StressorChild {
    let id = CurrentProcess.id
    let pidDescriptor: Int32
    private let workers: StandInWorkers

    init(_ workers: StandInWorkers, descriptor: Int32) {
        self.workers = workers
        pidDescriptor = descriptor
    }

    func poll() -> ChildProcess.End? {
        workers.isStopping ? ChildProcess.End(exitCode: 0, signal: 0, cpuTime: 0) : nil
    }

    /// It must not reach this process.
    func send(signal: Int32) {}
}

/// A level whose witness agrees with the target; the rate beside it is exert's own null stressor.
struct StandInLevel: Stressor {
    static let manifest = Manifest(
        kind: "stand-in", summary: "Hold nothing.", details: "", reach: .ownProcess, drive: .level, unit: .bytes,
        amounts: [.bytes],
        keys: [], tolerance: ToleranceRule(.percent(1)), witness: "none", examples: [])

    init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}

    static func base(_ request: LoadRequest) throws(PlanProblem) -> Base { Base(capacity: 1, free: 1, text: "") }
    static func prepare(_ request: LoadRequest, base: Base, curve: Curve) throws(PlanProblem) -> Preparation {
        Preparation(workers: 1)
    }
    static func witness(_ request: WitnessRequest) -> (any Witness)? { Agreeing() }
    func run(on lane: Lane) throws(StressorFailure) {}

    private final class Agreeing: Witness {
        func read(target: Double) -> WitnessReading? { WitnessReading(target) }
    }
}
