// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A word of a source: of a line of a file, or of a command line.
struct SourceWord {
    var text: String
    /// Where it stands; `nil` on a command line.
    var mark: SourceMark?
}

extension SourceWord {
    /// The words of a line, between blanks and tabs; columns count characters.
    static func words(of line: Substring, number: Int) -> [SourceWord] {
        var words: [SourceWord] = []
        var text = ""
        var start = 0
        var column = 0
        for scalar in line.unicodeScalars {
            column += 1
            if scalar == " " || scalar == "\t" {
                if !text.isEmpty { words.append(SourceWord(text: text, mark: SourceMark(line: number, column: start))) }
                text = ""
            } else {
                if text.isEmpty { start = column }
                text.unicodeScalars.append(scalar)
            }
        }
        if !text.isEmpty { words.append(SourceWord(text: text, mark: SourceMark(line: number, column: start))) }
        return words
    }
}

/// Numbers with what stands behind them.
enum NumberPrefix {
    /// The digits at the beginning of the text, with a sign before them; `nil` where there are none, and of more than
    /// `Int64` holds.
    static func integer(_ text: some StringProtocol) -> Int64? {
        var digits = text.utf8[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        digits = digits.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty, let magnitude = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    /// The number at the beginning of the text, digits with or without a fraction, and what stands behind it; `nil`
    /// where there is none, or it is more than 2^62.
    static func decimal(_ text: some StringProtocol) -> (value: Double, rest: String)? {
        let bytes = Array(text.utf8)
        var end = 0
        var points = 0
        while end < bytes.count {
            if bytes[end] == UInt8(ascii: ".") {
                points += 1
                if points > 1 { break }
            } else if !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end]) {
                break
            }
            end += 1
        }
        guard let value = Double(String(decoding: bytes[..<end], as: UTF8.self)), value.isFinite, value <= 0x1p62
        else { return nil }
        return (value, String(decoding: bytes[end...], as: UTF8.self))
    }
}
