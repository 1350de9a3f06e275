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
        let texts = split(source.scalars)
        guard texts.count <= limit else {
            throw ImportErrors(problems: [
                Diagnostic(nil, "the file has \(texts.count) documents; the limit is \(limit), so import it in parts")
            ])
        }
        for text in texts {
            let document = YAMLText(text, depthLimit: depthLimit)
            for finding in document.findings {
                if let problem = problem(of: finding) { problems.append(problem) }
            }
            if let error = document.error {
                problems.append(Diagnostic(error.mark, "not valid YAML: \(error.problem)"))
            }
            if let root = document.root, !root.isNull {
                roots.append(SourceField(path: texts.count > 1 ? "document \(roots.count + 1)" : "", node: root))
            }
        }
        guard problems.isEmpty else { throw ImportErrors(problems: problems) }
        return roots
    }

    /// Each document by itself, with empty lines in the place of those before it, so that places stay.
    private static func split(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var texts: [[Unicode.Scalar]] = []
        var text: [Unicode.Scalar] = []
        var lines = 0
        var start = 0
        while start < scalars.count {
            let end = scalars[start...].firstIndex { $0 == "\n" } ?? scalars.count
            let line = scalars[start..<end]
            let isMark =
                line.count >= 3 && line.prefix(3).allSatisfy { $0 == "-" }
                && (line.count == 3 || line[start + 3] == " " || line[start + 3] == "\r" || line[start + 3] == "\t")
            if isMark {
                texts.append(text)
                text = Array(repeating: "\n", count: lines)
            }
            text += line
            text.append("\n")
            lines += 1
            start = end + 1
        }
        texts.append(text)
        // What stands before the first mark is often empty; empty documents cost their lines each.
        return texts.filter { $0.contains { $0 != "\n" && $0 != " " && $0 != "\r" } }
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
