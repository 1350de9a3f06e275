// SPDX-License-Identifier: Apache-2.0

import LoadModel

// `curve [from A,] B in T, C for T, hold T`.
extension ShapeNotation {
    /// The most segments that a curve may have.
    static let segmentLimit = 1000

    func curve(_ rest: Phrase, _ head: Phrase, _ form: ShapeForm, inSum: Bool) throws(NotationError) -> LoadShape {
        guard !rest.isEmpty else {
            throw NotationError(head.offset, "'curve' is incomplete; write it as '\(form.usage)'")
        }
        var from: Amount?
        var segments: [LoadShape.Segment] = []
        let parts = rest.parts
        guard parts.count <= Self.segmentLimit else {
            throw NotationError(
                rest.offset, "'curve' has \(parts.count) segments; the limit is \(Self.segmentLimit), so take a trace")
        }
        for (index, part) in parts.enumerated() {
            if index == 0, let first = part.words.first, first.text == "from" {
                from = try amount(part.dropping(to: first.end))
            } else {
                segments.append(try segment(part, form))
            }
        }
        guard !segments.isEmpty else {
            throw NotationError(rest.end, "'curve' has no segment; write it as '\(form.usage)'")
        }
        // In a sum nothing stood before it.
        guard from != nil || !inSum else {
            throw NotationError(head.offset, "in a sum a curve says where it begins: 'curve from A, B in T'")
        }
        let total = segments.reduce(0) { $0 + $1.length }
        if let phaseLength, total > phaseLength {
            throw NotationError(
                rest.offset,
                "the curve takes \(UnitNotation.text(of: total)), longer than its phase of "
                    + "\(UnitNotation.text(of: phaseLength)); shorten it or lengthen the phase")
        }
        return .curve(from: from, segments)
    }

    /// Reads `B in T`, `C for T` or `hold T`.
    private func segment(_ part: Phrase, _ form: ShapeForm) throws(NotationError) -> LoadShape.Segment {
        let words = part.words
        guard let first = words.first else {
            throw NotationError(part.offset, "a segment is missing; write 'curve' as '\(form.usage)'")
        }
        if first.text == "hold" {
            let length = part.dropping(to: first.end)
            return .hold(try time(length, atLeast: Self.leastInterval, of: "'hold' of 'curve'"))
        }
        guard let word = words.last(where: { $0.text == "in" || $0.text == "for" }) else {
            throw NotationError(
                part.offset,
                "\(Wording.quote(part.text)) has no length; write '\(Wording.line(part.text)) in 30s' for a way to it, "
                    + "or '… for 30s' to be there at once")
        }
        let to = try amount(part.slice(part.offset, word.offset))
        let length = part.dropping(to: word.end)
        let isLine = word.text == "in"
        let time = try time(length, atLeast: isLine ? 1 : Self.leastInterval, of: "'\(word.text)' of 'curve'")
        return isLine ? .line(to, time) : .step(to, time)
    }
}
