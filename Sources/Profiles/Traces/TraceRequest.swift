// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// What a profile says of a trace: which part of the file it means, and what the file itself does not say.
struct TraceRequest: Hashable {
    /// A column, by its header or its position.
    struct Key: Hashable {
        var text: String
        /// Whether it is in quotes, and so never a position.
        var isQuoted: Bool

        init(_ phrase: Phrase) {
            isQuoted = phrase.unquoted != nil
            text = phrase.unquoted ?? phrase.text
        }

        /// Its position from 1.
        var number: Int? { isQuoted || !text.utf8.allSatisfy(\.isDigit) ? nil : Int(text) }
    }

    /// Only rows that have `value` in a column are taken.
    struct Selection: Hashable {
        var column: Key
        var value: String
    }

    /// What an empty cell, `NaN` or `null` becomes.
    enum Gaps: String, CaseIterable {
        /// Nothing: the row is as if it were not there.
        case skipped
        /// The amount before it, until the next one.
        case held
        /// No load.
        case zero
    }

    /// What becomes of all rows of a stretch of time.
    enum Fold: String, CaseIterable {
        case mean, max, min, sum, count
    }

    /// How long the curve is to be.
    enum Stretch: Hashable {
        case to(Nanoseconds)
        case by(Double)
    }

    var file: String
    var column: Key?
    /// The unit of bare numbers, as amounts have it.
    var unit: String?
    /// What percent are of, where bare numbers are in percent of an amount.
    var whole: Amount?
    var factor = 1.0
    var timeColumn: Key?
    var time: TraceTime?
    /// How far apart the rows are, where the file has no times.
    var rowInterval: Nanoseconds?
    var selections: [Selection] = []
    /// Where in the file the curve begins and ends, as the file writes it; `first` is the first row.
    var from: String?
    var until: String?
    var fold: Fold?
    var foldInterval: Nanoseconds = .second
    var gaps: Gaps?
    var hasDecimalComma = false
    /// Whether a row's amount is held until the next one, instead of a line between the two.
    var isStepped: Bool?
    var stretch: Stretch?
    /// How often the curve is run through; `Int.max` until the phase ends.
    var repeats = 1

    init(file: String) { self.file = file }

    static let firstRow = "first"
    /// How often a curve may be run through that does not go on to the end of its phase.
    static let repeatRange = 1...1_000_000
}

/// Reads the clauses behind the file of a trace, which stand in any order.
struct TraceNotation {
    let taker: AmountTaker
    let phaseLength: Nanoseconds?
    /// What its length is multiplied with; that of its phase has been already.
    var timeScale = 1.0

    static let usage = "trace FILE.csv [column C]"

    /// How each clause is written.
    private static let examples = [
        "column": "column cpu", "in": "in %", "x": "x 0.01", "time in": "time 1 in ms", "rows": "rows every 5s",
        "where": "where machine = m_1", "from": "from first", "to": "to 1h", "gaps": "gaps held",
        "decimal": "decimal comma", "as": "as steps", "stretch": "stretch to 10m",
    ]

    /// Every word that begins a clause.
    static let words: Set<String> = Set(
        ["column", "in", "x", "×", "time", "rows", "where", "from", "to", "gaps", "decimal", "as", "stretch", "repeat"]
            + TraceRequest.Fold.allCases.map(\.rawValue))

    private struct Clause {
        var word: Phrase
        var value: Phrase
    }

    func parse(_ phrase: Phrase, after head: Phrase) throws(NotationError) -> (TraceRequest, file: Phrase) {
        let words = Array(phrase.words.dropFirst())
        guard let file = words.first, !Self.words.contains(file.text) else {
            throw NotationError(head.offset, "'trace' is incomplete; write it as '\(Self.usage)'")
        }
        if let open = words.first(where: { $0.first == "\"" && $0.unquoted == nil }) {
            throw NotationError(open.offset, "the quote in \(Wording.quote(open.text)) is not closed; close it")
        }
        let clauses = try clauses(words.dropFirst(), of: phrase)
        var request = TraceRequest(file: file.unquoted ?? file.text)
        guard !request.file.isEmpty, !request.file.unicodeScalars.contains(where: \.isControl) else {
            throw NotationError(file.offset, "\(Wording.quote(file.text)) cannot be a file's name")
        }
        var seen: Set<String> = []
        var isOfTime = false
        var isStretchedToPhase = false
        for clause in clauses {
            var word = clause.word.text == "×" ? "x" : clause.word.text
            if word == "in", isOfTime { word = "time in" }
            let kind = TraceRequest.Fold(rawValue: word) == nil ? word : "mean"
            guard seen.insert(kind).inserted || word == "where" else {
                throw NotationError(
                    clause.word.offset,
                    "'\(clause.word.text)' is written twice; put a name that is such a word in"
                        + " quotes")
            }
            isOfTime = word == "time"
            if word != "repeat", word != "time", clause.value.isEmpty {
                throw NotationError(
                    clause.word.offset,
                    "'\(clause.word.text)' has nothing after it; write it such as "
                        + "'\(Self.examples[word] ?? "\(word) every 1m")'")
            }
            if word == "stretch", clause.value.words.count == 2 {
                isStretchedToPhase = clause.value.words[0].text == "to" && clause.value.words[1].text == "phase"
            }
            try read(clause, as: word, into: &request)
        }
        if isStretchedToPhase, request.repeats > 1, request.repeats < .max {
            let part = phaseLength.map { UnitNotation.text(of: max(1, $0 / Nanoseconds(request.repeats))) } ?? "10m"
            throw NotationError(
                head.offset,
                "'stretch to phase' takes all of the phase and leaves nothing for 'repeat \(request.repeats)'; leave "
                    + "one "
                    + "of them out, or write 'stretch to \(part)'")
        }
        if timeScale != 1, !seen.contains("stretch") { request.stretch = .by(timeScale) }
        if request.rowInterval != nil, request.timeColumn != nil || request.time != nil {
            throw NotationError(head.offset, "a trace has either 'time' or 'rows every', not both")
        }
        if request.fold == .count, request.column != nil {
            throw NotationError(head.offset, "'count' counts rows and takes no 'column'; write 'sum' to add amounts up")
        }
        return (request, file)
    }

    private func clauses(_ words: ArraySlice<Phrase>, of phrase: Phrase) throws(NotationError) -> [Clause] {
        var starts: [(word: Phrase, end: Int)] = []
        // What a clause begins with is no clause itself: a column may be called 'in'.
        var isName = false
        for word in words {
            let text = word.text
            if !isName, Self.words.contains(text) {
                starts.append((word, word.end))
                isName = !["time", "repeat"].contains(text)
                continue
            }
            if !isName, text.unicodeScalars.count > 1, let first = word.first, first == "x" || first == "×",
                word[word.offset + 1]?.isDigit == true
            {
                let mark = word.slice(word.offset, word.offset + 1)
                starts.append((mark, mark.end))
                continue
            }
            // `time in ms` names a form; `time date in ms` a column, too.
            let isSelecting = starts.last?.word.text == "where"
            isName = isSelecting && (text == "=" || text == "and" || text.hasSuffix("=")) || text == "of"
            guard !starts.isEmpty else {
                throw NotationError(
                    word.offset,
                    "unexpected \(Wording.quote(text)) after the trace's file; put a name that has spaces in double "
                        + "quotes, and write 'column' before a column")
            }
        }
        return starts.indices.map { index in
            let end = index + 1 < starts.count ? starts[index + 1].word.offset : phrase.end
            return Clause(word: starts[index].word, value: phrase.slice(starts[index].end, end))
        }
    }

    private func read(
        _ clause: Clause, as word: String, into request: inout TraceRequest
    ) throws(NotationError) {
        let value = clause.value
        switch word {
        case "column": request.column = .init(value)
        case "in": try readUnit(value, into: &request)
        case "x": request.factor = try factor(value)
        case "time": if !value.isEmpty { request.timeColumn = .init(value) }
        case "time in": request.time = try TraceTime(notation: value)
        case "rows": request.rowInterval = try every(value, of: word, least: 1)
        case "where": try readSelections(value, into: &request)
        case "from": request.from = value.unquoted ?? value.text
        case "to": request.until = value.unquoted ?? value.text
        case "gaps":
            guard let gaps = TraceRequest.Gaps(rawValue: value.text) else {
                throw unknown(value, word, TraceRequest.Gaps.allCases.map(\.rawValue))
            }
            request.gaps = gaps
        case "decimal":
            guard value.text == "comma" else { throw unknown(value, word, ["comma"]) }
            request.hasDecimalComma = true
        case "as":
            guard ["steps", "lines"].contains(value.text) else { throw unknown(value, word, ["steps", "lines"]) }
            request.isStepped = value.text == "steps"
        case "stretch": request.stretch = try stretch(value)
        case "repeat":
            guard !value.isEmpty else {
                request.repeats = .max
                return
            }
            let count = try NumberNotation.integer(in: value)
            guard TraceRequest.repeatRange.contains(count) else {
                throw NotationError(
                    value.offset,
                    "'repeat' takes a number from \(TraceRequest.repeatRange.lowerBound) to "
                        + "\(TraceRequest.repeatRange.upperBound), or none")
            }
            request.repeats = count
        default:
            guard let fold = TraceRequest.Fold(rawValue: word) else { return }
            request.fold = fold
            request.foldInterval = try every(value, of: word, least: ShapeNotation.leastInterval)
        }
    }

    private func unknown(_ value: Phrase, _ word: String, _ words: [String]) -> NotationError {
        let remedy = Wording.remedy(for: value.text, among: words, taking: "it takes")
        return NotationError(value.offset, "unknown word \(Wording.quote(value.text)) after '\(word)'\(remedy)")
    }

    /// `%`, `MiB`, `% of 64 cores`.
    private func readUnit(_ value: Phrase, into request: inout TraceRequest) throws(NotationError) {
        let words = value.words
        let of = words.firstIndex { $0.text == "of" }
        let unit = of.map { value.slice(value.offset, words[$0].offset) } ?? value
        let name = UnitNotation.unitName(unit.text) ?? unit.text
        guard let of else {
            // What is wrong with the unit is wrong with every amount in it.
            do throws(NotationError) {
                _ = try UnitNotation.amount(Phrase("1" + name), for: taker)
            } catch {
                throw NotationError(value.offset, error.message)
            }
            request.unit = name
            return
        }
        guard name == "%" else {
            throw NotationError(unit.offset, "only percent are of something; write it such as 'in % of 64 cores'")
        }
        let whole = value.slice(words[of].end, value.end)
        let amount = try UnitNotation.amount(whole, for: taker)
        guard amount.number != nil else {
            throw NotationError(whole.offset, "percent of \(Wording.quote(whole.text)) have no figure; write an amount")
        }
        request.unit = name
        request.whole = amount
    }

    /// `0.01` or `1/30`.
    private func factor(_ value: Phrase) throws(NotationError) -> Double {
        let (number, end) = try NumberNotation.number(in: value, at: value.offset)
        var result = number
        var last = end
        if value[end] == "/" {
            let (divisor, end) = try NumberNotation.number(in: value, at: end + 1)
            result /= divisor
            last = end
        }
        guard last == value.end, result.isFinite, result > 0 else {
            throw NotationError(
                value.offset, "\(Wording.quote(value.text)) is no factor; write one such as '0.01' or '1/30'")
        }
        return result
    }

    private func every(_ value: Phrase, of word: String, least: Nanoseconds) throws(NotationError) -> Nanoseconds {
        guard let first = value.words.first, first.text == "every" else {
            throw NotationError(
                value.offset,
                "write '\(word) every T', such as '\(word) every 1m', or put a name that is such a word "
                    + "in quotes")
        }
        return try UnitNotation.duration(
            value.slice(first.end, value.end), atLeast: least, of: "'every' of '\(word)'")
    }

    private func stretch(_ value: Phrase) throws(NotationError) -> TraceRequest.Stretch? {
        let words = value.words
        let rest = value.slice(words[0].end, value.end)
        switch words[0].text {
        case "by": return .by(try factor(rest) * timeScale)
        case "to" where rest.text == "phase":
            // Where the phase is as long as its trace, or its length cannot be read, nothing is to be done.
            return phaseLength.map { .to($0) }
        case "to": return .to(try UnitNotation.duration(rest, atLeast: 1, of: "'stretch to'").scaled(by: timeScale))
        default:
            throw NotationError(
                value.offset, "write 'stretch to 10m', 'stretch to phase' or 'stretch by 1/30', the length by a factor")
        }
    }

    /// `C = V and D = W`.
    private func readSelections(_ value: Phrase, into request: inout TraceRequest) throws(NotationError) {
        var rest = value
        while true {
            var isQuoted = false
            let equals = rest.firstOffset {
                if $0 == "\"" { isQuoted.toggle() }
                return !isQuoted && $0 == "="
            }
            guard let equals else {
                throw NotationError(rest.offset, "write 'where COLUMN = VALUE', such as 'where machine = m_1'")
            }
            let column = rest.slice(rest.offset, equals)
            let behind = rest.dropping(to: equals + 1)
            let next = behind.words.dropFirst().first { $0.text == "and" }
            let cell = behind.slice(behind.offset, next?.offset ?? behind.end)
            guard !column.isEmpty, !cell.isEmpty, request.selections.count < 16 else {
                throw NotationError(rest.offset, "write 'where COLUMN = VALUE', up to 16 of them with 'and' between")
            }
            request.selections.append(.init(column: .init(column), value: cell.unquoted ?? cell.text))
            guard let next else { return }
            rest = rest.dropping(to: next.end)
        }
    }
}
