// SPDX-License-Identifier: Apache-2.0

package import LoadModel

/// One sentence for each result that is not as asked: what was there of what, for how long it was off, and why.
package struct MissText {
    private let record: RunRecord
    private let result: PhaseResult
    private let stressor: PlannedStressor
    private let phase: PlannedPhase
    private let scale: HumanUnits.Scale

    /// `nil` where the plan does not have the stressor or the phase.
    package init?(_ result: PhaseResult, of record: RunRecord) {
        let plan = record.plan
        guard let stressor = plan.stressors.first(where: { $0.name == result.stressor }),
            plan.phases.indices.contains(result.phase)
        else { return nil }
        self.record = record
        self.result = result
        self.stressor = stressor
        phase = plan.phases[result.phase]
        let figures = [result.wantedMean ?? 0, result.achievedMean]
        scale = HumanUnits.scale(for: stressor.unit, covering: figures.max() ?? 0)
            .telling(apart: figures)
    }

    /// The sentence; `nil` where the result is as asked.
    package var sentence: String? {
        let text: String? =
            switch result.verdict {
            case .met: nil
            case .unverified: unverified
            case .killed: killed
            case .aborted: "aborted; \(achieved) in the mean until then"
            case .unsupported: "unsupported; \(achieved) in the mean"
            case .notMet: notMet
            }
        let expected = result.isExpected == true ? "; as expected" : ""
        return text.map { "\(result.stressor) in \(phase.name): \($0)\(expected)" }
    }

    // MARK: The parts

    /// The phase as far as it came, in seconds.
    private var length: Double { max(0, min(phase.length, record.elapsed - phase.start).seconds) }

    /// A length of time to a tenth of a second, without its unit.
    private func tenths(_ seconds: Double) -> String { NumberText.text(seconds, places: 1) }

    private var achieved: String {
        guard let target = result.wantedMean else { return "\(scale.amount(result.achievedMean)) of max" }
        return "\(scale.number(result.achievedMean)) of \(scale.amount(target))"
    }

    private var allowed: String { HumanUnits.allowance(result.tolerance, stressor.unit) }

    /// What rounds to nothing has no direction.
    private func signed(_ error: Double, in scale: HumanUnits.Scale? = nil) -> String {
        let text = scale?.amount(error) ?? HumanUnits.amount(error, stressor.unit)
        let isShown = text.utf8.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
        return error > 0 && isShown ? "+" + text : text
    }

    private var notMet: String {
        guard result.isLoaded else { return leftOver }
        guard let target = result.wantedMean else {
            let text = result.achievedMean > 0 ? "\(achieved), and less at times" : "nothing was done"
            return text + off + dropped + causes
        }
        let whole = result.achievedMean - target
        var text = achieved
        if result.errorMean.magnitude > result.tolerance {
            let shown = rounded(result.achievedMean) - rounded(target)
            text += ", off by \(signed(shown, in: scale))"
            // The way up that was granted is not counted, and then the two differ.
            if (result.errorMean - whole).magnitude > max(result.tolerance / 4, whole.magnitude / 100) {
                text += ", \(signed(result.errorMean)) of that outside the way to it"
            }
            text += " where \(allowed) is allowed"
        } else if result.errorAbsMean > result.tolerance {
            let size = HumanUnits.amount(result.errorAbsMean, stressor.unit)
            text += " in the mean, but off by \(size) on average, up or down, where \(allowed) is allowed"
        } else {
            text += " in the mean, but not all of the time"
        }
        return text + off + way + dropped + causes
    }

    private func rounded(_ value: Double) -> Double {
        guard let number = Double(scale.number(value)) else { return value }
        return number * scale.divisor
    }

    /// A phase without a load in which the stressor still had some.
    private var leftOver: String {
        let verb = stressor.drive == .level ? "still held" : "still took"
        let mean = HumanUnits.amount(result.achievedMean, stressor.unit)
        let left = result.tolerance > 0 ? "\(allowed) may be left" : "nothing may be left"
        return "\(verb) \(mean) in the mean where nothing was asked for and \(left)" + off + causes
    }

    /// For how long it was off, and for how long it may be.
    private var off: String {
        guard result.offSeconds > 0 else { return "" }
        return "; off for \(tenths(result.offSeconds)) of \(tenths(length)) s"
            + (result.errorMean.magnitude > result.tolerance || result.errorAbsMean > result.tolerance
                ? "" : " where 5% of the time is allowed")
    }

    /// How the way to the target went: granted, or longer than what is granted.
    private var way: String {
        // Until the target's first jump: what was first reached was that of the phase's begin.
        let jump = stressor.curve.nextJump(after: phase.start) ?? phase.end
        let stretch = max(0, min(jump, phase.end) - phase.start)
        let granted = phase.allowance(of: result.stressor, stretch: stretch)
        guard let reached = result.timeToReach else { return "; never reached" }
        guard reached > granted.seconds + 0.05 else {
            guard result.allowanceSeconds > 0.05 else { return "" }
            return "; \(tenths(result.allowanceSeconds)) s on the way to it are not counted"
        }
        let asked = Int64((reached * 1.25).rounded(.up)) * .second
        let remedy = asked <= stretch / 2 ? "say 'within: \(HumanUnits.duration(asked))', or ramp" : "ramp to it"
        let limit = HumanUnits.duration(granted)
        return "; not reached within \(limit) but after \(HumanUnits.seconds(reached)); \(remedy)"
    }

    private var dropped: String {
        let failures = result.failures.sorted { $0.key < $1.key }.map { "\($0.value) (\($0.key))" }
        let failed = failures.isEmpty ? "" : "; operations that failed: " + failures.joined(separator: ", ")
        guard let dropped = result.dropped, dropped > 0 else { return failed }
        return failed + "; \(dropped) operations were dropped"
    }

    private var unverified: String {
        var parts: [String] = []
        if result.unseenSeconds > 0.05 * length {
            parts.append("nobody looked for \(tenths(result.unseenSeconds)) of \(tenths(length)) s where 5% is allowed")
        }
        if let mismatch = result.mismatch {
            let figures = HumanUnits.amounts(mismatch.claimed, mismatch.achieved, stressor.unit)
            parts.append("the stressor claims \(figures.0), \(stressor.witness) says \(figures.1)")
        }
        return parts.joined(separator: "; ")
    }

    /// What became of its process.
    private var fate: String {
        let ends = record.ends.filter { $0.stressor == result.stressor }
        let gaveUp = ends.contains { if case .failed = $0.manner { true } else { false } }
        let isKilled = ends.contains { if case .killed = $0.manner { true } else { false } }
        return gaveUp && !isKilled ? "gave up" : "killed"
    }

    private var killed: String {
        guard let after = result.killedAfter else {
            let isEarlier = record.results.contains {
                $0.stressor == result.stressor && $0.phase < result.phase && $0.verdict == .killed
            }
            return isEarlier ? "it was gone before" : "\(fate); \(achieved) in the mean until then"
        }
        let when = "\(fate) after \(tenths(after)) s"
        guard let held = result.achievedWhenKilled else { return when + causes }
        var figures = HumanUnits.amount(held, stressor.unit)
        if let target = target(at: after) {
            let scale = HumanUnits.scale(for: stressor.unit, covering: max(held, target)).telling(apart: [held, target])
            figures = "\(scale.number(held)) of \(scale.amount(target))"
        }
        return when + (stressor.drive == .level ? ", holding \(figures)" : ", at \(figures)") + causes
    }

    /// What was asked for that long after the phase's begin, as the plan has it; `nil` where that was changed, or is
    /// as much as there is.
    private func target(at seconds: Double) -> Double? {
        // A plan that was read from a log has no curves.
        guard stressor.curve.length > 0 else { return nil }
        let time = phase.start + Nanoseconds(seconds: seconds)
        let isChanged = record.changes.contains { change in
            guard change.from <= time else { return false }
            if case .load(let name, _) = change.kind { return name == result.stressor }
            return true
        }
        let from = stressor.drive == .level ? time : max(phase.start, time - .second)
        guard !isChanged, time > from || stressor.drive == .level, !stressor.curve.isUnlimited(from: from, to: time + 1)
        else { return nil }
        return stressor.drive == .level ? stressor.curve.value(at: time) : stressor.curve.mean(from: from, to: time)
    }

    /// What took how much, the most first, and where the kernel says so.
    private var causes: String {
        let short = result.shortfall.filter { $0.value > 0 }.sorted {
            ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
        }
        var parts = short.map { cause, amount in
            "\(cause.rawValue) (\(HumanUnits.amount(amount, stressor.unit))\(figures(of: cause)))"
        }
        // What a killed stressor ran into took nothing before.
        for cause in Cause.allCases where (result.shortfall[cause] ?? 0) <= 0 {
            guard let evidence = result.evidence[cause] else { continue }
            parts.append("\(cause.rawValue) (\(evidence.source) says \(evidence.figure))")
        }
        return parts.isEmpty ? "" : "; limited by " + parts.joined(separator: ", ")
    }

    /// The kernel's own word on a cause.
    private func figures(of cause: Cause) -> String {
        if let evidence = result.evidence[cause] { return ": \(evidence.source) says \(evidence.figure)" }
        guard let figures = result.scheduling else { return "" }
        switch cause {
        case .quota:
            guard let count = figures.throttledCount, let time = figures.throttledSeconds else { return "" }
            return ": throttled \(count) times, \(HumanUnits.seconds(time))"
        case .contention: return ": ready and not run for \(HumanUnits.seconds(figures.runDelaySeconds))"
        case .steal: return ": \(HumanUnits.seconds(figures.stealSeconds)) stolen"
        default: return ""
        }
    }
}
