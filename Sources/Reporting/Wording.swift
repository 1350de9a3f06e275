// SPDX-License-Identifier: Apache-2.0

public import LoadModel

extension Verdict {
    /// The verdict as people say it.
    package var words: String { self == .notMet ? "not met" : rawValue }

    /// Its colour.
    package var ink: StyledText.Ink {
        switch self {
        case .met: .good
        case .aborted, .unverified: .warning
        case .notMet, .killed, .unsupported: .bad
        }
    }
}

extension RunRecord {
    /// What the exit code means, in a few words.
    public var exitMeaning: String {
        if let interruptedBy {
            return "interrupted by \(signalName(interruptedBy)), "
                + (isReleased ? "after a clean release" : "and not everything is given back yet")
        }
        if isNotSteady { return "the system was not steady before the load, so nothing was exerted" }
        if exitCode == RunExitCode.objectiveMissed {
            return "every target was met, and an objective was not, or nobody knows"
        }
        return switch verdict {
        case .met:
            (expectedEnds.isEmpty ? "every target was met" : "all came as expected: \(expectedEnds)")
                + (logFailure == nil ? "" : ", but the log is incomplete")
                + (isGivenBack ? "" : ", but not everything is given back")
        case .notMet:
            expectations.contains { $0.hasCome == false }
                ? "an end that was expected did not come" : "a target was not met"
        case .unverified: "a target is not proven: nobody looked, or claim and witness disagree"
        case .aborted: leaseExpiry == nil ? "aborted by a guard" : "aborted, since nobody renewed the lease"
        case .unsupported: "refused or unsupported here"
        case .killed:
            ends.contains { if case .killed(_, true) = $0.manner { true } else { false } }
                ? "a stressor was killed, out of memory" : "a stressor was killed"
        }
    }
}

extension PhaseResult {
    /// Whether a phase without a load is worth telling of: something was left, or nobody knows.
    var isNews: Bool { !isLoaded && (verdict == .notMet || verdict == .unverified) }
}

extension PlannedGuard.Unit {
    /// A figure in this unit, as people read it.
    package func text(_ value: Double) -> String {
        if let amounts { return HumanUnits.amount(value, amounts) }
        func number(_ places: Int) -> String { NumberText.text(value, places: places, trimming: true) }
        return switch self {
        case .seconds: HumanUnits.seconds(value)
        case .milliseconds: "\(number(3)) ms"
        case .percent: "\(number(3))%"
        case .number: number(6)
        case .errorsPerSecond: "\(number(1)) a second"
        case .ratio, .bytes, .handles, .processes: HumanUnits.percent(value)
        }
    }
}

extension PlannedGuard {
    /// A figure in the guard's unit.
    func amount(_ value: Double) -> String { unit.text(value) }
}

/// What a guard that tripped says of itself.
package struct TripWords {
    /// The notation as written.
    package var text: String
    /// Whether it is on without being written.
    package var isDefault = false
    /// What was watched.
    package var metric: String
    /// The directory that it was watched of.
    package var directory: String?
    /// What was seen, with its unit.
    package var figure: String
    /// Whether that is only known to be more.
    package var isLeast = false
    /// For how long it had held, breaks left out.
    package var held: Nanoseconds
    /// How long ago it first held.
    package var span: Nanoseconds

    /// Creates the words of a guard that is on as it is written.
    package init(text: String, metric: String, figure: String, held: Nanoseconds, span: Nanoseconds) {
        (self.text, self.metric, self.figure, self.held, self.span) = (text, metric, figure, held, span)
    }

    /// What happened, as a sentence.
    package var sentence: String {
        let place = directory.map { " (\($0))" } ?? ""
        let origin = isDefault ? ", which is on by default," : ""
        let seen = "\(metric)\(place) was \(isLeast ? "more than \(figure), or there was no answer at all" : figure)"
        return "guard '\(text)'\(origin) tripped: \(seen)\(time); everything is released"
    }

    /// For how long, and with which breaks.
    private var time: String {
        guard held > 0 else { return "" }
        let text = HumanUnits.seconds(held.seconds)
        return span > held ? " for \(text) of the last \(HumanUnits.seconds(span.seconds))" : " for \(text)"
    }
}

extension GuardTrip {
    /// What happened, as a sentence.
    var sentence: String {
        var words = TripWords(
            text: condition.text, metric: condition.metricName, figure: condition.amount(value), held: held, span: span)
        words.isDefault = condition.isDefault
        words.directory = condition.directory
        words.isLeast = isLeast
        return words.sentence
    }
}

extension StressorEnd {
    private var reason: String { note.map { ": \($0)" } ?? "" }

    /// What went wrong; `nil` where it was released as asked.
    package var trouble: String? {
        switch manner {
        case .released: nil
        case .failed(let reason): "\(stressor) (pid \(processID)) gave up: \(reason)"
        case .killed(let signal, true):
            "\(stressor) (pid \(processID)) was killed by the kernel's OOM killer (\(signalName(signal)))" + reason
        case .killed(let signal, false): "\(stressor) (pid \(processID)) was killed by \(signalName(signal))" + reason
        }
    }
}

extension Finding {
    /// `warning: ` or `note: `, coloured.
    var label: StyledText {
        switch severity {
        case .warning: StyledText("warning: ", .warning)
        case .note: StyledText("note: ", .dim)
        }
    }

    /// The message, behind the stressor where it does not name it.
    package var sentence: String {
        guard let stressor, !message.hasPrefix(stressor) else { return message }
        return "\(stressor): \(message)"
    }
}
