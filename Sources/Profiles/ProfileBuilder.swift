// SPDX-License-Identifier: Apache-2.0

import LoadModel
import YAML

/// Gathers a profile's values and its problems; no problem ends the reading.
struct ProfileBuilder {
    /// Where a value stands, for the problems that its notation has.
    enum Place {
        /// In the text, `value` as YAML has it.
        case text(SourceMark, value: String)
        /// On the command line, in this flag.
        case flag(String)

        var mark: SourceMark {
            switch self {
            case .text(let mark, _): mark
            case .flag: SourceMark(line: 1, column: 1)
            }
        }
    }

    /// A stressor that the profile defines or uses; `manifest` is `nil` where its kind is wrong, which has been told.
    struct Definition {
        var name: String
        var manifest: Manifest?
        var settings: Settings
        var tolerance: Tolerance?
        var mark: SourceMark
    }

    let file: String
    let source: SourceText?
    let manifests: [Manifest]
    let readFile: (String) throws -> [UInt8]
    /// Reads a file that is included; `nil` where nothing is.
    var readIncluded: ((String) throws -> [UInt8])?
    /// What was included.
    var inclusion = Inclusion()
    /// Opens a trace to be read piece by piece; by default `readFile` reads it whole.
    var openTrace: (String) throws -> ByteReader
    /// Whether problems may quote what `readFile` reads.
    var mayQuoteFiles = true
    /// What the command line changes.
    var changes = ProfileChanges()
    /// The values of environment variables by name; `nil` where nobody's may be read.
    var environment: ((String) -> String?)?

    var problems: [Diagnostic] = []
    var name: String?
    var note: String?
    var labels = RunTags()
    var seed: UInt64 = 0
    var definitions: [Definition] = []
    var phases: [Phase] = []
    var guards: [Guard] = []
    var hasDefaultGuards = true
    /// The probes by name; a plan is `nil` where it has a problem, which has been told.
    var probes: [(name: String, plan: ProbePlan?)] = []
    var objectives: [Objective] = []
    /// The phases as far as objectives need them; `nil` where one of them has a problem.
    var outline: [ObjectiveNotation.PhaseOutline]?
    /// What phases are to go on until, as it is written.
    var untils: [WrittenUntil] = []
    /// Curve pieces of the loads so far.
    var pieces = 0
    /// What a trace depends on.
    struct TraceKey: Hashable {
        var request: TraceRequest
        var length: Nanoseconds?
        var taker: String
    }
    /// The trace that was read last.
    var lastTrace: (key: TraceKey, trace: Trace)?
    /// How many traces were read, and how many bytes of them.
    var traces = 0
    var traceBytes = 0
    /// How often the phase that is being read is run.
    var repetitions = 1
    /// Characters of the notes so far.
    var noteSize = 0
    /// The parameters with their values, and whether the profile has any to declare.
    var parameters: [ProfileParameter] = []
    var hasParameters = false
    /// Bytes of the texts that have parameters in them, so far.
    var textSize = 0
    /// Parameters whose value is wrong or missing, which was told; something that they take stands for it.
    var placeholders: Set<String> = []
    /// Where texts stand in which a parameter is unknown, or has no value: what else is wrong with them is not told.
    var tainted: Set<SourceMark> = []
    /// What times of loads are multiplied with.
    var timeScale = 1.0
    /// The flags whose values stand in the tree; their marks have the line 0, and the column is the place in this list.
    var flags: [String] = []

    init(
        file: String, source: SourceText?, manifests: [Manifest], readFile: @escaping (String) throws -> [UInt8]
    ) {
        self.file = file
        self.source = source
        self.manifests = manifests
        self.readFile = readFile
        openTrace = { path in
            var rest = try readFile(path)
            return {
                defer { rest = [] }
                return rest
            }
        }
    }

    /// The kinds that users are told of.
    var kinds: [String] { manifests.filter(\.isListed).map(\.kind) }

    func manifest(of kind: String) -> Manifest? { manifests.first { $0.kind == kind } }

    /// The profile, where it has no problem.
    func profile(sha256: String) throws(ProfileErrors) -> Profile {
        guard problems.isEmpty else {
            var shown = ProfileErrors(file: file, diagnostics: problems)
            if shown.diagnostics.count > ProfileReader.problemLimit {
                let rest = shown.diagnostics.count - ProfileReader.problemLimit
                shown.diagnostics.removeLast(rest)
                shown.diagnostics.append(
                    Diagnostic(shown.diagnostics.last?.mark, "\(rest) more problems are not shown; mend these first"))
            }
            throw shown
        }
        var entries: [StressorEntry] = []
        for definition in definitions {
            guard let manifest = definition.manifest else { continue }
            entries.append(
                StressorEntry(
                    name: definition.name, kind: manifest.kind, settings: definition.settings,
                    tolerance: definition.tolerance, mark: definition.mark))
        }
        var profile = Profile(
            name: name ?? defaultName, file: file, sha256: sha256, seed: seed, stressors: entries, phases: phases,
            guards: guards)
        profile.hasDefaultGuards = hasDefaultGuards
        profile.probes = probes.compactMap(\.plan)
        profile.objectives = objectives
        profile.parameters = parameters
        profile.changes = changes.flags
        profile.includes = inclusion.files
        profile.labels = labels.labels
        profile.note = note
        return profile
    }

    /// The file's base name without its YAML extension; `stdin` for `<stdin>`.
    private var defaultName: String {
        let base = file.split(separator: "/").last.map(String.init) ?? file
        if base.hasPrefix("<"), base.hasSuffix(">") {
            return base.dropFirst().dropLast().split(separator: " ").joined(separator: "-")
        }
        for suffix in [".yaml", ".yml"] where base.hasSuffix(suffix) && base.utf8.count > suffix.utf8.count {
            return String(base.dropLast(suffix.count))
        }
        return base
    }

    // MARK: Problems

    mutating func report(_ mark: SourceMark?, _ message: String) {
        if let mark {
            if tainted.contains(mark) { return }
            if mark.line == 0, flags.indices.contains(mark.column - 1) {
                problems.append(Diagnostic(nil, "\(flags[mark.column - 1]): \(message)"))
                return
            }
        }
        problems.append(Diagnostic(mark, message))
    }

    /// A place in the file: `mark`, or that of what holds it where it stands in a flag.
    func place(_ mark: SourceMark, in holder: SourceMark) -> SourceMark { mark.line > 0 ? mark : holder }

    mutating func report(_ error: NotationError, at place: Place) {
        switch place {
        case .text(let mark, let value):
            if tainted.contains(mark) { return }
            let text = mark.file.map { inclusion.texts[$0] } ?? source
            report(text?.mark(of: value, at: mark, offset: error.offset) ?? mark, error.message)
        case .flag(let flag):
            report(nil, "\(flag): \(error.message)")
        }
    }

    /// Whether a value has a text in it of which nobody knows what it comes to.
    func isTainted(_ node: YAMLNode) -> Bool {
        if tainted.isEmpty { return false }
        return switch node.content {
        case .scalar: tainted.contains(node.mark)
        case .list(let items): items.contains(where: isTainted)
        case .mapping(let entries): entries.contains { isTainted($0.value) }
        }
    }

    /// What `read` returns, or `nil` after reporting its error.
    mutating func reading<Value>(_ place: Place, _ read: () throws(NotationError) -> Value) -> Value? {
        do throws(NotationError) {
            return try read()
        } catch {
            report(error, at: place)
            return nil
        }
    }

    // MARK: Nodes

    /// The text of a scalar, or `nil` after reporting that there is none.
    mutating func text(of node: YAMLNode, _ subject: String, example: String) -> String? {
        guard case .scalar(let text, _) = node.content, !node.isNull else {
            let problem = node.isNull ? "has no value" : "must be text, not \(node.title)"
            report(node.mark, "\(subject) \(problem); write it such as '\(example)'")
            return nil
        }
        return text
    }

    /// A text that people will read as a name, or `nil` after reporting what is wrong with it.
    mutating func title(of node: YAMLNode, _ subject: String, example: String) -> String? {
        guard let text = text(of: node, subject, example: example) else { return nil }
        let trimmed = Phrase(text).text
        if trimmed.isEmpty {
            report(node.mark, "\(subject) is empty; write it such as '\(example)'")
        } else if trimmed.unicodeScalars.contains(where: \.isControl) {
            report(node.mark, "\(subject) has a control character or a line break; write it in one line of plain text")
        } else if trimmed.unicodeScalars.count > 100 {
            report(node.mark, "\(subject) is longer than 100 characters; shorten it")
        } else {
            return trimmed
        }
        return nil
    }

    /// What somebody says of a profile or a phase, or `nil` after reporting what is wrong with it.
    mutating func note(_ node: YAMLNode, of title: String) -> String? {
        let subject = "'note' of \(title)"
        guard let text = text(of: node, subject, example: "note: what was seen the last time") else { return nil }
        let trimmed = Phrase(text).text
        // Scripts and signs are made of letters that these two join.
        let isPlain = trimmed.unicodeScalars.allSatisfy {
            !$0.isControl || "\n\t\u{200C}\u{200D}".unicodeScalars.contains($0)
        }
        if trimmed.isEmpty {
            report(node.mark, "\(subject) is empty; write one, or leave it out")
        } else if !isPlain {
            report(node.mark, "\(subject) has a control character; write it in plain text, of several lines with '|'")
        } else if trimmed.unicodeScalars.count > ProfileReader.noteLimit {
            report(node.mark, "\(subject) is longer than \(ProfileReader.noteLimit) characters; shorten it")
        } else {
            let before = noteSize
            noteSize += trimmed.unicodeScalars.count * repetitions
            // Once, where it is passed.
            if noteSize > ProfileReader.notesLimit, before <= ProfileReader.notesLimit {
                report(
                    node.mark,
                    "the notes of the profile, each as often as its phase is run, are longer than "
                        + "\(ProfileReader.notesLimit) characters in all, the limit; shorten them")
            }
            return trimmed
        }
        return nil
    }

    /// The entries of a mapping, none after reporting that it is something else; nothing written is an empty mapping.
    mutating func entries(of node: YAMLNode, _ subject: String, example: String) -> [YAMLNode.Entry] {
        if case .mapping(let entries) = node.content { return entries }
        if !node.isNull {
            report(node.mark, "\(subject) must be a mapping such as '\(example)', not \(node.title)")
        }
        return []
    }

    mutating func reportUnknownKey(_ entry: YAMLNode.Entry, in place: String, among keys: [String]) {
        // A flow mapping ends a value at its first comma and makes the rest a key.
        if entry.value.isNull, !Self.isName(entry.key) {
            report(
                entry.keyMark,
                "unknown key \(Wording.quote(entry.key)) in \(place); put a value that has commas in quotes")
            return
        }
        let remedy = Wording.remedy(for: entry.key, among: keys, taking: "it takes")
        report(entry.keyMark, "unknown key \(Wording.quote(entry.key)) in \(place)\(remedy)")
    }

    /// Whether `text` can name a stressor: it is part of thread names, log keys and flags.
    static func isName(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        return scalars.first?.isLetter == true && scalars.count <= 64
            && scalars.allSatisfy { $0.isLetter || $0.isDigit || $0 == "-" || $0 == "_" }
    }
}
