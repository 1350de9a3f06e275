// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What came back of one scenario: the figures that the guest's kernel gave, exert's output and its log.
struct Evidence {
    /// A value of JSON, or of a figure.
    indirect enum Value: Equatable {
        case number(Double), text(String), bool(Bool), null, list([Value]), object([String: Value])
    }

    /// What is wrong with what came back.
    struct Problem: Error, CustomStringConvertible, Equatable {
        let description: String
    }

    /// Name and value, in the order in which they were measured.
    var figures: [(name: String, value: Value)] = []
    /// Standard output as JSON, or as text where it is none.
    var output: Value = .null
    /// Standard error.
    var errors = ""
    /// The lines of the experiment log, by event.
    var log: [String: [Value]] = [:]

    /// Reads figures: lines of `NAME VALUE…`.
    ///
    /// - Throws: where a name comes twice, since then nobody knows which one is meant.
    static func figures(of text: String) throws(Problem) -> [(name: String, value: Value)] {
        var figures: [(name: String, value: Value)] = []
        for line in text.split(separator: "\n") {
            let name = String(line.prefix { $0 != " " })
            let value = line.dropFirst(name.count).drop { $0 == " " }
            if figures.contains(where: { $0.name == name }) { throw Problem(description: "two figures '\(name)'") }
            let number = Double(value).map { Value.number($0) }
            figures.append((name, value.isEmpty ? .null : number ?? .text(String(value))))
        }
        return figures
    }

    /// Reads an experiment log; a last line that was cut off, as SIGKILL does, is left out.
    static func log(of text: String) throws(Problem) -> [String: [Value]] {
        var log: [String: [Value]] = [:]
        var lines = text.split(separator: "\n")
        if !text.hasSuffix("\n") { _ = lines.popLast() }
        for line in lines {
            guard case .object(let members)? = Value(json: String(line)), case .text(let event)? = members["event"]
            else { throw Problem(description: "no event: \(line)") }
            log[event, default: []].append(.object(members))
        }
        return log
    }

    /// The value at a path: a figure's name, `errors`, or below `output` and `log`.
    ///
    /// `output.results[0].verdict` goes into the JSON of standard output, `log.sample[-1].host` into the last line of
    /// that event; `[*]` takes all, and gives a list. `nil` where there is nothing.
    func value(at path: String) -> Value? {
        if let figure = figures.first(where: { $0.name == path }) { return figure.value }
        if path == "errors" { return .text(errors) }
        let steps = path.replacing("[", with: ".[").split(separator: ".").map(String.init)
        switch steps.first {
        case "output": return Self.walk(steps.dropFirst(), in: output)
        case "log": return Self.walk(steps.dropFirst(), in: .object(log.mapValues { .list($0) }))
        default: return nil
        }
    }

    private static func walk(_ steps: ArraySlice<String>, in value: Value) -> Value? {
        guard let step = steps.first else { return value }
        switch value {
        case .object(let members):
            guard let member = members[step] else { return nil }
            return walk(steps.dropFirst(), in: member)
        case .list(let list):
            if step == "[*]" {
                let found = list.compactMap { walk(steps.dropFirst(), in: $0) }
                return found.isEmpty ? nil : .list(found)
            }
            guard step.hasPrefix("["), step.hasSuffix("]"), let index = Int(step.dropFirst().dropLast()) else {
                return nil
            }
            let position = index < 0 ? list.count + index : index
            return list.indices.contains(position) ? walk(steps.dropFirst(), in: list[position]) : nil
        default: return nil
        }
    }
}

extension Evidence.Value {
    /// The number; `nil` of everything else.
    var number: Double? { if case .number(let number) = self { number } else { nil } }

    /// Whether it is neither a list nor an object.
    var isScalar: Bool {
        switch self {
        case .list, .object: false
        default: true
        }
    }

    /// Parses a document of JSON; `nil` where it is none.
    init?(json: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = value
    }
}

extension Evidence.Value: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([Self].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: Self].self))
        }
    }
}

extension Evidence.Value: CustomStringConvertible {
    var description: String {
        switch self {
        case .number(let number):
            number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
        case .text(let text): "\"\(text)\""
        case .bool(let bool): "\(bool)"
        case .null: "null"
        case .list(let list): "[" + list.map(\.description).joined(separator: ", ") + "]"
        case .object(let members): "{" + members.keys.sorted().joined(separator: ", ") + "}"
        }
    }
}
