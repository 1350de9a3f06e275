// SPDX-License-Identifier: Apache-2.0

#if TLS
import Glibc
import LoadModel
import ProbesTLS
import Testing

@testable import Probes

/// Probes over https, of openssl's server and of what is none.
@Suite(.serialized) struct HTTPSTests {
    private enum Kind { case good, other, expired, selfSigned }
    private enum Trust { case authority, system, nobody }

    private let certificates: Certificates

    init() throws { certificates = try Certificates() }

    private func question(
        _ port: UInt16, _ trust: Trust = .authority, host: String = "localhost",
        _ change: (inout HTTPQuestion) -> Void = { _ in }
    ) -> ProbeQuestion {
        var question = HTTPQuestion(endpoint: .host(host, port: port), host: "\(host):\(port)")
        switch trust {
        case .authority: question.security = .verified(authorities: certificates.authority)
        case .system: question.security = .verified(authorities: nil)
        case .nobody: question.security = .unverified
        }
        change(&question)
        return .http(question)
    }

    private func ask(_ question: ProbeQuestion, seconds: Double = 0.5, timeout: Nanoseconds = 2 * .second) throws
        -> Told
    {
        try probe(
            [plan(question, every: 100 * .millisecond, timeout: timeout)], seconds: seconds, tls: ProbeTLS.provider)
    }

    private func pair(_ kind: Kind) throws -> Certificates.Pair {
        switch kind {
        case .good: try certificates.issue("DNS:localhost,IP:127.0.0.1")
        case .other: try certificates.issue("DNS:elsewhere.example")
        case .expired: try certificates.issue("DNS:localhost", days: -1)
        case .selfSigned: try certificates.selfSigned()
        }
    }

    @Test(
        arguments: [
            (.good, .authority, "localhost", nil, [], nil), (.good, .authority, "127.0.0.1", nil, [], nil),
            (.good, .authority, "localhost", nil, ["-tls1_2"], nil),
            (.good, .authority, "localhost", nil, ["-tls1_3"], nil),
            (.good, .system, "localhost", nil, [], "no authority that is trusted here"),
            (.other, .authority, "localhost", nil, [], "is not of 'localhost'"),
            (.other, .authority, "127.0.0.1", nil, [], "is not of '127.0.0.1'"),
            (.other, .authority, "127.0.0.1", "elsewhere.example", [], nil),
            (.good, .authority, "localhost", "elsewhere.example", [], "is not of 'elsewhere.example'"),
            (.expired, .authority, "localhost", nil, [], "expired on 20"),
            (.expired, .nobody, "localhost", nil, [], nil),
            (.selfSigned, .nobody, "localhost", nil, [], nil),
            (.selfSigned, .authority, "localhost", nil, [], "no authority"),
            (.other, .nobody, "localhost", nil, [], nil),
        ] as [(Kind, Trust, String, String?, [String], String?)])
    private func `a certificate holds, or it is told why not`(
        kind: Kind, trust: Trust, host: String, name: String?, options: [String], problem: String?
    ) throws {
        let server = try OpenSSLServer(pair(kind), options + ["-www"])
        let told = try ask(question(server.port, trust, host: host) { $0.serverName = name })
        #expect(told.tally().counts == [problem == nil ? .good : .tls: 5], "\(told.notes)")
        #expect(told.notes.count == (problem == nil ? 0 : 1), "\(told.notes)")
        if let problem { #expect(told.notes.first?.contains(problem) == true, "\(told.notes)") }
    }

    @Test(arguments: [true, false])
    func `who answers half of a handshake, or nothing, is given up after the time limit`(saysNothing: Bool) throws {
        // A record of 100 bytes, two of which come.
        let stub = try Stub { _, _ in saysNothing ? .hang : .send([0x16, 0x03, 0x03, 0x00, 0x64, 0x02, 0x00]) }
        defer { stub.end() }
        let told = try ask(question(stub.port), timeout: 300 * .millisecond)
        #expect(told.tally().counts == [.timeout: 5])
        for result in told.results { #expect((300...400).contains(result.latency / .millisecond), "\(result)") }
    }

    @Test func `plain http behind https, and https behind plain http, are told from each other`() throws {
        let stub = try Stub { _, _ in .send(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8)) }
        let alert = try Stub { _, _ in .send([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x0A]) }
        defer { for stub in [stub, alert] { stub.end() } }
        var told = try ask(question(stub.port))
        #expect(told.tally().counts == [.tls: 5] && told.notes == ["the service answers in plain http"])
        told = try ask(http(alert))
        #expect(told.tally().counts == [.protocolError: 5] && told.notes == ["not HTTP, but TLS: ask https://"])
        let server = try OpenSSLServer(pair(.good), ["-www"])
        told = try ask(question(server.port) { $0.security = .none })
        #expect(told.tally().counts == [.reset: 5] && told.notes.first?.contains("wants TLS") == true, "\(told.notes)")
    }

    /// That it is whole where the end is told, every answer of `s_server -www` shows, which has none.
    @Test func `an answer without a length may be cut where its end is not told in TLS`() throws {
        let server = try OpenSSLServer(pair(.good), [])
        aside {
            usleep(400_000)
            server.write("HTTP/1.1 200 OK\r\n\r\nto the end\n")
            usleep(300_000)
            server.end()
        }
        let asked = plan(question(server.port), every: 2 * .second, timeout: 2 * .second)
        let told = try probeOnce([asked], seconds: 0.1, tls: ProbeTLS.provider)
        #expect(told.results.map(\.outcome) == [.reset] && told.notes == ["the answer may be cut: TLS has not ended"])
        #expect((told.results.first?.latency ?? 0) > 600 * .millisecond)
    }

    @Test func `what cannot be trusted by is refused before the start`() throws {
        for (file, problem) in [("/nonexistent", "No such file"), ("/dev/null", "no regular file"), (#filePath, "PEM")]
        {
            let error = #expect(throws: ProbeProblem.self) {
                try Prober(
                    [plan(question(1) { $0.security = .verified(authorities: file) })], tls: ProbeTLS.provider)
            }
            #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
            #expect(error?.description.contains(file) == true)
        }
    }

    @Test func `a new connection each time is a handshake each time`() throws {
        let server = try OpenSSLServer(pair(.good), ["-www"])
        let told = try ask(question(server.port) { $0.keepsConnection = false })
        #expect(told.tally().counts == [.good: 5])
    }
}
#endif
