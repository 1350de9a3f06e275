// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads the value of one setting of a stressor.
enum SettingNotation {
    /// The highest CPU number that is taken; the kernel's largest configuration has 8192.
    static let cpuLimit = 65_535

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
            return .cpus(try cpuList(phrase, place: place))
        case .bytes:
            guard
                case .bytes(let bytes) = try UnitNotation.amount(phrase, for: AmountTaker(name: place, kinds: [.bytes]))
            else { throw NotationError(phrase.offset, "\(place) takes \(taking(key.type))") }
            return .bytes(Int64(bytes.rounded()))
        case .text:
            return .text(text)
        case .percent:
            guard
                case .percent(let percent) = try UnitNotation.amount(
                    phrase, for: AmountTaker(name: place, kinds: [.percent]))
            else { throw NotationError(phrase.offset, "\(place) takes \(taking(key.type))") }
            return .percent(percent)
        }
    }

    /// Reads CPU numbers and ranges such as `0-3,8`, the kernel's own list format.
    private static func cpuList(_ phrase: Phrase, place: String) throws(NotationError) -> [Int] {
        var cpus: Set<Int> = []
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
                        "\(place) takes \(taking(.cpuList)), not \(Wording.quote(phrase.text))")
                }
                let number = try NumberNotation.integer(in: end)
                guard number <= cpuLimit else {
                    throw NotationError(
                        end.offset, "\(place) names CPU \(number); the highest number taken is \(cpuLimit)")
                }
                numbers.append(number)
            }
            guard let first = numbers.first, let last = numbers.last, first <= last else {
                throw NotationError(
                    part.offset, "\(place) has the range \(Wording.quote(part.text)); write the lower number first")
            }
            cpus.formUnion(first...last)
        }
        return cpus.sorted()
    }

    static func taking(_ type: Manifest.ValueType) -> String {
        switch type {
        case .choice(let words): "one of: " + words.joined(separator: ", ")
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .cpuList: "CPU numbers such as '0-3,8'"
        case .bytes: "bytes such as '256MiB'"
        case .text: "text"
        case .percent: "a percentage such as '70%'"
        }
    }
}
