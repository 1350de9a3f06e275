// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A chart in the page: the picture, its numbers as text beside it, and a table for who does not see it.
struct ChartFigure {
    let chart: Chart
    let axis: TimeAxis
    /// Whether the chart below it has the time axis for both.
    var sharesAxis = false

    func write(_ html: inout HTML) {
        let height = chart.isBelow ? " low" : ""
        html.markup("<figure class=\"chart\(height)\" id=\"\(chart.id)\"><figcaption><b>")
        html.data(chart.title)
        html.markup("</b> ")
        if !chart.scale.suffix.isEmpty { html.element("span", "class=\"soft\"", chart.scale.suffix) }
        html.markup("<span class=\"legend\">")
        for curve in chart.curves { html.element("span", "class=\"key \(curve.role.rawValue)\"", curve.name) }
        if let zone = chart.zones.first {
            html.element("span", "class=\"key \(zone.isGood ? "zone" : "limit")\"", zone.isGood ? zone.name : "limit")
        }
        html.markup("</span><output class=\"readout\"></output></figcaption>")
        html.markup("<div class=\"frame\"><ol class=\"y\" aria-hidden=\"true\">")
        for tick in chart.ticks {
            let bottom = NumberText.text((tick - chart.low) / (chart.high - chart.low) * 100, places: 2)
            html.markup("<li style=\"bottom:\(bottom)%\">")
            html.data(chart.tickText(tick))
            html.markup("</li>")
        }
        html.markup("</ol><div class=\"plot\" data-places=\"\(chart.scale.places)\" data-divisor=\"")
        html.markup("\(chart.scale.divisor)\" data-unit=\"")
        html.data(chart.scale.suffix)
        html.markup(
            "\"><svg viewBox=\"0 0 \(PlotSVG.width) \(PlotSVG.height)\" preserveAspectRatio=\"none\" role=\"img\" "
                + "aria-labelledby=\"\(chart.id)-t \(chart.id)-d\"><title id=\"\(chart.id)-t\">")
        html.data(chart.title)
        html.markup("</title><desc id=\"\(chart.id)-d\">")
        html.data(chart.summary)
        html.markup("</desc>\(PlotSVG(chart: chart, axis: axis).body())</svg></div></div>")
        if !sharesAxis { Self.times(&html, axis) }
        figures(&html)
        html.markup("</figure>")
    }

    /// The time axis below a chart: round times, and the names of phases.
    static func times(_ html: inout HTML, _ axis: TimeAxis) {
        func share(_ time: Double) -> String { NumberText.text(time / axis.length * 100, places: 2) }
        html.markup("<ol class=\"x\" aria-hidden=\"true\">")
        for tick in axis.ticks {
            html.markup("<li style=\"left:\(share(tick))%\">")
            html.data(TimeAxis.text(tick))
            html.markup("</li>")
        }
        html.markup("</ol><ol class=\"phases\" aria-hidden=\"true\">")
        for phase in axis.phases {
            let width = min(phase.end, axis.length) - phase.start
            html.markup("<li style=\"left:\(share(phase.start))%;width:\(share(max(0, width)))%\">")
            html.data(phase.name)
            html.markup("</li>")
        }
        html.markup("</ol>")
    }

    /// The least, mean and most of each curve in each phase.
    private func figures(_ html: inout HTML) {
        var table = ReportTable([
            .init(title: "phase"), .init(title: "curve"), .init(title: "least", isNumber: true),
            .init(title: "mean", isNumber: true), .init(title: "most", isNumber: true),
        ])
        let phases =
            axis.phases.isEmpty
            ? [(name: "all", from: 0, to: axis.length)]
            : axis.phases.prefix(40).map { (name: $0.name, from: $0.start, to: $0.end) }
        for phase in phases {
            for curve in chart.curves {
                let range = curve.points.indices(from: phase.from, to: phase.to)
                guard let extremes = curve.points.series.extremes(range), let mean = curve.points.series.mean(range)
                else { continue }
                let values = [extremes.lowerBound, mean, extremes.upperBound].map { chart.scale.amount(Double($0)) }
                table.rows.append(ReportTable.Row(cells: [phase.name, curve.name] + values))
            }
        }
        guard !table.isEmpty else { return }
        html.markup("<details><summary>Figures<span class=\"unseen\"> of ")
        html.data(chart.title)
        html.markup("</span></summary>")
        html.table(table, caption: "Figures of \(chart.title)")
        html.markup("</details>")
    }
}

extension TimeSeries {
    /// The values that end after `from` and not after `to`.
    func indices(from: Double, to: Double) -> Range<Int> {
        func first(after time: Double) -> Int {
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                if times[middle] > time { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let start = first(after: from)
        return start..<max(start, first(after: to))
    }
}
