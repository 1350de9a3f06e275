// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads what parameters are given, and puts them in place of `$level` in a profile's texts.
enum ParameterNotation {
    /// What a parameter may be.
    enum Kind: String, CaseIterable {
        case amount, number, duration, text

        /// For messages: what it takes.
        var taking: String {
            switch self {
            case .amount: "an amount such as '80%', '2GiB' or '15000'"
            case .number: "a number such as '3' or '0.5'"
            case .duration: "a duration such as '30s'"
            case .text: "text of one line, \(ParameterNotation.longest) characters at most"
            }
        }

        /// Something that it takes, for the rest of the reading where what was given is wrong.
        var placeholder: String {
            switch self {
            case .amount: "1%"
            case .number: "1"
            case .duration: "1s"
            case .text: "x"
            }
        }

        /// Whether it takes `text`.
        func takes(_ text: String) -> Bool {
            let phrase = Phrase(text)
            switch self {
            case .amount:
                var taker = AmountTaker(name: "", kinds: AmountKind.allCases)
                taker.mostPercent = 1_000_000
                return (try? UnitNotation.amount(phrase, for: taker)) != nil
            case .number:
                let digits = phrase.first == "-" ? phrase.dropping(to: phrase.offset + 1) : phrase
                guard let (_, end) = try? NumberNotation.number(in: digits, at: digits.offset) else { return false }
                return end == digits.end
            case .duration: return (try? UnitNotation.duration(phrase)) != nil
            case .text:
                let scalars = text.unicodeScalars
                return scalars.count <= ParameterNotation.longest && !scalars.contains(where: \.isControl)
            }
        }

        /// What a default is of; a count is a number.
        static func found(in text: String) -> Kind {
            [.duration, .number, .amount].first { $0.takes(text) } ?? .text
        }
    }

    /// The most characters that a value may have.
    static let longest = 1000
    /// The most parameters that a profile may have.
    static let countLimit = 64
    /// The most bytes that all texts of a profile may have together with the parameters in them.
    static let textLimit = 4 << 20

    /// Whether `text` can name a parameter: letters, digits and `_`, so that `$a-$b` is two of them.
    static func isName(_ text: some StringProtocol) -> Bool {
        let scalars = text.unicodeScalars
        return scalars.count <= 64 && scalars.first?.beginsParameter == true
            && scalars.allSatisfy { $0.beginsParameter || $0.isDigit }
    }

    /// A stretch of a text: what stands there, or a parameter's name with the offset of its `$`.
    enum Part: Equatable {
        case text(String)
        case parameter(String, offset: Int)
    }

    /// Takes a text apart: `$level` is a parameter, `$$` is `$`, and a `$` before anything else is itself.
    static func parts(of text: String) -> [Part] {
        let scalars = Array(text.unicodeScalars)
        var parts: [Part] = []
        var plain = String.UnicodeScalarView()
        var position = 0
        while position < scalars.count {
            let next = position + 1 < scalars.count ? scalars[position + 1] : nil
            guard scalars[position] == "$", let next, next == "$" || next.beginsParameter else {
                plain.append(scalars[position])
                position += 1
                continue
            }
            if next == "$" {
                plain.append("$")
                position += 2
                continue
            }
            let end = scalars[(position + 1)...].firstIndex { !$0.beginsParameter && !$0.isDigit } ?? scalars.count
            var name = String.UnicodeScalarView()
            name.append(contentsOf: scalars[(position + 1)..<end])
            parts += [.text(String(plain)), .parameter(String(name), offset: position)]
            plain = String.UnicodeScalarView()
            position = end
        }
        return parts + [.text(String(plain))]
    }
}

extension Unicode.Scalar {
    fileprivate var beginsParameter: Bool { isLetter || self == "_" }
}
