// SPDX-License-Identifier: Apache-2.0

import LoadModel

// Sizes of operations, each with its share of them.
extension SettingNotation {
    /// Reads `64KiB`, or `4KiB 50%, 16KiB 50%`.
    static func sizes(_ parts: [Phrase], place: String) throws(NotationError) -> SettingValue {
        // One alone has no share: it is all of them.
        if parts.count == 1, parts[0].firstOffset(where: { $0 == "%" }) == nil {
            let taker = AmountTaker(name: place, kinds: [.bytes])
            guard case .bytes(let bytes) = try UnitNotation.amount(parts[0], for: taker) else {
                throw NotationError(parts[0].offset, "\(place) takes \(taking(.sizes))")
            }
            return .bytes(Int64(bytes.rounded()))
        }
        var mix = MixDraft(place: place)
        for part in parts { try mix.add(part) }
        return try mix.value()
    }

    /// A mix as a profile writes it.
    static func text(of mix: SizeMix) -> String {
        mix.parts.map { "\($0.bytes)B \(SizeMix.percent($0.share))" }.joined(separator: ", ")
    }

    /// A mix of which not all parts have been read.
    struct MixDraft {
        let place: String
        private var parts: [SizeMix.Part] = []
        private var sum: Int64 { parts.reduce(0) { $0 + $1.share } }

        init(place: String) { self.place = place }

        /// Reads `4KiB 50%`.
        mutating func add(_ phrase: Phrase) throws(NotationError) {
            guard parts.count < SizeMix.limit else {
                throw NotationError(phrase.offset, "\(place) has more than \(SizeMix.limit) sizes, the limit")
            }
            let left = SizeMix.percent(max(0, SizeMix.whole - sum))
            // The share is the last word: `4 KiB 50%`.
            let words = phrase.words
            let count = words.last?.text == "%" ? 2 : 1
            guard words.count > count,
                let last = words.dropLast(count - 1).last.map({ phrase.dropping(to: $0.offset) }),
                last.firstOffset(where: { $0 == "%" }) != nil
            else {
                throw NotationError(
                    phrase.offset,
                    "\(Wording.quote(phrase.text)) of \(place) is not a size and its share of the operations; write it "
                        + "such as '4KiB \(left == "0%" ? "50%" : left)'")
            }
            let size = phrase.slice(phrase.offset, last.offset)
            let taker = AmountTaker(name: "a size of \(place)", kinds: [.bytes])
            let shareTaker = AmountTaker(name: "the share of a size", kinds: [.percent])
            guard case .bytes(let bytes) = try UnitNotation.amount(size, for: taker),
                case .percent(let percent) = try UnitNotation.amount(last, for: shareTaker)
            else { throw NotationError(phrase.offset, "\(place) takes \(SettingNotation.taking(.sizes))") }
            // 100 at most, by its reader.
            let hundredths = percent * 100
            let share = Int64(hundredths.rounded())
            guard share > 0, abs(hundredths - Double(share)) < 1e-6 else {
                throw NotationError(
                    last.offset,
                    "the share \(Wording.quote(last.text)) must be above 0, in steps of 0.01%; write it such as '50%', "
                        + "or leave the size out")
            }
            let whole = Int64(bytes.rounded())
            guard whole > 0 else {
                throw NotationError(size.offset, "a size of \(place) must be above 0; write it such as '4KiB'")
            }
            guard !parts.contains(where: { $0.bytes == whole }) else {
                throw NotationError(
                    size.offset, "\(place) has the size \(Wording.quote(size.text)) twice; add its shares up")
            }
            parts.append(SizeMix.Part(bytes: whole, share: share))
        }

        /// What was read, whose shares come to 100 %.
        func value() throws(NotationError) -> SettingValue {
            guard !parts.isEmpty else {
                throw NotationError(0, "\(place) has no value; it takes \(SettingNotation.taking(.sizes))")
            }
            guard sum == SizeMix.whole else {
                throw NotationError(
                    0,
                    "the shares of \(place) come to \(SizeMix.percent(sum)), and must come to 100%; change one of them")
            }
            return parts.count == 1 ? .bytes(parts[0].bytes) : .sizes(SizeMix(parts))
        }
    }
}
