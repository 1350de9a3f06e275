// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Profiles
internal import YAML

/// A value of a YAML or JSON source, which is known by its path.
struct SourceField {
    /// Such as `spec.stressors.cpu.workers`.
    let path: String
    let node: YAMLNode

    /// Where it begins.
    var mark: SourceMark { node.mark }

    /// The value of a key of a mapping.
    subscript(key: String) -> SourceField? {
        guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == key }) else {
            return nil
        }
        return SourceField(path: path.isEmpty ? key : "\(path).\(key)", node: entry.value)
    }

    /// The values of a mapping, each with its key; none of anything else.
    var members: [(key: String, field: SourceField)] {
        guard case .mapping(let entries) = node.content else { return [] }
        return entries.map { ($0.key, SourceField(path: path.isEmpty ? $0.key : "\(path).\($0.key)", node: $0.value)) }
    }

    /// The items of a list; none of anything else.
    var items: [SourceField] {
        guard case .list(let nodes) = node.content else { return [] }
        return nodes.enumerated().map { SourceField(path: "\(path)[\($0)]", node: $1) }
    }

    var isList: Bool { if case .list = node.content { true } else { false } }
    var isMapping: Bool { if case .mapping = node.content { true } else { false } }

    /// The text of a scalar; `nil` of anything else, and where nothing is written.
    var text: String? {
        guard case .scalar(let text, _) = node.content, !node.isNull else { return nil }
        return text
    }
}

/// The fields of a source, and what became of each of them.
struct SourceLedger {
    /// A field that has a value of its own.
    private struct Leaf {
        var path: String
        var text: String
        var mark: SourceMark
        var fate: ImportAccount.Fate?
        var note = ""
    }

    private var leaves: [Leaf] = []
    private var byPath: [String: Int] = [:]
    private(set) var problems: [Diagnostic] = []

    /// The most fields that are read.
    static let limit = 20_000

    /// Notes all fields of a source.
    ///
    /// - Throws: that there are too many.
    mutating func add(_ documents: [SourceField]) throws(ImportErrors) {
        for document in documents { add(document, key: "") }
        guard problems.isEmpty else { throw ImportErrors(problems: problems) }
    }

    /// Notes all fields of a value.
    mutating func add(_ field: SourceField, key: String) {
        guard leaves.count < Self.limit else {
            if problems.isEmpty {
                problems.append(Diagnostic(field.node.mark, "more than \(Self.limit) values; import it in parts"))
            }
            return
        }
        switch field.node.content {
        case .mapping(let entries) where !entries.isEmpty:
            for (key, inner) in field.members { add(inner, key: key) }
        case .list(let nodes) where !nodes.isEmpty:
            for item in field.items { add(item, key: key) }
        case .scalar(let text, _): note(field, key.isEmpty ? text : "\(key): \(text)")
        case .mapping, .list: note(field, "\(key): \(field.isList ? "[]" : "{}")")
        }
    }

    private mutating func note(_ field: SourceField, _ text: String) {
        byPath[field.path] = leaves.count
        // What has no value says nothing.
        leaves.append(
            Leaf(path: field.path, text: text, mark: field.node.mark, fate: field.node.isNull ? .exact : nil))
    }

    /// Says what became of a field, or of all that is in it.
    mutating func settle(_ field: SourceField?, _ fate: ImportAccount.Fate, _ note: String = "") {
        guard let field else { return }
        if let index = byPath[field.path] {
            leaves[index].fate = fate
            leaves[index].note = note
            return
        }
        for (_, inner) in field.members { settle(inner, fate, note) }
        for item in field.items { settle(item, fate, note) }
    }

    /// Calls a field what it stands for, as of `name: X` with `value: Y`.
    mutating func entitle(_ field: SourceField, _ key: String) {
        if let index = byPath[field.path] { leaves[index].text = "\(key): \(field.text ?? "")" }
    }

    /// Settles what says whom a load hits, which is no part of the load.
    mutating func settleWhom(_ field: SourceField?) {
        settle(field, .exact, "whom it hits: exert runs where it is started, or in the group of 'cgroup: PATH'")
    }

    /// Says so of what nothing was said of yet.
    mutating func settleRest(of field: SourceField?, _ fate: ImportAccount.Fate, _ note: String) {
        guard let field else { return }
        if let index = byPath[field.path] {
            if leaves[index].fate == nil {
                leaves[index].fate = fate
                leaves[index].note = note
            }
            return
        }
        for (_, inner) in field.members { settleRest(of: inner, fate, note) }
        for item in field.items { settleRest(of: item, fate, note) }
    }

    mutating func refuse(_ field: SourceField, _ message: String) {
        // The whole source has no path.
        let path = field.path.isEmpty ? "" : "\(PlainLine.text(field.path)): "
        problems.append(Diagnostic(field.node.mark, path + message))
    }

    /// Notes a problem of no field that stands in the source.
    mutating func refuse(_ message: String) { problems.append(Diagnostic(nil, message)) }

    /// The account; what nothing was said of is not carried.
    func account(_ tool: ForeignTool) -> ImportAccount {
        var account = ImportAccount(tool)
        for leaf in leaves {
            account.add(
                leaf.mark, leaf.text, leaf.fate ?? .notCarried,
                leaf.fate == nil ? "the importer knows no such field of \(tool.title)" : leaf.note)
        }
        return account
    }
}
