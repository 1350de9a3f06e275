// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Judges objectives by what their probes came to, under loads of which somebody else tells when they were there.
///
/// Results may come in any order in which a prober tells them: they are put into the order of their due times. The
/// run's times may be told up to 10 s after they were, and count from when they were.
///
/// Memory does not grow with the run's length: of each probe the last 10 s are kept and as many results as may be in
/// flight, of each objective its counts, a histogram where it is a percentile (150 kB at most, merged and never
/// averaged), the last bad results (as many as may be in flight), and the results of one sliding window. At 20 probes a
/// second without a window that is some 300 kB an objective, after a minute or a day.
///
/// A value: a copy can be finished to see what would be said now.
public struct ObjectiveJudge: Sendable {
    /// What happened to the load, as its witness has it.
    public enum Moment: Hashable, Sendable {
        /// All loads of a phase were on their targets for the first time, at this time of the clock.
        case effective(phase: Int, at: Nanoseconds)
        /// The last load of the run was given back, at this time of the clock.
        case released(at: Nanoseconds)
        /// How the loads of a phase did; a wanted end (`expect:`) is a load that was met.
        case judged(phase: Int, isMet: Bool)
    }

    /// Whether the load may begin.
    public enum Gate: Hashable, Sendable {
        /// All `before` objectives hold, or there is none.
        case open
        /// These do not, or nobody knows: nothing is to be exerted.
        case shut([ObjectiveResult])
    }

    private let objectives: [Objective]
    private let plans: [ProbePlan]
    private let start: Nanoseconds
    private var times: RunTimes
    private var lanes: [ProbeLane]
    // One list for each kind, so that each is changed where it lies: a copy would be one of its histogram.
    private var keeps: [Place<KeepsTracker>] = []
    private var recoveries: [Place<RecoveryTracker>] = []
    private var alerts: [Place<AlertTracker>] = []
    /// What limits that are relative to the time before the load are relative to.
    private var baselines: [(probe: Int, measure: Objective.Measure, tally: MeasureTally)] = []
    private var latest = Nanoseconds.min

    /// A tracker with the numbers of its objective and its probe.
    private struct Place<Tracker: Sendable>: Sendable {
        var objective: Int
        var probe: Int
        var tracker: Tracker
    }

    /// Creates a judge of a run that begins at `start`, in ns of the clock; a last phase without a load goes on
    /// until the end.
    public init(probes: [ProbePlan], objectives: [Objective], phases: [PlannedPhase], start: Nanoseconds) {
        self.objectives = objectives
        plans = probes
        self.start = start
        times = RunTimes(phases, start: start)
        lanes = probes.map(ProbeLane.init)
        for (index, objective) in objectives.enumerated() {
            guard let probe = probes.firstIndex(where: { $0.name == objective.probe }) else { continue }
            let plan = probes[probe]
            if let tracker = RecoveryTracker(objective, plan) {
                recoveries.append(Place(objective: index, probe: probe, tracker: tracker))
            }
            if let tracker = AlertTracker(objective) {
                alerts.append(Place(objective: index, probe: probe, tracker: tracker))
            }
            guard case .keeps(let measure, let limit, let span, _, _) = objective.wanted else { continue }
            let length = times.spans(span).reduce(0) { $0 + $1.upperBound - $1.lowerBound }
            let expected = length / max(1, plan.every)
            if let tracker = KeepsTracker(objective, plan, phases: times.phases(of: span), expected: expected) {
                keeps.append(Place(objective: index, probe: probe, tracker: tracker))
            }
            if case .ofBefore = limit, !baselines.contains(where: { $0.probe == probe && $0.measure == measure }) {
                baselines.append((probe, measure, MeasureTally(measure, isOfNumbers: plan.unit != nil)))
            }
        }
    }

    // MARK: What comes

    /// Takes a result.
    public mutating func add(_ result: ProbeResult) {
        guard lanes.indices.contains(result.probe) else { return }
        lanes[result.probe].add(result)
        advance(to: result.done)
    }

    /// Takes a time of the load.
    public mutating func note(_ moment: Moment) {
        switch moment {
        case .effective(let phase, let time): times.effective[phase] = min(time, times.effective[phase] ?? .max)
        case .released(let time): times.released = time
        case .judged(let phase, let isMet): times.isMet[phase] = isMet
        }
    }

    /// Takes over that phases lie elsewhere from now on: one that lasts ended before its time.
    public mutating func move(to phases: [PlannedPhase]) { times.phases = phases }

    private mutating func advance(to now: Nanoseconds) {
        guard now > latest else { return }
        latest = now
        settle(before: now - ProbeLane.patience)
    }

    /// Counts what was due before `limit`.
    private mutating func settle(before limit: Nanoseconds) {
        for probe in lanes.indices {
            while let result = lanes[probe].pop(before: limit) { take(times.seen(result), of: probe) }
        }
    }

    private mutating func take(_ seen: SeenProbe, of probe: Int) {
        if seen.isBefore {
            for index in baselines.indices where baselines[index].probe == probe { baselines[index].tally.add(seen) }
        }
        for index in keeps.indices where keeps[index].probe == probe {
            if keeps[index].tracker.wantsBaseline, !seen.isBefore {
                let measure = keeps[index].tracker.tally.measure
                let found = baselines.first { $0.probe == probe && $0.measure == measure }
                if let baseline = found?.tally.baseline { keeps[index].tracker.resolve(baseline: baseline) }
            }
            keeps[index].tracker.add(seen)
        }
        for index in recoveries.indices where recoveries[index].probe == probe { recoveries[index].tracker.add(seen) }
        for index in alerts.indices where alerts[index].probe == probe {
            alerts[index].tracker.add(seen, effective: times.effective(for: alerts[index].tracker.objective))
        }
    }

    /// How many results are kept one by one, in all.
    var retained: Int {
        lanes.reduce(0) { $0 + $1.retained } + keeps.reduce(0) { $0 + $1.tracker.retained }
            + recoveries.reduce(0) { $0 + $1.tracker.episodes.retained }
    }

    // MARK: What is asked

    /// Whether the load may begin, by all that came so far.
    public func gate() -> Gate {
        var copy = self
        copy.close()
        let failed = copy.results(at: latest).filter { $0.objective.isGate && $0.verdict != .held }
        return failed.isEmpty ? .open : .shut(failed)
    }

    /// Whether it is worth to look on for a recovery: one that may still come in time, or has come and may not last.
    public func isRecoveryOpen(at now: Nanoseconds) -> Bool {
        guard let released = times.released else { return false }
        var copy = self
        copy.close()
        return copy.recoveries.contains { place in
            let (plan, tracker) = (plans[place.probe], place.tracker)
            let watched = now - released
            // What hangs is known to be bad when it is given up.
            if watched < plan.timeout + 2 * plan.every { return true }
            // What was asked before the first good one decides since when it is well.
            if tracker.episodes.count > 0, lanes[place.probe].awaitsEarlier(at: now) { return true }
            if tracker.episodes.isBad { return watched <= tracker.within }
            let isLasting = tracker.episodes.goodSince * plan.every >= EpisodeTracker.apart
            return tracker.episodes.count > 0 && !isLasting && watched <= tracker.within + EpisodeTracker.apart
        }
    }

    /// Whether everything that is to recover is well again, or was never lost, in a time without a load from `begin`
    /// on; `false` where nothing is to, or nobody knows.
    public func isRecovered(since begin: Nanoseconds, at now: Nanoseconds) -> Bool {
        guard !recoveries.isEmpty else { return false }
        var copy = self
        copy.close()
        return copy.recoveries.allSatisfy { place in
            let (plan, tracker) = (plans[place.probe], place.tracker)
            // What hangs is known to be bad when it is given up.
            guard now - begin >= plan.timeout + 2 * plan.every, tracker.episodes.goodUntil >= begin else {
                return false
            }
            guard tracker.episodes.count > 0 else { return true }
            return !lanes[place.probe].awaitsEarlier(at: now) && !tracker.episodes.isBad
                && tracker.episodes.goodSince * plan.every >= EpisodeTracker.apart
        }
    }

    /// What each objective came to, in the order of the profile, where the run ends at `end`, in ns of the clock.
    public mutating func finish(at end: Nanoseconds) -> [ObjectiveResult] {
        close()
        return results(at: end)
    }

    private mutating func close() {
        for index in lanes.indices { lanes[index].close() }
        settle(before: .max)
    }

    private func results(at end: Nanoseconds) -> [ObjectiveResult] {
        var results = objectives.map { ObjectiveResult($0, .inconclusive, reason: .noData) }
        func load(_ place: Int) -> (isMet: Bool, effective: Nanoseconds?) {
            (times.isLoadMet(for: objectives[place]), times.effective(for: objectives[place]))
        }
        for place in keeps {
            let load = load(place.objective)
            results[place.objective] = place.tracker.result(
                isLoadMet: load.isMet, effective: load.effective, start: start)
        }
        for place in recoveries {
            let load = load(place.objective)
            results[place.objective] = place.tracker.result(
                isLoadMet: load.isMet, effective: load.effective, times: times, end: end)
        }
        for place in alerts {
            let load = load(place.objective)
            results[place.objective] = place.tracker.result(
                isLoadMet: load.isMet, effective: load.effective, end: end)
        }
        for index in results.indices {
            results[index].effective = times.effective(for: objectives[index]).map { $0 - start }
            results[index].released = times.released.map { $0 - start }
        }
        return results
    }
}
