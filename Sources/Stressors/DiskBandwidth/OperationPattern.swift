// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What the k-th operation is and where it goes: arithmetic on k, so that threads share a counter.
struct OperationPattern: Sendable {
    /// One operation.
    struct Operation: Hashable {
        /// Where it begins in the file, in bytes.
        var offset: Int64
        /// How many bytes it reads or writes.
        var count: Int
        var isWrite: Bool
        /// Whether an fdatasync belongs to it.
        var syncs: Bool
        /// Whether it differs so from its neighbours on the disk that are in flight with it.
        var isOdd: Bool

        /// The units of work that it does.
        func work(_ countsOperations: Bool) -> Int64 { countsOperations ? 1 : Int64(count) }
    }

    /// Shares are kept in hundredths of a percent, so that the arithmetic is exact.
    static let whole: Int64 = 10_000

    /// The bytes of the file, a multiple of the largest operation.
    private let size: Int64
    private let largest: Int64
    private let isMixed: Bool
    private let sequence: SizeSequence
    /// How many of the largest operation the file has room for.
    private let places: Int64
    private let reads: Int64
    private let isRandom: Bool
    private let syncEvery: Int64
    private let bits: UInt64
    private let seed: UInt64

    /// Creates the pattern of a file.
    ///
    /// - Parameters:
    ///   - mix: the sizes of the operations; reads have each its share, and so have writes.
    ///   - size: the file's bytes.
    ///   - readShare: reads among the operations, in hundredths of a percent.
    ///   - syncEvery: an fdatasync belongs to every that many writes; 0 for none.
    init(mix: SizeMix, size: Int64, readShare: Int64, isRandom: Bool, syncEvery: Int = 0, seed: UInt64 = 0) {
        largest = mix.largest
        isMixed = mix.parts.count > 1
        sequence = SizeSequence(mix)
        places = max(1, size / mix.largest)
        self.size = places * mix.largest
        reads = min(Self.whole, max(0, readShare))
        self.isRandom = isRandom
        self.syncEvery = Int64(syncEvery)
        self.seed = seed
        bits = UInt64(Int64.bitWidth - (places - 1).leadingZeroBitCount)
    }

    /// Operation number `number`, from 0.
    func operation(_ number: Int64) -> Operation {
        // Error diffusion: of the first n operations floor(n · share) are reads, for every n.
        let readsBefore = share(number)
        let isWrite = share(number + 1) == readsBefore
        let ordinal = isWrite ? number - readsBefore : readsBefore
        let syncs = isWrite && syncEvery > 0 && (ordinal + 1) % syncEvery == 0
        let count = sequence.size(ordinal)
        let (offset, isOdd) = place(of: number, count: count)
        return Operation(offset: offset, count: Int(count), isWrite: isWrite, syncs: syncs, isOdd: isOdd)
    }

    /// The bytes of the first operations, so many.
    func bytes(ofFirst number: Int64) -> Double {
        let readsBefore = share(number)
        return sequence.work(before: readsBefore) + sequence.work(before: number - readsBefore)
    }

    private func place(of number: Int64, count: Int64) -> (offset: Int64, isOdd: Bool) {
        let (pass, index) = number.quotientAndRemainder(dividingBy: places)
        if isRandom {
            // A place has room for the largest; a smaller one lies anywhere in it, at a multiple of its size.
            let place = shuffled(UInt64(index), pass: UInt64(pass))
            let choices = UInt64(largest / count)
            let choice = choices > 1 ? Self.mix(seed ^ UInt64(number)) % choices : 0
            return (place * largest + Int64(choice) * count, place % 2 == 1)
        }
        guard isMixed else { return (index * largest, index % 2 == 1) }
        let readsBefore = share(number)
        let before = sequence.bytes(before: readsBefore) &+ sequence.bytes(before: number - readsBefore)
        // What would go beyond the file's end lies before it.
        return (min((before & .max) % size, size - count), number % 2 == 1)
    }

    private func share(_ number: Int64) -> Int64 {
        // In two parts, so that no count of operations overflows.
        let (rounds, rest) = number.quotientAndRemainder(dividingBy: Self.whole)
        return rounds * reads + rest * reads / Self.whole
    }

    /// A permutation of the places, another one in each pass.
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
        } while value >= UInt64(places)
        return Int64(value)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
