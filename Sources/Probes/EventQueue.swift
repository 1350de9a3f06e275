// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// What happened to a descriptor that was watched.
struct DescriptorEvent {
    /// Which probe's, and which of its askers'.
    var course: Int
    var slot: Int
    /// Which of the asker's watches: what comes of an older one is of a descriptor that is closed.
    var generation: UInt32
}

/// Waits for the descriptors of all probes at a time; see epoll(7).
final class EventQueue {
    private static let capacity = 64
    private let epoll: Int32
    private let events = UnsafeMutablePointer<CLinux_event>.allocate(capacity: capacity)

    init() throws(ProbeProblem) {
        epoll = CLinux_epoll_create()
        guard epoll >= 0 else { throw ProbeProblem("no epoll(7): \(ErrorText.last)") }
        events.initialize(repeating: CLinux_event(), count: Self.capacity)
    }

    deinit {
        close(epoll)
        events.deallocate()
    }

    /// Watches a descriptor until that is closed.
    func watch(_ descriptor: Int32, _ wanted: UInt32, tag: UInt64) -> Bool {
        CLinux_epoll_watch(epoll, descriptor, wanted, tag) == 0
    }

    /// Watches for the first byte or the end of what nobody reads here.
    func watchOnce(_ descriptor: Int32) {
        _ = watch(descriptor, UInt32(CLINUX_READABLE) | UInt32(CLINUX_ONCE), tag: 0)
    }

    /// Sleeps until something happens or `deadline` (ns, `CLOCK_MONOTONIC`) is past; how much happened.
    func wait(until deadline: Int64) -> Int {
        max(0, Int(CLinux_epoll_wait(epoll, events, Int32(Self.capacity), deadline)))
    }

    /// What happened; `nil` for what ``watchOnce(_:)`` waits for.
    subscript(index: Int) -> DescriptorEvent? {
        let tag = events[index].tag
        guard tag != 0 else { return nil }
        return DescriptorEvent(
            course: Int(tag >> 48) - 1, slot: Int(tag >> 32 & 0xFFFF), generation: UInt32(truncatingIfNeeded: tag))
    }
}

/// How an asker has its descriptors watched.
final class Watch {
    private let queue: EventQueue
    private let base: UInt64
    /// The present watch.
    private(set) var generation: UInt32 = 0

    init(_ queue: EventQueue, course: Int, slot: Int) {
        self.queue = queue
        base = UInt64(course + 1) << 48 | UInt64(slot) << 32
    }

    /// Whatever was watched before is no more: its descriptors are closed.
    func renew() { generation &+= 1 }

    /// Watches a descriptor; whether the kernel does.
    @discardableResult
    func watch(_ descriptor: Int32, _ wanted: Wanted) -> Bool {
        queue.watch(descriptor, wanted.rawValue, tag: base | UInt64(generation))
    }

    /// What is waited for.
    enum Wanted {
        case toRead, toWrite

        var rawValue: UInt32 {
            switch self {
            case .toRead: UInt32(CLINUX_READABLE | CLINUX_PEER_CLOSED)
            case .toWrite: UInt32(CLINUX_WRITABLE)
            }
        }
    }
}

/// Errors of system calls in words.
enum ErrorText {
    /// The last one of this thread.
    static var last: String { String(cString: strerror(errno)) }
    /// Whether it says that a descriptor, a port, a process or memory was not to be had.
    static func isOfResources(_ error: Int32) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EADDRINUSE, EAGAIN].contains(error)
    }
}
