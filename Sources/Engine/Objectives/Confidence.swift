// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What a share of so many tells of the share of all.
enum Confidence {
    /// Standard deviations within which 95 % of a normal distribution lie.
    static let deviations = 1.959964

    /// The interval of 95 % confidence of a share, by Wilson's score: it holds near 0 and 1 and with few, too.
    ///
    /// E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    static func interval(_ good: Int64, of count: Int64) -> ClosedRange<Double> {
        guard count > 0 else { return 0...1 }
        let (n, share, z2) = (Double(count), Double(good) / Double(count), deviations * deviations)
        let middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        let half = deviations / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot()
        return max(0, middle - half)...min(1, middle + half)
    }

    /// Whether chance may have decided on which side of `limit` the share is; all of all must be good is never close.
    static func isClose(_ good: Int64, of count: Int64, to limit: Double) -> Bool {
        limit < 1 && count > 0 && interval(good, of: count).contains(limit)
    }
}

/// How numbers are distributed, to a thousandth of their size.
///
/// Cells are the upper bits of the number itself: sign, exponent, and as many of the fraction as keep the number of
/// cells within a bound, 10 at first. Two distributions add up exactly where they have the same fineness.
struct ValueDistribution {
    private static let mostCells = 4096

    private var cells: [UInt64: Int64] = [:]
    /// How many of the 52 bits of a fraction are left out.
    private var coarseness: UInt64 = 42
    private(set) var count: Int64 = 0
    private(set) var mean = 0.0
    /// The sum of squared differences to the mean.
    private var squares = 0.0

    mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        count += 1
        let difference = value - mean
        mean += difference / Double(count)
        squares += difference * (value - mean)
        cells[Self.key(value) >> coarseness, default: 0] += 1
        while cells.count > Self.mostCells, coarseness < 60 { coarsen() }
    }

    private mutating func coarsen() {
        coarseness += 1
        cells = Dictionary(cells.map { ($0 >> 1, $1) }, uniquingKeysWith: +)
    }

    /// The number as bits that are ordered as numbers are.
    private static func key(_ value: Double) -> UInt64 {
        let bits = (value + 0).bitPattern
        return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    }

    private static func value(_ key: UInt64) -> Double {
        Double(bitPattern: key >> 63 == 1 ? key & ~(1 << 63) : ~key)
    }

    /// The number of the given rank, from 1; the middle of its cell.
    func value(ofRank rank: Int64) -> Double? {
        var seen: Int64 = 0
        for (cell, count) in cells.sorted(by: { $0.key < $1.key }) {
            seen += count
            if seen >= rank { return Self.value(cell << coarseness | 1 << (coarseness - 1)) }
        }
        return nil
    }

    /// By how much the mean of so few may be off, at 95 % confidence.
    var meanError: Double {
        count < 2 ? .infinity : Confidence.deviations * (squares / Double(count - 1) / Double(count)).squareRoot()
    }
}
