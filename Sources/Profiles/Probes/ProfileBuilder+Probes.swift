// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// Probes and objectives of a profile.
extension ProfileBuilder {
    static let probeExample = "checkout: http://localhost:8080/healthz"

    mutating func readProbes(_ node: YAMLNode) {
        let entries = entries(of: node, "'probes'", example: Self.probeExample)
        if entries.count > ProfileReader.probeLimit {
            report(node.mark, "'probes' has \(entries.count) probes; the limit is \(ProfileReader.probeLimit)")
        }
        for entry in entries.prefix(ProfileReader.probeLimit) { readProbe(entry) }
    }

    private mutating func readProbe(_ entry: YAMLNode.Entry) {
        // Known all the same where it has a problem, so that its use in an objective is not a second one.
        probes.append((entry.key, nil))
        guard Self.isName(entry.key) else {
            report(entry.keyMark, Self.badName(entry.key))
            return
        }
        let before = problems.count
        let draft: ProbeDraft?
        switch entry.value.content {
        case .mapping(let entries): draft = probe(entry, entries)
        case .scalar(let text, _) where !entry.value.isNull:
            draft = reading(.text(entry.value.mark, value: text)) { () throws(NotationError) in
                try Self.draft(of: Phrase(text), entry.key)
            }
        default:
            report(
                entry.value.isNull ? entry.keyMark : entry.value.mark,
                "probe '\(entry.key)' asks nothing; write it such as '\(Self.probeExample)'")
            draft = nil
        }
        guard let draft else { return }
        let (plan, found) = draft.plan(name: entry.key, mark: entry.keyMark)
        for problem in found where !isTainted(entry.value) {
            report(entry.keyMark, "probe '\(entry.key)' \(problem)")
        }
        if problems.count == before { probes[probes.count - 1].plan = plan }
    }

    static func badName(_ name: String) -> String {
        "\(Wording.quote(name)) cannot name a probe; take up to 64 letters, digits, '-' and '_', a letter first"
    }

    /// A probe that is one text.
    static func draft(of phrase: Phrase, _ name: String) throws(NotationError) -> ProbeDraft {
        guard let (kind, rest) = ProbeURL.kind(of: phrase) else {
            let prefixes = ProbeKind.allCases.flatMap(\.description.prefixes).map { "'\($0)'" }
            throw NotationError(
                phrase.offset,
                "\(Wording.quote(phrase.text)) is nothing that probe '\(name)' could ask; it begins with "
                    + Wording.either(prefixes))
        }
        return try ProbeDraft(kind, rest)
    }

    private mutating func probe(_ probe: YAMLNode.Entry, _ entries: [YAMLNode.Entry]) -> ProbeDraft? {
        let place = "probe '\(probe.key)'"
        let asked = entries.filter { ProbeKind(rawValue: $0.key) != nil }
        guard let first = asked.first, let kind = ProbeKind(rawValue: first.key) else {
            let kinds = ProbeKind.allCases.map(\.rawValue)
            let near = entries.lazy.compactMap { entry in
                ProbeOption(rawValue: entry.key) == nil
                    ? Wording.nearest(to: entry.key, among: kinds).map { (entry, $0) } : nil
            }.first
            if let (entry, kind) = near {
                report(entry.keyMark, "unknown key \(Wording.quote(entry.key)) in \(place); did you mean '\(kind)'?")
            } else {
                report(
                    probe.keyMark, "\(place) does not say what it asks; add one of: \(kinds.joined(separator: ", "))")
            }
            return nil
        }
        for other in asked.dropFirst() {
            report(other.keyMark, "\(place) asks '\(first.key)' already; write '\(other.key)' as a probe of its own")
        }
        var draft = self.draft(kind, first.value, place)
        for entry in entries where ProbeKind(rawValue: entry.key) == nil {
            guard let option = ProbeOption(rawValue: entry.key), kind.options.contains(option) else {
                reportUnknown(entry, kind, place)
                continue
            }
            if draft != nil { read(option, entry.value, into: &draft, place) }
        }
        return draft
    }

    private mutating func reportUnknown(_ entry: YAMLNode.Entry, _ kind: ProbeKind, _ place: String) {
        if entry.key == "expect", kind.description.conditions.count > 1 {
            report(entry.keyMark, "unknown key 'expect' in \(place); did you mean 'good'?")
            return
        }
        reportUnknownKey(entry, in: place, among: kind.options.map(\.rawValue))
    }

    private mutating func draft(_ kind: ProbeKind, _ node: YAMLNode, _ place: String) -> ProbeDraft? {
        let subject = "'\(kind.rawValue)' of \(place)"
        if kind == .command {
            guard case .list(let nodes) = node.content, !nodes.isEmpty else {
                report(node.mark, "\(subject): there is no shell; \(ProbeURL.taking(kind)), not \(node.title)")
                return nil
            }
            var arguments: [String] = []
            for node in nodes {
                guard case .scalar(let text, _) = node.content, !text.unicodeScalars.contains("\0") else {
                    report(node.mark, "an argument of \(subject) must be text, not \(node.title)")
                    continue
                }
                arguments.append(text)
            }
            guard arguments.count == nodes.count, arguments.first?.isEmpty == false else { return nil }
            return ProbeDraft(arguments: arguments)
        }
        guard let text = text(of: node, subject, example: "\(kind.rawValue): \(kind.description.example)") else {
            return nil
        }
        return reading(.text(node.mark, value: text)) { () throws(NotationError) in try ProbeDraft(kind, Phrase(text)) }
    }

    private mutating func read(
        _ option: ProbeOption, _ node: YAMLNode, into draft: inout ProbeDraft?, _ place: String
    ) {
        let subject = "'\(option.rawValue)' of \(place)"
        switch (option.description.value, node.content) {
        case (.headers, .mapping(let entries)):
            for entry in entries {
                let subject = "header \(Wording.quote(entry.key)) of \(place)"
                guard ProbeDraft.isHeaderName(entry.key) else {
                    report(entry.keyMark, ProbeDraft.badHeader(entry.key))
                    continue
                }
                guard let text = text(of: entry.value, subject, example: "env:TOKEN") else { continue }
                let path = { [self] in resolve($0, beside: entry.value.mark.file) }
                _ = reading(.text(entry.value.mark, value: text)) { () throws(NotationError) in
                    try draft?.setHeader(entry.key, text, subject, resolve: path)
                }
            }
        case (.headers, _):
            report(node.mark, "\(subject) must be a mapping such as '{ Authorization: env:TOKEN }', not \(node.title)")
        case (.conditions, .list(let nodes)) where !nodes.isEmpty:
            for node in nodes { set(option, node, into: &draft, subject) }
        default: set(option, node, into: &draft, subject)
        }
    }

    private mutating func set(
        _ option: ProbeOption, _ node: YAMLNode, into draft: inout ProbeDraft?, _ subject: String
    ) {
        let example = "\(option.rawValue): \(option.description.example)"
        guard let text = text(of: node, subject, example: example) else { return }
        set(option, text, into: &draft, subject, at: .text(node.mark, value: text))
    }

    /// Takes one option; a path is taken as one beside the profile.
    mutating func set(
        _ option: ProbeOption, _ text: String, into draft: inout ProbeDraft?, _ subject: String, at place: Place
    ) {
        var value = text
        if case .path = option.description.value, !text.isEmpty { value = resolve(text, beside: place.mark.file) }
        let readFile = readFile
        _ = reading(place) { () throws(NotationError) in
            try draft?.set(option, value, subject)
            if option == .ca, draft != nil { try AuthoritiesFile.check(value, readFile) }
        }
    }

    // MARK: Objectives

    mutating func readObjectives(_ node: YAMLNode) {
        if node.isNull { return }
        guard case .list(let nodes) = node.content else {
            report(node.mark, "'objectives' must be a list such as '- \(ObjectiveNotation.usage)', not \(node.title)")
            return
        }
        let limit = ProfileReader.objectiveLimit
        if nodes.count > limit {
            report(node.mark, "'objectives' has \(nodes.count) objectives; the limit is \(limit)")
        }
        for node in nodes.prefix(limit) {
            guard let text = text(of: node, "an objective", example: ObjectiveNotation.usage) else { continue }
            readObjective(text, at: .text(node.mark, value: text))
        }
    }

    mutating func readObjective(_ text: String, at place: Place) {
        let notation = ObjectiveNotation(probes: probes, phases: outline)
        let objective = reading(place) { () throws(NotationError) in try notation.parse(text, mark: place.mark) }
        if let objective = objective ?? nil { objectives.append(objective) }
    }
}
