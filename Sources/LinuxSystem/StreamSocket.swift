// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import SystemPackage

/// Calling servers on this machine.
public enum StreamSocket {
    /// Connects to a Unix socket.
    ///
    /// - Parameter patience: how long each step may take, in seconds.
    public static func connect(unix path: String, patience: Int) throws(Errno) -> OwnedDescriptor {
        guard path.utf8.count <= UnixSocket.pathLimit else { throw .fileNameTooLong }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = try make(AF_UNIX, patience: patience)
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        _ = try check(result)
        return descriptor
    }

    /// Connects to a port of a host, the first of its addresses that answers.
    ///
    /// - Parameter patience: how long each step may take, in seconds.
    public static func connect(host: String, port: Int, patience: Int) throws(Errno) -> OwnedDescriptor {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else { throw .addressNotAvailable }
        defer { freeaddrinfo(found) }
        var failure = Errno.addressNotAvailable
        var next = found
        while let address = next {
            do throws(Errno) {
                let descriptor = try make(address.pointee.ai_family, patience: patience)
                _ = try check(
                    Glibc.connect(descriptor.rawValue, address.pointee.ai_addr, address.pointee.ai_addrlen))
                return descriptor
            } catch {
                failure = error
            }
            next = address.pointee.ai_next
        }
        throw failure
    }

    private static func make(_ family: Int32, patience: Int) throws(Errno) -> OwnedDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | O_CLOEXEC
        let descriptor = OwnedDescriptor(owning: try check(socket(family, kind, 0)))
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor.rawValue, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return descriptor
    }
}
