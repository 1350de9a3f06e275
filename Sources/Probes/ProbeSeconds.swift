// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What each probe came to in each second in which it was due, and in all.
///
/// A result belongs to the second in which it was due. A second is whole as soon as all that was due in it has come,
/// and at the latest when the longest timeout is over: then it is handed out, in order. What comes later still, as of a
/// prober that was stopped, is handed out as a further part of its second.
public struct ProbeSeconds: Sendable {
    /// How much later than its timeout a result may come, in ns: its way from the prober.
    private static let patience = Nanoseconds.second

    private let plans: [ProbePlan]
    private let start: Nanoseconds
    private let offsets: [Nanoseconds]
    private let longestTimeout: Nanoseconds
    private var open: [Int64: [ProbeTally]] = [:]
    /// The first second that was not handed out.
    private var next: Int64 = 0
    /// What each probe came to in all.
    public private(set) var totals: [ProbeTally]

    /// Creates the seconds of probes that are asked from `start` on, in ns of `CLOCK_MONOTONIC`.
    public init(_ plans: [ProbePlan], start: Nanoseconds) {
        self.plans = plans
        self.start = start
        offsets = ProbeSchedule.offsets(plans)
        longestTimeout = plans.map(\.timeout).max() ?? 0
        totals = plans.map { _ in ProbeTally() }
    }

    /// Counts a result; `false` where no probe of these is meant.
    @discardableResult
    public mutating func add(_ result: ProbeResult) -> Bool {
        guard totals.indices.contains(result.probe) else { return false }
        totals[result.probe].add(result)
        let second = (result.due - start) / .second
        open[second, default: plans.map { _ in ProbeTally() }][result.probe].add(result)
        return true
    }

    /// Hands out the seconds that are whole at `now`, ns of the clock: a span for each probe that was due in it.
    public mutating func takeWhole(at now: Nanoseconds) -> [ProbeSpan] {
        var spans = open.keys.filter { $0 < next }.sorted().flatMap { take($0) }
        while isWhole(next, at: now) { spans += take(next) }
        return spans
    }

    /// Hands out all that is left: nothing more will come.
    public mutating func takeRest() -> [ProbeSpan] { open.keys.sorted().flatMap { take($0) } }

    private func isWhole(_ second: Int64, at now: Nanoseconds) -> Bool {
        let end = (second + 1) * .second
        guard now - start >= end else { return false }
        if now - start >= end + longestTimeout + Self.patience { return true }
        return plans.indices.allSatisfy { index in
            let (plan, first) = (plans[index], offsets[index])
            let due =
                ProbeSchedule.count(plan, first: first, end: end)
                - ProbeSchedule.count(plan, first: first, end: end - .second)
            return open[second]?[index].due ?? 0 >= due
        }
    }

    private mutating func take(_ second: Int64) -> [ProbeSpan] {
        next = max(next, second + 1)
        guard let tallies = open.removeValue(forKey: second) else { return [] }
        return zip(plans, tallies).compactMap { plan, tally in
            guard tally.due > 0 else { return nil }
            return ProbeSpan(
                probe: plan.name, span: second * .second..<(second + 1) * .second, tally: tally)
        }
    }
}
