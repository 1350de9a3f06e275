// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads the load notation: a bare amount, or a shape with its clauses.
struct ShapeNotation {
    /// What is given the load.
    var taker: AmountTaker
    /// How long the phase is; `nil` where that could not be read, so that no second error follows from the first.
    var phaseLength: Nanoseconds?
    /// What its times are multiplied with.
    var timeScale = 1.0

    /// The shortest interval at which a load may change; the drivers are not asked for finer.
    static let leastInterval: Nanoseconds = 10 * .millisecond

    /// The most parts that a sum may have.
    static let partLimit = 4

    /// A shape with everything read but the trace's file, which only the caller can open.
    indirect enum Parsed {
        case shape(LoadShape)
        case trace(TraceRequest, file: Phrase)
        case sum([Parsed])
    }

    func parse(_ text: String) throws(NotationError) -> Parsed {
        let phrase = Phrase(text)
        let parts = Self.parts(of: phrase)
        guard parts.count > 1 else { return try part(phrase, inSum: false) }
        var parsed: [Parsed] = []
        for part in parts {
            guard !part.isEmpty else {
                throw NotationError(part.offset, "'+' stands between two loads, as in '20% + sine 0% to 30% every 1m'")
            }
            parsed.append(try self.part(part, inSum: true))
        }
        guard parts.count <= Self.partLimit else {
            throw NotationError(
                parts[Self.partLimit].offset, "a sum has \(parts.count) parts; the limit is \(Self.partLimit)")
        }
        var waves = 0
        for (part, parsed) in zip(parts, parsed) {
            if case .shape(let shape) = parsed, shape.isWave { waves += 1 }
            guard waves <= Curve.waveLimit else {
                throw NotationError(part.offset, "a sum has more than \(Curve.waveLimit) sine waves, the limit")
            }
        }
        return .sum(parsed)
    }

    /// What stands between the words '+'; a column of a trace may be called that.
    private static func parts(of phrase: Phrase) -> [Phrase] {
        var parts: [Phrase] = []
        var start = phrase.offset
        var isColumn = false
        for word in phrase.words {
            defer { isColumn = word.text == "column" }
            guard word.text == "+", !isColumn else { continue }
            parts.append(phrase.slice(start, word.offset))
            start = word.end
        }
        return parts + [phrase.slice(start, phrase.end)]
    }

    private func part(_ phrase: Phrase, inSum: Bool) throws(NotationError) -> Parsed {
        guard let head = phrase.words.first else {
            throw NotationError(phrase.offset, "a load is missing; \(taker.taking)")
        }
        guard let form = ShapeForm.named(head.text) else { return .shape(.hold(try bareAmount(phrase, head: head))) }
        if form.name == "curve" { return .shape(try curve(phrase.dropping(to: head.end), head, form, inSum: inSum)) }
        if form.name == ShapeForm.trace {
            let notation = TraceNotation(taker: taker, phaseLength: phaseLength, timeScale: timeScale)
            let (request, file) = try notation.parse(phrase, after: head)
            return .trace(request, file: file)
        }
        let clauses = try form.clauses(of: phrase, after: head)
        switch form.name {
        case "hold":
            return .shape(.hold(try amount(clauses.lead)))
        case "ramp": return .shape(try ramp(clauses, head, inSum: inSum))
        case "steps":
            return .shape(try steps(clauses))
        case "pulse":
            return .shape(try pulse(clauses))
        case "bursts":
            return .shape(try bursts(clauses, head, form))
        case "noise":
            guard inSum else {
                throw NotationError(
                    head.offset,
                    "'noise' is added to a load, as in '50% + noise 5% every 1s'; 'random A to B every T' "
                        + "is a load by itself")
            }
            return .shape(.noise(try noise(clauses.lead), every: try interval(clauses["every"], of: "noise")))
        default:
            let from = try amount(clauses.lead)
            let to = try amount(clauses["to"])
            let every = try interval(clauses["every"], of: form.name)
            let offset = try offset(clauses["offset"], every)
            switch form.name {
            case "sine": return .shape(try onClock(.sine(from: from, to: to, every: every, offset: offset), clauses))
            case "sawtooth":
                return .shape(try onClock(.sawtooth(from: from, to: to, every: every, offset: offset), clauses))
            default: return .shape(.random(from: from, to: to, every: every))
            }
        }
    }

    private func ramp(_ clauses: ShapeClauses, _ head: Phrase, inSum: Bool) throws(NotationError) -> LoadShape {
        let from: Amount? = if let clause = clauses["from"] { try amount(clause) } else { nil }
        guard from != nil || !inSum else {
            throw NotationError(head.offset, "in a sum a ramp says where it begins: 'ramp from A to B'")
        }
        let to = try amount(clauses["to"])
        guard let over = clauses["in"] else { return .ramp(from: from, to: to, over: nil) }
        let length = try time(over, atLeast: 1, of: "'in' of 'ramp'")
        if let phaseLength, length > phaseLength {
            throw NotationError(
                over.offset,
                "the ramp takes \(over.text), longer than its phase of \(UnitNotation.text(of: phaseLength));"
                    + " shorten the ramp or lengthen the phase")
        }
        return .ramp(from: from, to: to, over: length)
    }

    private func noise(_ phrase: Phrase) throws(NotationError) -> Amount {
        let amount = try amount(phrase)
        if amount == .max || amount.kind == .leave {
            throw NotationError(phrase.offset, "'noise' takes an amount with a figure, such as 'noise 5% every 1s'")
        }
        return amount
    }

    /// Where a periodic shape begins within its period: `90deg`, or a time.
    private func offset(_ phrase: Phrase?, _ every: Nanoseconds) throws(NotationError) -> Nanoseconds {
        guard let phrase else { return 0 }
        guard phrase.text.hasSuffix("deg") else {
            let length = try UnitNotation.duration(phrase).scaled(by: timeScale)
            guard length < every else {
                throw NotationError(
                    phrase.offset,
                    "the offset of \(Wording.quote(phrase.text)) is not less than the period of "
                        + "\(UnitNotation.text(of: every)); write less, or degrees such as '90deg'")
            }
            return length
        }
        let (degrees, end) = try NumberNotation.number(in: phrase, at: phrase.offset)
        guard phrase.dropping(to: end).text == "deg", degrees < 360 else {
            throw NotationError(
                phrase.offset,
                "an offset takes degrees below 360 such as '90deg', or a time, not \(Wording.quote(phrase.text))")
        }
        return min(every - 1, Nanoseconds((Double(every) * degrees / 360).rounded()))
    }

    private func steps(_ clauses: ShapeClauses) throws(NotationError) -> LoadShape {
        var amounts: [Amount] = []
        for part in clauses.lead.parts { amounts.append(try amount(part)) }
        let every = try interval(clauses["every"], of: "steps")
        // Compared by division, because a product of a long list could overflow.
        if let phaseLength, amounts.count > 1, every > (phaseLength - 1) / Int64(amounts.count - 1) {
            throw NotationError(
                clauses.lead.offset,
                "the last of \(amounts.count) steps would begin after its phase of "
                    + "\(UnitNotation.text(of: phaseLength)) has ended; write fewer or shorter steps")
        }
        return .steps(amounts, every: every)
    }

    private func pulse(_ clauses: ShapeClauses) throws(NotationError) -> LoadShape {
        let amount = try amount(clauses.lead)
        let widthPhrase = clauses["for"] ?? clauses.lead
        let width = try time(widthPhrase, atLeast: 1, of: "'for' of 'pulse'")
        let every = try interval(clauses["every"], of: "pulse")
        guard width <= every else {
            throw NotationError(
                widthPhrase.offset,
                "the pulse lasts \(widthPhrase.text), longer than the \(UnitNotation.text(of: every)) from "
                    + "one to the next;"
                    + " shorten 'for' or lengthen 'every'")
        }
        return try onClock(
            .pulse(amount, width: width, every: every, offset: try offset(clauses["offset"], every)), clauses)
    }

    func amount(_ phrase: Phrase?) throws(NotationError) -> Amount {
        // A clause that is required is there: `ShapeForm.clauses` has seen to it.
        try UnitNotation.amount(phrase ?? Phrase(""), for: taker)
    }

    private func interval(_ phrase: Phrase?, of shape: String) throws(NotationError) -> Nanoseconds {
        try time(phrase ?? Phrase(""), atLeast: Self.leastInterval, of: "'every' of '\(shape)'")
    }

    /// Reads a time, and scales it.
    func time(_ phrase: Phrase, atLeast least: Nanoseconds, of role: String) throws(NotationError) -> Nanoseconds {
        guard timeScale != 1 else { return try UnitNotation.duration(phrase, atLeast: least, of: role) }
        let written = try UnitNotation.duration(phrase, atLeast: 1, of: role)
        let length = written.scaled(by: timeScale)
        guard length >= least else {
            throw NotationError(
                phrase.offset,
                "\(role) must be at least \(UnitNotation.text(of: least)), and with '--scale-time' "
                    + "\(Wording.quote(phrase.text)) is \(UnitNotation.text(of: length))")
        }
        return length
    }

    /// Reads a load that names no shape, and recognises one that was meant to.
    private func bareAmount(_ phrase: Phrase, head: Phrase) throws(NotationError) -> Amount {
        let isAmount = head.text == "max" || head.text == "leave" || head.first?.isLetter != true
        if !isAmount, !ShapeForm.clauseWords.contains(head.text) {
            let remedy = Wording.remedy(
                for: head.text, among: ShapeForm.all.map(\.name) + ["max", "leave"], taking: "")
            if remedy.hasPrefix("; did you mean") {
                throw NotationError(head.offset, "unknown load \(Wording.quote(head.text))\(remedy)")
            }
            if let unit = UnitNotation.unitName(head.text) {
                throw NotationError(
                    head.offset, "\(Wording.quote(phrase.text)) has no number; write it in front, such as '10 \(unit)'")
            }
            let shapes = ShapeForm.all.map(\.name).joined(separator: ", ")
            throw NotationError(
                head.offset,
                "unknown load \(Wording.quote(phrase.text)); \(taker.taking), or a shape of: \(shapes)")
        }
        // `80% of host` is no clause that lacks its shape.
        if let clause = phrase.words.first(where: { ShapeForm.clauseWords.contains($0.text) && $0.text != "of" }) {
            throw NotationError(
                clause.offset,
                "'\(clause.text)' needs a shape in front of the load, such as 'ramp to 80% in 30s' or "
                    + "'pulse 80% for 1s every 5s'")
        }
        return try UnitNotation.amount(phrase, for: taker)
    }
}
