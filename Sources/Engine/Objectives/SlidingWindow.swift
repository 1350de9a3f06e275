// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Judges every window of a given length that lies in a span without a gap, a probe at a time.
///
/// It remembers the probes of one window: 32 bytes each.
struct SlidingWindow {
    private struct Entry {
        var due: Nanoseconds
        var holds: Bool
        /// Seconds of latency, infinite without an answer; or the number.
        var figure: Double
    }

    /// The window that did worst.
    struct Worst {
        var start: Nanoseconds
        var held: Int64
        var count: Int64
        var figure: ObjectiveResult.Figure
        fileprivate var rank: Double
    }

    private let length: Nanoseconds
    private let every: Nanoseconds
    private let measure: Objective.Measure
    private let isOfNumbers: Bool
    private let timeout: Nanoseconds
    private var entries: [Entry] = []
    private var head = 0
    private var held: Int64 = 0
    private var sum = 0.0
    private var begin: Nanoseconds?
    private var nextLook = Nanoseconds.min
    private(set) var worst: Worst?
    /// The due time of the first probe that did not hold in the first window that was missed.
    private(set) var lostAt: Nanoseconds?

    init(_ length: Nanoseconds, _ plan: ProbePlan, _ measure: Objective.Measure) {
        self.length = length
        self.measure = measure
        every = plan.every
        timeout = plan.timeout
        isOfNumbers = plan.unit != nil
    }

    /// How many results are kept.
    var retained: Int { entries.count }

    /// Begins anew: there is a gap, or the span is over.
    mutating func reset() {
        (entries, head, held, sum, begin) = ([], 0, 0, 0, nil)
    }

    mutating func add(_ probe: SeenProbe, holds: Bool, _ threshold: Threshold?) {
        if begin == nil { begin = probe.due }
        if probe.result.outcome.isOfService { append(probe, holds: holds) }
        while head < entries.count, entries[head].due <= probe.due - length { removeFirst() }
        guard let begin, probe.due - begin >= length - every, head < entries.count, let threshold else { return }
        look(probe.due, threshold)
    }

    private mutating func append(_ probe: SeenProbe, holds: Bool) {
        let result = probe.result
        var figure = result.isAnswered ? result.latency.seconds : .infinity
        if isOfNumbers { figure = result.value ?? .nan }
        entries.append(Entry(due: probe.due, holds: holds, figure: figure))
        if holds { held += 1 }
        if figure.isFinite { sum += figure }
    }

    private mutating func removeFirst() {
        let entry = entries[head]
        if entry.holds { held -= 1 }
        if entry.figure.isFinite { sum -= entry.figure }
        head += 1
        if head > 1024, 2 * head > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    private mutating func look(_ due: Nanoseconds, _ threshold: Threshold) {
        let count = Int64(entries.count - head)
        let isKept: Bool
        switch measure {
        case .percentile(let share): isKept = held >= threshold.needed(of: count, percentile: share)
        case .goodProbes: isKept = threshold.holds(Double(held) / Double(count))
        case .goodSeconds:
            let seconds = seconds
            isKept = threshold.holds(Double(seconds.good) / Double(seconds.count))
        case .mean: isKept = threshold.holds(sum / Double(count))
        }
        let isFirstMiss = !isKept && lostAt == nil
        if isFirstMiss { lostAt = entries[head...].first { !$0.holds }?.due ?? due }
        // A look at all figures of a window costs; twenty in a window's length are enough to tell the worst.
        guard isFirstMiss || due >= nextLook else { return }
        nextLook = due + length / 20
        note(due - length + every, count, threshold)
    }

    private var seconds: SecondTally {
        var tally = SecondTally()
        for entry in entries[head...] { tally.add(entry.due, isGood: entry.holds) }
        return tally
    }

    private mutating func note(_ start: Nanoseconds, _ count: Int64, _ threshold: Threshold) {
        var (held, count) = (held, count)
        let figure: ObjectiveResult.Figure
        var rank: Double
        switch measure {
        case .goodProbes, .goodSeconds:
            if measure == .goodSeconds { (held, count) = (seconds.good, seconds.count) }
            figure = .share(good: held, of: count)
            rank = 1 - Double(held) / Double(count)
        case .mean:
            figure = .number(sum / Double(count))
            rank = sum / Double(count)
        case .percentile(let share):
            let sorted = entries[head...].map { $0.figure.isNaN ? .infinity : $0.figure }.sorted()
            rank = sorted[Int(Threshold.rank(share, of: count)) - 1]
            figure =
                isOfNumbers
                ? .number(rank) : .latency(rank.isFinite ? .known(Nanoseconds(seconds: rank)) : .beyond(timeout))
        }
        if threshold.comparison == .above || threshold.comparison == .atLeast, measure != .goodProbes,
            measure != .goodSeconds
        {
            rank = -rank
        }
        if worst.map({ rank > $0.rank }) ?? true {
            worst = Worst(start: start, held: held, count: count, figure: figure, rank: rank)
        }
    }
}
