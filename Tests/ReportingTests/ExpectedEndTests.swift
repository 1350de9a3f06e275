// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadModel
@testable import Reporting

/// Ends that were wanted are never told as a failure, nor their absence as a success.
@Suite struct ExpectedEndTests {
    private func record(_ verdict: Verdict, came: Bool?, run: Verdict) -> RunRecord {
        var record = Fixture.missed
        record.plan.phases[0].expect = ["cpu": .killed]
        record.plan.guards = []
        record.results[0].verdict = verdict
        record.results[0].isExpected = came
        record.verdict = run
        record.interruptedBy = nil
        record.guardTrip = nil
        if verdict == .killed {
            record.ends[0].manner = .killed(signal: 9, isOutOfMemory: true)
            record.results[0].killedAfter = 1
        }
        return record
    }

    private func text(_ record: RunRecord) -> String {
        SummaryText.text(record, style: TextStyle(width: 200))
    }

    @Test func `a kill that was wanted is told as one, by whom, and as expected`() {
        let text = text(record(.killed, came: true, run: .met))
        #expect(text.contains("met (cpu killed, as expected)"), "\(text)")
        #expect(text.contains("was killed by the kernel's OOM killer"), "\(text)")
        #expect(text.contains("killed, as expected\n"), "\(text)")
        #expect(text.contains("exit 0: all came as expected: cpu killed"), "\(text)")
        #expect(!text.contains("every target was met"), "\(text)")
    }

    @Test func `a kill that did not come is a sentence and a bad row`() {
        let text = text(record(.met, came: false, run: .notMet))
        #expect(
            text.contains("cpu in \(Fixture.plan.phases[0].name) was expected to be killed, and was not"), "\(text)")
        #expect(text.contains("exit 2: an end that was expected did not come"), "\(text)")
        #expect(text.contains("met, not as expected\n"), "\(text)")
    }

    @Test func `the document has what was expected and whether it came`() throws {
        let came = String(decoding: SummaryJSON.document(record(.killed, came: true, run: .met)), as: UTF8.self)
        #expect(came.contains(#""expected": true"#) && came.contains(#""came": true"#), "\(came)")
        let missed = String(decoding: SummaryJSON.document(record(.met, came: false, run: .notMet)), as: UTF8.self)
        #expect(missed.contains(#""expected": false"#) && missed.contains(#""came": false"#), "\(missed)")
        let none = String(decoding: SummaryJSON.document(Fixture.missed), as: UTF8.self)
        #expect(!none.contains("expect"), "what was not asked is not told")
    }
}
