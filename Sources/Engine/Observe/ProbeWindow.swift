// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What a guard knows of a probe: the answers of the last while, by when they came or were given up.
///
/// It counts as they come, so that a look costs nothing however many there are; the figure itself is for whoever is
/// told that the guard has tripped.
struct ProbeWindow {
    private enum Mark {
        /// Of shares: good. Else a figure that is below the limit, or at it where only more than that trips.
        case within
        /// Of shares: not good. Else a figure that is not below.
        case beyond
        /// Nobody knows: withdrawn, or late by the prober's own doing.
        case unknown
    }

    private struct Entry {
        var time: Nanoseconds
        var mark: Mark
        /// Seconds of latency, infinite without an answer; or the number.
        var figure: Double
    }

    /// The share of numbers that may be withdrawn where a mean is to say something.
    private static let mostWithdrawn = KeepsTracker.mostWithdrawn

    private let condition: PlannedGuard
    private let subject: GuardSubject
    private let plan: ProbePlan
    private var entries: [Entry] = []
    private var head = 0
    private var counts: (within: Int64, beyond: Int64, unknown: Int64) = (0, 0, 0)
    private var sum = 0.0
    /// When the first answer came after there had been none.
    private var begin: Nanoseconds?

    /// Watches what `condition` says; `nil` where that is of no probe.
    init?(_ condition: PlannedGuard, _ plan: ProbePlan) {
        guard let subject = condition.subject else { return nil }
        self.condition = condition
        self.subject = subject
        self.plan = plan
    }

    private var isOfShare: Bool { condition.metric == .good || condition.metric == .bad }

    /// How many answers are kept.
    var retained: Int { entries.count }

    /// Takes a result that came at `now`.
    mutating func add(_ result: ProbeResult, at now: Nanoseconds) {
        guard let (mark, figure) = seen(result) else { return }
        if mark != .unknown, begin == nil { begin = now }
        entries.append(Entry(time: now, mark: mark, figure: figure))
        count(entries[entries.count - 1], 1)
    }

    /// What a result is for the guard; `nil` where it is nothing.
    private func seen(_ result: ProbeResult) -> (Mark, Double)? {
        guard result.outcome.isOfService else { return (.unknown, 0) }
        if isOfShare { return (result.outcome.isGood ? .within : .beyond, 0) }
        guard plan.unit == nil else {
            // A number that could not be read is none; whether it could is what 'good' and 'bad' are for.
            guard result.outcome.isGood, let value = result.value else { return nil }
            return (isWithin(value) ? .within : .beyond, value)
        }
        let latency = result.isAnswered ? result.latency.seconds : .infinity
        let mark: Mark = isWithin(latency) ? .within : .beyond
        // What the prober's own lateness made of it is not the service's doing.
        if mark == .beyond, isWithin((result.latency - result.lateness).seconds), result.isAnswered {
            return (.unknown, latency)
        }
        return (mark, latency)
    }

    private func isWithin(_ figure: Double) -> Bool {
        switch condition.comparison {
        case .above, .atMost: figure <= condition.limit
        case .atLeast, .below: figure < condition.limit
        }
    }

    private mutating func count(_ entry: Entry, _ change: Int64) {
        switch entry.mark {
        case .within: counts.within += change
        case .beyond: counts.beyond += change
        case .unknown: counts.unknown += change
        }
        if entry.mark != .unknown, entry.figure.isFinite { sum += Double(change) * entry.figure }
    }

    private mutating func forget(until time: Nanoseconds) {
        while head < entries.count, entries[head].time <= time {
            count(entries[head], -1)
            head += 1
        }
        if head > 1024, 2 * head > entries.count {
            entries.removeFirst(head)
            head = 0
        }
        if known == 0 { (begin, sum) = (nil, 0) }
    }

    private var known: Int64 { counts.within + counts.beyond }

    /// Whether the comparison holds of the window that ends at `now`; `nil` where nobody knows: there is no whole
    /// window of answers, or what was withdrawn could turn it.
    mutating func look(at now: Nanoseconds) -> Bool? {
        forget(until: now - subject.window)
        guard let begin, now - begin >= subject.window - plan.every, known > 0 else { return nil }
        let worst = isTripped(within: counts.within, beyond: counts.beyond + counts.unknown)
        guard counts.unknown > 0 else { return worst }
        return worst == isTripped(within: counts.within + counts.unknown, beyond: counts.beyond) ? worst : nil
    }

    private func isTripped(within: Int64, beyond: Int64) -> Bool? {
        let count = within + beyond
        switch condition.metric {
        case .good: return condition.isTripped(by: Double(within) / Double(count))
        case .bad: return condition.isTripped(by: Double(beyond) / Double(count))
        case .percentile:
            let isWithin = within >= Threshold.rank(subject.percentile ?? 1, of: count)
            return condition.comparison.isUpward ? !isWithin : isWithin
        default:
            guard Double(counts.unknown) <= Self.mostWithdrawn * Double(count) else { return nil }
            return condition.isTripped(by: sum / Double(known))
        }
    }

    /// What the answers come to that are known; `nil` where there are none.
    var figure: GuardMeter.Figure? {
        guard known > 0 else { return nil }
        switch condition.metric {
        case .good: return .init(value: Double(counts.within) / Double(known))
        case .bad: return .init(value: Double(counts.beyond) / Double(known))
        case .percentile:
            let sorted = entries[head...].filter { $0.mark != .unknown }.map(\.figure).sorted()
            let figure = sorted[Int(Threshold.rank(subject.percentile ?? 1, of: known)) - 1]
            return figure.isFinite ? .init(value: figure) : .init(value: plan.timeout.seconds, isLeast: true)
        default: return .init(value: sum / Double(known))
        }
    }
}
