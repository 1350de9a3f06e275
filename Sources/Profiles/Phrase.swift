// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a notation, and where in it.
public struct NotationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The Unicode scalar of the notation that is meant, from 0.
    public var offset: Int
    /// What is wrong and what to do about it.
    public var message: String

    /// Creates an error at `offset`.
    public init(_ offset: Int, _ message: String) {
        self.offset = offset
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// A stretch of a notation, without spaces around it, that knows where in the notation it stands.
struct Phrase {
    private let scalars: ArraySlice<Unicode.Scalar>

    /// The whole of `text`.
    init(_ text: String) { self.init(Array(text.unicodeScalars)[...]) }

    private init(_ slice: ArraySlice<Unicode.Scalar>) {
        let start = slice.firstIndex { !$0.isPhraseSpace } ?? slice.endIndex
        let end = slice.lastIndex { !$0.isPhraseSpace }.map { $0 + 1 } ?? start
        scalars = slice[start..<end]
    }

    /// Where it begins in the notation.
    var offset: Int { scalars.startIndex }
    /// Where it ends in the notation.
    var end: Int { scalars.endIndex }
    var isEmpty: Bool { scalars.isEmpty }
    var first: Unicode.Scalar? { scalars.first }
    var isAllDigits: Bool { !scalars.isEmpty && scalars.allSatisfy(\.isDigit) }

    var text: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Its words; a word that begins with `"` goes on until the next one.
    var words: [Phrase] {
        var words: [Phrase] = []
        var position = scalars.startIndex
        while position < scalars.endIndex {
            if scalars[position].isPhraseSpace {
                position += 1
                continue
            }
            let rest = scalars[position...]
            let end: Int
            if rest.first == "\"" {
                end = rest.dropFirst().firstIndex(of: "\"").map { $0 + 1 } ?? scalars.endIndex
            } else {
                end = rest.firstIndex(where: \.isPhraseSpace) ?? scalars.endIndex
            }
            words.append(Phrase(scalars[position..<end]))
            position = end
        }
        return words
    }

    /// Its parts between commas.
    var parts: [Phrase] {
        scalars.split(separator: ",", omittingEmptySubsequences: false).map(Phrase.init)
    }

    /// What stands between two offsets.
    func slice(_ from: Int, _ to: Int) -> Phrase { Phrase(scalars[from..<max(from, to)]) }

    /// What stands from `offset` on.
    func dropping(to offset: Int) -> Phrase { Phrase(scalars[offset...]) }

    /// The offset of the first scalar from `start` on that meets the condition.
    func firstOffset(from start: Int? = nil, where condition: (Unicode.Scalar) -> Bool) -> Int? {
        scalars[(start ?? scalars.startIndex)...].firstIndex(where: condition)
    }

    /// Whether there is space in it.
    var hasSpace: Bool { scalars.contains(where: \.isPhraseSpace) }

    /// The text between double quotes; `nil` where it is not all in them.
    var unquoted: String? {
        scalars.count >= 2 && scalars.first == "\"" && scalars.last == "\"" ? withoutQuotes.text : nil
    }

    /// What stands between the double quotes that it begins with.
    var withoutQuotes: Phrase {
        guard first == "\"" else { return self }
        return slice(offset + 1, end > offset + 1 && self[end - 1] == "\"" ? end - 1 : end)
    }

    /// The scalar at `offset`, or `nil` past the end.
    subscript(offset: Int) -> Unicode.Scalar? { scalars.indices.contains(offset) ? scalars[offset] : nil }
}

extension Unicode.Scalar {
    /// Space within a notation; a folded or escaped line break is one too.
    fileprivate var isPhraseSpace: Bool { isSpace || isYAMLBreak }
}
