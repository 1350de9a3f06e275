// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// The loads of a phase.
extension ProfileBuilder {
    static let loadKeys = ["load", "within", "expect", "start", "for"]

    /// Where in its phase a load lies.
    private struct Stay {
        var start: Nanoseconds = 0
        var length: Nanoseconds?
    }

    mutating func readLoad(_ entry: YAMLNode.Entry, into phase: inout Phase, length: Nanoseconds?) {
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
                    mark: self.place(entry.keyMark, in: phase.mark)))
        }
        guard let definition = definitions.first(where: { $0.name == name }) else { return }
        let example = definition.manifest?.examples.first ?? "80%"
        // `80%`, or `{ load: 80%, within: 5s }`.
        var value = entry.value
        var within: Nanoseconds?
        var expect: ExpectedEnd?
        var stay = Stay(length: length)
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
            guard let found = self.stay(entries, of: title, in: length) else { return }
            stay = found
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
        guard var shape = shape(text, of: name, manifest, length: stay.length, at: place) else { return }
        var shown = Phrase(text).text
        if timeScale != 1, let factor = changes.timeScale, shape.hasTimes {
            shown += " (times × \(Phrase(factor).text))"
        }
        if let length, let own = stay.length, own < length {
            shape = .placed(shape, start: stay.start, length: own)
            shown += " (from \(UnitNotation.text(of: stay.start)), for \(UnitNotation.text(of: own)))"
        }
        phase.loads.append(
            PhaseLoad(
                stressor: name, shape: shape, text: shown, within: within, expect: expect,
                mark: self.place(value.mark, in: phase.mark)))
    }

    /// Reads `start` and `for` of a load; `nil` after reporting that it does not fit into its phase.
    private mutating func stay(
        _ entries: [YAMLNode.Entry], of title: String, in length: Nanoseconds?
    ) -> Stay? {
        var stay = Stay(length: length)
        let scale = timeScale
        func part(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        if let node = part("start") {
            guard let text = text(of: node, "'start' of \(title)", example: "start: 10s") else { return nil }
            let start = reading(.text(node.mark, value: text)) { () throws(NotationError) in
                let start = try UnitNotation.duration(Phrase(text)).scaled(by: scale)
                if let length, start >= length {
                    throw NotationError(
                        0,
                        "\(title) starts at \(Wording.quote(text)), when its phase of \(UnitNotation.text(of: length)) "
                            + "is over; start it earlier or lengthen the phase")
                }
                return start
            }
            guard let start, !isTainted(node) else { return nil }
            stay.start = start
            stay.length = length.map { $0 - start }
        }
        if let node = part("for") {
            guard let text = text(of: node, "'for' of \(title)", example: "for: 20s") else { return nil }
            let room = stay.length
            let own = reading(.text(node.mark, value: text)) { () throws(NotationError) in
                let own = try UnitNotation.duration(Phrase(text), atLeast: 1, of: "'for' of \(title)").scaled(by: scale)
                if let room, own > room {
                    throw NotationError(
                        0,
                        "\(title) lasts \(Wording.quote(text)), longer than the \(UnitNotation.text(of: room)) that "
                            + "its phase has left then; shorten it or lengthen the phase")
                }
                return own
            }
            guard let own, !isTainted(node) else { return nil }
            stay.length = own
        }
        return stay
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

    mutating func within(_ node: YAMLNode, of title: String) -> Nanoseconds? {
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

extension LoadShape {
    /// Whether it says when its amounts are reached or left.
    fileprivate var hasTimes: Bool {
        switch self {
        case .hold, .ramp(_, _, over: nil): false
        case .sum(let parts): parts.contains(where: \.hasTimes)
        case .placed(let shape, _, _): shape.hasTimes
        default: true
        }
    }
}
