// SPDX-License-Identifier: Apache-2.0

import LoadModel

// When an objective holds, and whether the profile has such a time.
extension ObjectiveNotation {
    /// What stands behind the limit, in any order.
    struct Clauses {
        static let words = ["before", "during", "after", "always", "over", "from"]

        var span: Objective.Span?
        var spanPlace: Phrase?
        var window: (length: Nanoseconds, place: Phrase)?
        var settled: Phrase?
    }

    /// The words of an objective one after the other; comparisons and signs are words, commas are not.
    struct Tokens {
        let phrase: Phrase
        private var rest: ArraySlice<Phrase>

        init(_ phrase: Phrase) {
            self.phrase = phrase
            rest = phrase.words.flatMap { Self.split($0) }[...]
        }

        var peek: Phrase? { rest.first }
        mutating func next() -> Phrase? { rest.popFirst() }

        /// `p95<300ms,` is `p95`, `<` and `300ms`.
        private static func split(_ word: Phrase) -> [Phrase] {
            if word.first == "\"" { return [word] }
            var word = word
            while word.end > word.offset, word[word.end - 1] == "," { word = word.slice(word.offset, word.end - 1) }
            var parts: [Phrase] = []
            var start = word.offset
            while start < word.end {
                let isSign: (Unicode.Scalar) -> Bool = { "<>=!≤≥".unicodeScalars.contains($0) }
                let end: Int
                if isSign(word[start] ?? " ") {
                    end = word.firstOffset(from: start) { !isSign($0) } ?? word.end
                } else if word[start] == "+" || word[start] == "-" && word.slice(word.offset, start).text == "before" {
                    end = start + 1
                } else {
                    let isBefore = word.dropping(to: start).text.hasPrefix("before")
                    end =
                        word.firstOffset(from: start + 1) { isSign($0) || $0 == "+" || isBefore && $0 == "-" }
                        ?? word.end
                }
                parts.append(word.slice(start, end))
                start = end
            }
            return parts
        }
    }

    func clause(_ word: Phrase, _ tokens: inout Tokens, _ clauses: inout Clauses) throws(NotationError) {
        switch word.text {
        case "before", "during", "after", "always":
            guard clauses.span == nil else {
                throw NotationError(word.offset, "'\(word.text)' is a second time; write an objective for each")
            }
            clauses.spanPlace = word
            clauses.span = try span(word, &tokens)
        case "over":
            guard clauses.window == nil, let length = tokens.next() else {
                throw NotationError(word.offset, "'over' is followed by one length of time, such as 'over 10s'")
            }
            clauses.window = (try UnitNotation.duration(length, atLeast: .second, of: "'over'"), length)
        case "from":
            guard clauses.settled == nil, let next = tokens.next(), next.text == "settled" else {
                throw NotationError(word.offset, "'from' is followed by 'settled': from when the load is on its target")
            }
            clauses.settled = word
        default:
            let remedy = Wording.nearest(to: word.text, among: Clauses.words).map { "did you mean '\($0)'?" }
            throw NotationError(
                word.offset,
                "unexpected \(Wording.quote(word.text)); "
                    + (remedy ?? "what follows is: before, during PHASE, after, always, over TIME, from settled"))
        }
    }

    private func span(_ word: Phrase, _ tokens: inout Tokens) throws(NotationError) -> Objective.Span {
        switch word.text {
        case "before":
            if let first = phases?.first, first.hasLoad {
                throw NotationError(
                    word.offset,
                    "'before' needs time without a load, and the first phase, '\(first.name)', has one; put a phase "
                        + "before it such as '{ name: steady, for: 30s }'")
            }
            return .before
        case "during":
            let name = try phaseName(&tokens, behind: word)
            if name.text == Self.allLoads, !isPhase(name.text) { return .duringLoad }
            try requirePhase(name, withLoad: nil)
            return .during(name.text)
        case "after":
            try requireTimeAfterLoad(word)
            return .after
        default: return .always
        }
    }

    /// The name of a phase: in double quotes, or all words up to the next clause.
    func phaseName(_ tokens: inout Tokens, behind word: Phrase) throws(NotationError) -> Phrase {
        guard let first = tokens.next() else {
            throw NotationError(word.end, "'\(word.text)' is followed by the name of a phase")
        }
        if first.first == "\"" { return first.withoutQuotes }
        var last = first
        while let next = tokens.peek, !Clauses.words.contains(next.text) {
            last = next
            _ = tokens.next()
        }
        return tokens.phrase.slice(first.offset, last.end)
    }

    func isPhase(_ name: String) -> Bool { phases?.contains { $0.isCalled(name) } ?? false }

    /// Refuses a phase that is not there, or has no load where `withLoad` says why it must.
    func requirePhase(_ name: Phrase, withLoad reason: String?) throws(NotationError) {
        guard let phases else { return }
        guard let phase = phases.first(where: { $0.isCalled(name.text) }) else {
            var titles: [String] = []
            for phase in phases where titles.last != phase.title && !titles.contains(phase.title) {
                titles.append(phase.title)
            }
            let remedy = Wording.remedy(for: name.text, among: titles, taking: "there are")
            throw NotationError(name.offset, "unknown phase \(Wording.quote(name.text))\(remedy)")
        }
        if let reason, !phase.hasLoad {
            throw NotationError(name.offset, "phase \(Wording.quote(name.text)) has no load: \(reason)")
        }
    }

    func requireTimeAfterLoad(_ word: Phrase) throws(NotationError) {
        guard let last = phases?.last, last.hasLoad else { return }
        throw NotationError(
            word.offset,
            "'after' needs time behind the last load, and the last phase, '\(last.name)', has one; add a phase such "
                + "as '{ name: recover, for: 1m }'")
    }

    /// Whether limit, span, window and `from settled` fit together.
    func check(
        _ limit: Objective.Limit, _ span: Objective.Span, _ clauses: Clauses, _ measure: Phrase
    ) throws(NotationError) {
        if case .ofBefore = limit {
            guard span != .before, span != .always else {
                throw NotationError(
                    clauses.spanPlace?.offset ?? measure.offset,
                    "a limit that is relative to 'before' is of what comes later: 'during PHASE', 'during load' or "
                        + "'after'")
            }
            if let first = phases?.first, first.hasLoad {
                throw NotationError(
                    measure.offset,
                    "a limit that is relative to 'before' needs time without a load, and the first phase, "
                        + "'\(first.name)', has one; put a phase before it such as '{ name: steady, for: 30s }'")
            }
        }
        if let settled = clauses.settled {
            let hasLoad: Bool
            switch span {
            case .before, .after, .always: hasLoad = false
            case .duringLoad: hasLoad = true
            case .during(let name): hasLoad = phases?.first { $0.isCalled(name) }?.hasLoad ?? true
            }
            guard hasLoad else {
                throw NotationError(
                    settled.offset,
                    "'from settled' is of a load that is on its target; take it with 'during' a phase "
                        + "that has one")
            }
        }
        if let window = clauses.window, let length = length(of: span), window.length > length {
            throw NotationError(
                window.place.offset,
                "a window of \(UnitNotation.text(of: window.length)) does not fit into "
                    + "\(UnitNotation.text(of: length)); shorten it, or lengthen the phase")
        }
    }

    /// How long a span is; of several phases with a load, the longest stretch of them.
    private func length(of span: Objective.Span) -> Nanoseconds? {
        guard let phases else { return nil }
        func sum(_ part: some Sequence<PhaseOutline>) -> Nanoseconds { part.reduce(0) { $0 + $1.length } }
        switch span {
        case .before: return sum(phases.prefix { !$0.hasLoad })
        case .during(let name): return phases.split { !$0.isCalled(name) }.map { sum($0) }.max()
        case .duringLoad: return phases.split { !$0.hasLoad }.map { sum($0) }.max()
        case .after: return sum(phases.reversed().prefix { !$0.hasLoad })
        case .always: return sum(phases)
        }
    }
}
