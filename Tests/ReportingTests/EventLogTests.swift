// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Reporting
import Testing

@Suite struct EventLogTests {
    private let lines: [String] = {
        var log = EventLog(plan: Fixture.plan)
        return Fixture.events.map { String(decoding: log.line($0), as: UTF8.self) }
    }()

    @Test func everyEventHasItsGoldenLine() {
        #expect(lines.count == goldenLog.count)
        for (line, golden) in zip(lines, goldenLog) { #expect(line == golden + "\n") }
    }

    @Test func everyLineIsOneLineOfJSON() throws {
        for line in lines {
            #expect(line.hasSuffix("\n") && !line.dropLast().contains("\n"))
            #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
        }
    }

    @Test func aSampleIsTimedByItsWindow() {
        var log = EventLog(plan: Fixture.plan)
        let late = TimedEvent(
            time: Fixture.start, elapsed: .second + 40_000, runID: "x", event: .sample(Fixture.sample(at: .second)))
        #expect(String(decoding: log.line(late), as: UTF8.self).contains(#""elapsed_s":1,"#))
    }

    @Test func namesFromAProfileAreEscaped() throws {
        var plan = Fixture.plan
        plan.stressors[0].name = "c\"pu\n"
        plan.phases[0].name = "\u{1B}[2J"
        var sample = Fixture.sample(at: .second)
        sample.readings[0].stressor = "c\"pu\n"
        var log = EventLog(plan: plan)
        let line = log.line(Fixture.event(1, .sample(sample)))
        let object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(object["phase"] as? String == "\u{1B}[2J")
        #expect((object["stressors"] as? [String: Any])?.keys.contains("c\"pu\n") == true)
        #expect(line.count { $0 < 0x20 } == 1)
    }

    @Test func aRunThatLeftAStressorBehindSaysSo() {
        var record = Fixture.missed
        record.ends.removeFirst()
        var log = EventLog(plan: Fixture.plan)
        let line = String(decoding: log.line(Fixture.event(5, .runEnded(record))), as: UTF8.self)
        #expect(line.contains(#""released":false"#))
    }
}

@Suite struct LogSchemaTests {
    private let schema = try! MiniSchema(LogSchema.jsonSchema())

    @Test func isPublishedUnderItsName() {
        #expect(schema.root["$id"] as? String == "https://exert.dev/schema/log/1")
        #expect(schema.root["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }

    @Test func acceptsEveryLine() throws {
        for line in goldenLog { #expect(try schema.accepts(line), "\(line)") }
    }

    @Test func acceptsARunThatWasChangedAndLeft() throws {
        var record = Fixture.missed
        record.leaseExpiry = LeaseExpiry(length: 30 * .second)
        record.changes = [
            RunChange(.load(stressor: "cpu", text: "40%"), from: .second), RunChange(.paused, from: 2 * .second),
            RunChange(.resumed, from: 3 * .second),
        ]
        var log = EventLog(plan: Fixture.plan)
        let line = String(decoding: log.line(Fixture.event(5, .runEnded(record))), as: UTF8.self)
        #expect(line.contains(#""lease_expired":{"lease_s":30},"changes":[{"change":"retargeted","stressor":"cpu","#))
        #expect(try schema.accepts(line))
    }

    @Test func acceptsAKill() throws {
        var record = Fixture.missed
        record.results[1].verdict = .killed
        record.results[1].killedAfter = 2.5
        record.results[1].achievedWhenKilled = 64 * Fixture.mebibyte
        record.results[1].evidence = [.processLimit: CauseEvidence(source: "/proc/102/limits", figure: "1 s")]
        var log = EventLog(plan: Fixture.plan)
        let line = String(decoding: log.line(Fixture.event(5, .runEnded(record))), as: UTF8.self)
        #expect(line.contains(#""killed_after_s":2.5,"achieved_when_killed":67108864,"#), "\(line)")
        #expect(line.contains(#""causes":{"process_limit":{"source":"/proc/102/limits","figure":"1 s"}}"#), "\(line)")
        #expect(try schema.accepts(line))
    }

    /// What was written before a member was added.
    @Test func acceptsALogOfBefore() throws {
        let old = goldenLog.map { line in
            var text = line
            for added in [
                #","(target|achieved)_(min|mean|max)":[0-9.nul]+(?=[,}].*"witness")"#, #","limit":\{[^}]*\}"#,
                #","(off|unseen|allowance)_s":[0-9.]+"#, #","causes":\{("quota":\{[^}]*\})?\}"#,
                #","within_s":\{[^}]*\}"#,
                #","(written|floor|released|share|most)":[a-z0-9.]+(?=[^{]*"witness")"#,
            ] { text = text.replacingOccurrences(of: added, with: "", options: .regularExpression) }
            return text
        }
        for (text, line) in zip(old, goldenLog) { #expect(try schema.accepts(text), "\(text)\n\(line)") }
        #expect(!old.joined().contains("_min") && !old.joined().contains("off_s"))
    }

    @Test func acceptsEveryWordOfTheModel() throws {
        let definitions = try #require(schema.root["$defs"] as? [String: [String: Any]])
        #expect(definitions["unit"]?["enum"] as? [String] == LoadModel.Unit.allCases.map(\.rawValue))
        #expect(definitions["cause"]?["enum"] as? [String] == Cause.allCases.map(\.rawValue))
        #expect(definitions["verdict"]?["enum"] as? [String] == Verdict.allCases.map(\.rawValue))
    }

    @Test(
        arguments: [
            ("\"elapsed_s\"", "\"elapsed\""),
            ("\"exert-log/1\"", "\"exert-log/2\""),
            ("Z\"", "+00:00\""),
            ("\"event\":\"", "\"event\":\"un"),
            ("\"run_id\":\"", "\"more\":1,\"run_id\":\""),
        ] as [(String, String)])
    func refusesACorruptedHead(what: String, with: String) throws {
        for line in goldenLog {
            let corrupted = line.replacingOccurrences(of: what, with: with)
            #expect(try corrupted != line && !schema.accepts(corrupted), "\(corrupted)")
        }
    }

    @Test(
        arguments: [
            ("\"limited_by\":\"quota\"", "\"limited_by\":\"weather\""),
            ("\"target\":1.6", "\"target\":\"1.6\""),
            ("\"unit\":\"cores\"", "\"unit\":\"core\""),
            ("\"achieved\":null,", ""),
            ("\"manner\":\"killed\"", "\"manner\":\"released\""),
            ("\"shortfall\":{\"", "\"shortfall\":{\"un"),
            ("\"released\":true", "\"released\":1"),
            ("\"exit_code\":2", "\"exit_code\":2.5"),
            ("\"cpu_busy_ratio\":0.81", "\"cpu_busy_ratio\":81"),
            ("\"target_min\":", "\"target_least\":"),
            ("\"achieved_max\":1.21", "\"achieved_max\":\"1.21\""),
            ("\"figure\":\"0.5 cores, throttled 31 times\"", "\"figure\":0.5"),
            ("\"causes\":{\"quota\"", "\"causes\":{\"weather\""),
            ("\"off_s\":2.3", "\"off_s\":-2.3"),
            ("\"written\":true", "\"written\":1"),
            ("\"within_s\":{\"memory\":1.5}", "\"within_s\":{\"memory\":\"1.5s\"}"),
        ] as [(String, String)])
    func refusesACorruptedBody(what: String, with: String) throws {
        let lines = goldenLog.filter { $0.contains(what) }
        #expect(!lines.isEmpty)
        for line in lines {
            #expect(try !schema.accepts(line.replacingOccurrences(of: what, with: with)), "\(what)")
        }
    }
}
