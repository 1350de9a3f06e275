// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

/// The words cross into another process: what comes out is the same curve or no curve.
@Suite struct CurveWordsTests {
    private static let one = UInt64(1)
    private static let most = UInt64(bitPattern: Int64.max)

    /// One section of 100 ns with one line of 10 ns, from 1 to 2.
    private static func words(
        sections: UInt64 = 1, length: UInt64 = 100, offset: UInt64 = 0, pieces: UInt64 = 1, pieceLength: UInt64 = 10,
        tag: UInt64 = 0, a: Double = 1, b: Double = 2, period: UInt64 = 0
    ) -> [UInt64] { [sections, length, offset, pieces, pieceLength, tag, a.bitPattern, b.bitPattern, period] }

    @Test(arguments: UInt64(1)...50)
    func `a curve comes back as it was`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let load = dice.curve(pieceLengths: 1...1_000_000_000)
        #expect(Curve(words: load.words) == load)
    }

    @Test func `as much as there is has a tag of its own, and a large figure stays one`() {
        let load = curve(100, .init(length: 10, .unlimited), .init(length: 5, .line(1e12, 4e18)))
        let copy = Curve(words: load.words)
        #expect(copy == load && load.words.count == load.wordCount)
        #expect(copy?.value(at: 3) == .infinity && copy?.value(at: 10) == 1e12)
    }

    @Test func `an empty curve comes back empty`() {
        #expect(Curve(words: Curve().words) == Curve())
    }

    @Test(arguments: UInt64(1)...20)
    func `no part of a curve is a curve`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let words = dice.curve(pieceLengths: 1...1000).words
        for count in 0..<words.count { #expect(Curve(words: Array(words[..<count])) == nil) }
        #expect(Curve(words: words + [0]) == nil)
    }

    @Test(
        arguments: [
            ("zero length", words(length: 0)),
            ("negative length", words(length: .max)),
            ("an offset beyond the cycle", words(offset: 10)),
            ("a negative offset", words(offset: .max)),
            ("no pieces", words(pieces: 0)),
            ("more pieces than words", words(pieces: 1 << 31)),
            ("absurdly many pieces", words(pieces: .max)),
            ("absurdly many sections", words(sections: .max)),
            ("piece of no length", words(pieceLength: 0)),
            ("piece of negative length", words(pieceLength: .max)),
            ("unknown formula", words(tag: 3)),
            ("as much as there is with a figure", words(tag: 2)),
            ("as much as there is with a period", words(tag: 2, a: 0, b: 0, period: 1)),
            ("sine without period", words(tag: 1, period: 0)),
            ("sine of negative period", words(tag: 1, period: .max)),
            ("not a number", words(a: .nan)),
            ("infinite", words(b: .infinity)),
            ("beyond any integer", words(b: 1e19)),
            ("negative", words(a: -1)),
            ("sections that overflow", [2] + words(length: most).dropFirst() + words(length: most).dropFirst()),
            ("pieces that overflow", [1, 100, 0, 2] + words(pieceLength: most)[4...] + words(pieceLength: most)[4...]),
        ] as [(String, [UInt64])])
    func `what cannot be a curve is none`(name: String, words: [UInt64]) {
        #expect(Curve(words: Self.words()) != nil, "the sound example")
        #expect(Curve(words: words) == nil)
    }

    /// Words are replaced by extremes, bits are flipped, words are lost and doubled.
    ///
    /// The test is that nothing traps, and that whatever still is a curve has values that a driver can turn into
    /// integers.
    @Test(arguments: UInt64(1)...40)
    func `corrupted words never trap`(seed: UInt64) {
        let extremes: [UInt64] = [0, 1, 2, .max, Self.most, Self.most + 1, 1 << 32, Double.nan.bitPattern, 1 << 62]
        var dice = Dice(seed: seed)
        let sound = dice.curve(pieceLengths: 1...1000).words
        var refused = 0
        for _ in 0..<100 {
            var words = sound
            for _ in 0..<dice.roll(1...3) {
                let index = Int(dice.roll(0...Int64(words.count - 1)))
                switch dice.roll(0...3) {
                case 0: words[index] = extremes[Int(dice.roll(0...8))]
                case 1: words[index] ^= 1 << UInt64(dice.roll(0...63))
                case 2: words.insert(words[index], at: index)
                default: if words.count > 1 { words.remove(at: index) }
                }
            }
            guard let load = Curve(words: words) else {
                refused += 1
                continue
            }
            for time in [0, load.length / 3, load.length - 1] {
                let isUnlimited = load.isUnlimited(from: time, to: time + 1)
                #expect(
                    isUnlimited
                        ? load.value(at: time) == .infinity : Int64(exactly: load.value(at: time).rounded()) != nil)
                #expect(load.area(until: time).isFinite)
                #expect(load.constantUntil(after: time) >= time)
            }
            #expect(load.peak.isFinite || load.isUnlimited(from: 0, to: load.length))
        }
        #expect(refused > 0)
    }
}
