// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// What the observer does for the probes: it starts the prober, tells the judge when the load was there, and waits.
extension Observer {
    /// Starts the prober before the stressors: it has all that it needs before they take anything.
    ///
    /// Guards are told what it sees, and what errors the stressors count.
    func startProber() throws(ObserverFailure) {
        probing = try ProbeSession(plan)
        guards.connect { [unowned self] name in sessions.first { $0.plan.name == name }?.errors }
        earlyEnds.connect { [unowned self] name in sessions.first { $0.plan.name == name }?.errors }
        guard guards.hasProbes || earlyEnds.hasProbes else { return try waitForProber() }
        probing?.tell = { [unowned self] result in
            guards.add(result, at: now)
            earlyEnds.add(result, due: result.due - start, at: now)
        }
        try waitForProber()
    }

    private func waitForProber() throws(ObserverFailure) {
        try probing?.waitUntilReady { () throws(ObserverFailure) in try attend() }
    }

    /// Takes what the prober has told, and tells the judge whether the load of the phase is there.
    func takeProbes() {
        guard let probing else { return }
        if probing.awaitsEffect(of: phase) {
            let loaded = ledgers.filter(\.isLoaded)
            let reached = loaded.compactMap(\.reachedAfter)
            if !loaded.isEmpty, reached.count == loaded.count, let last = reached.max() {
                probing.noteEffective(phase: phase, at: plan.phases[phase].start + last)
            }
        }
        if !plan.phases[phase...].contains(where: { !$0.loads.isEmpty }) {
            probing.noteRelease(at: plan.phases[phase].start)
        }
        pass(probing.take())
    }

    private func pass(_ events: [Event]) {
        for event in events {
            if case .finding(let finding) = event { note(finding) } else { emit(event) }
        }
    }

    /// Whether the load of a phase may begin, as the objectives have it.
    func isSteady(before phase: Int) -> Bool {
        guard let probing else { return true }
        pass(probing.take())
        return probing.isSteady(before: phase)
    }

    /// Tells the judge whether the loads of a phase were as they were asked for.
    func noteJudged(_ results: [PhaseResult]) {
        let loaded = results.filter(\.isLoaded)
        guard let probing, let phase = loaded.first?.phase else { return }
        // A kill that was wanted is the load; one that was missed, though that was wanted, was not there all the same.
        let isThere = loaded.allSatisfy { $0.verdict == .met || $0.verdict == .killed && $0.isExpected == true }
        probing.noteJudged(phase: phase, isMet: isThere)
    }

    /// What probes and objectives came to; where an end of the load that was wanted did not come, nothing is said of
    /// the objectives under it.
    var serviceRecord: ServiceRecord? {
        guard var record = probing?.finish() else { return nil }
        let ends = ExpectationJudge(plan, results: results, ends: ends).outcome(
            isCutShort: probing?.isNotSteady == true)
        guard ends.contains(where: { $0.hasCome == false }) else { return record }
        for index in record.objectives.indices where !record.objectives[index].objective.isGate {
            record.objectives[index].verdict = .inconclusive
            record.objectives[index].reason = .loadNotMet
        }
        return record
    }

    /// Waits for the last answers, and for a recovery as long as an objective allows; not where somebody ended the run.
    func watchRecovery(isComplete: Bool) {
        guard let probing else { return }
        probing.noteRelease(at: now)
        let isEnded = interruptedBy != nil || leaseExpiry != nil || guardTrip != nil || probing.isNotSteady
        if !isEnded {
            while !probing.isOver(at: world.monotonic, isComplete: isComplete) {
                pass(probing.take(until: world.monotonic + 50 * .millisecond))
                keeper?.beat()
                if let signal = signals.next() {
                    interruptedBy = signal
                    break
                }
                if isComplete, takeOrders() || expiredLease != nil { break }
            }
        }
        pass(probing.stop())
    }
}
