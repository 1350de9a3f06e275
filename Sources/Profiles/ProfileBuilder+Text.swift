// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// The parts of a profile's text, from the top level down.
extension ProfileBuilder {
    private static let keys = [
        "name", "description", "seed", "stressors", "phases", "probes", "objectives", "guards", "tolerance",
    ]
    private static let phaseKeys = ["name", "for", "load", "within"]
    private static let loadKeys = ["load", "within", "expect"]

    mutating func read(_ root: YAMLNode) {
        guard case .mapping(let entries) = root.content else {
            if root.isNull {
                report(nil, "the profile is empty; it needs at least 'phases'")
            } else {
                report(root.mark, "a profile must be a mapping with keys such as 'phases:', not \(root.title)")
            }
            return
        }
        var parts: [String: YAMLNode.Entry] = [:]
        for entry in entries {
            if Self.keys.contains(entry.key) {
                parts[entry.key] = entry
            } else {
                reportUnknownKey(entry, in: "the profile", among: Self.keys)
            }
        }
        if let entry = parts["name"] { name = title(of: entry.value, "'name'", example: "name: squeeze") }
        if let entry = parts["description"], !entry.value.isNull {
            _ = text(of: entry.value, "'description'", example: "description: what this is for")
        }
        if let entry = parts["seed"] { readSeed(entry.value) }
        // In this order whatever the order of the text is: each part refers to the names of the ones before it.
        if let entry = parts["stressors"] { readStressors(entry.value) }
        if let entry = parts["phases"] {
            readPhases(entry)
        } else {
            report(root.mark, "the profile has no 'phases'; add them such as '\(phaseExample)'")
        }
        if let entry = parts["tolerance"] { readTolerances(entry.value) }
        if let entry = parts["probes"] { readProbes(entry.value) }
        if let entry = parts["guards"] { readGuards(entry.value) }
        if let entry = parts["objectives"] { readObjectives(entry.value) }
    }

    private var loadExample: String {
        guard let manifest = manifests.first(where: \.isListed) else { return "load: {}" }
        return "load: { \(manifest.kind): \(manifest.examples.first ?? "max") }"
    }

    private var phaseExample: String { "phases: [{ name: steady, for: 30s, \(loadExample) }]" }

    private mutating func readSeed(_ node: YAMLNode) {
        guard let text = text(of: node, "'seed'", example: "seed: 42") else { return }
        let value = reading(.text(node.mark, value: text)) { () throws(NotationError) in
            let phrase = Phrase(text)
            guard phrase.isAllDigits else {
                throw NotationError(0, "'seed' takes a whole number from 0 on, not \(Wording.quote(text))")
            }
            return try NumberNotation.integer(in: phrase)
        }
        if let value { seed = UInt64(value) }
    }

    // MARK: Stressors

    private mutating func readStressors(_ node: YAMLNode) {
        let entries = entries(of: node, "'stressors'", example: "scratch: { kind: \(kinds.first ?? "cpu") }")
        if entries.count > ProfileReader.stressorLimit {
            report(
                node.mark, "'stressors' has \(entries.count) entries; the limit is \(ProfileReader.stressorLimit)")
        }
        for entry in entries.prefix(ProfileReader.stressorLimit) { readStressor(entry) }
    }

    private mutating func readStressor(_ entry: YAMLNode.Entry) {
        let name = entry.key
        guard Self.isName(name) else {
            report(
                entry.keyMark,
                "\(Wording.quote(name)) cannot name a stressor; take up to 64 letters, digits, '-' and '_', "
                    + "a letter first"
            )
            // Known all the same, so that its use in a phase is not a second problem.
            definitions.append(
                Definition(
                    name: name, manifest: nil, settings: Settings(values: [:]), tolerance: nil, mark: entry.keyMark))
            return
        }
        let kind = manifest(of: name)?.kind ?? kinds.first ?? name
        let settings = entries(of: entry.value, "'\(name)'", example: "\(name): { kind: \(kind) }")
        var definition = Definition(
            name: name, manifest: nil, settings: Settings(values: [:]), tolerance: nil, mark: entry.keyMark)
        if let kind = settings.first(where: { $0.key == "kind" }) {
            definition.manifest = manifest(for: kind.value, of: name)
        } else if let manifest = manifest(of: name) {
            definition.manifest = manifest
        } else if let near = Wording.nearest(to: name, among: kinds) {
            report(entry.keyMark, "'\(name)' has no 'kind' and is none itself; did you mean '\(near)'?")
        } else {
            report(entry.keyMark, "'\(name)' has no 'kind'; add one of: \(kinds.joined(separator: ", "))")
        }
        if let manifest = definition.manifest {
            definition.settings = Settings(defaultsOf: manifest)
            for setting in settings where setting.key != "kind" {
                readSetting(setting, into: &definition.settings, of: name, manifest)
            }
        }
        definitions.append(definition)
    }

    private mutating func manifest(for node: YAMLNode, of name: String) -> Manifest? {
        guard let text = text(of: node, "'kind' in '\(name)'", example: "kind: \(kinds.first ?? "cpu")") else {
            return nil
        }
        guard let manifest = manifest(of: text) else {
            let remedy = Wording.remedy(for: text, among: kinds, taking: "it is one of")
            report(node.mark, "unknown kind \(Wording.quote(text)) of '\(name)'\(remedy)")
            return nil
        }
        // A 'cpu' that loads memory would mislead everyone who reads the report.
        if text != name, self.manifest(of: name) != nil {
            report(
                node.mark, "'\(name)' is the name of a kind and cannot be of kind \(Wording.quote(text)); rename it")
            return nil
        }
        return manifest
    }

    private mutating func readSetting(
        _ entry: YAMLNode.Entry, into settings: inout Settings, of name: String, _ manifest: Manifest,
        prefix: String = ""
    ) {
        let keyName = prefix + entry.key
        guard let key = manifest.keys.first(where: { $0.name == keyName }) else {
            let inner = manifest.keys.filter { $0.name.hasPrefix(keyName + ".") }
            guard prefix.isEmpty, let example = inner.first else {
                let place = prefix.isEmpty ? "'\(name)'" : "'\(prefix.dropLast())' in '\(name)'"
                let known = manifest.keys.map(\.name).filter { $0.hasPrefix(prefix) }
                    .map { String($0.dropFirst(prefix.count).prefix { $0 != "." }) }
                reportUnknownKey(entry, in: place, among: known + (prefix.isEmpty ? ["kind"] : []))
                return
            }
            let member = example.name.dropFirst(keyName.count + 1)
            let before = problems.count
            let entries = entries(
                of: entry.value, "'\(keyName)' in '\(name)'", example: "\(keyName): { \(member): … }")
            if entries.isEmpty, problems.count == before {
                let title = "'\(keyName)' in '\(name)'"
                report(entry.value.mark, "\(title) is empty; write '\(keyName): { \(member): … }', or leave it out")
            }
            for nested in entries {
                readSetting(nested, into: &settings, of: name, manifest, prefix: keyName + ".")
            }
            return
        }
        if key.type == .nodes, case .mapping(let entries) = entry.value.content {
            readNodes(entries, of: entry.value, into: &settings, key, of: name)
            return
        }
        guard case .scalar(let text, _) = entry.value.content else {
            let taking = SettingNotation.taking(key.type)
            report(entry.value.mark, "'\(key.name)' in '\(name)' takes \(taking), not \(entry.value.title)")
            return
        }
        let written = entry.value.isNull ? "" : text
        let mark = entry.value.mark
        let value = reading(.text(mark, value: text)) { () throws(NotationError) in
            try SettingNotation.parse(written, for: key, of: name)
        }
        guard let value else { return }
        settings.values[key.name] = value
        settings.marks[key.name] = mark
    }

    /// Reads a mapping from memory nodes to amounts; each amount has its own place, under `KEY.NODE`.
    private mutating func readNodes(
        _ entries: [YAMLNode.Entry], of node: YAMLNode, into settings: inout Settings, _ key: Manifest.Key,
        of name: String
    ) {
        let place = "'\(key.name)' in '\(name)'"
        if entries.isEmpty {
            report(node.mark, "\(place) names no node; it takes \(SettingNotation.taking(key.type))")
            return
        }
        var amounts: [Int: NodeSelection.Amount] = [:]
        for entry in entries.prefix(SettingNotation.nodeLimit + 1) {
            let number = reading(.text(entry.keyMark, value: entry.key)) { () throws(NotationError) in
                try SettingNotation.node(Phrase(entry.key), place: place)
            }
            guard let number,
                let text = text(of: entry.value, "node \(number) of \(place)", example: "\(number): 1GiB")
            else { continue }
            amounts[number] = reading(.text(entry.value.mark, value: text)) { () throws(NotationError) in
                try SettingNotation.nodeAmount(Phrase(text), node: number, place: place)
            }
            settings.marks["\(key.name).\(number)"] = entry.value.mark
        }
        settings.values[key.name] = .nodes(NodeSelection(amounts: amounts))
        settings.marks[key.name] = node.mark
    }

    // MARK: Phases

    private mutating func readPhases(_ entry: YAMLNode.Entry) {
        guard case .list(let nodes) = entry.value.content, !nodes.isEmpty else {
            let problem =
                if case .list = entry.value.content { "has no phase" } else if entry.value.isNull {
                    "has no phase"
                } else { "must be a list, not \(entry.value.title)" }
            report(entry.keyMark, "'phases' \(problem); add one such as '\(phaseExample)'")
            return
        }
        if nodes.count > ProfileReader.phaseLimit {
            report(entry.keyMark, "'phases' has \(nodes.count) phases; the limit is \(ProfileReader.phaseLimit)")
        }
        let problemsBefore = problems.count
        var hasLoad = false
        var names: [String: SourceMark] = [:]
        var total: Nanoseconds = 0
        var outline: [ObjectiveNotation.PhaseOutline] = []
        for (index, node) in nodes.prefix(ProfileReader.phaseLimit).enumerated() {
            let isLoaded = readPhase(node, number: index + 1, names: &names, total: &total)
            hasLoad = isLoaded || hasLoad
            if let phase = phases.last {
                outline.append(.init(name: phase.name, length: phase.length, hasLoad: isLoaded))
            }
        }
        if problems.count == problemsBefore { self.outline = outline }
        if total > UnitNotation.durationLimit {
            report(entry.keyMark, "the phases last \(UnitNotation.text(of: total)) in all; the limit is 30d")
        }
        if !hasLoad, problems.count == problemsBefore {
            report(entry.keyMark, "nothing to exert: no phase has a load; add one such as '\(loadExample)'")
        }
    }

    /// Reads one phase; returns whether it writes any load.
    private mutating func readPhase(
        _ node: YAMLNode, number: Int, names: inout [String: SourceMark], total: inout Nanoseconds
    ) -> Bool {
        guard case .mapping(let entries) = node.content else {
            report(
                node.mark, "phase \(number) must be a mapping such as '{ name: steady, for: 30s }', not \(node.title)")
            return false
        }
        var parts: [String: YAMLNode.Entry] = [:]
        for entry in entries { parts[entry.key] = entry }
        var title = "phase \(number)"
        var name = ""
        if let entry = parts["name"] {
            if let text = self.title(of: entry.value, "'name' of \(title)", example: "name: steady") {
                name = text
                title = "phase \(Wording.quote(text))"
                if let first = names[text] {
                    report(
                        entry.value.mark,
                        "duplicate phase name \(Wording.quote(text)); it is already on line \(first.line), take another"
                    )
                } else {
                    names[text] = entry.value.mark
                }
            }
        } else {
            report(node.mark, "phase \(number) has no 'name'; add one such as 'name: steady'")
        }
        for entry in entries where !Self.phaseKeys.contains(entry.key) {
            reportUnknownKey(entry, in: title, among: Self.phaseKeys)
        }
        var length: Nanoseconds?
        if let entry = parts["for"] {
            if let text = text(of: entry.value, "'for' of \(title)", example: "for: 30s") {
                length =
                    text == Self.asTrace
                    ? traceLength(parts["load"]?.value, entry.value.mark, title)
                    : reading(.text(entry.value.mark, value: text)) { () throws(NotationError) in
                        try UnitNotation.duration(Phrase(text), atLeast: 1, of: "'for' of \(title)")
                    }
            }
        } else {
            report(node.mark, "\(title) has no 'for'; add its length such as 'for: 30s'")
        }
        total += length ?? 0
        var phase = Phase(name: name, length: length ?? 0, loads: [], mark: node.mark)
        if let entry = parts["within"] { phase.within = within(entry.value, of: title) }
        var hasLoad = false
        if let entry = parts["load"] {
            for load in self.entries(of: entry.value, "'load' of \(title)", example: loadExample) {
                hasLoad = true
                readLoad(load, into: &phase, length: length)
            }
        }
        phases.append(phase)
        return hasLoad
    }

    private mutating func readLoad(_ entry: YAMLNode.Entry, into phase: inout Phase, length: Nanoseconds?) {
        let name = entry.key
        if !definitions.contains(where: { $0.name == name }) {
            guard let manifest = manifest(of: name) else {
                reportUnknownStressor(entry)
                return
            }
            if definitions.count == ProfileReader.stressorLimit {
                report(entry.keyMark, "the profile has more than \(ProfileReader.stressorLimit) stressors, the limit")
                return
            }
            definitions.append(
                Definition(
                    name: name, manifest: manifest, settings: Settings(defaultsOf: manifest), tolerance: nil,
                    mark: entry.keyMark))
        }
        guard let definition = definitions.first(where: { $0.name == name }) else { return }
        let example = definition.manifest?.examples.first ?? "80%"
        // `80%`, or `{ load: 80%, within: 5s }`.
        var value = entry.value
        var within: Nanoseconds?
        var expect: ExpectedEnd?
        if case .mapping(let entries) = value.content {
            let title = "the load of '\(name)'"
            for entry in entries where !Self.loadKeys.contains(entry.key) {
                reportUnknownKey(entry, in: title, among: Self.loadKeys)
            }
            if let entry = entries.first(where: { $0.key == "within" }) {
                within = self.within(entry.value, of: title)
            }
            if let entry = entries.first(where: { $0.key == "expect" }) {
                expect = expectation(entry.value, of: title)
            }
            guard let load = entries.first(where: { $0.key == "load" }) else {
                report(value.mark, "\(title) has no 'load'; write '\(name): { load: \(example), within: 5s }'")
                return
            }
            value = load.value
        }
        if value.isNull {
            report(
                entry.keyMark, "'\(name)' has no load; write one such as '\(example)', or leave it out to release it")
            return
        }
        guard let text = text(of: value, "the load of '\(name)'", example: "\(name): \(example)") else { return }
        guard let manifest = definition.manifest else { return }
        let place = Place.text(value.mark, value: text)
        guard let shape = shape(text, of: name, manifest, length: length, at: place) else { return }
        phase.loads.append(
            PhaseLoad(
                stressor: name, shape: shape, text: Phrase(text).text, within: within, expect: expect,
                mark: value.mark))
    }

    private mutating func expectation(_ node: YAMLNode, of title: String) -> ExpectedEnd? {
        guard let text = text(of: node, "'expect' of \(title)", example: "expect: killed") else { return nil }
        let words = ExpectedEnd.allCases.map(\.rawValue)
        guard let expectation = ExpectedEnd(rawValue: text) else {
            let remedy = Wording.remedy(for: text, among: words, taking: "it is one of")
            report(node.mark, "unknown end \(Wording.quote(text)) in 'expect' of \(title)\(remedy)")
            return nil
        }
        return expectation
    }

    private mutating func within(_ node: YAMLNode, of title: String) -> Nanoseconds? {
        guard let text = text(of: node, "'within' of \(title)", example: "within: 5s") else { return nil }
        return reading(.text(node.mark, value: text)) { () throws(NotationError) in
            try UnitNotation.duration(Phrase(text), atLeast: 1, of: "'within' of \(title)")
        }
    }

    private mutating func reportUnknownStressor(_ entry: YAMLNode.Entry) {
        let name = Wording.quote(entry.key)
        if entry.value.isNull, !Self.isName(entry.key) {
            report(entry.keyMark, "unknown stressor \(name); put a load that has commas in quotes")
            return
        }
        let names = definitions.map(\.name)
        let known = names + kinds.filter { !names.contains($0) }
        let remedy = Wording.remedy(for: entry.key, among: known, taking: "define it under 'stressors', or take one of")
        report(entry.keyMark, "unknown stressor \(name)\(remedy)")
    }
}
