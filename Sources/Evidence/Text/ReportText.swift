// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
public import Reporting

/// A report for a terminal, 80 columns wide: the sentence, what to do about it, curves in one line each, tables.
public enum ReportText {
    /// Cells of a curve.
    private static let sparkWidth = 36
    /// The most cells that a line takes.
    private static let widest = 80
    private static let eventLimit = 20
    /// The most rows of a table, and the most sentences on what was not as asked.
    private static let rowLimit = 40

    /// The text, ending in a line feed.
    public static func text(_ contents: LogContents, style: TextStyle) -> String {
        let run = contents.run
        var style = style
        style.width = min(style.width, widest)
        var lines = TextLines(style)
        let tables = ReportTables(run: run)
        headline(run, &lines)
        let misses = tables.misses
        for (sentence, remedy) in misses.prefix(rowLimit) {
            lines.append(StyledText("  "), sentence: sentence)
            if let remedy { lines.append(StyledText("    what helps: ", .dim), sentence: remedy) }
        }
        for text in run.missing { lines.append(StyledText("  missing: ", .warning), sentence: text) }
        curves(run, &lines)
        objectives(tables.objectives, &lines)
        load(tables.load.limited(to: rowLimit), &lines)
        probes(tables.probes, &lines)
        events(run, &lines)
        if run.isWhole {
            lines.append()
            lines.append(StyledText(ReportHeadline.facts(run), .dim))
        }
        if !contents.others.isEmpty {
            let names = contents.others.suffix(5).map(\.runID).joined(separator: ", ")
            lines.append(
                StyledText("note: ", .dim),
                sentence: "the log has \(contents.others.count) more: --run takes one of \(names)")
        }
        return lines.text
    }

    private static func headline(_ run: RunEvidence, _ lines: inout TextLines) {
        lines.append(StyledText(), sentence: run.sentence)
        let (words, weight) = ReportHeadline.verdict(run)
        var line = StyledText(weight == .good ? lines.style.good : lines.style.bad, ink(weight))
        line.append(" \(run.profile): ", .bold)
        line.append(words, ink(weight))
        lines.append(line.cut(to: lines.style.width, lines.style))
        lines.append(StyledText("  run \(run.runID) on \(run.host)", .dim).cut(to: lines.style.width, lines.style))
    }

    private static func ink(_ weight: ReportTable.Weight) -> StyledText.Ink {
        switch weight {
        case .good: .good
        case .warning: .warning
        case .bad: .bad
        case .plain: .plain
        }
    }

    // MARK: Curves

    private static func curves(_ run: RunEvidence, _ lines: inout TextLines) {
        var rows: [(name: String, spark: String, range: String)] = []
        let length = run.axisLength
        let charts = RunCharts(run).groups.flatMap(\.charts)
        for chart in charts where !chart.isBelow || chart.scale.suffix == "%" {
            guard let curve = chart.main, let extremes = curve.points.series.extremes(0..<curve.points.count)
            else { continue }
            let range = [extremes.lowerBound, extremes.upperBound].map { chart.scale.number(Double($0)) }
            let text = range[0] == range[1] ? range[0] : range.joined(separator: lines.style.isUTF8 ? "–" : "-")
            rows.append(
                (chart.short, spark(chart, curve, length, lines.style), "\(text) \(chart.scale.suffix)"))
        }
        guard !rows.isEmpty else { return }
        lines.append()
        let names = min(18, rows.map { cellWidth(of: $0.name) }.max() ?? 0)
        for row in rows.prefix(24) {
            var line = StyledText("  ")
            line.append(StyledText(row.name, .bold).cut(to: names, lines.style))
            line.pad(to: names + 4)
            line.append(row.spark)
            line.append("  ")
            line.append(row.range)
            lines.append(line.cut(to: lines.style.width, lines.style))
        }
        var axis = StyledText("  ")
        axis.pad(to: names + 4)
        let (start, end) = ("0", TimeAxis.text(length))
        axis.append(start + String(repeating: " ", count: max(1, sparkWidth - 1 - cellWidth(of: end))) + end, .dim)
        lines.append(axis)
    }

    /// The most of each cell where it is worst to be high, so that a spike is seen; of shares of good the least.
    private static func spark(_ chart: Chart, _ curve: Chart.Curve, _ length: Double, _ style: TextStyle) -> String {
        let cells = curve.points.cells(4 * sparkWidth, over: length)
        let sparks = style.sparks
        var text = ""
        for column in 0..<sparkWidth {
            let from = length * Double(column) / Double(sparkWidth),
                to = length * Double(column + 1) / Double(sparkWidth)
            let here = cells.filter { $0.from < to && $0.to > from }
            guard !here.isEmpty else {
                text += " "
                continue
            }
            let value = curve.role == .good ? here.map(\.low).min() ?? 0 : here.map(\.high).max() ?? 0
            let share = (Double(value) - chart.low) / (chart.high - chart.low)
            text += sparks[min(sparks.count - 1, max(0, Int((min(max(share, 0), 1)) * Double(sparks.count))))]
        }
        return text
    }

    // MARK: Tables

    private static func objectives(_ table: ReportTable, _ lines: inout TextLines) {
        guard !table.isEmpty else { return }
        lines.append()
        for row in table.rows {
            var line = StyledText("  ")
            line.append(row.cells[1], ink(row.weight))
            line.pad(to: 16)
            line.append(row.cells[0], .bold)
            lines.append(line.cut(to: lines.style.width, lines.style))
            let was = [row.cells[2] == "–" ? "" : row.cells[2], row.cells[3]].filter { !$0.isEmpty }
            guard !was.isEmpty else { continue }
            lines.append(StyledText(String(repeating: " ", count: 16)), sentence: was.joined(separator: "; "))
        }
    }

    /// Phases are headings, since their names may be long.
    private static func load(_ table: ReportTable, _ lines: inout TextLines) {
        guard !table.isEmpty else { return }
        let wanted = ["stressor", "target", "achieved", "unit", "error", "|error| p95", "reached", "verdict"]
        let width = lines.style.width
        let stressor = table.columns.firstIndex { $0.title == "stressor" } ?? 0
        var rendered: [StyledText] = []
        // The verdict stands last: long names give way to it, and then figures.
        for leftOut in 0...2 {
            let titles = wanted.filter { !["|error| p95", "reached"].prefix(leftOut).contains($0) }
            rendered = rows(table, titles, names: .max, lines.style)
            guard let excess = rendered.map({ $0.width - width }).max(), excess > 0 else { break }
            let longest = table.rows.map { cellWidth(of: printable($0.cells[stressor])) }.max() ?? 0
            rendered = rows(table, titles, names: max(8, longest - excess), lines.style)
            if rendered.allSatisfy({ $0.width <= width }) { break }
        }
        lines.append()
        var phase: String?
        for (index, line) in rendered.enumerated() {
            if index > 0, table.rows[index - 1].cells[0] != phase {
                let name = table.rows[index - 1].cells[0]
                lines.append(StyledText(" \(name)", .bold).cut(to: width, lines.style))
                phase = name
            }
            lines.append(line.cut(to: width, lines.style))
        }
        if let more = table.more { lines.append("  \(more)", .dim) }
    }

    /// The columns of these titles below their heads; the stressors' names take at most `limit` cells.
    private static func rows(
        _ table: ReportTable, _ wanted: [String], names limit: Int, _ style: TextStyle
    ) -> [StyledText] {
        let titles = table.columns.map(\.title)
        let kept = wanted.compactMap { titles.firstIndex(of: $0) }
        var text = TextTable(kept.map { table.columns[$0].isNumber ? .right : .left })
        text.append(
            kept.map { ["unit": "", "|error| p95": "|p95|"][titles[$0]] ?? titles[$0] }, .dim)
        for row in table.rows {
            text.append(
                kept.map { column in
                    let cell = StyledText(row.cells[column], column == row.verdict ? ink(row.weight) : .plain)
                    return titles[column] == "stressor" ? cell.cut(to: limit, style) : cell
                })
        }
        return text.lines()
    }

    private static func probes(_ table: ReportTable, _ lines: inout TextLines) {
        guard !table.isEmpty else { return }
        lines.append()
        for row in table.rows {
            let outcomes = row.cells[3] == "–" ? "" : "; \(row.cells[3])"
            lines.append(
                StyledText("  "), sentence: "\(row.cells[0]): \(row.cells[1]) asked, \(row.cells[2]) good\(outcomes)")
        }
    }

    private static func events(_ run: RunEvidence, _ lines: inout TextLines) {
        let told = run.events.filter { $0.kind != "phase" && $0.kind != "phase_ended" }
        guard !told.isEmpty else { return }
        lines.append()
        for event in told.prefix(eventLimit) {
            var head = StyledText("  ")
            let time = HumanUnits.seconds(event.elapsed)
            head.pad(to: 12 - cellWidth(of: time))
            head.append(time, .dim)
            head.append("  ")
            lines.append(head, sentence: event.text)
        }
        let more = told.count - min(told.count, eventLimit) + run.eventsLeftOut
        if more > 0 { lines.append(StyledText("  and \(more) more, in the log", .dim)) }
    }
}
