// SPDX-License-Identifier: Apache-2.0

/// A decimal number as notations write it: digits with an optional fraction, and nothing else.
///
/// What YAML 1.1 would make of `010`, `1_000` or `1e3` differs between libraries; here each is an error that says
/// what to write.
enum NumberNotation {
    /// Reads the number at `start`; returns its value and where it ends.
    static func number(in phrase: Phrase, at start: Int) throws(NotationError) -> (value: Double, end: Int) {
        let whole = Wording.quote(phrase.text)
        switch phrase[start] {
        case "-": throw NotationError(start, "\(whole) is negative; write a number from 0 on")
        case "+": throw NotationError(start, "\(whole) has a sign; write the number without it")
        case "." where phrase[start + 1]?.isDigit == true:
            throw NotationError(start, "\(whole) begins with a point; write '0' before it")
        case let scalar? where scalar.isDigit: break
        default: throw NotationError(start, "\(whole) is not a number")
        }
        var end = phrase.firstOffset(from: start) { !$0.isDigit } ?? phrase.end
        if phrase[start] == "0", end > start + 1 {
            throw NotationError(start, "\(whole) has a leading zero; write the number without it")
        }
        if phrase[end] == "_" {
            throw NotationError(end, "\(whole) has an underscore; write the digits without it")
        }
        if phrase[end] == ",", phrase[end + 1]?.isDigit == true {
            throw NotationError(
                end, "\(whole) has a comma; write the fraction with a point and thousands without a sign")
        }
        if phrase[end] == "." {
            guard phrase[end + 1]?.isDigit == true else {
                throw NotationError(end, "\(whole) ends its number with a point; write digits after it or leave it out")
            }
            end = phrase.firstOffset(from: end + 1) { !$0.isDigit } ?? phrase.end
        }
        if phrase[end] == "e" || phrase[end] == "E" {
            let next = phrase[end + 1]
            if next?.isDigit == true || next == "-" || next == "+" {
                throw NotationError(end, "\(whole) has an exponent; write the number in plain digits")
            }
        }
        if phrase[end] == "." { throw NotationError(end, "\(whole) has two points in its number") }
        guard let value = Double(phrase.slice(start, end).text), value <= limit else {
            throw NotationError(start, "\(whole) is too large")
        }
        return (value, end)
    }

    /// Reads a whole number that fits `Int`, the same way.
    static func integer(in phrase: Phrase) throws(NotationError) -> Int {
        let (_, end) = try number(in: phrase, at: phrase.offset)
        guard end == phrase.end, let integer = Int(phrase.text) else {
            throw NotationError(phrase.offset, "\(Wording.quote(phrase.text)) is not a whole number")
        }
        return integer
    }

    /// The largest number that is taken, with or without its unit: 2^62, which is 4 EiB and still fits `Int64`.
    static let limit = 0x1p62
}
