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
                StyledText(manifest.kind, .bold), StyledText(manifest.unit.words), StyledText(manifest.summary),
            ])
        }
        lines.append(table)
        lines.append()
        lines.append("exert list STRESSOR tells a stressor's settings, loads and witness.")
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
        var facts = TextTable([.left, .left], indent: 0)
        let drive = manifest.drive == .level ? "holds an amount" : "works at a rate"
        facts.append([StyledText("drive", .dim), StyledText(drive)])
        facts.append([StyledText("unit", .dim), StyledText(manifest.unit.words)])
        facts.append([StyledText("loads", .dim), StyledText(manifest.amounts.map(\.words).joined(separator: ", "))])
        facts.append([
            StyledText("tolerance", .dim), StyledText("\(manifest.tolerance.words(manifest.unit)), unless the profile says"),
        ])
        facts.append([StyledText("witness", .dim), StyledText(manifest.witness)])
        lines.append(facts)
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
    }
}

extension Unit {
    /// The unit in words.
    var words: String {
        switch self {
        case .cores: "cores"
        case .bytes: "bytes"
        case .handles: "handles"
        case .inodes: "inodes"
        case .bytesPerSecond: "bytes per second"
        case .operationsPerSecond: "operations per second"
        }
    }
}

extension AmountKind {
    /// How a profile writes it.
    var words: String {
        switch self {
        case .percent: "percent (80%)"
        case .cores: "cores (1.5 cores, 500m)"
        case .bytes: "bytes (1GiB)"
        case .count: "a count (15000)"
        case .bytesPerSecond: "bytes per second (50MB/s)"
        case .operationsPerSecond: "operations per second (2000 iops)"
        case .max: "max"
        case .leave: "leave (all but that much)"
        }
    }
}

extension ToleranceRule {
    /// The rule in words, such as `1pp, 5% of the target at most; at least 0.001 cores`.
    func words(_ unit: Unit) -> String {
        let most = { NumberText.text($0 * 100, places: 3, trimming: true) }
        var text = tolerance.words
        if ofTotal != tolerance { text += " (\(ofTotal.words) of a total)" }
        text += ", and no more than \(most(ToleranceLimit.share))% of the target"
        switch floor {
        case .amount(let amount) where amount > 0: text += ", but \(HumanUnits.exactAmount(amount, unit)) at least"
        case .amount: break
        case .pagesPerCPU(let pages): text += ", but \(pages) pages for each CPU at least"
        case .blocks(let blocks): text += ", but \(blocks) blocks at least"
        }
        if !note.isEmpty { text += " (\(note))" }
        if released > 0 { text += "; \(HumanUnits.exactAmount(released, unit)) where released" }
        return text
    }
}

extension Tolerance {
    /// The tolerance as a profile writes it.
    var words: String {
        func plain(_ value: Double) -> String { NumberText.text(value, places: 6, trimming: true) }
        return switch self {
        case .points(let points): "\(plain(points))pp"
        case .percent(let percent): "\(plain(percent))% of the target"
        case .absolute(.cores(let value)): HumanUnits.exactAmount(value, .cores)
        case .absolute(.bytes(let value)): HumanUnits.exactAmount(value, .bytes)
        case .absolute(.count(let value)): plain(value)
        case .absolute(.bytesPerSecond(let value)): HumanUnits.exactAmount(value, .bytesPerSecond)
        case .absolute(.operationsPerSecond(let value)): HumanUnits.exactAmount(value, .operationsPerSecond)
        case .absolute(.percent(let percent)): "\(plain(percent))%"
        case .absolute(.max), .absolute(.leave): "any"
        }
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
        case .duration: "a length of time, such as 5s"
        case .text: "text"
        case .percent: "a percentage, such as 70%"
        case .nodes: "memory nodes, such as 0-1 or {0: 1GiB, 1: 40%}"
        }
    }
}
