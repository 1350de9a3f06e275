// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Reporting
import Testing

/// Labels, trace and start times: what lets runs of many hosts be joined.
@Suite struct TagTests {
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func whatCombinesWithTheSignBelongsToTheValue() throws {
        var tags = RunTags()
        try tags.add(label: "mood=\u{1F3FB}x")
        #expect(tags.labels["mood"] == "\u{1F3FB}x")
    }

    @Test func everyLineCarriesThem() throws {
        var tags = RunTags()
        try tags.add(label: "host=node-1")
        try tags.add(label: "team=checkout, \"a\"=b")
        let isTaken = tags.take(traceparent: Self.trace)
        #expect(isTaken)
        var log = EventLog(plan: Fixture.plan, tags: tags)
        let schema = try MiniSchema(LogSchema.jsonSchema())
        for event in Fixture.events {
            let line = log.line(event)
            let text = String(decoding: line, as: UTF8.self)
            let members = #"{"host":"node-1","team":"checkout, \"a\"=b"},"traceparent":"\#(Self.trace)","event":"#
            #expect(text.contains(#"","labels":"# + members), "\(text)")
            #expect(try schema.accepts(text), "\(text)")
        }
        var record = Fixture.met
        record.tags = tags
        let report = try JSONSerialization.jsonObject(with: Data(SummaryJSON.document(record))) as? [String: Any]
        #expect(report?["traceparent"] as? String == Self.trace)
        #expect((report?["labels"] as? [String: String])?["host"] == "node-1")
    }

    @Test(arguments: ["host", "=x", "1a=x", "a b=x", "ä=x", "a=" + String(repeating: "x", count: 257)])
    func whatIsNoLabelIsRefused(text: String) {
        var tags = RunTags()
        #expect(throws: RunTags.Problem.self) { try tags.add(label: text) }
        #expect(tags.labels.isEmpty)
    }

    @Test func labelsAreBounded() throws {
        var tags = RunTags()
        try tags.add(label: "a=")
        #expect(throws: RunTags.Problem.self) { try tags.add(label: "a=2") }
        for index in 1..<RunTags.limit { try tags.add(label: "l\(index)=x") }
        #expect(throws: RunTags.Problem.self) { try tags.add(label: "more=x") }
    }

    @Test(
        arguments: [
            "", "x", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ])
    func whatIsNoTraceIsLeftOut(text: String) {
        var tags = RunTags()
        let isTaken = tags.take(traceparent: text)
        #expect(!isTaken)
        #expect(tags.traceparent == nil)
    }

    @Test func aLaterVersionOfTheTraceIsTaken() {
        var tags = RunTags()
        let isTaken = tags.take(traceparent: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes")
        #expect(isTaken)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-22T14:00:12.3Z", 1_795_356_012_300_000_000),
        ("2026-11-22T14:00:12.300000001Z", 1_795_356_012_300_000_001),
        ("2026-11-22T16:00:12+02:00", 1_795_356_012_000_000_000),
        ("2026-11-22 09:30:12-04:30", 1_795_356_012_000_000_000), ("2024-02-29T00:00:00z", 1_709_164_800_000_000_000),
        ("2200-12-31T23:59:59Z", 7_289_654_399_000_000_000),
    ])
    func instantsAreRead(text: String, time: Int64) {
        #expect(Timestamp.parse(text) == time)
    }

    @Test func whatIsWrittenIsReadAgain() {
        for day in stride(from: Int64(0), to: 84_000, by: 13) {
            let time = day * 86_400_000_000_000 + day * 1_000_003
            #expect(Timestamp.parse(Timestamp.text(time)) == time)
        }
    }

    @Test(arguments: [
        "", "now", "2026-11-22", "2026-11-22T14:00:12", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-31T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T14:60:00Z", "2026-11-22T14:00:00.Z",
        "2026-11-22T14:00:00.1234567890Z", "2026-11-22T14:00:00Zx", "2026-11-22T14:00:00+2:00", "1969-12-31T00:00:00Z",
        "2201-01-01T00:00:00Z", "٢٠٢٦-11-22T14:00:00Z",
    ])
    func whatIsNoInstantIsNone(text: String) { #expect(Timestamp.parse(text) == nil) }
}
