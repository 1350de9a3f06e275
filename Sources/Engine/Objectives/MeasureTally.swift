// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Counts what one measure needs of the probes in a span; it adds up results and never percentiles.
///
/// Of percentiles it keeps a histogram, some 150 kB at most, whatever the length of the run; of shares two counts.
struct MeasureTally {
    let measure: Objective.Measure
    /// Whether it is about numbers that the probe reads, and not about its latency.
    let isOfNumbers: Bool
    /// What each one is held against; of shares nothing.
    var threshold: Threshold?

    /// How many say something of the service.
    private(set) var count: Int64 = 0
    /// How many were good, or within the limit of a percentile.
    private(set) var held: Int64 = 0
    private(set) var withdrawn: Int64 = 0
    /// How many had no answer, or a wrong one: they took longer than all others.
    private(set) var failed: Int64 = 0
    private(set) var seconds = SecondTally()
    private(set) var values = ValueDistribution()
    private var latency = LatencyDistribution(counts: [])
    private var givenUpAfter: Nanoseconds?
    /// How many were asked so late that the prober itself may have made them miss the limit.
    private(set) var late: Int64 = 0

    init(_ measure: Objective.Measure, isOfNumbers: Bool) {
        self.measure = measure
        self.isOfNumbers = isOfNumbers
    }

    /// Whether a result keeps to what is wanted of each one.
    func holds(_ result: ProbeResult) -> Bool {
        switch measure {
        case .goodProbes, .goodSeconds: return result.outcome.isGood
        case .percentile where !isOfNumbers:
            return result.isAnswered && (threshold?.holds(result.latency.seconds) ?? true)
        case .percentile, .mean:
            return result.outcome.isGood && (result.value.map { threshold?.holds($0) ?? true } ?? false)
        }
    }

    mutating func add(_ probe: SeenProbe) {
        let result = probe.result
        guard result.outcome.isOfService else {
            withdrawn += 1
            return
        }
        count += 1
        if holds(result) { held += 1 }
        switch measure {
        case .goodProbes: break
        case .goodSeconds: seconds.add(probe.due, isGood: result.outcome.isGood)
        case .percentile where !isOfNumbers:
            if result.isAnswered { latency.add(result.latency) } else { fail(result) }
            if let threshold, result.lateness.seconds > threshold.value / 10 { late += 1 }
        case .percentile, .mean:
            if result.outcome.isGood, let value = result.value { values.add(value) } else { failed += 1 }
        }
    }

    private mutating func fail(_ result: ProbeResult) {
        failed += 1
        if result.outcome == .timeout { givenUpAfter = min(givenUpAfter ?? .max, result.latency) }
    }

    /// What was measured; `nil` where nothing was.
    var figure: ObjectiveResult.Figure? {
        switch measure {
        case .goodProbes: return count > 0 ? .share(good: held, of: count) : nil
        case .goodSeconds: return seconds.count > 0 ? .share(good: seconds.good, of: seconds.count) : nil
        case .mean: return values.count > 0 ? .number(values.mean) : nil
        case .percentile(let share):
            guard count > 0 else { return nil }
            let rank = Threshold.rank(share, of: count)
            if isOfNumbers { return values.value(ofRank: rank).map { .number($0) } }
            // The distribution ranks among its own.
            let isKnown = rank <= latency.total
            return .latency(
                isKnown
                    ? .known(latency.percentile((Double(rank) - 0.5) / Double(latency.total)))
                    : givenUpAfter.map { .beyond($0) } ?? .unanswered)
        }
    }

    /// The figure as a number that a limit can be relative to; `nil` where it is none.
    var baseline: Double? {
        switch figure {
        case .share(let good, let count): Double(good) / Double(count)
        case .latency(.known(let time)): time.seconds
        case .number(let value): value
        case .latency, nil: nil
        }
    }
}

extension ProbeResult {
    /// Whether the answer that was wanted came, in time or late.
    var isAnswered: Bool { outcome == .good || outcome == .slow }
}

/// How many seconds were good: those in which all probes were.
struct SecondTally {
    private(set) var count: Int64 = 0
    private(set) var good: Int64 = 0
    private var present: Int64?
    private var isGood = true

    /// Counts a probe by the second of the clock in which it was due; they come in order.
    mutating func add(_ due: Nanoseconds, isGood: Bool) {
        let second = due / .second
        if second != present {
            (present, self.isGood) = (second, true)
            count += 1
            good += 1
        }
        if !isGood, self.isGood {
            self.isGood = false
            good -= 1
        }
    }
}
