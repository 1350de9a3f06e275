// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

// The parameters of a profile, and the texts that have them.
extension ProfileBuilder {
    private static let parameterKeys = ["default", "type", "from", "description"]

    /// A parameter as the profile declares it.
    private struct Declaration {
        var kind: ParameterNotation.Kind
        /// Its value, and where that came from; `nil` where it must be given.
        var value: (text: String, origin: ProfileParameter.Origin)?
        var mark: SourceMark
    }

    /// Reads `params`, and what is given to them; the values by name.
    mutating func readParameters(_ entry: YAMLNode.Entry?) {
        var declared: [(name: String, declaration: Declaration)] = []
        if let node = entry?.value {
            hasParameters = true
            let entries = entries(of: node, "'params'", example: "level: 80%")
            if entries.count > ParameterNotation.countLimit {
                report(node.mark, "'params' has \(entries.count) entries; the limit is \(ParameterNotation.countLimit)")
            }
            for entry in entries.prefix(ParameterNotation.countLimit) {
                if let declaration = readParameter(entry) { declared.append((entry.key, declaration)) }
            }
        }
        for argument in changes.parameters { give(argument, to: &declared) }
        for (name, declaration) in declared {
            if declaration.value == nil {
                report(
                    declaration.mark,
                    "parameter '\(name)' has no default and is not given; give it, such as "
                        + "'--param \(name)=\(declaration.kind.placeholder)'")
                placeholders.insert(name)
            }
            let value = declaration.value.map { ($0.text, $0.origin) } ?? (declaration.kind.placeholder, .file)
            parameters.append(
                ProfileParameter(
                    name: name, value: value.0, origin: value.1, isText: declaration.kind == .text))
        }
    }

    private mutating func readParameter(_ entry: YAMLNode.Entry) -> Declaration? {
        let name = entry.key
        guard ParameterNotation.isName(name) else {
            report(
                entry.keyMark,
                "\(Wording.quote(name)) cannot name a parameter; take up to 64 letters, digits and '_', no digit first")
            return nil
        }
        let title = "parameter '\(name)'"
        guard case .mapping(let entries) = entry.value.content else {
            guard let text = parameterText(of: entry.value, title, name: name) else { return nil }
            let kind = ParameterNotation.Kind.found(in: text)
            return check((text, .file), of: name, kind, entry.value.mark)
        }
        for entry in entries where !Self.parameterKeys.contains(entry.key) {
            reportUnknownKey(entry, in: title, among: Self.parameterKeys)
        }
        func part(_ key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
        let isWhole = entries.allSatisfy { Self.parameterKeys.contains($0.key) }
        var value: (text: String, origin: ProfileParameter.Origin)?
        var mark = entry.keyMark
        if let node = part("default") {
            guard let text = parameterText(of: node, "'default' of \(title)", name: name) else { return nil }
            (value, mark) = ((text, .file), node.mark)
        }
        var kind = value.map { ParameterNotation.Kind.found(in: $0.text) } ?? .text
        if let node = part("type") {
            guard let text = text(of: node, "'type' of \(title)", example: "type: duration") else { return nil }
            guard let written = ParameterNotation.Kind(rawValue: text) else {
                let words = ParameterNotation.Kind.allCases.map(\.rawValue)
                let remedy = Wording.remedy(for: text, among: words, taking: "it is one of")
                report(node.mark, "unknown type \(Wording.quote(text)) of \(title)\(remedy)")
                return nil
            }
            kind = written
        } else if value == nil {
            report(
                entry.keyMark,
                "\(title) has neither a default nor a type; add one such as 'default: 80%' or 'type: amount'")
            return nil
        }
        if let node = part("description"), !node.isNull {
            _ = text(of: node, "'description' of \(title)", example: "description: what it is for")
        }
        var declaration = Declaration(kind: kind, value: nil, mark: mark)
        if let value { declaration = check(value, of: name, kind, mark) }
        // A key that was misspelt may have been the default.
        if !isWhole, value == nil {
            declaration.value = (kind.placeholder, .file)
            placeholders.insert(name)
        }
        if let node = part("from") { readOrigin(node, of: title, into: &declaration) }
        return declaration
    }

    /// A text that may be empty.
    private mutating func parameterText(of node: YAMLNode, _ title: String, name: String) -> String? {
        text(of: node, title, example: "\(name): 80%")
    }

    /// Reads `from: env:LEVEL`, where somebody's environment may be read.
    private mutating func readOrigin(_ node: YAMLNode, of title: String, into declaration: inout Declaration) {
        guard let text = text(of: node, "'from' of \(title)", example: "from: env:LEVEL") else { return }
        let name = text.hasPrefix("env:") ? String(text.dropFirst(4)) : ""
        guard ParameterNotation.isName(name) else {
            report(
                node.mark,
                "'from' of \(title) takes the name of an environment variable such as 'env:LEVEL', not "
                    + Wording.quote(text))
            return
        }
        guard let value = environment?(name) else { return }
        guard declaration.kind.takes(value) else {
            // What it is stays unsaid: it may be a secret.
            report(node.mark, "\(title) takes \(declaration.kind.taking), and the environment's '\(name)' is none")
            return
        }
        declaration.value = (value, .environment)
    }

    private mutating func check(
        _ value: (text: String, origin: ProfileParameter.Origin), of name: String, _ kind: ParameterNotation.Kind,
        _ mark: SourceMark
    ) -> Declaration {
        let isTaken = kind.takes(value.text)
        if !isTaken {
            report(mark, "parameter '\(name)' takes \(kind.taking), not \(Wording.quote(value.text))")
            placeholders.insert(name)
        }
        return Declaration(kind: kind, value: isTaken ? value : (kind.placeholder, .file), mark: mark)
    }

    /// Takes `--param level=80%`.
    private mutating func give(_ argument: String, to declared: inout [(name: String, declaration: Declaration)]) {
        let flag = "--param \(Wording.line(argument))"
        guard let equals = argument.unicodeScalars.firstIndex(of: "=") else {
            report(nil, "\(flag): write it as NAME=VALUE, such as '--param level=80%'")
            return
        }
        let name = String(argument[..<equals])
        guard let index = declared.firstIndex(where: { $0.name == name }) else {
            let remedy =
                hasParameters
                ? Wording.remedy(for: name, among: declared.map(\.name), taking: "there are")
                : "; the profile has no 'params'"
            report(nil, "\(flag): unknown parameter \(Wording.quote(name))\(remedy)")
            return
        }
        guard declared[index].declaration.value?.origin != .flag else {
            report(nil, "\(flag): '\(name)' is already given; give it once")
            return
        }
        let value = String(argument[argument.unicodeScalars.index(after: equals)...])
        let kind = declared[index].declaration.kind
        if !kind.takes(value) {
            report(nil, "\(flag): '\(name)' takes \(kind.taking), not \(Wording.quote(value))")
        }
        if kind.takes(value) { placeholders.remove(name) } else { placeholders.insert(name) }
        declared[index].declaration.value = (kind.takes(value) ? value : kind.placeholder, .flag)
    }

    // MARK: Texts

    /// The same tree with parameters in place of their names, in every text but keys.
    mutating func withParameters(_ node: YAMLNode) -> YAMLNode {
        var node = node
        switch node.content {
        case .scalar(let text, _):
            if let whole = withParameters(text, at: node.mark) { node.content = .scalar(whole, isPlain: false) }
        case .list(let items):
            node.content = .list(items.map { withParameters($0) })
        case .mapping(let entries):
            node.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.value = withParameters(entry.value)
                    return entry
                })
        }
        return node
    }

    /// The text with its parameters; `nil` where it has no `$`.
    private mutating func withParameters(_ text: String, at mark: SourceMark) -> String? {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
        var whole = ""
        for part in ParameterNotation.parts(of: text) {
            switch part {
            case .text(let text): whole += text
            case .parameter(let name, let offset):
                guard let parameter = parameters.first(where: { $0.name == name }) else {
                    // `$levels` where there is a `level` may be one with something behind it, which cannot be written.
                    let remedy = Wording.remedy(for: name, among: parameters.map(\.name), taking: "there are")
                    let message = "unknown parameter '$\(Wording.line(name))'\(remedy); a '$' itself is written '$$'"
                    report(NotationError(offset, message), at: .text(mark, value: text))
                    tainted.insert(mark)
                    continue
                }
                if placeholders.contains(name) { tainted.insert(mark) }
                whole += parameter.value
            }
        }
        textSize += whole.utf8.count
        guard textSize <= ParameterNotation.textLimit else {
            if textSize - whole.utf8.count <= ParameterNotation.textLimit {
                report(
                    mark,
                    "with its parameters the profile is longer than "
                        + "\(mebibytes(ParameterNotation.textLimit)), the limit")
            }
            return ""
        }
        return whole
    }
}
