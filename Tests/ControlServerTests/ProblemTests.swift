// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Testing

extension Servers {
    /// What is refused, and how.
    @Suite(.serialized)
    struct Problems {
        private let server: ServerProcess

        init() throws { server = try ServerProcess() }

        private func expect(
            _ response: HTTPClient.Response, _ code: Int, _ kind: String, _ location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(response.code == code, "\(response.text)", sourceLocation: location)
            #expect(response["Content-Type"] == "application/problem+json", sourceLocation: location)
            #expect(response["X-Content-Type-Options"] == "nosniff", sourceLocation: location)
            let problem = try response.json()
            #expect(problem["type"] as? String == "https://exert.dev/problems/\(kind)", sourceLocation: location)
            #expect(problem["status"] as? Int == code && problem["detail"] is String, sourceLocation: location)
        }

        @Test func `what is not there`() throws {
            for path in [
                "/nothing", "/v1", "/v1/runs/01J", "/v1/runs/01J/events", "/v1/profiles/..%2f..%2fREADME", "//",
            ] {
                try expect(try server.call("GET", path), 404, "not-found")
            }
            try expect(try server.call("GET", "/%zz"), 400, "malformed")
        }

        @Test func `what a path does not have`() throws {
            for (method, path, allowed) in [
                ("PUT", "/v1/runs", "GET, HEAD, POST"), ("POST", "/v1/runs/x", "GET, HEAD, PATCH, DELETE"),
                ("GET", "/v1/stop", "POST"), ("DELETE", "/healthz", "GET, HEAD"), ("OPTIONS", "/", "GET, HEAD"),
            ] {
                let response = try server.call(method, path)
                try expect(response, 405, "method-not-allowed")
                #expect(response["Allow"] == allowed)
            }
        }

        @Test func `bytes that are no HTTP`() throws {
            for bytes in ["NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", "BREW / HTTP/1.1\r\n\r\n"] {
                let client = try server.client()
                client.send(bytes)
                try expect(try client.response(), 400, "malformed")
                #expect(client.isClosed())
            }
        }

        @Test func `bodies that are too large`() throws {
            let headers = ["Content-Type": "application/yaml"]
            let large = String(repeating: "#", count: (1 << 20) + 1)
            try expect(try server.call("POST", "/v1/runs", headers: headers, body: large), 413, "too-large")
            let client = try server.client()
            client.send("POST /v1/stop HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send("100001\r\n\(large)\r\n0\r\n\r\n")
            try expect(try client.response(), 413, "too-large")
            // Told before it is sent.
            let early = try server.client()
            early.send("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n")
            try expect(try early.response(), 413, "too-large")
        }

        @Test func `bodies of another type`() throws {
            for type in ["text/html", "", "application/octet-stream"] {
                let headers = type.isEmpty ? [:] : ["Content-Type": type]
                try expect(
                    try server.call("POST", "/v1/runs", headers: headers, body: "x"), 415, "unsupported-media-type")
            }
        }

        @Test(
            arguments: [
                "", "x", "[]", "null", "{}", #"{"load":{"cpu":"1%"}}"#, #"{"for":"1s"}"#, #"{"load":{},"for":"1s"}"#,
                #"{"load":{"cpu":1},"for":"1s"}"#, #"{"profile":1}"#, #"{"profile":"x","load":{"cpu":"1%"}}"#,
                #"{"load":{"cpu":"1%"},"for":"1s","fro":1}"#, #"{"load":{"cpu":"1%"},"for":"1s","labels":["a"]}"#,
                "{\"profile\":\"\u{1}\"", #"{"profile":"x"} {}"#,
            ])
        func `requests for runs that are malformed`(body: String) throws {
            try expect(try server.call("POST", "/v1/runs", json: body), 400, "malformed")
        }

        @Test(arguments: ["leese=1s", "lease=1s&lease=2s", "label=a", "label=a=b&label=a=c", "interval=%f"])
        func `queries that are malformed`(query: String) throws {
            let headers = ["Content-Type": "application/yaml"]
            try expect(
                try server.call("POST", "/v1/runs?" + query, headers: headers, body: "phases: []"), 400, "malformed")
        }

        @Test(arguments: ["state=x", "limit=0", "limit=x", "after=1"])
        func `lists that are malformed`(query: String) throws {
            try expect(try server.call("GET", "/v1/runs?" + query), 400, "malformed")
        }

        @Test func `a profile's problems come with their places`() throws {
            for body in [
                "phases:\n  - { name: a, for: 1s, load: { cqu: 1% } }\n",
                "{\"phases\":\n[{\"name\":\"a\",\"for\":\"1s\",\"load\":{\"cqu\":\"1%\"}}]}",
            ] {
                let type = body.hasPrefix("{") ? "application/json" : "application/yaml"
                let response = try server.call("POST", "/v1/runs", headers: ["Content-Type": type], body: body)
                try expect(response, 422, "invalid-profile")
                let first = (try response.json()["diagnostics"] as? [[String: Any]])?.first
                #expect(first?["line"] as? Int == 2 && (first?["message"] as? String)?.contains("cqu") == true)
            }
            for json in [
                #"{"load":{"cpu":"1%"},"for":"1s","lease":"soon"}"#,
                #"{"load":{"cpu":"1%"},"for":"1s","start_at":"x"}"#,
                #"{"load":{"cpu":"1%"},"for":"1s","interval":"1us"}"#, #"{"load":{"cpu":"1%"},"for":"x"}"#,
            ] { try expect(try server.call("POST", "/v1/runs", json: json), 422, "invalid-profile") }
        }

        @Test func `what the rules do not allow`() throws {
            for json in [
                #"{"load":{"disk-space":"1MiB"},"for":"1s"}"#,
                #"{"load":{"cpu":"1%"},"set":{"cpu.cgroup":"/"},"for":"1s"}"#,
            ] { try expect(try server.call("POST", "/v1/runs", json: json), 403, "forbidden") }
        }

        @Test func `one Host, and one member of a name`() throws {
            for fields in ["", "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nhost: evil\r\n"] {
                let client = try server.client()
                client.send("GET /healthz HTTP/1.1\r\n\(fields)\r\n")
                try expect(try client.response(), 400, "malformed")
            }
            for body in [
                #"{"load":{"cpu":"1%"},"for":"1s","for":"2s"}"#, #"{"load":{"cpu":"1%","c\u0070u":"2%"},"for":"1s"}"#,
                #"{"phases":[{"name":"a","for":"1s","load":{"cpu":"1%"}}],"phases":[]}"#,
            ] {
                let response = try server.call("POST", "/v1/runs", json: body)
                try expect(response, 400, "malformed")
                #expect(response.text.contains("more than once"), "\(response.text)")
            }
        }

        /// An image of a page elsewhere brings no `Origin`.
        @Test func `no survey for a page of another site`() throws {
            let headers = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"]
            try expect(try server.call("GET", "/v1/host", headers: headers), 403, "forbidden")
            #expect(try server.call("GET", "/", headers: headers).code == 200)
        }

        @Test func `targets that name a host`() throws {
            for target in ["http://127.0.0.1/healthz", "http://localhost/healthz", "localhost:80"] {
                let client = try server.client()
                client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                try expect(try client.response(), 400, "malformed")
            }
        }

        @Test func `pages of other origins`() throws {
            let own = server.url.replacingOccurrences(of: "http://", with: "")
            for headers in [
                ["Host": "evil.example"], ["Host": "127.0.0.1.evil.example"], ["Origin": "null"],
                ["Origin": "http://evil.example"], ["Host": "localhost:1", "Origin": "http://localhost:2"],
                ["Host": "localhost:80@evil.example"], ["Host": "localhost:80:90"], ["Host": "[::1]evil.example"],
                ["Host": "localhost:"], ["Host": "localhost:65536"], ["Host": "127.0.0.1 evil"], ["Host": ""],
                ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
                ["Host": own, "Origin": "https://\(own)"],
            ] { try expect(try server.call("GET", "/healthz", headers: headers), 403, "forbidden") }
            // Another port is one that is forwarded here.
            for headers in [
                ["Host": own], ["Host": "LOCALHOST"], ["Host": own, "Origin": "http://\(own)"],
                ["Host": "127.0.0.1:7"], ["Host": "[::1]:7"], ["Host": "localhost:1", "Origin": "http://localhost:1"],
                ["Sec-Fetch-Site": "same-origin"], ["Sec-Fetch-Site": "none"],
            ] { #expect(try server.call("GET", "/healthz", headers: headers).code == 200) }
        }
    }
}
#endif
