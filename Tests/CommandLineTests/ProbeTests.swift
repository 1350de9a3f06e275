// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// `exert probe` against a real server, which is stopped, and not there; and what is done to the prober itself.
    @Suite(.serialized)
    struct Probes {
        /// The whole bar of 30 s in `scripts/test --full`; a fifth of it otherwise.
        private static let isFull = ProcessInfo.processInfo.environment["EXERT_PROBE_BAR"] == "full"

        /// The last line of a log, and how often each outcome occurred.
        private func total(_ log: String) throws -> (line: [String: Any], outcomes: [String: Int]) {
            let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
            let last = try #require(text.split(separator: "\n").last { $0.contains("\"probe_total\"") })
            let line = try #require(JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
            return (line, try #require(line["outcomes"] as? [String: Int]))
        }

        @Test func `a stopped server is seen whole, and each due time has a result`() throws {
            let scale = Self.isFull ? 1.0 : 0.2
            let folder = try ScratchFolder()
            let services = [try Service(), try Service()]
            func start(_ index: Int, timeout: Double) throws -> RunningExert {
                try Exert.start([
                    "probe", services[index].url, "--every", "50ms", "--timeout", "\(Int(timeout * 1000))ms", "--for",
                    "\(Int(30_000 * scale))ms", "--log", folder.path + "/\(index)", "-q",
                ])
            }
            let probes = [try start(0, timeout: 10 * scale), try start(1, timeout: scale)]
            usleep(UInt32(10_000_000 * scale))
            for service in services { service.process.send(SIGSTOP) }
            usleep(UInt32(6_000_000 * scale))
            for service in services { service.process.send(SIGCONT) }
            for probe in probes { #expect(try probe.wait(limit: 60).code == 0) }
            let due = Int(600 * scale)
            let patient = try total(folder.path + "/0")
            #expect(patient.line["due"] as? Int == due && patient.outcomes["timeout"] == nil, "\(patient)")
            let latency = try #require(patient.line["latency"] as? [String: Any])
            for (name, expected) in [("p90_s", 3.0), ("p95_s", 4.5), ("p99_s", 5.7)] {
                let measured = try #require(latency[name] as? Double)
                #expect(abs(measured - expected * scale) < 0.1, "\(name) \(measured)")
            }
            let impatient = try total(folder.path + "/1")
            #expect(impatient.line["due"] as? Int == due)
            let good = try #require(impatient.line["good_ratio"] as? Double)
            // This server has many dead connections to go through first; ProbesTests has one that is quick.
            #expect(abs(good - 5.0 / 6) < 0.01 + 0.003 / scale, "\(good)")
        }

        @Test func `what a stopped prober did not see is withdrawn`() throws {
            let service = try Service()
            let folder = try ScratchFolder()
            let log = folder.path + "/log"
            let probe = try Exert.start([
                "probe", service.url, "--every", "50ms", "--timeout", "500ms", "--for", "3s", "--log", log,
            ])
            let hasBegun = eventually(within: 10) { probe.output.contains("0:01") }
            try #require(hasBegun)
            let child = try #require(Processes.prober(of: probe.id))
            kill(child, SIGSTOP)
            usleep(1_000_000)
            kill(child, SIGCONT)
            let result = try probe.wait(limit: 20)
            #expect(result.code == 0)
            let outcomes = try total(log).outcomes
            #expect(outcomes.values.reduce(0, +) == 60)
            #expect((17...22).contains(outcomes["withdrawn"] ?? 0), "\(outcomes)")
            #expect(outcomes["timeout"] == nil, "\(outcomes)")
            #expect(result.output.contains("withdrawn"))
        }

        @Test func `the prober ends with whoever started it`() throws {
            let service = try Service()
            let probe = try Exert.start(["probe", service.url, "--every", "50ms"])
            let hasBegun = eventually(within: 10) { probe.output.contains("0:01") }
            try #require(hasBegun)
            let child = try #require(Processes.prober(of: probe.id))
            probe.send(SIGKILL)
            #expect(eventually(within: 1) { !Processes.isAlive(child) })
        }

        @Test func `an interrupt ends it with a summary, stalled or not`() throws {
            let service = try Service()
            let probe = try Exert.start(["probe", service.url, "--every", "50ms", "--timeout", "10s"])
            let hasBegun = eventually(within: 10) { probe.output.contains("0:01") }
            try #require(hasBegun)
            service.process.send(SIGSTOP)
            usleep(300_000)
            let begin = ContinuousClock.now
            probe.send(SIGINT)
            let result = try probe.wait(limit: 10)
            service.process.send(SIGCONT)
            #expect(begin.duration(to: .now) < .milliseconds(600))
            #expect(result.code == 0 && result.output.contains(" good ("), "\(result.output)")
        }

        @Test func `where nobody answers the exit code says so`() throws {
            let result = try Exert.run(["probe", "unix:/tmp/exert-nobody.sock:/", "--every", "100ms", "--for", "500ms"])
            #expect(result.output.contains("0:01  5 refused"))
            #expect(result.code == 6 && result.output.contains("0 of 5 good") && result.output.contains("5 refused"))
        }

        @Test(
            arguments: [
                (["https://127.0.0.1/", "--ca", "/nonexistent"], 64, "--ca"),
                (["http://127.0.0.1/", "--no-verify"], 64, "--no-verify"), (["dns:a..b"], 4, "name"),
                (["http://no-such-host.invalid/"], 4, "no address"), (["ftp://a/"], 64, "http://"),
                (["http://user:secret@a/"], 64, "http://"), (["tcp://a"], 64, "tcp://"),
                (["tcp://127.0.0.1:1", "--every", "0s"], 64, "--every"),
                (["tcp://127.0.0.1:1", "--status", "99"], 64, "--status"), ([], 64, "url"),
                (["http://127.0.0.1:1/", "--header", "A: env:EXERT_NO_SUCH"], 4, "EXERT_NO_SUCH"),
            ] as [([String], Int32, String)])
        func `what cannot be asked is refused before the start`(words: [String], code: Int32, message: String) throws {
            let result = try Exert.run(["probe"] + words + ["--for", "1s"])
            #expect(result.code == code && result.error.contains(message), "\(result.code) \(result.error)")
        }
    }
}
