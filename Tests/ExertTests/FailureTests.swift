// SPDX-License-Identifier: Apache-2.0

import Exert
import Foundation
import Testing

/// Observers that break, which a real one does when the machine does.
extension DrivenRuns {
    @Suite(.serialized)
    struct FailureTests {
        private let request = RunRequest(load: ["cpu": "1%"], for: "1s")

        @Test func `a binary that is not there is an internal refusal`() async {
            let refusal = await refusal(of: request, executable: "/nonexistent/exert")
            #expect(refusal?.kind == .internal && refusal?.message.contains("/nonexistent/exert") == true)
        }

        @Test func `an observer that dies before it answers is an internal refusal`() async throws {
            let fake = try FakeObserver("exit 7")
            let refusal = await refusal(of: request, executable: fake.path)
            #expect(refusal?.kind == .internal && refusal?.message.contains("exit code 7") == true)
        }

        @Test func `what an observer refuses is thrown as it is`() async throws {
            let fake = try FakeObserver(
                #"echo '{"refused":{"id":0,"refusal":{"kind":"unsupported","message":"no","diagnostics":[]}}}'; exit 4"#
            )
            #expect(await refusal(of: request, executable: fake.path) == Refusal(.unsupported, "no"))
        }

        @Test func `an observer that dies under way ends the run`() async throws {
            let fake = try FakeObserver(
                FakeObserver.started + "\n" + FakeObserver.event("run_started") + "\nkill -9 $$")
            let run = try await Run.start(request, executable: fake.path)
            let result = await run.result
            #expect(result.verdict == nil && result.exitCode == 1)
            #expect(result.reason == "the observer was killed by signal 9")
            #expect(run.log.lastNumber == 1 && run.status.state == .ended)
        }

        @Test func `commands that are under way fail when the observer dies`() async throws {
            let fake = try FakeObserver(FakeObserver.started + "\nread -r command\nexit 0")
            let run = try await Run.start(request, executable: fake.path)
            await #expect(throws: Refusal(.conflict, "the run has ended")) { try await run.pause() }
        }

        @Test func `what is neither event nor answer is passed over`() async throws {
            let fake = try FakeObserver(
                [
                    FakeObserver.started, "echo", "echo nonsense", "echo '{}'", "echo '{\"schema\"'",
                    "printf '\\377\\n'",
                    FakeObserver.event("run_started"), FakeObserver.ended(exitCode: 2), "printf 'no end'",
                ].joined(separator: "\n"))
            let run = try await Run.start(request, executable: fake.path)
            let result = await run.result
            #expect(result.exitCode == 2 && result.text == "report" && run.log.lastNumber == 1)
        }

        @Test func `an observer that lives on behind its end is killed`() async throws {
            let fake = try FakeObserver(
                FakeObserver.started + "\n" + FakeObserver.ended(exitCode: 0) + "\nexec >/dev/null\nexec sleep 60")
            let begun = Date()
            let result = try await Run.start(request, executable: fake.path).result
            #expect(result.exitCode == 0 && Date().timeIntervalSince(begun) < 20)
        }

        @Test func `a command does not wait for an observer that does not read`() async throws {
            let fake = try FakeObserver(
                FakeObserver.started + "\n" + FakeObserver.event("run_started") + "\nexec sleep 3")
            let run = try await Run.start(request, executable: fake.path)
            let large = String(repeating: "x", count: 1 << 20)
            await #expect(throws: Refusal.self) { try await run.retarget(["cpu": large]) }
            #expect(run.log.lastNumber == 1, "its events were read all the same")
        }

        @Test func `the token does not reach the observer`() async throws {
            setenv("EXERT_TOKEN", "secret", 1)
            defer { unsetenv("EXERT_TOKEN") }
            let fake = try FakeObserver(
                FakeObserver.started + "\n"
                    + #"echo "{\"ended\":{\"exitCode\":0,\"text\":\"${EXERT_TOKEN-none}\",\"json\":\"\"}}""#)
            #expect(try await Run.start(request, executable: fake.path).result.text == "none")
        }
    }
}
