// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A file descriptor that is closed when its owner is gone.
public struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number, for calls that borrow it.
    public let rawValue: Int32

    /// Takes ownership of an open descriptor.
    public init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { close(rawValue) }

    /// Opens `path` with close-on-exec set.
    ///
    /// The corresponding C function is `open`.
    public static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(Errno) -> OwnedDescriptor {
        // O_TMPFILE is O_DIRECTORY with a mode for writing.
        let writes = flags & (O_WRONLY | O_RDWR | O_CREAT) != 0
        if Places.waitForAnswer(of: path, writes: writes) != nil { throw .timedOut }
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 { return OwnedDescriptor(owning: descriptor) }
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }

    /// Creates anonymous memory that processes can share, of `size` bytes.
    ///
    /// The corresponding C functions are `memfd_create` and `ftruncate`.
    public static func sharedMemory(named name: String, size: Int) throws(Errno) -> OwnedDescriptor {
        let descriptor = OwnedDescriptor(owning: try check(CLinux_memfd_create(name)))
        _ = try check(ftruncate(descriptor.rawValue, off_t(size)))
        return descriptor
    }

    /// Creates a counter that can be polled; see `eventfd(2)`.
    public static func eventCounter() throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(owning: try check(CLinux_eventfd()))
    }

    /// Creates a pipe: its read end and its write end, both close-on-exec.
    public static func pipe() throws(Errno) -> Pipe {
        var ends: [Int32] = [0, 0]
        _ = try check(CLinux_pipe(&ends))
        return Pipe(readEnd: OwnedDescriptor(owning: ends[0]), writeEnd: OwnedDescriptor(owning: ends[1]))
    }

    /// The two ends of a pipe.
    public struct Pipe: ~Copyable {
        /// What is written comes out here.
        public var readEnd: OwnedDescriptor
        /// What is written goes in here.
        public var writeEnd: OwnedDescriptor
    }

    /// Writes all of `bytes`, going on after partial writes and interruptions.
    public func write(all bytes: [UInt8]) throws(Errno) { try StreamWriter.write(bytes, to: rawValue) }
}

/// Flags for ``OwnedDescriptor/open(_:_:mode:)``.
public enum FileFlags {
    /// Write only, at the end, making the file where there is none.
    public static let appendCreating = O_WRONLY | O_APPEND | O_CREAT
    /// Write only, at the end.
    public static let appending = O_WRONLY | O_APPEND | O_NOCTTY
    /// A directory, to read its names.
    public static let directory = O_RDONLY | O_DIRECTORY
}

/// Writing to descriptors that somebody else owns.
public enum StreamWriter {
    /// A pipe that polls as writable takes this much without blocking; see `pipe(7)`, `PIPE_BUF`.
    private static let chunk = 4096

    /// Writes all of `bytes`, going on after partial writes and interruptions.
    ///
    /// - Parameter patience: how long to wait for a reader that does not read, in ms; -1 is for ever. An observer that
    ///   hangs on a stalled terminal neither samples nor stops.
    /// - Throws: `Errno`; ``Errno/timedOut`` where the reader did not read, part of the bytes being written.
    public static func write(_ bytes: [UInt8], to descriptor: Int32, patience: Int32 = -1) throws(Errno) {
        var written = 0
        while written < bytes.count {
            var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = Glibc.poll(&poll, 1, patience)
            if ready == 0 { throw .timedOut }
            let length = min(bytes.count - written, chunk)
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, length) }
            if count >= 0 {
                written += count
                continue
            }
            let error = Errno(rawValue: errno)
            if error != .interrupted, error != .resourceTemporarilyUnavailable { throw error }
        }
    }

    /// The same, but a reader that has seen enough, such as `head`, is no failure.
    public static func writeUnlessClosed(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
        do throws(Errno) {
            try write(bytes, to: descriptor)
        } catch {
            if error != .brokenPipe { throw error }
        }
    }
}
