// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Shows a run while it lasts: events go in, bytes for standard error come out.
///
/// It never hides the cursor and leaves its last block in place, so that there is nothing to restore however it ends.
public struct ProgressDisplay: Sendable {
    private enum Mode: Sendable {
        case live(LiveBlock)
        case lines(ProgressLines)
        case silent
    }

    private var mode: Mode
    private var style: TextStyle
    /// The least time between two redraws.
    private let redrawInterval: Nanoseconds
    private var lastDraw: Nanoseconds?
    /// Whether the display is fed more often than the log.
    private var hasUpdates = false
    /// A plan's findings are told at the start, and may come again as events.
    private var told: Set<Finding> = []

    /// Creates the display of a run.
    ///
    /// - Parameters:
    ///   - isUTF8: whether the locale shows more than ASCII.
    ///   - redrawInterval: the least time between two redraws; at least 100 ms.
    public init(
        plan: Plan, policy: TerminalPolicy, isUTF8: Bool, redrawInterval: Nanoseconds = 200 * .millisecond
    ) {
        self.redrawInterval = max(100 * .millisecond, redrawInterval)
        let columns = plan.stressors.map(ProgressColumn.init)
        switch policy {
        case .live(let color, let width):
            style = TextStyle(hasColor: color, isUTF8: isUTF8, width: width)
            mode = .live(LiveBlock(plan: plan, columns: columns, dash: style.to))
        case .lines(let color):
            style = TextStyle(hasColor: color, isUTF8: isUTF8, width: .max)
            mode = .lines(ProgressLines(plan: plan, columns: columns))
        case .silent:
            style = TextStyle(isUTF8: isUTF8)
            mode = .silent
        }
    }

    /// Keeps to a new width of the terminal, in cells, from the next redraw on.
    public mutating func resize(width: Int) {
        if case .live = mode { style.width = max(2, width) }
    }

    /// Takes a sample that is newer than the log's; returns what to write where a redraw is due.
    ///
    /// - Parameter time: nanoseconds since the Unix epoch, as in the events.
    public mutating func update(_ sample: Sample, time: Nanoseconds) -> [UInt8]? {
        guard case .live(var block) = mode else { return nil }
        mode = .silent  // The block is not shared while it changes, so its arrays are not copied.
        hasUpdates = true
        block.show(sample)
        let bytes = redraw(&block, time: time)
        mode = .live(block)
        return bytes
    }

    /// Takes an event; returns what to write, which may be nothing.
    public mutating func handle(_ event: TimedEvent) -> [UInt8] {
        switch mode {
        case .silent:
            return []
        case .lines(var lines):
            mode = .silent
            let bytes = lines.text(of: event, findings: { unheard($0) }, style: style)
            mode = .lines(lines)
            return bytes
        case .live(var block):
            mode = .silent
            let bytes = handle(event, &block)
            mode = .live(block)
            return bytes
        }
    }

    private mutating func handle(_ event: TimedEvent, _ block: inout LiveBlock) -> [UInt8] {
        switch event.event {
        case .preparing(let stressor, let ratio):
            // The block does not stand yet: plain lines, a few seconds apart.
            return Array("preparing \(stressor): \(HumanUnits.percent(ratio, places: 0))\n".utf8)
        case .runStarted(_, let plan):
            return tell(unheard(plan.findings), &block, time: event.time)
        case .phaseStarted(let index):
            block.phase = index
        case .sample(let sample):
            block.remember(sample)
            if !hasUpdates { block.show(sample) }
        case .finding(let finding):
            return tell(unheard([finding]), &block, time: event.time)
        case .stressorEnded(let end):
            guard let trouble = end.trouble else { break }
            return tell([Finding(code: "stressor_ended", message: trouble)], &block, time: event.time)
        case .guardTripped(let trip):
            return tell([Finding(code: "guard_tripped", message: trip.sentence)], &block, time: event.time)
        case .changed(let change):
            let finding = Finding(code: "changed", severity: .note, message: change.sentence)
            return tell([finding], &block, time: event.time)
        case .phaseShortened(let shortened):
            block.move(to: shortened.phases)
            let finding = Finding(code: "phase_shortened", severity: .note, message: shortened.sentence)
            return tell([finding], &block, time: event.time)
        case .leaseExpired(let expiry):
            return tell([Finding(code: "lease_expired", message: expiry.sentence)], &block, time: event.time)
        case .probed(let span):
            block.show(span)
        case .phaseEnded, .proberSecond, .probeNote:
            break
        case .runEnded(let record):
            block.end(record)
            lastDraw = event.time
            return block.redraw(style)
        }
        return redraw(&block, time: event.time) ?? []
    }

    /// The findings that have not been told yet.
    private mutating func unheard(_ findings: [Finding]) -> [Finding] { findings.filter { told.insert($0).inserted } }

    private mutating func redraw(_ block: inout LiveBlock, time: Nanoseconds) -> [UInt8]? {
        // A wall clock that was set back must not stop the display.
        if let lastDraw, time >= lastDraw, time - lastDraw < redrawInterval { return nil }
        lastDraw = time
        return block.redraw(style)
    }

    /// Writes findings where the block stood and the block below them; they scroll away, the block stays.
    private mutating func tell(_ findings: [Finding], _ block: inout LiveBlock, time: Nanoseconds) -> [UInt8] {
        guard !findings.isEmpty else { return redraw(&block, time: time) ?? [] }
        var lines = TextLines(TextStyle(hasColor: style.hasColor, isUTF8: style.isUTF8, width: style.width - 1))
        lines.append(findings)
        lastDraw = time
        return block.redraw(style, below: lines.text)
    }
}
