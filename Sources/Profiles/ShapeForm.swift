// SPDX-License-Identifier: Apache-2.0

/// The clauses of one load.
struct ShapeClauses {
    /// What stands between the shape's name and the first clause.
    var lead: Phrase
    var values: [String: Phrase] = [:]

    subscript(word: String) -> Phrase? { values[word] }
}

/// How a shape is written.
struct ShapeForm {
    var name: String
    /// Whether something stands between the name and the first clause.
    var hasLead: Bool
    /// The clauses in the order of writing.
    var clauses: [(word: String, isRequired: Bool)]
    /// For messages.
    var usage: String
    /// Clauses that take a range, as in `for 2s to 8s`.
    var ranges: Set<String> = []

    static let all = [
        ShapeForm(name: "hold", hasLead: true, clauses: [], usage: "hold A"),
        ShapeForm(
            name: "ramp", hasLead: false, clauses: [("from", false), ("to", true), ("in", false)],
            usage: "ramp [from A] to B [in T]"),
        ShapeForm(name: "steps", hasLead: true, clauses: [("every", true)], usage: "steps A, B, C every T"),
        ShapeForm(
            name: "sine", hasLead: true,
            clauses: [("to", true), ("every", true), ("offset", false), ("starting", false)],
            usage: "sine A to B every T [offset 90deg | starting at 14:00 UTC]"),
        ShapeForm(
            name: "pulse", hasLead: true,
            clauses: [("for", true), ("every", true), ("offset", false), ("starting", false)],
            usage: "pulse A for T every U [offset 90deg | starting at 14:00 UTC]"),
        ShapeForm(
            name: "sawtooth", hasLead: true,
            clauses: [("to", true), ("every", true), ("offset", false), ("starting", false)],
            usage: "sawtooth A to B every T [offset 90deg | starting at 14:00 UTC]"),
        ShapeForm(
            name: "random", hasLead: true, clauses: [("to", true), ("every", true)], usage: "random A to B every T"),
        ShapeForm(
            name: "bursts", hasLead: true, clauses: [("for", false), ("of", false), ("rest", true)],
            usage: "bursts A for T [to U] rest V [to W]", ranges: ["for", "of", "rest"]),
        // Its clauses stand in any order: `TraceNotation` reads them.
        ShapeForm(name: trace, hasLead: true, clauses: [("column", false)], usage: TraceNotation.usage),
        ShapeForm(name: "curve", hasLead: true, clauses: [], usage: "curve [from A,] B in T, C for T, hold T"),
        ShapeForm(name: "noise", hasLead: true, clauses: [("every", true)], usage: "noise A every T"),
    ]

    static let trace = "trace"

    /// Every word that begins a clause in some shape.
    static let clauseWords: Set<String> = Set(all.flatMap { $0.clauses.map(\.word) })

    static func named(_ name: String) -> ShapeForm? { all.first { $0.name == name } }

    /// Takes the phrase apart; every clause that is required is there, in order, and not empty.
    func clauses(of phrase: Phrase, after head: Phrase) throws(NotationError) -> ShapeClauses {
        let words = phrase.words.dropFirst()
        var starts: [Phrase] = []
        for word in words where Self.clauseWords.contains(word.text) {
            if word.text == "to", let last = starts.last, ranges.contains(last.text) { continue }
            starts.append(word)
        }
        var result = ShapeClauses(lead: phrase.slice(head.end, starts.first?.offset ?? phrase.end))
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
