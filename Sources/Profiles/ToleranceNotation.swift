// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads `1pp`, `1%` or an amount in the stressor's unit.
enum ToleranceNotation {
    static func parse(_ text: String, for stressor: String, unit: Unit) throws(NotationError) -> Tolerance {
        let phrase = Phrase(text)
        let taking =
            "tolerance of '\(stressor)' takes points such as '1pp', percent of the target such as '1%', or "
            + (AmountTaker(name: "", kinds: [unit.description.amountKind]).taking.split(separator: " takes ").last.map(
                String.init)
                ?? "an amount")
        guard phrase.first?.isDigit == true || phrase.first == "-" || phrase.first == "+" || phrase.first == "." else {
            throw NotationError(phrase.offset, "\(Wording.quote(phrase.text)) is not a tolerance; \(taking)")
        }
        let (value, end) = try NumberNotation.number(in: phrase, at: phrase.offset)
        switch phrase.dropping(to: end).text {
        case "pp", "%":
            guard value <= 100 else {
                throw NotationError(phrase.offset, "a tolerance cannot exceed 100; write one such as '1pp' or '1%'")
            }
            return phrase.dropping(to: end).text == "pp" ? .points(value) : .percent(value)
        case "" where unit.description.amountKind != .count:
            throw NotationError(phrase.offset, "\(Wording.quote(phrase.text)) has no unit; \(taking)")
        default:
            let taker = AmountTaker(name: "tolerance of '\(stressor)'", kinds: [unit.description.amountKind])
            return .absolute(try UnitNotation.amount(phrase, for: taker))
        }
    }
}
