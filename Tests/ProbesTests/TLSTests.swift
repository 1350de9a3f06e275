// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Probes

/// Where a library of TLS is plugged in: with one whose cipher is a joke and whose handshake is `H`, `K`.
///
/// 0xFF is a ticket, which says nothing, and 0xFE the end.
@Suite struct TLSTests {
    private static let key: UInt8 = 0x5A

    private struct Provider: TLSProvider {
        func client(name: String, security: HTTPQuestion.Security) throws(ProbeProblem) -> any TLSClient { Client() }
    }

    private final class Client: TLSClient {
        func session() -> (any TLSSession)? { Session() }
    }

    private final class Session: TLSSession {
        private(set) var isEstablished = false
        private(set) var hasEnded = false
        func hello() -> [UInt8] { [0x48] }
        func take(_ bytes: UnsafeRawBufferPointer) throws(TLSFailure) -> (plain: [UInt8], answer: [UInt8]) {
            if isEstablished {
                hasEnded = bytes.last == 0xFE
                return (bytes.filter { $0 < 0xFE }.map { $0 ^ TLSTests.key }, bytes.contains(0xFF) ? [0x41] : [])
            }
            guard bytes.elementsEqual([0x4B]) else { throw TLSFailure("no handshake") }
            isEstablished = true
            return ([], [])
        }
        func seal(_ plain: [UInt8]) throws(TLSFailure) -> [UInt8] { TLSTests.sealed(plain) }
        func end() -> [UInt8] { [0x45] }
    }

    private static func sealed(_ plain: some Sequence<UInt8>) -> [UInt8] { plain.map { $0 ^ key } }
    private static func sealed(_ text: String) -> [UInt8] { sealed(text.utf8) }

    private func run(_ stub: Stub, keeps: Bool = true) throws -> [ProbeOutcome: Int64] {
        let question = http(stub) {
            $0.security = .verified(authorities: nil)
            $0.keepsConnection = keeps
        }
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

    @Test func `what comes between two answers says nothing, and is answered`() throws {
        let stub = try Stub { bytes, _ in
            if bytes == [0x48] { return .send([0x4B]) }
            // The answer to the ticket stands before the next request.
            guard HTTPService.contains(bytes, Self.sealed("\r\n\r\n")) else { return nil }
            return .sendTwice(Self.sealed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), [0xFF])
        }
        defer { stub.end() }
        #expect(try run(stub) == [.good: 10])
        // One, unless an answer took longer than a period; ten where the ticket ends each of them.
        #expect(stub.connections < 10)
        #expect(stub.log.contains(0x41))
    }

    @Test(arguments: [true, false])
    func `an answer that lasts to the end is whole where the end is told, and may be cut where not`(isTold: Bool) throws
    {
        let stub = try Stub { bytes, _ in
            if bytes == [0x48] { return .send([0x4B]) }
            guard HTTPService.contains(bytes, Self.sealed("\r\n\r\n")) else { return nil }
            return .sendAndClose(Self.sealed("HTTP/1.1 200 OK\r\n\r\nto the end") + (isTold ? [0xFE] : []))
        }
        defer { stub.end() }
        #expect(try run(stub) == [isTold ? .good : .reset: 10])
    }

    @Test func `who ends a connection says so`() throws {
        let stub = try Stub { bytes, _ in
            if bytes == [0x48] { return .send([0x4B]) }
            guard HTTPService.contains(bytes, Self.sealed("\r\n\r\n")) else { return nil }
            return .send(Self.sealed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        }
        defer { stub.end() }
        #expect(try run(stub, keeps: false) == [.good: 10])
        #expect(eventually { stub.log.filter { $0 == 0x45 }.count >= 10 })
    }

    @Test func `what is no handshake, or ends in one, is an error of TLS`() throws {
        let plain = try Stub { _, _ in .send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) }
        let rude = try Stub { _, _ in .reset }
        defer { for stub in [plain, rude] { stub.end() } }
        #expect(try run(plain) == [.tls: 10])
        #expect(try run(rude) == [.tls: 10])
    }
}
