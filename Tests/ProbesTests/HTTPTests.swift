// SPDX-License-Identifier: Apache-2.0

import Glibc
import LoadModel
import Testing

@testable import Probes

/// Responses as they come, whole and in pieces, and what is none.
@Suite struct HTTPReaderTests {
    private func read(_ text: String, isHead: Bool = false, piece: Int = .max) throws -> HTTPReader {
        var reader = HTTPReader(isHead: isHead)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try rest.prefix(piece).withUnsafeBytes { try reader.take($0) }
            rest = rest.dropFirst(piece)
        }
        return reader
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true, true),
            ("HTTP/1.1 200\r\ncontent-length:5\r\n\r\nhello", 200, "hello", true, true),
            ("HTTP/1.1 503 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 503, "", true, false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", true, false),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true, true),
            ("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, "hi", true, true),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n",
                200,
                "hello", true, true
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hint\r\nLink: a\r\n\r\nHTTP/1.1 204 N\r\n\r\n", 204, "",
                true, true
            ),
            ("HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end", false, false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 200, "half", false, true),
            ("HTTP/1.1 204 N\r\n\r\nmore", 204, "", true, false),
        ])
    func response(text: String, status: Int, body: String, isDone: Bool, keeps: Bool) throws {
        for piece in [Int.max, 7, 1] {
            let reader = try read(text, piece: piece)
            #expect(reader.status == status && reader.isDone == isDone && reader.keepsConnection == keeps)
            #expect(String(decoding: reader.body, as: UTF8.self) == body)
        }
    }

    @Test func `an answer to HEAD has no body`() throws {
        #expect(try read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", isHead: true).isDone)
    }

    @Test func `what has no length ends with the connection, and half of what has one does not`() throws {
        var reader = try read("HTTP/1.1 200 OK\r\n\r\nabc")
        let isWhole = reader.end()
        #expect(isWhole && reader.isDone)
        reader = try read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        let isHalf = !reader.end()
        #expect(isHalf)
    }

    @Test(
        arguments: [
            "HTTP/2 200 OK\r\n", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 099 x\r\n", "HTTP/1.1 2000 x\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "HTTP/1.1 101 Switch\r\n\r\n",
        ])
    func `what is no response is said to be none`(text: String) {
        #expect(throws: HTTPReader.Failure.malformed) { try read(text) }
        #expect(throws: HTTPReader.Failure.malformed) { try read(text, piece: 1) }
    }

    @Test func `headers and bodies are bounded`() {
        let long = String(repeating: "x", count: 70_000)
        #expect(throws: HTTPReader.Failure.tooLarge) { try read("HTTP/1.1 200 OK\r\nA: \(long)", piece: 4096) }
        #expect(throws: HTTPReader.Failure.tooLarge) { try read("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n") }
        let chunk = "10000\r\n" + String(repeating: "x", count: 65536) + "\r\n"
        let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + String(repeating: chunk, count: 17)
        #expect(throws: HTTPReader.Failure.tooLarge) { try read(endless, piece: 65536) }
    }
}

@Suite struct JSONTreeTests {
    @Test func `conditions on a path`() {
        let text = #"{"a": [{"n": -1.5e1, "s": "UP\u00e9\ud83d\ude00", "b": true, "z": null}], "status": "UP"}"#
        let tree = JSONTree(Array(text.utf8))
        func meets(_ path: [JSONCondition.Step], _ comparison: JSONCondition.Comparison, _ value: JSONCondition.Value)
            -> Bool?
        { tree?.meets(JSONCondition(path: path, comparison: comparison, value: value)) }
        let first: [JSONCondition.Step] = [.name("a"), .index(0)]
        #expect(meets([.name("status")], .equal, .text("UP")) == true)
        #expect(meets([.name("status")], .notEqual, .text("UP")) == false)
        #expect(meets(first + [.name("n")], .below, .number(-14)) == true)
        #expect(meets(first + [.name("n")], .atLeast, .number(-14)) == false)
        #expect(meets(first + [.name("s")], .equal, .text("UP\u{E9}\u{1F600}")) == true)
        #expect(meets(first + [.name("b")], .equal, .boolean(true)) == true)
        #expect(meets(first + [.name("z")], .equal, .null) == true)
        #expect(meets(first + [.name("z")], .notEqual, .text("x")) == true)
        #expect(meets([.name("missing")], .notEqual, .text("UP")) == false)
        #expect(meets([.name("a"), .index(1)], .equal, .null) == false)
    }

    @Test(
        arguments: [
            "", "{", "[1,]", "{\"a\":1,\"a\":2}", "01", "1.", "nul", "\"\\x\"", "\"\u{1}\"", "[1] 2", "\"\\ud800\"",
            "+1",
            "{\"a\" 1}", String(repeating: "[", count: 100_000),
        ])
    func `what is no JSON text is none`(text: String) { #expect(JSONTree(Array(text.utf8)) == nil) }
}

@Suite(.serialized) struct HTTPProbeTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"UP\"}"

    @Test func `good answers come over one kept connection`() throws {
        let stub = try Stub.http(Self.ok)
        defer { stub.end() }
        let told = try probe([plan(http(stub))], seconds: 1)
        #expect(told.numbers() == Array(0..<20) && told.tally().good == 20)
        #expect(stub.connections == 1 && stub.requests == 20)
    }

    @Test func `a connection of its own for each`() throws {
        let stub = try Stub.http(Self.ok)
        defer { stub.end() }
        let told = try probe([plan(http(stub) { $0.keepsConnection = false })], seconds: 1)
        #expect(told.tally().good == 20 && stub.connections == 20)
    }

    @Test func `over a Unix socket`() throws {
        let path = "/tmp/exert-probe-\(getpid()).sock"
        unlink(path)
        let stub = try Stub.http(unix: path, Self.ok)
        defer {
            stub.end()
            unlink(path)
        }
        let question = ProbeQuestion.http(HTTPQuestion(endpoint: .unix(path: path), host: "localhost"))
        #expect(try probe([plan(question)], seconds: 0.5).tally().good == 10)
    }

    @Test func `what makes an answer bad has its class`() throws {
        let stub = try Stub.http(Self.ok)
        let away = try Stub.http("HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")
        let mute = try Stub { _, _ in .hang }
        let rude = try Stub { _, _ in .reset }
        let odd = try Stub { _, _ in .send(Array("220 mail ready\r\n\r\n".utf8)) }
        let half = try Stub { _, _ in .sendAndClose(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".utf8)) }
        defer { for stub in [stub, away, mute, rude, odd, half] { stub.end() } }
        let down = JSONCondition(path: [.name("status")], comparison: .equal, value: .text("DOWN"))
        let free = HTTPQuestion(endpoint: .host("127.0.0.1", port: try Stub.freePort()), host: "localhost")
        let gone = HTTPQuestion(endpoint: .unix(path: "/tmp/exert-no-such.sock"), host: "localhost")
        let cases: [(ProbeQuestion, ProbeOutcome)] = [
            (http(stub), .good), (http(away), .status), (http(away) { $0.goodStatus = [503...503] }, .good),
            (http(mute), .timeout), (http(rude), .reset), (http(odd), .protocolError), (http(half), .reset),
            (http(stub) { $0.bodyContains = "UP" }, .good), (http(stub) { $0.bodyContains = "DOWN" }, .body),
            (http(stub) { $0.json = down }, .body), (.http(free), .refused), (.http(gone), .refused),
        ]
        let told = try probe(
            cases.map { plan($0.0, every: 100 * .millisecond, timeout: 300 * .millisecond) }, seconds: 1)
        for (index, expected) in cases.enumerated() {
            #expect(told.tally(index).counts == [expected.1: 10], "\(expected)")
        }
        #expect(told.results.filter { $0.outcome == .timeout }.allSatisfy { $0.latency >= 300 * .millisecond })
    }

    @Test func `a kept connection that the service closed is made anew within the same probe`() throws {
        // Each connection serves two requests, and the third finds it closed.
        let counts = Counter()
        let stub = try Stub { _, connection in
            let answer = Array(Self.ok.utf8)
            return counts.next(connection) > 2 ? .reset : .send(answer)
        }
        defer { stub.end() }
        let told = try probe([plan(http(stub))], seconds: 1)
        #expect(told.tally().counts == [.good: 20])
        #expect(stub.connections == 10)
    }

    @Test func `secrets come from the environment, and what is missing is told without them`() throws {
        // One that is there: others read the environment while tests run, and setenv(3) moves it.
        let secret = try #require(getenv("PATH").map { String(cString: $0) })
        let stub = try Stub { request, _ in
            let isRight = HTTPService.contains(request, Array("\r\nAuthorization: \(secret)\r\n".utf8))
            return .send(Array("HTTP/1.1 \(isRight ? 200 : 401) x\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        defer { stub.end() }
        let question = http(stub) {
            $0.headers = [.init(name: "Authorization", value: .environment("PATH"))]
        }
        #expect(try probe([plan(question)], seconds: 0.2).tally().good == 4)
        let missing = http(stub) { $0.headers = [.init(name: "A", value: .environment("EXERT_NO_SUCH"))] }
        #expect(throws: ProbeProblem.self) { try Prober([plan(missing)]) }
        let forged = http(stub) { $0.headers = [.init(name: "A", value: .text("x\r\nB: y"))] }
        #expect(throws: ProbeProblem.self) { try Prober([plan(forged)]) }
    }

    @Test func `a build without TLS refuses https`() throws {
        let stub = try Stub.http(Self.ok)
        defer { stub.end() }
        let problem = #expect(throws: ProbeProblem.self) {
            try Prober([plan(http(stub) { $0.security = .verified(authorities: nil) })])
        }
        #expect(problem?.description == "probe 'p': \(ProbeProblem.withoutTLS)")
    }

    @Test func `a query of Prometheus reads one number`() throws {
        let stub = try Stub { request, _ in
            let isRight = HTTPService.contains(
                request, Array("GET /api/v1/query?query=up%7Ba%3D%22b%22%7D HTTP/1.1\r\n".utf8))
            let json =
                #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2.5"]}]}}"#
            let body = isRight ? json : "{}"
            return .send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
        }
        defer { stub.end() }
        let question = HTTPQuestion(endpoint: stub.endpoint, host: "localhost")
        let told = try probe([plan(.prometheus(question, query: "up{a=\"b\"}"))], seconds: 0.2)
        #expect(told.tally().good == 4 && told.tally().mean == 2.5)
    }

    /// The whole bar of 30 s in `scripts/test --full`; a fifth of it otherwise.
    @Test func `the standard test of coordinated omission`() throws {
        let scale = getenv("EXERT_PROBE_BAR").map { String(cString: $0) } == "full" ? 1.0 : 0.2
        @Sendable func length(_ seconds: Double) -> Nanoseconds { Nanoseconds(seconds: seconds * scale) }
        let stubs = [try Stub.http(Self.ok), try Stub.http(Self.ok)]
        defer { for stub in stubs { stub.end() } }
        let plans = [plan(http(stubs[0]), timeout: length(10)), plan(http(stubs[1]), timeout: length(1))]
        let told = try probe(plans, seconds: 30 * scale) {
            usleep(UInt32(length(10) / 1000))
            for stub in stubs { stub.stand(still: true) }
            usleep(UInt32(length(6) / 1000))
            for stub in stubs { stub.stand(still: false) }
        }
        let due = Int64((600 * scale).rounded())
        for (share, expected) in [(0.9, 3.0), (0.95, 4.5), (0.99, 5.7)] {
            guard case .known(let time) = told.tally().quantile(share) else {
                Issue.record("\(told.tally().quantile(share))")
                continue
            }
            #expect(abs(time.seconds - expected * scale) < 0.1, "\(share) \(time.seconds)")
        }
        for probe in 0...1 { #expect(told.numbers(probe) == Array(0..<due)) }
        let good = try #require(told.tally(1).goodShare)
        // Of a fifth of the length, one probe is 0.8 %.
        #expect(abs(good - 5.0 / 6) < (scale == 1 ? 0.003 : 0.012), "\(good)")
    }

    @Test func `a service that stands still is seen whole`() throws {
        let stub = try Stub.http(Self.ok)
        defer { stub.end() }
        aside {
            usleep(500_000)
            stub.stand(still: true)
            usleep(1_000_000)
            stub.stand(still: false)
        }
        let told = try probe([plan(http(stub), timeout: 5 * .second)], seconds: 3)
        let tally = told.tally()
        #expect(told.numbers() == Array(0..<60) && tally.good == 60)
        // A third of the probes was due while it stood still, and half of these waited half a second or longer.
        let waited = told.results.filter { $0.latency > 500 * .millisecond }.count
        #expect((8...12).contains(waited), "\(waited)")
        #expect(told.results.contains { $0.latency > 900 * .millisecond })
    }
}

/// Counts by number.
private final class Counter: @unchecked Sendable {
    private var counts: [Int: Int] = [:]

    /// Called by the stub's thread alone.
    func next(_ number: Int) -> Int {
        counts[number, default: 0] += 1
        return counts[number, default: 0]
    }
}
