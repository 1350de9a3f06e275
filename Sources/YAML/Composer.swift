// SPDX-License-Identifier: Apache-2.0

internal import CYAML
internal import LoadModel

/// Composes libyaml's events to a tree.
///
/// libyaml's parser keeps its own stack and looks at most 1,024 characters ahead for the colon of a key, so what it
/// does with a text is bounded; its loader, which expands aliases, is not used.
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

    /// The node that begins with the present event, and then the event after it; `nil` for an alias.
    private mutating func node() throws(Stop) -> YAMLNode? {
        let mark = SourceMark(event.start_mark)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            // Not by its members: of the tag `!` libyaml tells nothing.
            let start = Int(event.start_mark.index)
            if event.end_mark.index > start, start < text.count, text[start] == "&" || text[start] == "!" {
                try find(.property(mark, isInFlow: flowDepth > 0))
            }
            let value = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            try advance()
            return YAMLNode(content: .scalar(value, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            if start.anchor != nil || start.tag != nil { try find(.property(mark, isInFlow: flowDepth > 0)) }
            let isFlow = start.style == YAML_FLOW_SEQUENCE_STYLE
            try enter(mark, isFlow: isFlow)
            var items: [YAMLNode] = []
            while event.type != YAML_SEQUENCE_END_EVENT { if let item = try node() { items.append(item) } }
            try leave(isFlow: isFlow)
            return YAMLNode(content: .list(items), mark: mark)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            if start.anchor != nil || start.tag != nil { try find(.property(mark, isInFlow: flowDepth > 0)) }
            let isFlow = start.style == YAML_FLOW_MAPPING_STYLE
            try enter(mark, isFlow: isFlow)
            let entries = try entries()
            try leave(isFlow: isFlow)
            return YAMLNode(content: .mapping(entries), mark: mark)
        default:
            try find(.property(mark, isInFlow: flowDepth > 0))
            try advance()
            return nil
        }
    }

    private mutating func entries() throws(Stop) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var seen: [String: SourceMark] = [:]
        while event.type != YAML_MAPPING_END_EVENT {
            let mark = SourceMark(event.start_mark)
            let isAlias = event.type == YAML_ALIAS_EVENT
            let key = try node()
            let value = try node()
            guard case .scalar(let name, _) = key?.content else {
                if !isAlias { try find(.keyWithoutText(mark)) }
                continue
            }
            if name == "<<" {
                try find(.mergeKey(mark))
            } else if let first = seen[name] {
                findings.append(.duplicateKey(name, mark, first: first))
            } else {
                seen[name] = mark
                if let value { entries.append(YAMLNode.Entry(key: name, keyMark: mark, value: value)) }
            }
        }
        return entries
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
