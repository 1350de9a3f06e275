// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Figures of objectives, as people read them.
public enum ObjectiveText {
    /// What was measured, with how little is known of it where that is so: `p99 212 ms (20 probes: not known better
    /// than p86)`; `nil` where nothing was.
    public static func figure(_ result: ObjectiveResult, of unit: ProbeUnit? = nil) -> String? {
        guard let figure = result.figure, case .keeps(let measure, _, _, _, _) = result.objective.wanted else {
            return nil
        }
        let text: String
        switch figure {
        case .share(let good, let count):
            let seconds = measure == .goodSeconds ? " of seconds" : ""
            text = "\(percent(Double(good) / Double(count)))\(seconds) good"
        case .latency(let quantile): text = "\(name(measure)) \(time(quantile))"
        case .number(let value): text = "\(name(measure)) \(number(value, unit))"
        }
        guard let share = result.objective.share, let needed = Objective.probesNeeded(for: share),
            result.count < needed, case .percentile = measure
        else { return text }
        let proven = Int(Objective.shareProven(by: Int(result.count)) * 100)
        return "\(text) (\(result.count) probes: not known better than p\(proven))"
    }

    /// The limit that it was held against, such as `99%` or `300 ms`; `nil` where there is none.
    public static func limit(_ result: ObjectiveResult, of unit: ProbeUnit? = nil) -> String? {
        guard let limit = result.limit, case .keeps(let measure, _, _, _, _) = result.objective.wanted else {
            return nil
        }
        switch measure {
        case .goodProbes, .goodSeconds: return percent(limit)
        case .percentile where unit == nil: return time(.known(Nanoseconds(seconds: limit)))
        case .percentile, .mean: return number(limit, unit)
        }
    }

    /// When something was, as an interval: `2.0 to 2.1 s`.
    public static func bounds(_ bounds: TimeBounds) -> String {
        let (from, to) = (max(0, bounds.from), max(0, bounds.to))
        let places = to - from < 100 * .millisecond ? 2 : 1
        let texts = [from, to].map { NumberText.text($0.seconds, places: places) }
        return texts[0] == texts[1] ? "\(texts[0]) s" : "\(texts[0]) to \(texts[1]) s"
    }

    /// What became of each objective, a row each.
    static func table(_ service: ServiceRecord, of plan: Plan, _ style: TextStyle) -> TextTable {
        var table = TextTable([.left, .left, .left, .left])
        table.append(["objective", "verdict", "was", ""], .dim)
        for result in service.objectives {
            let unit = plan.probes.first { $0.name == result.objective.probe }?.unit
            table.append([
                StyledText(result.objective.text), StyledText(result.verdict.words, result.verdict.ink),
                StyledText(figure(result, of: unit) ?? style.none), StyledText(times(result), .dim),
            ])
        }
        return table
    }

    /// When it was lost and came back, and why nobody knows where nobody does.
    static func times(_ result: ObjectiveResult) -> String {
        var parts: [String] = []
        if let reason = result.reason { parts.append(reason.words) }
        if result.isClose, result.reason == nil { parts.append("close to the limit: chance may have decided") }
        if let loss = result.loss {
            // What began before it is not this load's doing.
            let isBefore = loss.to < 0
            let when = isBefore ? TimeBounds(from: -loss.to, to: -loss.from) : loss
            parts.append("lost \(bounds(when)) \(isBefore ? "before" : "after") the load was there")
        }
        if let recovery = result.recovery {
            let isAlert = if case .becomesGood = result.objective.wanted { true } else { false }
            parts.append(
                isAlert
                    ? "good \(bounds(recovery)) after the load was there"
                    : recovery.to <= 0
                        ? "back while the load was still there"
                        : "back \(bounds(recovery)) after \(release(result, short: true))")
        }
        if let watched = result.watched { parts.append("not back \(HumanUnits.seconds(watched.seconds)) after it") }
        return parts.joined(separator: "; ")
    }

    /// What a recovery is told against: the release of the last load, or of the one before the gap that it lies in.
    static func release(_ result: ObjectiveResult, short: Bool) -> String {
        switch (result.releasedPhase, short) {
        case (let phase?, true): "the release of '\(phase)'"
        case (let phase?, false): "the load of '\(phase)' was released"
        case (nil, true): "the release"
        case (nil, false): "the load was released"
        }
    }

    private static func name(_ measure: Objective.Measure) -> String {
        switch measure {
        case .percentile(let share): "p" + trimmed(share * 100)
        case .mean: "mean"
        case .goodProbes, .goodSeconds: "good"
        }
    }

    private static func trimmed(_ value: Double) -> String { NumberText.text(value, places: 3, trimming: true) }

    /// Rounded away from a limit of round percents: 98.96 % is not 99 %, and 100 % is all of them.
    private static func percent(_ share: Double) -> String {
        let places = share < 0.5 || share == 1 ? 1 : 2
        let rounded = NumberText.text(share * 100, places: places, trimming: true)
        return (rounded == "100" && share < 1 ? "99.99" : rounded) + "%"
    }

    /// A percentile of latencies: `1.2 ms`, `> 1 s` among what was given up.
    static func time(_ quantile: ProbeTally.Quantile) -> String {
        switch quantile {
        case .known(let time) where time < .second:
            NumberText.text(Double(time) / 1e6, places: 1, trimming: true) + " ms"
        case .known(let time): NumberText.text(time.seconds, places: 2, trimming: true) + " s"
        case .beyond(let time): "> " + NumberText.text(time.seconds, places: 3, trimming: true) + " s"
        case .unanswered: "unanswered"
        case .none: "–"
        }
    }

    private static func number(_ value: Double, _ unit: ProbeUnit?) -> String {
        switch unit {
        case .seconds: trimmed(value) + " s"
        case .milliseconds: trimmed(value) + " ms"
        case .bytes: HumanUnits.bytes(Int64(value))
        case .percent: trimmed(value) + "%"
        case .number, nil: trimmed(value)
        }
    }
}

extension ObjectiveVerdict {
    /// The verdict as people say it.
    package var words: String { rawValue.split(separator: "_").joined(separator: " ") }

    /// Its colour.
    package var ink: StyledText.Ink {
        switch self {
        case .held, .recovered: .good
        case .inconclusive: .warning
        case .lost, .notRecovered, .notSteady: .bad
        }
    }
}

extension ObjectiveResult.Reason {
    /// The reason as people say it.
    var words: String {
        switch self {
        case .noData: "nothing was asked in that time"
        case .proberStarved: "the prober was kept from running"
        case .loadNotMet: "the load was not there as asked"
        case .noBaseline: "nothing is known of the time before the load"
        case .cutShort: "the run was over before"
        case .alreadyGood: "it was good before the load was there"
        }
    }
}
