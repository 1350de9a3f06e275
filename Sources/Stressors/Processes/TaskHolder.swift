// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// One process's sleeping threads: its share of a number, or of what others leave of a total.
struct TaskHolder: Holding, ~Copyable {
    /// As many threads are in one process at most: more of them are made, and end, side by side in several.
    static let mostInProcess = 8192
    /// What is made or ended between two looks at the target: some milliseconds' worth.
    private static let quantum = 256
    /// How often the process's own threads are counted again.
    private static let measureInterval: Nanoseconds = .second

    private var tasks: SleepingTasks
    private let threads: ThreadCount
    private let lane: Lane
    private let context: StressorContext
    private let follower: TotalFollower
    private let limit: TaskLimit?
    private let keepFree: Int64
    private var nextMeasure: Nanoseconds = 0

    init(
        limit: TaskLimit?, keepFree: Int64, lane: Lane, context: StressorContext
    ) throws(StressorFailure) {
        guard let threads = ThreadCount(of: CurrentProcess.id) else {
            throw .impossible("/proc/\(CurrentProcess.id)/status cannot be read")
        }
        do throws(Errno) {
            tasks = try SleepingTasks(most: Self.mostInProcess)
        } catch {
            throw .impossible("there is no memory for the threads' stacks: \(error)")
        }
        self.threads = threads
        self.lane = lane
        self.context = context
        self.limit = limit
        self.keepFree = keepFree
        follower = TotalFollower(
            context, keepFree: keepFree, refusal: "what may be taken of the limit on processes is down to 'keep-free'"
        ) {
            limit?.use
        }
        measure()
    }

    var granularity: Int64 { 1 }

    /// The processes' own threads are part of what is counted, so they are part of the target.
    func holdings(for total: Int64) -> Int64 {
        guard total > 0 else { return 0 }
        if context.mode == .total { return follower.holdings(for: total) }
        return max(0, total - context.gauges.reduce(0) { $0 + $1.own })
    }

    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 {
        let held = tasks.count
        lane.gauge.isMoving = true
        defer { settle() }
        let wanted = min(abs(Int(target) - held), Self.quantum)
        if target < held {
            tasks.shrink(by: wanted)
            return Int64(tasks.count)
        }
        // Where nothing is to be kept, the kernel says when there are no more, and which limit it is.
        let isScarce = keepFree > 0 || (limit?.freeOfHost ?? .max) < Int64(wanted)
        let granted = isScarce ? try follower.grant(Int64(wanted)) : Int64(wanted)
        do throws(Errno) {
            try tasks.grow(by: Int(granted))
        } catch {
            // What was made before the refusal is held; the next step will be refused whole.
            if tasks.count == held { throw failure(error) }
        }
        // The host's own limits do not stop whoever may pass them.
        try follower.giveBackExcess(Int64(tasks.count - held)) { tasks.shrink(by: Int($0)) }
        return Int64(tasks.count)
    }

    /// Lets the others see what is held now.
    private func settle() {
        lane.gauge.claimed = Int64(tasks.count)
        lane.gauge.isMoving = false
    }

    private func failure(_ error: Errno) -> StressorFailure {
        guard error == .resourceTemporarilyUnavailable else {
            return .refused("the kernel makes no more threads: \(error)", because: .saturation)
        }
        let full = TaskMeter.all(HostFacts.read().cgroups).compactMap { $0.read() }.first { $0.unused == 0 }
        if let full { context.cite(.processLimit, source: full.source, figure: "\(full.most), and as many are there") }
        let reason = full.map { " (\($0.source): \($0.most))" } ?? ""
        return .refused("the kernel makes no more threads: \(error)\(reason)", because: .processLimit)
    }

    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds {
        if context.mode == .total { return lane.curve.value(at: now) > 0 ? follower.nextLook(at: now) : .max }
        if now >= nextMeasure {
            measure()
            nextMeasure = now + Self.measureInterval
        }
        return nextMeasure
    }

    private func measure() {
        // Of a total, what is counted of the process itself is part of what was there.
        guard context.mode == .add, let count = threads.read() else { return }
        lane.gauge.own = max(0, count - Int64(tasks.count))
    }

    /// Ends all threads and waits until the kernel's count shows it.
    mutating func release() {
        let (held, before) = (Int64(tasks.count), follower.used)
        tasks.shrink(by: tasks.count)
        settle()
        if !follower.awaitRelease(of: held, from: before, context.control) {
            context.tell(
                "release_unconfirmed",
                "all threads have ended, and the kernel's count does not show it within a second; others may have made "
                    + "as many")
        }
    }
}

/// How many threads a process has, from `Threads:` of `/proc/PID/status`.
struct ThreadCount {
    private let file: ProcFile

    init?(of id: Int32) {
        guard let file = ProcFile("/proc/\(id)/status", capacity: 4096) else { return nil }
        self.file = file
    }

    func read() -> Int64? { file.read { ByteScanner.integer(after: "Threads:", in: $0) } }
}
