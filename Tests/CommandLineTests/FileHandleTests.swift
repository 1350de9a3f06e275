// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// File handles as users see them; what is claimed is counted again here, in `/proc`.
    @Suite(.serialized)
    struct FileHandles {
        /// A table of this size for exert and its stressors, whatever the host allows.
        private static let limit = 4096
        private static let limited = ["sh", "-c", "ulimit -n \(limit); exec \"$@\"", "sh"]

        private func descriptors(_ id: Int32) -> Int {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd"))?.count ?? 0
        }

        private func openFiles() throws -> Int {
            let text = try String(contentsOfFile: "/proc/sys/fs/file-nr", encoding: .utf8)
            return try #require(text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) })
        }

        // MARK: The process

        @Test func allButTenIsExact() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let run = try Exert.start(
                ["run", "--load", "file-handles=leave 10", "--for", "2s", "--log", file], wrapper: Self.limited)
            let isHeld = eventually(within: 10) { run.stressors.contains { descriptors($0) == Self.limit - 10 } }
            #expect(isHeld, "\(run.stressors.map(descriptors))")
            let result = try run.wait(limit: 20)
            #expect(result.code == 0, "\(result.error)")
            let log = try ExperimentLog(file: file)
            let held = try log.result("file-handles")
            #expect(try held.number("target_mean") == Double(Self.limit - 10))
            #expect(try held.number("error_abs_max") == 0, "\(held)")
            #expect(try log.lastReading("file-handles").number("achieved") == Double(Self.limit - 10))
            #expect(try log.lastReading("file-handles")["witness"] as? String == "proc_fd")
            #expect(try log.ending("file-handles").number("cpu_s") < 0.2)
            #expect(try log.end()["released"] as? Bool == true)
        }

        @Test func aFullTableIsHeldToTheLastNumber() throws {
            let result = try Exert.run(
                ["run", "--load", "file-handles=max", "--for", "1s", "--format", "json", "--quiet"],
                wrapper: Self.limited)
            #expect(result.code == 0, "\(result.error)")
        }

        @Test func moreThanATableIsHeldBySeveralProcesses() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let run = try Exert.start(
                ["run", "--load", "file-handles=20000", "--for", "2s", "--log", file], wrapper: Self.limited)
            let isHeld = eventually(within: 10) { run.stressors.reduce(0) { $0 + descriptors($1) } == 20_000 }
            #expect(isHeld)
            let result = try run.wait(limit: 20)
            #expect(result.code == 0 && result.stressors.count >= 5, "\(result.error)")
            let log = try ExperimentLog(file: file)
            #expect(try log.result("file-handles").number("error_abs_max") == 0)
            #expect(log.all("stressor_ended").count == result.stressors.count)
        }

        @Test func aSawtoothIsFollowed() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let load = "file-handles=sawtooth 100 to 4000 every 2s"
            let result = try Exert.run(["run", "--load", load, "--for", "4s", "--log", file], wrapper: Self.limited)
            #expect([0, 2].contains(result.code), "\(result.error)")
            // A busy machine wakes a stressor late: 1,950 handles a second are 20 in 10 ms.
            let mean = try ExperimentLog(file: file).result("file-handles").number("error_abs_mean")
            #expect(mean < 40, "\(mean)")
        }

        // MARK: The system

        @Test(arguments: ["path", "eventfd", "pipe", "socket"])
        func filesOfTheSystemAreTakenAndGivenBack(handle: String) throws {
            let folder = try ScratchFolder()
            let before = try openFiles()
            let profile = try folder.write(
                """
                stressors: { files: { kind: file-handles, of: system, handle: \(handle) } }
                phases:
                  - { name: hold, for: 1s, load: { files: 9001 } }
                  - { name: rest, for: 500ms }
                """, to: "p.yaml")
            let run = try Exert.start(["run", profile, "--log", folder.path + "/log"], wrapper: Self.limited)
            // Others come and go meanwhile.
            let isHeld = eventually(within: 10) { ((try? openFiles()) ?? 0) - before > 8000 }
            #expect(isHeld)
            let result = try run.wait(limit: 20)
            #expect(result.code == 0, "\(result.error)")
            #expect(try openFiles() - before < 4000)
            let log = try ExperimentLog(file: folder.path + "/log")
            #expect(try log.lastReading("files").number("achieved") == 9001)
            #expect(log.all("finding").isEmpty, "release was confirmed")
        }

        // MARK: A target

        /// A process that is squeezed; ended when the test lets go of it.
        private final class Victim {
            let process = Process()
            var id: Int32 { process.processIdentifier }

            init(_ script: String) throws {
                process.executableURL = URL(fileURLWithPath: "/bin/sh")
                process.arguments = ["-c", script]
                try process.run()
                _ = eventually(within: 5) { Processes.arguments(of: process.processIdentifier).first != nil }
                usleep(100_000)
            }

            deinit { end() }

            func end() {
                if process.isRunning {
                    kill(id, SIGKILL)
                    process.waitUntilExit()
                }
            }

            /// The soft limit on open files.
            var limit: Int? {
                let text = (try? String(contentsOfFile: "/proc/\(id)/limits", encoding: .utf8)) ?? ""
                let line = text.split(separator: "\n").first { $0.hasPrefix("Max open files") }
                return line?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
            }

            /// Numbers below the limit that are not in use.
            var free: Int? {
                let used = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd"))?
                    .compactMap { Int($0) }
                guard let used, let limit else { return nil }
                return limit - used.filter { $0 < limit }.count
            }
        }

        private func profile(_ victim: Victim, in folder: ScratchFolder, load: String = "leave 10") throws -> String {
            try folder.write(
                """
                stressors: { victim: { kind: file-handles, target: { pid: \(victim.id) } } }
                phases:
                  - { name: squeeze, for: 2s, load: { victim: \(load) } }
                  - { name: rest, for: 1s }
                """, to: "p.yaml")
        }

        @Test func anotherProcessIsSqueezedAndRestored() throws {
            let folder = try ScratchFolder()
            let victim = try Victim("exec 7</dev/null 9</dev/null; exec sleep 60")
            let before = try #require(victim.limit)
            let run = try Exert.start(
                ["run", profile(victim, in: folder), "--log", folder.path + "/log"],
                environment: ["EXERT_STATE_DIRECTORY": folder.path + "/state"])
            #expect(eventually(within: 10) { victim.free == 10 })
            #expect(victim.limit ?? 0 < before)
            #expect(records(folder) == 1, "written before the effect")
            let result = try run.wait(limit: 20)
            #expect(result.code == 0, "\(result.error)")
            #expect(victim.limit == before)
            #expect(records(folder) == 0)
            let log = try ExperimentLog(file: folder.path + "/log")
            let squeezed = try log.result("victim")
            #expect(try squeezed.number("target_mean") == Double(before - 10))
            #expect(try squeezed.number("error_abs_max") == 0)
        }

        private func records(_ folder: ScratchFolder) -> Int {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/state")) ?? []).count
        }

        @Test func whatTheProcessOpensIsFollowed() throws {
            let folder = try ScratchFolder()
            let victim = try Victim("sleep 1.3; exec 5</dev/null 7</dev/null 9</dev/null; exec sleep 60")
            let run = try Exert.start(
                ["run", profile(victim, in: folder), "--log", folder.path + "/log"],
                environment: ["EXERT_STATE_DIRECTORY": folder.path + "/state"])
            #expect(eventually(within: 10) { victim.free == 10 })
            let used = descriptors(victim.id)
            #expect(eventually(within: 5) { descriptors(victim.id) > used && victim.free == 10 })
            #expect(try run.wait(limit: 20).code == 0)
        }

        private static let prlimit = "/usr/bin/prlimit"

        @Test(
            .enabled(
                if: FileManager.default.isExecutableFile(atPath: prlimit), "needs prlimit(1) of util-linux"))
        func aLimitThatSomebodyElseSetIsWhatIsRestored() throws {
            let folder = try ScratchFolder()
            let victim = try Victim("exec sleep 60")
            let run = try Exert.start(
                ["run", profile(victim, in: folder), "--log", folder.path + "/log"],
                environment: ["EXERT_STATE_DIRECTORY": folder.path + "/state"])
            #expect(eventually(within: 10) { victim.free == 10 })
            let other = try Process.run(
                URL(fileURLWithPath: Self.prlimit), arguments: ["--pid", "\(victim.id)", "--nofile=200:300"])
            other.waitUntilExit()
            #expect(eventually(within: 1) { victim.free == 10 }, "and it is squeezed again")
            #expect([0, 2].contains(try run.wait(limit: 20).code))
            #expect(victim.limit == 200)
            #expect(records(folder) == 0)
            let findings = try ExperimentLog(file: folder.path + "/log").all("finding")
            #expect(findings.contains { $0["code"] as? String == "target_limit_changed" })
        }

        @Test func aProcessThatEndsIsToldTruly() throws {
            let folder = try ScratchFolder()
            let victim = try Victim("exec sleep 1.2")
            let result = try Exert.run(
                ["run", profile(victim, in: folder), "--log", folder.path + "/log"],
                environment: ["EXERT_STATE_DIRECTORY": folder.path + "/state"])
            #expect(result.code == 2, "\(result.error)")
            let log = try ExperimentLog(file: folder.path + "/log")
            #expect(log.all("finding").contains { $0["code"] as? String == "target_ended" })
            #expect(try log.result("victim")["verdict"] as? String == "not_met")
            #expect(records(folder) == 0)
        }

        @Test func afterTheDeathOfAllTheLimitIsRestoredByCleanup() throws {
            let folder = try ScratchFolder()
            let victim = try Victim("exec sleep 60")
            let before = try #require(victim.limit)
            let environment = ["EXERT_STATE_DIRECTORY": folder.path + "/state"]
            let run = try Exert.start(["run", profile(victim, in: folder), "--quiet"], environment: environment)
            #expect(eventually(within: 10) { victim.free == 10 })
            // The stressor first: it must have no last moment to restore anything in.
            for stressor in run.stressors { kill(stressor, SIGKILL) }
            run.send(SIGKILL)
            _ = try run.wait(limit: 5)
            if victim.limit != before {
                let cleanup = try Exert.run(["cleanup"], environment: environment)
                #expect(cleanup.code == 0, "\(cleanup.error)")
            }
            #expect(victim.limit == before)
            #expect(records(folder) == 0)
        }

        // MARK: Bad input

        @Test(arguments: [
            ("target: { pid: 4194304 }", "leave 10", Int32(64), "no process"),
            ("target: { pid: 1 }", "50%", 64, "leave N"),
            ("of: system, handle: dup", "10", 64, "dup"),
            ("mode: total", "10", 64, "of: system"),
            ("of: everything", "10", 64, "of"),
            ("handle: disk", "10", 64, "handle"),
            ("of: process", "leave 999999999", 64, "leave"),
            ("of: process", "90000000000", 4, "processes"),
        ])
        func whatMakesNoSenseIsRefused(settings: String, load: String, code: Int32, word: String) throws {
            let folder = try ScratchFolder()
            let profile = try folder.write(
                """
                stressors: { files: { kind: file-handles, \(settings) } }
                phases: [ { name: a, for: 1s, load: { files: \(load) } } ]
                """, to: "p.yaml")
            let result = try Exert.run(["run", profile])
            #expect(result.code == code, "\(result.error)")
            #expect(result.error.contains(word), "\(result.error)")
            #expect(result.stressors.isEmpty)
        }
    }
}
