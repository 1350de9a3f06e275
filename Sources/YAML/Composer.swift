// SPDX-License-Identifier: Apache-2.0

internal import CYAML
internal import LoadModel

/// Composes libyaml's events to a tree.
///
/// libyaml's parser keeps its own stack and looks at most 1,024 characters ahead for the colon of a key, so what it
/// does with a text is bounded. Its loader is not used: aliases are put in here, and both how many values they come to
/// and how deep they lie ends at a limit.
struct Composer: ~Copyable {
    /// Why nothing more is read.
    enum Stop: Error {
        case syntax(YAMLText.SyntaxError)
        case enough
    }

    private(set) var findings: [YAMLText.Finding] = []

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: [Unicode.Scalar]
    private let depthLimit: Int
    /// The event that is being looked at.
    private var event = yaml_event_t()
    private var depth = 0
    private var flowDepth = 0
    private var counted = 0
    /// What anchors stand at, with how many values that has and how many collections lie in each other there.
    private var anchors: [String: (node: YAMLNode, size: Int, height: Int)] = [:]
    /// How many values there are so far, and how many of them came by aliases.
    private var size = 0
    private var aliasSize = 0
    /// How many collections lie in each other in the node that was read last.
    private var height = 0

    /// - Parameter bytes: the text in UTF-8, which must outlive this.
    init(_ bytes: UnsafeBufferPointer<UInt8>, text: [Unicode.Scalar], depthLimit: Int) {
        self.text = text
        self.depthLimit = depthLimit
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        // It fails for want of memory alone, and then so does the first event.
        guard yaml_parser_initialize(parser) == 1 else { return }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        var event = event
        yaml_event_delete(&event)
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The tree of the only document; `nil` where there is none.
    mutating func document() throws(Stop) -> YAMLNode? {
        try advance(past: YAML_STREAM_START_EVENT)
        guard event.type == YAML_DOCUMENT_START_EVENT else { return nil }
        try advance(past: YAML_DOCUMENT_START_EVENT)
        let root = try node()
        try advance(past: YAML_DOCUMENT_END_EVENT)
        if event.type == YAML_DOCUMENT_START_EVENT {
            findings.append(.secondDocument(SourceMark(event.start_mark)))
            throw .enough
        }
        return root
    }

    // MARK: Events

    /// Reads the next event, and the one after it where it is of `type`.
    private mutating func advance(past type: yaml_event_type_t? = nil) throws(Stop) {
        repeat {
            yaml_event_delete(&event)
            guard parser.pointee.read_handler != nil, yaml_parser_parse(parser, &event) == 1 else {
                throw .syntax(YAMLText.SyntaxError(parser.pointee))
            }
        } while event.type == type
    }

    /// Notes what is not taken, and ends the reading where that was enough.
    private mutating func find(_ finding: YAMLText.Finding) throws(Stop) {
        findings.append(finding)
        counted += 1
        if counted >= YAMLText.findingLimit { throw .enough }
    }

    // MARK: Nodes

    /// The node that begins with the present event, and then the event after it; `nil` for an alias of nothing.
    private mutating func node() throws(Stop) -> YAMLNode? {
        if event.type == YAML_ALIAS_EVENT { return try alias() }
        let anchor = anchorName
        let before = size
        size += 1
        guard let node = try value() else { return nil }
        if let anchor { anchors[anchor] = (node, size - before, height) }
        return node
    }

    /// The name of the anchor that the present event has.
    private var anchorName: String? {
        let name: UnsafeMutablePointer<yaml_char_t>? =
            switch event.type {
            case YAML_SCALAR_EVENT: event.data.scalar.anchor
            case YAML_SEQUENCE_START_EVENT: event.data.sequence_start.anchor
            case YAML_MAPPING_START_EVENT: event.data.mapping_start.anchor
            default: nil
            }
        return name.map { String(cString: $0) }
    }

    /// What the anchor of the present event, which is an alias, stands at.
    private mutating func alias() throws(Stop) -> YAMLNode? {
        let mark = SourceMark(event.start_mark)
        let name = event.data.alias.anchor.map { String(cString: $0) } ?? ""
        defer { height = anchors[name]?.height ?? 0 }
        guard let anchor = anchors[name] else {
            try find(.unknownAlias(name, mark))
            try advance()
            return nil
        }
        size += anchor.size
        aliasSize += anchor.size
        guard aliasSize <= YAMLText.aliasLimit else {
            findings.append(.tooManyByAlias(mark))
            throw .enough
        }
        guard depth + anchor.height <= depthLimit else {
            findings.append(.tooDeep(mark))
            throw .enough
        }
        try advance()
        var node = anchor.node
        // What is wrong with it may be right where the anchor is; what lies in it has one place only.
        node.mark = mark
        return node
    }

    /// Whether the value of the present event, which begins at `start`, has a tag.
    ///
    /// Not by the event's members alone: of the tag `!` libyaml tells nothing.
    private func hasTag(_ tag: UnsafeMutablePointer<yaml_char_t>?) -> Bool {
        if tag != nil { return true }
        var position = Int(event.start_mark.index)
        let end = min(Int(event.end_mark.index), text.count)
        if position < end, text[position] == "&" {
            while position < end, text[position] != " ", text[position] != "\t" { position += 1 }
            while position < end, text[position] == " " || text[position] == "\t" { position += 1 }
        }
        return position < end && text[position] == "!"
    }

    private mutating func value() throws(Stop) -> YAMLNode? {
        let mark = SourceMark(event.start_mark)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            if hasTag(scalar.tag) { try find(.tag(mark, isInFlow: flowDepth > 0)) }
            let value = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            try advance()
            height = 0
            return YAMLNode(content: .scalar(value, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            if start.tag != nil { try find(.tag(mark, isInFlow: flowDepth > 0)) }
            let isFlow = start.style == YAML_FLOW_SEQUENCE_STYLE
            try enter(mark, isFlow: isFlow)
            var items: [YAMLNode] = []
            var inner = 0
            while event.type != YAML_SEQUENCE_END_EVENT {
                if let item = try node() { items.append(item) }
                inner = max(inner, height)
            }
            try leave(isFlow: isFlow)
            height = inner + 1
            return YAMLNode(content: .list(items), mark: mark)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            if start.tag != nil { try find(.tag(mark, isInFlow: flowDepth > 0)) }
            let isFlow = start.style == YAML_FLOW_MAPPING_STYLE
            try enter(mark, isFlow: isFlow)
            let (entries, inner) = try entries()
            try leave(isFlow: isFlow)
            height = inner + 1
            return YAMLNode(content: .mapping(entries), mark: mark)
        default:
            try advance()
            return nil
        }
    }

    private mutating func entries() throws(Stop) -> ([YAMLNode.Entry], height: Int) {
        var entries: [YAMLNode.Entry] = []
        var merged: [YAMLNode.Entry] = []
        var inner = 0
        var seen: [String: SourceMark] = [:]
        while event.type != YAML_MAPPING_END_EVENT {
            let mark = SourceMark(event.start_mark)
            let isAlias = event.type == YAML_ALIAS_EVENT
            let key = try node()
            inner = max(inner, height)
            let value = try node()
            inner = max(inner, height)
            guard case .scalar(let name, _) = key?.content else {
                if !isAlias { try find(.keyWithoutText(mark)) }
                continue
            }
            if let first = seen[name] {
                findings.append(.duplicateKey(name, mark, first: first))
                continue
            }
            seen[name] = mark
            guard let value else { continue }
            if name != "<<" {
                entries.append(YAMLNode.Entry(key: name, keyMark: mark, value: value))
            } else if let found = Self.merged(value) {
                merged += found
            } else {
                try find(.mergeKey(mark))
            }
        }
        // What is written here comes first, and of several mappings the first one.
        for entry in merged where seen.updateValue(entry.keyMark, forKey: entry.key) == nil { entries.append(entry) }
        return (entries, inner)
    }

    /// The entries of what stands behind `<<`: a mapping, or a list of them; `nil` of anything else.
    private static func merged(_ node: YAMLNode) -> [YAMLNode.Entry]? {
        switch node.content {
        case .mapping(let entries): return entries
        case .list(let nodes):
            var all: [YAMLNode.Entry] = []
            for node in nodes {
                guard case .mapping(let entries) = node.content else { return nil }
                all += entries
            }
            return all
        case .scalar: return nil
        }
    }

    private mutating func enter(_ mark: SourceMark, isFlow: Bool) throws(Stop) {
        guard depth < depthLimit else {
            findings.append(.tooDeep(mark))
            throw .enough
        }
        depth += 1
        flowDepth += isFlow ? 1 : 0
        try advance()
    }

    private mutating func leave(isFlow: Bool) throws(Stop) {
        depth -= 1
        flowDepth -= isFlow ? 1 : 0
        try advance()
    }
}

extension SourceMark {
    /// The place of a mark of libyaml, which counts from 0, in Unicode scalars too.
    init(_ mark: yaml_mark_t) { self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1) }
}

extension YAMLText.SyntaxError {
    /// What a parser complains of that gave no event.
    init(_ parser: yaml_parser_t) {
        switch parser.error {
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            self.init(problem: parser.problem.map { String(cString: $0) } ?? "", mark: SourceMark(parser.problem_mark))
            if let context = parser.context {
                self.context = String(cString: context)
                contextMark = SourceMark(parser.context_mark)
            }
        case YAML_READER_ERROR:
            self.init(problem: parser.problem.map { String(cString: $0) } ?? "")
        default:
            self.init(problem: "there is not enough memory")
        }
    }
}
