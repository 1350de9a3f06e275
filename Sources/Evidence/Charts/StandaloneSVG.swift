// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Charts of a run as files of their own, with title, axes and both themes.
public enum StandaloneSVG {
    /// The name of each file, without its folder, and its text.
    public static func files(_ run: RunEvidence) -> [(name: String, text: String)] {
        let charts = RunCharts(run)
        return charts.groups.flatMap(\.charts).map { ("\($0.id).svg", text($0, charts.axis)) }
    }

    private static let style = """
        text{font:12px system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif;fill:#56616d}\
        .title{font-weight:600;font-size:14px;fill:#14191f}.page{fill:#fff}path,rect{vector-effect:non-scaling-stroke}\
        path{fill:none}.grid{stroke:#d8dde3}.edge{stroke:#56616d;opacity:.5}.mark{stroke:#8a5200;stroke-dasharray:2 3}\
        .mark.bad{stroke:#b91423}.phase{fill:#14191f;opacity:.04}.zone{fill:#0f7038;opacity:.12}\
        .limit{fill:#b91423;opacity:.14}.line{stroke:#0a5fc2;stroke-width:1.5}\
        .band{fill:#0a5fc2;stroke:#0a5fc2;opacity:.35}.target.line{stroke:#6b7682;stroke-dasharray:5 4}\
        .target.band{fill:#6b7682;stroke:none;opacity:.25}.error.line,.bad.line{stroke:#b91423}\
        .error.band,.bad.band{fill:#b91423;stroke:#b91423}.good.line{stroke:#0f7038}\
        .good.band,.good.fill{fill:#0f7038;stroke:none;opacity:.2}.plain.line{stroke:#14191f}\
        .plain.band{fill:#14191f;stroke:#14191f;opacity:.2}.second.line{stroke:#8a5200;stroke-dasharray:2 2}\
        @media(prefers-color-scheme:dark){.page{fill:#151a20}text{fill:#9aa6b2}.title{fill:#e6eaee}\
        .grid{stroke:#2b343d}.phase{fill:#fff}.line{stroke:#62adff}.band{fill:#62adff;stroke:#62adff}\
        .target.line{stroke:#8a96a3}.error.line,.bad.line,.mark.bad{stroke:#ff7a7a}\
        .error.band,.bad.band{fill:#ff7a7a;stroke:#ff7a7a}.good.line{stroke:#4fc588}.good.fill{fill:#4fc588}\
        .plain.line{stroke:#e6eaee}.plain.band{fill:#e6eaee;stroke:#e6eaee}.second.line{stroke:#e3a844}}
        """

    private static func text(_ chart: Chart, _ axis: TimeAxis) -> String {
        let (left, top, width, height) = (70, 36, 800, chart.isBelow ? 120 : 220)
        var html = HTML()
        html.markup(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(left + width + 16) \(top + height + 44)\" "
                + "role=\"img\" aria-labelledby=\"t d\"><title id=\"t\">")
        html.data(chart.title)
        html.markup("</title><desc id=\"d\">")
        html.data(chart.summary)
        html.markup("</desc><style>\(style)</style><rect class=\"page\" width=\"100%\" height=\"100%\"/>")
        html.markup("<text class=\"title\" x=\"\(left)\" y=\"22\">")
        html.data(chart.scale.suffix.isEmpty ? chart.title : "\(chart.title), \(chart.scale.suffix)")
        html.markup("</text>")
        html.markup(
            "<svg x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(PlotSVG.width) "
                + "\(PlotSVG.height)\" preserveAspectRatio=\"none\">\(PlotSVG(chart: chart, axis: axis).body())</svg>")
        for tick in chart.ticks {
            let share = (tick - chart.low) / (chart.high - chart.low)
            let y = NumberText.text(Double(top + height) - share * Double(height) + 4, places: 1)
            html.markup("<text x=\"\(left - 8)\" y=\"\(y)\" text-anchor=\"end\">")
            html.data(chart.tickText(tick))
            html.markup("</text>")
        }
        for tick in axis.ticks {
            let x = NumberText.text(Double(left) + tick / axis.length * Double(width), places: 1)
            html.markup("<text x=\"\(x)\" y=\"\(top + height + 18)\" text-anchor=\"middle\">")
            html.data(TimeAxis.text(tick))
            html.markup("</text>")
        }
        for phase in axis.phases.prefix(20) {
            let x = NumberText.text(Double(left) + phase.start / axis.length * Double(width) + 3, places: 1)
            html.markup("<text x=\"\(x)\" y=\"\(top + height + 36)\">")
            html.data(String(phase.name.prefix(24)))
            html.markup("</text>")
        }
        html.markup("</svg>\n")
        return html.text
    }
}
