// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// Threads in a real control group, counted where the kernel counts them.
    @Suite(
        .serialized,
        .enabled(if: access("/sys/fs/cgroup/pids/cgroup.procs", W_OK) == 0, "needs a writable v1 hierarchy 'pids'"))
    struct ProcessNumbers {
        /// Runs a load in a group, and calls `during` a while after it began.
        private func run(
            _ group: TestGroup, _ load: String, _ settings: [String] = [], during: () throws -> Void
        ) throws -> (log: ExperimentLog, result: Exert.Result) {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let run = try Exert.start(
                ["run", "--load", "processes=\(load)", "--set", "processes.cgroup=\(group.directory)"]
                    + settings.flatMap { ["--set", "processes.\($0)"] } + ["--for", "3s", "--log", file])
            let hasBegun = eventually(within: 20) {
                (FileManager.default.contents(atPath: file) ?? Data()).range(of: Data("\"run_started\"".utf8)) != nil
            }
            try #require(hasBegun, "\(run.error)")
            usleep(1_500_000)
            try during()
            let result = try run.wait(limit: 30)
            return (try ExperimentLog(file: file), result)
        }

        private func number(_ group: TestGroup, _ file: String) -> Int? {
            (try? String(contentsOfFile: "\(group.directory)/\(file)", encoding: .utf8))
                .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }

        @Test(arguments: [("25%", 100), ("200", 200), ("87.5%", 350), ("leave 10", 390), ("max", 400)])
        func theGroupCountsWhatWasAskedForToTheUnit(load: String, count: Int) throws {
            let group = try TestGroup("pids", [("pids.max", "400")])
            var seen: Int?
            let (log, result) = try run(group, load) { seen = number(group, "pids.current") }
            #expect(seen == count)
            #expect(result.code == 0, "\(result.error)")
            let outcome = try log.result("processes")
            // On the way there it was less.
            #expect(abs((outcome["achieved_mean"] as? Double ?? 0) - Double(count)) < 0.1 * Double(count))
            #expect(outcome["unit"] as? String == "processes")
            #expect(number(group, "pids.current") == 0, "nothing is left")
        }

        @Test func whoSharesTheLimitCannotForkAndCanAgainAtOnce() throws {
            let group = try TestGroup("pids", [("pids.max", "100")])
            // It is in the group before the load takes all.
            let victim = try Victim(in: group.directory)
            #expect(try victim.canFork())
            let (_, result) = try run(group, "max", ["of=cgroup"]) {
                let canFork = try victim.canFork()
                #expect(!canFork, "EAGAIN")
            }
            #expect(result.code == 0, "\(result.error)")
            #expect(eventually(within: 1) { (try? victim.canFork()) == true })
        }

        @Test func killedByWhateverNothingIsLeft() throws {
            let group = try TestGroup("pids", [])
            let run = try Exert.start([
                "run", "--load", "processes=10000", "--set", "processes.cgroup=\(group.directory)", "--for", "20s",
            ])
            #expect(eventually(within: 10) { number(group, "pids.current") == 10000 })
            for id in run.stressors + [run.id] { kill(id, SIGKILL) }
            #expect(eventually(within: 3) { number(group, "pids.current") == 0 })
            _ = try run.wait(limit: 10)
        }

        @Test func aGroupWithoutALimitIsRefusedWithTheRemedy() throws {
            let group = try TestGroup("pids", [])
            let result = try Exert.run([
                "run", "--load", "processes=50%", "--set", "processes.of=cgroup", "--set",
                "processes.cgroup=\(group.directory)", "--for", "1s",
            ])
            #expect(result.code == 4)
            #expect(result.error.contains("pids.max"), "\(result.error)")
        }

        @Test func aUsersLimitIsHeldToAndTheHostIsNeverUsedUp() throws {
            let folder = try ScratchFolder()
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
            func run(_ limit: String) throws -> Exert.Result {
                try Exert.run(
                    ["run", "--load", "processes=leave 10", "--set", "processes.of=user", "--for", "3s"],
                    environment: ["EXERT_STATE_DIRECTORY": folder.path],
                    wrapper: [
                        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c",
                        "ulimit -u \(limit); exec \"$@\"", "bash",
                    ])
            }
            let limited = try run("300")
            #expect(limited.code == 0, "\(limited.error)")
            #expect(limited.output.contains("290/290") || limited.error.contains("290/290"), "\(limited.error)")
            let most = try String(contentsOfFile: "/proc/sys/kernel/pid_max", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let refused = try run(most)
            #expect(refused.code == 4, "\(refused.error)")
            #expect(refused.error.contains("the host's own limit"), "\(refused.error)")
        }

        @Test func whoLivesUnderTheLimitIsTold() throws {
            let group = try TestGroup("pids", [("pids.max", "100")])
            let victim = try Victim(in: group.directory)
            #expect(try victim.canFork())
            let result = try Exert.run([
                "check", "--load", "processes=50%", "--set", "processes.of=cgroup", "--set",
                "processes.cgroup=\(group.directory)", "--for", "1s",
            ])
            #expect(result.code == 0, "\(result.error)")
            #expect(
                result.output.contains("\(group.directory)/pids.max allows 100; 1 are there: perl 1"),
                "\(result.output)")
        }

        @Test func aGuardOnFreeProcessesEndsTheRun() throws {
            let group = try TestGroup("pids", [("pids.max", "60")])
            let profile = """
                stressors: { cpu: { of: host } }
                phases: [{ name: load, for: 5s, load: { cpu: 1% } }]
                guards: [processes.free < 55]

                """
            let result = try Exert.run(["run", "-"], input: profile, wrapper: group.wrapper)
            #expect(result.code == 3, "\(result.error)")
            #expect((result.output + result.error).contains("processes.free was"), "\(result.output)\(result.error)")
        }
    }
}

/// A program in a control group that forks whenever it is asked to, and says whether it could.
private final class Victim {
    private static let program =
        "$| = 1; while (<STDIN>) { my $p = fork(); if (!defined $p) { print qq(no\\n) } "
        + "elsif ($p == 0) { exit 0 } else { waitpid($p, 0); print qq(yes\\n) } }"
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(in group: String) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            // A shell ends where it cannot fork.
            "-c", "echo $$ >'\(group)/cgroup.procs'; exec perl -e '\(Self.program)'",
        ]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.terminate()
        process.waitUntilExit()
    }

    /// Asks it.
    func canFork() throws -> Bool {
        try input.fileHandleForWriting.write(contentsOf: Data("go\n".utf8))
        return String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).contains("yes")
    }
}
