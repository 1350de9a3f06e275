// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// What phases end with before their time: 'until'.
extension ProfileBuilder {
    /// How long a phase may last that goes on until somebody stops the run: as long as any.
    static let endless = UnitNotation.durationLimit

    /// An 'until' that is read once probes and objectives are known.
    struct WrittenUntil {
        /// The phase's name as written.
        var phase: String
        var node: YAMLNode
        var hasLoad: Bool
        /// Whether the phase has no length beside it.
        var isEndless: Bool
    }

    /// Whether a phase is to go on until the run is stopped; seen before the rest is read.
    static func isUntilStopped(_ node: YAMLNode?) -> Bool {
        switch node?.content {
        case .scalar(let text, _): Phrase(text).text == EarlyEndWord.stopped.rawValue
        case .list(let nodes): nodes.contains { isUntilStopped($0) }
        default: false
        }
    }

    /// Reads what each phase is to go on until, and gives it to the phase and its repetitions.
    mutating func readUntils() {
        for until in untils {
            let ends = read(until)
            for index in phases.indices where phases[index].title == until.phase { phases[index].until = ends }
        }
    }

    private mutating func read(_ until: WrittenUntil) -> [EarlyEnd<Guard>] {
        let title = "phase \(Wording.quote(until.phase))"
        var nodes = [until.node]
        if case .list(let items) = until.node.content { nodes = items }
        if nodes.isEmpty { report(until.node.mark, "'until' of \(title) is empty; write it such as '\(untilExample)'") }
        if nodes.count > ProfileReader.guardLimit {
            report(
                until.node.mark,
                "'until' of \(title) has \(nodes.count) conditions; the limit is \(ProfileReader.guardLimit)")
        }
        var ends: [EarlyEnd<Guard>] = []
        for node in nodes.prefix(ProfileReader.guardLimit) {
            guard let text = text(of: node, "'until' of \(title)", example: untilExample) else { continue }
            if let end = end(text, node, until, title) { ends.append(end) }
        }
        return ends
    }

    private var untilExample: String { "until: psi.memory.some > 10% for 5s" }

    private mutating func end(
        _ text: String, _ node: YAMLNode, _ until: WrittenUntil, _ title: String
    ) -> EarlyEnd<Guard>? {
        switch EarlyEndWord(rawValue: Phrase(text).text) {
        case .stopped?:
            let places = phases.indices.filter { phases[$0].title == until.phase }
            guard places == [phases.count - 1] else {
                // Where phases have problems of their own, nobody knows which is the last.
                if outline != nil {
                    report(
                        node.mark,
                        "'until: stopped' is of the last phase, and of one that is not repeated; a run that is "
                            + "stopped before gives everything back at once")
                }
                return nil
            }
            return .stopped
        case .recovered?:
            if until.hasLoad {
                report(
                    node.mark,
                    "'until: recovered' is of a phase without a load, and \(title) has one; put it into the phase "
                        + "behind it")
                return nil
            }
            let place = phases.firstIndex { $0.title == until.phase } ?? 0
            guard outline == nil || phases[..<place].contains(where: { !$0.loads.isEmpty }) else {
                report(node.mark, "'until: recovered' is of a phase behind a load, and none is before \(title)")
                return nil
            }
            let isAnyToRecover = objectives.contains { if case .recovers = $0.wanted { true } else { false } }
            if !isAnyToRecover, problems.isEmpty {
                report(
                    node.mark,
                    "'until: recovered' takes an objective on recovery; add one such as 'checkout recovers within 30s'")
            }
            return .recovered
        case nil:
            let notation = guardNotation(of: .until)
            let condition = reading(.text(node.mark, value: text)) { () throws(NotationError) in
                try notation.parse(text, mark: node.mark)
            }
            guard case let condition?? = condition else { return nil }
            if let phase = phases.first(where: { $0.title == until.phase }), phase.length > 0,
                condition.length >= phase.length
            {
                report(
                    node.mark,
                    "what is to hold for \(UnitNotation.text(of: condition.length)) cannot be seen in \(title), which "
                        + "lasts \(UnitNotation.text(of: phase.length)) at most; lengthen the phase, or shorten that")
            }
            return .metric(condition)
        }
    }

    /// Refuses a load that lasts as long as its phase, of one that has no length.
    mutating func checkEndless(_ shape: LoadShape, of stressor: String, at mark: SourceMark) {
        guard case .ramp(_, _, nil) = shape else { return }
        report(
            mark,
            "the ramp of '\(stressor)' would take as long as its phase, which goes on until it is stopped; say how "
                + "long it takes, as in 'ramp to 80% in 30s'")
    }
}
