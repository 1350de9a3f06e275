// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

/// Reads a profile's text to its tree, with every problem that it has as YAML.
struct YAMLReader {
    /// The deepest nesting that is taken; a profile needs 4.
    static let depthLimit = 32

    private let source: SourceText
    /// What the text is called in messages.
    private let title: String
    private(set) var problems: [Diagnostic] = []

    init(_ source: SourceText, title: String = "the profile") {
        self.source = source
        self.title = title
    }

    /// The tree; `nil` of an empty text, and where it cannot be read.
    ///
    /// There may be ``problems`` in any case.
    mutating func read() -> YAMLNode? {
        var scalars = source.scalars
        refuseDirectives(in: &scalars)
        var text = YAMLText(scalars, depthLimit: Self.depthLimit)
        // libyaml ends where a tag, an anchor or an alias is not well formed, as in `*.log`, or stands where nothing
        // may. To find every problem of the text at once, its first character is replaced, which moves no mark, and
        // the text is read again.
        while problems.count < YAMLText.findingLimit, let mark = text.error?.propertyMark,
            let index = source.index(of: mark), scalars[index].beginsProperty
        {
            refuse(at: index, mark, isInFlow: true, isMalformed: true)
            scalars[index] = "x"
            text = YAMLText(scalars, depthLimit: Self.depthLimit)
        }
        let isWhole = scalars.elementsEqual(source.scalars)
        var isTaken = problems.isEmpty
        for finding in text.findings {
            switch finding {
            case .tag(let mark, let isInFlow):
                isTaken = false
                if let index = source.index(of: mark) { refuse(at: index, mark, isInFlow: isInFlow) }
            case .unknownAlias(let name, let mark):
                isTaken = false
                problems.append(
                    Diagnostic(
                        mark,
                        "no anchor '&\(Wording.line(name))' ends before alias '*\(Wording.line(name))'; put it before, "
                            + "or put text that begins with '*' in quotes"))
            case .tooManyByAlias(let mark):
                problems.append(
                    Diagnostic(
                        mark, "by aliases \(title) has more than \(YAMLText.aliasLimit) values, the limit"))
            case .mergeKey(let mark):
                problems.append(
                    Diagnostic(mark, "'<<' takes a mapping or a list of them, such as '<<: *base'"))
            case .keyWithoutText(let mark):
                problems.append(Diagnostic(mark, "a key must be a word, not a list or a mapping"))
            case .duplicateKey(let name, let mark, let first):
                problems.append(
                    Diagnostic(
                        mark,
                        "duplicate key \(Wording.quote(name)); it is already on line \(first.line), keep one of them"))
            case .secondDocument(let mark):
                problems.append(
                    Diagnostic(
                        mark, "a second document begins here; a profile is one document, so leave the '---' out"))
            case .tooDeep(let mark):
                problems.append(
                    Diagnostic(mark, "nested more than \(Self.depthLimit) levels deep; a profile needs no more than 4"))
            }
        }
        // What was put in place of a character may be what it complains of.
        if isWhole, let error = text.error { problems.append(diagnostic(of: error)) }
        return isTaken ? text.root : nil
    }

    // MARK: What profiles do without

    /// Refuses the lines before the profile that begin with '%', and makes comments of them.
    private mutating func refuseDirectives(in scalars: inout [Unicode.Scalar]) {
        var start = 0
        var line = 1
        while start < scalars.count {
            let end = scalars[start...].firstIndex(where: \.isYAMLBreak) ?? scalars.count
            switch scalars[start..<end].first(where: { !$0.isSpace }) {
            case nil, "#": break
            case "%" where scalars[start] == "%":
                let word = scalars[start..<end].prefix { !$0.isSpace }
                problems.append(
                    Self.refusal("YAML directives", word, "leave the line out", SourceMark(line: line, column: 1)))
                scalars[start] = "#"
            default: return
            }
            // Of a CR LF pair, the LF ends the line.
            let isPair = end + 1 < scalars.count && scalars[end] == "\r" && scalars[end + 1] == "\n"
            start = end + (isPair ? 2 : 1)
            line += 1
        }
    }

    /// Refuses the tags that stand before a value, and at its beginning what is no anchor or alias.
    private mutating func refuse(at start: Int, _ mark: SourceMark, isInFlow: Bool, isMalformed: Bool = false) {
        var index = start
        var mark = mark
        let text = source.scalars
        while index < text.count, text[index].beginsProperty {
            let word = text[index...].prefix { !$0.isSpace && !$0.isYAMLBreak && !(isInFlow && $0.isFlowIndicator) }
            if text[index] == "!" {
                problems.append(
                    Self.refusal("tags", word, "leave the tag out, or put text that begins with '!' in quotes", mark))
            } else if isMalformed, index == start {
                let title = text[index] == "&" ? "anchor" : "alias"
                problems.append(
                    Diagnostic(
                        mark,
                        "\(Self.quote(word)) is no \(title), whose name has letters, digits, '-' and '_'; put text "
                            + "that begins with '\(text[index])' in quotes"))
            }
            // A value may have both, one after the other.
            let next = text[word.endIndex...].firstIndex { !$0.isSpace } ?? text.count
            mark.column += next - index
            index = next
        }
    }

    private static func refusal(
        _ feature: String, _ word: ArraySlice<Unicode.Scalar>, _ remedy: String, _ mark: SourceMark
    ) -> Diagnostic {
        Diagnostic(mark, "\(feature) (\(quote(word))) are not taken in a profile; \(remedy)")
    }

    private static func quote(_ word: ArraySlice<Unicode.Scalar>) -> String {
        var shown = String.UnicodeScalarView()
        shown.append(contentsOf: word)
        return Wording.quote(String(shown))
    }

    // MARK: Syntax errors

    private func diagnostic(of error: YAMLText.SyntaxError) -> Diagnostic {
        let isUnclosed = error.problem == "found unexpected end of stream"
        // Where the quotes open says more than where the text ends.
        guard let place = isUnclosed ? error.contextMark ?? error.mark : error.mark else {
            return Diagnostic(nil, "not valid YAML: \(error.problem)")
        }
        var message = "not valid YAML: \(error.problem)"
        if let context = error.context, let mark = error.contextMark {
            message += " " + context
            if mark.line != place.line { message += " that begins on line \(mark.line)" }
        }
        return Diagnostic(place, message + (remedy(for: error.problem, at: place).map { "; " + $0 } ?? ""))
    }

    /// What usually helps against one of the library's complaints.
    private func remedy(for problem: String, at mark: SourceMark) -> String? {
        switch problem {
        case "found character that cannot start any token":
            guard let index = source.index(of: mark) else { return nil }
            return source.scalars[index] == "\t" ? "indent with spaces, not tabs" : "put the text in quotes"
        case "mapping values are not allowed in this context":
            return "put a value that has a colon in quotes, and give the keys of one mapping the same indentation"
        case "did not find expected key", "did not find expected '-' indicator":
            return "give the entries of one list or mapping the same indentation"
        case "could not find expected ':'":
            return "put a colon and a space after the key"
        case "found unexpected end of stream":
            return "close the quotes"
        case "did not find expected ',' or '}'": return "close the braces"
        case "did not find expected ',' or ']'": return "close the brackets"
        default: return nil
        }
    }
}

extension YAMLText.SyntaxError {
    /// Where the tag, the anchor or the alias begins that this complains of.
    fileprivate var propertyMark: SourceMark? {
        switch context {
        case "while scanning a tag", "while parsing a tag", "while scanning an anchor", "while scanning an alias":
            contextMark
        default: mark
        }
    }
}

extension Unicode.Scalar {
    fileprivate var beginsProperty: Bool { self == "&" || self == "*" || self == "!" }

    fileprivate var isFlowIndicator: Bool {
        switch self {
        case ",", "[", "]", "{", "}": true
        default: false
        }
    }
}
