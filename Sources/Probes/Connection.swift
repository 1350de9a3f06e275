// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LoadModel

/// A connection that is made, written to and read from without ever waiting.
final class Connection {
    /// What a step came to.
    enum Step: Equatable {
        /// Nothing more for now.
        case waits
        /// It is through: connected, or all is written.
        case done
        /// The other side has closed its end.
        case ended
        /// It failed.
        case failed(ProbeOutcome)
    }

    private let address: SocketAddress
    private let reserve: SocketReserve
    private let watch: Watch
    private var descriptor: Int32 = -1
    private var isConnected = false
    private var unsent: ArraySlice<UInt8> = []
    /// What the kernel is watching for already.
    private var wanted: Watch.Wanted?

    init(_ address: SocketAddress, _ reserve: SocketReserve, _ watch: Watch) {
        self.address = address
        self.reserve = reserve
        self.watch = watch
    }

    deinit { close() }

    /// Whether there is a connection, or one is being made.
    var isOpen: Bool { descriptor >= 0 }
    /// Whether events of this watch are its own.
    func isCurrent(_ generation: UInt32) -> Bool { isOpen && generation == watch.generation }

    /// Begins to connect; ``send(_:)`` may be called at once.
    func open() -> Step {
        close()
        descriptor = reserve.take(address.family)
        guard descriptor >= 0 else { return fail(errno) }
        watch.renew()
        return connect()
    }

    /// Tries again where a Unix socket's queue was full: there, connect(2) neither waits nor goes on by itself.
    func retry() -> Step { isOpen && !isConnected && address.family == AF_UNIX ? connect() : .waits }

    private func connect() -> Step {
        if address.connect(descriptor) == 0 {
            isConnected = true
            return flush()
        }
        switch errno {
        case EINPROGRESS:
            want(.toWrite)
            return .waits
        case EAGAIN where address.family == AF_UNIX: return .waits
        case ENOENT where address.family == AF_UNIX: return fail(ECONNREFUSED)
        default: return fail(errno)
        }
    }

    /// Writes `bytes`, now or when there is a connection.
    func send(_ bytes: [UInt8]) -> Step {
        unsent = unsent.isEmpty ? bytes[...] : unsent + bytes
        return isConnected ? flush() : .waits
    }

    /// Goes on after an event: connects, or writes.
    func proceed() -> Step {
        guard isOpen else { return .waits }
        if !isConnected {
            let error = SocketReserve.error(of: descriptor)
            if error != 0 { return fail(error) }
            var name = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let result = withUnsafeMutableBytes(of: &name) {
                getpeername(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
            }
            guard result == 0 else { return .waits }
            isConnected = true
        }
        return flush()
    }

    private func flush() -> Step {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                unsent = unsent.dropFirst(count)
            } else if errno == EAGAIN {
                want(.toWrite)
                return .waits
            } else if errno != EINTR {
                return fail(errno)
            }
        }
        want(.toRead)
        return .done
    }

    private func want(_ wanted: Watch.Wanted) {
        if self.wanted != wanted, watch.watch(descriptor, wanted) { self.wanted = wanted }
    }

    /// Reads what is there, a piece at a time.
    func receive(_ buffer: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Bool) -> Step {
        guard isConnected, unsent.isEmpty else { return .waits }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count == 0 { return .ended }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? .waits : fail(errno)
            }
            if body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return .done }
            // What filled the buffer has more behind it, most likely; the rest is told by another event.
            if count < buffer.count { return .waits }
        }
    }

    /// Ends the connection.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        isConnected = false
        unsent = []
        wanted = nil
        watch.renew()
    }

    /// Ends the connection; `bytes` go before it, where the kernel takes them at once.
    func close(after bytes: [UInt8]) {
        if isConnected, unsent.isEmpty, !bytes.isEmpty {
            _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        close()
    }

    private func fail(_ error: Int32) -> Step {
        close()
        switch error {
        case ECONNREFUSED: return .failed(.refused)
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EACCES, EPERM: return .failed(.unreachable)
        case ETIMEDOUT: return .failed(.timeout)
        case let error where ErrorText.isOfResources(error): return .failed(.noResource)
        default: return .failed(.reset)
        }
    }
}
