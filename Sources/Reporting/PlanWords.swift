// SPDX-License-Identifier: Apache-2.0

import LoadModel

extension Plan {
    /// How long the run lasts, for people.
    var lengthWords: String {
        guard isUntilStopped, let last = phases.last, last.length >= Self.endless else {
            return phases.contains { !$0.until.isEmpty }
                ? "\(HumanUnits.duration(length)) at most" : HumanUnits.duration(length)
        }
        return last.start == 0 ? "until stopped" : "\(HumanUnits.duration(last.start)) and until stopped"
    }

    /// Whether it has no end of its own.
    var isEndless: Bool { isUntilStopped && (phases.last?.length ?? 0) >= Self.endless }

    /// How much of a run without an end is drawn: a day of its last phase.
    var drawnLength: Nanoseconds { (phases.last?.start ?? 0) + 86_400 * .second }

    /// As long as a phase may be: one that has no length beside `until: stopped`.
    private static let endless: Nanoseconds = 3650 * 86_400 * .second

    /// How long a phase lasts, for people.
    func lengthWords(ofPhase index: Int) -> String {
        let phase = phases[index]
        guard !phase.until.isEmpty else { return HumanUnits.duration(phase.length) }
        let ends = phase.until.map(\.text).joined(separator: ", or ")
        return index == phases.count - 1 && isEndless
            ? "until \(ends)" : "\(HumanUnits.duration(phase.length)) at most, until \(ends)"
    }
}

extension ShortenedPhase {
    /// What happened, as a sentence.
    var sentence: String {
        let name = phases.indices.contains(phase) ? phases[phase].name : ""
        var text = "phase '\(name)' ends after \(HumanUnits.seconds(length.seconds)): \(end.text)"
        if let condition = end.condition, let value {
            let amount = condition.amount(value)
            text += " (\(condition.metricName) was \(isLeast ? "more than \(amount), or there was no answer" : amount))"
        }
        return text
    }
}
