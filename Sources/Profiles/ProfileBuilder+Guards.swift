// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// Guards and tolerances of a profile's text.
extension ProfileBuilder {
    mutating func readGuards(_ node: YAMLNode) {
        if node.isNull { return }
        if case .mapping(let entries) = node.content {
            readDefaults(entries, of: node)
            return
        }
        guard case .list(let nodes) = node.content else {
            report(node.mark, "'guards' must be a list such as '- \(GuardNotation.usage)', not \(node.title)")
            return
        }
        if nodes.count > ProfileReader.guardLimit {
            report(node.mark, "'guards' has \(nodes.count) guards; the limit is \(ProfileReader.guardLimit)")
        }
        let notation = guardNotation(of: .guard)
        for node in nodes.prefix(ProfileReader.guardLimit) {
            if case .mapping(let entries) = node.content {
                readDefaults(entries, of: node)
                continue
            }
            guard let text = text(of: node, "a guard", example: GuardNotation.usage) else { continue }
            let value = reading(.text(node.mark, value: text)) { () throws(NotationError) in
                try notation.parse(text, mark: node.mark)
            }
            if case let value?? = value { guards.append(value) }
        }
    }

    func guardNotation(of use: GuardNotation.Use) -> GuardNotation {
        let loaded = Set(phases.flatMap(\.loads).map(\.stressor))
        // Where a phase has a problem of its own, nobody knows what it loads.
        let stressors = definitions.map { ($0.name, outline == nil || loaded.contains($0.name)) }
        return GuardNotation(probes: probes, stressors: stressors, use: use)
    }

    /// Reads `defaults: off`, in place of the list of guards or in it.
    private mutating func readDefaults(_ entries: [YAMLNode.Entry], of node: YAMLNode) {
        if entries.isEmpty { report(node.mark, "'guards' is empty; write 'defaults: off', or a list of guards") }
        for entry in entries {
            guard entry.key == GuardNotation.defaultsKey else {
                reportUnknownKey(entry, in: "'guards'", among: [GuardNotation.defaultsKey])
                continue
            }
            guard let text = text(of: entry.value, "'defaults' of 'guards'", example: "defaults: off") else { continue }
            guard let isOn = GuardNotation.isOn(text) else {
                report(entry.value.mark, "'defaults' of 'guards' takes on or off, not \(Wording.quote(text))")
                continue
            }
            hasDefaultGuards = isOn
        }
    }

    mutating func readTolerances(_ node: YAMLNode) {
        for entry in entries(of: node, "'tolerance'", example: "\(kinds.first ?? "cpu"): 1%") {
            guard let index = definitions.firstIndex(where: { $0.name == entry.key }) else {
                let name = Wording.quote(entry.key)
                if manifest(of: entry.key) != nil {
                    report(entry.keyMark, "'tolerance' names \(name), which no phase loads; load it or leave it out")
                } else {
                    let remedy = Wording.remedy(
                        for: entry.key, among: definitions.map(\.name), taking: "the profile has")
                    report(entry.keyMark, "unknown stressor \(name) in 'tolerance'\(remedy)")
                }
                continue
            }
            let subject = "tolerance of '\(entry.key)'"
            guard let text = text(of: entry.value, subject, example: "\(entry.key): 1%"),
                let unit = definitions[index].manifest?.unit
            else { continue }
            definitions[index].tolerance = reading(.text(entry.value.mark, value: text)) { () throws(NotationError) in
                try ToleranceNotation.parse(text, for: entry.key, unit: unit)
            }
        }
    }
}
