// SPDX-License-Identifier: Apache-2.0

#if Server
import Exert
import Foundation
import LoadModel
import Testing

extension Servers {
    /// Runs that are asked for over HTTP, and that ask a service.
    @Suite(.serialized)
    struct Services {
        /// A run of 3 s that asks `probe`.
        private func profile(_ probe: String, _ objectives: [String] = ["web 90% good during squeeze"]) -> String {
            """
            phases:
              - { name: steady, for: 1s }
              - { name: squeeze, for: 2s, load: { cpu: 20% } }
            probes:
              web: { \(probe), every: 100ms, timeout: 500ms }
            objectives:
            \(objectives.map { "  - \($0)\n" }.joined())
            """
        }

        private func post(_ server: ServerProcess, _ profile: String) throws -> HTTPClient.Response {
            try server.call("POST", "/v1/runs", headers: ["Content-Type": "application/yaml"], body: profile)
        }

        @Test func `verdicts of the library are those of the log`() {
            #expect(ObjectiveOutcome.Verdict.allCases.map(\.rawValue) == ObjectiveVerdict.allCases.map(\.rawValue))
            let (told, logged) = (RunResult.Verdict.allCases.map(\.rawValue), Verdict.allCases.map(\.rawValue))
            #expect(Set(told) == Set(logged))
        }

        @Test func `what a service did is in the run, among the metrics, and in the sentence`() throws {
            let asked = try ServerProcess()
            let port = try #require(asked.url.split(separator: ":").last)
            let server = try ServerProcess(["--allow-probe", "127.0.0.1:\(port)"])
            let response = try post(server, profile("http: \"http://127.0.0.1:\(port)/readyz\""))
            try #require(response.code == 201, "\(response.text)")
            let id = try #require(try response.json()["id"] as? String)

            let isSeen = try eventually { (try probe(of: server.run(id)))?["good_ratio"] as? Double == 1 }
            #expect(isSeen)
            let metrics = try server.call("GET", "/metrics").text
            for line in [
                "exert_probe_results_total{run_id=\"\(id)\",probe=\"web\",outcome=\"good\"} 10\n",
                "exert_probe_good_ratio{run_id=\"\(id)\",probe=\"web\"} 1\n",
                "exert_probe_latency_seconds{run_id=\"\(id)\",probe=\"web\",quantile=\"0.95\"} 0.0",
            ] { #expect(metrics.contains(line), "\(line)\(metrics)") }

            let isOver = try eventually(within: 20) { try server.run(id)["state"] as? String == "ended" }
            #expect(isOver)
            let run = try server.run(id)
            let objectives = try #require(run["objectives"] as? [[String: Any]])
            #expect(objectives[0]["verdict"] as? String == "held" && objectives[0]["probe"] as? String == "web")
            #expect(
                run["sentence"] as? String
                    == "cpu 20% for 2s was put on, and was really there. web kept its objective.")
            #expect(run["exit_code"] as? Int == 0, "\(run)")
        }

        private func probe(of run: [String: Any]) -> [String: Any]? {
            (run["probes"] as? [String: Any])?["web"] as? [String: Any]
        }

        @Test func `a service that is not there is told, and the run ends as on the command line`() throws {
            let server = try ServerProcess(["--allow-probe", "127.0.0.1"])
            let response = try post(server, profile("tcp: \"127.0.0.1:1\"", ["web 90% good before"]))
            try #require(response.code == 201, "\(response.text)")
            let id = try #require(try response.json()["id"] as? String)
            let isOver = try eventually(within: 20) { try server.run(id)["state"] as? String == "ended" }
            #expect(isOver)
            let run = try server.run(id)
            #expect(run["exit_code"] as? Int == 7, "\(run)")
            #expect((run["sentence"] as? String)?.hasPrefix("Nothing was put on") == true, "\(run)")
        }

        @Test(arguments: [
            ("http: \"http://127.0.0.1:80/\"", [], false), ("http: \"http://127.0.0.1:80/\"", ["127.0.0.1:81"], false),
            ("http: \"http://127.0.0.1:80/\"", ["127.0.0.1:80"], true),
            ("http: \"http://127.0.0.1:80/\"", ["127.0.0.1"], true), ("tcp: \"[::1]:80\"", ["[::1]:80"], true),
            ("http: \"http://127.0.0.1:80/\"", ["command:*"], false),
            ("command: [\"/bin/true\"]", [], false), ("command: [\"/bin/true\"]", ["127.0.0.1"], false),
            ("command: [\"/bin/true\"]", ["command"], false), ("command: [\"/bin/true\"]", ["command:/bin/true"], true),
            ("command: [\"/bin/false\"]", ["command:/bin/true"], false),
            ("command: [\"/bin/true\"]", ["command:*"], true),
            ("http: \"http://127.0.0.1:80/\", headers: { a: \"env:PATH\" }", ["127.0.0.1:80"], false),
            ("http: \"http://127.0.0.1:80/\", headers: { a: \"file:/etc/shadow\" }", ["127.0.0.1:80"], false),
        ]) func `only what is allowed is asked`(probe: String, allowed: [String], isTaken: Bool) throws {
            let server = try ServerProcess(allowed.flatMap { ["--allow-probe", $0] })
            let response = try post(server, profile(probe, []).replacingOccurrences(of: "objectives:\n", with: ""))
            #expect(response.code == (isTaken ? 201 : 403), "\(response.code) \(response.text)")
            if !isTaken {
                #expect(
                    response.text.contains("--allow-probe") || response.text.contains("the server's environment"),
                    "\(response.text)")
            }
        }
    }
}
#endif
