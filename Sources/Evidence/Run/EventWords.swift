// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LoadModel
internal import Reporting

// Events of a log in the words that the run itself used for them.

extension Finding {
    /// A finding of a log; `nil` where it says nothing.
    init?(_ tree: JSONTree) {
        guard let code = tree["code"]?.text, let message = tree["message"]?.text else { return nil }
        self.init(
            code: code, severity: tree["severity"]?.text.flatMap(Severity.init) ?? .warning,
            stressor: tree["stressor"]?.text, message: message)
    }
}

extension EventEvidence {
    init(_ finding: Finding, at elapsed: Double) {
        self.init(
            elapsed: elapsed, kind: "finding", subject: finding.stressor ?? "", text: finding.sentence,
            weight: finding.severity == .note ? .note : .warning, word: finding.code)
    }

    init(_ result: ResultEvidence, at elapsed: Double) {
        let verdict = result.verdict?.words ?? "judged"
        let why = result.tree["limited_by"]?.text.map { ", limited by \($0)" } ?? ""
        self.init(
            elapsed: elapsed, kind: "phase_ended", subject: result.stressor,
            text: "\(result.stressor) in \(result.phase): \(verdict)\(why)",
            weight: result.verdict == .unverified ? .warning : .bad, word: result.tree["verdict"]?.text)
    }

    /// What an event of the log says; `nil` where it says nothing that is known here.
    static func words(_ event: String, _ tree: JSONTree, _ elapsed: Double) -> EventEvidence? {
        let from = tree["from_s"]?.number.map { max(0, $0) } ?? elapsed
        func change(_ kind: RunChange.Kind) -> EventEvidence {
            let within = tree["within_s"]?.number.map(LogSentence.nanoseconds)
            return EventEvidence(
                elapsed: from, kind: event, subject: tree["stressor"]?.text ?? "",
                text: RunChange(kind, from: 0, within: within).sentence, weight: .note)
        }
        switch event {
        case "retargeted":
            return change(.load(stressor: tree["stressor"]?.text ?? "?", text: tree["load"]?.text ?? "?"))
        case "paused": return change(.paused)
        case "resumed": return change(.resumed)
        case "phase_shortened":
            let phase = tree["phase"]?.text ?? "?"
            let after = HumanUnits.seconds(max(0, tree["length_s"]?.number ?? 0))
            return EventEvidence(
                elapsed: elapsed, kind: event, subject: "",
                text: "phase '\(phase)' ends after \(after): \(tree["until"]?.text ?? "?")", weight: .note,
                word: "phase_shortened")
        case "guard_tripped":
            return EventEvidence(
                elapsed: elapsed, kind: event, subject: "", text: trip(tree), weight: .bad, word: "guard")
        case "lease_expired":
            let length = LogSentence.nanoseconds(max(0, tree["lease_s"]?.number ?? 0))
            return EventEvidence(
                elapsed: elapsed, kind: event, subject: "", text: LeaseExpiry(length: length).sentence, weight: .bad,
                word: "lease_expired")
        case "stressor_ended":
            guard let end = StressorEnd(tree), let trouble = end.trouble else { return nil }
            return EventEvidence(
                elapsed: elapsed, kind: event, subject: end.stressor, text: trouble, weight: .bad, word: "killed")
        default: return nil
        }
    }

    /// What a guard that tripped saw.
    static func trip(_ tree: JSONTree) -> String {
        let unit = tree["unit"]?.text.flatMap(PlannedGuard.Unit.init)
        let value = tree["value"]?.number ?? 0
        let held = LogSentence.nanoseconds(tree["held_s"]?.number ?? 0)
        var words = TripWords(
            text: tree["guard"]?.text ?? "?", metric: tree["metric"]?.text ?? "?",
            figure: unit?.text(value) ?? NumberText.text(value, places: 3), held: held,
            span: tree["span_s"]?.number.map(LogSentence.nanoseconds) ?? held)
        words.isDefault = tree["default"]?.isTrue ?? false
        words.directory = tree["directory"]?.text
        words.isLeast = tree["value_is_least"]?.isTrue ?? false
        return words.sentence
    }
}

extension StressorEnd {
    /// An end of a log; `nil` where it says nothing that is known here.
    init?(_ tree: JSONTree) {
        guard let stressor = tree["stressor"]?.text else { return nil }
        let manner: Manner
        switch tree["manner"]?.text {
        case "released": manner = .released
        case "failed": manner = .failed(tree["reason"]?.text ?? "?")
        case "killed":
            let name = tree["signal"]?.text ?? ""
            let signal = (1...64).first { signalName($0) == name } ?? SIGKILL
            manner = .killed(signal: signal, isOutOfMemory: tree["out_of_memory"]?.isTrue ?? false)
        default: return nil
        }
        self.init(
            stressor: stressor, processID: Int32(clamping: tree["pid"]?.integer ?? 0), manner: manner,
            cpuSeconds: tree["cpu_s"]?.number ?? 0, releaseSeconds: tree["release_s"]?.number,
            note: tree["note"]?.text)
    }
}

extension ObjectiveEvidence {
    /// When it was lost and well again, on the run's own time axis.
    var events: [EventEvidence] {
        var events: [EventEvidence] = []
        func add(_ member: String, since origin: String, _ words: String, _ weight: EventEvidence.Weight) {
            guard let bounds = tree[member], let from = bounds["from"]?.number, let to = bounds["to"]?.number,
                let start = tree[origin]?.number
            else { return }
            let begin = max(0, start + from)
            events.append(
                EventEvidence(
                    elapsed: begin, until: max(begin, start + to), kind: "objective", subject: probe,
                    text: "\(probe) \(words): \(text)", weight: weight, word: tree["verdict"]?.text))
        }
        add("lost_s", since: "effective_s", "lost", .bad)
        if text.contains("recovers") { add("recovered_s", since: "released_s", "came back", .note) }
        return events
    }
}
