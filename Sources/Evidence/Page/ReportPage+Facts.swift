// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// The lower half of the page: what happened, what was asked for, how to read it.

extension ReportPage {
    static func events(_ html: inout HTML, _ run: RunEvidence, _ tables: ReportTables, _ axis: TimeAxis) {
        let table = tables.events
        guard !table.isEmpty else { return }
        html.markup("<section class=\"panel\" id=\"events\"><h2>Events and findings</h2>")
        html.markup("<div class=\"strip\"><svg viewBox=\"0 0 1200 100\" preserveAspectRatio=\"none\" role=\"img\">")
        html.markup("<title>Events over time</title><desc>Each line is an event of the table below.</desc>")
        let unit = Double(PlotSVG.width) / axis.length
        for event in run.events.prefix(HTML.rowLimit) {
            let start = min(max(event.elapsed * unit, 0), Double(PlotSVG.width))
            let width = min(max((event.until ?? event.elapsed) * unit - start, 3), Double(PlotSVG.width))
            let (top, height) = event.weight == .note ? (60, 40) : event.weight == .warning ? (30, 40) : (0, 40)
            html.markup(
                "<rect class=\"\(event.weight.rawValue)\" x=\"\(Int(start))\" y=\"\(top)\" width=\"\(Int(width))\" "
                    + "height=\"\(height)\"/>")
        }
        html.markup("</svg></div>")
        ChartFigure.times(&html, axis)
        html.table(table, caption: "What happened, in order")
        html.markup("</section>")
    }

    static func profile(_ html: inout HTML, _ run: RunEvidence, _ tables: ReportTables) {
        guard run.start != nil else { return }
        html.markup("<section class=\"panel\" id=\"profile\"><h2>Profile</h2>")
        html.table(tables.phases, caption: "What was asked for in each phase")
        html.markup("<dl>")
        for row in tables.profile {
            html.markup("<div>")
            html.element("dt", row.name)
            html.element("dd", row.value)
            html.markup("</div>")
        }
        html.markup(
            "</dl><p class=\"soft\">The log does not hold the profile's text; the hash tells whether a file is ")
        html.markup("the one that was run.</p></section>")
    }

    static func reading(_ html: inout HTML, _ run: RunEvidence, merged: Int) {
        html.markup("<section class=\"panel\" id=\"reading\"><h2>How to read this</h2><dl class=\"words\">")
        for (term, text) in words(run) {
            html.markup("<div>")
            html.element("dt", term)
            html.element("dd", text)
            html.markup("</div>")
        }
        html.markup("</dl>")
        let values = merged * run.columns.merged
        if values > 1 {
            html.element(
                "p", "class=\"soft\"",
                "When zoomed, one value stands for \(values) samples, with their least and most; the log has each."
            )
        }
        html.markup("</section>")
    }

    /// The words of this report, and no others.
    private static func words(_ run: RunEvidence) -> [(String, String)] {
        var words = [
            ("target, achieved", "What was asked for, and what the kernel says of the stressor's process."),
            (
                "error",
                "Achieved less target, or less what was due where arrivals are drawn: points of the base (pp) for "
                    + "CPU, percent of the target for others. A chart has it of the means of each sample, the table as "
                    + "the run judged every look. |error| p95 is what 95 % of the looks stay within."
            ),
            (
                "curves",
                "Each column of a chart shows the least, the mean and the most of all samples in it, so "
                    + "that one sample of an hour can be seen. The shade behind a curve came and went in between."
            ),
        ]
        func add(_ word: String, _ explanation: Explanation) {
            let remedy = explanation.remedy.isEmpty ? "" : " What helps: \(explanation.remedy)."
            if !words.contains(where: { $0.0 == word }) { words.append((word, sentence(explanation.meaning) + remedy)) }
        }
        var verdicts = Set(run.results.compactMap(\.verdict))
        if let verdict = run.verdict { verdicts.insert(verdict) }
        for verdict in Verdict.allCases where verdicts.contains(verdict) {
            add(verdict.rawValue.replacing("_", with: " "), verdict.explanation)
        }
        let objectives = Set(run.objectives.compactMap(\.verdict))
        for verdict in ObjectiveVerdict.allCases where objectives.contains(verdict) {
            add(verdict.rawValue.replacing("_", with: " "), verdict.explanation)
        }
        let causes = Set(run.events.compactMap(\.word) + run.results.compactMap { $0.cause?.rawValue })
        for cause in Cause.allCases where causes.contains(cause.rawValue) { add(cause.rawValue, cause.explanation) }
        for code in Set(run.findings.map(\.code)).sorted() {
            if let explanation = Finding.explanations[code] { add(code, explanation) }
        }
        return words
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}
