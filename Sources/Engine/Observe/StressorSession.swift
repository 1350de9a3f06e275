// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// The observer's side of one stressor process.
final class StressorSession {
    let plan: PlannedStressor
    private let pages: RunPages
    private let child: ChildProcess
    private let type: any Stressor.Type
    private var witness: (any Witness)?
    private var scheduler: SchedulerProbe?
    private(set) var history = History()
    private(set) var lastLogged: HistoryPoint?
    private(set) var ended: StressorEnd?
    private let quota: CgroupView.Limit?

    init(
        _ plan: PlannedStressor, type: any Stressor.Type, length: Nanoseconds, lifeline: Int32,
        quota: CgroupView.Limit?
    ) throws(ObserverFailure) {
        self.plan = plan
        self.type = type
        self.quota = quota
        let job = StressorJob(
            name: plan.name, kind: plan.kind, settings: plan.settings, curve: plan.curve, workers: plan.workers,
            killAfter: StressorProcess.startLimit + length + StressorProcess.grace)
        do {
            pages = try RunPages.create(for: job)
            child = try ChildProcess(
                arguments: ["exert", StressorProcess.subcommand, plan.name],
                descriptor3: pages.rawDescriptor, descriptor4: lifeline)
        } catch {
            throw .cannotStart(plan.name, "its process cannot be created: \(error)")
        }
    }

    var processID: Int32 { child.id }
    var pidDescriptor: Int32 { child.pidDescriptor }
    var isAlive: Bool { ended == nil }

    /// Whether all workers are ready; opens the witness when they are.
    func isReady() throws(ObserverFailure) -> Bool {
        if let end = child.poll() {
            let reason = pages.failure ?? (end.signal != 0 ? "killed by signal \(end.signal)" : "exited early")
            throw .cannotStart(plan.name, reason)
        }
        guard pages.ready == plan.workers else { return false }
        if witness == nil {
            let gauges = pages.gauges
            witness = type.witness(processID: child.id) { gauges.reduce(0) { $0 + $1.claimed } }
            guard let witness else {
                throw .cannotStart(plan.name, "the kernel's accounting of process \(child.id) cannot be read")
            }
            let threads = gauges.map(\.threadID)
            scheduler =
                plan.drive == .rate
                ? SchedulerProbe(processID: child.id, threadIDs: threads, quota: quota) : nil
            witness.begin()
        }
        return true
    }

    /// Lets the load begin at `start`, ns of `CLOCK_MONOTONIC`.
    func go(at start: Nanoseconds) {
        pages.start = start
        pages.control.state = .go
    }

    /// Asks the process to release everything and end.
    func stop() { pages.control.state = .stop }

    /// Ends the process now; the kernel takes everything back.
    func kill() { child.send(signal: 9) }

    /// Reads the witness and the gauges.
    ///
    /// - Parameters:
    ///   - start: the run's start, ns of `CLOCK_MONOTONIC`.
    ///   - isDetailed: whether the scheduler is asked too; else what it said last is kept.
    func sample(start: Nanoseconds, isDetailed: Bool) {
        let held = pages.gauges.reduce(0) { $0 + $1.claimed }
        let claimed = Double(held == 0 ? 0 : held + pages.gauges.reduce(0) { $0 + $1.own })
        var point = HistoryPoint(time: 0, owed: 0, achieved: nil, claimed: 0)
        point.held = held
        point.refusals = pages.gauges.reduce(0) { $0 + $1.refusals }
        point.content = pages.gauges.reduce(0) { $0 + $1.content }
        if let scheduler, isDetailed {
            point.runDelay = scheduler.runDelay
            point.throttled = scheduler.throttled
        } else if let last = history.last {
            point.runDelay = last.runDelay
            point.throttled = last.throttled
        }
        // The clock is read right before the witness, so that both are of one instant.
        switch plan.drive {
        case .rate:
            let now = Clocks.monotonic
            let work = isAlive ? witness?.read(target: 0) : nil
            point.time = now - start
            point.owed = plan.curve.area(until: point.time)
            point.achieved = work.map { $0 / plan.unit.workPerArea }
            point.claimed = claimed / plan.unit.workPerArea
        case .level:
            point.time = Clocks.monotonic - start
            point.owed = plan.curve.value(at: point.time)
            point.achieved = isAlive ? witness?.read(target: point.owed) : nil
            point.claimed = claimed
        }
        history.append(point)
    }

    /// The level by page walk or the like; `nil` where there is none.
    func readExactly() -> Double? { isAlive ? witness?.readExactly() : nil }

    /// The window since the last one that was logged.
    func takeLogWindow() -> (Window, HistoryPoint)? {
        guard let last = history.last else { return nil }
        let window = Window(from: lastLogged ?? last, to: last, plan.drive)
        lastLogged = last
        return (window, last)
    }

    /// The last second, for display.
    func liveWindow() -> (Window, HistoryPoint)? {
        guard let last = history.last, let earlier = history.point(notAfter: last.time - .second) else { return nil }
        return (Window(from: earlier, to: last, plan.drive), last)
    }

    /// Notices the end of the process; `nil` while it runs or where it was noticed before.
    func noticeEnd(stopRequestedAt: Nanoseconds?, isOutOfMemory: () -> Bool) -> StressorEnd? {
        guard ended == nil, let end = child.poll() else { return nil }
        let manner: StressorEnd.Manner =
            if end.signal != 0 {
                .killed(signal: end.signal, isOutOfMemory: end.signal == 9 && isOutOfMemory())
            } else if end.exitCode == 0, stopRequestedAt != nil {
                .released
            } else {
                .failed(pages.failure ?? "the process exited with code \(end.exitCode)")
            }
        let result = StressorEnd(
            stressor: plan.name, processID: child.id, manner: manner, cpuSeconds: end.cpuTime.seconds,
            releaseSeconds: stopRequestedAt.map { (Clocks.monotonic - $0).seconds })
        ended = result
        return result
    }
}

/// Why a run could not be made.
public enum ObserverFailure: Error, Sendable {
    /// A stressor process could not be started; its name and the reason.
    case cannotStart(String, String)
    /// The observer could not acquire what it needs.
    case cannotObserve(String)
    /// A signal came before the load began.
    case interrupted(Int32)
}
