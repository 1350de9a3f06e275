// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import LoadModel

/// A socket address as the kernel takes it.
struct SocketAddress: Hashable {
    /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
    var family: Int32
    /// A `sockaddr` of that family.
    var bytes: [UInt8]

    /// A Unix socket's address.
    init(unix path: String) throws(ProbeProblem) {
        guard path.utf8.count <= UnixSocket.pathLimit else { throw ProbeProblem("\(path): too long for a socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        family = AF_UNIX
        bytes = withUnsafeBytes(of: address) { Array($0) }
    }

    private init(_ info: addrinfo) {
        family = info.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
    }

    /// The address that is probed, chosen once: the first one of the name that takes a connection now, or the first.
    ///
    /// One address and no other: what falls back to another one hides that the first is gone.
    static func chosen(_ endpoint: ProbeEndpoint, isStream: Bool = true) throws(ProbeProblem) -> SocketAddress {
        switch endpoint {
        case .unix(let path): return try SocketAddress(unix: path)
        case .host(let host, let port):
            let found = try resolve(host, port: port, isStream: isStream)
            if found.count == 1 { return found[0] }
            return found.first { $0.takesConnection() } ?? found[0]
        }
    }

    private static func resolve(_ host: String, port: UInt16, isStream: Bool) throws(ProbeProblem) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &list)
        guard code == 0 else { throw ProbeProblem("\(host) has no address: \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let info = next {
            let address = SocketAddress(info.pointee)
            if [AF_INET, AF_INET6].contains(address.family), !found.contains(address) { found.append(address) }
            next = info.pointee.ai_next
        }
        guard !found.isEmpty else { throw ProbeProblem("\(host) has no address of IPv4 or IPv6") }
        return found
    }

    private func takesConnection() -> Bool {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        if connect(descriptor) == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&wait, 1, 1000) > 0 && SocketReserve.error(of: descriptor) == 0
    }

    /// The corresponding C function is `connect`.
    func connect(_ descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes {
            Glibc.connect(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}

/// Sockets that are made before the load, so that none is missing when the load takes all file handles.
///
/// One that was used cannot be used again; the store is filled up as soon as one is gone.
final class SocketReserve {
    private static let most = 32
    private var stores: [Int32: [Int32]] = [:]
    private var wanted: [Int32: Int] = [:]

    deinit { for descriptor in stores.values.joined() { close(descriptor) } }

    /// Has `count` more sockets of a family ready.
    func reserve(_ family: Int32, _ count: Int) throws(ProbeProblem) {
        wanted[family] = min(Self.most, wanted[family, default: 0] + count)
        refill()
        guard stores[family]?.isEmpty == false else { throw ProbeProblem("no socket to be had: \(ErrorText.last)") }
    }

    /// A socket that does not block; -1 where there is none, with `errno`.
    func take(_ family: Int32) -> Int32 { stores[family]?.popLast() ?? Self.make(family) }

    /// Makes what was taken anew.
    func refill() {
        for (family, count) in wanted {
            while stores[family, default: []].count < count {
                let descriptor = Self.make(family)
                guard descriptor >= 0 else { break }
                stores[family, default: []].append(descriptor)
            }
        }
    }

    private static func make(_ family: Int32) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        if descriptor >= 0, family != AF_UNIX {
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        }
        return descriptor
    }

    /// `SO_ERROR`: what became of a connection that was on its way, socket(7).
    static func error(of descriptor: Int32) -> Int32 {
        var error: Int32 = 0
        var length = socklen_t(4)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno
    }
}
