// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Nothing stands between a stop and the release: whatever hangs, SIGTERM ends a run within a second, and what
    /// could not end is named.
    @Suite(.serialized)
    struct Stops {
        /// From SIGTERM to the end of the observer, in seconds.
        private static let limit = 1.0

        private func stop(_ run: RunningExert) throws -> (result: Exert.Result, time: Double) {
            let begin = ContinuousClock.now
            run.send(SIGTERM)
            var result = try run.wait(limit: 20)
            let time = begin.duration(to: .now) / .seconds(1)
            #expect(result.code == 143, "\(result.output)\(result.error)")
            // Text for people is wrapped anywhere.
            result.output = result.output.split { $0.isWhitespace }.joined(separator: " ")
            return (result, time)
        }

        private func isLoaded(_ log: String) -> Bool {
            eventually(within: 20) {
                (FileManager.default.contents(atPath: log) ?? Data()).range(of: Data("\"sample\"".utf8)) != nil
            }
        }

        @Test func theLogsFileSystemIsFrozen() throws {
            let disk = try HangingDisk(mebibytes: 64)
            let log = disk.path + "/log"
            let run = try Exert.start(
                ["run", "--load", "cpu=10%", "--for", "60s", "--interval", "200ms", "--log", log])
            try #require(isLoaded(log), "\(run.error)")
            let stressors = run.stressors
            try #require(stressors.count == 1)
            try disk.freeze()
            // Lines come that nobody writes.
            usleep(700_000)
            let (result, time) = try stop(run)
            #expect(time <= Self.limit)
            #expect(stressors.allSatisfy { !Processes.isAlive($0) })
            #expect(result.output.contains("the log is incomplete") && result.output.contains(" hangs in "))
            disk.thaw()
            // What was on its way arrives, and every line of it is whole.
            #expect(try ExperimentLog(file: log).events.count >= 2)
        }

        @Test func theLoadsFileSystemIsFrozen() throws {
            let disk = try HangingDisk(mebibytes: 128)
            let folder = try ScratchFolder()
            let log = folder.path + "/log"
            let run = try Exert.start(
                [
                    "run", "--load", "cpu=10%", "--load", "disk-space=ramp from 10MiB to 90MiB in 30s", "--set",
                    "disk-space.directory=" + disk.path, "--for", "60s", "--interval", "200ms", "--log", log,
                ])
            try #require(isLoaded(log), "\(run.error)")
            let stressors = run.stressors
            try #require(stressors.count == 2)
            let writer = try #require(stressors.first { Processes.arguments(of: $0).contains("disk-space") })
            try disk.freeze()
            usleep(800_000)
            let (result, time) = try stop(run)
            #expect(time <= Self.limit)
            #expect(stressors.allSatisfy { $0 == writer || !Processes.isAlive($0) }, "the others have ended")
            #expect(result.output.contains("process \(writer) hangs in "), "\(result.output)")
            #expect(result.output.contains("not everything is given back yet"))
            #expect(try ExperimentLog(file: log).end()["released"] as? Bool == false)
            disk.thaw()
            #expect(eventually(within: 5) { !Processes.isAlive(writer) })
            #expect(disk.files.isEmpty)
        }

        /// A file system in user space of which the process is stopped answers nobody, as a network mount whose server
        /// is gone.
        @Test func theFileSystemDoesNotAnswer() throws {
            let disk = try SilentFileSystem(mebibytes: 128)
            let folder = try ScratchFolder()
            let log = folder.path + "/log"
            let run = try Exert.start(
                [
                    "run", "--load", "cpu=10%", "--load", "disk-space=20MiB", "--set",
                    "disk-space.directory=" + disk.path, "--for", "60s", "--interval", "200ms", "--log", log,
                ])
            try #require(isLoaded(log), "\(run.error)")
            disk.silence()
            #expect(
                eventually(within: 5) {
                    (FileManager.default.contents(atPath: log) ?? Data()).range(of: Data("file_system_silent".utf8))
                        != nil
                })
            let (_, time) = try stop(run)
            #expect(time <= Self.limit)
            let samples = try ExperimentLog(file: log).all("sample")
            // What nobody answers is not known, and not nothing.
            let last = try #require((samples.last?["stressors"] as? [String: Any])?["disk-space"] as? [String: Any])
            #expect(last["achieved"] is NSNull)
        }

        @Test func nobodyReadsTheOutput() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            defer { for end in ends { close(end) } }
            // The smallest pipe there is, and full.
            _ = fcntl(ends[1], 1031 /* F_SETPIPE_SZ */, 4096)
            _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
            let bytes = [UInt8](repeating: 0x78, count: 4096)
            while write(ends[1], bytes, bytes.count) > 0 {}
            _ = fcntl(ends[1], F_SETFL, 0)
            for arguments in [["--for", "60s", "--log", "-", "--interval", "100ms"], ["--for", "1s"]] {
                let run = try Exert.start(
                    ["run", "--load", "cpu=10%"] + arguments,
                    wrapper: ["sh", "-c", "exec \"$@\" >/proc/\(getpid())/fd/\(ends[1]) 2>&1", "sh"])
                sleep(3)
                let (_, time) = try stop(run)
                #expect(time <= Self.limit, "\(arguments)")
            }
        }

        @Test func theStressorsAreFrozen() throws {
            let group = try FreezerGroup()
            let folder = try ScratchFolder()
            let run = try Exert.start(
                [
                    "run", "--load", "cpu=10%", "--load", "memory=32MiB", "--for", "60s", "--interval", "200ms",
                    "--log",
                    folder.path + "/log",
                ])
            try #require(isLoaded(folder.path + "/log"), "\(run.error)")
            let stressors = run.stressors
            for id in stressors { try group.take(id) }
            try group.freeze()
            let (result, time) = try stop(run)
            #expect(time <= Self.limit)
            #expect(result.output.contains("not everything is given back yet"))
            for id in stressors { #expect(result.output.contains("process \(id) hangs")) }
            group.thaw()
            #expect(eventually(within: 2) { stressors.allSatisfy { !Processes.isAlive($0) } })
        }

        @Test func theStressorsAreStopped() throws {
            let folder = try ScratchFolder()
            let run = try Exert.start(
                ["run", "--load", "cpu=10%", "--load", "memory=32MiB", "--for", "60s", "--log", folder.path + "/log"])
            try #require(isLoaded(folder.path + "/log"), "\(run.error)")
            let stressors = run.stressors
            for id in stressors { kill(id, SIGSTOP) }
            let (result, time) = try stop(run)
            #expect(time <= Self.limit)
            #expect(result.output.contains("after a clean release"))
            #expect(stressors.allSatisfy { !Processes.isAlive($0) })
        }

        /// Told to stop, the observer does not run: its keeper ends the load.
        @Test func theObserverHangs() throws {
            let folder = try ScratchFolder()
            let run = try Exert.start(
                ["run", "--load", "cpu=10%", "--load", "memory=32MiB", "--for", "60s", "--log", folder.path + "/log"])
            try #require(isLoaded(folder.path + "/log"), "\(run.error)")
            let stressors = run.stressors
            run.send(SIGSTOP)
            usleep(200_000)
            run.send(SIGTERM)
            #expect(eventually(within: Self.limit) { stressors.allSatisfy { !Processes.isAlive($0) } })
            #expect(try run.wait(limit: 3).code == 128 + SIGKILL)
        }

        @Test func aRunIsStoppedWhileItLaysOut() throws {
            let disk = try HangingDisk(mebibytes: 1500)
            let folder = try ScratchFolder()
            let run = try Exert.start(
                [
                    "run", "--load", "disk-bandwidth=10MB/s", "--set", "disk-bandwidth.directory=" + disk.path, "--set",
                    "disk-bandwidth.size=1GiB", "--for", "60s", "--log", folder.path + "/log",
                ])
            try #require(eventually(within: 10) { run.stressors.count == 1 })
            usleep(300_000)
            let stressors = run.stressors
            let (result, time) = try stop(run)
            #expect(time <= Self.limit)
            #expect(result.output.contains("interrupted by SIGTERM"))
            #expect(try ExperimentLog(file: folder.path + "/log").end()["interrupted_by"] as? String == "SIGTERM")
            // A write that is on its way to a slow disk ends before its process does.
            #expect(eventually(within: 10) { stressors.allSatisfy { !Processes.isAlive($0) } })
            #expect(eventually(within: 5) { disk.files.isEmpty })
        }

        @Test func hangupsAreIgnoredUnderNohup() throws {
            let folder = try ScratchFolder()
            let run = try Exert.start(
                ["run", "--load", "cpu=5%", "--for", "3s", "--log", folder.path + "/log"], wrapper: ["nohup"])
            try #require(isLoaded(folder.path + "/log"), "\(run.error)")
            run.send(SIGHUP)
            #expect(try run.wait(limit: 10).code != 129)
            #expect(try ExperimentLog(file: folder.path + "/log").end()["interrupted_by"] is NSNull)
        }

        @Test(arguments: [("rm", "removed"), ("truncate -s 0", "cut short"), ("true", nil)])
        func aLogThatIsTakenAwayIsNoticed(command: String, word: String?) throws {
            let folder = try ScratchFolder()
            let log = folder.path + "/log"
            let run = try Exert.start(
                ["run", "--load", "cpu=5%", "--for", "3s", "--interval", "100ms", "--log", log, "--format", "json"])
            try #require(isLoaded(log), "\(run.error)")
            try Shell.run("\(command) '\(log)'")
            let result = try run.wait(limit: 10)
            let told = result.output.components(separatedBy: "the log is incomplete").count - 1
            #expect(told == (word == nil ? 0 : 1), "\(result.output)")
            if let word { #expect(result.code == 1 && result.output.contains(word) && result.error.contains(word)) }
        }

        @Test func aFileThatMayNotGrowLosesTheLogAndNotTheRun() throws {
            let folder = try ScratchFolder()
            let log = folder.path + "/log"
            // 64 KiB: room for what is shared with the stressor, and not for the log.
            try Data(repeating: 0x0A, count: 262_100).write(to: URL(fileURLWithPath: log))
            let result = try Exert.run(
                ["run", "--load", "cpu=5%", "--for", "2s", "--interval", "100ms", "--log", log],
                wrapper: ["sh", "-c", "ulimit -f 512; exec \"$@\"", "sh"])
            #expect(result.code == 1, "\(result.output)\(result.error)")
            #expect(result.output.contains("the log is incomplete") && result.output.contains("File too large"))
        }
    }
}
