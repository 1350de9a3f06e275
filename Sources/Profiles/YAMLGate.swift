// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads a text's outline and refuses what must not reach the YAML library.
///
/// The library expands aliases and recurses into nested collections while it composes, so a text of a few hundred bytes
/// could cost hours ("billion laughs") or the stack. This walks the tokens of YAML once, without recursion, knows
/// quoted text, comments, block scalars and continued lines from the rest, and stops at the features that profiles do
/// without.
/// It does not judge syntax: what it passes is parsed by the library, which does.
struct YAMLGate {
    /// The deepest nesting that is passed on; a profile needs 4.
    static let depthLimit = 32
    /// After so many problems the rest would be noise.
    private static let problemLimit = 20

    private let text: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var column = 1
    /// The columns of the block collections around the position.
    private var indents: [Int] = []
    private var flowDepth = 0
    /// Where the last scalar or flow collection began: a key, should a colon follow on its line.
    private var keyMark: SourceMark?
    private var hasContent = false
    private var problems: [Diagnostic] = []
    private var isDone = false

    private init(_ text: [Unicode.Scalar]) { self.text = text }

    /// The problems of `text`; where there is any, the text must not be composed.
    static func problems(of text: [Unicode.Scalar]) -> [Diagnostic] {
        var gate = YAMLGate(text)
        while !gate.isDone, gate.position < text.count { gate.readToken() }
        if gate.problems.isEmpty, !gate.hasContent {
            return [Diagnostic(nil, "the profile is empty; it needs at least 'phases'")]
        }
        return gate.problems
    }

    // MARK: Tokens

    private mutating func readToken() {
        let scalar = text[position]
        if scalar.isSpace || scalar.isYAMLBreak { return advance() }
        if scalar == "#" { return skipLine() }
        if column == 1, let marker = documentMarker() { return readMarker(marker) }
        let mark = SourceMark(line: line, column: column)
        if scalar == "%", column == 1, !hasContent {
            refuse("YAML directives", "leave the line out", mark)
            return skipLine()
        }
        hasContent = true
        if flowDepth == 0 {
            while let indent = indents.last, indent > column { indents.removeLast() }
        }
        switch scalar {
        case "&": refuse("anchors", "write the values out where they are used", mark)
        case "*": refuse("aliases", "write the values out, or put text that begins with '*' in quotes", mark)
        case "!": refuse("tags", "leave the tag out, or put text that begins with '!' in quotes", mark)
        case "\"", "'": readQuoted(scalar, mark)
        case "[", "{":
            if flowDepth == 0 { keyMark = mark }
            flowDepth += 1
            checkDepth(mark)
            advance()
        case "]", "}":
            flowDepth = max(0, flowDepth - 1)
            advance()
        case "," where flowDepth > 0: advance()
        case "|", ">":
            if flowDepth == 0 { skipBlockScalar() } else { readPlain(mark) }
        case "-", "?":
            guard isBlank(at: position + 1) else { return readPlain(mark) }
            open(column, mark)
            advance()
        case ":":
            guard isBlank(at: position + 1) || flowDepth > 0 else { return readPlain(mark) }
            if let keyMark, keyMark.line == line { open(keyMark.column, keyMark) } else { open(column, mark) }
            advance()
        default: readPlain(mark)
        }
    }

    /// Notes a block collection at `column`, unless it is the one that is open.
    private mutating func open(_ column: Int, _ mark: SourceMark) {
        guard flowDepth == 0, indents.last ?? 0 < column else { return }
        indents.append(column)
        checkDepth(mark)
    }

    private mutating func checkDepth(_ mark: SourceMark) {
        guard indents.count + flowDepth > Self.depthLimit else { return }
        problems.append(
            Diagnostic(mark, "nested more than \(Self.depthLimit) levels deep; a profile needs no more than 4"))
        isDone = true
    }

    private mutating func refuse(_ feature: String, _ remedy: String, _ mark: SourceMark) {
        let start = position
        while position < text.count, !isBlank(at: position), !(flowDepth > 0 && isFlowIndicator(at: position)) {
            advance()
        }
        var word = String.UnicodeScalarView()
        word.append(contentsOf: text[start..<position])
        let shown = Wording.quote(String(word))
        problems.append(Diagnostic(mark, "\(feature) (\(shown)) are not taken in a profile; \(remedy)"))
        isDone = problems.count >= Self.problemLimit
    }

    private mutating func readMarker(_ marker: Unicode.Scalar) {
        if marker == "-", hasContent {
            problems.append(
                Diagnostic(
                    SourceMark(line: line, column: column),
                    "a second document begins here; a profile is one document, so leave the '---' out"))
            isDone = true
        }
        indents = []
        flowDepth = 0
        for _ in 0..<3 { advance() }
    }

    private mutating func readQuoted(_ quote: Unicode.Scalar, _ mark: SourceMark) {
        keyMark = mark
        advance()
        while position < text.count {
            let scalar = text[position]
            advance()
            if scalar == "\\", quote == "\"" {
                if position < text.count { advance() }
            } else if scalar == quote {
                guard quote == "'", position < text.count, text[position] == "'" else { return }
                advance()
            }
        }
    }

    private mutating func skipBlockScalar() {
        // The header; a comment may follow it.
        skipLine()
        let parent = indents.last ?? 1
        while position < text.count {
            if text[position].isYAMLBreak {
                advance()
                continue
            }
            var first = position
            while first < text.count, text[first] == " " { first += 1 }
            let isBlankLine = first == text.count || text[first].isYAMLBreak
            guard isBlankLine || first - position + 1 > parent else { return }
            skipLine()
        }
    }

    /// Walks over a plain scalar and the lines that continue it.
    private mutating func readPlain(_ mark: SourceMark) {
        keyMark = mark
        advance()
        while position < text.count {
            let scalar = text[position]
            if scalar == ":", isBlank(at: position + 1) || (flowDepth > 0 && isFlowIndicator(at: position + 1)) {
                return
            }
            if flowDepth > 0, isFlowIndicator(at: position) { return }
            if scalar == "#", isBlank(at: position - 1) { return }
            if scalar.isYAMLBreak {
                while position < text.count, isBlank(at: position) { advance() }
                guard position < text.count else { return }
                if flowDepth == 0, column <= indents.last ?? 0 { return }
                if column == 1, documentMarker() != nil { return }
            } else {
                advance()
            }
        }
    }

    // MARK: Scalars

    private mutating func advance() {
        let scalar = text[position]
        position += 1
        // Of a CR LF pair, the LF ends the line.
        if scalar.isYAMLBreak, !(scalar == "\r" && position < text.count && text[position] == "\n") {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }

    private mutating func skipLine() {
        while position < text.count, !text[position].isYAMLBreak { advance() }
    }

    /// Whether there is space, a line's end or the text's end at `index`.
    private func isBlank(at index: Int) -> Bool {
        guard index >= 0, index < text.count else { return true }
        return text[index].isSpace || text[index].isYAMLBreak
    }

    private func isFlowIndicator(at index: Int) -> Bool {
        guard index < text.count else { return false }
        return switch text[index] {
        case ",", "[", "]", "{", "}": true
        default: false
        }
    }

    /// `-` at `---`, `.` at `...`; `nil` elsewhere.
    private func documentMarker() -> Unicode.Scalar? {
        let scalar = text[position]
        guard scalar == "-" || scalar == ".", position + 2 < text.count, text[position + 1] == scalar,
            text[position + 2] == scalar, isBlank(at: position + 3)
        else { return nil }
        return scalar
    }
}
