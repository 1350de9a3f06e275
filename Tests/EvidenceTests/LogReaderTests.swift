// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Evidence

@Suite struct LogReaderTests {
    @Test func `a whole log is read as it is`() throws {
        let run = try contents(LogFixture(spike: 7).text).run
        #expect(run.isWhole && run.missing == [])
        #expect(run.columns.count == 20)
        #expect(run.stressors.map(\.name) == ["cpu", "memory"])
        #expect(run.columns.stressors[0].error.means[7] == -0.9)
        #expect(run.columns.stressors[1].groupPressure.series[0].means[3] == 0.25)
        #expect(run.columns.host.pressure.series[0].means[3] == 0.1)
        #expect(run.probes[0].count == 200 && run.probes[0].good == 180)
        #expect(run.events.contains { $0.word == "contention" && $0.elapsed == 7 && $0.until == 8 })
        #expect(run.events.contains { $0.kind == "objective" && $0.elapsed == 2 })
    }

    @Test func `pieces may end anywhere`() throws {
        let bytes = Array(LogFixture(samples: 3).text.utf8)
        let whole = ReportJSON.document(try contents(LogFixture(samples: 3).text))
        for size in [1, 7, 1000] {
            var reader = LogReader(file: "x")
            for start in stride(from: 0, to: bytes.count, by: size) {
                try reader.take(Array(bytes[start..<min(bytes.count, start + size)]))
            }
            #expect(ReportJSON.document(try reader.finish()) == whole, "pieces of \(size)")
        }
    }

    @Test func `a log that is cut at any byte of its last line is a report that says so`() throws {
        let lines = LogFixture(samples: 148).lines
        #expect(lines.count == 300)
        var reader = LogReader(file: "x.ndjson")
        try reader.take(Array(lines.dropLast().map { $0 + "\n" }.joined().utf8))
        let last = Array(lines[299].utf8)
        for count in 0..<last.count {
            var cut = reader
            try cut.take(Array(last[..<count]))
            let contents = try cut.finish()
            #expect(!contents.run.isWhole && !contents.run.missing.isEmpty)
            if count.isMultiple(of: 200) {
                #expect(allFormats(contents) > 0)
                #expect(contents.run.sentence.contains("ends early"))
            }
        }
        try reader.take(last)
        #expect(try reader.finish().run.isWhole)
    }

    @Test func `a line of any event may be the one that is cut`() throws {
        let lines = LogFixture(samples: 2).lines
        for index in lines.indices {
            let before = lines[..<index].map { $0 + "\n" }.joined()
            let bytes = Array(lines[index].utf8)
            for count in stride(from: 1, to: bytes.count, by: 23) {
                var reader = LogReader(file: "x")
                try reader.take(Array(before.utf8) + bytes[..<count])
                let run = try reader.finish().run
                #expect(run.missing.contains { $0.contains("is cut after \(count) bytes") || index == 0 })
                #expect(run.columns.count == run.columns.host.busy.count)
            }
            #expect(allFormats(try contents(before)) > 0)
        }
    }

    @Test func `of several runs in a file the last one counts, or the one that is asked for`() throws {
        let first = LogFixture(runID: "FIRST", samples: 2), second = LogFixture(runID: "SECOND", samples: 3)
        // The first one was killed in a line, and the next one was appended to it.
        let text = first.text + first.sample(2).prefix(300) + second.text
        let last = try contents(text)
        #expect(last.run.runID == "SECOND" && last.run.columns.count == 3)
        #expect(last.others.map(\.runID) == ["FIRST"])
        // What is cut is missing of the run that it is of, and of no other.
        #expect(last.run.missing == [])
        let cut = try contents(text, run: "FIRST").run
        #expect(cut.columns.count == 2 && cut.missing.contains { $0.contains("is cut after 300 bytes") })
        #expect(throws: LogProblem.self) { try contents(text, run: "THIRD") }
    }

    @Test func `what is cut before it names its run is of the one before, and at the beginning of the next`() throws {
        let first = LogFixture(runID: "FIRST", samples: 2).text, second = LogFixture(runID: "SECOND", samples: 2).text
        let stump = #"{"schema":"exert-log/1","ti"#, cut = String(LogFixture(runID: "FIRST").sample(2).prefix(300))
        let texts: [(String, String)] = [
            (first + stump + second, "FIRST"), (stump + first + second, "FIRST"), (first + second + stump, "SECOND"),
            (first + cut + second, "FIRST"), (first + second + cut, "FIRST"), (first + second + "\0\0", "SECOND"),
        ]
        for (text, run) in texts {
            for other in ["FIRST", "SECOND"] {
                let missing = try contents(text, run: other).run.missing
                #expect(missing.isEmpty == (other != run), "\(other): \(missing)")
            }
        }
    }

    @Test func `what a file has twice counts once, and is told`() throws {
        let fixture = LogFixture(samples: 4, spike: 1)
        var lines = fixture.lines.map { $0 + "\n" }
        lines.insert(fixture.head("probe_note", 1) + #","probe":"checkout","text":"odd"}"# + "\n", at: 4)
        let text = lines.joined()
        let once = try contents(text).run
        #expect(once.missing == [])
        // The whole of it, or a first copy that was cut.
        for beginning in [text, lines.prefix(6).joined(), lines.dropLast().joined()] {
            let twice = try contents(beginning + text).run
            #expect(twice.isWhole && twice.columns.times == once.columns.times)
            #expect(twice.probes[0].count == once.probes[0].count)
            #expect(twice.events.map(\.text) == once.events.map(\.text))
            #expect(twice.missing.count == 1 && twice.missing[0].contains("of the run twice"), "\(twice.missing)")
            #expect(ReportFields.text("complete", of: twice) == "false")
        }
        #expect(try contents(text + text).run.lines == once.lines)
    }

    @Test func `an error is that of the means that stand beside it`() throws {
        // A level that was reached at the interval's end; and what was due, where arrivals are drawn.
        let log = LogFixture(samples: 1).text.replacing(
            #""target":536870912,"achieved":536870912,"error":0"#,
            with: #""target":64,"achieved":64,"error":0,"target_mean":64,"achieved_mean":48"#)
        #expect(try contents(log).run.columns.stressors[1].error.means == [-16])
        let drawn = LogFixture(samples: 1).text.replacing(#""target":536870912,"#, with: #""target":64,"due":50,"#)
            .replacing(#""achieved":536870912,"error":0"#, with: #""achieved":47,"error":-3,"achieved_mean":48"#)
        let columns = try contents(drawn).run.columns.stressors[1]
        #expect(columns.error.means == [-2] && columns.due.means == [50])
        // A log of before there were means.
        let old = LogFixture(samples: 1).text.replacing(#""error":0"#, with: #""error":-7"#)
        #expect(try contents(old).run.columns.stressors[1].error.means == [-7])
    }

    @Test(
        arguments: [
            ("hello\n", 1, 1), ("\n\n[1]\n", 3, 1), ("{}\n", 1, 3), ("{\"schema\":\"exert-log/2\"}\n", 1, 11),
            ("{\"schema\":\"exert-probe-log/1\",\"event\":\"x\"}\n", 1, 11), ("{\"a\":1}\n", 1, 8),
            ("{\"schema\":\"exert-log/1\"}\n", 1, 25), ("\u{7F}ELF", 1, 1),
        ])
    func `what is no log is an error with its place`(text: String, line: Int, column: Int) {
        do {
            _ = try contents(text)
            Issue.record("it was read")
        } catch {
            #expect((error.line, error.column) == (line, column), "\(error)")
            #expect(error.description.hasPrefix("x.ndjson:\(line):\(column): "))
        }
    }

    @Test func `a line in the middle that is broken is an error with its place`() throws {
        var lines = LogFixture(samples: 2).lines
        lines[3] = lines[3].replacing(#""latency":{"#, with: #""latency":{{"#)
        let column = try #require(lines[3].firstRange(of: "{{")).lowerBound
        do {
            _ = try contents(lines.map { $0 + "\n" }.joined())
            Issue.record("it was read")
        } catch {
            #expect(error.line == 4)
            #expect(error.column == lines[3].distance(from: lines[3].startIndex, to: column) + 2)
        }
    }

    @Test func `what is not known is passed over, and what is missing is not needed`() throws {
        let fixture = LogFixture(samples: 2)
        var lines = fixture.lines
        lines.insert(fixture.head("something_new", 1) + #","x":{"y":[1,2,{"z":null}]}}"#, at: 2)
        lines[3] = lines[3].replacing(#""host":{"#, with: #""new":{"a":[]},"host":{"b":"c","#)
        let run = try contents(lines.map { $0 + "\n" }.joined()).run
        #expect(run.isWhole && run.columns.count == 2)
        // Without the beginning: stressors are those of the samples.
        let tail = try contents(fixture.lines.dropFirst().map { $0 + "\n" }.joined())
        #expect(tail.run.stressors.map(\.name) == ["cpu", "memory"])
        #expect(tail.run.missing.contains { $0.hasPrefix("the beginning") })
        #expect(allFormats(tail) > 0)
    }

    @Test func `members of another kind, or of no sense, do no harm`() throws {
        let fixture = LogFixture(samples: 4)
        let changes = [
            ("\"elapsed_s\":2.0", "\"elapsed_s\":1e300"), ("\"length_s\":4", "\"length_s\":-1e308"),
            ("\"target\":1,", "\"target\":{},"), ("\"achieved\":1.0", "\"achieved\":1e308"),
            ("\"stressors\":{\"cpu\"", "\"stressors\":{\"cpu\":7,\"cpu\""), ("\"capacity\":2", "\"capacity\":0"),
            ("\"tolerance\":0.02", "\"tolerance\":-1e300"), ("\"limit\":0.3", "\"limit\":1e300"),
            ("\"from\":1,", "\"from\":-1e308,"), ("\"unit\":\"cores\"", "\"unit\":\"parsecs\""),
            ("\"load_s\":4", "\"load_s\":1e308"), ("\"name\":\"squeeze\"", "\"name\":7"),
            ("\"from_s\":1", "\"from_s\":1e305"),
            ("\"p95_s\":0.03", "\"p95_s\":1e200"), ("\"exit_code\":2", "\"exit_code\":1e30"),
            ("\"pid\":7", "\"pid\":-1e20"),
            ("\"interval_s\":1", "\"interval_s\":-5"), ("\"verdict\":\"not_met\"", "\"verdict\":\"fine\""),
            ("\"start_s\":0,", "\"start_s\":-3.9e9,"), ("\"start_s\":0,", "\"start_s\":1e308,"),
            ("\"load_s\":4", "\"load_s\":3.9e9"), ("\"off_s\":1", "\"off_s\":1e308"),
            ("\"verdict\":\"not_met\"", "\"verdict\":\"killed\",\"killed_after_s\":1e300"),
            ("\"verdict\":\"not_met\"", "\"verdict\":\"unverified\",\"unseen_s\":-1e300"),
            ("\"target_mean\":1,", "\"target_mean\":-1e308,"), ("\"achieved_mean\":0.95", "\"achieved_mean\":1e308"),
            ("\"phase\":\"squeeze\"", "\"phase\":null"), ("\"shortfall\":{", "\"shortfall\":{\"x\":1e308,"),
        ]
        for (old, new) in changes {
            let text = fixture.text.replacing(old, with: new)
            #expect(text != fixture.text, "\(old)")
            #expect(allFormats(try contents(text)) > 0, "\(new)")
        }
    }

    @Test func `broken bytes are an error or a report, and never a trap`() throws {
        let bytes = Array(LogFixture(samples: 1).text.utf8)
        var state: UInt64 = 99
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let signs = Array("{}[]\",:0123456789.eE-+\\nut\u{0}x".utf8)
        var read = 0
        for _ in 0..<1500 {
            var broken = bytes
            for _ in 0..<(1 + next(3)) { broken[next(broken.count)] = signs[next(signs.count)] }
            var reader = LogReader(file: "x")
            do throws(LogProblem) {
                try reader.take(broken)
                let contents = try reader.finish()
                read += 1
                if read.isMultiple(of: 40) { #expect(allFormats(contents) > 0) }
            } catch {
                #expect(error.line >= 1 && error.column >= 1)
            }
        }
        #expect(read > 100)
    }
}
