// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel
internal import Probes

/// The prober of a run, and the judge of what it sees.
///
/// The prober is a process of its own that is in none of the loaded groups, and has all that it needs before the load.
final class ProbeSession {
    /// How long the prober may take until it has everything: names may have to be resolved.
    private static let startLimit: Nanoseconds = 30 * .second
    /// How much later than planned a load may be given back, for which the time to recover begins then.
    private static let lateRelease: Nanoseconds = 10 * .second

    /// The most results that may be lost on their way, as a share, where something is to have held.
    private static let mostLost = 0.01

    private var plan: Plan
    /// Whether a phase ended before its time: then the prober goes on for longer than the run.
    private var isShortened = false
    private let prober: ProberProcess
    private var judge: ObjectiveJudge?
    private var start: Nanoseconds = 0
    private(set) var hasEnded = false
    private var seconds: ProbeSeconds
    private var record = ServiceRecord()
    /// Which due times of each probe were told of.
    private var told: [ToldNumbers]
    /// When it was asked to end, in ns of the clock.
    private var stoppedAt: Nanoseconds?
    private var effective: Set<Int> = []
    private var isReleased = false
    /// Whether the prober ended before its time.
    private var isBroken = false
    /// The probes of which TLS failed, and of which it is told why.
    private var tlsFailures: Set<Int> = []
    private var tlsFailed: Int?
    /// Who else takes each result.
    var tell: ((ProbeResult) -> Void)?

    /// Starts the prober of a plan; `nil` where nothing is asked.
    init?(_ plan: Plan) throws(ObserverFailure) {
        if plan.probes.isEmpty { return nil }
        self.plan = plan
        seconds = ProbeSeconds(plan.probes, start: 0)
        told = plan.probes.map(ToldNumbers.init)
        do {
            prober = try ProberProcess(plan.probes)
        } catch {
            throw .cannotStart("the prober", error.description)
        }
    }

    /// Waits until the prober has all that it needs; `attend` is called 50 times a second.
    func waitUntilReady(_ attend: () throws(ObserverFailure) -> Void) throws(ObserverFailure) {
        let limit = Clocks.monotonic + Self.startLimit
        while Clocks.monotonic < limit {
            for event in prober.wait(until: Clocks.monotonic + 20 * .millisecond) {
                switch event {
                case .ready: return
                case .problem(let problem): throw .cannotStart("the prober", problem.description)
                case .ended: throw .cannotStart("the prober", "it has ended before it began")
                case .told: break
                }
            }
            try attend()
        }
        throw .cannotStart("the prober", "it is not ready after 30 s")
    }

    /// Has the probes asked from `start` on, in ns of `CLOCK_MONOTONIC`.
    func begin(at start: Nanoseconds) {
        self.start = start
        seconds = ProbeSeconds(plan.probes, start: start)
        judge = ObjectiveJudge(probes: plan.probes, objectives: plan.objectives, phases: plan.phases, start: start)
        prober.start(at: start, until: end)
        // What is sent is written by a wait; there is nothing to be told yet.
        _ = prober.wait(until: 0)
    }

    /// Before when a probe is due for the last time, in ns of the clock.
    private var end: Nanoseconds { start + plan.length + recoveryTime }

    /// How long after the plan's end a recovery may be looked for, in ns.
    private var recoveryTime: Nanoseconds {
        let times = plan.objectives.compactMap { objective -> Nanoseconds? in
            if case .recovers(let within) = objective.wanted { within } else { nil }
        }
        return times.max().map { $0 + EpisodeTracker.apart + Self.lateRelease } ?? 0
    }

    // MARK: Times of the load

    /// Takes over that phases lie elsewhere from now on.
    func move(to phases: [PlannedPhase]) {
        plan.phases = phases
        isShortened = true
        judge?.move(to: phases)
    }

    /// Whether all that was lost is well again, or nothing was, in the time from `begin` on, since the run's start.
    func isRecovered(since begin: Nanoseconds) -> Bool {
        judge?.isRecovered(since: start + begin, at: Clocks.monotonic) == true
    }

    /// Notes that the loads of a phase are on their targets, `time` ns since the start.
    func noteEffective(phase: Int, at time: Nanoseconds) {
        if effective.insert(phase).inserted { judge?.note(.effective(phase: phase, at: start + time)) }
    }

    /// Whether nobody has told yet that the loads of a phase are on their targets.
    func awaitsEffect(of phase: Int) -> Bool { !effective.contains(phase) }

    /// Notes that the last load was given back, at `time` ns since the start.
    func noteRelease(at time: Nanoseconds) {
        if !isReleased { judge?.note(.released(at: start + time)) }
        isReleased = true
    }

    /// Notes whether the loads of a phase were as they were asked for.
    func noteJudged(phase: Int, isMet: Bool) { judge?.note(.judged(phase: phase, isMet: isMet)) }

    /// Whether the run ended since the system was not steady before the load.
    var isNotSteady: Bool { record.isNotSteady }

    /// Whether the load of a phase may begin: it is not the first one, or the system was steady before it.
    func isSteady(before phase: Int) -> Bool {
        let isGate = plan.objectives.contains(where: \.isGate) && plan.phases[..<phase].allSatisfy(\.loads.isEmpty)
        guard isGate, !plan.phases[phase].loads.isEmpty, var judge else { return true }
        // What a prober that does not run has not told is not known; what is in flight may still be good.
        untold(before: Clocks.monotonic - longestTimeout - .second) { judge.add($0) }
        guard case .shut = judge.gate() else { return true }
        record.isNotSteady = true
        return false
    }

    // MARK: What comes

    /// Takes what the prober has told until now, or tells until `deadline` in ns of the clock; events for the log.
    func take(until deadline: Nanoseconds = 0) -> [Event] {
        var events: [Event] = []
        var deadline = deadline
        while !hasEnded {
            let told = prober.wait(until: deadline)
            deadline = 0
            if told.isEmpty { break }
            for event in told { take(event, &events) }
        }
        if hasEnded, stoppedAt == nil { fill(before: Clocks.monotonic) }
        let spans = hasEnded ? seconds.takeRest() : seconds.takeWhole(at: Clocks.monotonic)
        return events + spans.map(Event.probed)
    }

    private func take(_ event: ProberProcess.Event, _ events: inout [Event]) {
        switch event {
        case .told(.result(let result)):
            count(result)
        case .told(.second(let second)):
            record.lost += second.dropped
            record.proberCPUSeconds += second.cpuTime.seconds
            events.append(.proberSecond(second))
        case .told(.note(let probe, let text)):
            guard plan.probes.indices.contains(probe) else { return }
            events.append(.probeNote(probe: plan.probes[probe].name, text: text))
            // A note stands behind the result that it is of.
            guard tlsFailed == probe, tlsFailures.insert(probe).inserted else { return }
            events.append(
                .finding(
                    Finding(
                        code: "probe_tls", severity: .note,
                        message: "probe '\(plan.probes[probe].name)' failed at TLS: \(text)")))
        case .problem(let problem):
            events.append(.finding(Finding(code: "prober_failed", message: "the prober: \(problem)")))
        case .ready: break
        case .ended:
            hasEnded = true
            let end = prober.finish()
            guard end.signal != 0 else { return }
            isBroken = true
            events.append(
                .finding(
                    Finding(
                        code: "prober_failed",
                        message: "the prober was killed by signal \(end.signal): what was due from then on nobody saw"))
            )
        }
    }

    private func count(_ result: ProbeResult) {
        // What is asked beyond a run that is shorter than planned is not of it.
        guard result.due < end || !isShortened, seconds.add(result) else { return }
        told[result.probe].insert(result.number)
        judge?.add(result)
        tlsFailed = result.outcome == .tls ? result.probe : nil
        tell?(result)
    }

    /// Withdraws what was due before `limit`, in ns of the clock, and was not told: a prober that was killed or never
    /// ran again has seen neither good nor bad.
    private func fill(before limit: Nanoseconds) {
        var missing: [ProbeResult] = []
        untold(before: limit) { missing.append($0) }
        for result in missing { count(result) }
    }

    /// Whether all that was due before the end is known.
    private var isAllTold: Bool {
        var isAll = true
        untold(before: end) { _ in isAll = false }
        return isAll
    }

    private func untold(before limit: Nanoseconds, _ body: (ProbeResult) -> Void) {
        for (probe, (plan, offset)) in zip(plan.probes, ProbeSchedule.offsets(plan.probes)).enumerated() {
            let first = start + offset
            for number in told[probe].missing(before: ProbeSchedule.count(plan, first: first, end: min(limit, end))) {
                body(
                    ProbeResult(
                        probe: probe, number: number, due: first + number * plan.every, sent: limit, done: limit,
                        outcome: .withdrawn))
            }
        }
    }

    // MARK: End

    /// How long what is still to come is waited for, in ns of the clock.
    private var limit: Nanoseconds { end + longestTimeout + .second }
    private var longestTimeout: Nanoseconds { plan.probes.map(\.timeout).max() ?? 0 }

    /// Whether there is nothing more to wait for.
    ///
    /// - Parameter isComplete: whether the run went to its planned end.
    func isOver(at now: Nanoseconds, isComplete: Bool) -> Bool {
        if hasEnded || now >= limit { return true }
        if recoveryTime == 0 { return !isComplete || isShortened && isAllTold }
        return judge?.isRecoveryOpen(at: now) != true
    }

    /// Ends the prober; what it still tells is taken.
    func stop() -> [Event] {
        var events: [Event] = []
        let now = Clocks.monotonic
        let deadline = now + 400 * .millisecond
        if !hasEnded { stoppedAt = now }
        prober.stop()
        while !hasEnded, Clocks.monotonic < deadline { events += take(until: deadline) }
        hasEnded = true
        prober.finish(patience: 50)
        // What was due a moment before is not asked any more.
        fill(before: now - 100 * .millisecond)
        return events + seconds.takeRest().map(Event.probed)
    }

    /// What probes and objectives came to.
    func finish() -> ServiceRecord {
        let now = Clocks.monotonic
        record.objectives = judge?.finish(at: now) ?? []
        let due = seconds.totals.reduce(0) { $0 + $1.due } + record.lost
        // What a prober that died has not seen is withdrawn; of what was lost on its way nobody knows when it was due.
        let isBlind = Double(record.lost) > Self.mostLost * Double(due)
        for index in record.objectives.indices where isBlind || isBroken {
            // It is known why nobody saw anything.
            if record.objectives[index].reason == .noData { record.objectives[index].reason = .proberStarved }
            guard isBlind, [.held, .recovered].contains(record.objectives[index].verdict) else { continue }
            record.objectives[index].verdict = .inconclusive
            record.objectives[index].reason = .proberStarved
        }
        let length = max(0, now - start)
        record.probes = zip(plan.probes, seconds.totals).map { ProbeSpan(probe: $0.name, span: 0..<length, tally: $1) }
        return record
    }
}
