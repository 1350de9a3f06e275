// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Connects anew each time, sends something, and waits for something to come back.
final class TCPAsker: Asker {
    /// The most bytes among which the expected ones must be.
    static let expectLimit = 4096

    private let connection: Connection
    private let send: [UInt8]
    private let expect: [UInt8]
    private let buffer: UnsafeMutableRawBufferPointer
    private var received: [UInt8] = []
    private var isAsking = false

    init(
        _ address: SocketAddress, send: String?, expect: String?, _ reserve: SocketReserve, _ watch: Watch,
        _ buffer: UnsafeMutableRawBufferPointer
    ) {
        connection = Connection(address, reserve, watch)
        self.send = Array((send ?? "").utf8)
        self.expect = Array((expect ?? "").utf8)
        self.buffer = buffer
    }

    func isCurrent(_ generation: UInt32) -> Bool { connection.isCurrent(generation) }

    func ask() -> Reply? {
        isAsking = true
        received = []
        if case .failed(let outcome) = connection.open() { return end(outcome) }
        return follow(connection.send(send))
    }

    func wake() -> Reply? { isAsking ? follow(connection.proceed()) : nil }
    func tick() -> Reply? { isAsking ? follow(connection.retry()) : nil }

    private func follow(_ step: Connection.Step) -> Reply? {
        switch step {
        case .waits, .ended: return nil
        case .failed(let outcome): return end(outcome)
        case .done: return expect.isEmpty ? end(.good) : receive()
        }
    }

    private func receive() -> Reply? {
        let step = connection.receive(buffer) { bytes in
            received += bytes.prefix(Self.expectLimit - received.count)
            return HTTPService.contains(received, expect) || received.count >= Self.expectLimit
        }
        switch step {
        case .waits: return nil
        case .done: return end(HTTPService.contains(received, expect) ? .good : .body)
        case .ended: return end(received.isEmpty ? .reset : .body)
        case .failed(let outcome): return end(outcome)
        }
    }

    private func end(_ outcome: ProbeOutcome) -> Reply {
        giveUp()
        return Reply(outcome)
    }

    func giveUp() {
        isAsking = false
        connection.close()
    }
}
