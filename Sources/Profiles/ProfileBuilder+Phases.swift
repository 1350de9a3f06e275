// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// The phases of a profile's text, and what is repeated of them.
extension ProfileBuilder {
    private static let phaseKeys = ["name", "for", "until", "load", "within", "repeat", "note"]
    private static let groupKeys = ["repeat", "phases"]
    /// How deep groups may lie in each other.
    static let groupDepth = 2

    /// A phase or a group of phases, as it is written; each phase was read once.
    private indirect enum Item {
        case phase(Int, Repetition)
        case group([Item], Repetition)
    }

    /// How often something is run, and where that is written; `nil` where it is not.
    private struct Repetition {
        var times = 1
        var mark: SourceMark?
    }

    /// What was read of the phases.
    private struct WrittenPhases {
        /// The phases as they are written, whatever is repeated.
        var phases: [(phase: Phase, isLoaded: Bool)] = []
        /// Where the name of each phase stands.
        var names: [String: SourceMark] = [:]
        /// Whether there are more than are read, which was told.
        var isTooMany = false
    }

    mutating func readPhases(_ entry: YAMLNode.Entry) {
        guard let nodes = list(entry, "'phases'") else { return }
        let problemsBefore = problems.count
        var written = WrittenPhases()
        let items = read(nodes, entry, depth: 0, into: &written)
        expand(items, written, entry, problemsBefore)
        if !written.phases.contains(where: \.isLoaded), problems.count == problemsBefore {
            report(entry.keyMark, "nothing to exert: no phase has a load; add one such as '\(loadExample)'")
        }
    }

    /// The phases or groups in `phases:`; `nil` after reporting that there are none.
    private mutating func list(_ entry: YAMLNode.Entry, _ subject: String) -> [YAMLNode]? {
        if case .list(let nodes) = entry.value.content, !nodes.isEmpty { return nodes }
        let problem =
            if case .list = entry.value.content { "has no phase" } else if entry.value.isNull {
                "has no phase"
            } else { "must be a list, not \(entry.value.title)" }
        report(entry.keyMark, "\(subject) \(problem); add one such as '\(phaseExample)'")
        return nil
    }

    private mutating func read(
        _ nodes: [YAMLNode], _ entry: YAMLNode.Entry, depth: Int, into written: inout WrittenPhases
    ) -> [Item] {
        let room = ProfileReader.phaseLimit - written.phases.count
        if nodes.count > room, !written.isTooMany {
            let all = written.phases.count + nodes.count
            report(entry.keyMark, "'phases' has \(all) phases; the limit is \(ProfileReader.phaseLimit)")
            written.isTooMany = true
        }
        var items: [Item] = []
        for node in nodes.prefix(max(0, room)) {
            if case .mapping(let entries) = node.content, entries.contains(where: { $0.key == "phases" }) {
                if let group = readGroup(node, entries, depth: depth, into: &written) { items.append(group) }
            } else {
                items.append(readPhase(node, into: &written))
            }
        }
        return items
    }

    private mutating func readGroup(
        _ node: YAMLNode, _ entries: [YAMLNode.Entry], depth: Int, into written: inout WrittenPhases
    ) -> Item? {
        for entry in entries where !Self.groupKeys.contains(entry.key) {
            reportUnknownKey(entry, in: "a group of phases", among: Self.groupKeys)
        }
        guard depth < Self.groupDepth else {
            report(
                node.mark, "groups of phases lie in each other \(depth + 1) deep; the limit is \(Self.groupDepth)")
            return nil
        }
        var repetition = Repetition()
        if let entry = entries.first(where: { $0.key == "repeat" }) {
            repetition = readRepetition(entry.value, of: "a group of phases")
        } else {
            report(node.mark, "a group of phases has no 'repeat'; add how often it is run, such as 'repeat: 3'")
        }
        guard let inner = entries.first(where: { $0.key == "phases" }), let nodes = list(inner, "a group's 'phases'")
        else { return nil }
        repetitions *= repetition.times
        defer { repetitions /= repetition.times }
        return .group(read(nodes, inner, depth: depth + 1, into: &written), repetition)
    }

    /// Reads `repeat`; once after reporting what is wrong with it.
    private mutating func readRepetition(_ node: YAMLNode, of title: String) -> Repetition {
        guard let text = text(of: node, "'repeat' of \(title)", example: "repeat: 3"), !isTainted(node) else {
            return Repetition()
        }
        let times = reading(.text(node.mark, value: text)) { () throws(NotationError) in
            let phrase = Phrase(text)
            guard phrase.isAllDigits else {
                throw NotationError(
                    0, "'repeat' of \(title) takes a whole number from 1 on, not \(Wording.quote(text))")
            }
            let times = try NumberNotation.integer(in: phrase)
            guard (1...ProfileReader.phaseLimit).contains(times) else {
                throw NotationError(
                    0, "'repeat' of \(title) takes a whole number from 1 to \(ProfileReader.phaseLimit), not \(times)")
            }
            return times
        }
        return Repetition(times: times ?? 1, mark: node.mark)
    }

    /// Reads one phase.
    private mutating func readPhase(_ node: YAMLNode, into written: inout WrittenPhases) -> Item {
        let index = written.phases.count
        let number = index + 1
        guard case .mapping(let entries) = node.content else {
            report(
                node.mark, "phase \(number) must be a mapping such as '{ name: steady, for: 30s }', not \(node.title)")
            written.phases.append((Phase(name: "", length: 0, loads: [], mark: node.mark), false))
            return .phase(index, Repetition())
        }
        var parts: [String: YAMLNode.Entry] = [:]
        for entry in entries { parts[entry.key] = entry }
        var title = "phase \(number)"
        // By its place, where it has no name.
        var name = "phase-\(number)"
        if let entry = parts["name"] {
            if let text = self.title(of: entry.value, "'name' of \(title)", example: "name: steady") {
                name = text
                title = "phase \(Wording.quote(text))"
            }
        }
        let nameMark = parts["name"]?.value.mark ?? node.mark
        if let first = written.names[name] {
            report(
                nameMark,
                "duplicate phase name \(Wording.quote(name)); it is already on \(first.lineWords), take another")
        } else {
            written.names[name] = nameMark
        }
        for entry in entries where !Self.phaseKeys.contains(entry.key) {
            reportUnknownKey(entry, in: title, among: Self.phaseKeys)
        }
        var length: Nanoseconds?
        var isEndless = false
        if let entry = parts["for"] {
            if let text = text(of: entry.value, "'for' of \(title)", example: "for: 30s") {
                let scale = timeScale
                length =
                    text == Self.asTrace
                    ? traceLength(timedLoads(parts["load"]?.value)) { builder, problem in
                        builder.report(
                            entry.value.mark,
                            "'for: trace' of \(title): \(problem); write how long the phase is, such as 'for: 30s'")
                    }
                    : reading(.text(entry.value.mark, value: text)) { () throws(NotationError) in
                        try UnitNotation.duration(Phrase(text), atLeast: 1, of: "'for' of \(title)").scaled(by: scale)
                    }
            }
            // Nothing is longer than a phase of which nobody knows how long it is.
            if isTainted(entry.value) { length = nil }
        } else if Self.isUntilStopped(parts["until"]?.value) {
            (length, isEndless) = (Self.endless, true)
        } else {
            let limit = parts["until"] == nil ? "its length" : "how long it may last"
            report(node.mark, "\(title) has no 'for'; add \(limit) such as 'for: 30s'")
        }
        let repetition = parts["repeat"].map { readRepetition($0.value, of: title) } ?? Repetition()
        repetitions *= repetition.times
        defer { repetitions /= repetition.times }
        var phase = Phase(name: name, length: length ?? 0, loads: [], mark: node.mark)
        if let entry = parts["within"] { phase.within = within(entry.value, of: title) }
        if let entry = parts["note"] { phase.note = note(entry.value, of: title) }
        var hasLoad = false
        if let entry = parts["load"] {
            for load in self.entries(of: entry.value, "'load' of \(title)", example: loadExample) {
                hasLoad = true
                readLoad(load, into: &phase, length: length)
            }
        }
        if isEndless {
            for load in phase.loads { checkEndless(load.shape, of: load.stressor, at: load.mark) }
        }
        if let entry = parts["until"] {
            untils.append(WrittenUntil(phase: name, node: entry.value, hasLoad: hasLoad, isEndless: isEndless))
        }
        written.phases.append((phase, hasLoad))
        return .phase(index, repetition)
    }

    // MARK: Repetitions

    /// Writes out what is repeated, each repetition under a name of its own, such as `squeeze 2/3`.
    private mutating func expand(
        _ items: [Item], _ written: WrittenPhases, _ entry: YAMLNode.Entry, _ problemsBefore: Int
    ) {
        var order: [Int] = []
        Self.append(items, to: &order)
        guard order.count <= ProfileReader.phaseLimit else {
            report(
                Self.excess(in: items, over: ProfileReader.phaseLimit) { _ in 1 } ?? entry.keyMark,
                "the phases are more than \(ProfileReader.phaseLimit) with what is repeated, the limit; repeat less, "
                    + "or take one longer phase with a shape such as 'pulse'")
            return
        }
        var counts = [Int](repeating: 0, count: written.phases.count)
        for index in order { counts[index] += 1 }
        for (index, count) in counts.enumerated() where count > 1 {
            let phase = written.phases[index].phase
            guard
                let clash = (1...count).lazy.map({ "\(phase.name) \($0)/\(count)" }).first(where: {
                    written.names[$0] != nil
                }),
                let mark = written.names[clash]
            else { continue }
            report(
                mark,
                "phase name \(Wording.quote(clash)) is what a repetition of \(Wording.quote(phase.name)) is called; "
                    + "take another")
        }
        var seen = [Int](repeating: 0, count: counts.count)
        var outline: [ObjectiveNotation.PhaseOutline] = []
        var total: Nanoseconds = 0
        let endless = Set(untils.filter(\.isEndless).map(\.phase))
        for index in order {
            var (phase, isLoaded) = written.phases[index]
            seen[index] += 1
            phase.title = phase.name
            if counts[index] > 1 { phase.name += " \(seen[index])/\(counts[index])" }
            // One that goes on until it is stopped has no length of its own.
            if !endless.contains(phase.title) {
                let (sum, isOver) = total.addingReportingOverflow(phase.length)
                total = isOver ? .max : sum
            }
            phases.append(phase)
            outline.append(.init(name: phase.name, title: phase.title, length: phase.length, hasLoad: isLoaded))
        }
        guard total <= UnitNotation.durationLimit else {
            let mark = Self.excess(in: items, over: Int(UnitNotation.durationLimit)) { index in
                let phase = written.phases[index].phase
                return endless.contains(phase.name) ? 0 : Int(phase.length)
            }
            let lasting = total == .max ? "too long" : "\(UnitNotation.text(of: total)) in all"
            let limit = UnitNotation.text(of: UnitNotation.durationLimit)
            report(mark ?? entry.keyMark, "the phases last \(lasting); the limit is \(limit)")
            return
        }
        if problems.count == problemsBefore, tainted.isEmpty { self.outline = outline }
    }

    /// Appends the phases in the order in which they are run, and one more than there may be at most.
    private static func append(_ items: [Item], to order: inout [Int]) {
        for item in items {
            switch item {
            case .phase(let index, let repetition):
                let room = ProfileReader.phaseLimit + 1 - order.count
                order += repeatElement(index, count: max(0, min(repetition.times, room)))
            case .group(let inner, let repetition):
                for _ in 0..<repetition.times where order.count <= ProfileReader.phaseLimit {
                    append(inner, to: &order)
                }
            }
        }
    }

    /// Where the `repeat` stands with which phases are more than `limit` in all, each `size` of it; `nil` where that is
    /// none.
    private static func excess(in items: [Item], over limit: Int, size: (Int) -> Int) -> SourceMark? {
        var room = limit
        for item in items {
            let once: Int
            let repetition: Repetition
            switch item {
            case .phase(let index, let own): (once, repetition) = (size(index), own)
            case .group(let inner, let own):
                (once, repetition) = (total(of: inner, size), own)
                // One round alone is too much.
                if once > room, let mark = excess(in: inner, over: room, size: size) { return mark }
            }
            let (all, isOver) = once.multipliedReportingOverflow(by: repetition.times)
            if isOver || all > room { return repetition.times > 1 ? repetition.mark : nil }
            room -= all
        }
        return nil
    }

    private static func total(of items: [Item], _ size: (Int) -> Int) -> Int {
        items.reduce(0) { sum, item in
            let (once, times) =
                switch item {
                case .phase(let index, let own): (size(index), own.times)
                case .group(let inner, let own): (total(of: inner, size), own.times)
                }
            let (all, isOver) = once.multipliedReportingOverflow(by: times)
            // More than any limit.
            return isOver || all > .max / 2 || sum > .max / 2 ? .max / 2 : sum + all
        }
    }
}
