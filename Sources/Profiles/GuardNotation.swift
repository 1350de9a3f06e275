// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads `METRIC < AMOUNT [over T] [for T]`; a metric of a probe or a stressor stands behind its name.
struct GuardNotation {
    static let usage = "memory.available < 256MiB for 2s"
    /// The key that turns the guards off that nobody need write.
    static let defaultsKey = "defaults"

    /// Whether they are on; `nil` where the word says neither.
    ///
    /// A reader of YAML 1.1 takes `off` for `false`.
    static func isOn(_ word: String) -> Bool? { ["on": true, "true": true, "off": false, "false": false][word] }

    /// What a phase can go on until.
    private static let ends =
        "a phase goes on until a comparison holds such as 'psi.memory.some > 10% for 5s', or until: "
        + EarlyEndWord.allCases.map(\.rawValue).joined(separator: ", ")

    /// The probes that there are; a plan is `nil` where the probe has a problem, which has been told.
    let probes: [(name: String, plan: ProbePlan?)]
    /// The stressors that there are, and whether a phase loads them.
    let stressors: [(name: String, isLoaded: Bool)]

    /// What a condition is for.
    enum Use {
        /// It ends the run where it holds.
        case `guard`
        /// It ends its phase, early, where it holds.
        case until

        var title: String { self == .guard ? "a guard" : "'until'" }
    }
    var use = Use.guard

    /// Reads one condition; `nil` where its probe has a problem of its own.
    func parse(_ text: String, mark: SourceMark) throws(NotationError) -> Guard? {
        let phrase = Phrase(text)
        let isSign: (Unicode.Scalar) -> Bool = { "<>=!≤≥".unicodeScalars.contains($0) }
        guard let signStart = phrase.firstOffset(where: isSign) else {
            throw NotationError(
                phrase.offset,
                "\(Wording.quote(phrase.text)) has no comparison; "
                    + (use == .guard ? "write a guard such as '\(Self.usage)'" : Self.ends))
        }
        let signEnd = phrase.firstOffset(from: signStart) { !isSign($0) } ?? phrase.end
        var (limit, clauses) = try Clauses.split(phrase.dropping(to: signEnd))
        let watched = try watched(phrase.slice(phrase.offset, signStart), &limit)
        let sign = phrase.slice(signStart, signEnd)
        guard let comparison = Guard.Comparison(rawValue: sign.text) else {
            throw NotationError(
                signStart, "unknown comparison \(Wording.quote(sign.text)); \(use.title) takes: <, <=, >, >=")
        }
        if watched.isBroken { return nil }
        try check(comparison, at: sign, watched)
        let length = try clauses.hold.map { (hold) throws(NotationError) in try UnitNotation.duration(hold) } ?? 0
        let subject = try subject(watched, clauses)
        return Guard(
            metric: watched.metric, subject: subject, comparison: comparison, limit: try amount(limit, watched),
            length: length, text: phrase.text, mark: mark)
    }

    // MARK: What is watched

    /// What stands before the comparison.
    struct Watched {
        var metric: Metric
        /// The probe's or the stressor's name; `nil` of the host.
        var name: String?
        var percentile: Double?
        var probe: ProbePlan?
        /// Whether the probe has a problem of its own.
        var isBroken = false
        /// As it was written.
        var text: String
    }

    /// Reads `memory.available`, `checkout.p95`, `checkout p95`, or `checkout` before `90% good`.
    private func watched(_ written: Phrase, _ limit: inout Phrase) throws(NotationError) -> Watched {
        if let metric = Metric(rawValue: written.text), !metric.hasSubject {
            return Watched(metric: metric, text: written.text)
        }
        let name: Phrase
        var measure: Phrase
        if let cut = written.firstOffset(where: { $0 == "." || $0.isSpace }) {
            (name, measure) = (written.slice(written.offset, cut), written.dropping(to: cut + 1))
        } else {
            // As an objective has it: 'checkout < 90% good'.
            guard let last = limit.words.last, [Metric.good, .bad].map(\.form).contains(last.text) else {
                throw unknown(written, name: written, measure: nil)
            }
            (name, measure) = (written, last)
            limit = limit.slice(limit.offset, last.offset)
        }
        guard let (metric, percentile) = try Self.measure(measure) else {
            throw unknown(written, name: name, measure: measure)
        }
        var watched = Watched(metric: metric, name: name.text, percentile: percentile, text: written.text)
        if metric.description.place == .probe {
            try find(probe: name, &watched)
        } else {
            try find(stressor: name)
        }
        return watched
    }

    /// The metric that a word behind a name means; `nil` where it means none.
    private static func measure(_ word: Phrase) throws(NotationError) -> (Metric, percentile: Double?)? {
        if word.first == "p", word[word.offset + 1]?.isDigit == true {
            return (.percentile, try ObjectiveNotation.percentile(word))
        }
        let metrics = Metric.allCases.filter { $0.hasSubject && $0 != .percentile }
        return metrics.first { $0.form == word.text }.map { ($0, nil) }
    }

    private func find(probe name: Phrase, _ watched: inout Watched) throws(NotationError) {
        let plan = try ObjectiveNotation.plan(of: name, among: probes)
        watched.probe = plan
        watched.isBroken = plan == nil
        if watched.metric == .mean, let plan, plan.unit == nil {
            throw NotationError(
                name.offset,
                "'mean' is of probes of numbers, and of the latencies of '\(name.text)' a mean tells nothing; take a "
                    + "percentile such as '\(name.text).p95'")
        }
    }

    private func find(stressor name: Phrase) throws(NotationError) {
        guard let stressor = stressors.first(where: { $0.name == name.text }) else {
            let remedy = Wording.remedy(for: name.text, among: stressors.map(\.name), taking: "the profile has")
            throw NotationError(name.offset, "unknown stressor \(Wording.quote(name.text))\(remedy)")
        }
        guard stressor.isLoaded else {
            throw NotationError(
                name.offset,
                "no phase loads \(Wording.quote(name.text)); load it, or drop \(use == .guard ? "the guard" : "that")")
        }
    }

    /// What is wrong with something that is no metric.
    private func unknown(_ written: Phrase, name: Phrase, measure: Phrase?) -> NotationError {
        let ofHost = Metric.allCases.filter { !$0.hasSubject }.map(\.rawValue)
        if let near = Wording.nearest(to: written.text, among: ofHost) {
            return NotationError(
                written.offset, "unknown metric \(Wording.quote(written.text)); did you mean '\(near)'?")
        }
        let place: MetricDescription.Place? =
            probes.contains { $0.name == name.text }
            ? .probe : stressors.contains { $0.name == name.text } ? .stressor : nil
        if let place {
            let forms = Metric.allCases.filter { $0.description.place == place }.map(\.form)
            let title = place == .probe ? "probe" : "stressor"
            let taking = "of a \(title) \(use.title) watches"
            guard let measure, !measure.isEmpty else {
                return NotationError(
                    name.end, "what of \(title) '\(name.text)'? \(taking): \(forms.joined(separator: ", "))")
            }
            let remedy = Wording.remedy(for: measure.text, among: forms, taking: taking)
            return NotationError(measure.offset, "unknown metric \(Wording.quote(written.text))\(remedy)")
        }
        let ofNames = Metric.allCases.filter(\.hasSubject).map { metric in
            (metric.description.place == .probe ? "PROBE." : "STRESSOR.") + metric.form
        }
        let names = probes.map(\.name) + stressors.map(\.name)
        let remedy =
            Wording.nearest(to: name.text, among: names).map { "; did you mean '\($0)'?" }
            ?? "; \(use.title) watches: " + (ofHost + ofNames).joined(separator: ", ")
        return NotationError(written.offset, "unknown metric \(Wording.quote(written.text))\(remedy)")
    }

    // MARK: Against what

    /// Refuses a comparison that holds while all is well: an objective says what must be, a guard what ends the run.
    private func check(
        _ comparison: Guard.Comparison, at sign: Phrase, _ watched: Watched
    ) throws(NotationError) {
        // A phase may go on until all is well, or until it is not.
        guard use == .guard else { return }
        let isLatency = watched.metric == .percentile && watched.probe?.unit == nil
        guard let isWorseAbove = isLatency ? true : watched.metric.description.isWorseAbove,
            comparison.isUpward != isWorseAbove
        else { return }
        throw NotationError(
            sign.offset,
            "a guard says what ends the run, and \(Wording.quote(watched.text)) is worse the "
                + (isWorseAbove ? "more it is; write '>' or '>='" : "less it is; write '<' or '<='"))
    }

    private func amount(_ limit: Phrase, _ watched: Watched) throws(NotationError) -> Amount {
        if watched.metric == .percentile || watched.metric == .mean, let probe = watched.probe {
            guard !limit.isEmpty else {
                throw NotationError(
                    limit.offset, "the limit is missing; write it such as '\(ObjectiveNotation.example(probe))'")
            }
            return .count(try ObjectiveNotation.amount(limit, probe))
        }
        let taker = AmountTaker(name: Wording.quote(watched.text), kinds: watched.metric.description.kinds)
        return try UnitNotation.amount(limit, for: taker)
    }

    private func subject(_ watched: Watched, _ clauses: Clauses) throws(NotationError) -> GuardSubject? {
        guard let name = watched.name else {
            guard let window = clauses.window else { return nil }
            throw NotationError(
                window.offset,
                "'over' is of probes and stressors; shares of the host are of the last second, and 'for' says how "
                    + "long it must hold")
        }
        var unit = watched.metric.description.unit
        if watched.metric == .percentile || watched.metric == .mean {
            unit = watched.probe?.unit.flatMap { PlannedGuard.Unit(rawValue: $0.rawValue) } ?? .seconds
        }
        let every = watched.probe?.every ?? 0
        // Twice the period: one is always in it.
        var window = max(GuardSubject.usualWindow, 2 * every)
        if let written = clauses.window {
            window = try UnitNotation.duration(written, atLeast: .second, of: "'over'")
            guard window >= 2 * every else {
                throw NotationError(
                    written.offset,
                    "a window of \(UnitNotation.text(of: window)) is too short for '\(name)', which is asked every "
                        + "\(UnitNotation.text(of: every)); take \(UnitNotation.text(of: 2 * every)) at least")
            }
        }
        guard every == 0 || window / every <= Objective.windowLimit else {
            throw NotationError(
                clauses.window?.offset ?? 0,
                "a window of \(window / every) probes is too long to be kept; the limit is \(Objective.windowLimit), "
                    + "so shorten it, or ask less often")
        }
        return GuardSubject(name, percentile: watched.percentile, unit: unit, window: window)
    }
}

extension GuardNotation {
    /// What stands behind the limit: `over T` and `for T`, in any order.
    fileprivate struct Clauses {
        var window: Phrase?
        var hold: Phrase?

        /// Parts the limit from what stands behind it.
        static func split(_ phrase: Phrase) throws(NotationError) -> (limit: Phrase, Clauses) {
            var clauses = Clauses()
            var end = phrase.end
            for word in phrase.words.reversed() where word.text == "over" || word.text == "for" {
                let length = phrase.slice(word.end, end)
                if word.text == "over" {
                    guard clauses.window == nil else { throw twice(word) }
                    clauses.window = length
                } else {
                    guard clauses.hold == nil else { throw twice(word) }
                    clauses.hold = length
                }
                end = word.offset
            }
            return (phrase.slice(phrase.offset, end), clauses)
        }

        private static func twice(_ word: Phrase) -> NotationError {
            NotationError(word.offset, "'\(word.text)' is a second time; write it once")
        }
    }
}
