// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Ends that were wanted, as people say them: always with "as expected" or "was expected", so that nobody takes a kill
// for a failure, or its absence for a success.

extension PhaseResult {
    /// The verdict with whether it is what was expected, where something was.
    var verdictWords: String {
        verdict.words + (isExpected.map { $0 ? ", as expected" : ", not as expected" } ?? "")
    }

    var ink: StyledText.Ink {
        switch isExpected {
        case true?: .good
        case false?: .bad
        case nil: verdict.ink
        }
    }

    /// Whether it is as was asked, or expected.
    var isAsAsked: Bool { isExpected ?? (verdict == .met) }
}

extension ExpectationResult {
    /// What became of it, as a sentence.
    func sentence(_ plan: Plan) -> String {
        let place = phase.flatMap { plan.phaseName($0) }.map { " in \($0)" } ?? ""
        let subject = "\(stressor)\(place) was expected to \(expected.words)"
        return switch hasCome {
        case true?: subject + ", and so it was"
        case false?: subject + ", and was not" + (phase == nil ? " in any phase" : "")
        case nil: subject + "; the run ended before that could be told"
        }
    }
}

extension RunRecord {
    /// Sentences on what was expected and did not come, or cannot be told.
    var expectationSentences: [String] {
        expectations.filter { $0.hasCome != true }.map { $0.sentence(plan) }
    }

    /// What came as it was expected: `memory killed`; empty where nothing was expected.
    var expectedEnds: String {
        let came = expectations.filter { $0.hasCome == true }
        var ends: [String] = []
        for end in came.map({ "\($0.stressor) \($0.expected.verdict.words)" }) where !ends.contains(end) {
            ends.append(end)
        }
        return ends.joined(separator: ", ")
    }
}
