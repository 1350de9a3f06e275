// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A stream that takes what is written at once, whoever keeps it: a file system that stands still, a pipe that nobody
/// reads.
///
/// A process of its own does the writing and may hang; between it and us is a pipe that never blocks. Terminals are
/// written directly, as far as they take it. What cannot be taken is lost, and that is told.
public final class Outlet {
    /// Why not all was written.
    public enum Loss: Error, Hashable, Sendable {
        /// The write failed.
        case failed(Errno)
        /// The file was removed, and what was written to it goes with us.
        case removed
        /// The file was cut short behind us.
        case cut
        /// The process that writes was killed by this signal.
        case killed(by: Int32)
        /// Nobody took it: how many bytes never came as far as the process that writes, and where that waits.
        case stalled(bytes: Int, writer: HungProcess?)
    }

    /// `F_SETPIPE_SZ`, see fcntl(2): what may be written ahead, in bytes.
    private static let setPipeSize: Int32 = 1031
    private static let capacity: Int32 = 1 << 20

    private let descriptor: Int32
    private let isTerminal: Bool
    private let page: UnsafeMutablePointer<CLinux_aside>?
    private var writer: ForkedProcess?
    private var pipe: OwnedDescriptor?
    /// The rest of a piece that was taken in part.
    private var rest: ArraySlice<UInt8> = []
    private var lost = 0

    /// Opens the way to `descriptor`, which stays somebody else's.
    ///
    /// - Parameters:
    ///   - byLines: whether others may append to the same file, so that lines must stay whole.
    ///   - givesBack: whether blocks that were reserved behind the end of the file are given back at the end.
    public init(_ descriptor: Int32, byLines: Bool = false, givesBack: Bool = false) {
        self.descriptor = descriptor
        isTerminal = Terminal.isTerminal(descriptor)
        page = isTerminal ? nil : CLinux_aside_create()
        guard let page, let ends = try? OwnedDescriptor.pipe() else { return }
        // Where a limit refuses it (pipe(7)), there is the usual size.
        _ = fcntl(ends.writeEnd.rawValue, Self.setPipeSize, Self.capacity)
        guard fcntl(ends.writeEnd.rawValue, F_SETFL, O_NONBLOCK) == 0 else { return }
        let id = CLinux_fork_writer(page, ends.readEnd.rawValue, descriptor, byLines ? 1 : 0, givesBack ? 1 : 0)
        guard id > 0 else { return }
        writer = ForkedProcess(id)
        pipe = consume ends.writeEnd
    }

    deinit {
        pipe = nil
        if let page { CLinux_aside_destroy(page) }
    }

    /// Whether a process of its own does the writing, and has the descriptor by itself.
    public var hasWriter: Bool { writer != nil }

    /// Why a write failed; `nil` where none did so far, as far as is known.
    public var failure: Errno? {
        guard let error = page?.pointee.error, error != 0 else { return nil }
        return Errno(rawValue: error)
    }

    /// Takes `bytes`, all or none; whether it did.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        guard rest.isEmpty || flush() else {
            lost += bytes.count
            return false
        }
        rest = bytes[...]
        _ = flush()
        // Nothing of it was taken: then it never is, and what comes later is not behind it.
        guard rest.count == bytes.count, !bytes.isEmpty else { return true }
        rest = []
        lost += bytes.count
        return false
    }

    /// Hands on what waits; whether all of it was taken.
    private func flush() -> Bool {
        while !rest.isEmpty {
            let count = writeOnce()
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno != EAGAIN {
                if page?.pointee.error == 0 { page?.pointee.error = errno }
                lost += rest.count
                rest = []
            } else {
                return false
            }
        }
        return true
    }

    private func writeOnce() -> Int {
        let pipe = pipeDescriptor
        if pipe >= 0 { return rest.withUnsafeBytes { Glibc.write(pipe, $0.baseAddress, $0.count) } }
        // A terminal, or no process could be had: as much as polls as writable, see pipe(7), PIPE_BUF.
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard Glibc.poll(&poll, 1, 0) > 0 else {
            errno = EAGAIN
            return -1
        }
        return rest.prefix(4096).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Ends the stream, and waits until all of it is written.
    ///
    /// - Parameters:
    ///   - patience: how long to wait, in ms; -1 is for ever.
    ///   - isCut: asked every 50 ms; whether nobody wants to wait any longer.
    /// - Throws: ``Loss`` where not all was written.
    public func finish(patience: Int32, isCut: () -> Bool = { false }) throws(Loss) {
        let deadline = patience < 0 ? Int64.max : Clocks.monotonic + Int64(patience) * 1_000_000
        func isOver() -> Bool { Clocks.monotonic >= deadline || isCut() }
        while !flush(), !isOver() { usleep(10_000) }
        lost += rest.count
        rest = []
        pipe = nil
        if let writer {
            while !writer.hasEnded(within: 50), !isOver() {}
            if !writer.hasEnded(within: 0) { throw .stalled(bytes: lost, writer: writer.abandon()) }
        }
        if let failure { throw .failed(failure) }
        if let signal = writer?.signal { throw .killed(by: signal) }
        if lost > 0 { throw .stalled(bytes: lost, writer: nil) }
        if page?.pointee.is_removed == 1 { throw .removed }
        if page?.pointee.is_cut == 1 { throw .cut }
    }

    private var pipeDescriptor: Int32 {
        switch pipe {
        case .some(let pipe): pipe.rawValue
        case .none: -1
        }
    }
}

/// A process of ours that was forked for something that may hang.
public final class ForkedProcess {
    /// The process.
    public let id: Int32
    private var isGone = false
    /// The signal that ended it; `nil` where none did.
    private(set) var signal: Int32?

    init(_ id: Int32) { self.id = id }

    /// Whether it has ended, within so many ms.
    public func hasEnded(within patience: Int32) -> Bool {
        let deadline = Clocks.monotonic + Int64(patience) * 1_000_000
        while !isGone {
            var status: Int32 = 0
            let result = waitpid(id, &status, WNOHANG)
            // Somebody else may have reaped it.
            if result == id || result < 0 && errno == ECHILD {
                isGone = true
                // WIFSIGNALED and WTERMSIG of wait(2), which are macros.
                if result == id, status & 0x7F != 0 { signal = status & 0x7F }
                break
            }
            if Clocks.monotonic >= deadline { break }
            usleep(1000)
        }
        return isGone
    }

    /// Kills it; where it waited, `nil` where it has ended before.
    public func abandon() -> HungProcess? {
        guard !isGone else { return nil }
        let hung = HungProcess(id)
        kill(id, SIGKILL)
        _ = hasEnded(within: 20)
        return hung
    }
}

/// A process that does not end, and where it waits in the kernel.
public struct HungProcess: Hashable, Sendable {
    /// The process.
    public var id: Int32
    /// The kernel's function that it waits in (`/proc/PID/wchan`, proc(5)); `nil` where that is not told.
    public var waitChannel: String?

    /// Looks where process `id` waits.
    public init(_ id: Int32) {
        self.id = id
        // The first thread may have ended while another hangs.
        var threads = [id]
        if let folder = try? OwnedDescriptor.open("/proc/\(id)/task", FileFlags.directory) {
            threads += DirectoryReader.names(ofDescriptor: folder.rawValue, limit: 256).compactMap { Int32($0) }
        }
        waitChannel = threads.lazy
            .compactMap { SmallFile.text("/proc/\(id)/task/\($0)/wchan") }
            .first { !$0.isEmpty && $0 != "0" }
    }

    /// Such as `process 123 hangs in folio_wait_bit_common`.
    public var text: String { "process \(id) hangs" + (waitChannel.map { " in \($0)" } ?? "") }
}
