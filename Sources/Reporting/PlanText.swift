// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// A resolved plan for people: what `exert check` prints.
public enum PlanText {
    /// The text, ending in a line feed.
    public static func text(_ plan: Plan, style: TextStyle) -> String {
        var lines = TextLines(style)
        var head = TextTable([.left, .left], indent: 0)
        head.append(row("profile", "\(plan.profile) (\(plan.file), seed \(plan.seed))"))
        head.append(row("sha256", plan.sha256))
        for (index, line) in NoteText.lines(plan.note, width: max(40, min(style.width, 100) - 13)).enumerated() {
            head.append(row(index == 0 ? "note" : "", line))
        }
        for (index, included) in plan.includes.enumerated() {
            head.append(row(index == 0 ? "includes" : "", "\(included.file), sha256 \(included.sha256)"))
        }
        if !plan.labels.isEmpty {
            let labels = plan.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            head.append(row("labels", labels.joined(separator: "; ")))
        }
        if !plan.parameters.isEmpty {
            let values = plan.parameters.map { parameter in
                let origin =
                    switch parameter.origin {
                    case .file: ""
                    case .flag: " (given)"
                    case .environment: " (environment)"
                    }
                return "\(parameter.name): \(parameter.shownValue ?? "…")\(origin)"
            }
            head.append(row("params", values.joined(separator: "; ")))
        }
        if !plan.changes.isEmpty { head.append(row("changes", plan.changes.joined(separator: "; "))) }
        head.append(
            row("length", "\(plan.lengthWords) in \(plan.phases.count) \(plural(plan.phases.count))"))
        lines.append(head)
        for stressor in plan.stressors {
            lines.append()
            lines.append(StyledText("stressor \(stressor.name)", .bold))
            lines.append(table(of: stressor, style))
            let drawing = CurveDrawing(
                curve: plan.isEndless ? stressor.curve.prefix(until: plan.drawnLength) : stressor.curve,
                unit: stressor.unit, starts: plan.phases.map(\.start), isUTF8: style.isUTF8)
            for line in drawing.lines(width: min(style.width, 100) - 4) {
                lines.append("  " + line)
            }
        }
        lines.append()
        lines.append(StyledText("phases", .bold))
        lines.append(phases(of: plan, style))
        lines.append(phaseNotesOf: plan)
        if !plan.probes.isEmpty {
            lines.append()
            lines.append(StyledText("probes", .bold))
            var table = TextTable([.left, .left])
            for probe in plan.probes {
                let (every, timeout) = (HumanUnits.duration(probe.every), HumanUnits.duration(probe.timeout))
                let trust = probe.isUnverified ? ", certificate not verified" : ""
                let rhythm = "every \(every), given up after \(timeout)\(trust)"
                table.append([StyledText(probe.name), StyledText(rhythm, .dim)])
            }
            lines.append(table)
            for objective in plan.objectives { lines.append("  \(objective.text)") }
        }
        if !plan.guards.isEmpty || !plan.guardsAside.isEmpty {
            lines.append()
            lines.append(StyledText("guards, any of which ends the run and releases everything", .bold))
            var table = TextTable([.left, .left])
            for condition in plan.guards {
                let origin = condition.isDefault ? "on by default; 'guards: { defaults: off }' turns it off" : ""
                table.append([StyledText(condition.text), StyledText(condition.directory ?? origin, .dim)])
            }
            for aside in plan.guardsAside {
                table.append([StyledText(aside.text, .dim), StyledText("off: \(aside.reason)", .dim)])
            }
            lines.append(table)
        }
        if !plan.findings.isEmpty {
            lines.append()
            lines.append(plan.findings)
        }
        return lines.text
    }

    private static func plural(_ phases: Int) -> String { phases == 1 ? "phase" : "phases" }

    private static func row(_ label: String, _ text: String) -> [StyledText] {
        [StyledText(label, .dim), StyledText(text)]
    }

    private static func table(of stressor: PlannedStressor, _ style: TextStyle) -> TextTable {
        var table = TextTable([.left, .left])
        let amount = { HumanUnits.exactAmount($0, stressor.unit) }
        let drive = stressor.drive == .level ? "holds an amount" : "works at a rate"
        table.append(row("kind", "\(stressor.kind), \(drive)"))
        if stressor.capacity.isFinite {
            table.append(row("100% is", "\(amount(stressor.capacity)): \(stressor.base)"))
        } else {
            table.append(row("base", stressor.base))
        }
        let isAdded = stressor.mode == .add
        table.append(
            row("mode", isAdded ? "add: on top of what is there" : "total: all use together, held in both directions"))
        let isUnlimited = stressor.curve.peak.isInfinite
        var peak = isUnlimited ? "max: as fast as it goes" : amount(stressor.curve.peak)
        if stressor.capacity > 0, stressor.capacity.isFinite, !isUnlimited {
            peak += ", \(HumanUnits.percent(stressor.curve.peak / stressor.capacity)) of it"
        }
        table.append(row("peak", peak))
        let tolerance = stressor.tolerance.words(stressor.unit, capacity: stressor.capacity)
        for (index, line) in wrapped(tolerance, width: max(40, min(style.width, 100) - 13)).enumerated() {
            table.append(row(index == 0 ? "tolerance" : "", line))
        }
        let processes = stressor.processes == 1 ? "" : " in \(stressor.processes) processes"
        table.append(row("workers", "\(stressor.workers)\(processes)"))
        // The mode has a line of its own.
        let settings = stressor.settings.values.filter { $0.key != "mode" }.sorted { $0.key < $1.key }
        if !settings.isEmpty {
            table.append(row("settings", settings.map { "\($0.key): \(text(of: $0.value))" }.joined(separator: "; ")))
        }
        table.append(row("witness", stressor.witness))
        return table
    }

    private static func phases(of plan: Plan, _ style: TextStyle) -> TextTable {
        var table = TextTable([.right, .left, .left, .left, .left, .left, .left])
        for (index, phase) in plan.phases.enumerated() {
            let end = phase.start + phase.length
            let isEndless = plan.isEndless && index == plan.phases.count - 1
            let last = isEndless ? "" : HumanUnits.duration(end)
            var place = [
                StyledText("\(index + 1)"), StyledText(phase.name),
                StyledText("\(HumanUnits.duration(phase.start)) \(style.to) \(last)"),
                StyledText((isEndless ? "" : "for ") + plan.lengthWords(ofPhase: index)),
            ]
            let loaded = plan.stressors.filter { phase.loads[$0.name] != nil }
            if loaded.isEmpty { table.append(place + [StyledText("no load", .dim), StyledText(), StyledText()]) }
            for stressor in loaded {
                let peak = stressor.curve.peak(from: phase.start, to: end)
                let mean = stressor.curve.mean(from: phase.start, to: end)
                let isLevel = !peak.isFinite || !Curve.isJump(peak, mean)
                table.append(
                    place + [
                        StyledText(stressor.name), StyledText(phase.loads[stressor.name] ?? ""),
                        StyledText(
                            (peak.isFinite ? "peak \(HumanUnits.exactAmount(peak, stressor.unit))" : "max")
                                + (isLevel ? "" : ", mean \(HumanUnits.amount(mean, stressor.unit))")
                                + (phase.within[stressor.name].map { ", within \(HumanUnits.duration($0))" } ?? "")
                                + (phase.expect[stressor.name].map { ", expected to \($0.words)" } ?? "")),
                    ])
                // The phase stands on its first line only.
                place = place.map { _ in StyledText() }
            }
        }
        return table
    }

    /// A setting as a profile would write it.
    static func text(of value: SettingValue) -> String {
        switch value {
        case .text(let text): text
        case .directory(let directory): directory.path
        case .integer(let number): "\(number)"
        case .boolean(let flag): flag ? "true" : "false"
        case .cpus(let cpus): cpuRanges(cpus)
        case .bytes(let bytes): HumanUnits.exactAmount(Double(bytes), .bytes)
        case .sizes(let mix):
            mix.parts.map { "\(HumanUnits.exactAmount(Double($0.bytes), .bytes)) \(SizeMix.percent($0.share))" }
                .joined(separator: ", ")
        case .duration(let length): HumanUnits.duration(length)
        case .percent(let percent): NumberText.text(percent, places: 6, trimming: true) + "%"
        case .nodes(let nodes): nodeAmounts(nodes)
        }
    }

    /// Nodes as a list of ranges, or each with its amount.
    private static func nodeAmounts(_ selection: NodeSelection) -> String {
        if selection.amounts.isEmpty { return cpuRanges(selection.nodes) }
        let parts = selection.nodes.map { node in
            switch selection.amounts[node] {
            case .bytes(let bytes): "\(node): \(HumanUnits.exactAmount(Double(bytes), .bytes))"
            case .percent(let percent): "\(node): \(NumberText.text(percent, places: 6, trimming: true))%"
            case nil: "\(node)"
            }
        }
        return "{\(parts.joined(separator: ", "))}"
    }

    /// Ascending CPU numbers as a list of ranges, such as `0-3,8`.
    static func cpuRanges(_ cpus: [Int]) -> String {
        var ranges: [(first: Int, last: Int)] = []
        for cpu in cpus {
            if let last = ranges.last?.last, cpu == last + 1 {
                ranges[ranges.count - 1].last = cpu
            } else {
                ranges.append((cpu, cpu))
            }
        }
        return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ",")
    }
}
