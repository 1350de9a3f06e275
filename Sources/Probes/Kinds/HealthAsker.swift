// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Asks a gRPC service for its health, over a connection of its own and without TLS: `grpc.health.v1.Health/Check`.
///
/// Of HTTP/2 (RFC 9113) only what one call needs. Of the answer's header fields the status is read, and `grpc-status`
/// where it is written as plain text: a service that serves says so in its message, behind which its trailers end the
/// call.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md and PROTOCOL-HTTP2.md beside it.
final class HealthAsker: Asker {
    /// The largest frame that may come unless asked for: RFC 9113, 6.5.2.
    private static let frameLimit = 16_384

    private enum Kind {
        static let (data, headers, reset, settings) = (UInt8(0), UInt8(1), UInt8(3), UInt8(4))
        static let (push, ping, away) = (UInt8(5), UInt8(6), UInt8(7))
    }

    private let connection: Connection
    private let request: [UInt8]
    private let buffer: UnsafeMutableRawBufferPointer
    private var received: [UInt8] = []
    private var message: [UInt8] = []
    private var hasSettings = false
    private var hasFields = false
    private var isAsking = false

    init(
        _ address: SocketAddress, request: [UInt8], _ reserve: SocketReserve, _ watch: Watch,
        _ buffer: UnsafeMutableRawBufferPointer
    ) {
        connection = Connection(address, reserve, watch)
        self.request = request
        self.buffer = buffer
    }

    /// All that is sent unasked: preface, settings, and the call on stream 1.
    static func request(authority: String, service: String) throws(ProbeProblem) -> [UInt8] {
        // Longer ones would take more than one byte to say how long.
        guard authority.utf8.count < 127, service.utf8.count < 127 else {
            throw ProbeProblem("host and service are at most 126 bytes long")
        }
        func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
        // RFC 7541: 0x83 is ":method: POST", 0x86 ":scheme: http"; 0x04 and 0x01 name ":path" and ":authority".
        var fields: [UInt8] = [0x83, 0x86, 0x04] + text("/grpc.health.v1.Health/Check") + [0x01] + text(authority)
        for (name, value) in [("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "exert")] {
            fields += [0x00] + text(name) + text(value)
        }
        let body: [UInt8] = service.isEmpty ? [] : [0x0A] + text(service)
        let call = [0, 0, 0, 0, UInt8(body.count)] + body
        return Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(Kind.settings, 0, 0, [])
            + frame(Kind.headers, 0x4, 1, fields) + frame(Kind.data, 0x1, 1, call)
    }

    static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), kind, flags, 0, 0, 0, stream] + payload
    }

    func isCurrent(_ generation: UInt32) -> Bool { connection.isCurrent(generation) }

    func ask() -> Reply? {
        isAsking = true
        (received, message, hasSettings, hasFields) = ([], [], false, false)
        if case .failed(let outcome) = connection.open() { return end(Reply(outcome)) }
        return follow(connection.send(request))
    }

    func wake() -> Reply? { isAsking ? follow(connection.proceed()) : nil }
    func tick() -> Reply? { isAsking ? follow(connection.retry()) : nil }

    private func follow(_ step: Connection.Step) -> Reply? {
        switch step {
        case .waits, .ended: return nil
        case .failed(let outcome): return end(Reply(outcome))
        case .done: break
        }
        var reply: Reply?
        var answers: [UInt8] = []
        let step = connection.receive(buffer) { bytes in
            received += bytes
            reply = takeFrames(&answers)
            return reply != nil
        }
        if let reply { return end(reply) }
        switch step {
        case .failed(let outcome): return end(Reply(outcome))
        case .ended: return end(Reply(.reset))
        default: return answers.isEmpty ? nil : follow(connection.send(answers))
        }
    }

    /// Takes the frames that are whole; the reply where one of them ends the call.
    private func takeFrames(_ answers: inout [UInt8]) -> Reply? {
        while received.count >= 9 {
            let length = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
            let (kind, flags) = (received[3], received[4])
            let isOfCall = received[5] & 0x7F == 0 && received[6] == 0 && received[7] == 0 && received[8] == 1
            // A server that speaks HTTP/1 alone answers in words.
            guard length <= Self.frameLimit, hasSettings || kind == Kind.settings, kind != Kind.push else {
                return Reply(.protocolError, note: "not HTTP/2")
            }
            guard received.count >= 9 + length else { return nil }
            var payload = received[9..<(9 + length)]
            hasSettings = true
            switch kind {
            case Kind.settings where flags & 0x1 == 0: answers += Self.frame(Kind.settings, 0x1, 0, [])
            case Kind.ping where flags & 0x1 == 0: answers += Self.frame(Kind.ping, 0x1, 0, Array(payload))
            case Kind.away: return Reply(.reset, note: "the server goes away")
            case Kind.reset where isOfCall: return Reply(.status, note: "the call was cancelled")
            case Kind.data where isOfCall:
                if flags & 0x8 != 0, let padding = payload.popFirst() { payload = payload.dropLast(Int(padding)) }
                guard hasFields else { return Reply(.protocolError, note: "a message without header fields") }
                message += payload
                guard message.count <= Self.frameLimit else { return Reply(.protocolError) }
                // A call ends with its trailers: PROTOCOL-HTTP2.md of gRPC, "Responses".
                if flags & 0x1 != 0 { return Reply(.protocolError, note: "cut: the call ended without its status") }
            case Kind.headers where isOfCall:
                if let reply = take(fields: payload, flags) { return reply }
            default: break
            }
            received.removeFirst(9 + length)
        }
        return nil
    }

    /// Takes the header fields that begin the answer, or the trailers that end it; the reply where they do.
    private func take(fields payload: ArraySlice<UInt8>, _ flags: UInt8) -> Reply? {
        var payload = payload
        if flags & 0x8 != 0, let padding = payload.popFirst() { payload = payload.dropLast(Int(padding)) }
        if flags & 0x20 != 0 { payload = payload.dropFirst(5) }
        // RFC 7541, appendix A: 8 is ":status: 200", those behind it are other ones, and no gRPC service has these.
        if !hasFields, let first = payload.first, (0x89...0x8E).contains(first) {
            return Reply(.status, note: "an HTTP status that is not 200")
        }
        hasFields = true
        guard flags & 0x1 != 0 else { return nil }
        let name = Array("grpc-status".utf8)
        let bytes = Array(payload)
        for start in bytes.indices where bytes[start...].starts(with: name) {
            let value = bytes[(start + name.count)...].prefix(2)
            guard let length = value.first, length < 3, let digit = value.last, digit != UInt8(ascii: "0") else {
                break
            }
            return Reply(.status, note: "an error: gRPC status \(String(decoding: [digit], as: UTF8.self))")
        }
        return judge()
    }

    /// `HealthCheckResponse` has one field, 1: `SERVING` is 1.
    private func judge() -> Reply {
        guard message.count >= 5 else {
            return Reply(.status, note: "an error: the server has no health service, or does not know this one")
        }
        // One flag for compression, and the length: PROTOCOL-HTTP2.md, "Length-Prefixed-Message".
        let length = message[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard message[0] == 0, length == message.count - 5 else {
            return Reply(.protocolError, note: "a message of another length than it says")
        }
        let body = message[5...]
        if body.elementsEqual([0x08, 0x01]) { return Reply(.good) }
        return Reply(.status, note: body.elementsEqual([0x08, 0x02]) ? "not serving" : "unknown")
    }

    private func end(_ reply: Reply) -> Reply {
        giveUp()
        return reply
    }

    func giveUp() {
        isAsking = false
        connection.close()
    }
}
