// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Which due times of a probe its prober has told of.
///
/// Bounded: of what comes out of order as much is kept as may be in flight; what is missing longer than that is lost.
struct ToldNumbers {
    private let room: Int
    private var next: Int64 = 0
    private var ahead: Set<Int64> = []

    init(_ plan: ProbePlan) { room = 2 * plan.mostInFlight + 64 }

    mutating func insert(_ number: Int64) {
        guard number >= next else { return }
        ahead.insert(number)
        if ahead.count > room { next = ahead.min() ?? next }
        while ahead.remove(next) != nil { next += 1 }
    }

    /// The numbers below `end` of which nothing was told, in order.
    func missing(before end: Int64) -> [Int64] { next < end ? (next..<end).filter { !ahead.contains($0) } : [] }
}
