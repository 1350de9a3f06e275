// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Reporting
import Testing

/// What an author says of a profile, and what the profile includes and is labelled with.
@Suite struct NoteTests {
    private static let plan: Plan = {
        var plan = Fixture.plan
        plan.note = "Seen on \u{1B}[2JTuesday:\n  it fell over."
        plan.includes = [IncludedFile(file: "dir/common.yaml", sha256: String(repeating: "ab", count: 32))]
        plan.labels = ["team": "checkout", "a": "b\u{9B}"]
        for (index, note) in ["the first", "the first", nil].enumerated() where index < plan.phases.count {
            plan.phases[index].note = note
            plan.phases[index].title = "squeeze"
        }
        return plan
    }()

    @Test func thePlanHasThem() {
        let text = PlanText.text(Self.plan, style: TextStyle())
        #expect(
            text.hasPrefix(
                """
                profile   squeeze (squeeze.yaml, seed 42)
                sha256    0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
                note      Seen on \u{FFFD}[2JTuesday:
                          it fell over.
                includes  dir/common.yaml, sha256 \(String(repeating: "ab", count: 32))
                labels    a=b\u{FFFD}; team=checkout
                length    5s in 2 phases

                """), "\(text)")
        // Once, where a phase is repeated.
        #expect(text.split(separator: "\n").filter { $0 == "  squeeze: the first" }.count == 1, "\(text)")
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    }

    @Test func theResultHasNotes() throws {
        var record = Fixture.met
        record.plan = Self.plan
        let lines = SummaryText.text(record, style: TextStyle()).split(separator: "\n").map(String.init)
        let headline = try #require(lines.firstIndex { $0.contains("squeeze: met") })
        #expect(lines[(headline + 1)...(headline + 2)] == ["  Seen on \u{FFFD}[2JTuesday:", "  it fell over."])
        #expect(lines.contains("  squeeze: the first"))
        let told = try JSONSerialization.jsonObject(with: Data(SummaryJSON.document(record))) as? [String: Any]
        let profile = try #require(told?["profile"] as? [String: Any])
        #expect(profile["note"] as? String == "Seen on \u{1B}[2JTuesday:\n  it fell over.")
        #expect(profile["labels"] as? [String: String] == ["team": "checkout", "a": "b\u{9B}"])
        #expect((profile["includes"] as? [[String: String]])?.first?["file"] == "dir/common.yaml")
    }

    @Test func theLogHasThemAsItsSchemaSays() throws {
        var log = EventLog(plan: Self.plan)
        let schema = try MiniSchema(LogSchema.jsonSchema())
        for event in Fixture.events {
            var event = event
            if case .runStarted(let host, _) = event.event { event.event = .runStarted(host, Self.plan) }
            let line = String(decoding: log.line(event), as: UTF8.self)
            #expect(try schema.accepts(line), "\(line)")
            if case .phaseStarted = event.event { #expect(line.contains(#""note":"the first""#), "\(line)") }
        }
    }

    @Test func labelsOfTheCommandLineHaveTheLastWord() throws {
        var tags = RunTags()
        try tags.add(label: "team=search")
        try tags.fill(from: ["team": "checkout", "ticket": "CHAOS-17"])
        #expect(tags.labels == ["team": "search", "ticket": "CHAOS-17"])
        for index in 0..<14 { try tags.add("l\(index)", "x") }
        #expect(throws: RunTags.Problem.self) { try tags.fill(from: ["one": "more"]) }
        try tags.fill(from: ["team": "checkout"])
    }
}
