// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Probes

/// Where a library of TLS is plugged in: with one whose cipher is a joke and whose handshake is `H`, `K`.
@Suite struct TLSTests {
    private static let key: UInt8 = 0x5A

    private struct Provider: TLSProvider {
        func client(host: String, security: HTTPQuestion.Security) throws(ProbeProblem) -> any TLSClient { Client() }
    }

    private final class Client: TLSClient {
        func session() -> (any TLSSession)? { Session() }
    }

    private final class Session: TLSSession {
        private(set) var isEstablished = false
        func hello() -> [UInt8] { [0x48] }
        func take(_ bytes: UnsafeRawBufferPointer) throws(TLSFailure) -> (plain: [UInt8], answer: [UInt8]) {
            if isEstablished { return (bytes.map { $0 ^ TLSTests.key }, []) }
            guard bytes.elementsEqual([0x4B]) else { throw TLSFailure("no handshake") }
            isEstablished = true
            return ([], [])
        }
        func seal(_ plain: [UInt8]) throws(TLSFailure) -> [UInt8] { plain.map { $0 ^ TLSTests.key } }
    }

    private func run(_ stub: Stub) throws -> [ProbeOutcome: Int64] {
        let question = http(stub) { $0.security = .verified(authorities: nil) }
        let prober = try Prober([plan(question)], tls: Provider())
        var tally = ProbeTally()
        let start = now()
        prober.run(from: start, until: start + 500 * .millisecond) { event in
            if case .result(let result) = event { tally.add(result) }
            return 0
        }
        return tally.counts
    }

    @Test func `a session is kept with its connection`() throws {
        let stub = try Stub { bytes, _ in
            if bytes == [0x48] { return .send([0x4B]) }
            let request = bytes.map { $0 ^ Self.key }
            guard HTTPService.contains(request, Array("\r\n\r\n".utf8)) else { return nil }
            return .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8.map { $0 ^ Self.key })
        }
        defer { stub.end() }
        #expect(try run(stub) == [.good: 10])
        // One for the handshake.
        #expect(stub.connections == 1 && stub.requests == 11)
    }

    @Test func `what is no handshake, or ends in one, is an error of TLS`() throws {
        let plain = try Stub { _, _ in .send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) }
        let rude = try Stub { _, _ in .reset }
        defer { for stub in [plain, rude] { stub.end() } }
        #expect(try run(plain) == [.tls: 10])
        #expect(try run(rude) == [.tls: 10])
    }
}
