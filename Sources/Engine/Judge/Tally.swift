// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What a judge has added up of a phase; times in nanoseconds, integrals in unit·nanoseconds.
struct Tally {
    /// Time on target, off it, and without anybody who looked.
    var on = 0.0
    var off = 0.0
    var unseen = 0.0
    /// Time on the way within allowances that were granted.
    var allowance = 0.0
    /// The integral of the error's size outside allowances, and the time that it is of.
    var absolute = 0.0
    var judged = 0.0
    /// The sizes of error: of slots, or of looks.
    var sizes = BoundedSeries()
    /// Shortfall and surplus inside allowances that were granted.
    var excusedShortfall = 0.0
    var excusedSurplus = 0.0
    /// What was done after an allowance of what was due in it.
    var madeUp = 0.0

    /// Adds what another one has; its sizes are appended where they are wanted.
    static func += (sum: inout Tally, other: Tally) {
        sum.on += other.on
        sum.off += other.off
        sum.unseen += other.unseen
        sum.allowance += other.allowance
        sum.absolute += other.absolute
        sum.judged += other.judged
        sum.excusedShortfall += other.excusedShortfall
        sum.excusedSurplus += other.excusedSurplus
        sum.madeUp += other.madeUp
    }

    /// The integral of the error without what granted allowances excuse, and without what was made up for of that.
    func counted(_ error: Double) -> Double { error + excusedShortfall - excusedSurplus - madeUp }
}

/// What a judge makes of a whole phase.
struct Judgement {
    var tally: Tally
    /// Means over the phase, in the unit; of a process that is gone, until then.
    var targetMean: Double?
    var achievedMean: Double
    var claimedMean: Double
    /// Achieved less target, without what granted allowances excuse.
    var errorMean: Double
    /// What is allowed of it.
    var allowed: Double
    /// The claim and the kernel's word where they differ too much to be proof; `nil` where they agree.
    var mismatch: ClaimMismatch?
    var verdict: Verdict
    /// What the phase is in the sum of short ones; `nil` where it is not so short.
    var short: ShortPhases.Part?
}

/// Sizes of error, bounded: when full, every other one is dropped and from then on every other one is kept.
struct BoundedSeries {
    private static let capacity = 16384
    private(set) var values: [Double] = []
    private var stride = 1
    private(set) var total = 0
    private(set) var max = 0.0

    mutating func append(_ value: Double) {
        if total % stride == 0 {
            if values.count == Self.capacity {
                values = Swift.stride(from: 0, to: values.count, by: 2).map { values[$0] }
                stride *= 2
            }
            if total % stride == 0 { values.append(value) }
        }
        total += 1
        max = Swift.max(max, value)
    }

    mutating func append(contentsOf other: BoundedSeries) { for value in other.values { append(value) } }

    func percentile(_ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Swift.max(0, Int((Double(sorted.count) * share).rounded(.up)) - 1))]
    }
}
