// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles
internal import YAML

/// The documents of a source in YAML or JSON, which is YAML as well.
enum SourceDocuments {
    private static let depthLimit = 64
    /// The most documents that are read of a file.
    private static let limit = 200

    /// The roots of all documents that have something in them.
    ///
    /// - Throws: every problem that the source has as YAML.
    static func read(_ source: SourceText) throws(ImportErrors) -> [SourceField] {
        var roots: [SourceField] = []
        var problems: [Diagnostic] = []
        let parts = split(source.scalars)
        guard parts.count <= limit else {
            throw ImportErrors(problems: [
                Diagnostic(nil, "the file has \(parts.count) documents; the limit is \(limit), so import it in parts")
            ])
        }
        for part in parts {
            let document = YAMLText(Array(source.scalars[part.range]), depthLimit: depthLimit)
            for finding in document.findings {
                if let problem = problem(of: finding) { problems.append(problem.shifted(by: part.lines)) }
            }
            if let error = document.error {
                problems.append(Diagnostic(error.mark, "not valid YAML: \(error.problem)").shifted(by: part.lines))
            }
            if let root = document.root, !root.isNull {
                roots.append(
                    SourceField(
                        path: parts.count > 1 ? "document \(roots.count + 1)" : "", node: root.shifted(by: part.lines)))
            }
        }
        guard problems.isEmpty else { throw ImportErrors(problems: problems) }
        return roots
    }

    /// Where each document stands that has something in it, and how many lines are before it.
    private static func split(_ scalars: [Unicode.Scalar]) -> [(range: Range<Int>, lines: Int)] {
        var parts: [(range: Range<Int>, lines: Int)] = []
        var begin = (index: 0, line: 0)
        var lines = 0
        var start = 0
        var isEmpty = true
        while start < scalars.count {
            let end = scalars[start...].firstIndex { $0 == "\n" } ?? scalars.count
            let line = scalars[start..<end]
            let isMark =
                line.count >= 3 && line.prefix(3).allSatisfy { $0 == "-" }
                && (line.count == 3 || line[start + 3] == " " || line[start + 3] == "\r" || line[start + 3] == "\t")
            if isMark {
                if !isEmpty { parts.append((begin.index..<start, begin.line)) }
                begin = (start, lines)
                isEmpty = true
            }
            if line.dropFirst(isMark ? 3 : 0).contains(where: { $0 != " " && $0 != "\r" }) { isEmpty = false }
            lines += 1
            start = end + 1
        }
        if !isEmpty { parts.append((begin.index..<scalars.count, begin.line)) }
        return parts
    }

    private static func problem(of finding: YAMLText.Finding) -> Diagnostic? {
        switch finding {
        case .tag(let mark, _): Diagnostic(mark, "a tag is not read here; leave it out")
        case .unknownAlias(let name, let mark):
            Diagnostic(mark, "no anchor '&\(PlainLine.text(name))' stands before the alias of that name")
        case .tooManyByAlias(let mark): Diagnostic(mark, "by aliases it has more than \(YAMLText.aliasLimit) values")
        case .mergeKey(let mark): Diagnostic(mark, "'<<' takes a mapping or a list of them")
        case .keyWithoutText(let mark): Diagnostic(mark, "a key must be a word, not a list or a mapping")
        case .duplicateKey(let name, let mark, let first):
            Diagnostic(
                mark, "the key '\(PlainLine.text(name))' is on line \(first.line) already; keep one of them")
        case .secondDocument: nil
        case .tooDeep(let mark): Diagnostic(mark, "nested more than \(depthLimit) levels deep")
        }
    }
}

extension YAMLNode {
    /// The same so many lines further down.
    fileprivate func shifted(by lines: Int) -> YAMLNode {
        guard lines > 0 else { return self }
        var node = self
        node.mark.line += lines
        switch content {
        case .scalar: break
        case .list(let items): node.content = .list(items.map { $0.shifted(by: lines) })
        case .mapping(let entries):
            node.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.keyMark.line += lines
                    entry.value = entry.value.shifted(by: lines)
                    return entry
                })
        }
        return node
    }
}

extension Diagnostic {
    fileprivate func shifted(by lines: Int) -> Diagnostic {
        Diagnostic(mark.map { SourceMark(line: $0.line + lines, column: $0.column) }, message)
    }
}
