// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem
internal import LoadModel

/// Asks the first name server of `/etc/resolv.conf` for the addresses of a name, by UDP and without repetition.
///
/// Not getaddrinfo(3): it cannot be told when to give up, keeps a thread for as long as it waits, answers from
/// `/etc/hosts` and from caches of its own, and hides a lost answer behind a second question five seconds later. What
/// is lost here is a timeout. The name is asked for as it is, without the search list.
final class DNSAsker: Asker {
    private let watch: Watch
    private let descriptor: Int32
    private let queries: [[UInt8]]
    private let expect: [UInt8]?
    private var ids: [UInt16] = []
    private var unanswered = 0
    private var isAsking = false

    init(_ name: String, expect: String?, server: SocketAddress, _ watch: Watch) throws(ProbeProblem) {
        let queries = [DNSMessage.Kind.address, .address6].compactMap { DNSMessage.query(0, name, $0) }
        guard queries.count == 2 else { throw ProbeProblem("'\(name)' is no name of the domain name system") }
        self.queries = queries
        let wanted = expect.map { DNSMessage.address($0) }
        guard wanted != .some(nil) else { throw ProbeProblem("'\(expect ?? "")' is no address") }
        self.expect = wanted.flatMap { $0 }
        self.watch = watch
        descriptor = socket(
            server.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0, server.connect(descriptor) == 0 else {
            throw ProbeProblem("the name server cannot be reached: \(ErrorText.last)")
        }
        watch.renew()
        watch.watch(descriptor, .toRead)
    }

    deinit { close(descriptor) }

    /// The first name server of `/etc/resolv.conf`; one on this host where the file names none: resolv.conf(5).
    static func server() throws(ProbeProblem) -> SocketAddress {
        let text = SmallFile.text("/etc/resolv.conf") ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 2, words[0] == "nameserver" else { continue }
            return try SocketAddress.chosen(.host(String(words[1]), port: 53), isStream: false)
        }
        return try SocketAddress.chosen(.host("127.0.0.1", port: 53), isStream: false)
    }

    func isCurrent(_ generation: UInt32) -> Bool { generation == watch.generation }

    func ask() -> Reply? {
        isAsking = true
        unanswered = queries.count
        // Numbers that nobody guesses; an answer to an earlier question is none to this one.
        let first = UInt16.random(in: 0...0xFFFE)
        ids = [first, first + 1]
        for (id, query) in zip(ids, queries) {
            let bytes = [UInt8(id >> 8), UInt8(id & 255)] + query.dropFirst(2)
            guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0, errno != EAGAIN else {
                continue
            }
            return end(failure(errno))
        }
        return nil
    }

    func wake() -> Reply? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 {
                let error = errno
                return error == EAGAIN || error == EINTR || !isAsking ? nil : end(failure(error))
            }
            guard isAsking, let answer = DNSMessage.answer(Array(buffer.prefix(count))), ids.contains(answer.id) else {
                continue
            }
            ids.removeAll { $0 == answer.id }
            unanswered -= 1
            if answer.addresses.contains(where: { expect == nil || $0 == expect }) { return end(.good) }
            if unanswered == 0 { return end(.dns) }
        }
    }

    private func failure(_ error: Int32) -> ProbeOutcome {
        switch error {
        case ECONNREFUSED: .refused
        case ENETUNREACH, EHOSTUNREACH: .unreachable
        default: ErrorText.isOfResources(error) ? .noResource : .dns
        }
    }

    private func end(_ outcome: ProbeOutcome) -> Reply {
        isAsking = false
        return Reply(outcome)
    }

    func giveUp() { isAsking = false }
}
