// SPDX-License-Identifier: Apache-2.0

/// Which block the k-th operation goes to, and what it does there: arithmetic on k, so that threads share a counter.
struct OperationPattern: Sendable {
    /// One operation.
    struct Operation: Hashable {
        /// Where it begins in the file, in bytes.
        var offset: Int64
        var isWrite: Bool
        /// Whether an fdatasync belongs to it.
        var syncs: Bool
    }

    /// Shares are kept in hundredths of a percent, so that the arithmetic is exact.
    static let whole: Int64 = 10_000

    let block: Int64
    let blocks: Int64
    private let reads: Int64
    private let isRandom: Bool
    private let syncEvery: Int64
    private let bits: UInt64
    private let seed: UInt64

    /// Creates the pattern of a file of `blocks` blocks.
    ///
    /// - Parameters:
    ///   - readShare: reads among the operations, in hundredths of a percent.
    ///   - syncEvery: an fdatasync belongs to every that many writes; 0 for none.
    init(block: Int, blocks: Int64, readShare: Int64, isRandom: Bool, syncEvery: Int = 0, seed: UInt64 = 0) {
        self.block = Int64(block)
        self.blocks = max(1, blocks)
        reads = min(Self.whole, max(0, readShare))
        self.isRandom = isRandom
        self.syncEvery = Int64(syncEvery)
        self.seed = seed
        bits = UInt64(Int64.bitWidth - (self.blocks - 1).leadingZeroBitCount)
    }

    /// Operation number `number`, from 0.
    func operation(_ number: Int64) -> Operation {
        let (pass, index) = number.quotientAndRemainder(dividingBy: blocks)
        let place = isRandom ? shuffled(UInt64(index), pass: UInt64(pass)) : index
        // Error diffusion: of the first n operations floor(n · share) are reads, for every n.
        let readsBefore = share(number)
        let isWrite = share(number + 1) == readsBefore
        let syncs = isWrite && syncEvery > 0 && (number - readsBefore + 1) % syncEvery == 0
        return Operation(offset: place * block, isWrite: isWrite, syncs: syncs)
    }

    private func share(_ number: Int64) -> Int64 {
        // In two parts, so that no count of operations overflows.
        let (rounds, rest) = number.quotientAndRemainder(dividingBy: Self.whole)
        return rounds * reads + rest * reads / Self.whole
    }

    /// A permutation of 0..<blocks, another one in each pass.
    ///
    /// Odd factors, sums and shifts are bijections of the next power of two; what falls beyond the file is sent through
    /// them again until it does not, which keeps the whole a bijection.
    private func shuffled(_ index: UInt64, pass: UInt64) -> Int64 {
        guard bits > 0 else { return 0 }
        let mask = bits == 64 ? UInt64.max : (1 << bits) - 1
        let shift = bits / 2 + 1
        let key = Self.mix(seed ^ (pass &+ 1) &* 0x9E37_79B9_7F4A_7C15)
        var value = index
        repeat {
            value = (value &* (key | 1) &+ (key >> 32)) & mask
            value ^= value >> shift
            value = (value &* 0xD1B5_4A32_D192_ED03 &+ key) & mask
            value ^= value >> shift
            value = (value &* 0xAEF1_7502_108E_F2D9 &+ (key >> 16)) & mask
        } while value >= UInt64(blocks)
        return Int64(value)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
