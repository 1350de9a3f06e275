// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A comparison with a figure.
struct Threshold {
    var comparison: Objective.Comparison
    /// In the measure's unit: a share, seconds of latency, the unit of a probe of numbers.
    var value: Double

    func holds(_ figure: Double) -> Bool {
        switch comparison {
        case .below: figure < value
        case .atMost: figure <= value
        case .above: figure > value
        case .atLeast: figure >= value
        }
    }

    /// How many of `count` must hold, so that the percentile `share` of all does.
    ///
    /// The percentile is the one whose rank, from 1, is `share` of `count`, rounded up: with a limit above it, all up
    /// to it hold; with one below it, it and all after it.
    func needed(of count: Int64, percentile share: Double) -> Int64 {
        let rank = Self.rank(share, of: count)
        switch comparison {
        case .below, .atMost: return rank
        case .above, .atLeast: return count - rank + 1
        }
    }

    /// The share of all that must hold for that.
    func neededShare(percentile share: Double) -> Double {
        switch comparison {
        case .below, .atMost: share
        case .above, .atLeast: 1 - share
        }
    }

    /// 0.999 of 1000 is 999, whatever binary fractions make of it.
    static func rank(_ share: Double, of count: Int64) -> Int64 {
        max(1, Int64((Double(count) * share - 1e-9 * Double(count)).rounded(.up)))
    }
}

extension Objective.Limit {
    var comparison: Objective.Comparison {
        switch self {
        case .fixed(let comparison, _), .ofBefore(let comparison, _): comparison
        }
    }
}
