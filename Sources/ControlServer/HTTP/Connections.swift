// SPDX-License-Identifier: Apache-2.0

#if Server
internal import LinuxSystem
internal import NIOCore
internal import Synchronization

/// Who is connected, and who has to go when too many are: never somebody new, who may want to stop a run.
///
/// A connection that has asked for nothing costs whoever opens it nothing. So it is the first to go: one that has not
/// made itself understood, the oldest of them, then one whose answer nobody takes.
final class Connections: Sendable {
    /// What a connection is doing.
    enum Phase: Hashable, Sendable {
        /// It has yet to say what it wants, the TLS handshake included.
        case silent
        /// Its request has begun and is not complete.
        case asking
        /// It waits for the answer, or is sent one.
        case answering
        /// It was answered, and may ask again.
        case idle

        /// How long a connection may be so, in seconds; `nil` for as long as it takes.
        var limit: Int64? {
            switch self {
            case .silent: 10
            case .asking: 30
            case .answering: nil
            case .idle: 60
            }
        }
    }

    /// Ends a connection at once, and tells whether what was sent to it stays unread.
    struct Handle: Sendable {
        var end: @Sendable () -> Void
        var isStalled: @Sendable () -> Bool
    }

    private struct Entry {
        var phase: Phase
        /// When the phase began, in ns of the monotonic clock.
        var since: Int64
        var handle: Handle
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var last = 0
    }

    private let limit: Int
    /// How many more there may be where all of them are being answered.
    private static let reserve = 16
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.entries.count } }

    /// Takes a connection, for which another may have to go; its number.
    func add(_ handle: Handle) -> Int {
        let (number, leaving) = state.withLock { state in
            state.last += 1
            let number = state.last
            var leaving: Handle?
            if state.entries.count >= limit {
                if let victim = Self.victim(state.entries) {
                    leaving = state.entries.removeValue(forKey: victim)?.handle
                } else if state.entries.count >= limit + Self.reserve {
                    leaving = handle
                }
            }
            state.entries[number] = Entry(phase: .silent, since: Clocks.monotonic, handle: handle)
            return (number, leaving)
        }
        leaving?.end()
        return number
    }

    /// Notes that a connection does something else from now on.
    func enter(_ phase: Phase, _ number: Int) {
        state.withLock { state in
            state.entries[number]?.phase = phase
            state.entries[number]?.since = Clocks.monotonic
        }
    }

    /// Forgets a connection that has ended.
    func remove(_ number: Int) { state.withLock { _ = $0.entries.removeValue(forKey: number) } }

    /// Who goes first.
    private static func victim(_ entries: [Int: Entry]) -> Int? {
        func oldest(_ isMeant: (Entry) -> Bool) -> Int? {
            entries.filter { isMeant($0.value) }.min { ($0.value.since, $0.key) < ($1.value.since, $1.key) }?.key
        }
        return oldest { $0.phase != .answering } ?? oldest { $0.handle.isStalled() }
    }
}
#endif
