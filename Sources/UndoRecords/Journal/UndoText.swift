// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem

/// A record as text: lines of `key value` in a fixed order.
///
/// A head says who made the effect; behind it comes the effect, from `effect KIND` to `end`, and behind that the same
/// effect anew each time that more is known of it: what stands in a locked file can only be added to. The last one that
/// is whole counts. What is not exactly that is no record: a foreign file must never lead to an effect.
enum UndoText {
    static let version = "exert-undo 2"

    /// What a record says.
    struct Content: Sendable {
        var owner: UndoOwner
        var effect: any Undoable
    }

    static func head(_ owner: UndoOwner) -> String {
        lines([
            version, "boot \(escaped(owner.process.boot))", "namespace \(escaped(owner.process.namespace))",
            "owner \(owner.process.processID) \(owner.process.startTime)", "run \(escaped(owner.run))",
        ])
    }

    static func block(_ effect: some Undoable) -> String {
        let fields = effect.fields.all.map { "\($0.key) \(escaped($0.value))" }
        return lines(["effect \(type(of: effect).keyword)"] + fields + ["end"])
    }

    private static func lines(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    static func content(_ text: String) -> Content? {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        guard lines.popFirst() == version, let boot = lines.popFirst().flatMap({ value("boot", $0) }),
            let namespace = lines.popFirst().flatMap({ value("namespace", $0) }),
            var process = lines.popFirst().flatMap({ owner($0) }),
            let run = lines.popFirst().flatMap({ value("run", $0) })
        else { return nil }
        process.boot = boot
        process.namespace = namespace
        var last: (any Undoable)?
        // What is behind the last line feed was being written when somebody died.
        while let line = lines.first, lines.count > 1 {
            guard let keyword = value("effect", line) else { return nil }
            guard let end = lines.firstIndex(of: "end"), end < lines.endIndex - 1 else { break }
            guard let effect = effect(keyword, lines[(lines.startIndex + 1)..<end]) else { return nil }
            last = effect
            lines = lines[(end + 1)...]
        }
        return last.map { Content(owner: UndoOwner(process: process, run: run), effect: $0) }
    }

    private static func effect(_ keyword: String, _ lines: ArraySlice<String>) -> (any Undoable)? {
        guard let kind = UndoCatalog.all.first(where: { $0.keyword == keyword }) else { return nil }
        var fields = UndoFields()
        for line in lines {
            let scalars = line.unicodeScalars
            guard let blank = scalars.firstIndex(of: " ") else { return nil }
            fields.put(String(scalars[..<blank]), unescaped(scalars[scalars.index(after: blank)...]))
        }
        let effect = kind.init(&fields)
        return fields.all.isEmpty ? effect : nil
    }

    private static func owner(_ line: String) -> ProcessIdentity? {
        var fields = UndoFields()
        guard let text = value("owner", line) else { return nil }
        fields.put("owner", text)
        guard let numbers = fields.takeNumbers("owner", count: 2), let id = Int32(exactly: numbers[0]), id > 0 else {
            return nil
        }
        return ProcessIdentity(processID: id, startTime: numbers[1], boot: "", namespace: "")
    }

    private static func value(_ key: String, _ line: String) -> String? {
        let (prefix, scalars) = ((key + " ").unicodeScalars, line.unicodeScalars)
        return scalars.starts(with: prefix) ? unescaped(scalars.dropFirst(prefix.count)) : nil
    }

    /// A line feed in a value must not begin a line.
    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n".unicodeScalars
            case "\\": result += "\\\\".unicodeScalars
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func unescaped(_ text: Substring.UnicodeScalarView) -> String {
        var result = String.UnicodeScalarView()
        var isEscape = false
        for scalar in text {
            if !isEscape, scalar == "\\" {
                isEscape = true
                continue
            }
            result.append(isEscape && scalar == "n" ? "\n" : scalar)
            isEscape = false
        }
        return String(result)
    }
}
