// SPDX-License-Identifier: Apache-2.0

/// The words that diagnostics share.
enum Wording {
    /// What the user wrote, in quotes, on one line, and not too long to read.
    static func quote(_ text: some StringProtocol) -> String { "'\(line(text))'" }

    /// The same without quotes.
    static func line(_ text: some StringProtocol) -> String {
        var shown = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == 60 {
                shown += "…"
                break
            }
            // Anything that could move a terminal's cursor is shown as a space.
            shown.unicodeScalars.append(scalar.isControl ? " " : scalar)
        }
        return shown
    }

    /// `; did you mean 'x'?` where something is near, else `; ` and what is taken.
    static func remedy(for word: String, among candidates: [String], taking: String) -> String {
        if let near = nearest(to: word, among: candidates) { return "; did you mean '\(near)'?" }
        return candidates.isEmpty ? "" : "; \(taking): " + candidates.joined(separator: ", ")
    }

    /// The candidate that `word` was most likely meant to be, or `nil` where none is near.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.unicodeScalars.count <= 64 else { return nil }
        let written = Array(word.lowercased().unicodeScalars)
        guard !written.isEmpty else { return nil }
        // The beginning of one candidate alone is that one: 'avail' is 4 letters away from 'available'.
        let longer = candidates.filter { $0.lowercased().hasPrefix(word.lowercased()) }
        if written.count >= 3, longer.count == 1 { return longer.first }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let wanted = Array(candidate.lowercased().unicodeScalars)
            // A third of the longer word may be wrong, so that no two-letter word is a guess at another; but 'fo' is
            // 'of'.
            let isSwap = written.sorted() == wanted.sorted()
            let limit = max(min(3, max(written.count, wanted.count) / 3), isSwap ? 1 : 0)
            guard abs(written.count - wanted.count) <= limit else { continue }
            let distance = distance(written, wanted)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (Damerau-Levenshtein).
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            row.reserveCapacity(b.count + 1)
            for j in 1...b.count {
                let change = a[i - 1] == b[j - 1] ? 0 : 1
                var least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + change)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    least = min(least, beforeLast[j - 2] + 1)
                }
                row.append(least)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }

    /// `a, b or c`.
    static func either(_ items: [String]) -> String {
        guard items.count > 1, let last = items.last else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension Unicode.Scalar {
    /// Whether it moves the cursor or the direction of text instead of showing something.
    var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
