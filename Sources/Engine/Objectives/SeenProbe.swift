// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A result with where it lies in the run.
struct SeenProbe {
    var result: ProbeResult
    /// The phase that it was due in.
    var phase: Int
    /// Whether the phase has a load.
    var isLoaded = false
    /// Whether it was due before the first phase with a load.
    var isBefore = false
    /// Whether it was due after the release of the last load.
    var isAfter = false
    /// Whether the phase's load was on its target.
    var isSettled = false

    var due: Nanoseconds { result.due }
    var done: Nanoseconds { result.done }

    /// Whether an objective counts it.
    func lies(in span: Objective.Span, phases wanted: Set<Int>, fromSettled: Bool) -> Bool {
        if fromSettled, !isSettled { return false }
        switch span {
        case .before: return isBefore
        case .during: return wanted.contains(phase)
        case .duringLoad: return isLoaded
        case .after: return isAfter
        case .always: return true
        }
    }
}

/// The results of one probe, in the order in which they were due, and held back until nothing earlier can come and the
/// run's times are known.
///
/// Bounded: as many as may be in flight wait for their turn, and ``patience`` of them for the times.
struct ProbeLane {
    /// How late it may be told when a load was effective or released, in ns.
    static let patience: Nanoseconds = 10 * .second

    private let room: Int
    private let every: Nanoseconds
    private let timeout: Nanoseconds
    private var next: Int64 = 0
    private var waiting: [Int64: ProbeResult] = [:]
    private var ready: [ProbeResult] = []
    private var head = 0
    /// Results that were never told.
    private(set) var lost: Int64 = 0

    /// How many results are kept.
    var retained: Int { waiting.count + ready.count }

    init(_ plan: ProbePlan) {
        room = 2 * plan.mostInFlight + 64
        every = plan.every
        timeout = plan.timeout
    }

    /// Whether one that was due before others that have come may still come: it hangs, and is not given up yet.
    func awaitsEarlier(at now: Nanoseconds) -> Bool {
        guard let least = waiting.values.min(by: { $0.number < $1.number }) else { return false }
        let due = least.due - (least.number - next) * every
        return now < due + timeout + 2 * every
    }

    mutating func add(_ result: ProbeResult) {
        // What comes a second time, or after it was given up, is not counted twice.
        guard result.number >= next else { return }
        waiting[result.number] = result
        while waiting.count > room { skip() }
        advance()
    }

    private mutating func advance() {
        while let result = waiting.removeValue(forKey: next) {
            ready.append(result)
            next += 1
        }
    }

    private mutating func skip() {
        guard let least = waiting.keys.min() else { return }
        lost += least - next
        next = least
        advance()
    }

    /// The next one that was due before `limit`.
    mutating func pop(before limit: Nanoseconds) -> ProbeResult? {
        guard head < ready.count, ready[head].due < limit else { return nil }
        defer {
            head += 1
            if head > 1024, 2 * head > ready.count {
                ready.removeFirst(head)
                head = 0
            }
        }
        return ready[head]
    }

    /// Waits for nothing any more.
    mutating func close() { while !waiting.isEmpty { skip() } }
}
