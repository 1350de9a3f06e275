// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// The block of lines that a terminal shows while a run lasts.
///
/// A redraw goes up by as many lines as stand there, writes each line anew and erases what is behind it: nothing is
/// blank in between, so nothing flickers. No line takes the terminal's last cell, which some terminals wrap after.
struct LiveBlock: Sendable {
    static let sparkLimit = 24
    /// Lines beyond this would scroll out of a small terminal and could not be redrawn.
    private static let stressorLimit = 16
    private static let probeLimit = 8
    private static let nameLimit = 20
    private static let barLimit = 20

    /// The phase that runs.
    var phase = 0
    private var plan: Plan
    private let columns: [ProgressColumn]
    private let nameWidth: Int
    private let figuresWidth: Int
    private let numberWidth: Int
    private var elapsed: Nanoseconds = 0
    private var readings: [Reading?]
    /// The least and most of each stressor, where the other figures do not tell.
    private var bands: [String?]
    private let dash: String
    /// The latest achieved figures of the log's samples, oldest first.
    private var history: [[Double]]
    private var outcome: (words: String, ink: StyledText.Ink)?
    private var exitMeaning = ""
    private var drawnLines = 0
    private var probes: [LiveProbe]

    init(plan: Plan, columns: [ProgressColumn], dash: String) {
        self.plan = plan
        self.columns = columns
        self.dash = dash
        bands = columns.map { _ in nil }
        readings = columns.map { _ in nil }
        history = columns.map { _ in [] }
        probes = plan.probes.map(LiveProbe.init)
        let names = columns.map(\.name) + probes.map(\.name)
        nameWidth = min(Self.nameLimit, names.map { cellWidth(of: $0) }.max() ?? 0)
        let numberWidth = columns.map(\.numberWidth).max() ?? 0
        self.numberWidth = numberWidth
        let suffixWidth = columns.map { cellWidth(of: $0.scale.suffix) }.max() ?? 0
        figuresWidth = 2 * numberWidth + 4 + suffixWidth
    }

    /// Shows the figures of a sample from the next redraw on.
    mutating func show(_ sample: Sample) {
        elapsed = sample.elapsed
        phase = sample.phase
        for (index, reading) in sample.readings.enumerated() where index < readings.count {
            readings[index] = reading
            bands[index] = columns[index].band(reading, of: sample, to: dash)
        }
    }

    /// Adds a sample to the sparklines.
    mutating func remember(_ sample: Sample) {
        for (index, reading) in sample.readings.enumerated() where index < history.count {
            if history[index].count == Self.sparkLimit { history[index].removeFirst() }
            // A level that pulses is half as high as it is at its top, and not what it was at the sample's end.
            history[index].append(reading.achievedSpread?.mean ?? reading.achieved ?? 0)
        }
    }

    /// Shows what a probe came to in a second.
    mutating func show(_ span: ProbeSpan) {
        for index in probes.indices where plan.probes[index].name == span.probe { probes[index].take(span) }
    }

    /// Shows phases where they lie from now on.
    mutating func move(to phases: [PlannedPhase]) { plan.phases = phases }

    /// Shows the verdict from the next redraw on.
    mutating func end(_ record: RunRecord) {
        elapsed = record.elapsed
        // Without a load nothing was met, whatever the verdict on nothing is.
        outcome = record.isNotSteady ? ("not begun", .bad) : (record.verdict.words, record.verdict.ink)
        exitMeaning = record.exitMeaning
    }

    /// The bytes that put the block in place of the last one, below `notes`, which end in a line feed.
    mutating func redraw(_ style: TextStyle, below notes: String = "") -> [UInt8] {
        let limit = style.width - 1
        var text = drawnLines > 0 ? "\r\u{1B}[\(drawnLines)A" : ""
        if !notes.isEmpty { text += (drawnLines > 0 ? "\u{1B}[J" : "") + notes }
        let lines = lines(style, limit: limit)
        for line in lines { text += line.rendered(style, limit: limit) + "\u{1B}[K\n" }
        if lines.count < drawnLines { text += "\u{1B}[J" }
        drawnLines = lines.count
        return Array(text.utf8)
    }

    private func lines(_ style: TextStyle, limit: Int) -> [StyledText] {
        var lines = [header(style, limit: limit)]
        for index in columns.indices.prefix(Self.stressorLimit) {
            lines.append(stressorLine(index, style, limit: limit))
        }
        let more = columns.count - Self.stressorLimit
        if more > 0 { lines.append(StyledText("  and \(more) more, in the log", .dim)) }
        for probe in probes.prefix(Self.probeLimit) {
            lines.append(probe.line(style, nameWidth: nameWidth, limit: limit, at: outcome == nil ? elapsed : nil))
        }
        if probes.count > Self.probeLimit {
            lines.append(StyledText("  and \(probes.count - Self.probeLimit) more probes, in the log", .dim))
        }
        return lines
    }

    private func header(_ style: TextStyle, limit: Int) -> StyledText {
        var line = StyledText(plan.profile, .bold)
        if let outcome {
            line.append(" \(style.dot) ")
            line.append(outcome.words, outcome.ink)
            line.append(" \(style.dot) \(exitMeaning) \(style.dot) \(HumanUnits.clock(elapsed))")
            return line
        }
        guard plan.phases.indices.contains(phase) else { return line }
        let current = plan.phases[phase]
        let inPhase = min(max(0, elapsed - current.start), current.length)
        line.append(" \(style.dot) \(phase + 1)/\(plan.phases.count) \(current.name) ")
        if plan.isEndless, phase == plan.phases.count - 1 {
            line.append("\(HumanUnits.clock(inPhase)), until stopped")
            return line
        }
        let clock = "\(HumanUnits.clock(inPhase))/\(HumanUnits.clock(current.length))"
        if plan.isEndless {
            line.append(clock)
            return line
        }
        let left = HumanUnits.clock(plan.length - elapsed / .second * .second)
        let whole = " \(style.dot) run \(HumanUnits.clock(elapsed))/\(HumanUnits.clock(plan.length))"
        let end = " \(style.dot) \(left) left"
        var tail = StyledText(" " + clock)
        // How much is left matters more than how much was.
        if plan.phases.count > 1, line.width + tail.width + cellWidth(of: whole + end) <= limit {
            tail.append(whole, .dim)
        }
        tail.append(end)
        let cells = min(Self.barLimit, limit - line.width - tail.width - 2)
        if cells >= 4 {
            let full = Int(Double(cells) * Double(inPhase) / Double(max(1, current.length)))
            line.append(style.barEnds.0)
            line.append(String(repeating: style.barFull, count: full))
            line.append(String(repeating: style.barEmpty, count: cells - full), .dim)
            line.append(style.barEnds.1)
        }
        line.append(tail)
        return line
    }

    private func stressorLine(_ index: Int, _ style: TextStyle, limit: Int) -> StyledText {
        let column = columns[index]
        var line = StyledText("  ")
        line.append(StyledText(column.name, .bold).cut(to: nameWidth, style))
        line.pad(to: 2 + nameWidth + 2)
        let errorWidth = 9
        let markWidth = 10
        let sparkWidth = min(Self.sparkLimit, limit - line.width - 2 - figuresWidth - 2 - errorWidth - 2 - markWidth)
        if sparkWidth >= 6 {
            let end = line.width + sparkWidth + 2
            line.append(sparkline(index, width: sparkWidth, style))
            line.pad(to: end)
        }
        guard let reading = readings[index] else {
            line.append("waiting", .dim)
            return line
        }
        let begin = line.width
        line.append(String(repeating: " ", count: max(0, numberWidth - column.numberWidth)))
        line.append(column.padded(reading.wanted, none: "max"))
        line.append(" \(style.arrow) ", .dim)
        line.append(String(repeating: " ", count: max(0, numberWidth - column.numberWidth)))
        line.append(column.padded(reading.achieved, none: style.none))
        line.append(" " + column.scale.suffix)
        line.pad(to: begin + figuresWidth + 2)
        let isReleased =
            plan.phases.indices.contains(phase) && plan.phases[phase].loads[plan.stressors[index].name] == nil
        guard reading.achieved != nil else {
            line.pad(to: line.width + errorWidth + 2)
            line.append("no reading", .bad)
            return line
        }
        // What an idle process keeps is no load, and nobody is off target where no target was set.
        let isOnTarget = isReleased || column.isOnTarget(reading)
        let text =
            if let error = reading.error, let target = reading.wanted {
                HumanUnits.error(error, target: target, unit: column.unit, capacity: column.capacity)
            } else { style.none }
        line.pad(to: begin + figuresWidth + 2 + max(0, errorWidth - cellWidth(of: text)))
        line.append(text, isOnTarget ? .dim : .warning)
        line.append("  ")
        if isOnTarget {
            line.append(isReleased ? "released" : style.good, isReleased ? .dim : .good)
        } else {
            line.append(reading.limitedBy?.rawValue ?? "off target", reading.limitedBy == nil ? .warning : .bad)
        }
        if let band = bands[index] { line.append(" [\(band)]") }
        return line
    }

    private func sparkline(_ index: Int, width: Int, _ style: TextStyle) -> StyledText {
        // Against the run's peak, so that the shape is that of the profile; noise above it does not shrink the rest.
        Self.sparkline(history[index], top: columns[index].peak, width: width, style)
    }

    /// The latest of `values`, 0 through `top`, as a row of bars of `width` cells.
    static func sparkline(_ values: [Double], top: Double, width: Int, _ style: TextStyle) -> StyledText {
        let values = values.suffix(width)
        let sparks = style.sparks
        var text = ""
        for value in values {
            let ratio = min(max(0, value / max(top, .leastNormalMagnitude)), 1)
            text += sparks[min(sparks.count - 1, Int(ratio * Double(sparks.count)))]
        }
        var line = StyledText(String(repeating: " ", count: width - values.count))
        line.append(text)
        return line
    }
}
