// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Bursts of a length that is drawn, and rests between them.
extension ShapeNotation {
    /// Reads `bursts A for T to U rest V to W`, or `of` and amounts instead of times.
    func bursts(_ clauses: ShapeClauses, _ head: Phrase, _ form: ShapeForm) throws(NotationError) -> LoadShape {
        let amount = try amount(clauses.lead)
        let lengths: ClosedRange<Nanoseconds>
        switch (clauses["for"], clauses["of"]) {
        case (let written?, nil): lengths = try times(of: written, "'for' of 'bursts'")
        case (nil, let volumes?): lengths = try times(ofVolumes: volumes, at: amount, clauses.lead)
        case (_?, let volumes?):
            throw NotationError(
                volumes.offset, "'bursts' has 'for' and 'of'; write how long a burst lasts, or how much it brings")
        case (nil, nil): throw NotationError(head.offset, "'bursts' has no 'for'; write it as '\(form.usage)'")
        }
        let rests = try times(of: clauses["rest"] ?? Phrase(""), "'rest' of 'bursts'")
        return .bursts(amount, lengths: lengths, rests: rests)
    }

    /// Reads `2s to 8s`, or one time that is always the same.
    private func times(of phrase: Phrase, _ role: String) throws(NotationError) -> ClosedRange<Nanoseconds> {
        let (from, to) = try ends(of: phrase)
        let least = try time(from, atLeast: Self.leastInterval, of: role)
        guard let to else { return least...least }
        return try range(least, try time(to, atLeast: Self.leastInterval, of: role), phrase)
    }

    /// Reads `2GB to 8GB` of a rate that has a figure: how long a burst takes for so much.
    private func times(
        ofVolumes phrase: Phrase, at amount: Amount, _ lead: Phrase
    ) throws(NotationError) -> ClosedRange<Nanoseconds> {
        let kind: AmountKind
        let rate: Double
        switch amount {
        case .bytesPerSecond(let value): (kind, rate) = (.bytes, value)
        case .operationsPerSecond(let value): (kind, rate) = (.count, value)
        default:
            throw NotationError(
                phrase.offset,
                "'of' is how much a burst brings, of bytes or operations a second, and \(Wording.quote(lead.text)) is "
                    + "neither; write how long it lasts, such as 'for 2s to 8s'")
        }
        guard rate > 0 else {
            throw NotationError(lead.offset, "at \(Wording.quote(lead.text)) a burst never ends; write more than 0")
        }
        let taker = AmountTaker(name: "'of' of 'bursts'", kinds: [kind])
        func length(_ part: Phrase) throws(NotationError) -> Nanoseconds {
            let volume = try UnitNotation.amount(part, for: taker).number ?? 0
            let time = volume / rate * Double(Nanoseconds.second)
            guard time <= Double(UnitNotation.durationLimit) else {
                throw NotationError(
                    part.offset,
                    "\(Wording.quote(part.text)) at \(Wording.quote(lead.text)) lasts too long; the limit is "
                        + UnitNotation.text(of: UnitNotation.durationLimit))
            }
            let scaled = Nanoseconds(time.rounded()).scaled(by: timeScale)
            guard scaled >= Self.leastInterval else {
                throw NotationError(
                    part.offset,
                    "\(Wording.quote(part.text)) at \(Wording.quote(lead.text)) lasts less than "
                        + "\(UnitNotation.text(of: Self.leastInterval)), the least; write more")
            }
            return scaled
        }
        let (from, to) = try ends(of: phrase)
        let least = try length(from)
        guard let to else { return least...least }
        return try range(least, try length(to), phrase)
    }

    private func ends(of phrase: Phrase) throws(NotationError) -> (from: Phrase, to: Phrase?) {
        guard let word = phrase.words.first(where: { $0.text == "to" }) else { return (phrase, nil) }
        return (phrase.slice(phrase.offset, word.offset), phrase.dropping(to: word.end))
    }

    private func range(
        _ least: Nanoseconds, _ most: Nanoseconds, _ phrase: Phrase
    ) throws(NotationError) -> ClosedRange<Nanoseconds> {
        guard least <= most else {
            throw NotationError(phrase.offset, "\(Wording.quote(phrase.text)) goes down; write the lower one first")
        }
        return least...most
    }
}
