// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import Synchronization
internal import SystemPackage

/// The life of a stressor process: what `exert stressor NAME` does.
///
/// The process ends when its observer does, for certain, by three independent means: the lifeline pipe closes; a kernel
/// timer fires; the parent-death signal comes.
public enum StressorProcess {
    /// The argument that makes this binary a stressor process.
    public static let subcommand = "stressor"
    /// The argument that says that the process runs anew, with everything that it must have from its first page on.
    static let joined = "joined"
    /// Where the observer's pages are.
    static let pagesDescriptor: Int32 = 3
    /// The read end of the lifeline.
    static let lifelineDescriptor: Int32 = 4
    /// The first of those that hold the directories of the job's settings.
    static let firstHeldDescriptor: Int32 = 5
    /// How long the observer waits for the workers to be ready.
    static let startLimit: Nanoseconds = 30 * .second
    /// How long after the run's end the kernel timer fires.
    static let grace: Nanoseconds = 10 * .second

    /// Carries the load that the observer's pages describe; returns the process's exit code.
    ///
    /// - Parameter arguments: the command line: the binary, ``subcommand``, the stressor's name, which of its
    ///   processes this is, and ``joined`` where it runs anew in its groups.
    public static func run(catalog: [any Stressor.Type], arguments: [String]) -> Int32 {
        CurrentProcess.setParentDeathSignal()
        let isJoined = arguments.count == 5 && arguments[4] == joined
        guard let (pages, job) = RunPages.attach(descriptor: pagesDescriptor), isJoined || arguments.count == 4,
            let processIndex = Int(arguments[3]), (0..<job.processes).contains(processIndex)
        else { return 64 }
        guard let type = catalog.first(where: { $0.manifest.kind == job.kind }) else { return 64 }
        if !isJoined, let reason = settle(type, job, arguments) {
            pages.failure = reason
            return 1
        }
        let deadline = KillDeadline(pages)
        do {
            try deadline.arm(after: job.killAfter)
        } catch {
            pages.failure = "the kernel timer that ends this process cannot be set: \(error)"
            return 1
        }
        // Before anything is allocated: this process is the one to go when memory runs out. Where a sandbox has no such
        // file, the kernel still prefers the largest process.
        try? CurrentProcess.offerToOOMKiller()
        CurrentProcess.disableCoreDumps()
        CurrentThread.setMinimalTimerSlack()
        guard let finished = try? OwnedDescriptor.eventCounter() else { return 64 }
        let course = pages.isLive ? Course(job.curve, source: pages) : Course(job.curve)
        let context = StressorContext(
            name: job.name, runID: job.runID, control: pages.control, workers: job.workers, processes: job.processes,
            processIndex: processIndex, course: course, unit: job.unit, mode: job.mode, gauges: pages.gauges,
            latency: pages.latency, notices: pages.notices, leastLeft: { pages.leastLeft })
        do throws(StressorFailure) {
            let stressor = try type.init(job.settings, process: context)
            return carry(stressor, job, pages, course, deadline, processIndex: processIndex, finished: finished)
        } catch {
            pages.failure = error.message
            return 1
        }
    }

    /// Joins the job's groups and takes what the stressor must have from its first page on, such as a memory policy;
    /// then starts anew: memory that was taken before would stay where it was, and charged to the old groups.
    ///
    /// Returns where there is nothing of the kind, with `nil`, or where it fails, with the reason.
    private static func settle(_ type: any Stressor.Type, _ job: StressorJob, _ arguments: [String]) -> String? {
        do {
            try GroupMembership.join(job.groups)
        } catch {
            return error.message
        }
        // Only now: a group may leave other processors and nodes than the observer's.
        guard type.settle(job.settings) || !job.groups.isEmpty else { return nil }
        return "the process cannot run itself anew: \(CurrentProcess.runAnew(arguments: arguments + [joined]))"
    }

    private static func carry(
        _ stressor: any Stressor, _ job: StressorJob, _ pages: RunPages, _ course: Course, _ deadline: KillDeadline,
        processIndex: Int, finished: borrowing OwnedDescriptor
    ) -> Int32 {
        let lanes = lanes(of: processIndex, workers: job.workers, processes: job.processes)
        let running = Running(workers: lanes.count, finished: finished.rawValue)
        let end = job.curve.length + grace + job.releaseLimit
        for index in lanes {
            let lane = Lane(
                index: index, count: job.workers, course: course, time: RunClock(pages: pages),
                gauge: pages.gauges[index], countedWork: { pages.observerShare },
                begin: { begin(pages, index == lanes.lowerBound ? deadline : nil, end) })
            do {
                let thread = try KernelThread(named: "\(job.kind)-\(index)") {
                    lane.gauge.threadID = Int64(CurrentThread.id)
                    CurrentThread.setMinimalTimerSlack()
                    do throws(StressorFailure) {
                        try stressor.run(on: lane)
                    } catch {
                        pages.failure = error.message
                        running.fail()
                    }
                    running.finish()
                }
                // Not joined one by one: the wait below also watches the lifeline, and the exit takes the threads
                // along.
                thread.detach()
            } catch {
                pages.failure =
                    "worker thread \(index + 1) of \(job.workers) cannot be created: "
                    + ProcessLimitWords.text(for: error)
                return 1
            }
        }
        while !running.isOver {
            let ready = EventPoll.wait([lifelineDescriptor, finished.rawValue], timeout: deadline.patience)
            deadline.follow()
            // Nothing is ever written to the lifeline: readable means that the observer is gone. No clean-up: the
            // kernel does it faster, and cannot be kept waiting by a worker that is stuck.
            if ready.contains(lifelineDescriptor) { CurrentProcess.exitImmediately(0) }
            if ready.contains(finished.rawValue) { EventCounter.reset(finished.rawValue) }
        }
        return running.hasFailed ? 1 : 0
    }

    /// The lanes that process `index` carries.
    static func lanes(of index: Int, workers: Int, processes: Int) -> Range<Int> {
        workers * index / processes..<workers * (index + 1) / processes
    }

    /// Waits for the load's start.
    ///
    /// One worker then sets the kernel timer anew: until here it covered the wait as well.
    private static func begin(_ pages: RunPages, _ deadline: KillDeadline?, _ limit: Nanoseconds) -> Bool {
        pages.countReady()
        while pages.control.state == .preparing {
            pages.control.sleep(while: .preparing, until: Clocks.monotonic + .second)
        }
        try? deadline?.arm(after: limit)
        let clock = RunClock(pages: pages)
        return pages.control.state == .go && clock.wait(until: 0)
    }
}

extension StressorFailure {
    var message: String {
        switch self {
        case .refused(let message, _), .impossible(let message): message
        }
    }
}

/// Counts the workers of this process down.
private final class Running: Sendable {
    private let left: Atomic<Int>
    private let failed = Atomic<Bool>(false)
    private let finished: Int32

    init(workers: Int, finished: Int32) {
        left = Atomic(workers)
        self.finished = finished
    }

    var isOver: Bool { left.load(ordering: .acquiring) <= 0 || hasFailed }
    var hasFailed: Bool { failed.load(ordering: .acquiring) }

    func fail() { failed.store(true, ordering: .releasing) }

    func finish() {
        left.subtract(1, ordering: .acquiringAndReleasing)
        EventCounter.signal(finished)
    }
}

/// The run's clock in a stressor process: sleeps end early when the observer says stop.
struct RunClock: TimeSource {
    let pages: RunPages

    var now: Nanoseconds { Clocks.monotonic - pages.start }
    var isStopping: Bool { pages.control.state == .stop }

    /// Also ends early, with `true`, when the target changes: whoever sleeps decided by the one before.
    func wait(until time: Nanoseconds) -> Bool {
        let deadline = pages.start + time
        // The load's start is waited for to the end.
        let isLive = pages.isLive && time > 0
        let edition = pages.newest
        while pages.control.state == .go {
            let now = Clocks.monotonic
            if now >= deadline || isLive && pages.newest != edition { return true }
            // A change that came just before this sleep is missed by it; so it is not long.
            pages.control.sleep(while: .go, until: isLive ? min(deadline, now + Self.liveSleep) : deadline)
            if isLive, pages.control.state == .go, Clocks.monotonic < deadline { return true }
        }
        return false
    }

    private static let liveSleep: Nanoseconds = 100 * .millisecond
}
