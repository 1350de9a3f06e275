// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads the load notation: a bare amount, or a shape with its clauses.
struct ShapeNotation {
    /// What is given the load.
    var taker: AmountTaker
    /// How long the phase is; `nil` where that could not be read, so that no second error follows from the first.
    var phaseLength: Nanoseconds?

    /// The shortest interval at which a load may change; the drivers are not asked for finer.
    static let leastInterval: Nanoseconds = 10 * .millisecond

    /// A shape with everything read but the trace's file, which only the caller can open.
    enum Parsed {
        case shape(LoadShape)
        case trace(TraceRequest, file: Phrase)
    }

    func parse(_ text: String) throws(NotationError) -> Parsed {
        let phrase = Phrase(text)
        guard let head = phrase.words.first else {
            throw NotationError(phrase.offset, "a load is missing; \(taker.taking)")
        }
        guard let form = Form.named(head.text) else { return .shape(.hold(try bareAmount(phrase, head: head))) }
        if form.name == Form.trace {
            let (request, file) = try TraceNotation(taker: taker, phaseLength: phaseLength).parse(phrase, after: head)
            return .trace(request, file: file)
        }
        let clauses = try form.clauses(of: phrase, after: head)
        switch form.name {
        case "hold":
            return .shape(.hold(try amount(clauses.lead)))
        case "ramp":
            let from: Amount? = if let clause = clauses["from"] { try amount(clause) } else { nil }
            let to = try amount(clauses["to"])
            guard let over = clauses["in"] else { return .shape(.ramp(from: from, to: to, over: nil)) }
            let length = try UnitNotation.duration(over, atLeast: 1, of: "'in' of 'ramp'")
            if let phaseLength, length > phaseLength {
                throw NotationError(
                    over.offset,
                    "the ramp takes \(over.text), longer than its phase of \(UnitNotation.text(of: phaseLength));"
                        + " shorten the ramp or lengthen the phase")
            }
            return .shape(.ramp(from: from, to: to, over: length))
        case "steps":
            return .shape(try steps(clauses))
        case "pulse":
            return .shape(try pulse(clauses))
        default:
            let from = try amount(clauses.lead)
            let to = try amount(clauses["to"])
            let every = try interval(clauses["every"], of: form.name)
            return switch form.name {
            case "sine": .shape(.sine(from: from, to: to, every: every))
            case "sawtooth": .shape(.sawtooth(from: from, to: to, every: every))
            default: .shape(.random(from: from, to: to, every: every))
            }
        }
    }

    private func steps(_ clauses: Clauses) throws(NotationError) -> LoadShape {
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

    private func pulse(_ clauses: Clauses) throws(NotationError) -> LoadShape {
        let amount = try amount(clauses.lead)
        let widthPhrase = clauses["for"] ?? clauses.lead
        let width = try UnitNotation.duration(widthPhrase, atLeast: 1, of: "'for' of 'pulse'")
        let every = try interval(clauses["every"], of: "pulse")
        guard width <= every else {
            throw NotationError(
                widthPhrase.offset,
                "the pulse lasts \(widthPhrase.text), longer than the \(UnitNotation.text(of: every)) from "
                    + "one to the next;"
                    + " shorten 'for' or lengthen 'every'")
        }
        return .pulse(amount, width: width, every: every)
    }

    private func amount(_ phrase: Phrase?) throws(NotationError) -> Amount {
        // A clause that is required is there: `Form.clauses` has seen to it.
        try UnitNotation.amount(phrase ?? Phrase(""), for: taker)
    }

    private func interval(_ phrase: Phrase?, of shape: String) throws(NotationError) -> Nanoseconds {
        try UnitNotation.duration(phrase ?? Phrase(""), atLeast: Self.leastInterval, of: "'every' of '\(shape)'")
    }

    /// Reads a load that names no shape, and recognises one that was meant to.
    private func bareAmount(_ phrase: Phrase, head: Phrase) throws(NotationError) -> Amount {
        let isAmount = head.text == "max" || head.text == "leave" || head.first?.isLetter != true
        if !isAmount, !Form.clauseWords.contains(head.text) {
            let remedy = Wording.remedy(for: head.text, among: Form.all.map(\.name) + ["max", "leave"], taking: "")
            if remedy.hasPrefix("; did you mean") {
                throw NotationError(head.offset, "unknown load \(Wording.quote(head.text))\(remedy)")
            }
            let shapes = Form.all.map(\.name).joined(separator: ", ")
            throw NotationError(
                head.offset,
                "unknown load \(Wording.quote(phrase.text)); \(taker.taking), or a shape of: \(shapes)")
        }
        if let clause = phrase.words.first(where: { Form.clauseWords.contains($0.text) }) {
            throw NotationError(
                clause.offset,
                "'\(clause.text)' needs a shape in front of the load, such as 'ramp to 80% in 30s' or "
                    + "'pulse 80% for 1s every 5s'")
        }
        return try UnitNotation.amount(phrase, for: taker)
    }
}

/// The clauses of one load.
private struct Clauses {
    /// What stands between the shape's name and the first clause.
    var lead: Phrase
    var values: [String: Phrase] = [:]

    subscript(word: String) -> Phrase? { values[word] }
}

/// How a shape is written.
private struct Form {
    var name: String
    /// Whether something stands between the name and the first clause.
    var hasLead: Bool
    /// The clauses in the order of writing.
    var clauses: [(word: String, isRequired: Bool)]
    /// For messages.
    var usage: String

    static let all = [
        Form(name: "hold", hasLead: true, clauses: [], usage: "hold A"),
        Form(
            name: "ramp", hasLead: false, clauses: [("from", false), ("to", true), ("in", false)],
            usage: "ramp [from A] to B [in T]"),
        Form(name: "steps", hasLead: true, clauses: [("every", true)], usage: "steps A, B, C every T"),
        Form(name: "sine", hasLead: true, clauses: [("to", true), ("every", true)], usage: "sine A to B every T"),
        Form(name: "pulse", hasLead: true, clauses: [("for", true), ("every", true)], usage: "pulse A for T every U"),
        Form(
            name: "sawtooth", hasLead: true, clauses: [("to", true), ("every", true)],
            usage: "sawtooth A to B every T"),
        Form(name: "random", hasLead: true, clauses: [("to", true), ("every", true)], usage: "random A to B every T"),
        // Its clauses stand in any order: `TraceNotation` reads them.
        Form(name: trace, hasLead: true, clauses: [("column", false)], usage: TraceNotation.usage),
    ]

    static let trace = "trace"

    /// Every word that begins a clause in some shape.
    static let clauseWords: Set<String> = Set(all.flatMap { $0.clauses.map(\.word) })

    static func named(_ name: String) -> Form? { all.first { $0.name == name } }

    /// Takes the phrase apart; every clause that is required is there, in order, and not empty.
    func clauses(of phrase: Phrase, after head: Phrase) throws(NotationError) -> Clauses {
        let words = phrase.words.dropFirst()
        let starts = words.filter { Self.clauseWords.contains($0.text) }
        var result = Clauses(lead: phrase.slice(head.end, starts.first?.offset ?? phrase.end))
        guard result.lead.isEmpty != hasLead else {
            if hasLead { throw NotationError(head.offset, "'\(name)' is incomplete; write it as '\(usage)'") }
            throw NotationError(
                result.lead.offset,
                "unexpected \(Wording.quote(result.lead.text)) after '\(name)'; write it as '\(usage)'")
        }
        var next = 0
        for (index, word) in starts.enumerated() {
            guard let place = clauses[next...].firstIndex(where: { $0.word == word.text }) else {
                throw NotationError(
                    word.offset, "'\(word.text)' does not belong here in '\(name)'; write it as '\(usage)'")
            }
            if let missing = clauses[next..<place].first(where: \.isRequired) {
                throw NotationError(word.offset, "'\(name)' has no '\(missing.word)'; write it as '\(usage)'")
            }
            next = place + 1
            let end = index + 1 < starts.count ? starts[index + 1].offset : phrase.end
            let value = phrase.slice(word.end, end)
            guard !value.isEmpty else {
                throw NotationError(word.offset, "'\(word.text)' has nothing after it; write '\(name)' as '\(usage)'")
            }
            result.values[word.text] = value
        }
        if let missing = clauses[next...].first(where: \.isRequired) {
            throw NotationError(head.offset, "'\(name)' has no '\(missing.word)'; write it as '\(usage)'")
        }
        return result
    }
}
