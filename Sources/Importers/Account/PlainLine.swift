// SPDX-License-Identifier: Apache-2.0

/// What a source says, made fit for a comment: one line of text that YAML takes, and not too long to read.
enum PlainLine {
    /// The most characters that are shown of one thing.
    static let limit = 200

    /// The text on one line; what would end it or drive a terminal is shown as a space.
    static func text(_ text: String) -> String {
        var shown = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == limit {
                shown += "…"
                break
            }
            shown.unicodeScalars.append(isPlain(scalar) ? scalar : " ")
        }
        return shown
    }

    /// Whether a profile can have the text as it is, on one line.
    static func isPlain(_ text: String) -> Bool { !text.isEmpty && text.unicodeScalars.allSatisfy(isPlain) }

    /// Nor bidirectional controls, which make a line look like another one.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x061B, 0x061D...0x200D, 0x2010...0x2027, 0x2030...0x2065, 0x206A...0xD7FF,
            0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            true
        default: false
        }
    }

    /// A name that a stressor or a phase may have; `nil` where nothing is left of the text.
    ///
    /// ASCII letters, digits, `-` and `_`, beginning with a letter, 40 characters at most: names get numbers behind
    /// them, and 64 are taken of a stressor's.
    static func name(_ text: String) -> String? {
        var name = ""
        for scalar in text.unicodeScalars {
            if name.utf8.count == 40 { break }
            switch scalar {
            case "a"..."z", "A"..."Z": name.unicodeScalars.append(scalar)
            case "0"..."9", "-", "_": if !name.isEmpty { name.unicodeScalars.append(scalar) }
            default: if !name.isEmpty, name.last != "-" { name += "-" }
            }
        }
        while name.last == "-" { name.removeLast() }
        return name.isEmpty ? nil : name
    }

    /// Text in single quotes, as YAML has it.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
