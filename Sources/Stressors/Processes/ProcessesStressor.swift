// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import LinuxSystem
public import LoadModel

/// Holds places in the kernel's table of processes and threads, by threads that sleep.
public struct ProcessesStressor: Stressor {
    private let settings: Settings
    private let keepFree: Int64
    private let context: StressorContext

    /// See ``Stressor/init(_:process:)``.
    public init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {
        guard TaskLimit(planned: settings) != nil || process.mode == .add else {
            throw .impossible("the limit on processes that the target is a share of cannot be read")
        }
        self.settings = settings
        keepFree = Int64(settings.integer("keep-free") ?? 0)
        context = process
    }

    /// See ``Stressor/run(on:)``.
    public func run(on lane: Lane) throws(StressorFailure) {
        let limit = TaskLimit(planned: settings)
        var holder = try TaskHolder(limit: limit, keepFree: keepFree, lane: lane, context: context)
        try lane.hold(&holder)
        holder.release()
    }
}

/// The kernel's count: of a limit, or of the threads of the stressor's processes.
final class TaskWitness: Witness {
    private let threads: [ThreadCount]
    private let limit: TaskLimit?
    private var idle: Int64?

    init?(_ request: WitnessRequest) {
        threads = request.processIDs.compactMap(ThreadCount.init)
        limit = request.mode == .total ? TaskLimit(planned: request.settings) : nil
        guard threads.count == request.processIDs.count, request.mode == .add || limit != nil else { return nil }
    }

    /// `nil` once all processes are gone; one that is gone has no threads.
    private var count: Int64? {
        let counts = threads.compactMap { $0.read() }
        return counts.isEmpty ? nil : counts.reduce(0, +)
    }

    func begin() { idle = count }

    func read(target: Double) -> WitnessReading? {
        guard let count, let idle else { return nil }
        let own = Double(max(0, count - idle))
        // The idle processes are part of a load, and none while nothing is asked for.
        guard let limit else { return WitnessReading(target > 0 ? Double(count) : own) }
        guard target > 0 else { return WitnessReading(own, own: own) }
        return limit.meter.read().map { WitnessReading(Double($0.used), own: own) }
    }
}
