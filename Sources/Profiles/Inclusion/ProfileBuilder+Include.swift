// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// Files whose parts a profile takes.
extension ProfileBuilder {
    private static let includeExample = "include: common.yaml"

    /// The parts with those of the files that they include, `chain` of which are being read.
    mutating func withIncluded(_ own: Inclusion.Parts, chain: [String] = []) -> Inclusion.Parts {
        guard let entry = own["include"] else { return own }
        var gathered: Inclusion.Parts = [:]
        for node in includedNodes(entry) {
            guard let path = includedPath(node) else { continue }
            guard !chain.contains(path), path != Inclusion.normal(file) else {
                let way = (chain.drop { $0 != path } + [path]).map { Wording.line($0) }
                let words = way.count > 1 ? ", by way of " + way.dropLast().joined(separator: ", ") : ""
                report(node.mark, "\(Wording.quote(path)) includes itself\(words); leave one 'include' out")
                continue
            }
            guard chain.count < ProfileReader.includeDepth else {
                report(node.mark, "files include each other more than \(ProfileReader.includeDepth) deep, the limit")
                continue
            }
            guard let whole = whole(path, node, chain: chain + [path]) else { continue }
            for (key, part) in Inclusion.parts {
                guard let found = whole[key] else { continue }
                gather(found, part, into: &gathered, own: own[key])
            }
        }
        return joined(own, gathered)
    }

    /// The nodes of `include`: a path, or a list of them.
    private mutating func includedNodes(_ entry: YAMLNode.Entry) -> [YAMLNode] {
        switch entry.value.content {
        case .list(let nodes) where !nodes.isEmpty: return nodes
        case .scalar where !entry.value.isNull: return [entry.value]
        default:
            let title = if case .list = entry.value.content { "an empty list" } else { entry.value.title }
            report(
                entry.value.isNull ? entry.keyMark : entry.value.mark,
                "'include' takes a path or a list of paths such as '\(Self.includeExample)', not \(title)")
            return []
        }
    }

    /// The path of a file to include, beside the file that names it; `nil` after reporting what is wrong with it.
    private mutating func includedPath(_ node: YAMLNode) -> String? {
        guard let text = text(of: node, "'include'", example: Self.includeExample) else { return nil }
        let path = Phrase(text).text
        guard !path.isEmpty, !path.unicodeScalars.contains(where: \.isControl), path.utf8.count <= 4096 else {
            report(node.mark, "\(Wording.quote(text)) cannot be a file's name")
            return nil
        }
        guard !path.hasPrefix("/") else {
            report(
                node.mark, "\(Wording.quote(path)) is an absolute path; write it relative to the file that includes it")
            return nil
        }
        guard readIncluded != nil else {
            report(
                node.mark,
                "\(Wording.quote(path)) cannot be included: this profile came as text, beside which there are no "
                    + "files; write the file's parts into the profile")
            return nil
        }
        return Inclusion.normal(resolve(path, beside: node.mark.file))
    }

    /// What a file has, with what it includes itself; `nil` after reporting why it cannot be read.
    private mutating func whole(_ path: String, _ node: YAMLNode, chain: [String]) -> Inclusion.Parts? {
        if let whole = inclusion.wholes[path] { return whole }
        // Read once, whatever is wrong with it.
        inclusion.wholes[path] = [:]
        guard let parts = parts(ofFile: path, node) else { return nil }
        let whole = withIncluded(parts, chain: chain)
        inclusion.wholes[path] = whole
        return whole
    }

    private mutating func parts(ofFile path: String, _ node: YAMLNode) -> Inclusion.Parts? {
        let title = "'\(Wording.line(path))'"
        guard inclusion.files.count < ProfileReader.includeLimit else {
            report(node.mark, "the profile includes more than \(ProfileReader.includeLimit) files, the limit")
            return nil
        }
        let source: SourceText
        do {
            guard let bytes = try readIncluded?(path) else { return nil }
            inclusion.files.append(IncludedFile(file: path, sha256: SHA256.hexadecimal(of: bytes)))
            inclusion.size += min(bytes.count, ProfileReader.includeBytesLimit + 1)
            guard inclusion.size <= ProfileReader.includeBytesLimit else {
                let limit = mebibytes(ProfileReader.includeBytesLimit)
                report(node.mark, "with \(title) the included files are larger than \(limit) in all, the limit")
                return nil
            }
            source = try SourceText(bytes, title: title)
        } catch let refusal as Diagnostic.Refusal {
            include(refusal.diagnostic, of: path, node)
            return nil
        } catch {
            report(node.mark, "cannot include \(title): \(Wording.line("\(error)"))")
            return nil
        }
        inclusion.texts[path] = source
        var reader = YAMLReader(source, title: title)
        let root = reader.read()?.standing(in: path)
        for problem in reader.problems { include(problem, of: path, node) }
        guard let root else {
            if reader.problems.isEmpty { report(node.mark, "\(title) is empty; write parts into it, or leave it out") }
            return nil
        }
        guard case .mapping(let entries) = root.content else {
            report(root.mark, "an included file must be a mapping with parts such as 'stressors:', not \(root.title)")
            return nil
        }
        return parts(among: entries)
    }

    private mutating func parts(among entries: [YAMLNode.Entry]) -> Inclusion.Parts {
        var parts: Inclusion.Parts = [:]
        let known = Inclusion.parts.map(\.key)
        for entry in entries where !entry.key.hasPrefix("x-") {
            if known.contains(entry.key) {
                parts[entry.key] = entry
            } else if Self.keys.contains(entry.key) {
                report(entry.keyMark, "'\(entry.key)' is of the whole profile; write it there, not in an included file")
            } else {
                reportUnknownKey(entry, in: "an included file", among: known)
            }
        }
        if let entry = parts["description"], !entry.value.isNull {
            _ = text(of: entry.value, "'description'", example: "description: what this is for")
        }
        return parts
    }

    /// Takes a problem of an included file's text, which has its place there, or where it is included.
    private mutating func include(_ problem: Diagnostic, of path: String, _ node: YAMLNode) {
        var problem = problem
        if problem.mark == nil {
            problem.mark = node.mark
            problem.message = "cannot include '\(Wording.line(path))': \(problem.message)"
        } else {
            problem.mark?.file = path
        }
        problems.append(problem)
    }

    // MARK: Putting together

    /// Adds what an included file has to what the ones before it have.
    private mutating func gather(
        _ found: YAMLNode.Entry, _ part: Inclusion.Part, into parts: inout Inclusion.Parts, own: YAMLNode.Entry?
    ) {
        switch part {
        case .own: return
        case .items:
            guard let items = items(of: found) else { return }
            var all = parts[found.key] ?? found
            let before: [YAMLNode] = if case .list(let before)? = parts[found.key]?.value.content { before } else { [] }
            // A file that is included by two ways has its parts once.
            let places = Set(before.map(\.mark))
            all.value.content = .list(before + items.filter { !places.contains($0.mark) })
            parts[found.key] = all
        case .keys:
            guard let entries = keys(of: found) else { return }
            var all = parts[found.key] ?? found
            var before: [YAMLNode.Entry] = []
            if case .mapping(let entries)? = parts[found.key]?.value.content { before = entries }
            var known: [String: SourceMark] = [:]
            for entry in before { known[entry.key] = entry.keyMark }
            let isOwn = Set(own.flatMap(Self.writtenKeys) ?? [])
            for entry in entries {
                guard let first = known[entry.key] else {
                    before.append(entry)
                    continue
                }
                if first == entry.keyMark || isOwn.contains(entry.key) { continue }
                let place = "\(Wording.line(first.file ?? file)):\(first.line):\(first.column)"
                report(
                    entry.keyMark,
                    "\(Wording.quote(entry.key)) in '\(found.key)' is in \(place) already; keep one of them, or write "
                        + "it in the file that includes both, which then has the last word")
            }
            all.value.content = .mapping(before)
            parts[found.key] = all
        }
    }

    /// The parts of a file with those that it includes, of which its own stand in the place or come behind.
    private func joined(_ own: Inclusion.Parts, _ gathered: Inclusion.Parts) -> Inclusion.Parts {
        var all = own
        for (key, found) in gathered {
            guard let entry = own[key], !entry.value.isNull else {
                all[key] = found
                continue
            }
            switch (entry.value.content, found.value.content) {
            case (.mapping(let entries), .mapping(let included)):
                let keys = Set(entries.map(\.key))
                all[key]?.value.content = .mapping(included.filter { !keys.contains($0.key) } + entries)
            case (.list(let items), .list(let included)):
                all[key]?.value.content = .list(included + items)
            case (.mapping, .list(let included)):
                // Guards' `defaults: off` by itself.
                all[key]?.value.content = .list(included + [entry.value])
            default:
                // It is no mapping and no list, which is told where it is read.
                continue
            }
        }
        return all
    }

    private static func writtenKeys(_ entry: YAMLNode.Entry) -> [String]? {
        if case .mapping(let entries) = entry.value.content { entries.map(\.key) } else { nil }
    }

    /// The entries of a part; `nil` after reporting that it has none.
    private mutating func keys(of entry: YAMLNode.Entry) -> [YAMLNode.Entry]? {
        if case .mapping(let entries) = entry.value.content { return entries }
        if !entry.value.isNull {
            report(entry.value.mark, "'\(entry.key)' must be a mapping, not \(entry.value.title)")
        }
        return nil
    }

    /// The items of a part, of which one mapping alone is a list of one; `nil` after reporting that it has none.
    private mutating func items(of entry: YAMLNode.Entry) -> [YAMLNode]? {
        switch entry.value.content {
        case .list(let items): return items
        case .mapping where entry.key == "guards": return [entry.value]
        default:
            if !entry.value.isNull {
                report(entry.value.mark, "'\(entry.key)' must be a list, not \(entry.value.title)")
            }
            return nil
        }
    }
}
