// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// One look at a stressor, as it is judged.
struct Look {
    /// When, since the run's start.
    var time: Nanoseconds
    /// What the kernel says: work since the load began, in unit·nanoseconds, of a rate; the amount of a level;
    /// `nil` where the process is gone.
    var achieved: Double?
    /// What the stressor has of a total, in the same measure; `nil` where that is all of it.
    var own: Double?
    /// What the stressor says of itself, in the same measure.
    var claimed: Double
    /// Operations that were dropped so far.
    var dropped: Int64 = 0
    /// For how long the processes were seen frozen, stopped or outside their groups so far.
    var standstill: Nanoseconds = 0
    /// For how long before it nobody looked, where that is longer than since the look before: a phase's edge that the
    /// observer slept through is put between two looks, and neither half is known better than the whole.
    var blindFor: Nanoseconds = 0

    /// What is the stressor's own.
    var ownAmount: Double? { own ?? achieved }
}

extension Look {
    /// How long a time may be of which it is guessed what was done before an edge in it and what after.
    private static let guessable: Nanoseconds = 200 * .millisecond

    /// What a look at `edge` would have found, between two looks at a rate: what was done in between is shared out as
    /// the target was.
    ///
    /// What is beyond its figures is of the time in which as much as there is was asked for.
    static func between(_ a: Look, _ b: Look, at edge: Nanoseconds, _ curve: Curve) -> Look {
        let due = curve.area(until: b.time) - curve.area(until: a.time)
        let free = curve.unlimitedLength(from: a.time, to: b.time)
        let timeShare = Double(edge - a.time) / Double(max(1, b.time - a.time))
        let share = due > 0 ? (curve.area(until: edge) - curve.area(until: a.time)) / due : timeShare
        let freeShare = Double(curve.unlimitedLength(from: a.time, to: edge)) / Double(max(1, free))
        func middle(_ a: Double?, _ b: Double?) -> Double? {
            guard let a, let b else { return nil }
            guard free > 0 else { return a + (b - a) * share }
            let figured = min(max(0, b - a), due)
            return a + figured * share + (b - a - figured) * freeShare
        }
        return Look(
            time: edge, achieved: middle(a.achieved, b.achieved), own: middle(a.own, b.own),
            claimed: middle(a.claimed, b.claimed) ?? b.claimed,
            dropped: a.dropped + Int64(Double(b.dropped - a.dropped) * share),
            blindFor: b.time - a.time > guessable ? .max : b.time - a.time)
    }
}

/// What a judge needs to know of a stressor and a phase.
struct JudgedPhase {
    /// The target over the whole run, as it stands.
    var curve: Curve
    /// The phase's first instant and its end, since the run's start.
    var start: Nanoseconds
    var end: Nanoseconds
    var tolerance: ToleranceLimit
    var unit: Unit
    var isTotal: Bool
    /// Units in one operation of a rate; 0 where its work is no row of operations.
    var operation: Double
    /// How long the way to a target may take at the begin of a stretch of the given length.
    var allowance: @Sendable (_ stretch: Nanoseconds) -> Nanoseconds
    /// From when on an order says something else; `nil` is what the phase says.
    var revisions: [(from: Nanoseconds, within: Nanoseconds?)] = []

    init(_ phase: PlannedPhase, _ stressor: PlannedStressor) {
        curve = stressor.curve
        start = phase.start
        end = phase.end
        tolerance = stressor.tolerance
        unit = stressor.unit
        isTotal = stressor.mode == .total
        operation = stressor.quantum
        let name = stressor.name
        allowance = { phase.allowance(of: name, stretch: $0) }
    }

    var length: Nanoseconds { end - start }

    /// How long the way may take at the begin of the stretch from `start` to `end`.
    func allowance(from start: Nanoseconds, to end: Nanoseconds) -> Nanoseconds {
        guard let written = revisions.last(where: { $0.from <= start })?.within else { return allowance(end - start) }
        return PlannedPhase.granted(written, stretch: end - start)
    }

    /// The end of the stretch that begins, or goes on, at `time`: the next jump of the target, or the phase's end.
    func stretchEnd(after time: Nanoseconds) -> Nanoseconds { min(curve.nextJump(after: time) ?? end, end) }

    /// What cannot be told apart in a rate's work, in unit·nanoseconds, at a mean target: one operation, or what the
    /// grid of the pace brings in one piece; half of `due` at the most.
    func quantum(at target: Double, due: Double) -> Double { Self.quantum(operation, at: target, due: due) }

    /// The same of a rate whose operations have so many units; 0 where its work is no row of operations.
    static func quantum(_ operation: Double, at target: Double, due: Double) -> Double {
        let least = operation > 0 ? operation * Double(Nanoseconds.second) : target * Double(Pacer.period)
        return max(0, min(least, due / 2))
    }
}
