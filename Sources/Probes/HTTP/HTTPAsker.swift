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

    /// Connects and asks; the way there is part of the answer's latency.
    private func begin() -> Reply? {
        isReused = false
        if case .failed(let outcome) = connection.open() { return end(Reply(outcome)) }
        guard let tls = service.tls else { return sendRequest() }
        session = tls.session()
        isSent = false
        guard let session else { return end(Reply(.noResource)) }
        return follow(connection.send(session.hello()))
    }

    private func sendRequest() -> Reply? {
        isSent = true
        guard let session, service.tls != nil else { return follow(connection.send(service.request)) }
        do throws(TLSFailure) {
            return follow(connection.send(try session.seal(service.request)))
        } catch {
            return fail(.tls, error.reason)
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
        return end(Reply(outcome == .reset && !isSent && session != nil ? .tls : outcome))
    }

    private func fail(_ outcome: ProbeOutcome, _ note: String) -> Reply {
        connection.close()
        return end(Reply(outcome, note: note))
    }

    func wake() -> Reply? {
        guard isAsking else {
            // Kept, and nobody has asked: it is being closed.
            connection.close()
            return nil
        }
        let step = connection.proceed()
        guard step == .done else { return follow(step) }
        var failure: Reply?
        var answer: [UInt8] = []
        let received = connection.receive(buffer) { bytes in
            failure = take(bytes, &answer)
            return failure != nil || reader.isDone
        }
        if let failure { return failure }
        if !answer.isEmpty, let reply = follow(connection.send(answer)) { return reply }
        if !isSent, session?.isEstablished == true, let reply = sendRequest() { return reply }
        switch received {
        case .waits: return nil
        case .done: return complete()
        case .ended: return reader.end() ? complete() : broken(.reset)
        case .failed(let outcome): return broken(outcome)
        }
    }

    /// Takes what came; the reply where it is no answer.
    private func take(_ bytes: UnsafeRawBufferPointer, _ answer: inout [UInt8]) -> Reply? {
        var (plain, sent): ([UInt8], [UInt8]) = ([], [])
        if let session {
            do throws(TLSFailure) {
                (plain, sent) = try session.take(bytes)
                answer += sent
            } catch {
                return fail(.tls, error.reason)
            }
        }
        do throws(HTTPReader.Failure) {
            if session == nil { try reader.take(bytes) } else { try read(plain) }
            return nil
        } catch {
            return error == .tooLarge ? fail(.body, "too large") : fail(.protocolError, "not HTTP/1.1")
        }
    }

    private func read(_ plain: [UInt8]) throws(HTTPReader.Failure) {
        var failure: HTTPReader.Failure?
        plain.withUnsafeBytes { bytes in
            do throws(HTTPReader.Failure) { try reader.take(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    func tick() -> Reply? { isAsking ? follow(connection.retry()) : nil }

    private func complete() -> Reply {
        if !reader.keepsConnection || !service.keepsConnection { connection.close() }
        return end(service.judge(reader))
    }

    private func end(_ reply: Reply) -> Reply {
        isAsking = false
        if reply.outcome != .good, reply.outcome != .status, reply.outcome != .body { connection.close() }
        return reply
    }

    func giveUp() {
        isAsking = false
        connection.close()
    }

    func rest() { connection.close() }
}
