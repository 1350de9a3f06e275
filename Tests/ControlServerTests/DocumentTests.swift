// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Testing

extension Servers {
    /// What can be read without a run.
    @Suite(.serialized)
    struct Documents {
        private let server: ServerProcess

        init() throws { server = try ServerProcess() }

        @Test func `health and readiness`() throws {
            for path in ["/healthz", "/readyz"] {
                #expect(try server.call("GET", path).json() as? [String: String] == ["status": "ok"])
            }
        }

        @Test func `heads are those of the bodies that they leave out`() throws {
            let client = try server.client()
            for path in ["/healthz", "/v1/runs", "/v1/stressors", "/openapi.json", "/nothing"] {
                let whole = try client.call("GET", path)
                let head = try client.call("HEAD", path)
                #expect(head.code == whole.code && head["Content-Length"] == "\(whole.body.count)")
                #expect(head["Content-Type"] == whole["Content-Type"])
            }
        }

        @Test func `the page runs its own scripts and no others`() throws {
            let page = try server.call("GET", "/")
            #expect(page["Content-Type"] == "text/html; charset=utf-8" && page["Cache-Control"] == "no-store")
            let policy = try #require(page["Content-Security-Policy"])
            let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-([a-z0-9]+)'/)).output.1
            #expect(!policy.contains("unsafe-eval") && policy.contains("frame-ancestors 'none'"))
            #expect(page.text.ranges(of: "<script").count == page.text.ranges(of: "<script nonce=\"\(nonce)\"").count)
            #expect(try server.call("GET", "/")["Content-Security-Policy"] != policy)
        }

        @Test func `profiles are those of the directory`() throws {
            let list = try server.call("GET", "/v1/profiles").json()["profiles"] as? [[String: Any]]
            let quickstart = try #require(list?.first { $0["name"] as? String == "quickstart" })
            #expect(quickstart["length_s"] as? Double == 18)
            #expect((quickstart["question"] as? String)?.hasSuffix("?") == true)
            let text = try server.call("GET", "/v1/profiles/quickstart")
            #expect(text["Content-Type"] == "application/yaml" && text.text.contains("name: quickstart\n"))
        }

        @Test func `kinds of stressor`() throws {
            let list = try server.call("GET", "/v1/stressors").json()["stressors"] as? [[String: String]]
            #expect(list?.first?["kind"] == "cpu" && list?.first?["unit"] == "cores")
            #expect(list?.contains { $0["kind"] == "null" } == false)
            #expect(list?.first?["reach"] == "own-process")
            #expect(list?.first { $0["kind"] == "inodes" }?["reach"] == "directory")
        }

        @Test func `the host is what exert host says`() throws {
            let host = try server.call("GET", "/v1/host")
            #expect(host.code == 200 && host["Content-Type"] == "application/json")
            #expect(try host.json()["schema"] as? String == "exert-host/1")
        }

        /// Neither a path that is not described nor a description without a path.
        @Test func `the description is of this server`() throws {
            let document = try server.call("GET", "/openapi.json").json()
            #expect(document["openapi"] as? String == "3.1.0")
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            for (path, item) in paths {
                let concrete = path.replacing("{runId}", with: "x").replacing("{name}", with: "x")
                let allowed = try #require(try server.call("TRACE", concrete)["Allow"], "\(path)")
                let methods = item.keys.filter { $0 != "parameters" }.map { $0.uppercased() }
                #expect(Set(allowed.split(separator: ", ").map(String.init)).subtracting(["HEAD"]) == Set(methods))
                for (method, operation) in item where method != "parameters" {
                    let responses = (operation as? [String: Any])?["responses"] as? [String: Any]
                    #expect(responses?["405"] != nil && responses?["500"] != nil, "\(method) \(path)")
                }
            }
            #expect(paths.count == 15)
        }
    }
}
#endif
