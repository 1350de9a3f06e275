// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Testing

extension Servers {
    /// How servers begin and end, and who may call them.
    @Suite(.serialized)
    struct Lifecycle {
        private let scratch: String

        init() throws {
            scratch = NSTemporaryDirectory() + "exert-serve-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `a signal stops all runs and ends the server`(signal: Int32) throws {
            let server = try ServerProcess()
            let id = try server.start(#"{"load":{"memory":"64MiB"},"for":"60s"}"#)
            #expect(try eventually { try server.run(id)["state"] as? String == "running" })
            let follower = try server.client()
            follower.request("GET", "/v1/runs/\(id)/events")
            let idle = try server.client()
            #expect(try idle.call("GET", "/healthz").code == 200)
            server.send(signal)
            // Who follows gets the end.
            #expect(try follower.response().text.contains("\"event\":\"run_ended\""))
            #expect(idle.isClosed())
            let end = try server.wait()
            #expect(end.code == 0 && end.said.contains("no token") && end.said.contains("stopping all runs"))
        }

        @Test func `a second signal ends it at once`() throws {
            let server = try ServerProcess()
            let id = try server.start(#"{"load":{"memory":"64MiB"},"for":"60s"}"#)
            #expect(try eventually { try server.run(id)["state"] as? String == "running" })
            // An observer that stands still does not stop when it is told to.
            let children = try descendants(of: server.id)
            for child in children { kill(child, SIGSTOP) }
            server.send(SIGTERM)
            #expect(try eventually { try server.call("GET", "/readyz").code == 503 })
            #expect(try server.call("GET", "/healthz").code == 200)
            #expect(try server.run(id)["state"] as? String == "stopping")
            let late = try server.call("POST", "/v1/runs", json: #"{"load":{"cpu":"1%"},"for":"1s"}"#)
            #expect(late.code == 503 && late.text.contains("not-ready"))
            server.send(SIGTERM)
            #expect(try server.wait(limit: 2).code == 143)
            for child in children { kill(child, SIGCONT) }
            #expect(eventually(within: 3) { children.allSatisfy { kill($0, 0) != 0 } })
        }

        @Test func `a server that is killed leaves no load`() throws {
            let server = try ServerProcess()
            let id = try server.start(#"{"load":{"memory":"64MiB"},"for":"60s"}"#)
            #expect(try eventually { try server.run(id)["state"] as? String == "running" })
            let children = try descendants(of: server.id)
            #expect(children.count == 4, "an observer, its keeper, who writes for it, and a stressor")
            server.send(SIGKILL)
            #expect(eventually(within: 3) { children.allSatisfy { kill($0, 0) != 0 } })
        }

        private func descendants(of id: Int32) throws -> [Int32] {
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
            let children = tasks.compactMap {
                try? String(contentsOfFile: "/proc/\(id)/task/\($0)/children", encoding: .utf8)
            }
            .flatMap { $0.split(separator: " ").compactMap { Int32($0) } }
            return try children + children.flatMap { try descendants(of: $0) }
        }

        @Test func `a Unix socket is its owner's, and gone at the end`() throws {
            let path = scratch + "/socket"
            let server = try ServerProcess(listen: "unix:" + path)
            #expect(server.url == "unix:" + path)
            #expect(try mode(of: path) == 0o600)
            #expect(try server.call("GET", "/healthz", headers: ["Host": "anything"]).code == 200)
            let second = try ServerProcess(listen: "unix:" + path)
            let refused = try second.wait()
            #expect(refused.code == 4 && refused.said.contains("somebody answers"), "\(refused)")
            #expect(try server.call("GET", "/healthz").code == 200, "the first one is not disturbed")
            server.send(SIGKILL)
            _ = try server.wait()
            #expect(FileManager.default.fileExists(atPath: path))
            let third = try ServerProcess(listen: "unix:" + path)
            #expect(try third.call("GET", "/healthz").code == 200, "a stale socket is replaced")
            third.send(SIGTERM)
            #expect(try third.wait().code == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(try ServerProcess(listen: "unix:" + path).wait().code == 64, "a file is not a socket")
            #expect(FileManager.default.fileExists(atPath: path))
        }

        private func mode(of path: String) throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        }

        @Test(arguments: [true, false])
        func `a token is demanded`(isInFile: Bool) throws {
            let file = scratch + "/token"
            try Data("s3cret\n".utf8).write(to: URL(fileURLWithPath: file))
            let server = try ServerProcess(
                isInFile ? ["--token-file", file] : [], environment: isInFile ? [:] : ["EXERT_TOKEN": "s3cret"],
                listen: "0.0.0.0:0")
            for path in ["/", "/healthz", "/readyz", "/openapi.json"] {
                #expect(try server.call("GET", path, headers: ["Host": "node-1"]).code == 200)
            }
            for (path, header) in [
                ("/v1/runs", nil), ("/metrics", nil), ("/nothing", nil), ("/v1/runs", "Bearer "),
                ("/v1/runs", "Bearer s3cre"), ("/v1/runs", "Bearer s3crets"), ("/v1/runs", "Basic s3cret"),
            ] as [(String, String?)] {
                let response = try server.call("GET", path, headers: header.map { ["Authorization": $0] } ?? [:])
                #expect(response.code == 401 && response["WWW-Authenticate"] == "Bearer")
                #expect(response["Content-Type"] == "application/problem+json")
            }
            let headers = ["Authorization": "bearer s3cret", "Host": "node-1", "Origin": "http://elsewhere"]
            #expect(try server.call("GET", "/v1/runs", headers: headers).code == 200)
            server.send(SIGTERM)
            #expect(try server.wait().said.contains("token demanded"))
        }

        @Test func `HTTPS with a certificate`() throws {
            let (certificate, key) = (scratch + "/certificate.pem", scratch + "/key.pem")
            let made = try command(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate
            )
            #expect(made.code == 0, "\(made.output)")
            let server = try ServerProcess(["--tls-certificate", certificate, "--tls-key", key])
            #expect(server.url.hasPrefix("https://127.0.0.1:"))
            // Neither of these gets as far as a handshake.
            let (silent, slow) = (try server.client(), try server.client())
            slow.send("\u{16}\u{3}\u{1}")
            let begin = Date()
            let port = server.url.split(separator: ":").last ?? ""
            let answer = try command(
                "curl", "-sS", "--max-time", "10", "--cacert", certificate, "https://localhost:\(port)/healthz")
            #expect(answer.code == 0 && answer.output == "{\"status\":\"ok\"}\n", "\(answer)")
            #expect(silent.isClosed() && slow.isClosed())
            #expect((5..<15).contains(Date().timeIntervalSince(begin)))
            let wrong = try ServerProcess(["--tls-certificate", key, "--tls-key", certificate]).wait()
            #expect(wrong.code == 64 && wrong.said.contains("cannot be used"), "\(wrong.said)")
        }

        private func command(_ arguments: String...) throws -> (code: Int32, output: String) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = arguments
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, output)
        }

        @Test(
            arguments: [
                (["--listen", "0.0.0.0:0"], "EXERT_TOKEN"), (["--listen", "[::]:0"], "token"),
                (["--listen", "node"], "HOST:PORT"), (["--listen", "::1:7"], "HOST:PORT"),
                (["--listen", "127.0.0.1:65536"], "HOST:PORT"), (["--tls-key", "k"], "go together"),
                (["--token-file", "/nonexistent"], "cannot be read"), (["--token-file", "/dev/null"], "one word"),
                (["--unsafe", "--allow-directory", "/tmp"], "leave out"), (["--max-runs", "0"], "1 to 64"),
                (["--allow-directory", "/nonexistent"], "no such directory"), (["--lease", "soon"], "--lease"),
                (["--profiles", "/nonexistent"], "no such directory"),
                (["--listen", "unix:/" + String(repeating: "x", count: 120)], "107 bytes"),
            ] as [([String], String)])
        func `flags that make no server`(arguments: [String], remedy: String) throws {
            let end = try ServerProcess(arguments).wait()
            #expect(end.code == 64 && end.said.contains(remedy), "\(end)")
        }

        @Test func `an address that is taken is told`() throws {
            let server = try ServerProcess()
            let second = try ServerProcess(listen: server.url.replacing("http://", with: "")).wait()
            #expect(second.code == 4 && second.said.contains("cannot listen on"), "\(second)")
        }

        @Test func `a server outlives the lack of descriptors`() throws {
            let server = try ServerProcess(wrapper: ["/bin/sh", "-c", "ulimit -n 48; exec \"$0\" \"$@\""])
            var clients: [HTTPClient] = []
            for _ in 0..<80 { clients.append(try server.client()) }
            for client in clients { client.request("GET", "/healthz") }
            #expect(try clients[0].response().code == 200)
            clients = []
            #expect(eventually { (try? server.call("GET", "/healthz").code) == 200 })
        }
    }
}
#endif
