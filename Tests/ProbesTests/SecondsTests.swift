// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Probes
import Testing

/// When a second of a probe is whole, and that each is told once.
@Suite struct SecondsTests {
    private static let plans = [(250, 1000), (400, 3000)].enumerated().map { index, times in
        ProbePlan(
            name: "p\(index)", question: .process(id: 1), every: Nanoseconds(times.0) * .millisecond,
            timeout: Nanoseconds(times.1) * .millisecond, mark: SourceMark(line: 1, column: 1))
    }
    private static let start: Nanoseconds = 7 * .second

    /// All that is due before `end`, in ns since the start, in the order of their numbers.
    private func due(before end: Nanoseconds) -> [ProbeResult] {
        let offsets = ProbeSchedule.offsets(Self.plans)
        return zip(Self.plans, offsets).enumerated().flatMap { index, probe in
            (0..<ProbeSchedule.count(probe.0, first: probe.1, end: end)).map { number in
                let due = Self.start + probe.1 + number * probe.0.every
                return ProbeResult(
                    probe: index, number: number, due: due, sent: due, done: due + .millisecond, outcome: .good)
            }
        }
    }

    @Test func `a second is whole as soon as all that was due in it has come`() {
        var seconds = ProbeSeconds(Self.plans, start: Self.start)
        for result in due(before: .second) { seconds.add(result) }
        let early = seconds.takeWhole(at: Self.start + .second - 1)
        #expect(early.isEmpty)
        let spans = seconds.takeWhole(at: Self.start + .second)
        #expect(spans.map(\.probe) == ["p0", "p1"])
        #expect(spans.allSatisfy { $0.span == 0..<Nanoseconds.second })
        #expect(spans.map(\.tally.due) == [4, 2], "250 ms from 0 on; 400 ms from 247 ms on")
        let again = seconds.takeWhole(at: Self.start + .second)
        #expect(again.isEmpty, "each is told once")
    }

    @Test func `what does not come is waited for as long as the longest timeout, and those behind it wait with it`() {
        var seconds = ProbeSeconds(Self.plans, start: Self.start)
        let missing = due(before: .second).last
        for result in due(before: 3 * .second) where result != missing { seconds.add(result) }
        let early = seconds.takeWhole(at: Self.start + 5 * .second - 1)
        #expect(early.isEmpty)
        // 1 s and 3 s, and a second for its way.
        let spans = seconds.takeWhole(at: Self.start + 5 * .second)
        #expect(spans.map(\.span.lowerBound) == [0, 0, 1, 1, 2, 2].map { $0 * Nanoseconds.second })
        #expect(spans[1].tally.due == 1)
        // What comes after that is a further part of its second, and in the sum.
        if let missing { seconds.add(missing) }
        let rest = seconds.takeWhole(at: Self.start + 5 * .second)
        #expect(rest.map(\.span.lowerBound) == [0] && rest.map(\.tally.due) == [1])
        #expect(seconds.totals.map(\.due) == [12, 7])
    }

    @Test func `what is left is told at the end, and what no probe is meant by is nothing`() {
        var seconds = ProbeSeconds(Self.plans, start: Self.start)
        for result in due(before: 1500 * .millisecond) { seconds.add(result) }
        var stray = due(before: .second)[0]
        stray.probe = 2
        let isTaken = seconds.add(stray)
        #expect(!isTaken)
        let rest = seconds.takeRest()
        #expect(rest.map(\.span.lowerBound) == [0, 0, 1, 1].map { $0 * Nanoseconds.second })
        let nothing = seconds.takeRest()
        #expect(nothing.isEmpty)
    }
}
