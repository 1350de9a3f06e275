// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// A probe's line in the live block: how many were good in its last whole second, and how long they took.
struct LiveProbe: Sendable {
    let name: String
    private let every: Nanoseconds
    private var last: ProbeSpan?
    /// The share that was good of each second, oldest first.
    private var history: [Double] = []

    init(_ plan: ProbePlan) {
        name = plan.name
        every = plan.every
    }

    mutating func take(_ span: ProbeSpan) {
        last = span
        guard let share = span.tally.goodShare else { return }
        if history.count == LiveBlock.sparkLimit { history.removeFirst() }
        history.append(share)
    }

    /// The line, in the columns of the stressors' lines.
    ///
    /// - Parameter elapsed: the time since the run's start, in ns; `nil` where it is over.
    func line(_ style: TextStyle, nameWidth: Int, limit: Int, at elapsed: Nanoseconds?) -> StyledText {
        var line = StyledText("  ")
        line.append(StyledText(name, .bold).cut(to: nameWidth, style))
        line.pad(to: 2 + nameWidth + 2)
        guard let last else {
            line.append("no answer yet", .dim)
            return line
        }
        let tally = last.tally
        let isGood = tally.good == tally.ofService && tally.ofService > 0
        let counts =
            tally.ofService == 0
            ? StyledText("withdrawn: the prober was kept from running", .warning)
            : StyledText("\(tally.good)/\(tally.ofService) good", isGood ? .plain : .bad)
        let times =
            "  p50 \(ObjectiveText.time(tally.quantile(0.5)))  p95 \(ObjectiveText.time(tally.quantile(0.95)))"
        let sparkWidth = min(LiveBlock.sparkLimit, limit - line.width - 2 - 40)
        if sparkWidth >= 6 {
            let end = line.width + sparkWidth + 2
            line.append(LiveBlock.sparkline(history, top: 1, width: sparkWidth, style))
            line.pad(to: end)
        }
        line.append(counts)
        if let elapsed, let silence = silence(at: elapsed) {
            // Seconds are whole only when their last answer is there or given up.
            line.append("  since then no answer for \(HumanUnits.clock(silence))", .bad)
        } else if tally.ofService > 0 {
            line.append(times)
            line.append("  \(isGood ? style.good : worst(tally))", isGood ? .good : .bad)
        }
        return line
    }

    /// How long ago the last second ended that is whole; `nil` where the next one cannot be due yet.
    private func silence(at elapsed: Nanoseconds) -> Nanoseconds? {
        let age = elapsed - (last?.span.upperBound ?? 0)
        return age > 3 * .second + 2 * every ? age : nil
    }

    /// The outcome that most of those had that were not good.
    private func worst(_ tally: ProbeTally) -> String {
        let bad = tally.counts.filter { !$0.key.isGood && $0.key.isOfService }
        return bad.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key.words ?? ""
    }
}
