// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Yams

/// Composes a text to its tree, with every duplicate key of it.
struct YAMLReader {
    private let source: SourceText
    private(set) var problems: [Diagnostic] = []

    /// What the first of two equal keys was before it was renamed, by the scalar that it now begins with.
    private var renamed: [Unicode.Scalar: String] = [:]
    /// The first of the duplicates that the library found.
    private var firstDuplicate: (name: String, mark: SourceMark)?

    init(_ source: SourceText) { self.source = source }

    /// The tree, or `nil` where the text is not YAML; see ``problems`` in both cases.
    mutating func read() -> YAMLNode? {
        problems = YAMLGate.problems(of: source.scalars)
        guard problems.isEmpty else { return nil }
        var text = source
        // The library ends at the first pair of equal keys. To find every problem of the file at once, the first of
        // the two is renamed in place, which moves no mark, and the text is composed again. Large texts get fewer
        // rounds.
        let rounds = min(20, max(1, 400_000 / (text.scalars.count + 1)))
        for _ in 0...rounds {
            do {
                // The default would obey an environment variable, and print that it does.
                let parser = try Parser(yaml: text.string, resolver: .basic, encoding: .utf8)
                let root = try parser.singleRoot()
                return withExtendedLifetime(parser) { root.flatMap { node(from: $0) } }
            } catch let error as YamlError {
                guard case .duplicatedKeysInMapping(let names, let context) = error else {
                    problems.append(diagnostic(of: error))
                    reportFirstDuplicate()
                    return nil
                }
                let name = names.first ?? ""
                let mark = SourceMark(context.mark)
                if firstDuplicate == nil { firstDuplicate = (name, mark) }
                guard rename(name, at: mark, in: &text) else {
                    reportFirstDuplicate()
                    return nil
                }
            } catch {
                problems.append(Diagnostic(nil, "not valid YAML: \(error)"))
                return nil
            }
        }
        reportFirstDuplicate()
        return nil
    }

    /// Tells of a duplicate key where there is no tree in which to find the second one.
    private mutating func reportFirstDuplicate() {
        guard let (name, mark) = firstDuplicate else { return }
        problems.append(
            Diagnostic(mark, "duplicate key \(Wording.quote(name)); it stands here first, keep one of them"))
    }

    /// Puts a scalar that no text has in place of the key's first one.
    private mutating func rename(_ name: String, at mark: SourceMark, in text: inout SourceText) -> Bool {
        guard var index = text.index(of: mark), let sentinel = Unicode.Scalar(0xF0000 + UInt32(renamed.count)),
            !source.scalars.contains(sentinel)
        else { return false }
        if text.scalars[index] == "\"" || text.scalars[index] == "'" { index += 1 }
        guard index < text.scalars.count, let first = name.unicodeScalars.first, text.scalars[index] == first,
            first != "'", first != "\""
        else { return false }
        renamed[sentinel] = name
        text.scalars[index] = sentinel
        return true
    }

    // MARK: Tree

    private mutating func node(from node: Node) -> YAMLNode? {
        let mark = node.mark.map(SourceMark.init) ?? SourceMark(line: 1, column: 1)
        // The gate has refused these; should it ever miss one, nothing is expanded here either.
        guard node.anchor == nil, node.alias == nil else {
            problems.append(Diagnostic(mark, "anchors and aliases are not taken in a profile; write the values out"))
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(content: .scalar(scalar.string, isPlain: scalar.style == .plain), mark: mark)
        case .sequence(let sequence):
            var items: [YAMLNode] = []
            for item in sequence { if let item = self.node(from: item) { items.append(item) } }
            return YAMLNode(content: .list(items), mark: mark)
        case .mapping(let mapping):
            return YAMLNode(content: .mapping(entries(of: mapping)), mark: mark)
        case .alias:
            return nil
        }
    }

    private mutating func entries(of mapping: Node.Mapping) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var seen: [String: SourceMark] = [:]
        for (key, value) in mapping {
            let mark = key.mark.map(SourceMark.init) ?? SourceMark(line: 1, column: 1)
            guard let scalar = key.scalar else {
                problems.append(Diagnostic(mark, "a key must be a word, not a list or a mapping"))
                continue
            }
            let name = scalar.string.unicodeScalars.first.flatMap { renamed[$0] } ?? scalar.string
            if name == "<<" {
                problems.append(
                    Diagnostic(mark, "merge keys ('<<') are not taken in a profile; write the values out"))
                continue
            }
            if let first = seen[name] {
                problems.append(
                    Diagnostic(
                        mark,
                        "duplicate key \(Wording.quote(name)); it is already on line \(first.line), keep one of them"))
                continue
            }
            seen[name] = mark
            guard let value = node(from: value) else { continue }
            entries.append(YAMLNode.Entry(key: name, keyMark: mark, value: value))
        }
        return entries
    }

    // MARK: Syntax errors

    private func diagnostic(of error: YamlError) -> Diagnostic {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let isUnclosed = problem == "found unexpected end of stream"
            // Where the quotes open says more than where the text ends.
            let place = SourceMark(isUnclosed ? context?.mark ?? mark : mark)
            var message = "not valid YAML: \(problem)"
            if let context {
                message += " " + context.text
                if context.mark.line != place.line { message += " that begins on line \(context.mark.line)" }
            }
            return Diagnostic(place, message + (remedy(for: problem, at: place).map { "; " + $0 } ?? ""))
        case .reader(let problem, _, _, _):
            return Diagnostic(nil, "not valid YAML: \(problem)")
        case .memory:
            return Diagnostic(nil, "there is not enough memory to read the profile")
        default:
            return Diagnostic(nil, "not valid YAML: \(Wording.quote(error.description))")
        }
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

extension SourceMark {
    /// The place of a mark of the library, which counts from 1 in Unicode scalars too.
    fileprivate init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}
