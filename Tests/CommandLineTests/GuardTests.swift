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

        @Test func aPlanTellsItsGuards() throws {
            let result = try Exert.run(["check", "-"], input: profile(["cpu.busy > 99% for 10s"]))
            #expect(result.code == 0, "\(result.error)")
            #expect(result.output.contains("guards, any of which ends the run"), "\(result.output)")
            #expect(result.output.contains("cpu.busy > 99% for 10s"))
        }
    }
}
