// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

/// Reads and writes a file at a rate: bytes or operations a second, on an absolute schedule.
public struct DiskBandwidthStressor: Stressor {
    private let options: DiskOptions
    private let set: WorkingSet
    private let schedule: OperationSchedule
    private let latency: LatencyCells?
    /// Whether operations are what is counted, and not bytes.
    private let countsOperations: Bool
    private let tell: @Sendable (_ code: String, _ message: String) -> Void

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        guard let options = DiskOptions(settings) else {
            throw .impossible("the plan of '\(process.name)' lacks settings")
        }
        self.options = options
        countsOperations = process.unit == .operationsPerSecond
        latency = process.latency
        tell = { process.tell($0, $1) }
        set = try WorkingSet(options, context: process)
        schedule = OperationSchedule(
            course: process.course, row: options.row(unit: process.unit), workPerArea: process.unit.workPerArea,
            gathers: options.engine == .uring)
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        // Here and not in the initializer: while it takes its time, the process watches its lifeline.
        if lane.index == 0 { try set.layOut(lane.gauge) }
        if options.engine == .uring {
            do {
                var engine = try RingEngine(set, countsOperations: countsOperations)
                return try issue(on: lane, &engine)
            } catch let failure as StressorFailure {
                throw failure
            } catch {
                tell(
                    "io_uring_lost",
                    "io_uring worked before the start and does not now: \(error); one thread does the I/O")
            }
        }
        if options.durability == .buffered, options.operation == .write {
            let rate = lane.curve.peak / Double(lane.count) * (countsOperations ? options.sizes.mean : 1)
            var engine = WriteOutEngine(
                set, time: lane.time, countsOperations: countsOperations, rate: rate, stamp: UInt64(lane.index) << 48)
            return try issue(on: lane, &engine)
        }
        var engine = ThreadEngine(set, lane: lane, countsOperations: countsOperations)
        try issue(on: lane, &engine)
    }

    private func issue<E: Issuing & ~Copyable>(on lane: Lane, _ engine: inout E) throws(StressorFailure) {
        try lane.issue(&engine, schedule: schedule, latency: latency)
    }
}
