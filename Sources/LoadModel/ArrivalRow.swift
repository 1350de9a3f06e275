// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Operations that come at times that are drawn, as those of many users who know nothing of each other: a Poisson
/// process.
public struct DrawnArrivals: Hashable, Sendable {
    /// What the times are drawn from: the same seed, the same times.
    public var seed: UInt64
    /// Units of work in one operation, in the mean.
    public var work: Double

    /// The most operations that may be drawn for one run.
    public static let limit = 1e10

    /// Creates arrivals.
    public init(seed: UInt64, work: Double) {
        self.seed = seed
        self.work = work
    }
}

/// Where the arrivals of a Poisson process of rate 1 lie: at the sums of exponential draws.
///
/// Under a target that changes, the k-th operation is due where the target's area, in operations, reaches the k-th sum;
/// so a ramp has a Poisson process whose rate ramps.
///
/// Draws come in blocks, each from a seed of its own. The sum of a block is drawn first, from the gamma distribution,
/// and the draws in it are then scaled to that sum, which is the same as to add them up: the shares of independent
/// exponential numbers do not depend on their sum. So what is far away can be reached without a step for each arrival,
/// and two that follow the same seed, a load and its observer, find the same times wherever they begin.
public struct ArrivalRow: Sendable {
    /// Draws in a block.
    static let blockLength: Int64 = 1024

    private let seed: UInt64
    private var block: Int64 = 0
    /// The sum of all draws before the block, and that of the block.
    private var start = 0.0
    private var sum: Double
    /// The sums within the block, from its start on; empty until they are asked for.
    private var sums: [Double] = []

    /// Creates the row of a seed.
    public init(seed: UInt64) {
        self.seed = seed
        sum = Self.generator(seed, 0).nextGamma(Double(Self.blockLength)).value
    }

    /// Where arrival number `number` lies, from 0.
    public mutating func place(of number: Int64) -> Double {
        let (wanted, index) = number.quotientAndRemainder(dividingBy: Self.blockLength)
        while block < wanted { goOn() }
        while block > wanted { goBack() }
        draw()
        return start + sums[Int(index)]
    }

    /// How many arrivals lie at `place` or before it.
    public mutating func count(until place: Double) -> Int64 {
        while place >= start + sum { goOn() }
        while place < start, block > 0 { goBack() }
        draw()
        var (low, high) = (0, sums.count)
        while low < high {
            let middle = (low + high) / 2
            if start + sums[middle] <= place { low = middle + 1 } else { high = middle }
        }
        return block * Self.blockLength + Int64(low)
    }

    private mutating func goOn() {
        start += sum
        block += 1
        sum = Self.generator(seed, block).nextGamma(Double(Self.blockLength)).value
        sums.removeAll(keepingCapacity: true)
    }

    private mutating func goBack() {
        block -= 1
        sum = Self.generator(seed, block).nextGamma(Double(Self.blockLength)).value
        start = block == 0 ? 0 : start - sum
        sums.removeAll(keepingCapacity: true)
    }

    private mutating func draw() {
        guard sums.isEmpty else { return }
        var generator = Self.generator(seed, block).nextGamma(Double(Self.blockLength)).rest
        var own = 0.0
        for _ in 0..<Self.blockLength {
            own += generator.nextExponential()
            sums.append(own)
        }
        let scale = sum / own
        for index in sums.indices { sums[index] *= scale }
    }

    /// The generator of a block; a block's seed is drawn, so that those of two seeds have nothing in common.
    private static func generator(_ seed: UInt64, _ block: Int64) -> SplitMix64 {
        var outer = SplitMix64(state: seed &+ UInt64(bitPattern: block) &* 0xD1B5_4A32_D192_ED03)
        return SplitMix64(state: outer.next())
    }
}

extension SplitMix64 {
    /// An exponential number of mean 1.
    mutating func nextExponential() -> Double { -log(1 - nextUnit()) }

    /// A gamma number of a shape above 1 and scale 1, and the generator after it.
    ///
    /// Source: Marsaglia, Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
    func nextGamma(_ shape: Double) -> (value: Double, rest: SplitMix64) {
        var generator = self
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            // A normal number, of Box and Muller.
            let radius = (2 * generator.nextExponential()).squareRoot()
            let x = radius * cos(2 * Double.pi * generator.nextUnit())
            let root = 1 + c * x
            let u = 1 - generator.nextUnit()
            guard root > 0 else { continue }
            let v = root * root * root
            if log(u) < x * x / 2 + d * (1 - v + log(v)) { return (d * v, generator) }
        }
    }
}
