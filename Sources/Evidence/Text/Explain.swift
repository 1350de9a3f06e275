// SPDX-License-Identifier: Apache-2.0

public import LoadModel
public import Reporting

/// What each word of exert's means: causes, verdicts, what becomes of objectives, findings.
///
/// The words and their explanations stand where they are declared; this puts them together.
public enum Explain {
    /// A word.
    public struct Entry: Sendable {
        /// The word, as the log has it.
        public var word: String
        /// What kind of word it is.
        public var kind: String
        /// What it means, and what helps.
        public var explanation: Explanation
    }

    /// All words, by kind.
    public static let entries: [Entry] =
        Cause.allCases.map { Entry(word: $0.rawValue, kind: "cause", explanation: $0.explanation) }
        + Verdict.allCases.map { Entry(word: $0.rawValue, kind: "verdict on a load", explanation: $0.explanation) }
        + ObjectiveVerdict.allCases.map {
            Entry(word: $0.rawValue, kind: "verdict on an objective", explanation: $0.explanation)
        }
        + ObjectiveResult.Reason.allCases.map {
            Entry(word: $0.rawValue, kind: "reason of inconclusive", explanation: $0.explanation)
        }
        + Finding.explanations.sorted { $0.key < $1.key }.map {
            Entry(word: $0.key, kind: "finding", explanation: $0.value)
        }

    /// The words that are meant by `text`: dashes and blanks are taken for underscores, and case does not count.
    public static func entries(named text: String) -> [Entry] {
        let word = text.lowercased().replacing("-", with: "_").replacing(" ", with: "_")
        return entries.filter { $0.word == word }
    }

    /// The words that begin as `text` does, or have it in them, for who mistyped one.
    public static func near(_ text: String) -> [String] {
        let word = text.lowercased().replacing("-", with: "_")
        let part = String(word.prefix(4))
        guard !part.isEmpty else { return [] }
        return Array(entries.map(\.word).filter { $0.contains(part) }.prefix(6))
    }

    /// The long form of some words, ending in a line feed.
    public static func text(_ entries: [Entry], style: TextStyle) -> String {
        var lines = TextLines(style)
        for (index, entry) in entries.enumerated() {
            if index > 0 { lines.append() }
            var head = StyledText(entry.word, .bold)
            head.append(" (\(entry.kind))", .dim)
            lines.append(head)
            lines.append(StyledText("  "), sentence: entry.explanation.meaning + ".")
            guard !entry.explanation.remedy.isEmpty else { continue }
            lines.append(StyledText("  what helps: ", .dim), sentence: entry.explanation.remedy + ".")
        }
        return lines.text
    }

    /// All words with what they mean, ending in a line feed.
    public static func list(style: TextStyle) -> String {
        var lines = TextLines(style)
        var kind = ""
        for entry in entries {
            if entry.kind != kind {
                if !kind.isEmpty { lines.append() }
                lines.append("\(entry.kind):", .bold)
                kind = entry.kind
            }
            var head = StyledText("  \(entry.word)  ")
            head.pad(to: 28)
            lines.append(head, sentence: entry.explanation.meaning)
        }
        return lines.text
    }
}
