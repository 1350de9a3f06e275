// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Finds the times in which a probe was bad: when each began, and when the last one ended.
///
/// It takes results in the order in which they were due. What is between two probes is known as an interval.
struct EpisodeTracker {
    /// Losses that lie nearer than this are one, in ns.
    static let apart: Nanoseconds = 5 * .second

    private let every: Nanoseconds
    private let goodWithin: Nanoseconds
    private let room: Int
    private(set) var count = 0
    private(set) var bad: Int64 = 0
    /// When the present or last episode began, in ns of the clock.
    private(set) var beginning: TimeBounds?
    /// How many were good since the last bad one.
    private(set) var goodSince: Int64 = 0
    /// When the first of those was due that nobody saw, before anything was seen.
    private var unseenSince: Nanoseconds?
    private var lastGood: SeenProbe?
    private var lastBad: SeenProbe?
    private var firstGood: SeenProbe?
    private var firstAnswer = Nanoseconds.max
    /// What an answer took before the episode.
    private var usualLatency: Nanoseconds = 0
    /// The last bad ones: as many as may have been in flight when it was well again.
    private var recent: [SeenProbe] = []

    init(_ plan: ProbePlan) {
        every = plan.every
        goodWithin = plan.goodWithin ?? plan.timeout
        room = plan.mostInFlight + 1
    }

    /// Whether it is bad as far as is known.
    var isBad: Bool { count > 0 && firstGood == nil }
    /// When the last good one was due, in ns of the clock.
    var goodUntil: Nanoseconds { lastGood?.due ?? .min }
    /// How many results are kept.
    var retained: Int { recent.count }
    /// How long it was bad in all, each bad probe standing for its period.
    var badTime: Nanoseconds { bad * every }

    /// Takes one of which nobody knows whether it was good.
    mutating func addUnseen(_ probe: SeenProbe) {
        if lastGood == nil, lastBad == nil { unseenSince = unseenSince ?? probe.due }
    }

    mutating func add(_ probe: SeenProbe, isGood: Bool) {
        guard isGood else { return addBad(probe) }
        lastGood = probe
        guard count > 0 else { return }
        goodSince += 1
        if firstGood == nil { firstGood = probe }
        firstAnswer = min(firstAnswer, probe.done)
    }

    private mutating func addBad(_ probe: SeenProbe) {
        bad += 1
        let isNew = lastBad.map { firstGood != nil && probe.due - $0.due > Self.apart } ?? true
        if isNew {
            count += 1
            recent = []
            usualLatency = lastGood?.result.latency ?? 0
            // It was well when the good one was asked; when it sent the answer nobody knows. One that was in flight
            // then may be the first bad one.
            let last = max(probe.due, lastGood?.done ?? probe.due) + every
            let to = min(time(of: probe), last)
            let from = lastGood?.result.sent ?? (unseenSince ?? probe.due) - every
            beginning = TimeBounds(from: min(from, to), to: to)
        }
        lastBad = probe
        (firstGood, goodSince, firstAnswer) = (nil, 0, .max)
        recent.append(probe)
        if recent.count > 2 * room { recent.removeFirst(recent.count - room) }
    }

    /// Until when a bad one is known to have gone without a good answer.
    private func time(of probe: SeenProbe) -> Nanoseconds {
        probe.result.outcome == .slow ? min(probe.done, probe.due + goodWithin) : probe.done
    }

    /// When the last episode ended, in ns of the clock; `nil` where it did not.
    ///
    /// Between the last bad result and the first good one, and never narrower than a period: what lies between two
    /// probes nobody saw, and a service that is well again has a queue to go through.
    ///
    /// A service that was stopped answers what waits for it. Then the first good answer is a late one, and what was
    /// given up before it was given up before the service was well. One that forgets what it was asked leaves open what
    /// was asked before it was well, to be given up after that: of those, only when they were asked says something.
    var ending: TimeBounds? {
        guard let firstGood, let lastBad else { return nil }
        let to = firstAnswer
        let isLateAnswer = firstGood.result.latency > max(every, 2 * usualLatency)
        // An error was decided on when it was answered at the latest, and when it was asked for at the earliest.
        var from = min(lastBad.result.sent, to)
        for probe in recent where probe.result.outcome == .slow || probe.result.outcome.isCensored && isLateAnswer {
            let time = time(of: probe)
            if time <= to { from = max(from, time) }
        }
        return TimeBounds(from: min(from, to - every), to: to)
    }
}
