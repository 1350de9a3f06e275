// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What `exert list` prints.
public enum ListText {
    /// The table of all listed kinds, ending in a line feed.
    public static func overview(_ manifests: [Manifest], style: TextStyle) -> String {
        var lines = TextLines(style)
        var table = TextTable([.left, .left, .left], indent: 0)
        table.append(["stressor", "unit", "what it does"], .dim)
        for manifest in manifests where manifest.isListed {
            table.append([
                StyledText(manifest.kind, .bold), StyledText(manifest.unit.description.words),
                StyledText(manifest.summary),
            ])
        }
        lines.append(table)
        lines.append()
        lines.append("exert list STRESSOR tells a stressor's settings, loads and witness.")
        return lines.text
    }

    /// The table of all kinds of probe, ending in a line feed.
    public static func probes(style: TextStyle) -> String {
        var lines = TextLines(style)
        var probes = TextTable([.left, .left], indent: 0)
        probes.append(["probe", "what it asks"], .dim)
        for kind in ProbeKind.allCases {
            probes.append([StyledText(kind.rawValue, .bold), StyledText(kind.description.help)])
        }
        lines.append(probes)
        lines.append()
        lines.append("exert list PROBE tells what can be said of a probe, and when its answer is good.")
        return lines.text
    }

    /// What may stand behind a load that is written as `head`, ending in a line feed.
    public static func clauses(
        of head: String, _ clauses: [(written: String, meaning: String)], style: TextStyle
    ) -> String {
        var lines = TextLines(style)
        lines.append("\(head), and in any order:")
        lines.append()
        var table = TextTable([.left, .left], indent: 0)
        for clause in clauses { table.append([StyledText(clause.written, .bold), StyledText(clause.meaning)]) }
        lines.append(table)
        return lines.text
    }

    /// Everything about one kind of probe, ending in a line feed.
    public static func details(_ kind: ProbeKind, style: TextStyle) -> String {
        let description = kind.description
        var lines = TextLines(style)
        var title = StyledText(kind.rawValue, .bold)
        title.append(": ")
        lines.append(title, sentence: description.help)
        lines.append()
        lines.append("  \(kind.rawValue): \(description.example)")
        lines.append()
        lines.append(StyledText("settings", .bold))
        for option in kind.options {
            var head = StyledText("  ")
            head.append(option.rawValue, .bold)
            if case .choice(let words) = option.description.value {
                head.append(": " + words.joined(separator: " | "))
            } else if case .boolean = option.description.value {
                head.append(": true | false")
            } else if case .conditions = option.description.value {
                head.append(": such as " + description.conditions.map(\.example).joined(separator: ", or "))
            } else {
                head.append(": such as \(option.description.example)")
            }
            if let text = option.description.defaultText { head.append(" (default: \(text))", .dim) }
            lines.append(head)
            lines.append(StyledText("      "), sentence: option.description.help)
        }
        lines.append()
        lines.append(StyledText("good", .bold))
        for condition in description.conditions {
            var head = StyledText("  ")
            head.append(condition.example, .bold)
            lines.append(head)
            lines.append(StyledText("      "), sentence: condition.help)
        }
        return lines.text
    }

    /// Everything about one kind, ending in a line feed.
    public static func details(_ manifest: Manifest, style: TextStyle) -> String {
        var lines = TextLines(style)
        var title = StyledText(manifest.kind, .bold)
        title.append(": ")
        lines.append(title, sentence: manifest.summary)
        lines.append()
        lines.append(StyledText(), sentence: manifest.details)
        lines.append()
        let drive = manifest.drive == .level ? "holds an amount" : "works at a rate"
        for (label, fact) in [
            ("drive", drive), ("unit", manifest.unit.description.words),
            ("loads", manifest.amounts.map(\.words).joined(separator: ", ")),
            ("tolerance", manifest.tolerance.words(manifest.unit)),
            ("witness", manifest.witness), ("reach", manifest.reach.rawValue),
        ] {
            var head = StyledText(label, .dim)
            head.pad(to: "tolerance".utf8.count + 2)
            lines.append(head, sentence: fact)
        }
        if !manifest.keys.isEmpty {
            lines.append()
            lines.append(StyledText("settings", .bold))
            for key in manifest.keys { append(key, to: &lines) }
        }
        if !manifest.examples.isEmpty {
            lines.append()
            lines.append(StyledText("examples", .bold))
            for example in manifest.examples { lines.append("  \(manifest.kind): \(example)") }
        }
        return lines.text
    }

    private static func append(_ key: Manifest.Key, to lines: inout TextLines) {
        var head = StyledText("  ")
        head.append(key.name, .bold)
        head.append(": \(key.type.words)")
        if let value = key.defaultValue { head.append(" (default: \(PlanText.text(of: value)))", .dim) }
        lines.append(head)
        lines.append(StyledText("      "), sentence: key.help)
        if let reach = key.reachWords { lines.append(StyledText("      "), sentence: "reach: \(reach)") }
    }
}

extension AmountKind {
    /// How a profile writes it.
    var words: String {
        let examples = description.examples
        return description.words + (examples.isEmpty ? "" : " (\(examples.joined(separator: ", ")))")
    }
}

extension Manifest.ValueType {
    /// What it takes, in words.
    var words: String {
        switch self {
        case .choice(let words): words.joined(separator: " | ")
        case .integer(let range):
            range.upperBound == .max
                ? "a whole number from \(range.lowerBound)"
                : "a whole number, \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true | false"
        case .cpuList: "CPU numbers, such as 0-3,8"
        case .bytes: "bytes, such as 256MiB"
        case .sizes: "bytes, such as 64KiB, or several with their shares, such as 4KiB 50%, 16KiB 50%"
        case .duration: "a length of time, such as 5s"
        case .text: "text"
        case .directory: "the path of a directory"
        case .percent: "a percentage, such as 70%"
        case .nodes: "memory nodes, such as 0-1 or {0: 1GiB, 1: 40%}"
        }
    }
}
