// SPDX-License-Identifier: Apache-2.0

/// A record as text: a line with the version, then lines of `key value`, in order, the last one being `end`.
///
/// What is not exactly that is no record: a half-written or foreign file must never lead to an effect.
enum UndoText {
    static let version = "exert-undo 1"

    static func text(_ entry: UndoRecord.Entry) -> String {
        var lines = [
            version, "boot \(entry.owner.boot)", "namespace \(entry.owner.namespace)",
            "owner \(entry.owner.processID) \(entry.owner.startTime)",
        ]
        switch entry.action {
        case .removeFile(let path): lines += ["device \(entry.device)", "remove-file \(escaped(path))"]
        case .removeTree(let path): lines += ["device \(entry.device)", "remove-tree \(escaped(path))"]
        case .removeGroup(let path): lines += ["device \(entry.device)", "remove-group \(escaped(path))"]
        case .restoreOpenFileLimit(let processID, let startTime, let soft, let lowered):
            lines += ["device 0", "restore-open-file-limit \(processID) \(startTime) \(soft) \(lowered)"]
        }
        return (lines + ["end"]).map { $0 + "\n" }.joined()
    }

    static func entry(_ text: String, file: String) -> UndoRecord.Entry? {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 8, lines[0] == version, lines[6] == "end", lines[7].isEmpty,
            let boot = value("boot", lines[1]), let namespace = value("namespace", lines[2]),
            let owner = value("owner", lines[3]).map(numbers), owner.count == 2, let ownerID = id(owner[0]),
            let device = value("device", lines[4]).flatMap({ UInt64($0) }), let action = action(lines[5])
        else { return nil }
        return UndoRecord.Entry(
            file: file, action: action,
            owner: ProcessIdentity(processID: ownerID, startTime: owner[1], boot: boot, namespace: namespace),
            device: device)
    }

    private static func action(_ line: String) -> UndoAction? {
        if let path = value("remove-file", line).map(unescaped), UndoAction.isRemovable(path) {
            return .removeFile(path: path)
        }
        if let path = value("remove-tree", line).map(unescaped), UndoAction.isRemovable(path) {
            return .removeTree(path: path)
        }
        if let path = value("remove-group", line).map(unescaped), UndoAction.isRemovable(path) {
            return .removeGroup(path: path)
        }
        guard let fields = value("restore-open-file-limit", line).map(numbers), fields.count == 4,
            let processID = id(fields[0])
        else { return nil }
        return .restoreOpenFileLimit(
            processID: processID, startTime: fields[1], soft: fields[2], lowered: fields[3])
    }

    private static func value(_ key: String, _ line: String) -> String? {
        line.hasPrefix(key + " ") ? String(line.unicodeScalars.dropFirst(key.unicodeScalars.count + 1)) : nil
    }

    /// The numbers of a line; empty where any of its fields is none.
    private static func numbers(_ text: String) -> [UInt64] {
        let numbers = text.split(separator: " ", omittingEmptySubsequences: false).map { UInt64($0) }
        return numbers.contains(nil) ? [] : numbers.compactMap { $0 }
    }

    /// 0 and negative ids mean "this process" and groups to system calls.
    private static func id(_ number: UInt64) -> Int32? { Int32(exactly: number).flatMap { $0 > 0 ? $0 : nil } }

    /// A line feed in a path must not begin a line.
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

    private static func unescaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isEscape = false
        for scalar in text.unicodeScalars {
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
