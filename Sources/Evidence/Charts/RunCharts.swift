// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The charts of a run, in the order in which they are read: probes, stressors, control groups, the host.
struct RunCharts {
    /// Charts under one heading.
    struct Group {
        var title: String
        var charts: [Chart]
    }

    let run: RunEvidence
    let axis: TimeAxis

    init(_ run: RunEvidence) {
        self.run = run
        axis = TimeAxis(run)
    }

    var groups: [Group] {
        [
            Group(title: "What the service did", charts: run.probes.indices.flatMap(probe)),
            Group(title: "The load: target against achieved", charts: run.stressors.indices.flatMap(stressor)),
            Group(title: "Host and control groups", charts: host + run.stressors.indices.compactMap(group)),
        ].filter { !$0.charts.isEmpty }
    }

    /// A name for links and files that no two charts share.
    private func id(_ kind: String, _ index: Int, _ name: String) -> String {
        let plain = name.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) ? String(scalar) : "-"
        }.joined()
        return "\(kind)-\(index + 1)-\(plain.prefix(40))"
    }

    // MARK: Probes

    private func probe(_ index: Int) -> [Chart] {
        let probe = run.probes[index]
        guard !probe.spans.isEmpty else { return [] }
        var charts: [Chart] = []
        let share = probe.count > 0 ? HumanUnits.percent(probe.good / probe.count, places: 2) : "nothing"
        if probe.spans.contains(where: { !$0.value.isNaN }) {
            var chart = Chart(
                id("probe-value", index, probe.name), "\(probe.name): what it read", FigureScale(suffix: "", places: 3),
                [
                    Chart.Curve(
                        name: "value", role: .achieved, points: probe.timeSeries { ($0.value, $0.value, $0.value) })
                ],
                fit: [0])
            chart.short = "\(probe.name) value"
            chart.summary = "The numbers that \(probe.name) read; \(share) of its probes were good."
            charts.append(chart)
        } else if probe.spans.contains(where: { !$0.p95.isNaN || !$0.most.isNaN }) {
            charts.append(latency(index, probe, share))
        }
        let good = probe.timeSeries { span in
            let value = span.count > 0 ? Float(span.good / span.count) : .nan
            return (value, value, value)
        }
        var chart = Chart(
            id("probe-good", index, probe.name), "\(probe.name): good probes",
            FigureScale(suffix: "%", divisor: 0.01, places: 2),
            [Chart.Curve(name: "good", role: .good, points: good, isFilled: true)], fit: [0, 1])
        chart.short = "\(probe.name) good"
        chart.isBelow = !charts.isEmpty
        chart.zones = objectives(of: probe.name, isShare: true)
        chart.summary = "The share of good probes each second; \(share) in all."
        return charts + [chart]
    }

    private func latency(_ index: Int, _ probe: ProbeColumns, _ share: String) -> Chart {
        let most = probe.spans.reduce(Float(0)) { max($0, $1.most.isNaN ? 0 : $1.most) }
        let inSeconds = most >= 10
        let scale = FigureScale(suffix: inSeconds ? "s" : "ms", divisor: inSeconds ? 1 : 0.001, places: 1)
        let points = probe.timeSeries { span in
            (span.p95.isNaN ? span.most : span.p95, span.p50.isNaN ? span.p95 : span.p50, span.most)
        }
        let zones = objectives(of: probe.name, isShare: false)
        var chart = Chart(
            id("probe-latency", index, probe.name), "\(probe.name): latency from when it was due", scale,
            [Chart.Curve(name: "p95, with the median and the longest", role: .achieved, points: points)],
            fit: [0] + zones.map(\.low))
        chart.zones = zones.map { zone in
            var zone = zone
            zone.high = chart.high
            return zone
        }
        chart.short = "\(probe.name) p95"
        let limits = zones.map { "\($0.name): \(scale.amount($0.low))" }.joined(separator: "; ")
        chart.summary =
            "How long answers of \(probe.name) took each second, at most \(scale.amount(Double(most)))."
            + (limits.isEmpty ? "" : " Limits: \(limits).")
        return chart
    }

    /// Where the figures of a probe may not be: beyond the limits of its objectives, in the time that they are about.
    private func objectives(of probe: String, isShare: Bool) -> [Chart.Zone] {
        run.objectives.filter { $0.probe == probe }.flatMap { objective -> [Chart.Zone] in
            guard let limit = objective.tree["limit"]?.number, limit > 0 else { return [] }
            let words = objective.text.split(separator: " ")
            // The measure stands behind the probe's name: `p95` or `99%`.
            let measure = words.dropFirst().first ?? ""
            let isPercentile = measure.first == "p" && Double(measure.dropFirst()) != nil
            guard isShare ? measure.hasSuffix("%") : isPercentile else { return [] }
            return times(words.map(String.init)).map { from, to in
                Chart.Zone(
                    from: from, to: to, low: limit, high: isShare ? limit : .infinity, isGood: false,
                    name: objective.text)
            }
        }
    }

    /// When an objective is to hold, by the words of its notation.
    private func times(_ words: [String]) -> [(Double, Double)] {
        let length = axis.length
        let loaded = run.phases.filter { !$0.loads.isEmpty }
        if words.contains("before") { return [(0, min(length, loaded.first?.start ?? length))] }
        if words.contains("after") { return [(min(length, loaded.last?.end ?? 0), length)] }
        guard let index = words.firstIndex(of: "during"), words.indices.contains(index + 1) else {
            return [(0, length)]
        }
        let name = words[index + 1].filter { $0 != "," }
        let phases = run.phases.filter { $0.name == name || $0.name.hasPrefix(name + " ") }
        return phases.filter { $0.start < length }.map { ($0.start, min(length, $0.end)) }
    }

    // MARK: Stressors

    private func stressor(_ index: Int) -> [Chart] {
        guard run.columns.stressors.indices.contains(index), run.columns.count > 0 else { return [] }
        let stressor = run.stressors[index], columns = run.columns.stressors[index]
        guard !columns.achieved.isEmpty else { return [] }
        let scale = AskedScale(stressor, run).scale(covering: columns)
        var load = Chart(
            id("load", index, stressor.name), stressor.name, scale,
            [
                Chart.Curve(name: "target", role: .target, points: run.columns.timeSeries(columns.target)),
                Chart.Curve(name: "achieved", role: .achieved, points: run.columns.timeSeries(columns.achieved)),
            ], fit: [0])
        let most = columns.achieved.extremes(0..<columns.achieved.count)?.upperBound ?? 0
        let greatest = max(most, columns.target.extremes(0..<columns.target.count)?.upperBound ?? 0)
        // A little above the peak: a line on the frame is hard to see.
        load.fit([0, Double(greatest) * 1.02])
        load.summary =
            "What was asked of \(stressor.name) and what the kernel says of it, by \(stressor.witness); at most "
            + "\(scale.amount(Double(most)))."
        guard !columns.error.isEmpty else { return [load] }
        let results = run.results.filter { $0.stressor == stressor.name && $0.isLoaded }
        let tolerances = results.compactMap { $0.figure("tolerance") }
        var error = Chart(
            id("error", index, stressor.name), "\(stressor.name): error",
            errorScale(stressor, columns, tolerances, scale),
            [Chart.Curve(name: "error", role: .error, points: run.columns.timeSeries(columns.error))],
            fit: [0] + tolerances.flatMap { [$0, -$0] })
        // Of hundreds of phases, those that there is room for.
        let phases = Dictionary(axis.phases.map { ($0.name, $0) }) { first, _ in first }
        error.zones = results.compactMap { result in
            guard let tolerance = result.figure("tolerance"), let phase = phases[result.phase] else { return nil }
            return Chart.Zone(
                from: phase.start, to: min(phase.end, axis.length), low: -tolerance, high: tolerance, isGood: true,
                name: "within tolerance")
        }
        error.isBelow = true
        error.fit(
            [0] + tolerances.flatMap { [$0, -$0] }
                + (columns.error.extremes(0..<columns.error.count).map {
                    [Double($0.lowerBound), Double($0.upperBound)]
                }
                    ?? []),
            lines: 2)
        let wanted = columns.due.isEmpty ? "target" : "what was due"
        error.summary =
            "Achieved less \(wanted) of \(stressor.name), of the means of each sample; what is shaded is within its "
            + "tolerance."
        return [load, error]
    }

    /// The unit of errors: that of the load, in which a small one may be smaller.
    private func errorScale(
        _ stressor: StressorEvidence, _ columns: StressorColumns, _ tolerances: [Double], _ scale: FigureScale
    ) -> FigureScale {
        if scale.suffix == "%" { return FigureScale(suffix: "pp", divisor: scale.divisor, places: 3) }
        let extremes = columns.error.extremes(0..<columns.error.count) ?? 0...0
        return stressor.scale(max(Double(max(extremes.upperBound, -extremes.lowerBound)), tolerances.max() ?? 0))
    }

    // MARK: Host

    private func pressure(_ id: String, _ title: String, _ columns: PressureColumns) -> Chart? {
        // What is told only where all wait is a part of what is told where some do.
        let curves = [(0, "cpu", Chart.Role.achieved), (1, "memory", .second), (3, "io", .bad)].compactMap {
            index, name, role -> Chart.Curve? in
            guard !columns.series[index].isEmpty else { return nil }
            return Chart.Curve(
                name: name, role: role, points: run.columns.timeSeries(columns.series[index]), hasBand: false)
        }
        guard !curves.isEmpty else { return nil }
        var chart = Chart(id, title, FigureScale(suffix: "%", divisor: 0.01, places: 1), curves, fit: [0, 0.01])
        chart.short = title.hasPrefix("Host") ? "host PSI, cpu" : "group PSI, cpu"
        chart.summary = "The share of the time in which some tasks waited for CPU, memory and I/O (PSI)."
        return chart
    }

    private var host: [Chart] {
        let host = run.columns.host
        guard run.columns.count > 0 else { return [] }
        var charts: [Chart] = []
        let share = FigureScale(suffix: "%", divisor: 0.01, places: 1)
        if !host.busy.isEmpty {
            var curves = [Chart.Curve(name: "busy", role: .plain, points: run.columns.timeSeries(host.busy))]
            if let steal = host.steal.extremes(0..<host.steal.count), steal.upperBound > 0 {
                curves.append(Chart.Curve(name: "stolen", role: .bad, points: run.columns.timeSeries(host.steal)))
            }
            var chart = Chart("host-cpu", "Host: processors", share, curves, fit: [0, 1])
            chart.short = "host busy"
            chart.summary = "Busy time of all processors, whoever had them."
            charts.append(chart)
        }
        if !host.memory.isEmpty {
            let most = Double(host.memory.extremes(0..<host.memory.count)?.upperBound ?? 0)
            var chart = Chart(
                "host-memory", "Host: memory available", FigureScale(.bytes, "bytes", most),
                [Chart.Curve(name: "MemAvailable", role: .plain, points: run.columns.timeSeries(host.memory))], fit: [0]
            )
            chart.short = "host available"
            chart.summary = "What the kernel says can be had without swapping."
            charts.append(chart)
        }
        if let chart = pressure("host-pressure", "Host: pressure (PSI, some)", host.pressure) { charts.append(chart) }
        return charts
    }

    private func group(_ index: Int) -> Chart? {
        guard run.columns.stressors.indices.contains(index) else { return nil }
        let name = run.stressors[index].name
        return pressure(
            id("group", index, name), "Control group of \(name): pressure (PSI, some)",
            run.columns.stressors[index].groupPressure)
    }
}

/// The unit that a load was asked for in: percent of its base where the profile says percent.
struct AskedScale {
    let stressor: StressorEvidence
    /// Whether every load of it is a percentage, and what that is of is known.
    let isPercent: Bool

    init(_ stressor: StressorEvidence, _ run: RunEvidence) {
        self.stressor = stressor
        let loads = run.phases.flatMap(\.loads).filter { $0.stressor == stressor.name }.map(\.load)
        isPercent = (stressor.capacity ?? 0) > 0 && !loads.isEmpty && loads.allSatisfy { $0.contains("%") }
    }

    func scale(greatest: Double) -> FigureScale {
        guard isPercent, let capacity = stressor.capacity else { return stressor.scale(greatest) }
        return FigureScale(suffix: "%", divisor: capacity / 100, places: 2)
    }

    func scale(covering columns: StressorColumns) -> FigureScale {
        let most = [columns.target, columns.achieved].compactMap { $0.extremes(0..<$0.count)?.upperBound }.max() ?? 0
        return scale(greatest: Double(most))
    }
}
