// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing
import YAML

/// A scenario as its file has it: what is set up in the guest, which profile runs, what is measured, what must hold.
///
/// The lines of `setup`, `while` and `after` are shell lines that the guest runs before exert, while its load runs, and
/// after it; `Guest/functions` is at their disposal.
struct Scenario {
    /// The file's name without `.yaml`, and the name of its control group.
    var name: String
    /// The profile's YAML.
    var profile: String?
    /// Shell lines by the name of the file that `Guest/run` looks for.
    var lines: [String: String] = [:]
    /// The control group, below the scenario's own, in which exert is started.
    var cgroup = ""
    /// How exert is started.
    var command = "exert run profile.yaml --log log --format json --quiet"
    var expectations: [Expectation] = []

    /// What is wrong with a file.
    struct Problem: Error, CustomStringConvertible, Equatable {
        let description: String
    }

    /// Reads a file's text.
    ///
    /// - Throws: a ``Problem`` with the file's name, for a key that is none, too.
    init(name: String, yaml: String) throws {
        self.name = name
        let text = YAMLText(Array(yaml.unicodeScalars), depthLimit: 32)
        if let error = text.error { throw Problem(description: "\(name): \(error)") }
        if let finding = text.findings.first { throw Problem(description: "\(name): \(finding)") }
        guard case .mapping(let entries) = text.root?.content else {
            throw Problem(description: "\(name): not a mapping")
        }
        for (index, entry) in entries.enumerated() {
            switch entry.key {
            case "profile":
                let end = entries.dropFirst(index + 1).first?.keyMark.line
                profile = try? Self.text(entry, of: name)
                profile = profile ?? Self.lines(of: yaml, from: entry.value.mark, to: end)
            case "setup", "while", "after": lines[entry.key] = try Self.text(entry, of: name)
            case "cgroup": cgroup = try Self.text(entry, of: name)
            case "run": command = try Self.text(entry, of: name)
            case "expect":
                guard case .list(let items) = entry.value.content else { break }
                for item in items {
                    guard case .scalar(let text, _) = item.content else {
                        throw Problem(description: "\(name): 'expect' takes a list of texts")
                    }
                    do {
                        expectations.append(try Expectation(text))
                    } catch {
                        throw Problem(description: "\(name): '\(text)': \(error)")
                    }
                }
            case let key: throw Problem(description: "\(name): '\(key)' is no key of a scenario")
            }
        }
        if expectations.isEmpty { throw Problem(description: "\(name): nothing is expected") }
        if !yaml.contains("?") { throw Problem(description: "\(name): no question is asked") }
    }

    private static func text(_ entry: YAMLNode.Entry, of name: String) throws -> String {
        guard case .scalar(let text, _) = entry.value.content else {
            throw Problem(description: "\(name): '\(entry.key)' takes text")
        }
        return text
    }

    /// What stands from a place to the line before `end`, with the indentation that it has.
    private static func lines(of text: String, from mark: SourceMark, to end: Int?) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var taken = lines[(mark.line - 1)..<((end ?? lines.count + 1) - 1)].map(String.init)
        taken[0] = String(repeating: " ", count: mark.column - 1) + taken[0].dropFirst(mark.column - 1)
        return taken.joined(separator: "\n")
    }

    /// Writes the folder that the guest runs as a job.
    func write(to folder: URL, shell: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in ["run", "functions"] {
            try files.copyItem(at: shell.appending(path: file), to: folder.appending(path: file))
        }
        var texts = lines
        texts["cgroup"] = cgroup
        texts["command"] = command.trimmingCharacters(in: .whitespacesAndNewlines)
        texts["profile.yaml"] = profile
        for (file, text) in texts {
            try Data((text + "\n").utf8).write(to: folder.appending(path: file))
        }
    }

    /// All scenarios of a folder, in order of their names.
    static func all(in folder: URL) throws -> [Scenario] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().filter { $0.hasSuffix(".yaml") }.map {
            try Scenario(
                name: String($0.dropLast(5)), yaml: String(contentsOf: folder.appending(path: $0), encoding: .utf8))
        }
    }
}

extension Scenario: CustomTestStringConvertible {
    var testDescription: String { name }
}
