// SPDX-License-Identifier: Apache-2.0

public import LoadModel

extension Verdict {
    /// The verdict as people say it.
    var words: String { self == .notMet ? "not met" : rawValue }

    var ink: StyledText.Ink {
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

extension PlannedGuard {
    /// A figure in the guard's unit.
    func amount(_ value: Double) -> String {
        if let amounts = unit.amounts { return HumanUnits.amount(value, amounts) }
        func number(_ places: Int) -> String { NumberText.text(value, places: places, trimming: true) }
        return switch unit {
        case .seconds: HumanUnits.seconds(value)
        case .milliseconds: "\(number(3)) ms"
        case .percent: "\(number(3))%"
        case .number: number(6)
        case .errorsPerSecond: "\(number(1)) a second"
        case .ratio, .bytes, .handles, .processes: HumanUnits.percent(value)
        }
    }
}

extension GuardTrip {
    /// What happened, as a sentence.
    var sentence: String {
        let place = condition.directory.map { " (\($0))" } ?? ""
        let origin = condition.isDefault ? ", which is on by default," : ""
        let most = condition.amount(value)
        let figure = isLeast ? "more than \(most), or there was no answer at all" : most
        let seen = "\(condition.metricName)\(place) was \(figure)"
        return "guard '\(condition.text)'\(origin) tripped: \(seen)\(time); everything is released"
    }

    /// For how long, and with which breaks.
    private var time: String {
        guard held > 0 else { return "" }
        let held = HumanUnits.seconds(held.seconds)
        return span > self.held ? " for \(held) of the last \(HumanUnits.seconds(span.seconds))" : " for \(held)"
    }
}

extension StressorEnd {
    private var reason: String { note.map { ": \($0)" } ?? "" }

    /// What went wrong; `nil` where it was released as asked.
    var trouble: String? {
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
    var sentence: String {
        guard let stressor, !message.hasPrefix(stressor) else { return message }
        return "\(stressor): \(message)"
    }
}
