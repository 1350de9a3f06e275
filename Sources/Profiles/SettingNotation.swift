// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads the value of one setting of a stressor.
enum SettingNotation {
    /// The highest CPU number that is taken; the kernel's largest configuration has 8192.
    static let cpuLimit = 65_535
    /// The highest node number that is taken: the kernel's largest configuration has 1024.
    static let nodeLimit = 1023

    static func parse(_ text: String, for key: Manifest.Key, of stressor: String) throws(NotationError) -> SettingValue
    {
        let phrase = Phrase(text)
        let place = "'\(key.name)' in '\(stressor)'"
        guard !phrase.isEmpty else {
            throw NotationError(0, "\(place) has no value; it takes \(taking(key.type))")
        }
        switch key.type {
        case .choice(let words):
            guard words.contains(phrase.text) else {
                let value = Wording.quote(phrase.text)
                throw NotationError(
                    phrase.offset,
                    "unknown value \(value) for \(place)"
                        + Wording.remedy(for: phrase.text, among: words, taking: "it takes"))
            }
            return .text(phrase.text)
        case .integer(let range):
            let problem = NotationError(
                phrase.offset, "\(place) takes \(taking(key.type)), not \(Wording.quote(phrase.text))")
            if range.lowerBound < 0, phrase.first == "-" {
                let digits = phrase.dropping(to: phrase.offset + 1)
                guard digits.isAllDigits else { throw problem }
                let value = try -NumberNotation.integer(in: digits)
                guard range.contains(value) else { throw problem }
                return .integer(value)
            }
            guard phrase.isAllDigits else { throw problem }
            let value = try NumberNotation.integer(in: phrase)
            guard range.contains(value) else { throw problem }
            return .integer(value)
        case .boolean:
            switch phrase.text {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default:
                throw NotationError(
                    phrase.offset, "\(place) takes \(taking(key.type)), not \(Wording.quote(phrase.text))")
            }
        case .cpuList:
            return .cpus(try numberList(phrase, place: place, type: key.type, noun: "CPU", limit: cpuLimit))
        case .bytes:
            guard
                case .bytes(let bytes) = try UnitNotation.amount(phrase, for: AmountTaker(name: place, kinds: [.bytes]))
            else { throw NotationError(phrase.offset, "\(place) takes \(taking(key.type))") }
            return .bytes(Int64(bytes.rounded()))
        case .sizes:
            return try sizes(phrase.parts, place: place)
        case .duration:
            return .duration(try UnitNotation.duration(phrase, atLeast: 1, of: place))
        case .text, .directory:
            guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw NotationError(0, "\(place) has a control character; write it in one line of plain text")
            }
            return .text(text)
        case .percent:
            guard
                case .percent(let percent) = try UnitNotation.amount(
                    phrase, for: AmountTaker(name: place, kinds: [.percent]))
            else { throw NotationError(phrase.offset, "\(place) takes \(taking(key.type))") }
            return .percent(percent)
        case .nodes:
            return .nodes(try nodes(phrase, place: place))
        }
    }

    // MARK: Lists

    /// Reads numbers and ranges such as `0-3,8`, the kernel's own list format.
    private static func numberList(
        _ phrase: Phrase, place: String, type: Manifest.ValueType, noun: String, limit: Int
    ) throws(NotationError) -> [Int] {
        var found: Set<Int> = []
        let parts = phrase.parts
        // Many wide ranges over the same numbers would only take time.
        guard parts.count <= 1024 else {
            throw NotationError(phrase.offset, "\(place) has \(parts.count) ranges; the limit is 1024")
        }
        for part in parts {
            let dash = part.firstOffset { $0 == "-" }
            let ends = [part.slice(part.offset, dash ?? part.end)] + (dash.map { [part.dropping(to: $0 + 1)] } ?? [])
            var numbers: [Int] = []
            for end in ends {
                guard end.first?.isDigit == true else {
                    throw NotationError(
                        part.offset,
                        "\(place) takes \(taking(type)), not \(Wording.quote(phrase.text))")
                }
                let number = try NumberNotation.integer(in: end)
                guard number <= limit else {
                    throw NotationError(
                        end.offset, "\(place) names \(noun) \(number); the highest number taken is \(limit)")
                }
                numbers.append(number)
            }
            guard let first = numbers.first, let last = numbers.last, first <= last else {
                throw NotationError(
                    part.offset, "\(place) has the range \(Wording.quote(part.text)); write the lower number first")
            }
            found.formUnion(first...last)
        }
        return found.sorted()
    }

    // MARK: Memory nodes

    /// Reads `0-1` or `{0: 1GiB, 1: 40%}`.
    private static func nodes(_ phrase: Phrase, place: String) throws(NotationError) -> NodeSelection {
        guard phrase.first == "{" else {
            return NodeSelection(
                nodes: try numberList(phrase, place: place, type: .nodes, noun: "node", limit: nodeLimit))
        }
        guard phrase[phrase.end - 1] == "}" else {
            throw NotationError(phrase.end, "\(place) has no closing brace; it takes \(taking(.nodes))")
        }
        var amounts: [Int: NodeSelection.Amount] = [:]
        for part in phrase.slice(phrase.offset + 1, phrase.end - 1).parts {
            guard let colon = part.firstOffset(where: { $0 == ":" }) else {
                throw NotationError(part.offset, "\(place) takes \(taking(.nodes))")
            }
            let number = part.slice(part.offset, colon)
            let node = try node(number, place: place)
            guard amounts[node] == nil else {
                throw NotationError(number.offset, "\(place) names node \(node) twice; give it one amount")
            }
            amounts[node] = try nodeAmount(part.dropping(to: colon + 1), node: node, place: place)
        }
        return NodeSelection(amounts: amounts)
    }

    /// Reads the number of a memory node.
    static func node(_ phrase: Phrase, place: String) throws(NotationError) -> Int {
        guard phrase.isAllDigits else {
            throw NotationError(
                phrase.offset, "\(place) takes the numbers of memory nodes, not \(Wording.quote(phrase.text))")
        }
        let node = try NumberNotation.integer(in: phrase)
        guard node <= nodeLimit else {
            throw NotationError(
                phrase.offset, "\(place) names node \(node); the highest number taken is \(nodeLimit)")
        }
        return node
    }

    /// Reads what one node is to have.
    static func nodeAmount(
        _ phrase: Phrase, node: Int, place: String
    ) throws(NotationError) -> NodeSelection.Amount {
        let taker = AmountTaker(name: "node \(node) of \(place)", kinds: [.bytes, .percent])
        switch try UnitNotation.amount(phrase, for: taker) {
        case .bytes(let bytes): return .bytes(Int64(bytes.rounded()))
        case .percent(let percent): return .percent(percent)
        default: throw NotationError(phrase.offset, "\(place) takes \(taking(.nodes))")
        }
    }

    static func taking(_ type: Manifest.ValueType) -> String {
        switch type {
        case .choice(let words): "one of: " + words.joined(separator: ", ")
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .cpuList: "CPU numbers such as '0-3,8'"
        case .bytes: "bytes such as '256MiB'"
        case .sizes: "bytes such as '64KiB', or several with their shares such as '4KiB 50%, 16KiB 50%'"
        case .duration: "a length of time such as '5s'"
        case .text: "text"
        case .directory: "the path of a directory"
        case .percent: "a percentage such as '70%'"
        case .nodes: "memory nodes such as '0-1', or an amount for each such as '{0: 1GiB, 1: 40%}'"
        }
    }
}
