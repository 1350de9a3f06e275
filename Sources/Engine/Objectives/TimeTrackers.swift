// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Follows an objective on recovery.
struct RecoveryTracker {
    let objective: Objective
    let within: Nanoseconds
    private(set) var episodes: EpisodeTracker
    private var seenAfter: Int64 = 0
    private var withdrawn: Int64 = 0
    private var withdrawnAfter: Int64 = 0
    /// How many were seen and withdrawn while the load was there.
    private var seenUnder: Int64 = 0
    private var withdrawnUnder: Int64 = 0

    init?(_ objective: Objective, _ plan: ProbePlan) {
        guard case .recovers(let within) = objective.wanted else { return nil }
        self.objective = objective
        self.within = within
        episodes = EpisodeTracker(plan)
    }

    mutating func add(_ probe: SeenProbe) {
        guard !probe.isBefore else { return }
        guard probe.result.outcome.isOfService else {
            withdrawn += 1
            episodes.addUnseen(probe)
            if probe.isAfter { withdrawnAfter += 1 }
            if probe.isLoaded { withdrawnUnder += 1 }
            return
        }
        if probe.isAfter { seenAfter += 1 }
        if probe.isLoaded { seenUnder += 1 }
        episodes.add(probe, isGood: probe.result.outcome.isGood)
    }

    func result(isLoadMet: Bool, effective: Nanoseconds?, times: RunTimes, end: Nanoseconds) -> ObjectiveResult {
        let released = times.released
        var result = ObjectiveResult(objective, .inconclusive)
        result.count = seenAfter
        result.withdrawn = withdrawn
        result.episodes = episodes.count
        result.badTime = episodes.badTime
        result.limit = within.seconds
        if let beginning = episodes.beginning, episodes.count == 1 { result.loss = effective.map(beginning.since) }
        if let released {
            if let ending = episodes.ending, let release = times.release(before: ending) {
                result.recovery = ending.since(release.at)
                result.releasedPhase = release.phase
            }
            if episodes.isBad { result.watched = max(0, end - released) }
        }
        if !isLoadMet || released == nil {
            result.reason = .loadNotMet
        } else if seenAfter == 0 {
            result.reason = withdrawnAfter > 0 ? .proberStarved : .noData
        } else if Double(withdrawnAfter) > KeepsTracker.mostWithdrawn * Double(seenAfter + withdrawnAfter),
            !episodes.isBad
        {
            result.reason = .proberStarved
        } else if episodes.count == 0, Self.isStarved(withdrawnUnder, seenUnder) {
            // That nothing was lost, only who has looked can say.
            result.reason = .proberStarved
        } else if episodes.count == 0, seenUnder == 0 {
            result.reason = .noData
        } else if episodes.count == 0 {
            result.verdict = .held
        } else if let recovery = result.recovery {
            result.verdict = recovery.to <= within ? .recovered : .notRecovered
            // One good answer may be chance, and the limit may lie within the interval.
            result.isClose = episodes.goodSince < 3 || recovery.from <= within && recovery.to > within
        } else if let watched = result.watched, watched < within {
            result.reason = .cutShort
        } else {
            result.verdict = .notRecovered
        }
        return result
    }

    private static func isStarved(_ withdrawn: Int64, _ seen: Int64) -> Bool {
        withdrawn > 0 && Double(withdrawn) > KeepsTracker.mostWithdrawn * Double(seen + withdrawn)
    }
}

/// Follows an objective that a probe becomes good: an alert that is to fire.
struct AlertTracker {
    let objective: Objective
    let within: Nanoseconds
    private var lastBad: SeenProbe?
    private var firstGood: SeenProbe?
    private var wasGood = false
    private var count: Int64 = 0
    private var withdrawn: Int64 = 0

    init?(_ objective: Objective) {
        guard case .becomesGood(let within, _) = objective.wanted else { return nil }
        self.objective = objective
        self.within = within
    }

    mutating func add(_ probe: SeenProbe, effective: Nanoseconds?) {
        guard probe.result.outcome.isOfService else {
            withdrawn += 1
            return
        }
        let isEffective = effective.map { probe.due >= $0 } ?? false
        if isEffective { count += 1 }
        guard firstGood == nil else { return }
        if !probe.result.outcome.isGood {
            lastBad = probe
            wasGood = false
        } else if isEffective {
            firstGood = probe
        } else {
            wasGood = true
        }
    }

    func result(isLoadMet: Bool, effective: Nanoseconds?, end: Nanoseconds) -> ObjectiveResult {
        var result = ObjectiveResult(objective, .inconclusive)
        result.count = count
        result.withdrawn = withdrawn
        result.limit = within.seconds
        guard isLoadMet, let effective else {
            result.reason = .loadNotMet
            return result
        }
        guard count > 0 else {
            result.reason = withdrawn > 0 ? .proberStarved : .noData
            return result
        }
        guard !wasGood else {
            result.reason = .alreadyGood
            return result
        }
        if let firstGood {
            // Until it was asked it was bad; when it sent the answer nobody knows.
            let asked = lastBad?.result.sent ?? effective
            let found = TimeBounds(from: max(effective, asked), to: firstGood.done).since(effective)
            result.recovery = found
            result.verdict = found.to <= within ? .held : .lost
            result.isClose = found.from <= within && found.to > within
        } else if end - effective >= within {
            result.verdict = .lost
            result.watched = end - effective
        } else {
            result.reason = .cutShort
            result.watched = end - effective
        }
        return result
    }
}
