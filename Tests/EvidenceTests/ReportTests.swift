// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Evidence
@testable import Reporting

@Suite struct ReportTests {
    private static let hostile = #"</script><script>alert(1)</script>'&\u0007=HYPERLINK(1)"#

    @Test func `names of a log are text and never markup`() throws {
        let log = try contents(LogFixture(profile: Self.hostile, phase: Self.hostile, samples: 3).text)
        let page = ReportPage.text(log)
        #expect(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"))
        // Its own script and its data, and no other.
        #expect(page.split(separator: "<script", omittingEmptySubsequences: false).count == 3)
        #expect(!page.contains("\u{7}"))
        for file in StandaloneSVG.files(log.run) { #expect(!file.text.contains("<script")) }
        #expect(!ReportMarkdown.text(log).contains("<script"))
        #expect(!ReportText.text(log, style: TextStyle()).contains("\u{7}"))
    }

    @Test func `the page asks for nothing from elsewhere`() throws {
        let page = ReportPage.text(try contents(LogFixture().text))
        #expect(page.contains("default-src 'none'"))
        for word in ["http://", "https://", "//cdn", "@import", "url("] { #expect(!page.contains(word), "\(word)") }
        #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
    }

    @Test func `no two elements have one name, and links lead to one`() throws {
        let page = ReportPage.text(try contents(LogFixture().text))
        let ids = page.matches(of: /[ ]id="([^"]*)"/).map { String($0.1) }
        #expect(Set(ids).count == ids.count && ids.count > 10)
        for link in page.matches(of: /href="#([^"]*)"/) { #expect(ids.contains(String(link.1))) }
        for label in page.matches(of: /aria-labelledby="([^"]*)"/) {
            #expect(label.1.split(separator: " ").allSatisfy { ids.contains(String($0)) })
        }
    }

    @Test func `the page's parts stand in the order in which they are read`() throws {
        let page = ReportPage.text(try contents(LogFixture(spike: 3).text))
        let parts = [
            "class=\"sentence\"", "<h2>Objectives", "<h2>Load<", "What the service did", "target against achieved",
            "Host and control groups", "Events and findings", "<h2>Profile", "Host and limits", "How to read this",
        ]
        let places = parts.map { page.firstRange(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
        #expect(page.contains("What helps: ask for less"))
    }

    @Test func `text for a terminal is eighty columns wide`() throws {
        let long = String(repeating: "a very long name ", count: 12)
        for log in [LogFixture(spike: 3), LogFixture(profile: long, phase: long, samples: 3)] {
            for isUTF8 in [true, false] {
                let text = ReportText.text(
                    try contents(log.text), style: TextStyle(isUTF8: isUTF8, width: 200))
                #expect(!text.contains("\u{1B}"))
                if !isUTF8 { #expect(text.utf8.allSatisfy { $0 < 0x80 }) }
                for line in text.split(separator: "\n") { #expect(cellWidth(of: String(line)) <= 80, "\(line)") }
            }
        }
    }

    @Test func `a long name gives way to the verdict`() throws {
        for count in [8, 25, 40, 200] {
            let name = String(repeating: "n", count: count)
            let log = LogFixture(spike: 3).text.replacing(#""cpu":{"#, with: "\"\(name)\":{")
                .replacing(#""stressor":"cpu""#, with: "\"stressor\":\"\(name)\"")
                // Figures of many digits, too.
                .replacing(#""time_to_reach_s":0.1"#, with: #""time_to_reach_s":123456.789"#)
                .replacing(#""capacity":2"#, with: #""capacity":0.00002"#)
            let text = ReportText.text(try contents(log), style: TextStyle())
            let lines = text.split(separator: "\n")
            let row = try #require(lines.last { $0.hasPrefix("  nnn") && $0.contains("not met") })
            #expect(row.hasSuffix("  not met") && cellWidth(of: String(row)) <= 80, "\(row)")
        }
    }

    @Test func `marks that turn text around are replaced wherever a name stands`() throws {
        let marks = "\u{202E}\u{2066}\u{200F}\u{61C}\u{2028}\u{2029}"
        let name = "a\(marks)b"
        let log = try contents(LogFixture(profile: name, phase: name, samples: 3).text.replacing("cpu", with: name))
        let texts =
            [
                ReportText.text(log, style: TextStyle()), ReportPage.text(log), ReportMarkdown.text(log),
                String(decoding: ReportCSV.text([log.run]), as: UTF8.self),
                PlainText.safe(ReportFields.text("profile", of: log.run) ?? ""),
            ] + StandaloneSVG.files(log.run).map(\.text)
        for text in texts {
            #expect(!text.unicodeScalars.contains { marks.unicodeScalars.contains($0) })
            #expect(text.contains("\u{FFFD}"))
        }
        #expect(printable("a – ü é ج 👩‍💻") == "a – ü é ج 👩‍💻")
    }

    @Test func `a load is told in the unit that was asked for`() throws {
        let text = ReportText.text(try contents(LogFixture(spike: 3).text), style: TextStyle())
        // 1 of 2 cores was asked for as 50 %.
        #expect(text.contains("50.00     47.50  %"))
        #expect(text.contains("what helps: ask for less"))
    }

    @Test func `figures have names that stay`() throws {
        let run = try contents(LogFixture(spike: 3).text).run
        let figures = [
            "load.verdict": "not_met", "load.cpu.verdict": "not_met", "load.cpu.squeeze.target_mean": "1",
            "load.cpu.squeeze.limited_by": "contention", "objectives.verdict": "inconclusive",
            "objectives.before": "null", "objectives.checkout.time_to_recover_s": "0.75",
            "objectives.checkout.time_to_lose_s": "1.1", "probes.checkout.good_ratio": "0.9", "exit_code": "2",
            "complete": "true", "load.memory.verdict": "null",
        ]
        for (name, text) in figures { #expect(ReportFields.text(name, of: run) == text, "\(name)") }
        #expect(ReportFields.text("load.nothing", of: run) == nil)
        #expect(Set(ReportFields.names(run)).count == ReportFields.names(run).count)
        let cut = try contents(LogFixture(samples: 2).lines.prefix(4).map { $0 + "\n" }.joined()).run
        #expect(ReportFields.text("load.verdict", of: cut) == "null")
        #expect(ReportFields.text("complete", of: cut) == "false")
    }

    @Test func `what is planned has its figures from the first line on`() throws {
        let fixture = LogFixture(spike: 3)
        let start = try contents(fixture.start + "\n").run, whole = try contents(fixture.text).run
        let missing = Set(ReportFields.names(whole)).subtracting(ReportFields.names(start))
        #expect(missing == [])
        for name in [
            "load.cpu.squeeze.verdict", "load.memory.squeeze.achieved_mean", "objectives.checkout.verdict",
            "objectives.checkout.1.verdict", "objectives.checkout.time_to_recover_s",
        ] {
            #expect(ReportFields.text(name, of: start) == "null", "\(name)")
        }
        #expect(ReportFields.text("objectives.checkout.1.objective", of: start)?.hasPrefix("checkout p95") == true)
        #expect(ReportFields.text("load.cpu.squeze.verdict", of: start) == nil)
    }

    @Test func `the JSON report has what the schema has, and the log's members as they are`() throws {
        let log = try contents(LogFixture(spike: 3).text)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(ReportJSON.document(log))) as? [String: Any])
        let schema = try #require(
            try JSONSerialization.jsonObject(with: Data(ReportSchema.jsonSchema().utf8)) as? [String: Any])
        let properties = try #require(schema["properties"] as? [String: Any])
        #expect(Set(json.keys).subtracting(properties.keys) == [])
        #expect(json["schema"] as? String == "exert-report/1")
        #expect(json["verdict"] as? String == "not_met")
        #expect(((json["profile"] as? [String: Any])?["seed"] as? NSNumber)?.uint64Value == .max)
        // What a run prints at its end has no other members.
        let start = LogFixture().start + "\n"
        let members = try contents(start).run.start?.members.map(\.name) ?? []
        #expect(Set(members).subtracting(ReportJSON.lineMembers).isSubset(of: json.keys))
        let text = ReportSchema.jsonSchema()
        for reference in text.matches(of: /"#\/\$defs\/([a-z_]*)"/) {
            #expect((schema["$defs"] as? [String: Any])?[String(reference.1)] != nil, "\(reference.1)")
        }
    }

    @Test func `a table for spreadsheets has a row for each sample, and no formula`() throws {
        let log = try contents(LogFixture(phase: "=1+1,\\\"x\\\"", samples: 3).text)
        let text = String(decoding: ReportCSV.text([log.run]), as: UTF8.self)
        let rows = text.split(separator: "\r\n")
        #expect(rows.count == 4)
        #expect(rows[0].hasPrefix("run_id,elapsed_s,interval_s,phase,cpu_target_cores,cpu_achieved_cores,"))
        #expect(rows[1].contains("\"'=1+1,\"\"x\"\"\""))
        #expect(rows[1].contains(",536870912,"))
    }

    @Test func `a row has the phase that the log says, and the planned one where it says none`() throws {
        let phases = (0..<2).map { #"{"name":"p\#($0)","start_s":\#($0 * 2),"length_s":2,"loads":{"cpu":"50%"}}"# }
        let planned = #"{"name":"squeeze","start_s":0,"length_s":4,"loads":{"cpu":"50%","memory":"512MiB"}}"#
        let text = LogFixture(samples: 4).text.replacing(planned, with: phases.joined(separator: ","))
            // The second one ends a moment after the edge.
            .replacing(#""elapsed_s":2.0,"interval_s""#, with: #""elapsed_s":2.001,"interval_s""#)
        func cells(_ old: String, _ new: String) throws -> [Substring] {
            let run = try contents(text.replacing(old, with: new)).run
            let table = String(decoding: ReportCSV.text([run]), as: UTF8.self)
            return table.split(separator: "\r\n").dropFirst().map {
                $0.split(separator: ",", omittingEmptySubsequences: false)[3]
            }
        }
        let said = #""interval_s":1,"phase":"squeeze""#
        #expect(try cells(said, #""interval_s":1,"phase":"p0""#) == ["p0", "p0", "p0", "p0"])
        #expect(try cells(said, #""interval_s":1,"phase":null"#) == ["", "", "", ""])
        #expect(try cells(said, #""interval_s":1"#) == ["p0", "p1", "p1", "p1"])
    }

    @Test func `a table of several runs has the columns of all`() throws {
        let first = LogFixture(runID: "FIRST", samples: 2)
        let second = try contents(
            LogFixture(runID: "SECOND", samples: 2).text.replacing(#""memory":{"#, with: #""disk":{"#)
        ).run
        let text = String(decoding: ReportCSV.text([try contents(first.text).run, second]), as: UTF8.self)
        let rows = text.split(separator: "\r\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(rows.count == 5 && rows.allSatisfy { $0.count == rows[0].count })
        #expect(Set(rows[0]).count == rows[0].count)
        let memory = try #require(rows[0].firstIndex(of: "memory_achieved_bytes"))
        let disk = try #require(rows[0].firstIndex(of: "disk_achieved_bytes"))
        let host = try #require(rows[0].firstIndex(of: "host_cpu_busy_ratio"))
        #expect(rows.dropFirst().map { $0[memory].isEmpty } == [false, false, true, true])
        #expect(rows.dropFirst().map { $0[disk].isEmpty } == [true, true, false, false])
        #expect(rows.dropFirst().allSatisfy { $0[host] == "0.5" })
    }

    @Test func `a run of thousands of phases is a page that can be read`() throws {
        let fixture = LogFixture(samples: 3)
        let phases = (0..<3000).map { index in
            #"{"name":"p\#(index)","start_s":\#(Double(index) / 1000),"length_s":0.001,"loads":{"cpu":"50%"}}"#
        }
        let results = (0..<3000).map { index in
            fixture.result.replacing(#""phase":"squeeze""#, with: #""phase":"p\#(index)""#)
        }
        let start = #"{"name":"squeeze","start_s":0,"length_s":3,"loads":{"cpu":"50%","memory":"512MiB"}}"#
        let text = fixture.text.replacing(start, with: phases.joined(separator: ",")).replacing(
            "[\(fixture.result)]", with: "[\(results.joined(separator: ","))]")
        let log = try contents(text)
        #expect(log.run.phases.count == 3000 && log.run.results.count == 3000)
        #expect(ReportPage.text(log).utf8.count < 400_000)
        #expect(ReportPage.text(log).contains("2700 more are in the log."))
        #expect(ReportText.text(log, style: TextStyle()).split(separator: "\n").count < 400)
        #expect(ReportMarkdown.text(log).utf8.count < 65_536, "the most that GitHub takes")
    }

    @Test func `pages stay small, however long the run was`() throws {
        // More samples than are kept, all of them noise: what is drawn gets coarser, and the page no larger.
        var columns = Columns()
        columns.addStressor()
        var state: UInt64 = 1
        for index in 0..<150_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            columns.beginSample()
            columns.take(\.achieved, of: 0, index == 70_001 ? 50 : Double(state >> 40) / 1e7)
            _ = columns.endSample(Double(index), length: 1)
        }
        #expect(columns.merged == 2 && columns.count <= Columns.limit)
        #expect(columns.stressors[0].achieved.extremes(0..<columns.count)?.upperBound == 50)
        let chart = Chart(
            "a", "a", FigureScale(suffix: "", places: 1),
            [.init(name: "a", role: .achieved, points: columns.timeSeries(columns.stressors[0].achieved))])
        let (text, merged) = PageData([chart], TimeAxis(RunEvidence(runID: "x"))).json()
        #expect(text.utf8.count <= PageData.sizeLimit)
        #expect(merged >= 1)
    }
}
