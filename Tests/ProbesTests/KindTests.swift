// SPDX-License-Identifier: Apache-2.0

import Glibc
import LoadModel
import Testing

@testable import Probes

@Suite(.serialized) struct KindTests {
    private func outcomes(
        _ question: ProbeQuestion, every: Nanoseconds = 100 * .millisecond, timeout: Nanoseconds = 500 * .millisecond
    ) throws -> Told { try probe([plan(question, every: every, timeout: timeout)], seconds: 0.5) }

    @Test func `tcp connects, sends, and waits for what is expected`() throws {
        let stub = try Stub { request, _ in request.starts(with: "PING\n".utf8) ? .send(Array("+PONG\n".utf8)) : nil }
        defer { stub.end() }
        func tcp(_ send: String?, _ expect: String?) throws -> [ProbeOutcome: Int64] {
            try outcomes(.tcp(endpoint: stub.endpoint, send: send, expect: expect)).tally().counts
        }
        #expect(try tcp(nil, nil) == [.good: 5])
        #expect(try tcp("PING\n", "PONG") == [.good: 5])
        #expect(try tcp("PING\n", "NO") == [.timeout: 5])
        let port = try Stub.freePort()
        let refused = ProbeQuestion.tcp(endpoint: .host("127.0.0.1", port: port), send: nil, expect: nil)
        #expect(try outcomes(refused).tally().counts == [.refused: 5])
    }

    @Test func `a command is judged by its exit code, its number, and in time`() throws {
        func command(_ script: String, readsNumber: Bool = false) throws -> Told {
            try outcomes(.command(arguments: ["/bin/sh", "-c", script], readsNumber: readsNumber))
        }
        #expect(try command("exit 0").tally().counts == [.good: 5])
        let failed = try command("echo trouble >&2; exit 3")
        #expect(failed.tally().counts == [.status: 5] && failed.notes == ["trouble\n"])
        let number = try command("echo 2.5", readsNumber: true).tally()
        #expect(number.counts == [.good: 5] && number.mean == 2.5)
        #expect(try command("echo two", readsNumber: true).tally().counts == [.body: 5])
        #expect(throws: ProbeProblem.self) {
            try Prober([plan(.command(arguments: ["exert-no-such-program"], readsNumber: false))])
        }
    }

    @Test func `a command that takes too long is killed with its group`() throws {
        let mark = "86\(getpid())"
        let told = try outcomes(
            .command(arguments: ["/bin/sh", "-c", "sleep \(mark) & sleep \(mark)"], readsNumber: false),
            every: 250 * .millisecond, timeout: 200 * .millisecond)
        #expect(told.tally().counts == [.timeout: 2])
        usleep(100_000)
        #expect(commands().filter { $0.contains(mark) } == [])
        // Nor is it left as a zombie; other tests' children may be there.
        #expect(zombies(named: "sh") == [])
    }

    /// The ended children of this process that nobody has waited for.
    private func zombies(named name: String) -> [Int32] {
        ids().filter { id in
            let words = text("/proc/\(id)/stat").split(separator: " ")
            return words.count > 3 && words[1] == "(\(name))" && words[2] == "Z" && words[3] == "\(getpid())"
        }
    }

    /// The command lines of all processes.
    private func commands() -> [String] { ids().map { text("/proc/\($0)/cmdline") } }

    private func ids() -> [Int32] {
        var found: [Int32] = []
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
            }
            if let id = Int32(name) { found.append(id) }
        }
        return found
    }

    private func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        return String(decoding: buffer[..<fread(&buffer, 1, buffer.count, file)], as: UTF8.self)
    }

    @Test func `a process is there until it ends, and another one of its number is not it`() throws {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("0.25"), nil]
        try #require(posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, environ) == 0)
        let told = try outcomes(.process(id: pid))
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        let good = told.results.sorted { $0.number < $1.number }.map(\.outcome)
        #expect(good.first == .good && good.last == .status)
        #expect(throws: ProbeProblem.self) { try Prober([plan(.process(id: pid))]) }
    }

    @Test func `names are asked for and answers read as RFC 1035 has them`() throws {
        let query = try #require(DNSMessage.query(0x1234, "a.example.", .address))
        #expect(
            query == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 7] + Array("example".utf8) + [0, 0, 1, 0, 1])
        let answer = query.prefix(2) + [0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0] + query.dropFirst(12)
        let alias: [UInt8] = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, 14]
        let address: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 7]
        let read = DNSMessage.answer(Array(answer) + alias + address)
        #expect(read == .init(id: 0x1234, code: 0, addresses: [[10, 0, 0, 7]]))
        for count in 0..<(answer.count + alias.count + address.count) {
            #expect(DNSMessage.answer(Array((Array(answer) + alias + address).prefix(count))) == nil)
        }
        for name in ["", ".", "a..b", String(repeating: "x", count: 64)] {
            #expect(DNSMessage.query(1, name, .address) == nil)
        }
    }

    @Test func `a name server is asked by UDP`() throws {
        let server = try NameServer()
        defer { server.end() }
        let address = try SocketAddress.chosen(.host("127.0.0.1", port: server.port), isStream: false)
        let queue = try EventQueue()
        func ask(_ name: String, expect: String? = nil) throws -> Reply? {
            let asker = try DNSAsker(name, expect: expect, server: address, Watch(queue, course: 0, slot: 0))
            if let reply = asker.ask() { return reply }
            let end = now() + .second
            while now() < end {
                if queue.wait(until: end) > 0, let reply = asker.wake() { return reply }
            }
            return nil
        }
        #expect(try ask("here.example") == Reply(.good))
        #expect(try ask("here.example", expect: "10.0.0.7") == Reply(.good))
        #expect(try ask("here.example", expect: "10.0.0.8") == Reply(.dns))
        #expect(try ask("nowhere.example") == Reply(.dns))
    }

    @Test func `a stop ends it at once, and what is in flight is withdrawn`() throws {
        let stub = try Stub { _, _ in .hang }
        defer { stub.end() }
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        let writer = ends[1]
        aside {
            usleep(300_000)
            close(writer)
        }
        let told = try probe([plan(http(stub), timeout: 10 * .second)], seconds: 60, stop: ends[0])
        let end = now()
        close(ends[0])
        #expect(told.results.allSatisfy { $0.outcome == .withdrawn } && told.results.count >= 6)
        let last = told.results.map(\.due).max() ?? 0
        #expect(end - last < 400 * .millisecond, "\((end - last).seconds)")
    }

    @Test func `a command ends with the thread that started it`() throws {
        let spawner = try Spawner(["sleep", "60"], path: try #require(Spawner.path(of: "sleep")))
        let (null, outcome) = (open("/dev/null", O_RDWR | O_CLOEXEC), Spawner.Outcome())
        let counter = try Spawner.SharedCounter()
        spawner.submit(.init(output: null, error: dup(null), counter: counter, outcome: outcome))
        #expect(eventually { outcome.value != nil })
        let started = try #require(outcome.value)
        #expect(started.error == 0 && getpgid(started.pid) == started.pid)
        #expect(kill(started.pid, 0) == 0)
        spawner.end()
        var (pid, status): (Int32, Int32) = (0, 0)
        #expect(
            eventually {
                pid = waitpid(started.pid, &status, WNOHANG)
                return pid != 0
            })
        #expect(pid == started.pid && status & 0x7f == SIGKILL)
        if pid == 0 { Spawner.end(started.pid) }
    }

    @Test func `a gRPC service says whether it serves`() throws {
        func health(_ answer: [UInt8]) throws -> Told {
            let stub = try Stub { request, _ in
                let isCall = HTTPService.contains(request, Array("/grpc.health.v1.Health/Check".utf8))
                guard isCall, HTTPService.contains(request, [0x0A, 1, 0x61]) else { return nil }
                return .send(answer)
            }
            defer { stub.end() }
            return try outcomes(.grpc(endpoint: stub.endpoint, service: "a"))
        }
        let settings = HealthAsker.frame(4, 0, 0, [0, 3, 0, 0, 0, 100])
        let head = HealthAsker.frame(1, 0x4, 1, [0x88])
        let trailers = HealthAsker.frame(1, 0x5, 1, [0x88])
        func message(_ status: UInt8) -> [UInt8] { HealthAsker.frame(0, 0, 1, [0, 0, 0, 0, 2, 8, status]) }
        let padded = HealthAsker.frame(0, 0x8, 1, [3, 0, 0, 0, 0, 2, 8, 1, 0, 0, 0])
        #expect(try health(settings + head + message(1) + trailers).tally().counts == [.good: 5])
        #expect(try health(settings + head + padded + trailers).tally().counts == [.good: 5])
        let away = try health(settings + head + message(2) + trailers)
        #expect(away.tally().counts == [.status: 5] && away.notes == ["not serving"])
        #expect(try health(settings + trailers).tally().counts == [.status: 5])
        #expect(try health(settings + head + message(1)).tally().counts == [.timeout: 5])
        // What says that it serves, and does not do so as an answer of gRPC.
        let error = HealthAsker.frame(1, 0x4, 1, [0x8E])
        let failed = HealthAsker.frame(1, 0x5, 1, [0x00, 11] + Array("grpc-status".utf8) + [1, UInt8(ascii: "5")])
        let cut = HealthAsker.frame(0, 0x1, 1, [0, 0xFF, 0xFF, 0xFF, 0xFF, 8, 1])
        let last = HealthAsker.frame(0, 0x1, 1, [0, 0, 0, 0, 2, 8, 1])
        #expect(try health(settings + error + message(1) + trailers).tally().counts == [.status: 5])
        #expect(try health(settings + head + message(1) + failed).tally().counts == [.status: 5])
        for bytes in [head + cut, head + last, message(1) + trailers] {
            #expect(try health(settings + bytes).tally().counts == [.protocolError: 5])
        }
        #expect(try health(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)).tally().counts == [.protocolError: 5])
    }

    @Test func `what can never be in flight is refused`() {
        #expect(throws: ProbeProblem.self) {
            try Prober([plan(.process(id: getpid()), every: .millisecond, timeout: 60 * .second)])
        }
    }
}

/// Answers with 10.0.0.7 to who asks for the IPv4 address of `here.…`, with nothing to all others.
private final class NameServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            _ = bind(socket, pointer, length)
            getsockname(socket, pointer, &length)
        }
        port = UInt16(bigEndian: address.sin_port)
        aside {
            var buffer = [UInt8](repeating: 0, count: 512)
            var peer = sockaddr_storage()
            while true {
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let done = withUnsafeMutableBytes(of: &peer) { bytes in
                    let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                    let count = recvfrom(socket, &buffer, buffer.count, 0, pointer, &length)
                    guard count > 12 else { return true }
                    let isHere = buffer[12] == 4 && buffer[count - 3] == 1
                    var answer = Array(buffer[..<count])
                    answer[2] |= 0x80
                    answer[7] = isHere ? 1 : 0
                    if isHere { answer += [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 7] }
                    sendto(socket, answer, answer.count, 0, pointer, length)
                    return false
                }
                if done { return }
            }
        }
    }

    func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
