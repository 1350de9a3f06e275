// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// An account as text: the head of the profile, and the summary for people.
public enum AccountText {
    /// Different things that are told of one fate; what else there is, is counted.
    private static let groupLimit = 60
    /// Things that are named of those with the same note.
    private static let nameLimit = 8
    private static let width = 110

    /// One line: what was carried, in figures.
    public static func sentence(_ account: ImportAccount) -> String {
        if account.entries.isEmpty { return "nothing was read" }
        return ImportAccount.Fate.allCases.compactMap { fate in
            let count = account.count(fate)
            return count == 0 ? nil : "\(count) \(fate.title)"
        }.joined(separator: ", ")
    }

    /// What is not exact, and what is to be known of the rest, in lines for people; empty where there is nothing.
    public static func summary(_ account: ImportAccount) -> String {
        lines(account).map { "\($0)\n" }.joined()
    }

    /// The head of a profile.
    static func comment(_ account: ImportAccount, source: String) -> String {
        let title = "Imported from \(account.tool.title): \(PlainLine.text(source)) (\(sentence(account)))."
        var text = wrapped(title, indent: "").map { "# \($0)\n" }.joined()
        let lines = lines(account)
        if !lines.isEmpty { text += "#\n" + lines.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined() }
        return text
    }

    /// Entries of the same note.
    private struct Group {
        var note: String
        var entries: [ImportAccount.Entry]
    }

    private static func lines(_ account: ImportAccount) -> [String] {
        var lines: [String] = []
        for fate in [ImportAccount.Fate.near, .notCarried, .exact] {
            var groups: [Group] = []
            var places: [String: Int] = [:]
            var left = 0
            for entry in account.entries where entry.fate == fate && (fate != .exact || !entry.note.isEmpty) {
                if let place = places[entry.note] {
                    groups[place].entries.append(entry)
                } else if groups.count < groupLimit {
                    places[entry.note] = groups.count
                    groups.append(Group(note: entry.note, entries: [entry]))
                } else {
                    left += 1
                }
            }
            guard !groups.isEmpty else { continue }
            lines.append(fate == .exact ? "Exact, and to know:" : fate == .near ? "Near:" : "Not carried:")
            for group in groups { lines += wrapped(line(group), indent: "    ", first: "  ") }
            if left > 0 { lines.append("  and \(left) more, which the account in JSON has") }
        }
        return lines
    }

    private static func line(_ group: Group) -> String {
        var names: [String] = []
        for entry in group.entries {
            let text = "'\(entry.text)'"
            if names.count < nameLimit, !names.contains(text) { names.append(text) }
        }
        let marks = group.entries.compactMap(\.mark)
        var place = ""
        if let first = marks.first {
            let lines = marks.reduce(into: [Int]()) { all, mark in if all.last != mark.line { all.append(mark.line) } }
            place = lines.count == 1 ? "line \(first.line): " : ""
            if lines.count > 1 {
                let shown = lines.prefix(nameLimit).map(String.init).joined(separator: ", ")
                place = "lines \(shown)\(lines.count > nameLimit ? " …" : ""): "
            }
        }
        let shown = Set(names).count
        let more = group.entries.reduce(into: Set<String>()) { $0.insert("'\($1.text)'") }.count - shown
        let list = names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        return place + list + (group.note.isEmpty ? "" : ": " + group.note)
    }

    /// The text in lines of at most ``width`` columns, broken between words.
    private static func wrapped(_ text: String, indent: String, first: String = "") -> [String] {
        var lines: [String] = []
        var line = first
        var count = first.utf8.count
        var isEmpty = true
        for word in text.split(separator: " ") {
            let length = word.unicodeScalars.count
            if !isEmpty, count + 1 + length > width {
                lines.append(line)
                line = indent
                count = indent.utf8.count
                isEmpty = true
            }
            if !isEmpty {
                line += " "
                count += 1
            }
            line += word
            count += length
            isEmpty = false
        }
        return lines + [line]
    }
}
