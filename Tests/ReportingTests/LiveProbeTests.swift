// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Reporting
import Testing

/// What the live block and the summary say of the service.
@Suite struct LiveProbeTests {
    private var plan: Plan {
        var plan = Fixture.plan
        plan.probes = [
            ProbePlan(
                name: "checkout", question: .process(id: 1), every: 100 * .millisecond, timeout: .second,
                mark: SourceMark(line: 1, column: 1))
        ]
        return plan
    }

    private func span(_ second: Int64, good: Int, _ other: ProbeOutcome = .timeout, _ bad: Int = 0) -> Event {
        var tally = ProbeTally()
        for (outcome, count) in [(ProbeOutcome.good, good), (other, bad)] {
            for number in 0..<count {
                let time: Nanoseconds = outcome == .timeout ? .second : 2 * .millisecond
                tally.add(
                    ProbeResult(
                        probe: 0, number: Int64(number), due: 0, sent: 0, done: time, outcome: outcome))
            }
        }
        return .probed(
            ProbeSpan(
                probe: "checkout", span: second * .second..<(second + 1) * .second, tally: tally))
    }

    /// The block's last line once these have happened and `elapsed` is over.
    private func line(_ events: [Event], at elapsed: Nanoseconds, width: Int = 100) throws -> String {
        var display = ProgressDisplay(plan: plan, policy: .live(color: false, width: width), isUTF8: true)
        var last: [UInt8] = []
        for event in events {
            last = display.handle(TimedEvent(time: 0, elapsed: elapsed, runID: "R", event: event))
        }
        last = display.update(Fixture.sample(at: elapsed), time: 10 * .second) ?? last
        let lines = String(decoding: last, as: UTF8.self).split(separator: "\n")
        return String(try #require(lines.last { $0.contains("checkout") })).replacingOccurrences(
            of: "\u{1B}[K", with: "")
    }

    @Test func `a probe has its line with its last whole second`() throws {
        let text = try line([span(0, good: 10), span(1, good: 10)], at: 2 * .second)
        #expect(text.contains("██") && text.contains("10/10 good  p50 2 ms  p95 2 ms  ✓"), "\(text)")
        let bad = try line([span(0, good: 10), span(1, good: 4, .timeout, 6)], at: 2 * .second)
        #expect(bad.contains("4/10 good  p50 > 1 s") && bad.hasSuffix("timeout"), "\(bad)")
        let starved = try line([span(0, good: 0, .withdrawn, 10)], at: .second)
        #expect(starved.contains("withdrawn"), "\(starved)")
        #expect(try line([], at: .second).hasSuffix("no answer yet"))
    }

    @Test func `a service that does not answer is told before its timeouts are over`() throws {
        let text = try line([span(0, good: 10)], at: 7 * .second)
        #expect(text.contains("10/10 good  since then no answer for 0:06"), "\(text)")
    }

    @Test(arguments: [30, 60, 80, 200]) func `no line is longer than the terminal is wide`(width: Int) throws {
        #expect(try line([span(1, good: 4, .protocolError, 6)], at: 2 * .second, width: width).count < width)
    }

    @Test func `a result begins with its sentence, whether anything was asked of a service or not`() {
        let text = SummaryText.text(Fixture.missed, style: TextStyle(width: 200))
        #expect(text.split(separator: "\n").first?.contains("was put on, and was") == true, "\(text)")
        let json = String(decoding: SummaryJSON.document(Fixture.missed), as: UTF8.self)
        #expect(json.contains("\"sentence\": \""))
    }
}
