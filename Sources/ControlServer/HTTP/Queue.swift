// SPDX-License-Identifier: Apache-2.0

#if Server
internal import NIOCore
internal import Synchronization

/// Where requests that were sent ahead wait for their turn, of all connections one after the other.
///
/// NIO's loop looks at no socket as long as it has anything else to do (`runOneLoopTick`), and requests that are here
/// already are enough to do. So there is a pause behind each of them, in which others are heard.
final class Queue: Sendable {
    private static let pause = TimeAmount.milliseconds(1)
    /// How long the next one waits for the answer to the one before; some answers last as long as a run.
    private static let longest = TimeAmount.milliseconds(50)

    private struct State {
        var waiting: [(number: Int, begin: @Sendable (Int) -> Void)] = []
        /// Whose turn it is; 0 in a pause, `nil` where nobody waits.
        var current: Int?
        var last = 0
    }

    private let state = Mutex(State())

    /// Has `begin` called on `loop` when it is the caller's turn, with a number for ``leave(_:_:)``.
    func enter(_ loop: any EventLoop, _ begin: @escaping @Sendable (Int) -> Void) {
        let isFirst = state.withLock { state in
            state.last += 1
            state.waiting.append((state.last, begin))
            defer { state.current = state.current ?? 0 }
            return state.current == nil
        }
        if isFirst { schedule(loop) }
    }

    /// Ends a turn, once.
    func leave(_ number: Int, _ loop: any EventLoop) {
        let isCurrent = state.withLock { state in
            guard state.current == number else { return false }
            state.current = 0
            return true
        }
        if isCurrent { schedule(loop) }
    }

    private func schedule(_ loop: any EventLoop) {
        loop.scheduleTask(in: Self.pause) { self.letNextIn(loop) }
    }

    private func letNextIn(_ loop: any EventLoop) {
        let next = state.withLock { state in
            let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            state.current = next?.number
            return next
        }
        guard let next else { return }
        next.begin(next.number)
        loop.scheduleTask(in: Self.longest) { self.leave(next.number, loop) }
    }
}
#endif
