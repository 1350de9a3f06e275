// SPDX-License-Identifier: Apache-2.0

/// How latencies are counted: HdrHistogram's buckets, 512 ns fine at the bottom, three significant digits, to 100 s.
///
/// The layout is that of HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/) with a lowest discernible value of
/// 512, a highest trackable one of 100 s and three significant digits, so that its tools read what exert writes.
public enum LatencyScale {
    /// The lowest value that is told from 0, in ns.
    public static let lowest: Int64 = 512
    /// The highest value that is counted as itself, in ns.
    public static let highest: Nanoseconds = 100 * .second
    /// Significant decimal digits.
    public static let digits: Int32 = 3
    /// How many counts there are.
    public static let cellCount = (bucketCount + 1) * half

    private static let unitMagnitude = 9
    private static let halfMagnitude = 10
    private static let half = 1 << halfMagnitude
    private static let bucketCount = 18

    /// The cell that counts `latency`; what is beyond the scale goes into the last one.
    public static func cell(of latency: Nanoseconds) -> Int {
        let value = UInt64(max(0, min(latency, highest)))
        let mask = UInt64(2 * half - 1) << UInt64(unitMagnitude)
        let bucket = 64 - unitMagnitude - halfMagnitude - 1 - (value | mask).leadingZeroBitCount
        let index = Int(value >> UInt64(bucket + unitMagnitude))
        return min(cellCount - 1, (bucket + 1) * half + index - half)
    }

    /// The least latency that `cell` counts, in ns.
    public static func lowest(in cell: Int) -> Nanoseconds {
        let bucket = max(0, cell / half - 1)
        let index = cell < 2 * half ? cell : cell % half + half
        return Int64(index) << Int64(bucket + unitMagnitude)
    }

    /// The greatest latency that `cell` counts, in ns; what HdrHistogram reports for a percentile.
    public static func highest(in cell: Int) -> Nanoseconds { lowest(in: cell) + width(of: cell) - 1 }

    private static func width(of cell: Int) -> Nanoseconds { 1 << Int64(max(0, cell / half - 1) + unitMagnitude) }
}

/// How often each latency occurred: counts by ``LatencyScale`` cell.
public struct LatencyDistribution: Hashable, Sendable {
    /// The counts, up to the last cell that has one.
    public private(set) var counts: [Int64]
    /// How many latencies were counted.
    public private(set) var total: Int64

    /// Creates a distribution; zeros at the end of `counts` are dropped.
    public init(counts: [Int64]) {
        let end = counts.lastIndex { $0 > 0 }.map { $0 + 1 } ?? 0
        self.counts = Array(counts.prefix(end))
        total = counts.reduce(0, +)
    }

    /// Counts a latency.
    public mutating func add(_ latency: Nanoseconds) {
        let cell = LatencyScale.cell(of: latency)
        if cell >= counts.count { counts += [Int64](repeating: 0, count: cell + 1 - counts.count) }
        counts[cell] += 1
        total += 1
    }

    /// Counts what another distribution has counted.
    public mutating func add(_ other: LatencyDistribution) {
        if other.counts.count > counts.count {
            counts += [Int64](repeating: 0, count: other.counts.count - counts.count)
        }
        for (cell, count) in other.counts.enumerated() where count > 0 { counts[cell] += count }
        total += other.total
    }

    /// What was counted since `earlier`.
    public func since(_ earlier: LatencyDistribution) -> LatencyDistribution {
        var counts = counts
        for (index, count) in earlier.counts.enumerated() where index < counts.count { counts[index] -= count }
        return LatencyDistribution(counts: counts)
    }

    /// The latency that `share` (0 through 1) of all stay within, in ns; 0 where none was counted.
    public func percentile(_ share: Double) -> Nanoseconds {
        let wanted = max(1, Int64((Double(total) * share).rounded(.up)))
        var seen: Int64 = 0
        for (cell, count) in counts.enumerated() {
            seen += count
            if seen >= wanted { return LatencyScale.highest(in: cell) }
        }
        return 0
    }

    /// The figures that a log line has room for.
    public var quantiles: LatencyQuantiles {
        LatencyQuantiles(
            p50: percentile(0.5), p90: percentile(0.9), p99: percentile(0.99), p999: percentile(0.999),
            max: percentile(1))
    }
}

/// Quantiles of latencies, in ns.
public struct LatencyQuantiles: Hashable, Sendable {
    /// What half of them stay within.
    public var p50: Nanoseconds
    /// What 90 % stay within.
    public var p90: Nanoseconds
    /// What 99 % stay within.
    public var p99: Nanoseconds
    /// What 99.9 % stay within.
    public var p999: Nanoseconds
    /// The greatest.
    public var max: Nanoseconds

    /// Creates quantiles.
    public init(p50: Nanoseconds, p90: Nanoseconds, p99: Nanoseconds, p999: Nanoseconds, max: Nanoseconds) {
        self.p50 = p50
        self.p90 = p90
        self.p99 = p99
        self.p999 = p999
        self.max = max
    }
}

/// How long operations took, from when they were due and from when they were submitted.
public struct LatencyPair: Hashable, Sendable {
    /// From the intended time: what a client would have waited, a stalled device's queue included.
    public var intended: LatencyDistribution
    /// From submission: what the device and the kernel took.
    public var service: LatencyDistribution

    /// Creates a pair.
    public init(intended: LatencyDistribution, service: LatencyDistribution) {
        self.intended = intended
        self.service = service
    }

    /// What was counted since `earlier`.
    public func since(_ earlier: LatencyPair) -> LatencyPair {
        LatencyPair(intended: intended.since(earlier.intended), service: service.since(earlier.service))
    }

    /// The figures that a log line has room for.
    public var summary: LatencySummary {
        LatencySummary(
            operations: intended.total, intended: intended.quantiles, service: service.quantiles)
    }
}

/// The quantiles of both latencies in one window.
public struct LatencySummary: Hashable, Sendable {
    /// How many operations ended.
    public var operations: Int64
    /// From the intended time.
    public var intended: LatencyQuantiles
    /// From submission.
    public var service: LatencyQuantiles

    /// Creates a summary.
    public init(operations: Int64, intended: LatencyQuantiles, service: LatencyQuantiles) {
        self.operations = operations
        self.intended = intended
        self.service = service
    }
}
