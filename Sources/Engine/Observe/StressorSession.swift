// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import SystemPackage

/// The observer's side of one stressor: its processes, their shared pages, its witness.
final class StressorSession {
    let plan: PlannedStressor
    let pages: RunPages
    let children: [any StressorChild]
    let type: any Stressor.Type
    var witness: (any Witness)?
    var scheduler: SchedulerProbe?
    /// The first thread of a level, which wakes at each step of a target that moves.
    private var follower: SchedulerProbe?
    private var lastSlices: (count: Int64, goodUntil: Nanoseconds)?
    /// For how long it was found not to, in ns.
    private var unfollowed: Nanoseconds = 0
    var group: GroupProbe?
    var watch: LimitWatch?
    var threadWatch: ThreadWatch?
    private let limitFiles: GroupFilePool
    /// What the processes said of the rules that refused them.
    var told: [Cause: CauseEvidence] = [:]
    var base: BaseWatch?
    /// Whether anything that is asked for rests on what 100 % is.
    private let isShare: Bool
    /// By how much the targets are still to change, since what 100 % is has changed.
    var baseFactor = 1.0
    /// By how much they have changed for that.
    var baseScale = 1.0
    /// How long the way may take from a time on, as orders said it.
    var revisions: [(from: Nanoseconds, within: Nanoseconds?)] = []
    var oom = OOMLedger()
    var isKilledByUs = false
    /// The limit that ended a process, where one is known to have.
    var killCause: (Cause, CauseEvidence)?
    private(set) var history = History()
    private(set) var lastLogged: HistoryPoint?
    private var spread = SpreadMeter()
    /// When the operations are due, where that is drawn.
    private lazy var arrivals = plan.arrivals.map { ArrivalRow(seed: $0.seed) }
    private var inside = WorkInside()
    var ended: Set<Int32> = []
    /// Processes that did not end, though they were killed.
    var left: [HungProcess] = []
    var noticesTold = 0
    private let host: HostFacts
    let world: any RunWorld
    /// The target, as it stands.
    private(set) var curve: Curve
    /// The target that it would be if the run were not paused.
    private(set) var intended: Curve
    var device: (counters: DeviceCounters, time: Nanoseconds)?
    var loggedLatency: LatencyPair?

    /// Starts the processes.
    ///
    /// - Parameters:
    ///   - limitFiles: the files of control groups that all sessions watch.
    ///   - isShare: whether anything that is asked for rests on what 100 % is.
    init(
        _ plan: PlannedStressor, type: any Stressor.Type, runID: String, length: Nanoseconds, lifeline: Int32,
        host: HostFacts, isLive: Bool, leaseEnd: Nanoseconds, world: any RunWorld, limitFiles: GroupFilePool,
        isShare: Bool
    ) throws(ObserverFailure) {
        self.plan = plan
        self.limitFiles = limitFiles
        self.isShare = isShare
        curve = plan.curve
        intended = plan.curve
        self.type = type
        self.host = host
        self.world = world
        var job = StressorJob(
            name: plan.name, kind: plan.kind, settings: plan.settings, curve: plan.curve, unit: plan.unit,
            workers: plan.workers,
            killAfter: StressorProcess.startLimit + plan.setupLimit + length + StressorProcess.grace
                + plan.releaseLimit)
        job.releaseLimit = plan.releaseLimit
        job.processes = plan.processes
        job.mode = plan.mode
        job.runID = runID
        job.groups = host.joinedGroups.map(\.directory)
        job.hasLatency = plan.quantum > 0
        var children: [any StressorChild] = []
        do {
            pages = try RunPages.create(for: job, isLive: isLive || plan.settings.flag("follow"))
            pages.leaseEnd = leaseEnd
            for index in 0..<plan.processes {
                children.append(
                    try world.start(
                        arguments: ["exert", StressorProcess.subcommand, plan.name, "\(index)"],
                        descriptors: [nil, nil, nil, pages.rawDescriptor, lifeline] + job.heldDescriptors))
            }
        } catch {
            for child in children { child.send(signal: 9) }
            throw .cannotStart(
                plan.name, "its process cannot be created: \(ProcessLimitWords.text(for: error))")
        }
        self.children = children
    }

    /// With fewer descriptors than this, limits are not watched, and a cause is not named by its file.
    private static let fewDescriptors: UInt64 = 256

    var running: [any StressorChild] { children.filter { !ended.contains($0.id) } }
    /// Readable when a process ends; negative where the kernel has no such descriptors.
    var pidDescriptors: [Int32] { running.map(\.pidDescriptor) }
    /// Whether nothing tells when a process ends.
    private(set) lazy var isBlind = children.contains { $0.pidDescriptor < 0 }
    var isAlive: Bool { ended.count < children.count }

    /// How long the workers may take to become ready.
    var startLimit: Nanoseconds { StressorProcess.startLimit + plan.setupLimit }

    /// How far the stressor is with what it does before the load begins, 0 through 1.
    var setupRatio: Double {
        Double(pages.gauges.reduce(0) { $0 + $1.setup }) / 1000 / Double(pages.gauges.count)
    }

    /// Whether all workers are ready; opens the witness when they are.
    func isReady() throws(ObserverFailure) -> Bool {
        for child in children {
            guard let end = child.poll() else { continue }
            let reason = pages.failure ?? (end.signal != 0 ? "killed by signal \(end.signal)" : "exited early")
            throw .cannotStart(plan.name, reason)
        }
        guard pages.ready == plan.workers else { return false }
        if witness == nil {
            let gauges = pages.gauges
            var request = WitnessRequest(
                processIDs: children.map(\.id), settings: plan.settings, unit: plan.unit, mode: plan.mode,
                host: host,
                claims: { gauges.reduce(0) { $0 + $1.claimed } })
            request.claimedReads = { gauges.reduce(0) { $0 + $1.claimedReads } }
            let notices = pages.notices
            request.tell = { notices.post($0, $1) }
            // Before its files are opened and after: what is open then stays that process's, whatever is mounted later.
            var hidden = try hiddenProcess()
            witness = type.witness(request)
            if isShare { base = type.baseSource(request).map { BaseWatch(plan, $0) } }
            hidden = try hiddenProcess() ?? hidden
            guard let witness else {
                throw .cannotStart(
                    plan.name,
                    hidden?.message ?? "the kernel's accounting of process \(children[0].id) cannot be read")
            }
            scheduler = plan.drive == .rate ? SchedulerProbe(threads: threads) : nil
            follower = plan.drive == .level ? SchedulerProbe(threads: Array(threads.prefix(1))) : nil
            // Its files are some ten for each level: where a table is small, the witness needs what is left of it.
            let limit = try? OpenFileLimit.of(processID: 0)
            if limit.map({ $0.soft >= Self.fewDescriptors }) ?? true {
                watch = LimitWatch(
                    plan, processIDs: children.map(\.id), joined: host.joinedGroups.map(\.directory),
                    view: host.cgroups, pool: limitFiles, at: world.monotonic)
                threadWatch = ThreadWatch(threads, view: host.cgroups, pool: limitFiles)
            }
            group = GroupProbe(host.cgroups)
            witness.begin()
        }
        return true
    }

    /// That `/proc` hides one of the processes, with which some witnesses can live; `nil` where it shows all of them.
    ///
    /// - Throws: ``ObserverFailure/cannotStart(_:_:)`` where it shows strangers in their place.
    private func hiddenProcess() throws(ObserverFailure) -> ProcMount.Problem? {
        var hidden: ProcMount.Problem?
        for child in children {
            switch child.procProblem {
            case .hidden(let id)?: hidden = .hidden(id)
            case let problem?: throw .cannotStart(plan.name, problem.message)
            case nil: continue
            }
        }
        return hidden
    }

    private var threads: [(processID: Int32, id: Int64)] {
        children.enumerated().flatMap { index, child in
            StressorProcess.lanes(of: index, workers: plan.workers, processes: plan.processes)
                .map { (child.id, pages.gauges[$0].threadID) }
        }
    }

    var started: Nanoseconds = 0

    /// Lets the load begin at `start`, ns of `CLOCK_MONOTONIC`.
    func go(at start: Nanoseconds) {
        pages.start = start
        started = start
        pages.control.state = .go
    }

    /// Changes the target from `time` on, both as it stands and as it is intended.
    ///
    /// - Throws: ``OrderRefusal`` where too much was changed in the last seconds.
    func retarget(_ live: Curve, intended: Curve, from time: Nanoseconds) throws(OrderRefusal) {
        guard pages.announce(live, changedAt: time) else { throw tooManyChanges }
        curve = live
        lastSlices?.goodUntil = 0
        self.intended = intended.condensed(before: time - Self.memory)
    }

    /// Whether there is room to tell the processes of `live`.
    func checkRoom(for live: Curve) throws(OrderRefusal) {
        guard pages.hasRoom(for: live) else { throw tooManyChanges }
    }

    /// For how long the past of a target is kept in detail: longer than any lane looks back.
    static let memory: Nanoseconds = 5 * .second

    private var tooManyChanges: OrderRefusal {
        OrderRefusal(.conflict, "\(plan.name) was changed too often in the last seconds; try again in 5 seconds")
    }

    /// Moves the lease's end, ns of `CLOCK_MONOTONIC`.
    func extendLease(to end: Nanoseconds) { pages.leaseEnd = end }

    /// Asks the processes to release everything and end.
    func stop() { pages.control.state = .stop }

    /// Gives back what the witness has made; the processes are gone.
    func endWitness() { witness?.end() }

    /// Ends the processes now; the kernel takes everything back.
    func kill() {
        isKilledByUs = true
        for child in running { child.send(signal: 9) }
    }

    /// Whether CPU time that the observer takes at `time` of the run is part of this load.
    ///
    /// Where nothing is asked for, nothing can be left off; and a load of whole processors is to leave no gap.
    func countsObserver(at time: Nanoseconds) -> Bool {
        guard plan.includesObserver, isAlive else { return false }
        let target = curve.value(at: time)
        return target > 0 && target < Double(plan.workers) * 0.9999
    }

    /// Counts CPU time of the observer since the last look as part of this load, of which the workers then leave it
    /// off; no more than half of what was asked for since then.
    func count(observer spent: Nanoseconds, at time: Nanoseconds) {
        let asked = max(0, curve.area(until: time) - (history.last?.owed ?? 0)) * plan.unit.workPerArea
        pages.observerShare += Int64(min(Double(spent), asked / 2))
    }

    /// Reads the witness and the gauges of a run that began at `start`, ns of `CLOCK_MONOTONIC`.
    ///
    /// - Parameters:
    ///   - isDetailed: whether the scheduler is asked too; else what it said last is kept.
    ///   - isMissed: whether the last look was off its target.
    ///   - stolen: time that a hypervisor took so far, in ns.
    ///   - hasStopped: whether some child of ours is stopped, or has gone on after that.
    func sample(start: Nanoseconds, isDetailed: Bool, isMissed: Bool, stolen: Int64, hasStopped: Bool) {
        let held = pages.gauges.reduce(0) { $0 + $1.claimed }
        let share = Double(pages.observerShare)
        let claimed = Double(held == 0 ? 0 : held + pages.gauges.reduce(0) { $0 + $1.own }) + share
        var point = HistoryPoint(time: 0, owed: 0, achieved: nil, claimed: 0)
        point.held = held
        point.refusals = pages.gauges.reduce(0) { $0 + $1.refusals }
        if point.refusals > 0 { point.refusalCause = pages.gauges.lazy.compactMap(\.refusalCause).first }
        point.stolen = stolen
        point.dropped = plan.quantum > 0 ? dropped ?? 0 : 0
        point.content = pages.gauges.reduce(0) { $0 + $1.content }
        lookAtLimits(&point, isMissed: isMissed, hasStopped: hasStopped)
        if let scheduler, isDetailed || isAfterGap {
            point.runDelay = scheduler.runDelay
        } else if let last = history.last {
            point.runDelay = last.runDelay
        }
        // The clock is read right before the witness, so that both are of one instant.
        switch plan.drive {
        case .rate:
            let now = world.monotonic
            // Just before now: a look at the very end of a phase is not yet one at the next.
            let work = isAlive ? witness?.read(target: curve.value(at: max(0, now - start - 1))) : nil
            point.time = now - start
            point.owed = curve.area(until: point.time)
            point.achieved = work.map {
                inside.share(of: $0.amount + share, astray: point.astray) / plan.unit.workPerArea
            }
            point.own = work?.own.map { $0 / plan.unit.workPerArea }
            point.reads = work?.reads.map { $0 / plan.unit.workPerArea }
            point.drawn = drawn(until: point.owed)
            point.claimed = claimed / plan.unit.workPerArea
        case .level:
            point.time = world.monotonic - start
            point.owed = curve.value(at: point.time)
            point.frozen += standstill(until: point.time, isDetailed: isDetailed)
            let reading = isAlive ? witness?.read(target: point.owed) : nil
            point.achieved = reading?.amount
            point.own = reading?.own
            // Counting a large table takes milliseconds, and what is counted while it is given back at the end of a
            // phase is neither the one nor the other: such a look is none.
            let change = abs(curve.value(at: world.monotonic - start) - point.owed)
            if change > plan.tolerance.allowed(at: point.owed), history.last != nil { return }
            point.claimed = claimed
        }
        if let last = history.last { spread.add(last, point, plan.drive) }
        history.append(point)
    }

    /// By how much the operations that were drawn come to more than `area`, in unit·nanoseconds.
    private func drawn(until area: Double) -> Double {
        guard let work = plan.arrivals?.work, area > 0 else { return 0 }
        let asked = area * plan.unit.workPerArea / work
        return (Double(arrivals?.count(until: asked) ?? 0) - asked) * work / plan.unit.workPerArea
    }

    /// For how long nobody has followed a target that moved, in all.
    ///
    /// Where the observer did not look for long, that tells whether it alone stood still or the stressor with it: a
    /// paused container leaves no other trace before Linux 6.18. A thread whose target stays where it is, and which has
    /// no others to follow, wakes twice a second: until the target moves, its count is as good as it was.
    ///
    /// - Parameter isDetailed: whether it is read in any case.
    private func standstill(until time: Nanoseconds, isDetailed: Bool) -> Nanoseconds {
        guard let follower else { return 0 }
        let isGap = history.last.map { time - $0.time > .second } ?? false
        if let lastSlices, !isDetailed, !isGap, time < lastSlices.goodUntil { return unfollowed }
        let before = lastSlices
        let goodUntil = plan.mode == .add ? min(curve.constantUntil(after: time), time + .second) : time
        lastSlices = follower.timeslices.map { ($0, goodUntil) }
        guard isGap, let last = history.last, let before, let slices = lastSlices?.count,
            curve.constantUntil(after: last.time) < time - .second,
            (slices - before.count) * 2 * LevelRhythm.tick < time - last.time
        else { return unfollowed }
        unfollowed += time - last.time
        return unfollowed
    }

    /// The spread of target and achieved in the window that was taken last, which began at `start`.
    func takeSpread(from start: Nanoseconds, to end: Nanoseconds) -> (target: Spread, achieved: Spread?) {
        let bounds = curve.extremes(from: start, to: end)
        let target = Spread(
            least: bounds.lowerBound, mean: curve.mean(from: start, to: end), most: bounds.upperBound)
        return (target, spread.take())
    }

    /// The level by page walk or the like; `nil` where there is none.
    func readExactly() -> Double? { isAlive ? witness?.readExactly() : nil }

    /// What lies on each memory node; `nil` where that was not asked for.
    func readNodes() -> NodeReading? { isAlive ? witness?.readNodes() : nil }

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
}
