// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// When the observer looks: on an absolute grid, finer on the way to a level or in a short stretch, and at the jumps of
/// the targets.
enum LookSchedule {
    /// How long before each round time the observer looks.
    ///
    /// Profiles change course at round times, the stressors follow at once and by themselves, and what is seen a moment
    /// after the turn is neither the one nor the other.
    static let lastLook: Nanoseconds = 5 * .millisecond
    static let tick: Nanoseconds = 100 * .millisecond
    static let fastTick: Nanoseconds = 20 * .millisecond
    /// Stretches shorter than this are looked at on the finer grid.
    static let shortStretch: Nanoseconds = 400 * .millisecond
    /// Jumps that follow each other more closely than this are left to the counters.
    static let shortestStretch: Nanoseconds = 60 * .millisecond

    /// The next look after `time`.
    ///
    /// - Parameters:
    ///   - time: now, since the run's start.
    ///   - phaseEnd: when the present phase ends.
    ///   - nextLog: when the next sample is to be logged.
    ///   - ledgers: those of all stressors in this phase.
    static func next(
        after time: Nanoseconds, phaseEnd: Nanoseconds, nextLog: Nanoseconds, _ ledgers: [PhaseLedger]
    ) -> Nanoseconds {
        var step = tick
        var next = min(nextLog, time < phaseEnd - lastLook ? phaseEnd - lastLook : phaseEnd)
        // In place: a ledger is large.
        for at in ledgers.indices {
            let (stretch, isLevel) = (ledgers[at].stretch, ledgers[at].isLevel)
            let length = stretch.end - stretch.start
            if isLevel, stretch.openUntil != nil || length < shortStretch { step = fastTick }
            if let end = stretch.openUntil, end > time { next = min(next, end) }
            guard length >= shortestStretch, stretch.end < phaseEnd else { continue }
            if isLevel, stretch.end - lastLook > time { next = min(next, stretch.end - lastLook) }
            if stretch.end > time { next = min(next, stretch.end) }
        }
        return min(next, ((time + lastLook) / step + 1) * step - lastLook)
    }
}
