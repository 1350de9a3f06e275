// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Guards of real runs.
    @Suite(.serialized)
    struct Guards {
        private func profile(_ conditions: [String], load: String = "cpu: 5%") -> String {
            """
            stressors: { cpu: { of: host } }
            phases:
              - { name: load, for: 4s, load: { \(load) } }
              - { name: after, for: 1s }
            guards:
            \(conditions.map { "  - \($0)" }.joined(separator: "\n"))

            """
        }

        @Test func aGuardEndsTheRunAndReleasesEverything() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let text = profile(["handles.free < 1", "memory.available > 1MiB for 1s"])
            let result = try Exert.run(["run", "-", "--log", file], input: text)
            #expect(result.code == 3, "\(result.error)")
            #expect(result.output.contains("guard 'memory.available > 1MiB for 1s' tripped"), "\(result.output)")
            let log = try ExperimentLog(file: file)
            let trip = try #require(log.all("guard_tripped").first)
            #expect(trip["metric"] as? String == "memory.available")
            #expect(try trip.number("value") > 1_048_576)
            #expect(abs(try trip.number("elapsed_s") - 1.1) < 0.5, "\(trip)")
            let end = try log.end()
            #expect(end["verdict"] as? String == "aborted")
            #expect(end["released"] as? Bool == true)
            #expect(try end.object("guard_tripped")["guard"] as? String == "memory.available > 1MiB for 1s")
            #expect(try log.ending("cpu")["manner"] as? String == "released")
            #expect(result.stressors.allSatisfy { !Processes.isAlive($0) })
            #expect(log.all("phase_started").count == 1, "the next phase is not begun")
        }

        @Test func aGuardThatHoldsLetsTheRunBe() throws {
            let text = profile(["memory.available < 1MiB", "disk.available < 0.001%", "handles.free < 1 for 1s"])
                .replacingOccurrences(of: "for: 4s", with: "for: 2s")
            let result = try Exert.run(["run", "-", "--format", "json"], input: text)
            #expect([0, 2].contains(result.code), "\(result.error)")
            let guards = try jsonObject(result.output).object("plan")["guards"] as? [[String: Any]]
            let written = guards?.filter { $0["default"] == nil }
            #expect(written?.count == 3)
            #expect(guards?[1]["directory"] as? String == "/")
        }

        @Test func `a guard on a probe ends the run when the service is gone, and tells what was read`() throws {
            let folder = try ScratchFolder()
            let (up, file) = (folder.path + "/up", folder.path + "/log")
            try "".write(toFile: up, atomically: false, encoding: .utf8)
            let text = """
                phases: [{ name: squeeze, for: 20s, load: { file-handles: 100 } }]
                probes:
                  web: { command: [test, -e, "\(up)"], every: 50ms }
                  idle: { command: ["true"], every: 50ms }
                guards: [web < 50% good over 1s for 500ms, idle.bad > 50%, file-handles.errors > 1]

                """
            let run = try Exert.start(["run", "-", "--log", file], input: text)
            let isThere = eventually(within: 20) {
                (try? String(contentsOfFile: file, encoding: .utf8).contains(#""event":"probe_second""#)) == true
            }
            #expect(isThere)
            unlink(up)
            let result = try run.wait(limit: 30)
            #expect(result.code == 3, "\(result.output)\(result.error)")
            let log = try ExperimentLog(file: file)
            let trip = try #require(log.all("guard_tripped").first)
            #expect(trip["metric"] as? String == "web.good" && trip["probe"] as? String == "web")
            #expect(try trip.number("value") < 0.5 && trip.number("over_s") == 1 && trip.number("held_s") >= 0.5)
            let said = result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(said.contains("over 1s for 500ms' tripped: web.good was"), "\(result.output)")
            let schema = try MiniSchema(Exert.run(["schema", "log"]).output)
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            for line in lines { #expect(try schema.accepts(line), "\(line)") }
        }

        @Test func `a guard on errors ends the run when the kernel refuses`() throws {
            let text = """
                phases: [{ name: squeeze, for: 10s, load: { file-handles: 'steps 50, 500 every 2s' } }]
                guards: [file-handles.errors > 2 for 500ms]

                """
            let calm = text.replacingOccurrences(of: "for: 10s", with: "for: 4s")
            let result = try Exert.run(["run", "-", "--format", "json"], input: calm)
            #expect(result.code != 3, "with room for all there are no errors: \(result.output)")
            let run = try Exert.start(["run", "-", "--format", "json"], input: text)
            let isThere = eventually(within: 10) { !run.stressors.isEmpty }
            #expect(isThere)
            for id in run.stressors {
                let line = "prlimit --nofile=60:60 --pid \(id); exec \"$@\""
                #expect(try Exert.run(["--version"], wrapper: ["sh", "-ec", line, "sh"]).code == 0)
            }
            let refused = try run.wait(limit: 30)
            #expect(refused.code == 3, "\(refused.output)\(refused.error)")
            let trip = try jsonObject(refused.output).object("guard_tripped")
            #expect(trip["metric"] as? String == "file-handles.errors" && trip["stressor"] as? String == "file-handles")
            #expect(try trip.number("value") > 2 && trip["unit"] as? String == "errors_per_second")
        }

        @Test func aPlanTellsItsGuards() throws {
            let result = try Exert.run(["check", "-"], input: profile(["cpu.busy > 99% for 10s"]))
            #expect(result.code == 0, "\(result.error)")
            #expect(result.output.contains("guards, any of which ends the run"), "\(result.output)")
            #expect(result.output.contains("cpu.busy > 99% for 10s"))
        }
    }
}
