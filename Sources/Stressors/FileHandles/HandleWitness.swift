// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// The kernel's count of the stressor's descriptor tables, `/proc/PID/fd`, summed over its processes.
///
/// Of a process, the figure is its table whole; while nothing is asked for, what is open is the idle process itself and
/// no load. Of the system, what the idle processes have open is not theirs to count: it is part of what was there.
final class HandleWitness: Witness {
    private let tables: [DescriptorTable]
    private let system: SystemFileTable?
    private let isWhole: Bool
    private var idle: Int?

    init?(_ request: WitnessRequest) {
        tables = request.processIDs.compactMap { id in try? DescriptorTable(of: id) }
        guard tables.count == request.processIDs.count else { return nil }
        isWhole = HandleScope(request.settings) == .process
        system = request.mode == .total && !isWhole ? SystemFileTable() : nil
        if request.mode == .total, !isWhole, system == nil { return nil }
    }

    /// `nil` once all processes are gone; one that is gone holds nothing.
    private var count: Int? {
        var sum: Int?
        for table in tables {
            if let count = table.count { sum = (sum ?? 0) + count }
        }
        return sum
    }

    func begin() { idle = count }

    func read(target: Double) -> WitnessReading? {
        guard let count, let idle else { return nil }
        let own = Double(max(0, count - idle))
        guard let system else { return WitnessReading(isWhole && target > 0 ? Double(count) : own) }
        guard target > 0 else { return WitnessReading(own, own: own) }
        return system.read().map { WitnessReading(Double($0.used), own: own) }
    }
}

/// What another process can still open, by the kernel: `/proc/PID/fd` and its limit.
///
/// The figure is the planned limit less what is free, so that `leave 10` of 1,024 is 1,014; of that, the stressor has
/// taken the numbers between the present limit and the planned one.
final class TargetWitness: Witness {
    private let id: Int32
    private let startTime: UInt64
    private let table: DescriptorTable
    private let planned: Double

    init?(_ id: Int32, _ settings: Settings) {
        guard let table = try? DescriptorTable(of: id), let startTime = ProcessIdentity.startTime(of: id),
            let planned = settings.integer(HandleScope.limitKey)
        else { return nil }
        self.id = id
        self.startTime = startTime
        self.table = table
        self.planned = Double(planned)
    }

    func read(target: Double) -> WitnessReading? {
        // From an ended process nothing is taken: the run goes on and says so.
        guard ProcessFacts.isRunning(id, startedAt: startTime),
            let soft = try? OpenFileLimit.of(processID: id).soft, let free = table.unused(below: soft)
        else { return WitnessReading(0, own: 0) }
        let own = max(0, planned - Double(soft))
        return WitnessReading(target > 0 ? planned - Double(free) : own, own: own)
    }
}
