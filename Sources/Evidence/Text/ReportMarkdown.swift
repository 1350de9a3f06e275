// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Reporting

/// A report as Markdown with tables (GitHub's), for pull requests, tickets and job summaries.
public enum ReportMarkdown {
    /// The most rows of a table.
    private static let rowLimit = 50

    /// The text, ending in a line feed.
    public static func text(_ contents: LogContents) -> String {
        let run = contents.run
        let tables = ReportTables(run: run)
        let (words, _) = ReportHeadline.verdict(run)
        var text = "# \(escaped(run.profile)): \(escaped(words))\n\n\(escaped(run.sentence))\n\n"
        text += "Run `\(code(run.runID))` on \(escaped(run.host)), \(escaped(ReportHeadline.facts(run))).\n"
        if !run.missing.isEmpty {
            text += "\nThe log is not whole. What is missing:\n\n"
            for item in run.missing { text += "- \(escaped(item))\n" }
        }
        add("Objectives", tables.objectives, to: &text)
        add("Load", tables.load, to: &text)
        let misses = tables.misses
        if !misses.isEmpty {
            text += "\n## What was not as asked\n\n"
            for miss in misses {
                text += "- \(escaped(miss.sentence)).\(miss.remedy.map { " What helps: \(escaped($0))." } ?? "")\n"
            }
        }
        add("Probes", tables.probes, to: &text)
        add("Events and findings", tables.events, to: &text)
        add("Profile", tables.phases, to: &text)
        add("Host and limits", tables.host, to: &text)
        return text
    }

    private static func add(_ title: String, _ all: ReportTable, to text: inout String) {
        let table = all.limited(to: rowLimit)
        guard !table.isEmpty else { return }
        text += "\n## \(title)\n\n"
        text += "| " + table.columns.map { escaped($0.title) }.joined(separator: " | ") + " |\n"
        text += "|" + table.columns.map { $0.isNumber ? "--:|" : "---|" }.joined() + "\n"
        for row in table.rows { text += "| " + row.cells.map { escaped($0) }.joined(separator: " | ") + " |\n" }
        if let more = table.more { text += "\n\(more)\n" }
    }

    /// `text` as text, whatever Markdown or HTML would take it for.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in printable(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "!", "@": result += "\\\(scalar)"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func code(_ text: String) -> String { printable(text).replacing("`", with: "'") }
}
