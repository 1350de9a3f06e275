// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Reporting

/// A report as one HTML file that needs nothing else: no network, no fonts, no script.
///
/// What matters comes first: the sentence, then objectives, load, charts, what happened, what was asked for, on what,
/// and how to read it. Charts are drawn here; the script, where it may run, zooms into every sample.
public enum ReportPage {
    /// The page.
    public static func text(_ contents: LogContents) -> String {
        let run = contents.run
        let charts = RunCharts(run)
        let groups = charts.groups
        let data = PageData(groups.flatMap(\.charts), charts.axis).json()
        var html = HTML()
        head(&html, run)
        html.markup("<body><a class=\"skip\" href=\"#main\">Skip to the result</a>")
        header(&html, contents)
        html.markup("<main id=\"main\" data-length=\"\(charts.axis.length)\">")
        result(&html, run)
        let tables = ReportTables(run: run)
        section(&html, "objectives", "Objectives", tables.objectives, "What became of each objective")
        section(&html, "load", "Load", tables.load, "How each stressor did in each phase")
        misses(&html, tables)
        for (index, group) in groups.enumerated() {
            html.markup("<section class=\"panel charts\"><h2>")
            html.data(group.title)
            html.markup("</h2>")
            if index == 0 { html.markup("<p class=\"hint soft needs-script\">\(hint)</p>") }
            for (place, chart) in group.charts.enumerated() {
                let next = group.charts.dropFirst(place + 1).first
                let sharesAxis = next?.isBelow ?? false
                ChartFigure(chart: chart, axis: charts.axis, sharesAxis: sharesAxis).write(&html)
            }
            html.markup("</section>")
        }
        section(&html, "probes", "Probes", tables.probes, "What each probe came to")
        events(&html, run, tables, charts.axis)
        profile(&html, run, tables)
        section(&html, "host", "Host and limits", tables.host, "What the run was made on")
        reading(&html, run, merged: data.merged)
        html.markup("</main><footer class=\"soft\">Made by exert from the log of run ")
        html.data(run.runID)
        html.markup(". Nothing in this page comes from elsewhere.</footer>")
        html.markup("<p id=\"spoken\" class=\"unseen\" aria-live=\"polite\"></p>")
        html.markup("<script type=\"application/json\" id=\"data\">\(inScript(data.text))</script>")
        html.markup("<script>\(String(decoding: PackageResources.report_js, as: UTF8.self))</script></body></html>\n")
        return html.text
    }

    private static let hint =
        "Drag across a chart to zoom into it, down to every sample, or tap it twice; with the keyboard, choose a "
        + "chart and use the arrow keys, + and −. 0 shows all again."

    /// JSON that no text in it can end the element of; the names that it holds are none of the log's.
    private static func inScript(_ json: String) -> String { json.replacing("<", with: "\\u003c") }

    private static func head(_ html: inout HTML, _ run: RunEvidence) {
        html.markup(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                + "style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                + "img-src data:\">"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                + "<link rel=\"icon\" href=\"data:,\"><title>")
        html.data("\(run.profile): exert report")
        html.markup("</title><style>\(String(decoding: PackageResources.report_css, as: UTF8.self))</style></head>")
    }

    private static func header(_ html: inout HTML, _ contents: LogContents) {
        let run = contents.run
        html.markup("<header><b>exert</b><div><span>run ")
        html.data(run.runID)
        html.markup(" on ")
        html.data(run.host)
        html.markup("</span> <span class=\"soft\">")
        html.data(String(run.firstTime.prefix(19)).replacing("T", with: " "))
        html.markup(" UTC</span></div></header>")
    }

    /// The sentence, and whether the log is whole.
    private static func result(_ html: inout HTML, _ run: RunEvidence) {
        let (words, kind) = ReportHeadline.verdict(run)
        html.markup("<section class=\"panel\" id=\"result\"><div class=\"row\"><h1>")
        html.data(run.profile)
        html.markup("</h1><span class=\"chip \(kind.rawValue)\">")
        html.data(words)
        html.markup("</span></div><p class=\"sentence\">")
        html.data(run.sentence)
        html.markup("</p><p class=\"soft\">")
        html.data(ReportHeadline.facts(run))
        html.markup("</p>")
        if !run.missing.isEmpty {
            html.markup("<div class=\"note warning\"><p>The log is not whole. What is missing:</p><ul>")
            for text in run.missing { html.element("li", text) }
            html.markup("</ul></div>")
        }
        html.markup("</section>")
    }

    static func section(_ html: inout HTML, _ id: String, _ title: String, _ table: ReportTable, _ caption: String) {
        guard !table.isEmpty else { return }
        html.markup("<section class=\"panel\" id=\"\(id)\"><h2>\(title)</h2>")
        html.table(table, caption: caption)
        html.markup("</section>")
    }

    private static func misses(_ html: inout HTML, _ tables: ReportTables) {
        let misses = tables.misses
        guard !misses.isEmpty else { return }
        html.markup("<section class=\"panel\" id=\"misses\"><h2>What was not as asked</h2><ul class=\"list\">")
        for miss in misses {
            html.markup("<li>")
            html.data(miss.sentence)
            html.markup(".")
            if let remedy = miss.remedy {
                html.markup(" <span class=\"remedy\">What helps: ")
                html.data(remedy)
                html.markup(".</span>")
            }
            html.markup("</li>")
        }
        html.markup("</ul></section>")
    }
}

extension HTML {
    mutating func element(_ tag: StaticString, _ data: String) { element(tag, "", data) }
}

/// How a run ended, in a few words.
enum ReportHeadline {
    /// The verdict with its weight.
    static func verdict(_ run: RunEvidence) -> (words: String, weight: ReportTable.Weight) {
        guard run.isWhole else { return ("ended early", .warning) }
        if run.isNotSteady { return ("not begun", .bad) }
        guard let verdict = run.verdict else { return ("unknown", .warning) }
        if run.exitCode == Int(RunExitCode.objectiveMissed) { return ("load met, objective missed", .bad) }
        let words = run.objectives.isEmpty ? verdict.words : "load \(verdict.words)"
        let weight: ReportTable.Weight =
            switch verdict {
            case .met: .good
            case .aborted, .unverified: .warning
            case .notMet, .killed, .unsupported: .bad
            }
        return (words, weight)
    }

    /// How long, in how many phases, with which exit code.
    static func facts(_ run: RunEvidence) -> String {
        var parts: [String] = []
        let length = HumanUnits.duration(LogSentence.nanoseconds((run.loadLength * 10).rounded() / 10))
        let planned = run.plannedLength.map { HumanUnits.duration(LogSentence.nanoseconds($0)) }
        let isWhole = run.plannedLength.map { run.loadLength + 0.1 >= $0 } ?? true
        parts.append(isWhole ? "\(length) long" : "\(length) of \(planned ?? "?")")
        if !run.phases.isEmpty { parts.append("\(run.phases.count) phase\(run.phases.count == 1 ? "" : "s")") }
        let samples = run.columns.count * run.columns.merged
        parts.append("\(samples) sample\(samples == 1 ? "" : "s")")
        if let code = run.exitCode { parts.append("exit code \(code)") }
        if let release = run.end?["release_s"]?.number, run.end?["released"]?.isTrue == true {
            parts.append("released in \(HumanUnits.seconds(release))")
        } else if run.end?["released"]?.isTrue == false {
            parts.append("not everything was seen to be given back")
        }
        return parts.joined(separator: " · ")
    }
}
