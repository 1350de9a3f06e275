// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Sends an HTTP request and reads the response, over a connection that it keeps or over one of its own.
final class HTTPAsker: Asker {
    private let service: HTTPService
    private let connection: Connection
    private let buffer: UnsafeMutableRawBufferPointer
    private var reader = HTTPReader()
    private var isAsking = false
    /// Whether the connection has served before, so that its end need not say anything of this request.
    private var isReused = false
    private var session: (any TLSSession)?
    /// Whether the request is on its way: it waits for the handshake.
    private var isSent = false

    init(_ service: HTTPService, _ reserve: SocketReserve, _ watch: Watch, _ buffer: UnsafeMutableRawBufferPointer) {
        self.service = service
        self.buffer = buffer
        connection = Connection(service.address, reserve, watch)
    }

    func isCurrent(_ generation: UInt32) -> Bool { connection.isCurrent(generation) }

    func ask() -> Reply? {
        isAsking = true
        isReused = connection.isOpen
        reader = HTTPReader(isHead: service.isHead)
        return isReused ? sendRequest() : begin()
    }

    /// Connects and asks; the way there, a handshake included, is part of the answer's latency.
    private func begin() -> Reply? {
        isReused = false
        isSent = false
        disconnect()
        if case .failed(let outcome) = connection.open() { return end(Reply(outcome)) }
        guard let tls = service.tls else { return sendRequest() }
        guard let session = tls.session() else { return end(Reply(.noResource)) }
        self.session = session
        return follow(connection.send(session.hello()))
    }

    /// - Parameter first: what is sent before it, such as the end of a handshake.
    private func sendRequest(after first: [UInt8] = []) -> Reply? {
        isSent = true
        guard let session else { return follow(connection.send(service.request)) }
        do throws(TLSFailure) {
            return follow(connection.send(first + (try session.seal(service.request))))
        } catch {
            return fail(error)
        }
    }

    private func follow(_ step: Connection.Step) -> Reply? {
        guard case .failed(let outcome) = step else { return nil }
        return broken(outcome)
    }

    /// The connection is gone before the answer: a kept one may have been closed for its age alone, and is replaced.
    private func broken(_ outcome: ProbeOutcome) -> Reply? {
        if isReused, !reader.hasBegun, service.isRepeatable, outcome == .reset || outcome == .timeout { return begin() }
        // Who hangs up in the middle of a handshake refuses it.
        if outcome == .reset, session != nil, !isSent {
            return end(Reply(.tls, note: "the service hung up in the handshake: does it speak TLS on this port?"))
        }
        // Servers that wait for a handshake answer what is none like this.
        let isMute = outcome == .reset && isSent && !isReused && !reader.hasBegun
        return end(Reply(outcome, note: isMute ? Self.hungUp(session == nil) : nil))
    }

    private static func hungUp(_ isPlain: Bool) -> String {
        "the service hung up before it answered" + (isPlain ? ", as one does that wants TLS" : "")
    }

    private func fail(_ failure: TLSFailure) -> Reply {
        connection.close(after: failure.answer)
        return end(Reply(.tls, note: failure.reason))
    }

    func wake() -> Reply? {
        guard isAsking else {
            idle()
            return nil
        }
        let step = connection.proceed()
        guard step == .done else { return follow(step) }
        var failure: Reply?
        var answer: [UInt8] = []
        let received = connection.receive(buffer) { bytes in
            failure = take(bytes, &answer)
            return failure != nil || reader.isDone || session?.hasEnded == true
        }
        if let failure { return failure }
        if reader.isDone { return complete(answer) }
        // Over this end nothing comes any more; where the answer was to last until then, it is whole.
        if received == .ended || session?.hasEnded == true {
            let isTold = session?.hasEnded != false
            if reader.end() {
                return isTold ? complete(answer) : fail(.reset, "the answer may be cut: TLS has not ended")
            }
            return broken(.reset)
        }
        if case .failed(let outcome) = received { return broken(outcome) }
        if session?.isEstablished == true, !isSent { return sendRequest(after: answer) }
        return answer.isEmpty ? nil : follow(connection.send(answer))
    }

    /// Something came that nobody asked for: the connection is being closed, or TLS brings a ticket or a new key.
    private func idle() {
        guard let session, connection.proceed() == .done else { return disconnect() }
        var (isKept, answer): (Bool, [UInt8]) = (true, [])
        let received = connection.receive(buffer) { bytes in
            do throws(TLSFailure) {
                let taken = try session.take(bytes)
                answer += taken.answer
                isKept = taken.plain.isEmpty && !session.hasEnded
            } catch {
                isKept = false
            }
            return !isKept
        }
        guard isKept, received == .waits else { return disconnect() }
        if !answer.isEmpty { _ = connection.send(answer) }
    }

    /// Takes what came; the reply where it is no answer.
    private func take(_ bytes: UnsafeRawBufferPointer, _ answer: inout [UInt8]) -> Reply? {
        let hadBegun = reader.hasBegun
        do throws(HTTPReader.Failure) {
            guard let session else {
                try reader.take(bytes)
                return nil
            }
            let plain: [UInt8]
            do throws(TLSFailure) {
                let taken = try session.take(bytes)
                plain = taken.plain
                answer += taken.answer
            } catch {
                return fail(error)
            }
            try read(plain)
            return nil
        } catch {
            if error == .tooLarge { return fail(.body, "too large") }
            // A handshake's record, or an alert's: RFC 8446, 5.1.
            let isTLS = session == nil && !hadBegun && (bytes.first == 0x15 || bytes.first == 0x16)
            return fail(.protocolError, isTLS ? "not HTTP, but TLS: ask https://" : "not HTTP/1.1")
        }
    }

    private func read(_ plain: [UInt8]) throws(HTTPReader.Failure) {
        if plain.isEmpty { return }
        var failure: HTTPReader.Failure?
        plain.withUnsafeBytes { bytes in
            do throws(HTTPReader.Failure) { try reader.take(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func fail(_ outcome: ProbeOutcome, _ note: String) -> Reply {
        disconnect()
        return end(Reply(outcome, note: note))
    }

    func tick() -> Reply? { isAsking ? follow(connection.retry()) : nil }

    private func complete(_ answer: [UInt8]) -> Reply {
        if !reader.keepsConnection || !service.keepsConnection || session?.hasEnded == true {
            disconnect(after: answer)
        } else if !answer.isEmpty {
            _ = connection.send(answer)
        }
        return end(service.judge(reader))
    }

    private func end(_ reply: Reply) -> Reply {
        isAsking = false
        if reply.outcome != .good, reply.outcome != .status, reply.outcome != .body { disconnect() }
        return reply
    }

    /// Ends the connection, and says so where that is the custom.
    private func disconnect(after answer: [UInt8] = []) {
        connection.close(after: answer + (session?.end() ?? []))
        session = nil
    }

    func giveUp() {
        isAsking = false
        disconnect()
    }

    func rest() { disconnect() }
}
