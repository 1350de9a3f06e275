// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Waits for descriptors, again and again for the same ones, without an allocation each time.
public struct EventPoll {
    private var polls: [pollfd] = []

    /// Creates a wait for `descriptors`; negative ones are passed over.
    public init(_ descriptors: [Int32]) { watch(descriptors) }

    /// Waits for these from now on.
    public mutating func watch(_ descriptors: [Int32]) {
        polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    /// Sleeps until one of the descriptors is readable or closed, which is `true`, or until `deadline` (ns,
    /// `CLOCK_MONOTONIC`) is past.
    public mutating func wait(until deadline: Int64) -> Bool {
        CLinux_poll_until(&polls, polls.count, deadline) > 0
    }

    /// Sleeps until some of `descriptors` are readable or closed and returns those.
    ///
    /// Returns after `timeout` in any case (ms; -1 is for ever). Negative descriptors are passed over.
    public static func wait(_ descriptors: [Int32], timeout: Int32 = -1) -> [Int32] {
        var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let count = poll(&polls, nfds_t(polls.count), timeout)
        return count > 0 ? polls.filter { $0.revents != 0 }.map(\.fd) : []
    }
}

/// The terminal behind a descriptor.
public enum Terminal {
    /// Whether the descriptor is a terminal.
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
    /// The terminal's width in columns; `nil` where it has none.
    public static func width(_ descriptor: Int32) -> Int? {
        let width = CLinux_terminal_width(descriptor)
        return width > 0 ? Int(width) : nil
    }
}

/// The counter of ``OwnedDescriptor/eventCounter()``.
public enum EventCounter {
    /// Makes the counter readable.
    public static func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Makes the counter unreadable again.
    public static func reset(_ descriptor: Int32) {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
