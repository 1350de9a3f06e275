// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// How long operations took, for people.
enum LatencyText {
    /// The latencies of the phases that have any; `nil` where none has.
    static func table(_ results: [PhaseResult], of plan: Plan) -> TextTable? {
        let timed = results.filter { $0.latency.map { $0.intended.total > 0 } ?? false }
        guard !timed.isEmpty else { return nil }
        var table = TextTable([.left, .left, .left, .right, .right, .right, .right, .right, .right, .right])
        table.append(
            ["phase", "stressor", "latency from", "operations", "dropped", "p50", "p90", "p99", "p99.9", "max"], .dim)
        for result in timed {
            guard let summary = result.latency?.summary else { continue }
            let rows = [("intended time", summary.intended), ("submission", summary.service)]
            for (index, (from, quantiles)) in rows.enumerated() {
                let isFirst = index == 0
                let times = [quantiles.p50, quantiles.p90, quantiles.p99, quantiles.p999, quantiles.max]
                table.append(
                    [
                        StyledText(isFirst ? plan.phaseName(result.phase) ?? "" : ""),
                        StyledText(isFirst ? result.stressor : ""), StyledText(from),
                        StyledText(isFirst ? "\(summary.operations)" : ""),
                        StyledText(isFirst ? "\(result.dropped ?? 0)" : ""),
                    ] + times.map { StyledText(text($0)) })
            }
        }
        return table
    }

    /// A latency with three digits that count: `85.5 us`, `1.23 ms`, `2.50 s`.
    static func text(_ time: Nanoseconds) -> String {
        let (divisor, suffix) =
            time < .millisecond ? (1e3, "us") : time < .second ? (1e6, "ms") : (1e9, "s")
        let value = Double(time) / divisor
        return NumberText.text(value, places: value < 10 ? 2 : value < 100 ? 1 : 0) + " " + suffix
    }
}
