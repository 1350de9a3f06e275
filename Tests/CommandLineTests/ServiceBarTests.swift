// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// What is promised of what is said of a service, in short; `Benchmarks/probes` has it in full.
    @Suite(.serialized)
    struct ServiceBars {
        @Test func `of a server that is stopped for 1·4 of 6 s every percentile and every probe is told`() throws {
            for attempt in 1...3 {
                let (long, short) = (try StubService(), try StubService())
                let asked = try AskedRun(
                    [("steady", 1000, nil), ("squeeze", 6000, "cpu: 10%")],
                    probes: [
                        "long": "http: '\(long.url)', every: 50ms, timeout: 8s",
                        "short": "http: '\(short.url)', every: 50ms, timeout: 400ms",
                    ],
                    objectives: [90, 95, 99].map { "long p\($0) < 7s during squeeze" }
                        + ["short 99% good during squeeze"])
                try asked.begin()
                asked.sleep(until: 3)
                for stub in [long, short] { stub.send(SIGSTOP) }
                asked.sleep(until: 4.4)
                for stub in [long, short] { stub.send(SIGCONT) }
                let (code, log, output) = try asked.finish()
                let good = try log.objective("short")
                // A machine that keeps the prober from running says nothing of it.
                if good["withdrawn"] as? Int != 0, attempt < 3 { continue }
                #expect(code == 6, "\(output)")
                // 120 probes: 28 waited for 1.4, 1.35, … 0.05 s.
                for (percentile, wanted) in [(90, 0.8), (95, 1.1), (99, 1.35)] {
                    let result = try log.objective("p\(percentile)")
                    #expect(abs(try result.number("value") - wanted) <= 0.1, "\(result)")
                    #expect(result["count"] as? Int == 120)
                }
                #expect(abs(try good.number("value") - 100 / 120) <= 1.01 / 120, "\(good)")
                #expect(good["count"] as? Int == 120)
                let due = try #require(try log.end()["probes"] as? [[String: Any]]).compactMap { $0["due"] as? Int }
                // Each was asked once, and those that were given up, too.
                #expect(try [long, short].map { try $0.end().requests } == due)
                return
            }
        }

        @Test func `a service that is well 2 s after the release is back in an interval that is narrow and holds it`()
            throws
        {
            let names = ["refuses", "hangs", "forgets", "flaps", "never"]
            let stubs = try names.map { _ in try StubService() }
            let asked = try AskedRun(
                [("steady", 1000, nil), ("squeeze", 2000, "cpu: 10%")],
                probes: [
                    "refuses": "http: '\(stubs[0].url)', every: 50ms, timeout: 500ms",
                    // What hangs is answered, or given up only long after it is well again.
                    "hangs": "http: '\(stubs[1].url)', every: 50ms, timeout: 5s, good: in 300ms",
                    "forgets": "http: '\(stubs[2].url)', every: 50ms, timeout: 5s, good: in 300ms",
                    "flaps": "http: '\(stubs[3].url)', every: 50ms, timeout: 500ms",
                    "never": "http: '\(stubs[4].url)', every: 50ms, timeout: 500ms",
                ],
                objectives: names.map { "\($0) recovers within \($0 == "never" ? 1 : 8)s" })
            try asked.begin()
            for (stub, mode) in zip(stubs, ["refuse", "hang", "hang", "refuse", "hang"]) {
                try stub.order(mode, at: asked.start + 2)
            }
            var release = asked.start + 3
            try stubs[3].order("well", at: release + 0.4)
            try stubs[3].order("hang", at: release + 0.9)
            for (stub, mode) in zip(stubs.dropLast(), ["well", "well", "forget", "well"]) {
                try stub.order(mode, at: release + 2)
            }
            let (code, log, output) = try asked.finish()
            #expect(code == 6, "\(output)")
            release = asked.start + 3
            // The load was given back when its process had ended.
            let released = try #require(try log.ending("cpu")["elapsed_s"] as? Double) - 3
            for (name, stub) in zip(names.dropLast(), stubs) {
                let back = try #require(try log.interval("recovered_s", of: name), "\(name): \(output)")
                let well = try #require(try stub.end().changed) - release
                let holds = back.lowerBound <= well && well - released <= back.upperBound + 0.003
                #expect(holds, "\(name): \(back), and was well after \(well) s")
                #expect(back.upperBound - back.lowerBound <= 0.2, "\(name): \(back)")
            }
            #expect(try log.interval("recovered_s", of: "never") == nil)
            #expect(try log.verdicts() == Array(repeating: "recovered", count: 4) + ["not_recovered"], "\(output)")
        }

        /// What becomes of the load, what is said of it, and the exit codes for held, missed and no data.
        private static let loads: [(load: String, words: String, codes: [Int32])] = [
            ("met", "was really there. web", [0, 6, 6]),
            ("not met", "was not there as asked, so nothing is known of how web would do", [2, 2, 2]),
            ("killed", "was killed before its time, so nothing is known of how web would do", [5, 5, 5]),
        ]

        @Test(arguments: loads)
        func `nine cells of load and objective`(load: String, words: String, codes: [Int32]) throws {
            // However busy others are, the load is there, unless the quota says otherwise.
            let group = try TestGroup("cpu", [("cpu.cfs_quota_us", "100000"), ("cpu.shares", "20000")])
            let stubs = try (0..<3).map { _ in try StubService() }
            // Three at a time, each of which is well, is not, or is not asked.
            let runs = try stubs.enumerated().map { index, stub in
                try AskedRun(
                    [("steady", 1000, nil), ("squeeze", 3500, "cpu: 200m")],
                    probes: [
                        "web": "http: '\(stub.url)', every: \(index == 2 ? "20s" : "50ms"), timeout: 500ms"
                    ],
                    objectives: ["web 90% good during squeeze", "web p90 < 400ms", "web 50% good over 1s"]
                        + (index == 0 ? ["web recovers within 2s"] : []), cpu: "of: host, cgroup: '\(group.directory)'")
            }
            for run in runs { try run.begin() }
            try stubs[1].order("refuse", at: runs[1].start + 2)
            try stubs[1].order("well", at: runs[1].start + 4)
            runs[2].sleep(until: 2)
            if load == "not met" {
                try "5000".write(toFile: group.directory + "/cpu.cfs_quota_us", atomically: false, encoding: .utf8)
            }
            runs[2].sleep(until: 3)
            if load == "killed" { for id in runs.flatMap(\.run.stressors) { kill(id, SIGKILL) } }
            let verdicts =
                load == "met" ? ["held", "lost", "inconclusive"] : Array(repeating: "inconclusive", count: 3)
            let sentences = ["kept its objectives", "missed", "nobody knows, since no probe was asked in that time"]
            for (index, run) in runs.enumerated() {
                let (code, log, output) = try run.finish()
                #expect(code == codes[index], "\(output)")
                #expect(try log.sentence().contains(words), "\(output)")
                if load == "met" { #expect(try log.sentence().contains(sentences[index]), "\(output)") }
                let found = try log.verdicts()
                #expect(found.prefix(3).allSatisfy { $0 == verdicts[index] }, "\(output)")
                #expect(load == "met" || found.allSatisfy { $0 == "inconclusive" }, "\(output)")
            }
        }

        @Test func `a prober that never runs again has seen nothing good, and every due time has a result`() throws {
            let stub = try StubService()
            let asked = try AskedRun(
                [("steady", 1000, nil), ("squeeze", 3000, "cpu: 10%")],
                probes: ["web": "http: '\(stub.url)', every: 50ms, timeout: 500ms"],
                objectives: ["web 50% good during squeeze", "web recovers within 1s"])
            try asked.begin()
            asked.sleep(until: 3)
            kill(try #require(Processes.prober(of: asked.run.id)), SIGSTOP)
            let (code, log, output) = try asked.finish()
            #expect(code == 6, "\(output)")
            #expect(try log.verdicts() == ["inconclusive", "inconclusive"], "\(output)")
            let squeeze = try log.objective("during squeeze")
            #expect(squeeze["reason"] as? String == "prober_starved")
            let (count, withdrawn) = (squeeze["count"] as? Int ?? 0, squeeze["withdrawn"] as? Int ?? 0)
            #expect(count + withdrawn == 60 && abs(withdrawn - 20) <= 2, "\(squeeze)")
        }

        @Test func `where who asks is gone before the load nothing is exerted`() throws {
            let stub = try StubService()
            for signal in [SIGKILL, SIGSTOP] {
                let asked = try AskedRun(
                    [("steady", 3000, nil), ("squeeze", 3000, "cpu: 10%")],
                    probes: ["web": "http: '\(stub.url)', every: 50ms, timeout: 300ms"],
                    objectives: ["web 90% good before"])
                try asked.begin()
                asked.sleep(until: 0.5)
                kill(try #require(Processes.prober(of: asked.run.id)), signal)
                let (code, log, output) = try asked.finish()
                #expect(code == 7, "\(output)")
                #expect(try log.objective("before")["reason"] as? String == "prober_starved", "\(output)")
                #expect(log.all("phase_started").count == 1)
            }
        }

        @Test func `an alert is found within one period of when it fired`() throws {
            let stub = try StubService()
            let asked = try AskedRun(
                [("steady", 1000, nil), ("squeeze", 4000, "cpu: 20%")],
                probes: ["paged": "http: '\(stub.url)', every: 100ms, good: 'json .0.status.state == \"active\"'"],
                objectives: ["paged within 3s of squeeze"])
            try asked.begin()
            try stub.order("well", at: asked.start, body: "[]")
            try stub.order("well", at: asked.start + 3, body: #"[{"status": {"state": "active"}}]"#)
            let (code, log, output) = try asked.finish()
            #expect(code == 0, "\(output)")
            // It counts from when the load was seen on its target, which is a look of a tenth of a second at most.
            let fired = try #require(try stub.end().changed) - asked.start - 1
            let found = try #require(try log.interval("recovered_s", of: "paged"), "\(output)")
            let reached = try log.loaded("cpu").number("time_to_reach_s")
            #expect(
                found.lowerBound <= fired - reached && fired - reached <= found.upperBound + 0.005, "\(found), \(fired)"
            )
            #expect(found.upperBound - found.lowerBound <= 0.115, "\(found)")
        }
    }
}
