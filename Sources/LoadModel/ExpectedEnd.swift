// SPDX-License-Identifier: Apache-2.0

/// An end of a load that is wanted, though the load is then not there: `expect: killed`.
public enum ExpectedEnd: String, Codable, Sendable, CaseIterable {
    /// A signal ends the stressor's process, such as that of the OOM killer.
    case killed
    /// The target is missed.
    case notMet = "not_met"

    /// The verdict that it makes a success.
    public var verdict: Verdict { self == .killed ? .killed : .notMet }

    /// It as the end of a sentence: "was expected to …".
    public var words: String { self == .killed ? "be killed" : "miss its target" }
}

/// What became of an expectation.
public struct ExpectationResult: Hashable, Sendable {
    /// The stressor's name.
    public var stressor: String
    /// The phase's index; `nil` of what is expected of the stressor, in one of its phases.
    public var phase: Int?
    /// What was expected.
    public var expected: ExpectedEnd
    /// Whether it came so; `nil` where the run was ended before that could be told.
    public var hasCome: Bool?

    /// Creates a result.
    public init(stressor: String, phase: Int?, expected: ExpectedEnd, hasCome: Bool?) {
        self.stressor = stressor
        self.phase = phase
        self.expected = expected
        self.hasCome = hasCome
    }
}

/// Compares how a run's loads ended with how they were expected to.
///
/// What stands beside a load is expected in its phase. What is a setting of the stressor is expected in one of the
/// phases that do not say otherwise, whichever: where the kill comes is often what is to be found out.
public struct ExpectationJudge {
    private let plan: Plan
    private let results: [PhaseResult]
    private let ends: [StressorEnd]

    /// Creates a judge of what is known so far.
    public init(_ plan: Plan, results: [PhaseResult], ends: [StressorEnd]) {
        self.plan = plan
        self.results = results
        self.ends = ends
    }

    /// Whether `result` is as expected; `nil` where nothing is expected of it but that it is met.
    public func isExpected(_ result: PhaseResult) -> Bool? {
        let written = plan.phases[result.phase].expect[result.stressor]
        switch result.verdict {
        case .aborted, .unsupported: return nil
        case .killed:
            if let answer = isExpectedToBeGone(result.stressor, in: result.phase) { return answer }
            // Of a phase without a load nothing is missing.
            return !result.isLoaded && isKilledAsExpected(result.stressor, before: result.phase) ? true : nil
        case .met, .notMet, .unverified:
            guard result.isLoaded else { return nil }
            let general = general(of: result.stressor)
            if (written ?? general)?.verdict == result.verdict { return true }
            return written == nil ? nil : false
        }
    }

    private func general(of stressor: String) -> ExpectedEnd? {
        plan.stressors.first { $0.name == stressor }?.expect
    }

    /// Whether the end of the stressor's process is as expected in a phase; `nil` where that does not say.
    private func isExpectedToBeGone(_ stressor: String, in phase: Int) -> Bool? {
        let written = plan.phases[phase].expect[stressor]
        guard let expected = written ?? general(of: stressor) else { return nil }
        if expected == .killed, isKilled(stressor) { return true }
        return written == nil ? nil : false
    }

    /// Whether a signal ended it; one that gave up by itself was not killed.
    private func isKilled(_ stressor: String) -> Bool {
        var isKilled = false
        for end in ends where end.stressor == stressor {
            switch end.manner {
            case .failed: return false
            case .killed: isKilled = true
            case .released: break
            }
        }
        return isKilled
    }

    /// Whether the stressor was killed in a phase, before `phase` where that is given, in which it was expected.
    public func isKilledAsExpected(_ stressor: String, before phase: Int = .max) -> Bool {
        results.contains {
            $0.stressor == stressor && $0.phase < phase && $0.verdict == .killed
                && isExpectedToBeGone(stressor, in: $0.phase) == true
        }
    }

    /// Whether a load was asked for in a phase that never began, though nobody ended the run: its process was gone.
    public var hasLostLoad: Bool {
        let begun = results.map(\.phase).max() ?? -1
        return plan.phases.indices.contains { phase in
            phase > begun
                && plan.phases[phase].loads.keys.contains { isExpectedToBeGone($0, in: phase) != true }
        }
    }

    /// What became of each expectation, in the order of the phases, those of whole stressors last.
    ///
    /// - Parameter isCutShort: whether somebody ended the run before its time.
    public func outcome(isCutShort: Bool) -> [ExpectationResult] {
        var all: [ExpectationResult] = []
        for (index, phase) in plan.phases.enumerated() {
            for stressor in plan.stressors {
                guard let expected = phase.expect[stressor.name] else { continue }
                let result = results.first { $0.phase == index && $0.stressor == stressor.name }
                let answer = result.map(isExpected) ?? (isCutShort ? nil : isExpectedToBeGone(stressor.name, in: index))
                all.append(
                    ExpectationResult(stressor: stressor.name, phase: index, expected: expected, hasCome: answer))
            }
        }
        for stressor in plan.stressors {
            guard let expected = stressor.expect,
                plan.phases.contains(where: { $0.loads[stressor.name] != nil && $0.expect[stressor.name] == nil })
            else { continue }
            let hasCome = results.contains { result in
                result.stressor == stressor.name && result.verdict == expected.verdict
                    && plan.phases[result.phase].expect[stressor.name] == nil && isExpected(result) == true
            }
            let answer: Bool? = hasCome ? true : isCutShort ? nil : false
            all.append(ExpectationResult(stressor: stressor.name, phase: nil, expected: expected, hasCome: answer))
        }
        return all
    }
}

extension PlannedStressor {
    /// What is expected of it in one of its phases; `nil` where that is only that its targets are met.
    public var expect: ExpectedEnd? { settings.text(Manifest.expectKey.name).flatMap(ExpectedEnd.init) }
}

extension RunRecord {
    /// What became of each expectation; empty where nothing was expected but that all is met.
    public var expectations: [ExpectationResult] {
        let isCutShort =
            interruptedBy != nil || guardTrip != nil || leaseExpiry != nil || startFailure != nil
        return ExpectationJudge(plan, results: results, ends: ends).outcome(isCutShort: isCutShort)
    }
}
