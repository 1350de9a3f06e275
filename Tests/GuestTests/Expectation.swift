// SPDX-License-Identifier: Apache-2.0

/// One line of a scenario's `expect`: what must hold of the figures, the log and the output.
///
/// `SUBJECT is VALUE`, `is not`, `<`, `<=`, `>`, `>=`, `contains`, or `within TOLERANCE of VALUE`. A subject is a path
/// as ``Evidence/value(at:)`` knows it. A value is a number with an optional unit, a text in double quotes, `true`,
/// `false`, `null`, or another path. A tolerance in percent is of the value.
struct Expectation: Equatable {
    /// What is compared with the subject.
    enum Operand: Equatable {
        case value(Evidence.Value)
        case path(String)
    }

    /// How the subject is compared.
    enum Comparison: Equatable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contains
        case within(Double, isRelative: Bool)
    }

    let text: String
    let subject: String
    let comparison: Comparison
    let operand: Operand

    /// What is wrong with a line.
    struct Problem: Error, CustomStringConvertible, Equatable {
        let description: String
    }

    init(_ text: String) throws(Problem) {
        self.text = text
        let words = try Self.words(of: text)
        guard let subject = words.first, !subject.hasPrefix("\"") else { throw Problem(description: "no subject") }
        self.subject = subject
        var rest = words.dropFirst()
        switch rest.popFirst() {
        case "is":
            comparison = rest.first == "not" ? .notEqual : .equal
            if comparison == .notEqual { rest.removeFirst() }
        case "<": comparison = .less
        case "<=": comparison = .lessOrEqual
        case ">": comparison = .greater
        case ">=": comparison = .greaterOrEqual
        case "contains": comparison = .contains
        case "within":
            guard let word = rest.popFirst(), rest.popFirst() == "of" else {
                throw Problem(description: "'within' takes 'TOLERANCE of VALUE'")
            }
            if word.hasSuffix("%"), let percent = Double(word.dropLast()), percent > 0 {
                comparison = .within(percent / 100, isRelative: true)
            } else if let number = Self.number(word), number > 0 {
                comparison = .within(number, isRelative: false)
            } else {
                throw Problem(description: "'\(word)' is no tolerance")
            }
        case let word?: throw Problem(description: "'\(word)' is no comparison")
        case nil: throw Problem(description: "nothing is said of '\(subject)'")
        }
        guard rest.count == 1, let word = rest.first else {
            throw Problem(description: "one value is expected, and there are \(rest.count)")
        }
        operand = Self.operand(word)
        if comparison.isOfNumbers, case .value(let value) = operand, value.number == nil {
            throw Problem(description: "'\(word)' is no number")
        }
    }

    /// What does not hold, with the figures; `nil` where all does.
    func objection(to evidence: Evidence) -> String? {
        guard let found = evidence.value(at: subject) else { return "\(text): there is no \(subject)" }
        let wanted: Evidence.Value
        switch operand {
        case .value(let value): wanted = value
        case .path(let path):
            guard let value = evidence.value(at: path) else { return "\(text): there is no \(path)" }
            wanted = value
        }
        if holds(found, wanted) { return nil }
        if case .path(let path) = operand { return "\(text): it is \(found), and \(path) is \(wanted)" }
        return "\(text): it is \(found)"
    }

    private func holds(_ found: Evidence.Value, _ wanted: Evidence.Value) -> Bool {
        // Of many, as `log.sample[*]…` gives, each must do; but one is enough to be contained.
        if case .list(let list) = found, comparison != .contains, wanted.isScalar {
            return !list.isEmpty && list.allSatisfy { holds($0, wanted) }
        }
        switch comparison {
        case .equal: return found == wanted
        case .notEqual: return found != wanted
        case .contains:
            if case .list(let list) = found { return list.contains(wanted) }
            if case .text(let text) = found, case .text(let part) = wanted { return text.contains(part) }
            return false
        case .less, .lessOrEqual, .greater, .greaterOrEqual, .within:
            guard let a = found.number, let b = wanted.number else { return false }
            switch comparison {
            case .less: return a < b
            case .lessOrEqual: return a <= b
            case .greater: return a > b
            case .greaterOrEqual: return a >= b
            case .within(let tolerance, let isRelative): return abs(a - b) <= tolerance * (isRelative ? abs(b) : 1)
            default: return false
            }
        }
    }

    private static func operand(_ word: String) -> Operand {
        if word.hasPrefix("\"") { return .value(.text(String(word.dropFirst().dropLast()))) }
        switch word {
        case "true": return .value(.bool(true))
        case "false": return .value(.bool(false))
        case "null": return .value(.null)
        default: return number(word).map { .value(.number($0)) } ?? .path(word)
        }
    }

    private static let units: [(suffix: String, factor: Double)] = [
        ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("", 1),
    ]

    private static func number(_ word: String) -> Double? {
        guard let first = word.first, first.isNumber || first == "-" else { return nil }
        for unit in units where word.hasSuffix(unit.suffix) {
            return Double(word.dropLast(unit.suffix.count)).map { $0 * unit.factor }
        }
        return nil
    }

    /// Words between blanks; a text in quotes is one, quotes included.
    private static func words(of text: String) throws(Problem) -> [String] {
        var words: [String] = []
        var rest = text.drop { $0 == " " }
        while let first = rest.first {
            if first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\"") else {
                    throw Problem(description: "a quote is not closed")
                }
                words.append(String(rest[...end]))
                rest = rest[rest.index(after: end)...]
            } else {
                words.append(String(rest.prefix { $0 != " " }))
                rest = rest.drop { $0 != " " }
            }
            rest = rest.drop { $0 == " " }
        }
        return words
    }
}

extension Expectation.Comparison {
    fileprivate var isOfNumbers: Bool {
        switch self {
        case .equal, .notEqual, .contains: false
        default: true
        }
    }
}
