// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension LightCommands {
    /// Runs that ask a real service, which is well, stopped, or not there, and what they say of it.
    @Suite(.serialized)
    struct Objectives {
        private struct Asked {
            var run: RunningExert
            var log: String
            let folder: ScratchFolder
        }

        /// A run with 2 s before the load, 4 s of it and what is wanted.
        private func start(_ url: String, _ objectives: [String], load: String = "cpu: 20%") throws -> Asked {
            let folder = try ScratchFolder()
            let profile = try folder.write(
                """
                phases:
                  - { name: steady, for: 2s }
                  - { name: squeeze, for: 4s, load: { \(load) } }
                probes:
                  web: { http: "\(url)", every: 50ms, timeout: 500ms }
                objectives:
                \(objectives.map { "  - web \($0)\n" }.joined())
                """, to: "p.yaml")
            let log = folder.path + "/log"
            return Asked(run: try Exert.start(["run", profile, "--log", log, "-q"]), log: log, folder: folder)
        }

        private func verdicts(_ log: ExperimentLog) throws -> [String] {
            let objectives = try #require(try log.end()["objectives"] as? [[String: Any]])
            return objectives.compactMap { $0["verdict"] as? String }
        }

        @Test func `a service that is well held its objectives, and the log says so in the words of its schema`() throws
        {
            let service = try Service()
            let asked = try start(service.url, ["90% good before", "90% good during squeeze", "recovers within 5s"])
            let result = try asked.run.wait(limit: 30)
            #expect(result.code == 0, "\(result.output)\(result.error)")
            #expect(result.output.hasPrefix("cpu 20% for 4s was put on, and was really there. web"), "\(result.output)")
            let log = try ExperimentLog(file: asked.log)
            #expect(try verdicts(log) == ["held", "held", "held"])
            // 2 s and 4 s at 20 a second, all of which have a result.
            let probes = try #require(try log.end()["probes"] as? [[String: Any]])
            #expect((probes[0]["due"] as? Int ?? 0) >= 120)
            #expect(log.all("probe_second").count >= 6)
            let schema = try MiniSchema(Exert.run(["schema", "log"]).output)
            let lines = try String(contentsOfFile: asked.log, encoding: .utf8).split(separator: "\n")
            for line in lines { #expect(try schema.accepts(line), "\(line)") }
        }

        @Test func `a service that was stopped under the load lost its objective, and when it came back is told`()
            throws
        {
            let service = try Service()
            let asked = try start(service.url, ["99% good during squeeze", "recovers within 8s"])
            usleep(5_000_000)
            service.process.send(SIGSTOP)
            usleep(3_000_000)
            service.process.send(SIGCONT)
            let result = try asked.run.wait(limit: 30)
            #expect(result.code == 6, "\(result.output)\(result.error)")
            let log = try ExperimentLog(file: asked.log)
            #expect(try verdicts(log) == ["lost", "recovered"], "\(result.output)")
            // Stopped from about 5 s on for 3 s, and the load was given back at 6 s.
            let objectives = try #require(try log.end()["objectives"] as? [[String: Any]])
            let back = try #require(objectives[1]["recovered_s"] as? [String: Double])
            #expect(back["from"]! > 1 && back["to"]! < 3.5, "\(back)")
        }

        /// How many events of a name a log has that is being written.
        private func occurrences(of event: String, in log: String) -> Int {
            let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return text.components(separatedBy: "\"event\":\"\(event)\"").count - 1
        }

        @Test func `a phase without a load ends when the service is well again`() throws {
            let service = try Service()
            let folder = try ScratchFolder()
            let profile = try folder.write(
                """
                phases:
                  - { name: steady, for: 1s }
                  - { name: squeeze, for: 2s, load: { cpu: 20% } }
                  - { name: recover, for: 40s, until: recovered }
                  - { name: after, for: 1s }
                probes: { web: { http: "\(service.url)", every: 50ms, timeout: 500ms } }
                objectives: [web 99% good during squeeze, web recovers within 30s]
                """, to: "p.yaml")
            let log = folder.path + "/log"
            let run = try Exert.start(["run", profile, "--log", log, "-q"])
            #expect(eventually(within: 20) { occurrences(of: "phase_started", in: log) == 2 })
            service.process.send(SIGSTOP)
            usleep(4_000_000)
            service.process.send(SIGCONT)
            let result = try run.wait(limit: 60)
            #expect(result.code == 6, "\(result.output)\(result.error)")
            let events = try ExperimentLog(file: log)
            #expect(try verdicts(events) == ["lost", "recovered"], "\(result.output)")
            // Stopped 2 s into it, and a recovery is one when it has lasted for 5 s.
            let shortened = try #require(events.all("phase_shortened").first)
            let length = try #require(shortened["length_s"] as? Double)
            #expect(shortened["until"] as? String == "recovered" && length > 6 && length < 12, "\(shortened)")
            let begins = events.all("phase_started").compactMap { $0["start_s"] as? Double }
            #expect(begins.count == 4 && abs(begins[3] - 3 - length) < 1e-6, "\(begins)")
            // What is due after the run's end is not of it: 20 a second, until then.
            let probes = try #require(try events.end()["probes"] as? [[String: Any]])
            #expect(abs(Double(probes[0]["due"] as? Int ?? 0) - 20 * (length + 4)) <= 2, "\(probes)")
            let schema = try MiniSchema(Exert.run(["schema", "log"]).output)
            for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
                #expect(try schema.accepts(line), "\(line)")
            }
        }

        @Test func `a run that goes on until it is stopped ends in order and is met`() throws {
            let folder = try ScratchFolder()
            let log = folder.path + "/log"
            let run = try Exert.start(["run", "--load", "cpu=20%", "--until", "stopped", "--log", log])
            #expect(eventually(within: 20) { occurrences(of: "sample", in: log) >= 2 })
            run.send(SIGTERM)
            let result = try run.wait(limit: 20)
            #expect(result.code == 0, "\(result.output)\(result.error)")
            #expect(result.output.contains("phase 'load' ends after") && result.output.contains("met"))
            let end = try ExperimentLog(file: log).end()
            #expect(end["interrupted_by"] is NSNull && (end["shortened"] as? [Any])?.count == 1)
        }

        @Test func `where nobody answers before the load nothing is exerted`() throws {
            let asked = try start("http://127.0.0.1:1/", ["99% good before", "99% good during squeeze"])
            let result = try asked.run.wait(limit: 20)
            #expect(result.code == 7, "\(result.output)\(result.error)")
            let log = try ExperimentLog(file: asked.log)
            #expect(log.all("phase_started").compactMap { $0["phase"] as? String } == ["steady"])
            let used = log.all("stressor_ended").compactMap { $0["cpu_s"] as? Double }.reduce(0, +)
            #expect(used < 0.5, "\(used) s of CPU time")
            #expect(try verdicts(log).first == "not_steady")
        }

        @Test func `under a load that was not there nothing is said of the service, however well it was`() throws {
            let service = try Service()
            let asked = try start(service.url, ["90% good during squeeze"])
            usleep(3_500_000)
            for id in asked.run.stressors { kill(id, SIGSTOP) }
            usleep(1_500_000)
            for id in asked.run.stressors { kill(id, SIGCONT) }
            let result = try asked.run.wait(limit: 30)
            #expect(result.code == 2, "\(result.output)\(result.error)")
            let log = try ExperimentLog(file: asked.log)
            #expect(try verdicts(log) == ["inconclusive"])
        }

        @Test func `a load that is killed says nothing of the service, and ends with 5`() throws {
            let service = try Service()
            let asked = try start(service.url, ["90% good during squeeze"])
            usleep(3_500_000)
            for id in asked.run.stressors { kill(id, SIGKILL) }
            let result = try asked.run.wait(limit: 30)
            #expect(result.code == 5, "\(result.output)\(result.error)")
            #expect(try verdicts(ExperimentLog(file: asked.log)) == ["inconclusive"])
        }

        @Test func `a kill that was wanted is the load, and the recovery from it is waited for`() throws {
            let service = try Service()
            func ask(killing: Bool) throws -> (code: Int32, log: ExperimentLog) {
                let asked = try start(
                    service.url, ["50% good during squeeze", "recovers within 5s"],
                    load: "cpu: { load: 20%, expect: killed }")
                usleep(4_000_000)
                if killing {
                    service.process.send(SIGSTOP)
                    for id in asked.run.stressors { kill(id, SIGKILL) }
                    usleep(1_500_000)
                    service.process.send(SIGCONT)
                }
                let code = try asked.run.wait(limit: 30).code
                return (code, try ExperimentLog(file: asked.log))
            }
            let killed = try ask(killing: true)
            #expect(killed.code == 0)
            #expect(try verdicts(killed.log) == ["held", "recovered"])
            // Nobody killed it: the load was not what was wanted, and nothing is said of the service.
            let spared = try ask(killing: false)
            #expect(spared.code == 2)
            #expect(try verdicts(spared.log) == ["inconclusive", "inconclusive"])
        }

        @Test func `a prober that is killed has seen nothing good`() throws {
            let service = try Service()
            let asked = try start(service.url, ["50% good during squeeze"])
            usleep(5_000_000)
            kill(try #require(Processes.prober(of: asked.run.id)), SIGKILL)
            let result = try asked.run.wait(limit: 30)
            #expect(result.code == 6, "\(result.output)\(result.error)")
            #expect(try verdicts(ExperimentLog(file: asked.log)) == ["inconclusive"])
            #expect(result.output.contains("the prober was killed by signal 9"), "\(result.output)")
        }

        @Test func `whoever interrupts the run waits for no answer, and no prober is left`() throws {
            let service = try Service()
            let asked = try start(service.url, ["50% good during squeeze", "recovers within 60s"])
            usleep(3_000_000)
            let asker = try #require(Processes.prober(of: asked.run.id))
            service.process.send(SIGSTOP)
            let begin = ContinuousClock.now
            asked.run.send(SIGTERM)
            #expect(try asked.run.wait(limit: 10).code == 143)
            #expect(begin.duration(to: .now) < .milliseconds(1300))
            #expect(!Processes.isAlive(asker))
            service.process.send(SIGCONT)
        }

        @Test func `what cannot be asked is refused before any load`() throws {
            // No resolver is asked for a name that cannot be one.
            let asked = try start("http://a..b/", ["50% good during squeeze"])
            let result = try asked.run.wait(limit: 10)
            #expect(result.code == 4 && result.output.contains("'web': a..b"), "\(result.output)\(result.error)")
            #expect(try ExperimentLog(file: asked.log).all("phase_started").isEmpty)
        }
    }
}
