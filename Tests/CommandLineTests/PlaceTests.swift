// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// Before any load, a file system that does not answer is named, and whoever waits for it can be told to end.
    @Suite(.serialized, .enabled(if: geteuid() == 0, "needs to freeze a file system"))
    struct Places {
        /// A command that touches a place on a disk that stands still.
        struct Command: Sendable, CustomTestStringConvertible {
            var name: String
            var arguments: @Sendable (_ disk: String) -> [String]
            var state: @Sendable (_ disk: String) -> String? = { _ in nil }
            var testDescription: String { name }

            private static func load(_ kind: String, _ setting: String) -> [String] {
                ["--load", kind, "--set", setting, "--for", "20s"]
            }

            static let all = [
                Command(name: "new log") { ["run", "--load", "cpu=5%", "--for", "20s", "--log", $0 + "/new"] },
                Command(name: "disk space") { ["run"] + load("disk-space=5MiB", "disk-space.directory=" + $0) },
                Command(name: "inodes") { ["run"] + load("inodes=5", "inodes.directory=" + $0) },
                Command(name: "check") { ["check"] + load("disk-bandwidth=1MB/s", "disk-bandwidth.directory=" + $0) },
                Command(name: "host") { ["host", "--directory", $0] },
                Command(name: "records", arguments: { _ in ["cleanup"] }, state: { $0 + "/state" }),
            ]
        }

        @Test(arguments: Command.all) func whatHangsIsNamedAndSIGTERMIsObeyed(_ command: Command) throws {
            let disk = try HangingDisk(mebibytes: 64)
            // It is there, and has something to undo.
            try FileManager.default.createDirectory(
                atPath: disk.path + "/state", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700]
            )
            _ = FileManager.default.createFile(
                atPath: disk.path + "/state/undo-1-2-3", contents: Data(), attributes: [.posixPermissions: 0o600])
            try disk.freeze()
            let run = try Exert.start(
                command.arguments(disk.path),
                environment: command.state(disk.path).map { ["EXERT_STATE_DIRECTORY": $0] } ?? [:])
            #expect(eventually(within: 4) { run.error.contains("does not answer") }, "\(run.error)")
            #expect(run.error.contains(disk.path) && run.error.contains(" hangs in "), "\(run.error)")
            #expect(run.isRunning)
            let begin = ContinuousClock.now
            run.send(SIGTERM)
            #expect(try run.wait(limit: 10).code == 143)
            #expect(begin.duration(to: .now) < .seconds(1))
            disk.thaw()
            #expect(!disk.files.contains("new"))
        }

        @Test func aFrozenDiskThatIsOnlyReadHoldsNobodyUp() throws {
            let disk = try HangingDisk(mebibytes: 64)
            let profile = disk.path + "/p.yaml"
            try Data("phases: [{ name: a, for: 1s, load: { cpu: 1% } }]\n".utf8).write(
                to: URL(fileURLWithPath: profile))
            try disk.freeze()
            #expect(try Exert.run(["check", profile]).code == 0)
        }

        @Test func aResultOnAFrozenDiskIsLostAloudAndHoldsNobodyUp() throws {
            let disk = try HangingDisk(mebibytes: 64)
            let folder = try ScratchFolder()
            let run = try Exert.start(
                ["run", "--load", "cpu=5%", "--for", "20s", "--log", folder.path + "/log"],
                wrapper: ["sh", "-c", "exec \"$@\" >'\(disk.path)/out'", "sh"])
            try #require(eventually(within: 10) { run.stressors.count == 1 })
            try disk.freeze()
            run.send(SIGTERM)
            let result = try run.wait(limit: 5)
            #expect(result.code == 143)
            #expect(
                result.error.contains(
                    "the result could not be written whole: verdict aborted, exit code 143; the last line"),
                "\(result.error)")
            #expect(try ExperimentLog(file: folder.path + "/log").end()["exit_code"] as? Int == 143)
        }

        /// Nobody is killed for want of memory, and everybody waits for it (cgroup v1, memory.oom_control).
        @Test(arguments: [4, 5, 6, 8]) func memoryThatNeverComesKeepsNobodyFromEnding(mebibytes: Int) throws {
            let group = "/sys/fs/cgroup/memory/exert-stop-\(getpid())"
            try #require(mkdir(group, 0o755) == 0, "there is no memory group of cgroup v1")
            defer { for _ in 0..<100 where rmdir(group) != 0 { usleep(50_000) } }
            try Shell.run("echo 1 >\(group)/memory.oom_control; echo \(mebibytes)M >\(group)/memory.limit_in_bytes")
            defer { try? Shell.run("echo -1 >\(group)/memory.limit_in_bytes") }
            let run = try Exert.start(
                ["run", "--load", "cpu=10%", "--load", "memory=64MiB", "--for", "30s"],
                wrapper: ["sh", "-c", "echo $$ >\(group)/cgroup.procs; exec \"$@\"", "sh"])
            usleep(1_500_000)
            // Some it cannot start with, and that is told.
            guard run.isRunning else { return }
            let begin = ContinuousClock.now
            run.send(SIGTERM)
            let code = try run.wait(limit: 10).code
            #expect(code == 143 || code == 128 + SIGKILL, "\(code) \(run.error)")
            #expect(begin.duration(to: .now) < .milliseconds(1300))
        }

        @Test(
            .enabled(if: access("/usr/bin/python3", X_OK) == 0, "needs a program that sets a filter"),
            arguments: [("prctl", 157), ("wait4", 61), ("waitid", 247), ("clone3", 435), ("pipe2", 293), ("poll", 7)])
        func aFilterThatKillsIsNamed(call: String, number: Int) throws {
            #if arch(x86_64)
            // seccomp(2), by prctl(2): kills for one call, allows the others.
            let script = """
                import ctypes, os, struct, sys
                code = [(0x20, 0, 0, 0), (0x15, 0, 1, \(number)), (6, 0, 0, 0x80000000), (6, 0, 0, 0x7FFF0000)]
                text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in code))
                program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(text)))
                libc = ctypes.CDLL(None)
                assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
                os.execv(sys.argv[1], sys.argv[1:])
                """
            let result = try Exert.run(
                ["run", "--load", "cpu=5%", "--for", "200ms"], wrapper: ["/usr/bin/python3", "-c", script])
            #expect(result.code == 4 && result.error.contains("kills whoever calls \(call),"), "\(result.error)")
            #endif
        }
    }
}
