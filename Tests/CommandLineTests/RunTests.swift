// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Runs that come to their end: what they exert, and what they say about it.
    @Suite(.serialized)
    struct Runs {
        @Test func twoLoadsAreExertedLoggedAndGivenBack() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/run.ndjson"
            let result = try Exert.run([
                "run", "--load", "cpu=20%", "--load", "memory=64MiB", "--for", "2s", "--interval", "500ms", "--log",
                file,
            ])
            // 2 where the machine does something else: other work on the processors, or memory that the hypervisor is
            // slow to hand out.
            #expect([0, 2].contains(result.code), "\(result.error)")
            #expect(result.stressors.count == 2)
            #expect(result.stressors.allSatisfy { !Processes.isAlive($0) })
            #expect(result.output.contains("cpu") && result.output.contains("memory"), "the summary is the output")

            let log = try ExperimentLog(file: file)
            let order = log.events.filter { !["sample", "finding", "stressor_ended"].contains($0) }
            #expect(order == ["run_started", "phase_started", "phase_ended", "run_ended"])
            #expect(log.all("stressor_ended").count == 2)
            let end = try log.end()
            #expect(try end.number("exit_code") == Double(result.code))
            #expect(end["verdict"] as? String == (result.code == 0 ? "met" : "not_met"))
            #expect(end["released"] as? Bool == true)

            let samples = log.all("sample")
            // Two samples that a stall lets fall together are one.
            #expect((3...4).contains(samples.count), "four half seconds, \(samples.count) samples")
            let times = try samples.map { try $0.number("elapsed_s") }
            #expect(times == times.sorted() && times.allSatisfy { $0 > 0 && $0 < 4 })
            let start = try #require(log.all("run_started").first).object("plan").object("stressors")
            let cpu = try log.result("cpu")
            let capacity = try start.object("cpu").number("capacity")
            let target = try cpu.number("target_mean")
            #expect(abs(target - capacity / 5) < 0.01 * capacity, "20 % of \(capacity) cores")
            #expect(abs(try cpu.number("achieved_mean") - target) < 0.05 * capacity, "\(cpu)")
            #expect(abs(try log.result("memory").number("target_mean") - 67_108_864) < 2_097_152)
            let last = try log.lastReading("memory")
            #expect(try last.number("target") == 67_108_864)
            #expect(abs(try last.number("achieved") - 67_108_864) < 1_048_576, "\(last)")
            #expect(last["witness"] as? String == "statm")
        }

        @Test func aLogOnStandardOutputIsAloneThere() throws {
            let result = try Exert.run(["run", "--load", "memory=48MiB", "--for", "1s", "--log", "-"])
            let log = try ExperimentLog(text: result.output)
            #expect(try log.end().number("exit_code") == Double(result.code))
            #expect(result.error.contains("memory"), "the summary goes where the log does not")
        }

        @Test func theResultAsJSONIsOneDocument() throws {
            let result = try Exert.run(["run", "--load", "memory=48MiB", "--for", "1s", "--format", "json", "--quiet"])
            let document = try jsonObject(result.output)
            #expect(document["schema"] as? String == "exert-report/1")
            #expect(try document.number("exit_code") == Double(result.code))
            #expect((document["results"] as? [Any])?.count == 1)
            #expect(result.error.isEmpty, "quiet: \(result.error)")
        }

        @Test func aProfileComesThroughStandardInput() throws {
            let text = """
                name: piped
                stressors: { held: { kind: memory, pages: small } }
                phases:
                  - { name: first, for: 400ms, load: { held: 32MiB } }
                  - { name: rest, for: 400ms }
                """
            let folder = try ScratchFolder()
            let file = folder.path + "/run.ndjson"
            let result = try Exert.run(["run", "-", "--log", file], input: text)
            #expect([0, 2].contains(result.code), "\(result.error)")
            let log = try ExperimentLog(file: file)
            let profile = try #require(log.all("run_started").first).object("profile")
            #expect(profile["name"] as? String == "piped" && profile["file"] as? String == "<stdin>")
            #expect(log.all("phase_started").compactMap { $0["phase"] as? String } == ["first", "rest"])
            #expect(log.all("phase_ended").count == 2)
        }

        @Test func twoRunsAppendToOneLog() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/run.ndjson"
            for _ in 1...2 {
                let result = try Exert.run(["run", "--load", "cpu=1%", "--for", "300ms", "--log", file])
                #expect([0, 2].contains(result.code), "\(result.error)")
            }
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let ids = Set(text.matches(of: /"run_id":"(\w+)"/).map { String($0.1) })
            #expect(ids.count == 2, "evidence of the first run is kept, and can be told apart")
        }

        @Test func aRunBeginsAtTheInstantThatWasAskedFor() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let begin = Date().addingTimeInterval(4.5)
            let format = ISO8601DateFormatter()
            format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            let result = try Exert.run(
                [
                    "run", "--load", "cpu=5%", "--for", "1s", "--log", file, "--start-at", format.string(from: begin),
                    "--label", "host=node-1", "--label", "try=1",
                ],
                environment: ["TRACEPARENT": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
            #expect([0, 2].contains(result.code), "\(result.error)")
            #expect(result.error.contains("waiting until "), "\(result.error)")
            let log = try ExperimentLog(file: file)
            let started = try #require(try log.end()["started_at"] as? String)
            let parse = ISO8601DateFormatter()
            parse.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            // The formatter reads milliseconds.
            let time = try #require(parse.date(from: String(started.prefix(23)) + "Z"))
            #expect(abs(time.timeIntervalSince(begin)) < 0.05, "\(started)")
            for line in log.lines {
                #expect(line["labels"] as? [String: String] == ["host": "node-1", "try": "1"])
                #expect((line["traceparent"] as? String)?.hasPrefix("00-4bf92f35") == true)
            }
        }

        @Test(arguments: [
            (["--start-at", "tomorrow"], "RFC 3339"), (["--start-at", "2020-01-01T00:00:00Z"], "is past"),
            (["--start-at", "2199-01-01T00:00:00Z"], "more than a day away"), (["--label", "x"], "has no '='"),
        ])
        func aStartOrLabelThatIsNoneIsBadUsage(arguments: [String], why: String) throws {
            let result = try Exert.run(["run", "--load", "cpu=5%", "--for", "1s"] + arguments)
            #expect(result.code == 64)
            #expect(result.error.contains(why), "\(result.error)")
            #expect(result.stressors.isEmpty)
        }

        @Test func whoWaitsForTheStartCanBeInterrupted() throws {
            let begin = ISO8601DateFormatter().string(from: Date().addingTimeInterval(600))
            let run = try Exert.start(["run", "--load", "cpu=5%", "--for", "1s", "--start-at", begin])
            #expect(eventually(within: 5) { run.error.contains("waiting until") })
            run.send(SIGINT)
            #expect(try run.wait(limit: 5).code == 130)
        }
    }
}
