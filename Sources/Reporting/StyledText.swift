// SPDX-License-Identifier: Apache-2.0

/// A line of text with colours that knows how many terminal cells it takes.
package struct StyledText: Sendable {
    /// What a span means; how it looks is decided when it is rendered.
    package enum Ink: Sendable {
        case plain, bold, dim, good, warning, bad

        /// The parameter of ANSI "select graphic rendition"; `nil` for plain text.
        var code: StaticString? {
            switch self {
            case .plain: nil
            case .bold: "1"
            case .dim: "2"
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            }
        }
    }

    private var spans: [(text: String, ink: Ink)] = []
    /// Cells that it takes.
    package private(set) var width = 0

    package init(_ text: String = "", _ ink: Ink = .plain) { append(text, ink) }

    /// Appends text, made safe for a terminal.
    package mutating func append(_ text: String, _ ink: Ink = .plain) {
        guard !text.isEmpty else { return }
        let safe = printable(text)
        spans.append((safe, ink))
        width += cellWidth(of: safe)
    }

    package mutating func append(_ other: StyledText) {
        spans += other.spans
        width += other.width
    }

    /// Appends spaces until it takes `column` cells.
    package mutating func pad(to column: Int) {
        if column > width { append(String(repeating: " ", count: column - width)) }
    }

    /// The beginning that takes at most `limit` cells, an ellipsis at its end where anything is left out.
    package func cut(to limit: Int, _ style: TextStyle) -> StyledText {
        guard width > limit else { return self }
        var result = StyledText()
        guard limit > 0 else { return result }
        for span in spans {
            let room = limit - 1 - result.width
            let text = prefix(of: span.text, cells: room)
            result.append(text, span.ink)
            if text.utf8.count < span.text.utf8.count { break }
        }
        result.append(style.ellipsis)
        return result
    }

    /// The text for a terminal or a file, cut to `limit` cells.
    package func rendered(_ style: TextStyle, limit: Int = .max) -> String {
        var result = ""
        for span in cut(to: limit, style).spans {
            let text = style.isUTF8 ? span.text : asciiOnly(span.text)
            if style.hasColor, let code = span.ink.code {
                result += "\u{1B}[\(code)m\(text)\u{1B}[0m"
            } else {
                result += text
            }
        }
        return result
    }
}

/// `text` with what is no sign replaced, so that no name in a profile can drive the terminal or turn text around.
package func printable(_ text: String) -> String {
    // C1 controls begin with 0xC2 in UTF-8, marks of direction with 0xD8 or 0xE2.
    let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0xC2 && $0 != 0xD8 && $0 != 0xE2 }
    if isPlain { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar.value {
        // Breaks of lines and paragraphs, too.
        case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: result += " "
        // What turns the text behind it around: Bidi_Control of Unicode's `PropList.txt`.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: result += "\u{FFFD}"
        default:
            result.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
    }
    return result
}

/// Text for people that goes out as it is, without colours.
public enum PlainText {
    /// `text` with the control characters of each line replaced.
    public static func safe(_ text: String) -> String {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { printable(String($0)) }.joined(separator: "\n")
    }
}

/// `text` for a locale that is not UTF-8: what ASCII has no character for becomes a question mark.
private func asciiOnly(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
    var result = ""
    for character in text {
        switch character {
        case _ where character.isASCII: result.append(character)
        case "–", "—", "−": result.append("-")
        case "’", "‘": result.append("'")
        case "“", "”": result.append("\"")
        default: result += String(repeating: "?", count: cellWidth(of: character))
        }
    }
    return result
}

/// The longest beginning of `text` that takes at most `cells` cells.
private func prefix(of text: String, cells: Int) -> String {
    if text.utf8.count <= cells { return text }
    var result = ""
    var room = cells
    for character in text {
        let width = cellWidth(of: character)
        guard width <= room else { break }
        result.append(character)
        room -= width
    }
    return result
}

/// Terminal cells that `text` takes.
package func cellWidth(of text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { $0 + cellWidth(of: $1) }
}

/// Terminal cells that a character takes: 0, 1 or 2.
///
/// The wide ranges are the East Asian Wide and Fullwidth blocks and the emoji of Unicode's `EastAsianWidth.txt`, by
/// block: names in profiles, not typesetting.
private func cellWidth(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.value {
    case 0x20..<0x7F: return 1
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
        0x20000...0x3FFFD:
        return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default:
        // An emoji presentation selector makes a narrow symbol wide.
        return character.unicodeScalars.contains("\u{FE0F}") ? 2 : 1
    }
}

/// `text` broken at spaces into lines of at most `width` cells; a longer word has its own line.
package func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in printable(text).split(separator: " ") {
        if line.isEmpty {
            line = String(word)
        } else if cellWidth(of: line) + 1 + cellWidth(of: String(word)) <= width {
            line += " " + word
        } else {
            lines.append(line)
            line = String(word)
        }
    }
    if !line.isEmpty || lines.isEmpty { lines.append(line) }
    return lines
}
