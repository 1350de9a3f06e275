// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads objectives: `checkout p95 < 300ms during squeeze, from settled over 10s`.
struct ObjectiveNotation {
    static let usage = "checkout 99% good during squeeze"
    /// What is taken where nothing is near.
    static let forms =
        "write it such as '\(usage)', 'checkout p95 < 300ms', 'checkout p99 <= before + 20% after', "
        + "'checkout recovers within 30s' or 'paged within 2m of squeeze'"
    /// The word that all phases with a load go by, where no phase is called so.
    static let allLoads = "load"

    /// A phase as far as objectives need to know it.
    struct PhaseOutline {
        var name: String
        /// Its name as written, which all its repetitions share.
        var title: String
        var length: Nanoseconds
        var hasLoad: Bool

        func isCalled(_ text: String) -> Bool { name == text || title == text }
    }

    /// The probes that there are; a plan is `nil` where the probe has a problem, which has been told.
    let probes: [(name: String, plan: ProbePlan?)]
    /// The phases, in order; `nil` where one of them has a problem, so that nothing is told of how they fit.
    let phases: [PhaseOutline]?

    /// The plan of the probe that `name` means; `nil` where that has a problem of its own.
    static func plan(
        of name: Phrase, among probes: [(name: String, plan: ProbePlan?)]
    ) throws(NotationError) -> ProbePlan? {
        if let probe = probes.first(where: { $0.name == name.text }) { return probe.plan }
        let remedy =
            probes.isEmpty
            ? "; the profile has no probes"
            : Wording.remedy(for: name.text, among: probes.map(\.name), taking: "there are")
        throw NotationError(name.offset, "unknown probe \(Wording.quote(name.text))\(remedy)")
    }

    /// Reads one objective; `nil` where its probe has a problem of its own.
    func parse(_ text: String, mark: SourceMark) throws(NotationError) -> Objective? {
        let phrase = Phrase(text)
        var tokens = Tokens(phrase)
        guard let name = tokens.next() else {
            throw NotationError(phrase.offset, "an objective is empty; \(Self.forms)")
        }
        guard let plan = try Self.plan(of: name, among: probes) else { return nil }
        guard let verb = tokens.next() else {
            throw NotationError(phrase.end, "'\(name.text)' has nothing that is wanted of it; \(Self.forms)")
        }
        let wanted: Objective.Wanted
        switch verb.text {
        case "recovers": wanted = try recovers(&tokens, verb)
        case "within": wanted = try becomesGood(&tokens, verb)
        default: wanted = try keeps(&tokens, verb, plan)
        }
        if let rest = tokens.next() {
            throw NotationError(rest.offset, "unexpected \(Wording.quote(rest.text)); \(Self.forms)")
        }
        return Objective(probe: plan.name, wanted: wanted, text: phrase.text, mark: mark)
    }

    // MARK: Times

    private func recovers(_ tokens: inout Tokens, _ verb: Phrase) throws(NotationError) -> Objective.Wanted {
        guard let within = tokens.next(), within.text == "within", let length = tokens.next() else {
            throw NotationError(verb.end, "'recovers' is followed by a time, as in 'recovers within 30s'")
        }
        let limit = try UnitNotation.duration(length, atLeast: 1, of: "'within'")
        return .recovers(within: limit)
    }

    private func becomesGood(_ tokens: inout Tokens, _ verb: Phrase) throws(NotationError) -> Objective.Wanted {
        guard let length = tokens.next() else {
            throw NotationError(verb.end, "'within' is followed by a time, as in 'within 2m of squeeze'")
        }
        let limit = try UnitNotation.duration(length, atLeast: 1, of: "'within'")
        guard let of = tokens.next() else { return .becomesGood(within: limit, of: nil) }
        guard of.text == "of" else {
            throw NotationError(
                of.offset, "unexpected \(Wording.quote(of.text)); write it such as 'within 2m of squeeze'")
        }
        let name = try phaseName(&tokens, behind: of)
        if name.text == Self.allLoads, !isPhase(name.text) { return .becomesGood(within: limit, of: nil) }
        try requirePhase(name, withLoad: "'within … of' a phase counts from when its load is there")
        return .becomesGood(within: limit, of: name.text)
    }

    // MARK: Measures

    private func keeps(
        _ tokens: inout Tokens, _ first: Phrase, _ plan: ProbePlan
    ) throws(NotationError) -> Objective.Wanted {
        let (measure, limit) = try measured(&tokens, first, plan)
        var clauses = Clauses()
        while let word = tokens.next() { try clause(word, &tokens, &clauses) }
        let span = clauses.span ?? .duringLoad
        try check(limit, span, clauses, first)
        if let (length, place) = clauses.window, length / plan.every > Objective.windowLimit {
            throw NotationError(
                place.offset,
                "a window of \(length / plan.every) probes is too long to be kept; the limit is "
                    + "\(Objective.windowLimit), so shorten it, or ask less often")
        }
        return .keeps(measure, limit, span, window: clauses.window?.length, fromSettled: clauses.settled != nil)
    }

    private func measured(
        _ tokens: inout Tokens, _ first: Phrase, _ plan: ProbePlan
    ) throws(NotationError) -> (Objective.Measure, Objective.Limit) {
        if first.first?.isDigit == true { return try share(&tokens, first) }
        let measure: Objective.Measure
        if first.text == "mean" {
            guard plan.unit != nil else {
                throw NotationError(
                    first.offset,
                    "'mean' is of probes of numbers, and '\(plan.name)' is judged by its latency, of which "
                        + "a mean tells nothing; take a percentile such as 'p95'")
            }
            measure = .mean
        } else if first.first == "p", first.end > first.offset + 1, first[first.offset + 1]?.isDigit == true {
            measure = .percentile(try Self.percentile(first))
        } else {
            let words = ["recovers", "within", "mean", "p95", "p99"]
            let remedy = Wording.nearest(to: first.text, among: words).map { "did you mean '\($0)'?" } ?? Self.forms
            throw NotationError(first.offset, "\(Wording.quote(first.text)) is nothing that can be wanted; \(remedy)")
        }
        guard let sign = tokens.next(), let comparison = Objective.Comparison(rawValue: sign.text) else {
            let all = Objective.Comparison.allCases.map(\.rawValue).joined(separator: ", ")
            throw NotationError(
                first.end,
                "'\(first.text)' is followed by a comparison: \(all), as in '\(first.text) < \(Self.example(plan))'")
        }
        if case .percentile = measure, plan.unit == nil, comparison == .above || comparison == .atLeast {
            throw NotationError(sign.offset, "no service is asked to be slow; write '<' or '<='")
        }
        guard let word = tokens.next() else {
            throw NotationError(sign.end, "the limit is missing; write it such as '\(Self.example(plan))'")
        }
        if word.text == "before" { return (measure, .ofBefore(comparison, try factor(&tokens, word))) }
        var limit = word
        // '5 %' and '10 MiB' are two words.
        if let next = tokens.peek, next.text == "%" || plan.unit == .bytes && !Clauses.words.contains(next.text) {
            limit = tokens.phrase.slice(word.offset, next.end)
            _ = tokens.next()
        }
        return (measure, .fixed(comparison, try Self.amount(limit, plan)))
    }

    private func share(
        _ tokens: inout Tokens, _ first: Phrase
    ) throws(NotationError) -> (Objective.Measure, Objective.Limit) {
        let (value, end) = try NumberNotation.number(in: first, at: first.offset)
        let isWhole = first.dropping(to: end).text == "%"
        guard isWhole || end == first.end && tokens.peek?.text == "%" else {
            throw NotationError(first.offset, "\(Wording.quote(first.text)) is no share; write it such as '99% good'")
        }
        if !isWhole { _ = tokens.next() }
        guard value > 0, value <= 100 else {
            throw NotationError(first.offset, "a share is more than 0% and at most 100%")
        }
        guard let word = tokens.next(), word.text == "good" else {
            throw NotationError(first.end, "a share is of good probes; write it such as '\(first.text) good'")
        }
        guard let counted = tokens.peek, counted.text == "seconds" || counted.text == "probes" else {
            return (.goodProbes, .fixed(.atLeast, value / 100))
        }
        _ = tokens.next()
        return (counted.text == "seconds" ? .goodSeconds : .goodProbes, .fixed(.atLeast, value / 100))
    }

    static func percentile(_ phrase: Phrase) throws(NotationError) -> Double {
        let digits = phrase.dropping(to: phrase.offset + 1)
        let (value, end) = try NumberNotation.number(in: digits, at: digits.offset)
        guard end == digits.end, value > 0, value < 100 else {
            throw NotationError(
                phrase.offset, "\(Wording.quote(phrase.text)) is no percentile; write one such as 'p95' or 'p99.9'")
        }
        return value / 100
    }

    /// Reads what stands behind `before`: nothing, `+ 20%` or `- 5%`.
    private func factor(_ tokens: inout Tokens, _ before: Phrase) throws(NotationError) -> Double {
        guard let sign = tokens.peek, sign.text == "+" || sign.text == "-" else { return 1 }
        _ = tokens.next()
        guard let word = tokens.next() else {
            throw NotationError(sign.end, "a share is missing; write it such as 'before + 20%'")
        }
        let (value, end) = try NumberNotation.number(in: word, at: word.offset)
        let isSpaced = end == word.end && tokens.peek?.text == "%"
        if isSpaced { _ = tokens.next() }
        guard isSpaced || word.dropping(to: end).text == "%" else {
            throw NotationError(word.offset, "what is added to 'before' is a share of it, such as '+ 20%'")
        }
        guard sign.text == "+" || value < 100 else {
            throw NotationError(word.offset, "less than nothing is left; write less than 100%")
        }
        return 1 + (sign.text == "+" ? value : -value) / 100
    }

    static func example(_ plan: ProbePlan) -> String {
        switch plan.unit {
        case nil: "300ms"
        case .seconds, .milliseconds: "5s"
        case .bytes: "64MiB"
        case .percent: "5%"
        case .number: "10"
        }
    }

    /// The limit in the unit that the probe's figures have.
    static func amount(_ phrase: Phrase, _ plan: ProbePlan) throws(NotationError) -> Double {
        switch plan.unit {
        case nil:
            let length = try UnitNotation.duration(phrase, atLeast: 1, of: "the limit")
            guard length <= plan.timeout else {
                throw NotationError(
                    phrase.offset,
                    "\(phrase.text) is beyond the timeout of '\(plan.name)', \(UnitNotation.text(of: plan.timeout)), "
                        + "from which on nothing is known; lengthen the timeout")
            }
            return length.seconds
        case .seconds: return try UnitNotation.duration(phrase).seconds
        case .milliseconds: return try UnitNotation.duration(phrase).seconds * 1000
        case .bytes:
            let amount = try UnitNotation.amount(phrase, for: AmountTaker(name: "'\(plan.name)'", kinds: [.bytes]))
            return amount.number ?? 0
        case .percent, .number:
            let isNegative = phrase.first == "-"
            let digits = isNegative ? phrase.dropping(to: phrase.offset + 1) : phrase
            let (value, end) = try NumberNotation.number(in: digits, at: digits.offset)
            guard digits.dropping(to: end).text == (plan.unit == .percent ? "%" : "") else {
                throw NotationError(
                    phrase.offset,
                    "the limit of '\(plan.name)' is a \(plan.unit == .percent ? "share" : "number") such "
                        + "as '\(example(plan))', not \(Wording.quote(phrase.text))")
            }
            return isNegative ? -value : value
        }
    }
}
