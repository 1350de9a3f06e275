// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What there is by a look, since the phase's first one; integrals in unit·nanoseconds.
struct Mark {
    var time: Nanoseconds = 0
    /// Achieved less target, where the target has a figure.
    var error = 0.0
    /// The target's area, where it has a figure.
    var due = 0.0
    /// What others did of a total.
    var others = 0.0
    /// Time in which as much as there is was asked for, and what was done in it.
    var freeTime = 0.0
    var freeWork = 0.0
    /// Operations that were dropped.
    var dropped: Int64 = 0
}

/// A piece of a phase that a rate is judged by.
struct Slot {
    var from = Mark()
    var to = Mark()
    /// What a granted allowance takes out of it.
    private(set) var excusedError = 0.0
    /// Of it, what was done too much.
    private(set) var excusedSurplus = 0.0
    private(set) var excusedTime = 0.0
    private(set) var excusedDue = 0.0

    init() {}

    init(from: Mark) {
        self.from = from
        to = from
    }

    /// Its length in ns, time without a figure included.
    var wholeLength: Double { max(1, Double(to.time - from.time)) }
    /// The time that is judged, in ns.
    var length: Double { Double(to.time - from.time) - freeTime - excusedTime }
    var error: Double { to.error - from.error - excusedError }
    var due: Double { max(0, to.due - from.due - excusedDue) }
    var others: Double { to.others - from.others }
    var freeTime: Double { to.freeTime - from.freeTime }
    var freeWork: Double { to.freeWork - from.freeWork }

    /// Takes out what lies between two marks; of the error only a share.
    mutating func excuse(from start: Mark, to end: Mark, _ share: Double) {
        let low = from.time > start.time ? from : start
        let high = to.time < end.time ? to : end
        guard high.time > low.time else { return }
        let error = (high.error - low.error) * share
        excusedError += error
        excusedSurplus += max(0, error)
        excusedTime += Double(high.time - low.time) - (high.freeTime - low.freeTime)
        excusedDue += high.due - low.due
    }
}

/// Time in which as much as there is was asked for: judged by the best of it.
///
/// The median will not do: a limit that is set early and stays would be the measure of what there is. Nor will the best
/// slot alone, which may have drawn on a disk's or a scheduler's credit: of four slots and more it is the
/// second best, or that which a tenth of the slots has surpassed.
struct FreeRun {
    private var rates: [(rate: Double, time: Double)] = []
    private(set) var longest = 0.0

    /// A slot under this share of the measure is off.
    private static let least = 0.1
    private static let most = 100_000

    mutating func add(_ slot: Slot) {
        guard slot.freeTime > 0 else { return }
        longest = max(longest, slot.freeTime)
        if rates.count < Self.most { rates.append((slot.freeWork / slot.freeTime, slot.freeTime)) }
    }

    private var limit: Double {
        // Slots in which nothing was done do not make nothing the measure.
        let sorted = rates.map(\.rate).filter { $0 > 0 }.sorted()
        guard !sorted.isEmpty else { return 0 }
        let better = sorted.count < 4 ? 0 : max(1, sorted.count / 10)
        return sorted[sorted.count - 1 - better] * Self.least
    }

    /// Time in ns that fell far behind the rest, or in which nothing was done.
    var off: Double {
        let limit = limit
        return rates.reduce(0) { $0 + ($1.rate <= 0 || $1.rate < limit ? $1.time : 0) }
    }

    var on: Double { rates.reduce(0) { $0 + $1.time } - off }
}
