// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Waits for descriptors, again and again for the same ones, without an allocation each time.
///
/// They are watched through one `epoll(7)`: to sleep on that costs the same however many there are. Where there is no
/// descriptor left for it, or one of them cannot be in it, each is polled by itself.
public struct EventPoll: ~Copyable {
    private var polls: [pollfd] = []
    private var set: OwnedDescriptor?

    /// Creates a wait for `descriptors`; negative ones are passed over.
    public init(_ descriptors: [Int32]) { watch(descriptors) }

    /// Waits for these from now on.
    public mutating func watch(_ descriptors: [Int32]) {
        // The old one first: its number may be the last there is.
        set = nil
        let number = CLinux_poll_set(descriptors, descriptors.count)
        polls = (number >= 0 ? [number] : descriptors).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        if number >= 0 { set = OwnedDescriptor(owning: number) }
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
