// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// The result of a run for people: was the load on target, by how much not, and why.
public enum SummaryText {
    /// The text, ending in a line feed.
    public static func text(_ record: RunRecord, style: TextStyle) -> String {
        var lines = TextLines(style)
        lines.append(StyledText(), sentence: record.firstSentence)
        lines.append(headline(record, style))
        lines.append(note: record.plan.note)
        for sentence in misses(record) { lines.append(StyledText("  "), sentence: sentence) }
        let loaded = record.results.filter(\.isLoaded)
        // What was released as it should be is no news.
        let told = record.results.filter { $0.isLoaded || $0.isNews }
        if !told.isEmpty {
            lines.append()
            lines.append(table(told, of: record.plan, style))
        }
        lines.append(phaseNotesOf: record.plan)
        if let service = record.service {
            lines.append()
            if !service.objectives.isEmpty { lines.append(ObjectiveText.table(service, of: record.plan, style)) }
            for span in service.probes { lines.append("  \(span.line)") }
        }
        for change in record.changes {
            let sentence = "at \(HumanUnits.seconds(change.from.seconds)) \(change.sentence)"
            lines.append(StyledText("  "), sentence: sentence)
        }
        for shortened in record.shortened { lines.append(StyledText("  "), sentence: shortened.sentence) }
        for sentence in loaded.compactMap({ contentSentence($0, record.plan) }) {
            lines.append(StyledText("  "), sentence: sentence)
        }
        if let latencies = LatencyText.table(loaded, of: record.plan) {
            lines.append()
            lines.append(latencies)
        }
        lines.append()
        lines.append(releaseLine(record))
        lines.append(StyledText(costLine(record), .dim))
        lines.append(record.findings)
        lines.append("exit \(record.exitCode): \(record.exitMeaning)")
        return lines.text
    }

    private static func headline(_ record: RunRecord, _ style: TextStyle) -> StyledText {
        let isMet = record.verdict == .met && record.interruptedBy == nil && !record.isNotSteady
        var line = StyledText(isMet ? style.good : style.bad, isMet ? .good : record.verdict.ink)
        line.append(" \(record.plan.profile): ", .bold)
        if record.isNotSteady {
            line.append("not begun", .bad)
        } else {
            line.append(
                record.service == nil ? record.verdict.words : "load \(record.verdict.words)", record.verdict.ink)
        }
        let expected = record.expectedEnds
        if !expected.isEmpty { line.append(" (\(expected), as expected)", isMet ? .good : .plain) }
        if let signal = record.interruptedBy { line.append(" (interrupted by \(signalName(signal)))", .warning) }
        let planned = record.plan.length
        let ran = HumanUnits.duration(Nanoseconds(seconds: (record.elapsed.seconds * 10).rounded() / 10))
        let isWhole = record.elapsed + 100 * .millisecond >= planned
        line.append(isWhole ? " in \(ran)" : " after \(ran) of \(record.plan.lengthWords)")
        line.append("  run \(record.runID) on \(record.host.name)", .dim)
        return line
    }

    /// A sentence for everything that did not go as asked.
    private static func misses(_ record: RunRecord) -> [String] {
        let results = record.results.filter { $0.isLoaded ? $0.verdict != .met : $0.isNews }
        let trip = record.guardTrip.map { [$0.sentence] } ?? []
        let expiry = record.leaseExpiry.map { [$0.sentence] } ?? []
        let sentences = results.compactMap { MissText($0, of: record)?.sentence }
        return trip + expiry + record.expectationSentences + record.ends.compactMap(\.trouble) + sentences
    }

    private static func table(_ results: [PhaseResult], of plan: Plan, _ style: TextStyle) -> TextTable {
        var table = TextTable([.left, .left, .right, .right, .left, .right, .right, .right, .left, .left])
        table.append(
            [
                "phase", "stressor", "target", "achieved", "", "error", "|error| p95", "reached", "limited by",
                "verdict",
            ], .dim)
        for result in results {
            guard let stressor = plan.stressors.first(where: { $0.name == result.stressor }) else { continue }
            // One unit for a stressor, so that its phases can be compared.
            let scale = scale(of: stressor, results.filter { $0.stressor == result.stressor })
            let isOff = !result.isAsAsked || result.verdict != .met
            table.append([
                StyledText(plan.phaseName(result.phase) ?? ""),
                StyledText(result.stressor),
                StyledText(result.wantedMean.map(scale.number) ?? "max"),
                StyledText(scale.number(result.achievedMean)),
                StyledText(scale.suffix),
                errorCell(result, stressor, result.errorMean, HumanUnits.error, style),
                errorCell(result, stressor, result.errorAbsP95, HumanUnits.errorSize, style),
                StyledText(
                    result.isLoaded ? result.timeToReach.map(HumanUnits.seconds) ?? "never" : style.none,
                    isOff ? .plain : .dim),
                // What limits a stressor that is on target is noise.
                StyledText(isOff ? result.limitedBy?.rawValue ?? style.none : style.none),
                StyledText(result.verdictWords, result.ink),
            ])
        }
        return table
    }

    /// An error as `text` writes it; none where the target is as much as there is.
    private static func errorCell(
        _ result: PhaseResult, _ stressor: PlannedStressor, _ error: Double,
        _ text: (Double, Double, Unit, Double) -> String, _ style: TextStyle
    ) -> StyledText {
        guard let target = result.wantedMean else { return StyledText(style.none) }
        return StyledText(
            text(error, target, stressor.unit, stressor.capacity),
            error.magnitude > result.tolerance ? .warning : .plain)
    }

    private static func scale(of stressor: PlannedStressor, _ results: [PhaseResult]) -> HumanUnits.Scale {
        let greatest = results.map { max($0.wantedMean ?? 0, $0.achievedMean) }.max() ?? 0
        return HumanUnits.scale(for: stressor.unit, covering: greatest)
    }

    private static func contentSentence(_ result: PhaseResult, _ plan: Plan) -> String? {
        var parts: [String] = []
        if let time = result.timeToContent { parts.append("content caught up after \(HumanUnits.seconds(time))") }
        if let bytes = result.residentBytes {
            parts.append("\(HumanUnits.amount(bytes, .bytes)) resident by page walk at the end")
        }
        if let nodes = result.nodeBytes?.sorted(by: { $0.key < $1.key }) {
            let amounts = nodes.map { "\(HumanUnits.exactAmount($0.value, .bytes)) on node \($0.key)" }
            parts.append("\(amounts.joined(separator: ", ")) by page walk at the end")
        }
        guard !parts.isEmpty else { return nil }
        return "\(result.stressor) in \(plan.phaseName(result.phase) ?? "?"): \(parts.joined(separator: ", "))"
    }

    private static func releaseLine(_ record: RunRecord) -> StyledText {
        if record.ends.isEmpty {
            return record.isReleased
                ? StyledText("nothing was started; nothing to release") : StyledText("not seen to end", .bad)
        }
        guard record.isReleased else {
            let missing = record.plan.stressors.map(\.name).filter { name in
                record.notReleased.contains(name)
                    || record.results.contains { $0.stressor == name } && !record.ends.contains { $0.stressor == name }
            }
            return missing.isEmpty
                ? StyledText("something is left behind; the warnings say what", .bad)
                : StyledText("not seen to end: \(missing.joined(separator: ", "))", .bad)
        }
        let time = record.releaseSeconds.map { "released in \(HumanUnits.seconds($0))" } ?? "released"
        let isClean = record.ends.allSatisfy { $0.manner == .released }
        guard !isClean else { return StyledText("\(time); nothing left behind") }
        let names = record.ends.filter { $0.manner != .released }.map { end in
            if case .killed(_, true) = end.manner { return "\(end.stressor) (out of memory)" }
            if case .killed = end.manner { return "\(end.stressor) (killed)" }
            return "\(end.stressor) (gave up)"
        }
        let rest = record.ends.count > names.count ? "; the rest \(time)" : ""
        let judge = ExpectationJudge(record.plan, results: record.results, ends: record.ends)
        let isExpected = record.ends.allSatisfy {
            $0.manner == .released || judge.isKilledAsExpected($0.stressor)
        }
        return StyledText(
            "ended before its time\(isExpected ? ", as expected" : ""): \(names.joined(separator: ", "))\(rest)",
            isExpected ? .plain : .warning)
    }

    private static func costLine(_ record: RunRecord) -> String {
        let cost = "the observer took \(HumanUnits.seconds(record.observerCPUSeconds)) of CPU time"
        guard record.elapsed > 0 else { return cost }
        return cost
            + ", \(HumanUnits.percent(record.observerCPUSeconds / record.elapsed.seconds, places: 2)) of one core"
    }
}
