// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Progress as plain lines, for files and for terminals that cannot move their cursor.
struct ProgressLines: Sendable {
    private(set) var plan: Plan
    let columns: [ProgressColumn]
    private let phaseWidth: Int

    init(plan: Plan, columns: [ProgressColumn]) {
        self.plan = plan
        self.columns = columns
        phaseWidth = plan.phases.map { cellWidth(of: printable($0.name)) }.max() ?? 0
    }

    /// The lines of an event; `unheard` keeps the findings that have not been told yet.
    mutating func text(of event: TimedEvent, findings unheard: ([Finding]) -> [Finding], style: TextStyle) -> [UInt8] {
        var lines = TextLines(style)
        switch event.event {
        case .preparing(let stressor, let ratio):
            lines.append("preparing \(stressor): \(HumanUnits.percent(ratio, places: 0))")
        case .runStarted(_, let plan):
            let phases = plan.phases.count == 1 ? "1 phase" : "\(plan.phases.count) phases"
            lines.append(
                "run \(event.runID): profile \(plan.profile), \(plan.lengthWords) in \(phases); "
                    + "figures are achieved/target, [least\(style.to)most] where they moved")
            lines.append(unheard(plan.findings))
        case .phaseStarted(let index):
            lines.append(phaseLine(index))
        case .sample(let sample):
            lines.append(sampleLine(sample, style))
        case .finding(let finding):
            lines.append(unheard([finding]))
        case .stressorEnded(let end):
            if let trouble = end.trouble { lines.append([Finding(code: "stressor_ended", message: trouble)]) }
        case .guardTripped(let trip):
            lines.append([Finding(code: "guard_tripped", message: trip.sentence)])
        case .changed(let change):
            lines.append("\(HumanUnits.seconds(change.from.seconds)) \(printable(change.sentence))")
        case .phaseShortened(let shortened):
            plan.phases = shortened.phases
            lines.append("\(HumanUnits.seconds(event.elapsed.seconds)) \(printable(shortened.sentence))")
        case .leaseExpired(let expiry):
            lines.append([Finding(code: "lease_expired", message: expiry.sentence)])
        case .phaseEnded(let index, let results):
            let told = results.filter { $0.isLoaded || $0.isNews }
            if !told.isEmpty { lines.append(endLine(index, told)) }
        case .probed(let span):
            // Their second is one that was over before: an answer is waited for as long as it may take.
            lines.append("\(Self.clock(span.span.upperBound))\(span.line)")
        case .proberSecond, .probeNote:
            break  // For the log.
        case .runEnded:
            break  // The summary says it all.
        }
        return Array(lines.text.utf8)
    }

    private func phaseLine(_ index: Int) -> String {
        let phase = plan.phases[index]
        let loads = plan.stressors.compactMap { stressor in phase.loads[stressor.name].map { "\(stressor.name) \($0)" }
        }
        return "phase \(index + 1)/\(plan.phases.count) \(phase.name), \(plan.lengthWords(ofPhase: index)): "
            + (loads.isEmpty ? "no load" : loads.joined(separator: ", "))
    }

    private func endLine(_ index: Int, _ results: [PhaseResult]) -> StyledText {
        var line = StyledText("end of \(plan.phaseName(index) ?? ""): ")
        for (position, result) in results.enumerated() {
            line.append("\(position > 0 ? ", " : "")\(result.stressor) ")
            line.append(result.verdictWords, result.ink)
            if result.verdict != .met, let cause = result.limitedBy { line.append(" (\(cause.rawValue))") }
        }
        return line
    }

    private func isReleased(_ stressor: Int, in phase: Int) -> Bool {
        plan.phases.indices.contains(phase) && plan.phases[phase].loads[plan.stressors[stressor].name] == nil
    }

    private static func clock(_ time: Nanoseconds) -> String {
        let elapsed = NumberText.text(time.seconds, places: 1) + "s"
        return String(repeating: " ", count: max(0, 7 - elapsed.utf8.count)) + elapsed + " "
    }

    private func sampleLine(_ sample: Sample, _ style: TextStyle) -> StyledText {
        var line = StyledText(Self.clock(sample.elapsed))
        let begin = line.width
        line.append(plan.phaseName(sample.phase) ?? "")
        line.pad(to: begin + phaseWidth)
        for (index, (column, reading)) in zip(columns, sample.readings).enumerated() {
            let achieved = column.padded(reading.achieved, none: style.none)
            line.append("   \(column.name) \(achieved)/\(column.padded(reading.wanted, none: "max")) ")
            line.append(column.scale.suffix)
            if let band = column.band(reading, of: sample, to: style.to) { line.append(" [\(band)]") }
            if reading.achieved == nil {
                line.append(" (no reading)", .bad)
            } else if !isReleased(index, in: sample.phase), !column.isOnTarget(reading) {
                line.append(" (\(reading.limitedBy?.rawValue ?? "off target"))", .warning)
            }
        }
        return line
    }
}
