// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads what a good answer is: `status 200-299, 404 and body contains "ready" and in 300ms`.
enum ConditionNotation {
    /// One condition.
    enum Condition: Equatable {
        case status([ClosedRange<Int>])
        case body(String)
        case json(JSONCondition)
        case within(Nanoseconds)

        var kind: ProbeConditionKind {
            switch self {
            case .status: .status
            case .body: .body
            case .json: .json
            case .within: .within
            }
        }
    }

    /// Reads conditions that are joined by `and`, each with the offset of its beginning.
    static func parse(_ text: String, of kind: ProbeKind) throws(NotationError) -> [(condition: Condition, offset: Int)]
    {
        let phrase = Phrase(text)
        guard !phrase.isEmpty else {
            throw NotationError(phrase.offset, "a condition is missing; \(taking(kind))")
        }
        var conditions: [(Condition, Int)] = []
        var start = phrase.offset
        for word in phrase.words where word.text == "and" {
            conditions.append((try condition(phrase.slice(start, word.offset), of: kind, before: word), start))
            start = word.end
        }
        let last = phrase.dropping(to: start)
        conditions.append((try condition(last, of: kind, before: nil), last.offset))
        return conditions
    }

    /// What `good` takes of a kind, with examples.
    static func taking(_ kind: ProbeKind) -> String {
        "'good' of '\(kind.rawValue)' takes " + Wording.either(kind.description.conditions.map { "'\($0.example)'" })
    }

    private static func condition(
        _ phrase: Phrase, of kind: ProbeKind, before next: Phrase?
    ) throws(NotationError) -> Condition {
        guard let head = phrase.words.first else {
            throw NotationError(next?.offset ?? phrase.offset, "'and' stands between two conditions; \(taking(kind))")
        }
        // `200-299, 404` by itself.
        if head.first?.isDigit == true, kind.description.conditions.contains(.status) {
            return .status(try statusCodes(phrase))
        }
        guard let found = ProbeConditionKind(rawValue: head.text) else {
            let remedy = Wording.nearest(to: head.text, among: kind.description.conditions.map(\.rawValue))
            throw NotationError(
                head.offset,
                "unknown condition \(Wording.quote(phrase.text)); "
                    + (remedy.map { "did you mean '\($0)'?" } ?? taking(kind)))
        }
        guard kind.description.conditions.contains(found) else {
            throw NotationError(
                head.offset, "'\(found.rawValue)' is no condition of '\(kind.rawValue)'; \(taking(kind))")
        }
        let rest = phrase.dropping(to: head.end)
        switch found {
        case .status: return .status(try statusCodes(rest))
        case .body: return .body(try bodyText(rest))
        case .json: return .json(try json(rest))
        case .within: return .within(try UnitNotation.duration(rest, atLeast: 1, of: "'in'"))
        }
    }

    // MARK: Parts

    /// Reads `200-299, 404`.
    static func statusCodes(_ phrase: Phrase) throws(NotationError) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for part in phrase.parts {
            let dash = part.firstOffset { $0 == "-" }
            let ends = [part.slice(part.offset, dash ?? part.end)] + (dash.map { [part.dropping(to: $0 + 1)] } ?? [])
            let codes = ends.map { $0.isAllDigits && $0.end - $0.offset == 3 ? Int($0.text) ?? 0 : 0 }
            guard let low = codes.first, let high = codes.last, codes.allSatisfy((100...599).contains) else {
                throw NotationError(
                    part.offset,
                    "\(Wording.quote(part.text)) is no status; write codes from 100 to 599, such as "
                        + "'status 200-299, 404'")
            }
            guard low <= high else {
                throw NotationError(
                    part.offset, "\(Wording.quote(part.text)) begins after it ends; write the lower code first")
            }
            ranges.append(low...high)
        }
        return ranges
    }

    private static func bodyText(_ phrase: Phrase) throws(NotationError) -> String {
        let words = phrase.words
        guard words.first?.text == "contains", let verb = words.first else {
            throw NotationError(phrase.offset, "'body' is followed by 'contains' and a text in double quotes")
        }
        let text = phrase.dropping(to: verb.end)
        let unquoted = text.unquoted ?? text.text
        guard !unquoted.isEmpty else {
            throw NotationError(
                text.offset, "'body contains' has no text; write it such as '\(ProbeConditionKind.body.example)'")
        }
        return unquoted
    }

    private static func json(_ phrase: Phrase) throws(NotationError) -> JSONCondition {
        let example = ProbeConditionKind.json.example
        var position = phrase.offset
        let path = try path(phrase, at: &position)
        let rest = phrase.dropping(to: position)
        let signEnd = rest.firstOffset { !"=!<>".unicodeScalars.contains($0) } ?? rest.end
        let sign = rest.slice(rest.offset, signEnd)
        guard let comparison = JSONCondition.Comparison(rawValue: sign.text) else {
            let all = JSONCondition.Comparison.allCases.map(\.rawValue).joined(separator: ", ")
            let problem = sign.isEmpty ? "has no comparison" : "has no comparison \(Wording.quote(sign.text))"
            throw NotationError(
                rest.offset, "'json' \(problem); it takes \(all), as in '\(example)'")
        }
        let literal = rest.dropping(to: signEnd)
        let value = try value(literal, example: example)
        if comparison != .equal, comparison != .notEqual {
            switch value {
            case .boolean, .null:
                throw NotationError(sign.offset, "\(literal.text) is neither more nor less; compare it with == or !=")
            case .text, .number: break
            }
        }
        return JSONCondition(path: path, comparison: comparison, value: value)
    }

    /// Reads `.a.0."b c"`; a step of digits alone is an index.
    private static func path(_ phrase: Phrase, at position: inout Int) throws(NotationError) -> [JSONCondition.Step] {
        guard phrase.first == "." else {
            throw NotationError(
                phrase.offset,
                "a path begins with a point, as in '\(ProbeConditionKind.json.example)' or 'json .items.0.state == 1'")
        }
        var steps: [JSONCondition.Step] = []
        while phrase[position] == "." {
            position += 1
            let isQuoted = phrase[position] == "\""
            if isQuoted {
                guard let close = phrase.firstOffset(from: position + 1, where: { $0 == "\"" }) else {
                    throw NotationError(position, "the name in the path has no closing quote")
                }
                steps.append(.name(phrase.slice(position + 1, close).text))
                position = close + 1
                continue
            }
            let end = phrase.firstOffset(from: position) { ".=!<>\"[".unicodeScalars.contains($0) || $0.isSpace }
            let step = phrase.slice(position, end ?? phrase.end)
            if phrase[end ?? phrase.end] == "[" {
                throw NotationError(end ?? position, "a path takes an index as a step such as '.0', without brackets")
            }
            if step.isEmpty {
                // `.` by itself is the whole text.
                if steps.isEmpty, phrase[position] != "." { return [] }
                throw NotationError(position, "a step of the path is missing behind its point")
            }
            position = step.end
            guard step.isAllDigits else {
                steps.append(.name(step.text))
                continue
            }
            guard let index = Int(step.text), index <= 1_000_000 else {
                throw NotationError(step.offset, "the index \(Wording.quote(step.text)) is too large")
            }
            steps.append(.index(index))
        }
        return steps
    }

    private static func value(_ phrase: Phrase, example: String) throws(NotationError) -> JSONCondition.Value {
        if let text = phrase.unquoted { return .text(text) }
        switch phrase.text {
        case "": throw NotationError(phrase.offset, "'json' has nothing to compare with; write it such as '\(example)'")
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default:
            let isNegative = phrase.first == "-"
            let digits = isNegative ? phrase.dropping(to: phrase.offset + 1) : phrase
            guard digits.first?.isDigit == true else {
                throw NotationError(
                    phrase.offset,
                    "\(Wording.quote(phrase.text)) is no number, true, false or null; put text in double quotes")
            }
            let (number, end) = try NumberNotation.number(in: digits, at: digits.offset)
            guard end == digits.end else {
                throw NotationError(end, "unexpected \(Wording.quote(digits.dropping(to: end).text)) after the number")
            }
            return .number(isNegative ? -number : number)
        }
    }
}
