// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// Phases that go on until something is seen (`until:`), and a run that goes on until it is stopped.
extension Observer {
    /// What the phase that runs was to go on until, where that is there.
    struct Sign {
        var end: EarlyEnd<PlannedGuard>
        var value: Double?
        var isLeast = false
    }

    /// Ends the phase that runs where what it is to go on until is there.
    func lookForEarlyEnd(at time: Nanoseconds) {
        guard !isPhaseEnding, !plan.phases[phase].until.isEmpty else { return }
        let found = sign(at: time)
        if signSeen == nil { signSeen = found }
        guard let signSeen, let least = leastEnd else { return }
        shorten(signSeen, notBefore: least)
    }

    /// When the phase that runs may end at the earliest, so that its loads can be judged; `nil` while one of them is on
    /// its way.
    ///
    /// A second is what a rate is judged by. The way to a target is granted as a share of the time that the target
    /// stands, which must not become less.
    private var leastEnd: Nanoseconds? {
        let begin = plan.phases[phase].start
        var least = begin + Self.leastLength
        for (ledger, stressor) in zip(ledgers, plan.stressors) where ledger.isLoaded {
            if ledger.isOnItsWay { return nil }
            let stretch = ledger.stretch
            let share: Nanoseconds = plan.phases[phase].within[stressor.name] == nil ? 4 : 2
            least = max(least, stretch.start + share * (stretch.settledAt - stretch.start) + Self.lead)
        }
        return least
    }

    private static let leastLength: Nanoseconds = .second

    /// Takes a request to stop a run that is to go on until then; `false` where it is to be interrupted.
    ///
    /// It ends in order, as it was meant to. Whoever asks a second time does not want to wait for that.
    func takeStop(_ signal: Int32) -> Bool {
        // SIGINT, SIGTERM
        guard [2, 15].contains(signal), !isPhaseEnding, plan.phases[phase].until.contains(.stopped) else {
            return false
        }
        shorten(Sign(end: .stopped), notBefore: 0)
        return isPhaseEnding
    }

    private func sign(at time: Nanoseconds) -> Sign? {
        // Each look counts, whatever else is there.
        let trip = earlyEnds.check(at: time)
        let begin = plan.phases[phase].start
        if plan.phases[phase].until.contains(.recovered), probing?.isRecovered(since: begin) == true {
            return Sign(end: .recovered)
        }
        return trip.map { Sign(end: .metric($0.condition), value: $0.value, isLeast: $0.isLeast) }
    }

    private func shorten(_ sign: Sign, notBefore least: Nanoseconds) {
        let (before, end) = (plan.phases[phase], max(now + Self.lead, least))
        // Then it ends by itself.
        guard end < before.end else {
            isPhaseEnding = true
            return
        }
        var plan = plan
        plan.shorten(phase: phase, to: end)
        let courses = sessions.map { session in
            let intended = course(session, from: end, phase: phase + 1, instead: self.plan.phases, plan)
            var live = session.curve.prefix(until: end)
            if isPaused, plan.length > end { live.appendRelease(plan.length - end) }
            if !isPaused, intended.length > end { live.append(intended, from: end) }
            return (live: condensed(live, before: end), intended: intended)
        }
        // All or none; where there is no room now there is in a moment, and what is seen is seen again.
        for (session, course) in zip(sessions, courses) where (try? session.checkRoom(for: course.live)) == nil {
            return
        }
        for (at, course) in courses.enumerated() {
            try? sessions[at].retarget(course.live, intended: course.intended, from: end)
            ledgers[at].shorten(to: end, sessions[at].curve)
        }
        self.plan = plan
        isPhaseEnding = true
        probing?.move(to: plan.phases)
        let told = ShortenedPhase(
            phase: phase, end: sign.end, value: sign.value, isLeast: sign.isLeast,
            length: plan.phases[phase].length, planned: before.length, phases: plan.phases)
        shortened.append(told)
        emit(.phaseShortened(told))
    }

    /// That a phase went on to its limit, where it was to end before.
    func noteLimit(of index: Int) {
        let phase = plan.phases[index]
        let signs = phase.until.filter { $0 != .stopped }
        guard !signs.isEmpty, !isPhaseEnding else { return }
        let texts = signs.map { "'\($0.text)'" }.joined(separator: " nor ")
        let unknown = earlyEnds.unknown
        note(
            Finding(
                code: "until_not_seen",
                message: "phase '\(phase.name)' went on to its limit of \(HumanUnits.duration(phase.length)): "
                    + (signs.count > 1 ? "neither \(texts) was seen" : "\(texts) was not seen")
                    + (unknown.isEmpty
                        ? "" : "; nothing was known of \(unknown.joined(separator: ", ")) in all that time")))
    }
}
