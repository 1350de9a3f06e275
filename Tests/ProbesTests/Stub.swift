// SPDX-License-Identifier: Apache-2.0

import Glibc
import LoadModel
import Synchronization
import Testing

@testable import Probes

/// A small server on loopback, or on a Unix socket, that answers as it is told and can stand still.
///
/// One thread with poll(2), and a backlog of 1024: what comes while it stands still waits in the kernel, as with a
/// stopped process.
final class Stub: Sendable {
    /// What it does with what it read on a connection so far; `nil` where it waits for more.
    typealias Answer = @Sendable (_ request: [UInt8], _ connection: Int) -> Action?

    enum Action: Sendable {
        /// Sends this and keeps the connection.
        case send([UInt8])
        /// Sends this, and something else 20 ms later.
        case sendTwice([UInt8], [UInt8])
        /// Sends this and closes it.
        case sendAndClose([UInt8])
        /// Closes it with a reset.
        case reset
        /// Never answers.
        case hang
    }

    private struct State {
        var isOver = false
        var isStill = false
        var connections = 0
        var requests = 0
        var log: [UInt8] = []
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    init(unix path: String? = nil, _ answer: @escaping Answer) throws {
        let socket = socket(path == nil ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        listener = socket
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        if let path {
            try #require(try SocketAddress(unix: path).bound(socket) == 0)
            port = 0
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let isBound = withUnsafeMutableBytes(of: &address) { bytes in
                let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                return bind(socket, pointer, length) == 0 && getsockname(socket, pointer, &length) == 0
            }
            try #require(isBound)
            port = UInt16(bigEndian: address.sin_port)
        }
        try #require(listen(listener, 1024) == 0)
        aside { [self] in serve(answer) }
    }

    /// How many connections were accepted, and how many requests answered.
    var connections: Int { state.withLock { $0.connections } }
    var requests: Int { state.withLock { $0.requests } }
    /// All that came, of all connections.
    var log: [UInt8] { state.withLock { $0.log } }
    /// Whether it does nothing, though its socket is there.
    func stand(still: Bool) { state.withLock { $0.isStill = still } }
    func end() { state.withLock { $0.isOver = true } }

    var endpoint: ProbeEndpoint { .host("127.0.0.1", port: port) }

    private func serve(_ answer: Answer) {
        var clients: [(descriptor: Int32, number: Int, bytes: [UInt8])] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while !state.withLock({ $0.isOver }) {
            if state.withLock({ $0.isStill }) {
                usleep(1000)
                continue
            }
            var polls = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            polls += clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&polls, nfds_t(polls.count), 5) > 0 else { continue }
            for (index, poll) in polls.dropFirst().enumerated().reversed() where poll.revents != 0 {
                let count = recv(clients[index].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                var action: Action? = count > 0 ? nil : .sendAndClose([])
                if count > 0 {
                    clients[index].bytes += buffer[..<count]
                    state.withLock { $0.log += buffer[..<count] }
                    action = answer(clients[index].bytes, clients[index].number)
                }
                guard let action else { continue }
                clients[index].bytes = []
                if count > 0 { state.withLock { $0.requests += 1 } }
                perform(action, clients[index].descriptor) { clients.remove(at: index) }
            }
            if polls[0].revents != 0 {
                let client = accept(listener, nil, nil)
                // Or what other tests start would keep the connection open behind our back.
                if client >= 0 { _ = fcntl(client, F_SETFD, FD_CLOEXEC) }
                let number = state.withLock { state in
                    state.connections += 1
                    return state.connections
                }
                if client >= 0 { clients.append((client, number, [])) }
            }
        }
        for client in clients { close(client.descriptor) }
        close(listener)
    }

    private func perform(_ action: Action, _ descriptor: Int32, _ forget: () -> Void) {
        switch action {
        case .send(let bytes): _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        case .hang: break
        case .sendTwice(let first, let second):
            for bytes in [first, second] {
                _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                usleep(20_000)
            }
        case .sendAndClose(let bytes):
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            close(descriptor)
            forget()
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
            close(descriptor)
            forget()
        }
    }

    /// An HTTP service that answers each whole request with the same.
    static func http(unix path: String? = nil, _ response: String) throws -> Stub {
        try Stub(unix: path) { request, _ in
            HTTPService.contains(request, Array("\r\n\r\n".utf8)) ? .send(Array(response.utf8)) : nil
        }
    }

    /// A port on which nobody listens.
    static func freePort() throws -> UInt16 {
        let stub = try Stub { _, _ in nil }
        defer { stub.end() }
        let port = stub.port
        stub.end()
        usleep(50_000)
        return port
    }
}

/// Does something on a thread of its own, which nobody waits for: tasks share as many threads as there are processors.
func aside(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var handle = pthread_t()
    pthread_create(
        &handle, nil,
        {
            Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(handle)
}

extension SocketAddress {
    /// The corresponding C function is `bind`.
    func bound(_ descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes {
            bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}

/// What a prober told.
struct Told {
    var results: [ProbeResult] = []
    var notes: [String] = []
    var seconds: [Prober.Second] = []

    func tally(_ probe: Int = 0) -> ProbeTally {
        var tally = ProbeTally()
        for result in results where result.probe == probe { tally.add(result) }
        return tally
    }

    /// The numbers of a probe's due times, in order: each must be there once.
    func numbers(_ probe: Int = 0) -> [Int64] { results.filter { $0.probe == probe }.map(\.number).sorted() }
}

/// Runs a prober for a while, on the calling thread.
///
/// A machine that keeps the prober from running says nothing of it: then it is asked again, twice at most.
///
/// - Parameter beside: what is done each time while it is asked, on a thread of its own.
func probe(
    _ plans: [ProbePlan], seconds: Double, stop: Int32 = -1, tls: (any TLSProvider)? = nil,
    beside: (@Sendable () -> Void)? = nil
) throws -> Told {
    for _ in 0..<2 where stop < 0 {
        if let beside { aside(beside) }
        let told = try probeOnce(plans, seconds: seconds, tls: tls)
        if !told.results.contains(where: { $0.outcome == .withdrawn }) { return told }
    }
    if let beside { aside(beside) }
    return try probeOnce(plans, seconds: seconds, stop: stop, tls: tls)
}

/// Whether something becomes true within 2 s.
func eventually(_ isTrue: () -> Bool) -> Bool {
    for _ in 0..<200 {
        if isTrue() { return true }
        usleep(10_000)
    }
    return isTrue()
}

func probeOnce(
    _ plans: [ProbePlan], seconds: Double, stop: Int32 = -1, tls: (any TLSProvider)?
) throws -> Told {
    let prober = try Prober(plans, tls: tls)
    var told = Told()
    let start = now() + 5 * .millisecond
    prober.run(from: start, until: start + Nanoseconds(seconds: seconds), stop: stop) { event in
        switch event {
        case .result(let result): told.results.append(result)
        case .note(_, let text): told.notes.append(text)
        case .second(let second): told.seconds.append(second)
        }
        return 0
    }
    return told
}

func now() -> Nanoseconds {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Nanoseconds(time.tv_sec) * .second + Nanoseconds(time.tv_nsec)
}

func plan(
    _ question: ProbeQuestion, every: Nanoseconds = 50 * .millisecond, timeout: Nanoseconds = .second,
    goodWithin: Nanoseconds? = nil
) -> ProbePlan {
    ProbePlan(
        name: "p", question: question, every: every, timeout: timeout, goodWithin: goodWithin,
        mark: SourceMark(line: 1, column: 1))
}

func http(_ stub: Stub, _ change: (inout HTTPQuestion) -> Void = { _ in }) -> ProbeQuestion {
    var question = HTTPQuestion(endpoint: stub.endpoint, host: "localhost")
    change(&question)
    return .http(question)
}
