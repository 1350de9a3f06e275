// SPDX-License-Identifier: Apache-2.0

@testable import LoadModel

/// A curve of one section that runs through `pieces` again and again.
func curve(_ length: Nanoseconds, _ pieces: Curve.Piece...) -> Curve {
    var curve = Curve()
    curve.append(length, repeating: pieces)
    return curve
}

/// A curve of one phase with `shape`, its amounts being the bare numbers of `.cores` and the like.
func curve(_ length: Nanoseconds, _ shape: LoadShape, from current: Double = 0, seed: UInt64 = 1) -> Curve {
    var curve = Curve()
    _ = curve.append(length, shape, from: current, seed: seed, resolve: number)
    return curve
}

/// The bare number of an amount.
func number(_ amount: Amount) -> Double {
    switch amount {
    case .percent(let value), .cores(let value), .bytes(let value), .count(let value), .bytesPerSecond(let value),
        .operationsPerSecond(let value):
        value
    case .max: .infinity
    case .leave(let rest): 1 - number(rest)
    }
}

/// Random choices that are the same in every run of a test.
struct Dice {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(state: seed) }

    mutating func roll(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(generator.next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func word() -> UInt64 { generator.next() }

    /// A curve of up to four sections whose values are small whole numbers, so that neighbours often are equal.
    ///
    /// - Parameter unlimitedIn: of so many pieces about one asks for as much as there is; 0 for none.
    mutating func curve(
        pieceLengths: ClosedRange<Int64>, onlyConstant: Bool = false, unlimitedIn count: Int64 = 0
    ) -> Curve {
        var curve = Curve()
        for _ in 0..<roll(1...4) {
            let pieces = (0..<roll(1...4)).map { _ in
                let length = roll(pieceLengths)
                if count > 0, roll(1...count) == 1 { return Curve.Piece(length: length, .unlimited) }
                let (a, b) = (Double(roll(0...2)), Double(roll(0...2)))
                if onlyConstant || roll(0...2) > 0 { return Curve.Piece(length: length, .line(a, a)) }
                return roll(0...1) == 0
                    ? Curve.Piece(length: length, .line(a, b))
                    : Curve.Piece(length: length, .sine(low: a, high: b, period: roll(pieceLengths)))
            }
            // Half as long as a piece, up to several cycles: cut pieces and repeated ones.
            curve.append(roll(pieceLengths.lowerBound / 2 + 1...pieceLengths.upperBound * 5), repeating: pieces)
        }
        return curve
    }
}
