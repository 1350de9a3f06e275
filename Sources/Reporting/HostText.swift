// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a host offers as text, for `exert host`.
public enum HostText {
    /// The text, ending in a line feed.
    public static func text(_ report: HostReport, style: TextStyle) -> String {
        var lines = TextLines(style)
        let identity = report.identity
        var title = StyledText(identity.name, .bold)
        title.append("  Linux \(identity.kernel) \(identity.architecture)")
        lines.append(title)
        SurroundingRows.append(report, to: &lines)
        section("CPU", &lines) { $0.processors(report.cpu, report.pressures) }
        section("memory", &lines) { $0.memory(report.memory, report.pressures) }
        section("handles and processes", &lines) { $0.handles(report.handles) }
        section("privileges", &lines) { $0.privileges(report.privileges) }
        heading("file systems", &lines)
        for row in FileSystemRows.lines(report, style) { lines.append(row) }
        var rows = HostRows(style)
        for pressure in report.pressures where pressure.resource == "io" { rows.pressure(pressure) }
        lines.append(rows.table)
        heading("techniques, each tried", &lines)
        TechniqueRows.append(report.techniques, to: &lines)
        for directory in report.directories {
            heading("files in \(directory.path)" + (directory.type.map { " (\($0))" } ?? ""), &lines)
            if let problem = directory.problem {
                lines.append(StyledText("  \(style.bad) ", .bad), sentence: problem)
            }
            TechniqueRows.append(directory.techniques, to: &lines)
        }
        heading("undo records in \(report.undo.directory)", &lines)
        UndoRows.append(report.undo, to: &lines)
        return lines.text
    }

    private static func heading(_ title: String, _ lines: inout TextLines) {
        lines.append()
        lines.append(StyledText(title, .bold))
    }

    private static func section(_ title: String, _ lines: inout TextLines, _ fill: (inout HostRows) -> Void) {
        heading(title, &lines)
        var rows = HostRows(lines.style)
        fill(&rows)
        lines.append(rows.table)
    }
}

/// Rows of name, figure and source.
struct HostRows {
    private(set) var table = TextTable([.left, .left, .left])
    private let style: TextStyle

    init(_ style: TextStyle) { self.style = style }

    mutating func row(_ name: String, _ value: StyledText, _ source: String = "") {
        table.append([StyledText(name), value, StyledText(source, .dim)])
    }

    mutating func figure<Value>(_ name: String, _ figure: Sourced<Value>, _ words: (Value) -> String) {
        if let value = figure.value {
            row(name, StyledText(words(value)), figure.source)
        } else {
            row(name, StyledText("unreadable: \(figure.error ?? "no such figure")", .warning), figure.source)
        }
    }

    /// A limit of the process, which may be none.
    mutating func limit(_ name: String, _ figure: Sourced<Int64>, _ words: (Int64) -> String) {
        switch figure.limitState {
        case .unlimited: row(name, StyledText("no limit"), figure.source)
        default: self.figure(name, figure, words)
        }
    }

    /// A limit of control groups, and below it the levels that say something else.
    mutating func limit(_ name: String, _ limit: HostLimit, _ words: (Double) -> String) {
        let groups = limit.levels.count == 1 ? "1 group" : "\(limit.levels.count) groups"
        let own = limit.levels.first?.group ?? ""
        switch limit.state {
        case .absent: row(name, StyledText("none: no control group limits it"), limit.levels.isEmpty ? "" : own)
        case .unlimited: row(name, StyledText("no limit"), "\(groups), \(own)")
        case .unreadable:
            row(name, StyledText("unreadable: \(limit.error ?? "?")", .warning), limit.source ?? "")
        case .limited:
            let value = words(limit.value ?? 0)
            let isLess = limit.levels.contains { $0.state == .unreadable }
            row(name, StyledText(isLess ? "at most \(value)" : value, .bold), limit.source ?? "")
        }
        for level in limit.levels where level.state == .limited && level.source != limit.source {
            row("", StyledText("\(words(level.value ?? 0)) here", .dim), level.source ?? "")
        }
        for level in limit.levels where level.state == .unreadable && level.source != limit.source {
            row("", StyledText("unreadable: \(level.error ?? "?")", .warning), level.source ?? "")
        }
        if limit.state == .absent && limit.levels.isEmpty { return }
        if !limit.seesOwnGroup {
            row("", StyledText("our own group cannot be seen", .warning), "asked instead: \(own)")
        }
        if limit.hidesAncestors == true {
            row("", StyledText("there are groups above that cannot be seen"), limit.levels.last?.group ?? "")
        }
    }

    mutating func pressure(_ pressure: HostReport.Pressure) {
        let scope = pressure.scope == "host" ? "" : " of our group"
        let name = "\(pressure.resource == "io" ? "I/O " : "")pressure\(scope)"
        guard let some = pressure.some.value else {
            let error = pressure.some.error ?? "?"
            let why = ["EOPNOTSUPP": " (off: boot with psi=1)", "ENOENT": " (not in this kernel)"][error] ?? ""
            row(name, StyledText("unreadable: \(error)\(why)", .warning), pressure.some.source)
            return
        }
        var words = "some \(seconds(some))"
        if let full = pressure.full.value { words += ", full \(seconds(full))" }
        row(name, StyledText(words + " since boot"), pressure.some.source)
    }

    private func seconds(_ microseconds: Int64) -> String {
        NumberText.text(Double(microseconds) / 1e6, places: 1) + " s"
    }
}

/// Two lines for each technique that fails, one for each that works.
enum TechniqueRows {
    static func append(_ techniques: [HostTechnique], to lines: inout TextLines) {
        let width = techniques.map(\.name.count).max() ?? 0
        for technique in techniques {
            let isGood = technique.isAvailable
            var head = StyledText("  ")
            head.append(isGood ? lines.style.good : lines.style.bad, isGood ? .good : .bad)
            let column = head.width + 1
            head.pad(to: column)
            head.append(technique.name, isGood ? .plain : .bold)
            head.pad(to: column + width + 2)
            let error = technique.error.map { "\($0), " } ?? ""
            lines.append(head, sentence: "\(technique.verifiedBy): \(error)\(technique.detail)")
            if !isGood {
                var rest = StyledText()
                rest.pad(to: column + width + 2)
                lines.append(rest, sentence: "for: \(technique.purpose); instead: \(technique.fallback)")
            }
        }
    }
}
