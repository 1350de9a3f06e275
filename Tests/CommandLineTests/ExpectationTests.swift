// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Ends that are wanted, of real processes: the kernel's OOM killer in a group of our own.
    @Suite(
        .serialized,
        .enabled(if: TestGroup.isPossible, "needs root and writable cgroup v1 hierarchies 'cpu' and 'memory'"))
    struct WantedEnds {
        private static let limit = 200 << 20

        private func memoryGroup() throws -> TestGroup {
            try TestGroup("memory", [("memory.limit_in_bytes", "\(Self.limit)")])
        }

        /// Without swap, of the host or of the group, there is nothing but the kill.
        private static let hasSwap =
            (try? String(contentsOfFile: "/proc/swaps", encoding: .utf8).split(separator: "\n").count > 1) ?? false

        private func profile(_ load: String, settings: String = "beyond-limit: true") -> String {
            """
            stressors: { memory: { \(settings) } }
            phases:
              - { name: fill, for: 1s, load: { memory: 50% } }
              - { name: over, for: 10s, load: { memory: \(load) } }

            """
        }

        @Test(.enabled(if: !hasSwap), arguments: ["120%", "240MiB"])
        func aKillThatIsWantedIsASuccessAndIsNamed(load: String) throws {
            let group = try memoryGroup()
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let result = try Exert.run(
                ["run", "-", "--log", file], input: profile("{ load: \(load), expect: killed }"),
                wrapper: group.wrapper)
            #expect(result.code == 0, "\(result.output) \(result.error)")
            #expect(result.output.contains("met (memory killed, as expected)"), "\(result.output)")
            #expect(result.output.contains("exit 0: all came as expected: memory killed"), "\(result.output)")
            let log = try ExperimentLog(file: file)
            let end = try log.ending("memory")
            #expect(end["manner"] as? String == "killed" && end["out_of_memory"] as? Bool == true)
            #expect((end["note"] as? String)?.contains("\(group.directory)/memory.oom_control") == true, "\(end)")
            let run = try log.end()
            #expect(run["verdict"] as? String == "met" && run["exit_code"] as? Int == 0)
            let expectations = try #require(run["expectations"] as? [[String: Any]])
            #expect(expectations.count == 1 && expectations[0]["came"] as? Bool == true)
            #expect(expectations[0]["phase"] as? String == "over")
            let results = try #require(run["results"] as? [[String: Any]])
            #expect(results.map { $0["verdict"] as? String } == ["met", "killed"], "what came is told as it is")
            #expect(results.map { $0["expected"] as? Bool } == [nil, true])
            let plan = try log.all("run_started")[0].object("plan")
            #expect(try (plan["phases"] as? [[String: Any]])?[1].object("expect")["memory"] as? String == "killed")
            let aside = try #require(plan["guards_aside"] as? [[String: Any]])
            #expect(aside.map { $0["guard"] as? String }.contains("psi.memory.full > 40% for 10s"))
        }

        @Test(.enabled(if: !hasSwap))
        func aKillThatNobodyWantedIsStillOne() throws {
            let group = try memoryGroup()
            let result = try Exert.run(["run", "-"], input: profile("120%"), wrapper: group.wrapper)
            #expect(result.code == 5, "\(result.output) \(result.error)")
            #expect(result.output.contains("killed by the kernel's OOM killer"), "\(result.output)")
        }

        @Test(arguments: [
            (
                "{ load: 60%, expect: killed }", "beyond-limit: true",
                "memory in over was expected to be killed, and was not"
            ),
            ("60%", "beyond-limit: true, expect: killed", "memory was expected to be killed, and was not in any phase"),
            // The headroom still stands before the limit.
            (
                "{ load: 240MiB, expect: killed }", "headroom: 8MiB",
                "memory in over was expected to be killed, and was not"
            ),
        ])
        func aKillThatDoesNotComeIsAMiss(load: String, settings: String, sentence: String) throws {
            let group = try memoryGroup()
            let text = profile(load, settings: settings).replacingOccurrences(of: "for: 10s", with: "for: 2s")
            let result = try Exert.run(["run", "-"], input: text, wrapper: group.wrapper)
            #expect(result.code == 2, "\(result.output) \(result.error)")
            #expect(result.output.contains(sentence), "\(result.output)")
            #expect(result.output.contains("exit 2: an end that was expected did not come"), "\(result.output)")
        }

        @Test func aMissThatIsWantedIsASuccess() throws {
            // So little that others take less from it than the quota does.
            let group = try TestGroup("cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "10000")])
            let result = try Exert.run(
                ["run", "--load", "cpu=1 core", "--set", "cpu.expect=not_met", "--for", "3s", "--format", "json"],
                wrapper: group.wrapper)
            #expect(result.code == 0, "\(result.output) \(result.error)")
            let results = try #require(try jsonObject(result.output)["results"] as? [[String: Any]])
            #expect(results[0]["verdict"] as? String == "not_met" && results[0]["limited_by"] as? String == "quota")
            #expect(results[0]["expected"] as? Bool == true)
        }

        @Test(arguments: [
            ("memory=120%", nil, "percent of a limit cannot exceed 100 without 'beyond-limit: true'"),
            (
                "memory=1GiB", "memory.beyond-limit=true",
                "the host's own memory ends first (no group of it has a limit)"
            ),
            ("memory=1GiB", "memory.beyond-host=true", "'beyond-host' goes with 'beyond-limit: true'"),
        ])
        func theHostIsNotRunOutOfMemoryByTheWay(load: String, setting: String?, problem: String) throws {
            // In the root group, whatever the test itself is in: there the host binds.
            let wrapper = ["sh", "-c", "echo $$ > /sys/fs/cgroup/memory/cgroup.procs && exec \"$@\"", "sh"]
            let result = try Exert.run(
                ["check", "--load", load, "--for", "1s"] + (setting.map { ["--set", $0] } ?? []), wrapper: wrapper)
            #expect(result.code == 64)
            #expect(result.error.contains(problem), "\(result.error)")
        }

        @Test func whatIsOnByDefaultCanBeTurnedOff() throws {
            func guards(_ more: [String]) throws -> (on: [String], aside: [String]) {
                let result = try Exert.run(
                    ["check", "--load", "cpu=1%", "--for", "1s", "--format", "json"] + more)
                #expect(result.code == 0, "\(result.error)")
                let plan = try jsonObject(result.output).object("plan")
                func texts(_ key: String) -> [String] {
                    (plan[key] as? [[String: Any]] ?? []).compactMap { $0["guard"] as? String }
                }
                return (texts("guards"), texts("guards_aside"))
            }
            #expect(try guards([]).on.contains("memory.available < 32MiB for 2s"))
            let off = try guards(["--set", "guards.defaults=off"])
            #expect(off.on.isEmpty && off.aside.count == 2)
        }
    }
}
