// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import LoadModel
internal import SystemPackage

/// Runs a plan: starts the stressor processes, samples them at 10 Hz, tells what happens, and gives everything back.
///
/// It runs on the calling thread, which must not end while stressor processes live, and never carries load itself.
/// Everything that it needs is acquired before the load begins, so that it still samples, logs and stops when memory,
/// descriptors or disk are gone.
public final class Observer {
    var plan: Plan
    let host: HostFacts
    private let description: HostDescription
    let options: Options
    let world: any RunWorld
    private let sink: (TimedEvent) -> Void
    private let display: ((Sample) -> Void)?

    let signals: SignalSource
    let probe: HostProbe
    var sessions: [StressorSession] = []
    var ledgers: [PhaseLedger] = []
    /// Latencies, dropped and failed operations of each stressor as they stood when the phase began.
    private var latencies: [LatencyPair?] = []
    private var drops: [Int64?] = []
    private var failures: [[String: Int64]?] = []
    /// What was seen last before the look at the phase's edge.
    private var pointsBefore: [HistoryPoint?] = []
    private(set) var results: [PhaseResult] = []
    private(set) var ends: [StressorEnd] = []
    /// Who ends the stressors where this process hangs.
    private(set) var keeper: Keeper?
    /// When the stressors were told to stop.
    var stopRequestedAt: Nanoseconds?
    /// Why the load could not begin.
    private(set) var startFailure: String?
    private(set) var findings: [Finding]
    var changes: [RunChange] = []
    var shortened: [ShortenedPhase] = []
    let earlyEnds: EarlyEndWatch
    /// Whether the phase that runs ends before its time, or would not any more.
    var isPhaseEnding = false
    /// What it was to go on until, where that was seen and it cannot be judged yet.
    var signSeen: Sign?
    /// Whether every load is released for now.
    var isPaused = false
    /// When the lease runs out, ns of `CLOCK_MONOTONIC`; 0 where there is none.
    var leaseEnd: Nanoseconds = 0
    private(set) var leaseExpiry: LeaseExpiry?
    private(set) var start: Nanoseconds = 0
    /// The observer's CPU time until which it was shared out.
    var cpuShared: Nanoseconds = 0
    private var wallOffset: Nanoseconds = 0
    /// When the load began, in nanoseconds since the Unix epoch.
    var startWall: Nanoseconds { start + wallOffset }
    var lastHost = HostReading(cpuBusyRatio: nil, cpuStealRatio: nil, memoryAvailableBytes: nil)
    var interruptedBy: Int32?
    let guards: GuardWatch
    private(set) var guardTrip: GuardTrip?
    let limitFiles = GroupFilePool()
    private(set) var phase = 0
    /// Who asks the system under test; `nil` where nothing is asked.
    var probing: ProbeSession?

    /// Prepares the run of `plan` in `world`.
    @_spi(Benchmarks)
    public init(
        _ plan: Plan, host: HostFacts, description: HostDescription, options: Options, world: any RunWorld,
        sink: @escaping (TimedEvent) -> Void, display: ((Sample) -> Void)?
    ) throws(ObserverFailure) {
        self.plan = plan
        self.world = world
        self.host = host
        self.description = description
        self.options = options
        self.sink = sink
        self.display = display
        findings = plan.findings
        // Before signals wait to be read: whoever hangs for want of memory is still ended by them.
        do {
            keeper = try world.keeper()
        } catch {
            throw .cannotObserve("nobody could end the load where this process hangs: no process for that: \(error)")
        }
        if let hung = keeper?.hung {
            throw .cannotObserve("nobody could end the load where this process hangs: \(hung.text)")
        }
        do {
            // SIGHUP, SIGINT, SIGQUIT, SIGTERM
            signals = try SignalSource([1, 2, 3, 15], telling: keeper)
        } catch {
            throw .cannotObserve("signals cannot be set up: \(error)")
        }
        probe = HostProbe(cpuCount: host.onlineCPUs.count, processorTimes: world.processorTimes)
        guards = try GuardWatch(plan.guards, host: host, probes: plan.probes)
        earlyEnds = try EarlyEndWatch(plan, host: host)
    }

    /// Makes the run; returns when everything is released.
    public func run(catalog: [any Stressor.Type]) throws(ObserverFailure) -> RunRecord {
        let setupLimit = plan.stressors.map(\.setupLimit).max() ?? 0
        let startTime = options.startAt.map { StartTime(wall: $0, setupLimit: setupLimit) }
        let lifeline: OwnedDescriptor.Pipe
        do { lifeline = try OwnedDescriptor.pipe() } catch { throw .cannotObserve("no pipe: \(error)") }
        probe.forgetOOMKills()
        renewLease()
        keepAlive()
        do {
            try startTime?.sleepUntilPreparation(self)
            try startProber()
            try startProcesses(catalog, lifeline: lifeline.readEnd.rawValue)
            if let late = try startTime?.sleepUntilStart(self) { findings.append(late) }
        } catch {
            // Whoever was told to end may have lost its processes to the keeper for that.
            return try endBeforeLoad(signals.next().map { .interrupted($0) } ?? error, lifeline)
        }
        emit(.runStarted(description, plan), elapsed: 0)
        _ = probe.read()
        wallOffset = world.wall - world.monotonic
        // A millisecond for all processes to wake and look at the clock.
        start = world.monotonic + .millisecond
        if let wanted = options.startAt { start = max(start, wanted - wallOffset) }
        settleClock()
        for session in sessions { session.go(at: start) }
        probing?.begin(at: start)
        let cpuBefore = Clocks.processCPU
        cpuShared = cpuBefore
        begin(phase: 0)
        observe()
        let observerCPU = (Clocks.processCPU - cpuBefore).seconds
        let isComplete = now >= plan.length
        let elapsed = isComplete ? plan.length : now
        for finding in guards.takeBlind(at: now, isEnd: true) { note(finding) }
        if !isComplete, probing?.isNotSteady != true { finishPhase(isCut: true) }
        release()
        // The write end has lived until here; from now on there is nobody whom its closing could end.
        _ = lifeline.writeEnd.rawValue
        watchRecovery(isComplete: isComplete)
        return end(elapsed: elapsed, observerCPU: observerCPU)
    }

    private func end(elapsed: Nanoseconds, observerCPU: Double) -> RunRecord {
        var record = RunRecord(
            runID: options.runID, host: description, plan: plan, startedAt: startWall, elapsed: elapsed,
            results: results, ends: ends, findings: findings, verdict: verdict, interruptedBy: interruptedBy,
            guardTrip: guardTrip, observerCPUSeconds: observerCPU)
        record.tags = options.tags
        record.leaseExpiry = leaseExpiry
        record.changes = changes
        record.shortened = shortened
        record.startFailure = startFailure
        record.service = serviceRecord
        options.settle?(&record)
        emit(.runEnded(record))
        return record
    }

    /// Ends a run whose load never began, because of `failure`: in order, and with a result.
    private func endBeforeLoad(
        _ failure: ObserverFailure, _ lifeline: consuming OwnedDescriptor.Pipe
    ) throws(ObserverFailure) -> RunRecord {
        switch failure {
        case .cannotObserve: break
        case .cannotStart(let stressor, let reason): startFailure = "\(stressor) cannot be started: \(reason)"
        case .interrupted(let signal): interruptedBy = signal
        case .leaseExpired(let expiry): leaseExpiry = expiry
        }
        (start, wallOffset) = (world.monotonic, world.wall - world.monotonic)
        requestStop()
        emit(.runStarted(description, plan), elapsed: 0)
        if let startFailure { note(Finding(code: "cannot_start", message: startFailure)) }
        if let leaseExpiry { emit(.leaseExpired(leaseExpiry)) }
        release()
        takeLateSignal()
        _ = lifeline.writeEnd.rawValue
        if case .cannotObserve = failure { throw failure }
        return end(elapsed: 0, observerCPU: 0)
    }

    var now: Nanoseconds { world.monotonic - start }

    func emit(_ event: Event, elapsed: Nanoseconds? = nil) {
        sink(TimedEvent(time: world.wall, elapsed: elapsed ?? max(0, now), runID: options.runID, event: event))
    }

    func note(_ finding: Finding) {
        findings.append(finding)
        emit(.finding(finding))
    }

    // MARK: Observe

    /// Begins a phase, whose rates begin with the look that closed the one before.
    private func begin(phase index: Int) {
        phase = index
        let shortPhases = ledgers.map(\.shortPhases)
        ledgers = sessions.map { session in
            // What was changed on the way counts.
            var stressor = session.plan
            stressor.curve = session.curve
            return PhaseLedger(phase: index, of: plan, stressor)
        }
        for (at, session) in sessions.enumerated() {
            ledgers[at].open(after: pointsBefore.isEmpty ? nil : pointsBefore[at], session.history)
            if !session.isAlive { ledgers[at].noteKilled(at: 0, session.history) }
            if at < shortPhases.count { ledgers[at].shortPhases = shortPhases[at] }
            ledgers[at].isCrippled = !session.ended.isEmpty
            for revision in session.revisions where revision.from >= plan.phases[index].start {
                ledgers[at].revise(within: revision.within, from: revision.from)
            }
        }
        latencies = sessions.map(\.latency)
        drops = sessions.map(\.dropped)
        failures = sessions.map(\.failures)
        (isPhaseEnding, signSeen) = (false, nil)
        earlyEnds.begin(plan.phases[index])
        emit(.phaseStarted(index))
    }

    private func observe() {
        CurrentThread.setMinimalTimerSlack()
        var poll = EventPoll(watchedDescriptors)
        sampleAll(isDetailed: true)
        for session in sessions {
            _ = session.takeLogWindow()
            _ = session.takeSpread(from: 0, to: 1)
        }
        var nextLog = logTime(after: 0)
        var lastTick: Nanoseconds = 0
        // Without pidfds (before Linux 5.3) the processes are asked at each tick.
        let isBlind = sessions.contains(where: \.isBlind)
        while true {
            let phaseEnd = plan.phases[phase].end
            let wake = LookSchedule.next(after: max(0, now), phaseEnd: phaseEnd, nextLog: nextLog, ledgers)
            if world.wait(for: &poll, until: start + wake) || isBlind {
                if let signal = signals.next(), !takeStop(signal) {
                    interruptedBy = signal
                    return logUpToHere()
                }
                if takeOrders() { return logUpToHere() }
                noticeEnds(stopRequestedAt: nil)
                if sessions.allSatisfy({ !$0.isAlive }) { return }
                poll.watch(watchedDescriptors)
            }
            keeper?.beat()
            keepAlive()
            let time = now
            // Something else woke us: the tick is still to come.
            guard time >= wake else { continue }
            if time - lastTick > Self.blindness { noteBlindness(from: lastTick, to: time) }
            lastTick = time
            let isPhaseOver = time >= phaseEnd
            if isPhaseOver {
                // The rates' counters, as they stand at the edge; a level that is seen now is the next phase's.
                sampleAll(isDetailed: true, isEdge: true)
                log()
                while time >= plan.phases[phase].end {
                    finishPhase(isCut: false)
                    guard phase + 1 < plan.phases.count, isSteady(before: phase + 1) else { return }
                    begin(phase: phase + 1)
                }
                nextLog = logTime(after: time)
            }
            if let trip = guards.check(at: time) {
                guardTrip = trip
                logUpToHere()
                return emit(.guardTripped(trip))
            }
            for finding in guards.takeBlind(at: time) { note(finding) }
            if takeOrders() { return logUpToHere() }
            if let expiredLease {
                leaseExpiry = expiredLease
                logUpToHere()
                return emit(.leaseExpired(expiredLease))
            }
            lookForEarlyEnd(at: time)
            sampleAll(isDetailed: time >= nextLog || wake >= phaseEnd - LookSchedule.lastLook)
            readExactlyNearPhaseEnd(time)
            takeProbes()
            if time >= nextLog {
                log()
                nextLog = logTime(after: time)
            }
            display?(sample(isLogged: false) { $0.liveWindow() })
        }
    }

    /// Walks the pages once in a phase, shortly before its end: 10 µs for each MiB of small pages.
    private func readExactlyNearPhaseEnd(_ time: Nanoseconds) {
        let (start, length) = (plan.phases[phase].start, plan.phases[phase].length)
        guard time >= start + length - min(3 * LookSchedule.tick, length / 10) else { return }
        for (index, session) in sessions.enumerated()
        where ledgers[index].isLoaded && ledgers[index].residentBytes == nil {
            ledgers[index].residentBytes = session.readExactly()
            guard let nodes = session.readNodes() else { continue }
            ledgers[index].nodeBytes = nodes.bytes
            if let message = nodes.misplacement {
                note(
                    Finding(
                        code: "misplaced", stressor: session.plan.name, message: "in phase \(phase + 1) \(message)"))
            }
        }
    }

    /// The signals, the orders, and the processes that still run.
    private var watchedDescriptors: [Int32] {
        [signals.rawDescriptor] + steeringDescriptors + sessions.flatMap(\.pidDescriptors)
    }

    /// Samples every stressor; the scheduler's figures of each thread only for the log and where one falls short.
    ///
    /// - Parameter isEdge: whether only counters are read, at the end of a phase: what is at an instant belongs to the
    ///   next one.
    func sampleAll(isDetailed: Bool, isEdge: Bool = false) {
        shareOwnCost()
        if isEdge { pointsBefore = sessions.map(\.history.last) }
        let hasStopped = ChildProcess.anyHasStopped
        for (index, session) in sessions.enumerated() where !isEdge || session.plan.drive == .rate {
            session.sample(
                start: start, isDetailed: isDetailed || ledgers[index].limitedBy != nil,
                isMissed: ledgers[index].limitedBy != nil, stolen: probe.stolen, hasStopped: hasStopped)
            ledgers[index].add(session.history, steal: probe.steal, limits: session.limits)
        }
    }

    func noticeEnds(stopRequestedAt: Nanoseconds?) {
        for (index, session) in sessions.enumerated() {
            for end in session.noticeEnds(stopRequestedAt: stopRequestedAt, hostKills: { probe.hasOOMKills }) {
                ends.append(end)
                emit(.stressorEnded(end))
                // Told by the event itself: a finding would say it twice.
                if case .released = end.manner { continue }
                guard ledgers.indices.contains(index) else { continue }
                ledgers[index].noteKilled(at: now, session.history, because: session.killCause)
            }
        }
    }

    // MARK: End

    private func finishPhase(isCut: Bool) {
        var ended: [PhaseResult] = []
        for (index, session) in sessions.enumerated() {
            if !session.isAlive { ledgers[index].noteKilled(at: now, session.history) }
            if let now = session.latency, let before = latencies[index] {
                ledgers[index].latency = now.since(before)
                ledgers[index].dropped = (session.dropped ?? 0) - (drops[index] ?? 0)
                let earlier = failures[index] ?? [:]
                ledgers[index].failures = (session.failures ?? [:])
                    .merging(earlier) { $0 - $1 }.filter { $0.value > 0 }
            }
            ledgers[index].scheduling = session.scheduling(from: ledgers[index].first, to: ledgers[index].last)
            ended.append(ledgers[index].result(isCut: isCut, at: isCut ? now : .max))
        }
        let expectations = ExpectationJudge(plan, results: results + ended, ends: ends)
        for index in ended.indices { ended[index].isExpected = expectations.isExpected(ended[index]) }
        results += ended
        noteJudged(ended)
        emit(.phaseEnded(phase, ended))
        if !isCut { noteLimit(of: phase) }
        for finding in sessions.compactMap({ $0.takeFinding() }) { note(finding) }
        noteMismatches(ended)
    }
}
