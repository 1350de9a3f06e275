// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The events of a run, the newest of them, for any number of followers.
///
/// Bounded in events and in bytes. Who appends never waits: a follower that is too slow finds that events are gone.
/// Followers share the lines, and all of them wait for the same thing, so that fifty cost little more than one.
package final class RunLog: Sendable {
    private struct State {
        /// Those kept, at `start` and behind; what is before it is let go now and then.
        var events: [RunEvent] = []
        var start = 0
        var lastNumber = 0
        var bytes = 0
        var isFinished = false
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0

        var firstNumber: Int { lastNumber - (events.count - start) + 1 }

        mutating func trim(toCount count: Int, bytes limit: Int) {
            while start < events.count, events.count - start > count || bytes > limit {
                bytes -= events[start].line.count
                start += 1
            }
            if start > 64, start > events.count / 2 {
                events.removeFirst(start)
                start = 0
            }
        }
    }

    /// What a follower gets.
    package enum Batch: Sendable {
        /// These events, in order.
        case events([RunEvent])
        /// Events that were asked for are no longer kept; the oldest that is has this number.
        case gone(oldest: Int)
        /// There is none yet; who waited was woken all the same.
        case idle
        /// There is none, and none will come.
        case finished
    }

    private let state = Mutex(State())
    private let countLimit: Int
    private let byteLimit: Int

    package init(countLimit: Int = 20_000, byteLimit: Int = 2 << 20) {
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    /// The number of the newest event; 0 where there is none.
    package var lastNumber: Int { state.withLock { $0.lastNumber } }

    /// The number of the oldest event that is kept, or of the next one where none is.
    package var firstNumber: Int { state.withLock { $0.firstNumber } }

    /// The bytes of the lines that are kept.
    package var byteCount: Int { state.withLock { $0.bytes } }

    /// Appends a line, unless it is no event, and wakes all who wait.
    package func append(line: [UInt8]) -> RunEvent? {
        let (event, waiting) = state.withLock { state -> (RunEvent?, [CheckedContinuation<Void, Never>]) in
            guard let event = RunEvent(number: state.lastNumber + 1, line: line) else { return (nil, []) }
            state.lastNumber += 1
            state.events.append(event)
            state.bytes += line.count
            state.trim(toCount: countLimit, bytes: byteLimit)
            return (event, Self.takeWaiting(&state))
        }
        for continuation in waiting { continuation.resume() }
        return event
    }

    /// Says that no more events come.
    package func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            return Self.takeWaiting(&state)
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Wakes all who wait, so that they can show that they are still there.
    package func nudge() {
        for continuation in state.withLock({ Self.takeWaiting(&$0) }) { continuation.resume() }
    }

    /// Lets go of the oldest events until at most `limit` bytes are kept.
    package func shrink(toBytes limit: Int) {
        state.withLock { state in
            state.trim(toCount: countLimit, bytes: limit)
            state.events.removeFirst(state.start)
            state.start = 0
        }
    }

    /// What there is behind event `number` now, `limit` events at most.
    package func batch(after number: Int, limit: Int = 256) -> Batch {
        state.withLock { state in
            if number + 1 < state.firstNumber { return .gone(oldest: state.firstNumber) }
            let first = state.start + (number + 1 - state.firstNumber)
            if first < state.events.count {
                return .events(Array(state.events[first..<min(state.events.count, first + limit)]))
            }
            return state.isFinished ? .finished : .idle
        }
    }

    /// Waits until there is something behind event `number`, somebody nudges, or the task is cancelled.
    package func next(after number: Int, limit: Int = 256) async -> Batch {
        let present = batch(after: number, limit: limit)
        guard case .idle = present else { return present }
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // Looked at under the lock, so that neither an event nor the cancellation can slip between.
                    if Task.isCancelled || state.isFinished || state.lastNumber > number { return true }
                    state.waiting[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume()
        }
        return batch(after: number, limit: limit)
    }

    private static func takeWaiting(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        let waiting = Array(state.waiting.values)
        state.waiting.removeAll(keepingCapacity: true)
        return waiting
    }
}

/// The events of a run from the oldest that is kept, as an asynchronous sequence.
struct RunEvents: AsyncSequence, Sendable {
    typealias Element = RunEvent
    typealias Failure = Never

    let log: RunLog

    func makeAsyncIterator() -> Iterator { Iterator(log: log) }

    struct Iterator: AsyncIteratorProtocol {
        let log: RunLog
        private var number = 0
        private var ready: ArraySlice<RunEvent> = []

        init(log: RunLog) { self.log = log }

        mutating func next() async -> RunEvent? { await next(isolation: nil) }

        mutating func next(isolation actor: isolated (any Actor)?) async -> RunEvent? {
            while ready.isEmpty, !Task.isCancelled {
                switch await log.next(after: number) {
                case .events(let events): ready = events[...]
                // Whoever was slower than the bound goes on with what is left.
                case .gone(let oldest): number = oldest - 1
                case .idle: continue
                case .finished: return nil
                }
            }
            guard let event = ready.popFirst() else { return nil }
            number = event.number
            return event
        }
    }
}
