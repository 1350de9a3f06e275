// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// Whoever dies, and however: everything is given back, and the log says what happened.
    @Suite(.serialized)
    struct Deaths {
        /// A run that has carried load for a while, of a CPU and a memory stressor unless said otherwise.
        private func startedRun(
            _ loads: [String] = ["cpu=10%", "memory=64MiB"], log: String, seconds: Int = 60
        ) throws -> RunningExert {
            let run = try Exert.start(
                ["run"] + loads.flatMap { ["--load", $0] }
                    + ["--for", "\(seconds)s", "--interval", "200ms", "--log", log])
            let isLoaded = eventually(within: 20) {
                (FileManager.default.contents(atPath: log) ?? Data()).range(of: Data("\"sample\"".utf8)) != nil
            }
            try #require(isLoaded, "no sample was logged: \(run.error)")
            return run
        }

        @Test(arguments: [(SIGINT, 130, "SIGINT"), (SIGTERM, 143, "SIGTERM"), (SIGHUP, 129, "SIGHUP")])
        func anInterruptedRunIsReleasedAndLogged(signal: Int32, code: Int32, name: String) throws {
            let folder = try ScratchFolder()
            let run = try startedRun(log: folder.path + "/log")
            let stressors = run.stressors
            try #require(stressors.count == 2)
            run.send(signal)
            let result = try run.wait(limit: 15)
            #expect(result.code == code, "\(result.error)")
            #expect(stressors.allSatisfy { !Processes.isAlive($0) })
            let log = try ExperimentLog(file: folder.path + "/log")
            let end = try log.end()
            #expect(end["verdict"] as? String == "aborted")
            #expect(end["interrupted_by"] as? String == name)
            #expect(try end.number("exit_code") == Double(code))
            #expect(end["released"] as? Bool == true)
            #expect(try log.ending("memory")["manner"] as? String == "released")
            #expect(try log.ending("cpu")["manner"] as? String == "released")
        }

        @Test func stressorsDieWithTheirObserver() throws {
            let folder = try ScratchFolder()
            let run = try startedRun(log: folder.path + "/log")
            let stressors = run.stressors
            try #require(stressors.count == 2 && stressors.allSatisfy(Processes.isAlive))
            run.send(SIGKILL)
            #expect(eventually(within: 1) { stressors.allSatisfy { !Processes.isAlive($0) } })
            #expect(try run.wait(limit: 5).code == 128 + SIGKILL)
        }

        /// The observer is stopped first, so that nothing it could do in its last moments can be what helps.
        @Test func stressorsDieWithAStoppedObserver() throws {
            let folder = try ScratchFolder()
            let run = try startedRun(log: folder.path + "/log")
            let stressors = run.stressors
            try #require(stressors.count == 2)
            run.send(SIGSTOP)
            usleep(100_000)
            #expect(stressors.allSatisfy(Processes.isAlive), "the load goes on while its observer is stopped")
            run.send(SIGKILL)
            #expect(eventually(within: 1) { stressors.allSatisfy { !Processes.isAlive($0) } })
            #expect(try run.wait(limit: 5).code == 128 + SIGKILL)
        }

        @Test func aKilledStressorIsAResultAndNotRestarted() throws {
            let folder = try ScratchFolder()
            let run = try startedRun(log: folder.path + "/log", seconds: 3)
            let stressors = run.stressors
            try #require(stressors.count == 2)
            let victim = try #require(stressors.first { Processes.arguments(of: $0).contains("memory") })
            kill(victim, SIGKILL)
            let result = try run.wait(limit: 20)
            #expect(result.code == 5, "\(result.error)")
            #expect(result.stressors == stressors, "no other process was ever started")
            let log = try ExperimentLog(file: folder.path + "/log")
            let ending = try log.ending("memory")
            #expect(ending["manner"] as? String == "killed")
            #expect(ending["signal"] as? String == "SIGKILL")
            #expect(ending["out_of_memory"] as? Bool == false)
            #expect(try ending.number("pid") == Double(victim))
            // The other one went on to the end.
            let end = try log.end()
            #expect(end["verdict"] as? String == "killed")
            #expect(abs(try end.number("load_s") - 3) < 0.1)
            #expect(try log.ending("cpu")["manner"] as? String == "released")
            #expect(try log.result("cpu")["verdict"] as? String != "killed")
        }

        @Test func aRunWhoseOnlyStressorIsKilledEndsAtOnce() throws {
            let folder = try ScratchFolder()
            let run = try startedRun(["cpu=5%"], log: folder.path + "/log")
            let stressors = run.stressors
            try #require(stressors.count == 1)
            for stressor in stressors { kill(stressor, SIGKILL) }
            #expect(try run.wait(limit: 20).code == 5, "\(run.error)")
            #expect(try ExperimentLog(file: folder.path + "/log").end().number("load_s") < 50)
        }
    }
}
