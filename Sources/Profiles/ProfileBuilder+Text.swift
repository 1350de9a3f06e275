// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// The parts of a profile's text, from the top level down.
extension ProfileBuilder {
    static let keys = [
        "name", "description", "note", "labels", "include", "params", "seed", "stressors", "phases", "probes",
        "objectives", "guards", "tolerance",
    ]

    mutating func read(_ root: YAMLNode) {
        guard case .mapping(let entries) = root.content else {
            if root.isNull {
                reportEmpty()
            } else {
                report(root.mark, "a profile must be a mapping with keys such as 'phases:', not \(root.title)")
            }
            return
        }
        var parts: [String: YAMLNode.Entry] = [:]
        for entry in entries {
            // A place for values that aliases stand for.
            if entry.key.hasPrefix("x-") { continue }
            if Self.keys.contains(entry.key) {
                parts[entry.key] = entry
            } else {
                reportUnknownKey(entry, in: "the profile", among: Self.keys)
            }
        }
        parts = withIncluded(parts)
        parts["include"] = nil
        readParameters(parts.removeValue(forKey: "params"))
        if hasParameters {
            for key in Self.keys {
                if let entry = parts[key] { parts[key]?.value = withParameters(entry.value) }
            }
        }
        change(&parts)
        if let entry = parts["name"] { name = title(of: entry.value, "'name'", example: "name: squeeze") }
        if let entry = parts["description"], !entry.value.isNull {
            _ = text(of: entry.value, "'description'", example: "description: what this is for")
        }
        if let entry = parts["note"] { note = note(entry.value, of: "the profile") }
        if let entry = parts["labels"] { readLabels(entry.value) }
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
        readUntils()
    }

    mutating func reportEmpty() { report(nil, "the profile is empty; it needs at least 'phases'") }

    var loadExample: String {
        guard let manifest = manifests.first(where: \.isListed) else { return "load: {}" }
        return "load: { \(manifest.kind): \(manifest.examples.first ?? "max") }"
    }

    var phaseExample: String { "phases: [{ name: steady, for: 30s, \(loadExample) }]" }

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

    private mutating func readLabels(_ node: YAMLNode) {
        for entry in entries(of: node, "'labels'", example: "ticket: CHAOS-17") {
            let name = Wording.line(entry.key)
            let subject = "label '\(name)'"
            guard let text = text(of: entry.value, subject, example: "\(name): CHAOS-17") else { continue }
            guard !text.unicodeScalars.contains(where: \.isControl) else {
                report(entry.value.mark, "\(subject) has a control character; write it in one line of plain text")
                continue
            }
            do throws(RunTags.Problem) {
                try labels.add(entry.key, text)
            } catch {
                report(entry.keyMark, error.message)
                if labels.labels.count == RunTags.limit { return }
            }
        }
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
        let mark = place(entry.keyMark, in: SourceMark(line: 1, column: 1))
        guard Self.isName(name) else {
            report(
                entry.keyMark,
                "\(Wording.quote(name)) cannot name a stressor; take up to 64 letters, digits, '-' and '_', "
                    + "a letter first"
            )
            // Known all the same, so that its use in a phase is not a second problem.
            definitions.append(
                Definition(
                    name: name, manifest: nil, settings: Settings(values: [:]), tolerance: nil, mark: mark))
            return
        }
        let kind = manifest(of: name)?.kind ?? kinds.first ?? name
        let settings = entries(of: entry.value, "'\(name)'", example: "\(name): { kind: \(kind) }")
        var definition = Definition(
            name: name, manifest: nil, settings: Settings(values: [:]), tolerance: nil, mark: mark)
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
        if key.type == .sizes, case .list(let nodes) = entry.value.content {
            readSizes(nodes, of: entry.value, into: &settings, key, of: name)
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
        if mark.line > 0 { settings.marks[key.name] = mark }
    }

    /// Reads a list of sizes with their shares; what is wrong with one is told at its own place.
    private mutating func readSizes(
        _ nodes: [YAMLNode], of node: YAMLNode, into settings: inout Settings, _ key: Manifest.Key, of name: String
    ) {
        let place = "'\(key.name)' in '\(name)'"
        var mix = SettingNotation.MixDraft(place: place)
        for node in nodes {
            guard let text = text(of: node, "a size of \(place)", example: "- 4KiB 50%") else { return }
            let draft = mix
            let next = reading(.text(node.mark, value: text)) { () throws(NotationError) in
                var draft = draft
                try draft.add(Phrase(text))
                return draft
            }
            guard let next else { return }
            mix = next
        }
        do throws(NotationError) {
            settings.values[key.name] = try mix.value()
            settings.marks[key.name] = node.mark
        } catch {
            report(node.mark, error.message)
        }
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
}
