// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// What a stressor process is told when it is started.
struct StressorJob {
    var name: String
    var kind: String
    var settings: Settings
    var curve: Curve
    var workers: Int
    /// After how many nanoseconds the kernel kills the process, whatever happens.
    var killAfter: Nanoseconds

    init(name: String, kind: String, settings: Settings, curve: Curve, workers: Int, killAfter: Nanoseconds) {
        self.name = name
        self.kind = kind
        self.settings = settings
        self.curve = curve
        self.workers = workers
        self.killAfter = killAfter
    }

    // Lines of `key TAB type TAB value`: a decoder library would cost the stressor some MiB of resident set. Split by
    // scalars, since a tab and what combines with it would be one character.
    var text: [UInt8] {
        var lines = ["name\t\(Self.escaped(name))", "kind\t\(Self.escaped(kind))"]
        for (key, value) in settings.values.sorted(by: { $0.key < $1.key }) {
            let (type, text) =
                switch value {
                case .text(let text): ("text", Self.escaped(text))
                case .integer(let number): ("integer", "\(number)")
                case .boolean(let flag): ("boolean", flag ? "true" : "false")
                case .cpus(let cpus): ("cpus", CPUList.text(cpus))
                case .bytes(let bytes): ("bytes", "\(bytes)")
                }
            lines.append("setting\t\(Self.escaped(key))\t\(type)\t\(text)")
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    init?(text: [UInt8], curve: Curve, workers: Int, killAfter: Nanoseconds) {
        var name: String?
        var kind: String?
        var values: [String: SettingValue] = [:]
        for line in String(decoding: text, as: UTF8.self).unicodeScalars.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { Self.unescaped($0) }
            switch (fields[0], fields.count) {
            case ("name", 2): name = fields[1]
            case ("kind", 2): kind = fields[1]
            case ("setting", 4):
                guard let value = Self.value(type: fields[2], fields[3]) else { return nil }
                values[fields[1]] = value
            default: return nil
            }
        }
        guard let name, let kind else { return nil }
        self.init(
            name: name, kind: kind, settings: Settings(values: values), curve: curve, workers: workers,
            killAfter: killAfter)
    }

    /// Writes a tab, a line feed and a backslash as a backslash and a letter.
    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t": result += "\\t".unicodeScalars
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
            result.append(!isEscape ? scalar : scalar == "t" ? "\t" : scalar == "n" ? "\n" : scalar)
            isEscape = false
        }
        return String(result)
    }

    private static func value(type: String, _ text: String) -> SettingValue? {
        switch type {
        case "text": .text(text)
        case "integer": Int(text).map { .integer($0) }
        case "boolean": .boolean(text == "true")
        case "cpus": CPUList.parse(text).map { .cpus($0) }
        case "bytes": Int64(text).map { .bytes($0) }
        default: nil
        }
    }
}
