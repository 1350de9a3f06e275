// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Reporting

/// A table of a report, whatever it is written as.
struct ReportTable {
    /// How a cell reads.
    enum Weight: String { case plain, good, warning, bad }

    struct Column {
        var title: String
        /// Whether its cells are numbers, which stand right.
        var isNumber = false
    }

    struct Row {
        var cells: [String]
        /// The cell that says whether all is well, and how it reads.
        var verdict: Int?
        var weight = Weight.plain
    }

    var columns: [Column]
    var rows: [Row] = []
    /// How many rows are not in it, since nobody would read them.
    var leftOut = 0
    var isEmpty: Bool { rows.isEmpty }

    init(_ columns: [Column]) { self.columns = columns }

    /// At most `limit` rows: those that are not well before the others, in their order.
    func limited(to limit: Int) -> ReportTable {
        guard rows.count > limit else { return self }
        let isBad = rows.map { $0.weight == .bad || $0.weight == .warning }
        let bad = rows.indices.filter { isBad[$0] }.prefix(limit)
        let rest = rows.indices.filter { !isBad[$0] }.prefix(limit - bad.count)
        var table = self
        table.rows = (bad + rest).sorted().map { rows[$0] }
        table.leftOut += rows.count - limit
        return table
    }

    /// Says that rows were left out; `nil` where none was.
    var more: String? { leftOut > 0 ? "\(leftOut) more are in the log." : nil }

    /// Without the columns that are empty in all rows.
    var trimmed: ReportTable {
        let kept = columns.indices.filter { column in rows.contains { !["", "–"].contains($0.cells[column]) } }
        var table = ReportTable(kept.map { columns[$0] })
        table.rows = rows.map { row in
            Row(
                cells: kept.map { row.cells[$0] }, verdict: row.verdict.flatMap { kept.firstIndex(of: $0) },
                weight: row.weight)
        }
        table.leftOut = leftOut
        return table
    }
}

/// The tables of a run.
struct ReportTables {
    let run: RunEvidence

    private static func weight(_ ink: StyledText.Ink) -> ReportTable.Weight {
        switch ink {
        case .good: .good
        case .warning: .warning
        case .bad: .bad
        case .plain, .bold, .dim: .plain
        }
    }

    /// What became of each objective.
    var objectives: ReportTable {
        var table = ReportTable(
            ["objective", "verdict", "was", "detail"].map { ReportTable.Column(title: $0) })
        for objective in run.objectives {
            table.rows.append(
                ReportTable.Row(
                    cells: [
                        objective.text, objective.verdict?.words ?? "–", objective.tree["figure"]?.text ?? "–",
                        objective.tree["detail"]?.text ?? "",
                    ], verdict: 1, weight: objective.verdict.map { Self.weight($0.ink) } ?? .plain))
        }
        return table
    }

    /// How each stressor did in each phase, in the unit that was asked for.
    var load: ReportTable {
        var table = ReportTable([
            .init(title: "phase"), .init(title: "stressor"), .init(title: "verdict"),
            .init(title: "target", isNumber: true), .init(title: "achieved", isNumber: true), .init(title: "unit"),
            .init(title: "error", isNumber: true), .init(title: "|error| p95", isNumber: true),
            .init(title: "reached", isNumber: true), .init(title: "off for", isNumber: true),
            .init(title: "limited by"),
        ])
        // One unit for a stressor, so that its phases can be compared.
        var greatest: [String: Double] = [:]
        for result in run.results {
            let figures = ["target_mean", "achieved_mean"].compactMap(result.figure)
            greatest[result.stressor] = max(greatest[result.stressor] ?? 0, figures.max() ?? 0)
        }
        let scales = Dictionary(
            run.stressors.map { ($0.name, AskedScale($0, run).scale(greatest: greatest[$0.name] ?? 0)) }
        ) { first, _ in first }
        for result in run.results where result.isTold {
            guard let stressor = run.stressor(result.stressor) else { continue }
            table.rows.append(row(result, stressor, scales[result.stressor] ?? stressor.scale(0)))
        }
        return table.trimmed
    }

    private func row(
        _ result: ResultEvidence, _ stressor: StressorEvidence, _ scale: FigureScale
    ) -> ReportTable.Row {
        let target = result.figure("target_mean")
        let error = stressor.error(result.figure("error_mean"), target: target) ?? "–"
        let size = stressor.error(result.figure("error_abs_p95"), target: target, signed: false) ?? "–"
        let reached = result.figure("time_to_reach_s").map { HumanUnits.seconds($0) } ?? "never"
        let off = result.figure("off_s") ?? 0
        let words = (result.verdict?.words ?? "–") + (result.isExpected == true ? ", as expected" : "")
        let cause = result.isAsAsked ? "–" : result.tree["limited_by"]?.text ?? "–"
        let ink = result.verdict.map { Self.weight($0.ink) } ?? .plain
        var row = ReportTable.Row(cells: [result.phase, result.stressor, words])
        row.cells.append(target.map { scale.number($0) } ?? "max")
        row.cells.append(result.figure("achieved_mean").map { scale.number($0) } ?? "–")
        row.cells += [scale.suffix, error, size, result.isLoaded ? reached : "–"]
        row.cells += [off > 0 ? HumanUnits.seconds(off) : "–", cause]
        row.verdict = 2
        row.weight = result.isExpected == true ? .good : ink
        return row
    }

    /// What each probe came to.
    var probes: ReportTable {
        var table = ReportTable([
            .init(title: "probe"), .init(title: "asked", isNumber: true), .init(title: "good", isNumber: true),
            .init(title: "outcomes"), .init(title: "longest", isNumber: true),
        ])
        for probe in run.probes where !probe.spans.isEmpty {
            let most = probe.spans.compactMap { $0.most.isNaN ? nil : $0.most }.max()
            let outcomes = probe.outcomes.filter { $0.name != "good" }.map { outcome in
                let words = ProbeOutcome(rawValue: outcome.name)?.words ?? outcome.name
                let count = NumberText.text(outcome.count, places: 0)
                let times = [outcome.first, outcome.last].map { TimeAxis.text($0) }
                return "\(count) \(words), "
                    + (times[0] == times[1] ? "at \(times[0])" : times.joined(separator: " to "))
            }
            table.rows.append(
                ReportTable.Row(
                    cells: [
                        probe.name, NumberText.text(probe.count, places: 0),
                        probe.count > 0 ? HumanUnits.percent(probe.good / probe.count, places: 2) : "–",
                        outcomes.isEmpty ? "–" : outcomes.joined(separator: "; "),
                        most.map { HumanUnits.seconds(Double($0)) } ?? "–",
                    ]))
        }
        return table
    }

    /// What happened, in order.
    var events: ReportTable {
        var table = ReportTable([
            .init(title: "at", isNumber: true), .init(title: "for", isNumber: true), .init(title: "what"),
            .init(title: "event"),
        ])
        table.leftOut = run.eventsLeftOut
        for event in run.events {
            let length = event.until.map { $0 - event.elapsed } ?? 0
            table.rows.append(
                ReportTable.Row(
                    cells: [
                        HumanUnits.seconds(event.elapsed), length > 0 ? HumanUnits.seconds(length) : "–",
                        event.text, event.word ?? event.kind,
                    ], verdict: 3,
                    weight: event.weight == .bad ? .bad : event.weight == .warning ? .warning : .plain))
        }
        return table
    }

    /// What the run was made on, and what limited it.
    var host: ReportTable {
        var table = ReportTable([.init(title: "what"), .init(title: "value")])
        func add(_ title: String, _ value: String?) {
            if let value, !value.isEmpty { table.rows.append(ReportTable.Row(cells: [title, value])) }
        }
        let host = run.start?["host"]
        func amount(_ name: String) -> String? { host?[name]?.number.map { HumanUnits.amount($0, .bytes) } }
        add("name", host?["name"]?.text)
        add("kernel", host?["kernel"]?.text)
        add("architecture", host?["architecture"]?.text)
        add("processors online", host?["online_cpus"]?.integer.map(String.init))
        add("processors that it may use", host?["affinity_cpus"]?.integer.map(String.init))
        add("CPU quota", host.map { $0["quota_cores"]?.number.map { HumanUnits.amount($0, .cores) } ?? "none" })
        add("memory", amount("memory_total_bytes"))
        add("memory available at the start", amount("memory_available_bytes"))
        add("memory limit of the group", host.map { _ in amount("memory_limit_bytes") ?? "none" })
        add("memory nodes", host?["numa_nodes"]?.integer.map(String.init))
        add("huge pages", host?["huge_pages"]?.text)
        add("exert", run.start?["exert_version"]?.text)
        for stressor in run.stressors {
            let capacity = stressor.capacity.map { stressor.scale($0).amount($0) } ?? "not known"
            add("100 % of \(stressor.name)", "\(capacity): \(stressor.tree["base"]?.text ?? "–")")
            add("witness of \(stressor.name)", stressor.witness)
        }
        for label in run.labels { add("label \(label.name)", label.value) }
        return table
    }

    /// What was asked for: each phase's loads.
    var phases: ReportTable {
        var table = ReportTable([
            .init(title: "phase"), .init(title: "from", isNumber: true), .init(title: "for", isNumber: true),
            .init(title: "loads"),
        ])
        for phase in run.phases {
            let loads = phase.loads.map { "\($0.stressor): \($0.load)" }.joined(separator: "; ")
            table.rows.append(
                ReportTable.Row(
                    cells: [
                        phase.name, HumanUnits.duration(LogSentence.nanoseconds(phase.start)),
                        HumanUnits.duration(LogSentence.nanoseconds(phase.length)), loads.isEmpty ? "none" : loads,
                    ]))
        }
        return table
    }

    /// What else the plan says, a line each: where the profile came from, parameters, changes, guards.
    var profile: [(name: String, value: String)] {
        var rows: [(name: String, value: String)] = []
        let profile = run.start?["profile"], plan = run.start?["plan"]
        if let file = profile?["file"]?.text { rows.append(("file", file)) }
        if let hash = profile?["sha256"]?.text { rows.append(("SHA-256", hash)) }
        for member in profile?["parameters"]?.members ?? [] {
            let value = member.value["value"]?.text ?? "of the environment, not logged"
            rows.append(("parameter \(member.name)", "\(value) (\(member.value["from"]?.text ?? "?"))"))
        }
        for change in profile?["changes"]?.texts ?? [] { rows.append(("changed by the command line", change)) }
        for condition in plan?["guards"]?.items ?? [] {
            if let text = condition["guard"]?.text { rows.append(("guard", text)) }
        }
        for aside in plan?["guards_aside"]?.items ?? [] {
            if let text = aside["guard"]?.text {
                rows.append(("guard that is off", "\(text): \(aside["reason"]?.text ?? "?")"))
            }
        }
        for objective in plan?["objectives"]?.texts ?? [] { rows.append(("objective", objective)) }
        return rows
    }

    /// A sentence for everything that did not go as asked, with what helps.
    var misses: [(sentence: String, remedy: String?)] {
        let record = RunRecord(run)
        let phases = record.plan.phaseIndices
        var misses: [(sentence: String, remedy: String?)] = []
        if let trip = run.end?["guard_tripped"], trip["guard"] != nil {
            misses.append((EventEvidence.trip(trip), Cause.guard.explanation.remedy))
        }
        for end in record.ends { if let trouble = end.trouble { misses.append((trouble, nil)) } }
        for result in run.results where result.isTold && !result.isAsAsked && misses.count < 100 {
            guard let typed = PhaseResult(result, phases), let text = MissText(typed, of: record)?.sentence else {
                continue
            }
            // What ended all of them has been told.
            let explanation =
                result.verdict == .aborted ? nil : result.cause?.explanation ?? result.verdict?.explanation
            misses.append((text, explanation.flatMap { $0.remedy.isEmpty ? nil : $0.remedy }))
        }
        return misses
    }
}
