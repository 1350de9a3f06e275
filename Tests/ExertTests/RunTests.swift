// SPDX-License-Identifier: Apache-2.0

import Exert
import Foundation
import Testing

/// All that starts processes, one after the other: two loads at a time would be each other's noise.
@Suite(.serialized)
struct DrivenRuns {}

extension DrivenRuns {
    @Suite(.serialized)
    struct RunTests {
        /// What README shows.
        @Test func `a program starts a load, follows it, and stops it`() async throws {
            let run = try await Run.start(RunRequest(load: ["cpu": "30%"], for: "20s"))
            for await sample in run.samples {
                guard let cpu = sample["cpu"], let target = cpu.target, let achieved = cpu.achieved else { continue }
                print("\(sample.elapsedSeconds) s: \(achieved) of \(target) \(cpu.unit)")
                if sample.elapsedSeconds > 1 { break }
            }
            let result = await run.stop()
            print(result.text)

            #expect(result.verdict == .aborted && result.reason == "stopped" && result.exitCode == 143)
            #expect(run.outline.stressors["cpu"]?.unit == "cores" && run.outline.lengthSeconds == 20)
        }

        @Test func `a run to its end is followed by many from its first event`() async throws {
            let run = try await Run.start(RunRequest(load: ["memory": "64MiB"], for: "2s"))
            async let first = names(of: run)
            async let second = names(of: run)
            let result = await run.result
            #expect(result.verdict == .met && result.exitCode == 0 && result.reason == nil)
            #expect(result.text.contains("met") && result.json.hasPrefix("{"))
            let (one, two) = await (first, second)
            #expect(one == two && one.first == "run_started" && one.last == "run_ended")
            // Behind its end, too.
            #expect(await names(of: run) == one)
            let again = await run.stop()
            #expect(again.verdict == .met, "a run that has ended cannot be stopped")
        }

        private func names(of run: Run) async -> [String] {
            var names: [String] = []
            for await event in run.events { names.append(event.name) }
            return names
        }

        @Test func `a run that goes on takes orders`() async throws {
            var request = RunRequest(load: ["memory": "64MiB"], for: "2m")
            request.lease = "60s"
            request.interval = "100ms"
            let run = try await Run.start(request)
            #expect(run.outline.leaseSeconds == 60)
            #expect(await achieves(run) { $0 >= 67_108_864 })
            try await run.retarget(["memory": "128MiB"])
            #expect(await achieves(run) { $0 >= 134_217_728 })
            try await run.pause()
            #expect(run.status.state == .paused)
            #expect(await achieves(run) { $0 < 67_108_864 })
            try await run.resume()
            #expect(run.status.state == .running)
            let lease = try #require(run.status.leaseExpiresAt)
            try await run.renew()
            #expect(try #require(run.status.leaseExpiresAt) > lease)
            await #expect(throws: Refusal.self) { try await run.retarget(["memory": "much"]) }
            #expect(await run.stop().reason == "stopped")
            await #expect(throws: Refusal.self) { try await run.pause() }
        }

        private func achieves(_ run: Run, _ condition: (Double) -> Bool) async -> Bool {
            await eventually { condition(run.status.lastSample?.sample?["memory"]?.achieved ?? -1) }
        }

        @Test func `what a service did is among the events and in the result`() async throws {
            let run = try await Run.start(
                RunRequest(
                    profile: """
                        phases:
                          - { name: steady, for: 1s }
                          - { name: squeeze, for: 2s, load: { cpu: 10% } }
                        probes: { service: { pid: \(getpid()), every: 100ms } }
                        objectives: [service 99% good during squeeze]
                        """))
            #expect(run.outline.probes == ["service"])
            #expect(run.outline.objectives.map(\.text) == ["service 99% good during squeeze"])
            var seconds: [ProbeSample] = []
            for await event in run.events { if let probe = event.probe { seconds.append(probe) } }
            #expect(
                seconds.map(\.fromSeconds) == [0, 1, 2] && seconds.allSatisfy { $0.due == 10 && $0.goodRatio == 1 })
            let result = await run.result
            #expect(result.objectives.map(\.verdict) == [.held] && result.exitCode == 0)
            #expect(
                result.sentence == "cpu 10% for 2s was put on, and was really there. service kept its objective.")
        }

        @Test func `all problems of a request come at once`() async throws {
            let refusal = try #require(
                await refusal(of: RunRequest(profile: "phases:\n  - { name: a, for: x, load: { cqu: 1% } }\n")))
            #expect(refusal.kind == .invalid)
            #expect(refusal.diagnostics.count >= 2 && refusal.diagnostics.allSatisfy { $0.line == 2 })
        }

        @Test func `rules forbid what they do not name`() async throws {
            var request = RunRequest(load: ["inodes": "10"], for: "1s")
            request.rules = SafetyRules()
            #expect(await refusal(of: request)?.kind == .forbidden)
        }

        @Test func `a lease that nobody renews ends the run`() async throws {
            var request = RunRequest(load: ["memory": "1MiB"], for: "30s")
            request.lease = "1s"
            let result = try await Run.start(request).result
            #expect(result.verdict == .aborted && result.reason == "lease expired")
        }

        @Test func `a run that nobody holds is given back`() async throws {
            var run: Run? = try await Run.start(RunRequest(load: ["memory": "1MiB"], for: "60s"))
            let log = try #require(run?.log)
            #expect(await eventually { log.lastNumber > 0 })
            run = nil
            // Its events go on to its end, which comes at once.
            #expect(await eventually { if case .finished = log.batch(after: log.lastNumber) { true } else { false } })
        }

        @Test(arguments: [0, 1, 5, 20])
        func `a start that is cancelled leaves no run`(milliseconds: Int) async throws {
            let start = Task { await refusal(of: RunRequest(load: ["memory": "1MiB"], for: "60s")) }
            try await Task.sleep(for: .milliseconds(milliseconds))
            start.cancel()
            _ = await start.value
            #expect(await eventually { observers().isEmpty })
        }

        /// The observers that this process has.
        private func observers() -> [String] {
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
            return tasks.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/children", encoding: .utf8) }
                .flatMap { $0.split(separator: " ").map(String.init) }
                .filter { id in
                    let line = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)
                    return line?.split(separator: "\0").last == "observe"
                }
        }

        @Test func `pipes and threads are gone with the run`() async throws {
            let run = try await Run.start(RunRequest(load: ["memory": "1MiB"], for: "60s"))
            let observer = try #require(observers().first)
            let pipes = Set(links("/proc/\(observer)/fd").filter { $0.key == "0" || $0.key == "1" }.values)
            #expect(pipes.count == 2 && pipes.isSubset(of: links("/proc/self/fd").values) && threads() == 1)
            await run.stop()
            #expect(await eventually { threads() == 0 })
            // Other suites run beside this one and open what they need, but not these.
            #expect(pipes.isDisjoint(with: links("/proc/self/fd").values))
        }

        /// What the descriptors of a process are, by their numbers.
        private func links(_ folder: String) -> [String: String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.reduce(into: [:]) { links, name in
                links[name] = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + name)
            }
        }

        private func threads() -> Int {
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
            return tasks.count { id in
                (try? String(contentsOfFile: "/proc/self/task/\(id)/comm", encoding: .utf8)) == "exert-run\n"
            }
        }
    }
}
