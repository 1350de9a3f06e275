// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel

/// A service that is down at times, and an open-loop prober of it, in time that nobody waits for.
struct ServiceSimulation {
    /// What becomes of questions while it is down.
    enum Manner: CaseIterable {
        /// Nobody listens.
        case refuses
        /// They wait, and are answered when it is up again: a stopped process with a backlog.
        case stops
        /// They are forgotten: who asked waits until it gives up.
        case forgets
        /// It answers at once, with an error.
        case fails
    }

    /// A generator with a seed, so that a failure can be seen again.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    var plan: ProbePlan
    var manner = Manner.stops
    /// When it is down, in ns since the run's start.
    var down: [Range<Nanoseconds>] = []
    var latency = 2 * Nanoseconds.millisecond
    /// When the prober is starved.
    var starved: Range<Nanoseconds> = 0..<0
    /// Of the clock: when the run begins.
    static let start: Nanoseconds = 1000 * .second

    static func plan(
        every: Nanoseconds = 50 * .millisecond, timeout: Nanoseconds = .second, goodWithin: Nanoseconds? = nil,
        unit: ProbeUnit? = nil
    ) -> ProbePlan {
        ProbePlan(
            name: "a", question: .unit(name: "x"), every: every, timeout: timeout, goodWithin: goodWithin, unit: unit,
            mark: SourceMark(line: 1, column: 1))
    }

    /// What the prober tells in `length`, in the order in which it is known.
    func results(_ length: Nanoseconds, seed: UInt64 = 1, probe: Int = 0) -> [ProbeResult] {
        var generator = Generator(state: seed)
        var results: [ProbeResult] = []
        let offset = Nanoseconds.random(in: 0..<plan.every, using: &generator)
        for number in 0..<length / plan.every {
            let due = offset + number * plan.every
            let sent = due + .random(in: 20_000...120_000, using: &generator)
            var (done, outcome) = answer(sent, number)
            done += .random(in: 0...50_000, using: &generator)
            if outcome == .good, done - due >= plan.timeout || done == .max { outcome = .timeout }
            // Given up as late as a prober wakes late.
            if outcome == .timeout { done = due + plan.timeout + .random(in: 10_000...300_000, using: &generator) }
            if outcome == .good, let limit = plan.goodWithin, done - due > limit { outcome = .slow }
            if starved.contains(due) { (outcome, done) = (.withdrawn, due + .millisecond) }
            results.append(
                ProbeResult(
                    probe: probe, number: number, due: Self.start + due, sent: Self.start + sent,
                    done: Self.start + done, outcome: outcome))
        }
        return results.sorted { ($0.done, $0.number) < ($1.done, $1.number) }
    }

    private func answer(_ sent: Nanoseconds, _ number: Int64) -> (Nanoseconds, ProbeOutcome) {
        let far = Nanoseconds.max / 4
        guard let outage = down.first(where: { $0.lowerBound < sent + latency && sent < $0.upperBound }) else {
            return (sent + latency, .good)
        }
        switch manner {
        case .refuses: return sent < outage.lowerBound ? (sent + latency, .reset) : (sent + 100_000, .refused)
        case .fails: return (sent + latency, .status)
        case .forgets: return (far, .good)
        case .stops:
            // One after the other, as a process does that finds a queue.
            let waiting = (sent - outage.lowerBound) / plan.every
            return outage.upperBound > far
                ? (far, .good) : (outage.upperBound + latency + max(0, waiting) * 20_000, .good)
        }
    }
}

extension ObjectiveJudge {
    static let start = ServiceSimulation.start

    /// Phases `steady`, `squeeze` with a load, and `recover`, of so many seconds each.
    static func phases(_ lengths: Double...) -> [PlannedPhase] {
        var begin: Nanoseconds = 0
        return zip(["steady", "squeeze", "recover"], lengths).map { name, seconds in
            defer { begin += Nanoseconds(seconds: seconds) }
            return PlannedPhase(
                name: name, start: begin, length: Nanoseconds(seconds: seconds),
                loads: name == "squeeze" ? ["cpu": "50%"] : [:])
        }
    }

    /// A run from its results: the load is effective 0.5 s after its phase, and released at its end.
    static func run(
        _ simulation: ServiceSimulation, _ wanted: Objective.Wanted..., phases: [PlannedPhase], isMet: Bool? = true,
        seed: UInt64 = 1, lateBy: Nanoseconds = 0
    ) -> [ObjectiveResult] {
        let objectives = wanted.map {
            Objective(probe: "a", wanted: $0, text: "a …", mark: SourceMark(line: 1, column: 1))
        }
        var judge = ObjectiveJudge(
            probes: [simulation.plan], objectives: objectives, phases: phases, start: start)
        var moments: [(Nanoseconds, Moment)] = []
        for (index, phase) in phases.enumerated() where !phase.loads.isEmpty {
            let effective = start + phase.start + .second / 2
            moments.append((effective, .effective(phase: index, at: effective)))
            if !phases[(index + 1)...].contains(where: { !$0.loads.isEmpty }) {
                moments.append((start + phase.end, .released(at: start + phase.end)))
            }
            if let isMet { moments.append((start + phase.end, .judged(phase: index, isMet: isMet))) }
        }
        let end = phases.last?.end ?? 0
        for result in simulation.results(end, seed: seed) {
            while let (time, moment) = moments.first, time + lateBy <= result.done {
                judge.note(moment)
                moments.removeFirst()
            }
            judge.add(result)
        }
        for (_, moment) in moments { judge.note(moment) }
        return judge.finish(at: start + end)
    }
}
