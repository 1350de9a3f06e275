// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// What the command line changes of a profile: its tree, before anything is read of it.
extension ProfileBuilder {
    /// What a time scale may be.
    private static let timeScales = 0.0001...1000.0
    private static let lengthKeys = ["for", "until", "within", "repeat"]

    /// The parts of the profile with the changes of the command line.
    mutating func change(_ parts: inout [String: YAMLNode.Entry]) {
        if let text = changes.timeScale { readTimeScale(text) }
        guard changes.phases.count + changes.settings.count <= ProfileChanges.limit else {
            report(nil, "there are more than \(ProfileChanges.limit) changes, the limit")
            return
        }
        var seen: Set<String> = []
        if let length = changes.length { change(length: length, &seen, &parts) }
        // What changes a load as a whole comes before what changes a part of it.
        let parted = changes.phases.map { ($0, isPart: Self.isPart($0)) }
        for (argument, _) in parted.filter({ !$0.isPart }) + parted.filter(\.isPart) {
            let flag = "--phase \(Wording.line(argument))"
            guard let (target, key, value) = Self.apart(argument, at: { $0.lastIndex(of: ".") }) else {
                report(
                    nil,
                    "\(flag): write it as PHASE.for=TIME, PHASE.STRESSOR=LOAD or PHASE.STRESSOR.start=TIME, such as "
                        + "'--phase squeeze.for=10s'")
                continue
            }
            guard isFirst("phase \(target).\(key)", flag, &seen) else { continue }
            change(phase: target, key, value, flag, &parts)
        }
        for argument in changes.settings {
            let flag = "--set \(Wording.line(argument))"
            guard let (target, key, value) = Self.apart(argument, at: { $0.firstIndex(of: ".") }) else {
                report(nil, "\(flag): write it as STRESSOR.KEY=VALUE, such as '--set cpu.mode=add'")
                continue
            }
            guard isFirst("\(target).\(key)", flag, &seen) else { continue }
            change(setting: target, key, value, flag, &parts)
        }
    }

    /// Changes the length of the one phase that there is.
    private mutating func change(length: String, _ seen: inout Set<String>, _ parts: inout [String: YAMLNode.Entry]) {
        let flag = "--for \(Wording.line(length))"
        let names = parts["phases"].map { Self.phaseNames(in: $0.value) } ?? []
        guard names.count == 1 else {
            let example = names.first.map { Wording.line($0) } ?? "squeeze"
            report(
                nil,
                "\(flag): the profile has \(names.count) phases; --phase \(example).for=\(Wording.line(length)) "
                    + "changes "
                    + "one, and --scale-time all of them")
            return
        }
        _ = isFirst("phase \(names[0]).for", flag, &seen)
        change(phase: names[0], "for", length, flag, &parts)
    }

    /// Whether a change may be of a part of a load, such as `squeeze.cpu.start=5s`.
    private static func isPart(_ argument: String) -> Bool {
        guard let (target, key, _) = apart(argument, at: { $0.lastIndex(of: ".") }) else { return false }
        return loadKeys.contains(key) && target.unicodeScalars.contains(".")
    }

    private mutating func isFirst(_ path: String, _ flag: String, _ seen: inout Set<String>) -> Bool {
        if seen.insert(path).inserted { return true }
        report(nil, "\(flag): it is already changed; change it once")
        return false
    }

    /// Takes `A.B=C` apart; `nil` where it is not written so.
    private static func apart(
        _ argument: String, at dot: (Substring.UnicodeScalarView) -> String.Index?
    ) -> (target: String, key: String, value: String)? {
        let scalars = argument.unicodeScalars
        guard let equals = scalars.firstIndex(of: "="), let dot = dot(Substring(argument[..<equals]).unicodeScalars)
        else {
            return nil
        }
        let target = String(argument[..<dot])
        let key = String(argument[scalars.index(after: dot)..<equals])
        return target.isEmpty || key.isEmpty ? nil : (target, key, String(argument[scalars.index(after: equals)...]))
    }

    private mutating func readTimeScale(_ text: String) {
        let scale = reading(.flag("--scale-time \(Wording.line(text))")) { () throws(NotationError) in
            let phrase = Phrase(text)
            let (value, end) = try NumberNotation.number(in: phrase, at: phrase.offset)
            guard end == phrase.end, Self.timeScales.contains(value) else {
                throw NotationError(0, "it takes a number from 0.0001 to 1000, such as 0.1")
            }
            return value
        }
        if let scale { timeScale = scale }
    }

    /// A node that stands in a flag; its mark leads back to it.
    mutating func node(_ value: String, in flag: String) -> YAMLNode {
        flags.append(flag)
        return YAMLNode(content: .scalar(value, isPlain: false), mark: SourceMark(line: 0, column: flags.count))
    }

    // MARK: Phases

    private mutating func change(
        phase name: String, _ key: String, _ value: String, _ flag: String, _ parts: inout [String: YAMLNode.Entry]
    ) {
        guard var entry = parts["phases"] else { return }
        // A phase may itself be called like a phase and a load.
        let isOfPhase = Self.lengthKeys.contains(key) && Self.phaseNames(in: entry.value).contains(name)
        if Self.loadKeys.contains(key), !isOfPhase, let dot = name.unicodeScalars.lastIndex(of: ".") {
            let stressor = String(name.unicodeScalars[name.unicodeScalars.index(after: dot)...])
            change(load: stressor, ofPhase: String(name[..<dot]), key, value, flag, &entry)
            parts["phases"] = entry
            return
        }
        guard !["name", "load", "phases", "note"].contains(key) else {
            report(
                nil, "\(flag): of a phase, \(Self.lengthKeys.joined(separator: ", ")) or a stressor's load is changed")
            return
        }
        var names: [String] = []
        var isFound = false
        let node = node(value, in: flag)
        entry.value = Self.phases(in: entry.value, &names) { phase in
            isFound = true
            let path = Self.lengthKeys.contains(key) ? [key] : ["load", key]
            return Self.set(path[...], node, in: phase)
        } where: {
            $0 == name
        }
        guard isFound else {
            reportUnknownPhase(name, among: names, flag)
            return
        }
        parts["phases"] = entry
    }

    /// Changes a part of a load, such as where in its phase it starts.
    private mutating func change(
        load stressor: String, ofPhase name: String, _ key: String, _ value: String, _ flag: String,
        _ phases: inout YAMLNode.Entry
    ) {
        var names: [String] = []
        var (isFound, isLoaded) = (false, false)
        let node = node(value, in: flag)
        phases.value = Self.phases(in: phases.value, &names) { phase in
            isFound = true
            guard var load = Self.member("load", of: phase), var own = Self.member(stressor, of: load) else {
                return phase
            }
            isLoaded = true
            if case .scalar = own.content {
                // `80%` is short for a load with nothing else to be said of it.
                let whole = YAMLNode.Entry(key: "load", keyMark: own.mark, value: own)
                own = YAMLNode(content: .mapping([whole]), mark: own.mark)
            }
            own = Self.set([key], node, in: own)
            load = Self.set([stressor], own, in: load, keepsLoad: false)
            return Self.set(["load"], load, in: phase, keepsLoad: false)
        } where: {
            $0 == name
        }
        if !isFound {
            reportUnknownPhase(name, among: names, flag)
        } else if !isLoaded {
            report(
                nil,
                "\(flag): phase \(Wording.quote(name)) has no load of \(Wording.quote(stressor)); give it one, such as "
                    + "'--phase \(Wording.line(name)).\(Wording.line(stressor))=50%'")
        }
    }

    private mutating func reportUnknownPhase(_ name: String, among names: [String], _ flag: String) {
        let remedy = Wording.remedy(for: name, among: names, taking: "there are")
        report(nil, "\(flag): unknown phase \(Wording.quote(name))\(remedy)")
    }

    private static func member(_ key: String, of node: YAMLNode) -> YAMLNode? {
        guard case .mapping(let entries) = node.content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    private static func phaseNames(in node: YAMLNode) -> [String] {
        var names: [String] = []
        _ = phases(in: node, &names, { $0 }, where: { _ in false })
        return names
    }

    /// The same tree, with each phase changed whose name is wanted; groups are gone through.
    private static func phases(
        in node: YAMLNode, _ names: inout [String], _ change: (YAMLNode) -> YAMLNode, where isWanted: (String) -> Bool
    ) -> YAMLNode {
        guard case .list(let items) = node.content else { return node }
        var node = node
        node.content = .list(
            items.map { item in
                guard case .mapping(var entries) = item.content else {
                    names.append("phase-\(names.count + 1)")
                    return item
                }
                if let index = entries.firstIndex(where: { $0.key == "phases" }) {
                    entries[index].value = phases(in: entries[index].value, &names, change, where: isWanted)
                    return YAMLNode(content: .mapping(entries), mark: item.mark)
                }
                var name = "phase-\(names.count + 1)"
                if case .scalar(let text, _) = entries.first(where: { $0.key == "name" })?.value.content {
                    name = Phrase(text).text
                }
                names.append(name)
                return isWanted(name) ? change(item) : item
            })
        return node
    }

    /// The same mapping with a value at a path; a load that has keys of its own keeps them, unless it is told not to.
    private static func set(
        _ path: ArraySlice<String>, _ value: YAMLNode, in node: YAMLNode, keepsLoad: Bool = true
    ) -> YAMLNode {
        guard let key = path.first else {
            guard keepsLoad, case .mapping(let entries) = node.content, entries.contains(where: { $0.key == "load" })
            else { return value }
            return set(["load"], value, in: node)
        }
        var entries: [YAMLNode.Entry] = []
        if case .mapping(let found) = node.content { entries = found } else if !node.isNull { return value }
        let rest = path.dropFirst()
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = set(rest, value, in: entries[index].value, keepsLoad: keepsLoad)
        } else {
            let nothing = YAMLNode(content: .scalar("", isPlain: true), mark: value.mark)
            let inner = rest.isEmpty ? value : set(rest, value, in: nothing)
            entries.append(YAMLNode.Entry(key: key, keyMark: value.mark, value: inner))
        }
        return YAMLNode(content: .mapping(entries), mark: node.mark)
    }

    // MARK: Settings

    private mutating func change(
        setting name: String, _ key: String, _ value: String, _ flag: String, _ parts: inout [String: YAMLNode.Entry]
    ) {
        var stressors: [String] = []
        if case .mapping(let entries) = parts["stressors"]?.value.content { stressors = entries.map(\.key) }
        let node = node(value, in: flag)
        let path = key.split(separator: ".").map(String.init)
        if name == "guards", key == GuardNotation.defaultsKey {
            var entry = parts["guards"] ?? Self.part("guards", node.mark)
            let defaults = YAMLNode.Entry(key: key, keyMark: node.mark, value: node)
            let mapping = YAMLNode(content: .mapping([defaults]), mark: node.mark)
            if case .list(let items) = entry.value.content {
                entry.value.content = .list(items + [mapping])
            } else {
                entry.value = mapping
            }
            parts["guards"] = entry
        } else if stressors.contains(name) || manifest(of: name) != nil {
            parts["stressors"] = changed(parts["stressors"] ?? Self.part("stressors", node.mark), [name] + path, node)
        } else {
            let known = stressors + kinds.filter { !stressors.contains($0) }
            let remedy = Wording.remedy(for: name, among: known, taking: "it is one of")
            report(nil, "\(flag): unknown stressor \(Wording.quote(name))\(remedy)")
        }
    }

    private static func part(_ key: String, _ mark: SourceMark) -> YAMLNode.Entry {
        YAMLNode.Entry(key: key, keyMark: mark, value: YAMLNode(content: .scalar("", isPlain: true), mark: mark))
    }

    private func changed(_ entry: YAMLNode.Entry, _ path: [String], _ value: YAMLNode) -> YAMLNode.Entry {
        var entry = entry
        entry.value = Self.set(path[...], value, in: entry.value)
        return entry
    }
}

extension Nanoseconds {
    /// This length times `factor`, which makes nothing of no length, and no more than whatever is refused as too long.
    func scaled(by factor: Double) -> Nanoseconds {
        guard factor != 1, self > 0 else { return self }
        let scaled = (Double(self) * factor).rounded()
        return Nanoseconds(Swift.min(Swift.max(1, scaled), Double(2 * UnitNotation.durationLimit)))
    }
}
