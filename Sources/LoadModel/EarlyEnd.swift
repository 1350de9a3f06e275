// SPDX-License-Identifier: Apache-2.0

/// What ends a phase before its time, as `until:` has it.
///
/// `Condition` is ``Guard`` in a profile and ``PlannedGuard`` in a plan: what is watched is written as a guard's
/// condition is, and read as it is.
public enum EarlyEnd<Condition: Hashable & Sendable>: Hashable, Sendable {
    /// A comparison that holds, of what is seen from the phase's begin on.
    case metric(Condition)
    /// Whatever the objectives on recovery are about is well again, or was never lost.
    case recovered
    /// Somebody asks the run to stop: it ends in order, and as it was meant to.
    case stopped

    /// The condition, where it is a comparison.
    public var condition: Condition? { if case .metric(let condition) = self { condition } else { nil } }

    /// The same with another kind of condition.
    public func map<Other>(_ transform: (Condition) throws -> Other) rethrows -> EarlyEnd<Other> {
        switch self {
        case .metric(let condition): .metric(try transform(condition))
        case .recovered: .recovered
        case .stopped: .stopped
        }
    }
}

/// The words of `until:` that are no comparison.
public enum EarlyEndWord: String, CaseIterable, Sendable {
    /// See ``EarlyEnd/recovered``.
    case recovered
    /// See ``EarlyEnd/stopped``.
    case stopped
}

extension EarlyEnd<Guard> {
    /// The notation as written.
    public var text: String { condition?.text ?? word }
}

extension EarlyEnd<PlannedGuard> {
    /// The notation as written.
    public var text: String { condition?.text ?? word }
}

extension EarlyEnd {
    fileprivate var word: String {
        switch self {
        case .metric: ""
        case .recovered: EarlyEndWord.recovered.rawValue
        case .stopped: EarlyEndWord.stopped.rawValue
        }
    }
}

/// A phase that ended before its time, since what it was to go on until was there.
public struct ShortenedPhase: Hashable, Sendable {
    /// The phase's index.
    public var phase: Int
    /// What was there.
    public var end: EarlyEnd<PlannedGuard>
    /// What was seen, in the condition's unit; `nil` where it is no comparison.
    public var value: Double?
    /// Whether the value is only known to be more than that: it is a probe's timeout, or there was no answer at all.
    public var isLeast: Bool
    /// How long the phase was, after all.
    public var length: Nanoseconds
    /// How long it was to be at most.
    public var planned: Nanoseconds
    /// All phases of the run, as they lie from now on.
    public var phases: [PlannedPhase]

    /// Creates one.
    public init(
        phase: Int, end: EarlyEnd<PlannedGuard>, value: Double? = nil, isLeast: Bool = false, length: Nanoseconds,
        planned: Nanoseconds, phases: [PlannedPhase]
    ) {
        self.phase = phase
        self.end = end
        self.value = value
        self.isLeast = isLeast
        self.length = length
        self.planned = planned
        self.phases = phases
    }
}

extension Plan {
    /// Ends a phase at `time` since the run's start, which lies within it; all later phases begin as much earlier.
    public mutating func shorten(phase index: Int, to time: Nanoseconds) {
        let left = phases[index].end - time
        guard left > 0 else { return }
        phases[index].length -= left
        for later in phases.indices where later > index { phases[later].start -= left }
    }

    /// Whether the run goes on until somebody stops it.
    public var isUntilStopped: Bool { phases.last?.until.contains(.stopped) == true }
}
