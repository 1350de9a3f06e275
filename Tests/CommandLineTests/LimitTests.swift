// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Real limits that are set, lowered or passed on while a load runs: the cause names them.
    @Suite(
        .serialized,
        .enabled(if: TestGroup.isPossible, "needs root and writable cgroup v1 hierarchies 'cpu' and 'memory'"))
    struct Limits {
        /// Runs with a log, calls `during` with the stressors when the load has begun, and returns the log.
        private func run(
            _ arguments: [String], wrapper: [String] = [], during: (Set<Int32>) throws -> Void = { _ in }
        ) throws -> (log: ExperimentLog, result: Exert.Result) {
            let folder = try ScratchFolder()
            let file = folder.path + "/log"
            let run = try Exert.start(["run"] + arguments + ["--log", file], wrapper: wrapper)
            let hasBegun = eventually(within: 20) {
                (FileManager.default.contents(atPath: file) ?? Data()).range(of: Data("\"run_started\"".utf8)) != nil
            }
            try #require(hasBegun, "\(run.error)")
            try during(run.stressors)
            let result = try run.wait(limit: 30)
            return (try ExperimentLog(file: file), result)
        }

        private func group(_ controller: String, _ limits: [(file: String, value: String)] = []) throws -> TestGroup {
            try TestGroup(controller, limits)
        }

        private func set(_ group: TestGroup, _ file: String, _ value: String) throws {
            try value.write(toFile: group.directory + "/" + file, atomically: false, encoding: .utf8)
        }

        private func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

        // MARK: Quota

        @Test func aQuotaThatIsSetDuringTheRunIsFoundAndTheBaseIsToldToHaveChanged() throws {
            let group = try group("cpu", [("cpu.cfs_period_us", "100000")])
            let (log, result) = try run(["--load", "cpu=30%", "--set", "cpu.cgroup=\(group.directory)", "--for", "5s"])
            {
                _ in
                sleep(1.5)
                try set(group, "cpu.cfs_quota_us", "10000")
            }
            #expect(result.code == 2)
            #expect(try log.result("cpu")["limited_by"] as? String == "quota")
            let told = log.all("finding").filter { $0["code"] as? String == "base_changed" }
            #expect(told.count == 1, "\(told)")
            let message = told.first?["message"] as? String ?? ""
            #expect(message.contains("0.1 cores (\(group.directory)/cpu.cfs_quota_us)"), "\(message)")
        }

        @Test func targetsInPercentFollowAQuotaWhereTheyAreToldTo() throws {
            let group = try group("cpu", [("cpu.cfs_period_us", "100000")])
            var used: [Double] = []
            let (log, _) = try run([
                "--load", "cpu=50%", "--set", "cpu.cgroup=\(group.directory)", "--set", "cpu.follow=true", "--for",
                "7s",
            ]) { processes in
                sleep(1.5)
                try set(group, "cpu.cfs_quota_us", "40000")
                sleep(1.7)
                // In ticks of 10 ms.
                func usage() throws -> Double {
                    try processes.reduce(0) { sum, process in
                        let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
                        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
                        return sum + (Double(fields[12]) ?? 0) + (Double(fields[13]) ?? 0)
                    }
                }
                let before = try usage()
                sleep(3)
                used.append((try usage() - before) / 300)
            }
            // Half of 0.4 cores, where it was half of all processors.
            let cores = try #require(used.first)
            #expect(abs(cores - 0.2) < 0.02, "\(cores)")
            let told = log.all("finding").first { $0["code"] as? String == "base_changed" }
            #expect((told?["message"] as? String)?.contains("follow it") == true)
        }

        @Test func aParentsQuotaThatASiblingUsesUpIsFound() throws {
            let parent = try group("cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "60000")])
            let names = ["own", "sibling"].map { "\(parent.directory)/\($0)" }
            for name in names {
                try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: false)
            }
            defer { for name in names { _ = eventually(within: 5) { rmdir(name) == 0 || errno == ENOENT } } }
            for (file, value) in [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "50000")] {
                try value.write(toFile: "\(names[0])/\(file)", atomically: false, encoding: .utf8)
            }
            let sibling = try Exert.start(
                ["run", "--load", "cpu=1 core", "--for", "4s", "--set", "cpu.cgroup=\(names[1])"])
            let (log, _) = try run(["--load", "cpu=80%", "--set", "cpu.cgroup=\(names[0])", "--for", "3s"])
            #expect(try log.result("cpu")["limited_by"] as? String == "quota")
            _ = try sibling.wait(limit: 20)
        }

        @Test func aStressorThatIsMovedIsLookedForWhereItIs() throws {
            let group = try group("cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "20000")])
            let (log, _) = try run(["--load", "cpu=0.6 cores", "--for", "5s"]) { stressors in
                sleep(1.2)
                for id in stressors { try set(group, "cgroup.procs", "\(id)") }
            }
            #expect(try log.result("cpu")["limited_by"] as? String == "quota")
        }

        // MARK: Standstill

        @Test(.enabled(if: access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) == 0))
        func aFrozenStressorIsFrozen() throws {
            let group = try group("freezer")
            let (log, result) = try run(
                ["--load", "cpu=30%", "--set", "cpu.cgroup=\(group.directory)", "--for", "6s"]
            ) { _ in
                sleep(2)
                try set(group, "freezer.state", "FROZEN")
                sleep(2)
                try set(group, "freezer.state", "THAWED")
            }
            #expect(result.code == 2)
            #expect(try log.result("cpu")["limited_by"] as? String == "frozen")
            // While it was frozen nothing was done, and at least one whole sample lies in there.
            let frozen = try log.all("sample").map { try $0.object("stressors").object("cpu") }
                .filter { $0["limited_by"] as? String == "frozen" }
            #expect(try frozen.contains { try $0.number("achieved") < 0.1 }, "\(frozen)")
        }

        @Test func aStoppedStressorIsStopped() throws {
            let (log, result) = try run(["--load", "cpu=30%", "--for", "5s"]) { stressors in
                sleep(1.5)
                for id in stressors { kill(id, SIGSTOP) }
                sleep(1.5)
                for id in stressors { kill(id, SIGCONT) }
            }
            #expect(result.code == 2)
            #expect(try log.result("cpu")["limited_by"] as? String == "stopped")
        }

        // MARK: Ends

        @Test func aLimitOfCPUTimeThatIsReachedIsNamed() throws {
            let (log, result) = try run(
                ["--load", "cpu=1 core", "--for", "6s"], wrapper: ["sh", "-c", "ulimit -t 1; exec \"$@\"", "sh"])
            #expect(result.code == 5)
            let end = try log.ending("cpu")
            #expect(end["signal"] as? String == "SIGKILL" && end["out_of_memory"] as? Bool == false)
            #expect((end["note"] as? String)?.contains("RLIMIT_CPU of 1 s") == true, "\(end)")
            #expect(result.error.contains("RLIMIT_CPU of 1 s"), "\(result.error)")
        }

        @Test func somebodyElsesOutOfMemoryKillIsNotTakenForOurs() throws {
            let group = try group("memory", [("memory.limit_in_bytes", "\(200 << 20)")])
            let (log, result) = try run(
                ["--load", "memory=64MiB", "--set", "memory.cgroup=\(group.directory)", "--for", "20s"]
            ) { stressors in
                let victim = Process()
                victim.executableURL = URL(fileURLWithPath: "/bin/sh")
                // A shell that grows: a variable that doubles.
                victim.arguments = [
                    "-c",
                    "echo 1000 >/proc/self/oom_score_adj; echo $$ >\(group.directory)/cgroup.procs; "
                        + "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done",
                ]
                try victim.run()
                victim.waitUntilExit()
                #expect(victim.terminationReason == .uncaughtSignal, "it was to be killed")
                sleep(1.5)
                for id in stressors { kill(id, SIGKILL) }
            }
            #expect(result.code == 5)
            let end = try log.ending("memory")
            #expect(end["out_of_memory"] as? Bool == false, "\(end)")
            #expect(end["note"] as? String == "who sent it is not known to the kernel's accounting")
        }

        // MARK: Memory

        /// v1 lets a limit be lowered to what is charged and no further, and each time the load gives way.
        @Test func aLoweredMemoryLimitIsGivenWayTo() throws {
            let group = try group("memory", [("memory.limit_in_bytes", "\(256 << 20)")])
            var limits: [Int] = []
            let (log, result) = try run(
                ["--load", "memory=96MiB", "--set", "memory.cgroup=\(group.directory)", "--for", "5s"]
            ) { _ in
                sleep(1.2)
                for _ in 0..<4 {
                    guard let used = group.workingSet else { continue }
                    let limit = Int(used) + (1 << 20)
                    try set(group, "memory.limit_in_bytes", "\(limit)")
                    limits.append(limit)
                    sleep(0.4)
                }
            }
            #expect(result.code == 2, "it held less than was asked for")
            #expect(limits.count == 4 && limits[3] < limits[0] - (6 << 20), "\(limits)")
            #expect(try log.result("memory")["limited_by"] as? String == "refusal")
            #expect(log.all("finding").contains { $0["code"] as? String == "limit_lowered" })
            #expect(try log.ending("memory")["manner"] as? String == "released", "nobody was killed")
        }

        // MARK: Refusals

        @Test func inotifyHandlesBeyondTheUsersLimitAreRefused() throws {
            let most = try #require(
                Int(
                    String(contentsOfFile: "/proc/sys/fs/inotify/max_user_instances", encoding: .utf8)
                        .trimmingCharacters(in: .whitespacesAndNewlines)))
            try #require(most < 10_000, "a host that lets a user have that many")
            let (log, result) = try run([
                "--load", "file-handles=\(most + 100)", "--set", "file-handles.handle=inotify", "--for", "2s",
            ])
            #expect(result.code == 2)
            #expect(try log.result("file-handles")["limited_by"] as? String == "refusal")
        }

        @Test(.enabled(if: access("/sys/fs/cgroup/pids/cgroup.procs", W_OK) == 0))
        func aLimitOfProcessesIsNamed() throws {
            let group = try group("pids", [("pids.max", "3")])
            let result = try Exert.run([
                "run", "--load", "cpu=50%", "--set", "cpu.workers=8", "--set", "cpu.cgroup=\(group.directory)", "--for",
                "1s",
            ])
            #expect(result.code == 4, "\(result.error)")
            #expect(result.error.contains("\(group.directory)/pids.max is 3"), "\(result.error)")
        }
    }
}
