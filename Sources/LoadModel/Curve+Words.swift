// SPDX-License-Identifier: Apache-2.0

// The curve crosses from the observer to a stressor process as plain 64-bit words in shared memory, so that the
// stressor needs no decoder library in its resident set.
extension Curve {
    /// How many words ``words`` has.
    public var wordCount: Int {
        sections.reduce(1) { sum, section in
            let pieces = section.pieces.reduce(0) { count, piece in
                if case .waves = piece.formula { count + 5 + 8 } else { count + 5 }
            }
            return sum + 3 + pieces
        }
    }

    /// The curve as plain words, for a process that shares memory.
    public var words: [UInt64] {
        var words: [UInt64] = [UInt64(sections.count)]
        for section in sections {
            words.append(UInt64(bitPattern: section.length))
            words.append(UInt64(bitPattern: section.offset))
            words.append(UInt64(section.pieces.count))
            for piece in section.pieces {
                words.append(UInt64(bitPattern: piece.length))
                switch piece.formula {
                case .line(let from, let to):
                    words += [0, from.bitPattern, to.bitPattern, 0]
                case .sine(let low, let high, let period):
                    words += [1, low.bitPattern, high.bitPattern, UInt64(bitPattern: period)]
                case .unlimited:
                    words += [2, 0, 0, 0]
                case .waves(let from, let to, let wave, let other):
                    words += [3, from.bitPattern, to.bitPattern, 0]
                    // Of one wave, the other one's words are 0.
                    for wave in [wave, other] {
                        words += [wave?.low.bitPattern ?? 0, wave?.high.bitPattern ?? 0]
                        words += [wave?.period ?? 0, wave?.phase ?? 0].map(UInt64.init(bitPattern:))
                    }
                }
            }
        }
        return words
    }

    /// Reads what ``words`` wrote; `nil` where the words are not a curve.
    public init?(words: [UInt64]) {
        self.init()
        var position = 0
        func next() -> UInt64? {
            guard position < words.count else { return nil }
            defer { position += 1 }
            return words[position]
        }
        /// A time within 146 years, so that two of them have a sum.
        func nextTime() -> Nanoseconds? {
            next().map { Int64(bitPattern: $0) }.flatMap { (0...Self.longest).contains($0) ? $0 : nil }
        }
        /// A value that drivers can turn into integers: no NaN, nothing negative, nothing infinite, less than 2⁶³.
        func nextValue() -> Double? {
            next().map { Double(bitPattern: $0) }.flatMap { (0...0x1p62).contains($0) ? $0 : nil }
        }
        /// A wave; one whose words are 0 is none.
        func nextWave() -> Wave?? {
            guard let low = nextValue(), let high = nextValue(), let period = nextTime(), let phase = nextTime() else {
                return nil
            }
            if low == 0, high == 0, period == 0, phase == 0 { return .some(nil) }
            return phase < period ? .some(Wave(low: low, high: high, period: period, phase: phase)) : nil
        }
        /// A formula, of which what it does not use is 0.
        func nextFormula() -> Piece.Formula? {
            guard let tag = next(), let a = nextValue(), let b = nextValue(), let period = nextTime() else {
                return nil
            }
            switch tag {
            case 0: return .line(a, b)
            case 1: return period > 0 ? .sine(low: a, high: b, period: period) : nil
            case 2: return a == 0 && b == 0 && period == 0 ? .unlimited : nil
            case 3:
                guard period == 0, let first = nextWave(), let wave = first, let other = nextWave() else { return nil }
                return .waves(a, b, wave, other)
            default: return nil
            }
        }
        guard let sectionCount = next(), sectionCount < 1 << 32 else { return nil }
        for _ in 0..<sectionCount {
            guard let length = nextTime(), let offset = nextTime(), let pieceCount = next(), pieceCount < 1 << 32
            else { return nil }
            var pieces: [Piece] = []
            var cycle: Nanoseconds = 0
            for _ in 0..<pieceCount {
                guard let pieceLength = nextTime(), pieceLength > 0, let formula = nextFormula() else { return nil }
                cycle += pieceLength
                guard cycle <= Self.longest else { return nil }
                pieces.append(Piece(length: pieceLength, formula))
            }
            guard length > 0, !pieces.isEmpty, offset < cycle, self.length + length <= Self.longest else { return nil }
            append(length, repeating: pieces, offset: offset)
        }
        guard position == words.count else { return nil }
    }

    private static var longest: Nanoseconds { .max / 2 }
}
