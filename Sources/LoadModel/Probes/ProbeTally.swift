// SPDX-License-Identifier: Apache-2.0

/// What many results of one probe come to: counts by outcome, and how long answers took.
///
/// Tallies of spans, hosts and runs are added up, and never averaged.
public struct ProbeTally: Hashable, Sendable {
    /// A percentile of the latencies.
    public enum Quantile: Hashable, Sendable {
        /// That long, in ns.
        case known(Nanoseconds)
        /// Among those that were given up: longer than this, in ns.
        case beyond(Nanoseconds)
        /// Among those that got no answer at all, such as a refused connection: no time at all.
        case unanswered
        /// Nothing was asked.
        case none
    }

    /// How many results there are of each outcome.
    public private(set) var counts: [ProbeOutcome: Int64] = [:]
    /// The latencies of what was answered, well or badly: an error that is quick is no short latency.
    public private(set) var latency = LatencyDistribution(counts: [])
    /// How late the prober was, of all that were due.
    public private(set) var lateness = LatencyDistribution(counts: [])
    /// The shortest time after which one was given up, in ns; `nil` where none was.
    public private(set) var givenUpAfter: Nanoseconds?
    /// The sum of what a probe of a number read.
    public private(set) var valueSum = 0.0
    /// How many numbers it read.
    public private(set) var valueCount: Int64 = 0

    /// Creates an empty tally.
    public init() {}

    /// How many times the probe was due.
    public var due: Int64 { counts.values.reduce(0, +) }
    /// How many results say something of the service.
    public var ofService: Int64 { counts.reduce(0) { $1.key.isOfService ? $0 + $1.value : $0 } }
    /// How many were good.
    public var good: Int64 { counts[.good, default: 0] }
    /// The share of what says something of the service that was good; `nil` where nothing does.
    public var goodShare: Double? { ofService == 0 ? nil : Double(good) / Double(ofService) }
    /// The mean of the numbers; `nil` where there is none.
    public var mean: Double? { valueCount == 0 ? nil : valueSum / Double(valueCount) }

    /// Counts a result.
    public mutating func add(_ result: ProbeResult) {
        counts[result.outcome, default: 0] += 1
        lateness.add(result.lateness)
        switch result.outcome {
        case .good, .slow, .status, .body: latency.add(result.latency)
        case .timeout: givenUpAfter = min(givenUpAfter ?? .max, result.latency)
        default: break
        }
        if let value = result.value, result.outcome.isOfService {
            valueSum += value
            valueCount += 1
        }
    }

    /// Counts what another tally has counted.
    public mutating func add(_ other: ProbeTally) {
        counts.merge(other.counts) { $0 + $1 }
        latency.add(other.latency)
        lateness.add(other.lateness)
        if let limit = other.givenUpAfter { givenUpAfter = min(givenUpAfter ?? .max, limit) }
        valueSum += other.valueSum
        valueCount += other.valueCount
    }

    /// What `share` (0 through 1) of all that say something of the service stay within.
    ///
    /// What was not answered took longer than all that was.
    public func quantile(_ share: Double) -> Quantile {
        guard ofService > 0 else { return .none }
        let rank = max(1, Int64((Double(ofService) * share).rounded(.up)))
        if rank <= latency.total {
            // The distribution ranks among its own.
            return .known(latency.percentile((Double(rank) - 0.5) / Double(latency.total)))
        }
        return givenUpAfter.map { .beyond($0) } ?? .unanswered
    }
}
