// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import SystemPackage

/// A child process with pipes to its standard input and from its standard output, neither of which can block the other.
///
/// Who writes to a child that writes to him must not sleep in one of the two, so both ends never block, and one wait is
/// for either of them. Use it on the thread that made it: the child's parent-death signal is bound to that thread. No
/// SIGPIPE reaches that thread from then on.
public final class PipedChild {
    /// `F_SETPIPE_SZ`, see fcntl(2), which the C library shows to GNU programs only.
    private static let setPipeSize: Int32 = 1031
    /// What the child may write ahead of us, in bytes.
    private static let outputCapacity: Int32 = 1 << 20
    private let child: ChildProcess
    private var input: OwnedDescriptor?
    private let output: OwnedDescriptor
    private var unwritten: ArraySlice<UInt8> = []
    private var chunk = [UInt8](repeating: 0, count: 65536)

    /// Spawns a binary; see ``ChildProcess/init(_:arguments:descriptors:withholding:)``.
    ///
    /// - Parameter isErrorShared: whether its standard error is ours; otherwise it is `/dev/null`.
    public init(
        _ executable: String, arguments: [String], isErrorShared: Bool = true, withholding withheld: [String] = []
    ) throws(Errno) {
        CurrentThread.blockBrokenPipeSignal()
        let down = try OwnedDescriptor.pipe()
        let up = try OwnedDescriptor.pipe()
        for end in [down.writeEnd.rawValue, up.readEnd.rawValue] { _ = try check(fcntl(end, F_SETFL, O_NONBLOCK)) }
        // A reader that a starved machine keeps from running for a while loses nothing; where a limit (pipe(7),
        // pipe-user-pages-soft) refuses it, there is the usual size.
        _ = fcntl(up.readEnd.rawValue, Self.setPipeSize, Self.outputCapacity)
        let null = try OwnedDescriptor.open("/dev/null", O_WRONLY)
        child = try ChildProcess(
            executable, arguments: arguments,
            descriptors: [down.readEnd.rawValue, up.writeEnd.rawValue, isErrorShared ? nil : null.rawValue],
            withholding: withheld)
        input = consume down.writeEnd
        output = consume up.readEnd
    }

    /// The process.
    public var id: Int32 { child.id }

    /// What a wait ended with.
    public enum Event {
        /// The child wrote this.
        case output(ArraySlice<UInt8>)
        /// The child closed its standard output, as its end does.
        case outputEnded
        /// The counter that was waited for became readable, the time came, or there was nothing in particular.
        case woken
    }

    /// Writes what is queued as far as the child takes it, and sleeps until something happens.
    ///
    /// - Parameters:
    ///   - counter: a descriptor that ends the wait when it is readable, such as an event counter; -1 for none.
    ///   - deadline: when the wait ends in any case, in ns of `CLOCK_MONOTONIC`.
    public func wait(for counter: Int32 = -1, until deadline: Int64) -> Event {
        writeQueued()
        var polls = [
            pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: counter, events: Int16(POLLIN), revents: 0),
            pollfd(fd: unwritten.isEmpty ? -1 : inputDescriptor, events: Int16(POLLOUT), revents: 0),
        ]
        let left = max(0, deadline.subtractingSaturating(Clocks.monotonic))
        // Rounded up: a wait that ends before the deadline would be made again at once.
        let timeout = Int32(clamping: left.addingSaturating(999_999) / 1_000_000)
        guard poll(&polls, 3, timeout) > 0 else { return .woken }
        if polls[2].revents != 0 { writeQueued() }
        return polls[0].revents != 0 ? readOutput() : .woken
    }

    /// Queues bytes for the child's standard input; ``wait(for:until:)`` writes them.
    public func send(_ bytes: [UInt8]) { if inputDescriptor >= 0 { unwritten += bytes } }

    /// Closes the child's standard input; what is still queued is dropped.
    public func closeInput() {
        input = nil
        unwritten = []
    }

    /// Sends the process SIGTERM.
    public func interrupt() { child.send(signal: SIGTERM) }

    /// Kills the process, and nothing that it started.
    public func kill() { child.send(signal: SIGKILL) }

    /// Waits until the process has ended, and kills it where it has not after `patience` ms.
    public func end(patience: Int32) -> ChildProcess.End {
        closeInput()
        if let end = child.wait(milliseconds: patience) { return end }
        kill()
        while true {
            if let end = child.wait(milliseconds: 1000) { return end }
        }
    }

    private var inputDescriptor: Int32 {
        switch input {
        case .some(let descriptor): descriptor.rawValue
        case .none: -1
        }
    }

    private func writeQueued() {
        while !unwritten.isEmpty {
            let count = unwritten.withUnsafeBytes { write(inputDescriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                unwritten.removeFirst(count)
            } else if errno != EINTR {
                // A child that is gone is told apart by the end of its output.
                if errno != EAGAIN { closeInput() }
                return
            }
        }
        unwritten = []
    }

    private func readOutput() -> Event {
        while true {
            let count = chunk.withUnsafeMutableBytes { read(output.rawValue, $0.baseAddress, $0.count) }
            if count > 0 { return .output(chunk[..<count]) }
            if count == 0 { return .outputEnded }
            if errno == EAGAIN { return .woken }
            if errno != EINTR { return .outputEnded }
        }
    }
}
