// SPDX-License-Identifier: Apache-2.0

/// Sizes that operations have, each with its share of the operations.
public struct SizeMix: Hashable, Sendable {
    /// One size and how many of the operations have it.
    public struct Part: Hashable, Sendable {
        /// In bytes.
        public var bytes: Int64
        /// In hundredths of a percent; of all parts together ``SizeMix/whole``.
        public var share: Int64

        /// Creates a part.
        public init(bytes: Int64, share: Int64) {
            self.bytes = bytes
            self.share = share
        }
    }

    /// All operations: shares are kept in hundredths of a percent, so that the arithmetic is exact.
    public static let whole: Int64 = 10_000
    /// The most sizes that a mix may have.
    public static let limit = 16

    /// The sizes in the order of writing.
    public let parts: [Part]

    /// Creates a mix.
    ///
    /// - Precondition: there is a part, sizes and shares are above 0, and the shares come to ``whole``.
    public init(_ parts: [Part]) {
        precondition(!parts.isEmpty && parts.allSatisfy { $0.bytes > 0 && $0.share > 0 })
        precondition(parts.reduce(0) { $0 + $1.share } == Self.whole)
        self.parts = parts
    }

    /// Operations that all have one size.
    public init(bytes: Int64) { self.init([Part(bytes: bytes, share: Self.whole)]) }

    /// Reads what ``text`` wrote; `nil` where it is no mix.
    public init?(text: String) {
        var parts: [Part] = []
        for word in text.split(separator: " ") {
            let numbers = word.split(separator: "=", omittingEmptySubsequences: false).map { Int64($0) }
            guard numbers.count == 2, let bytes = numbers[0], let share = numbers[1], bytes > 0,
                (1...Self.whole).contains(share), parts.count < Self.limit
            else { return nil }
            parts.append(Part(bytes: bytes, share: share))
        }
        guard !parts.isEmpty, parts.reduce(0, { $0 + $1.share }) == Self.whole else { return nil }
        self.parts = parts
    }

    /// The mix in plain words, for a process that is told of it: `4096=5000 16384=5000`.
    public var text: String { parts.map { "\($0.bytes)=\($0.share)" }.joined(separator: " ") }

    /// A share as a profile writes it, such as `50%`.
    public static func percent(_ share: Int64) -> String {
        NumberText.text(Double(share) * 100 / Double(whole), places: 2, trimming: true) + "%"
    }

    /// The largest size, in bytes.
    public var largest: Int64 { parts.map(\.bytes).max() ?? 0 }

    /// The smallest size, in bytes.
    public var smallest: Int64 { parts.map(\.bytes).min() ?? 0 }

    /// What all sizes are multiples of, in bytes.
    public var step: Int64 {
        parts.reduce(0) { step, part in
            var (a, b) = (step, part.bytes)
            while b != 0 { (a, b) = (b, a % b) }
            return a
        }
    }

    /// The mean of something that each size has, over the operations.
    public func mean(_ value: (Int64) -> Double) -> Double {
        parts.reduce(0) { $0 + value($1.bytes) * Double($1.share) } / Double(Self.whole)
    }

    /// The mean size, in bytes.
    public var mean: Double { mean { Double($0) } }
}

/// The sizes of a mix in the order in which they come.
///
/// Of the first n operations each size has its share, for every n, to less than one operation. That is the chairman
/// assignment problem; the rule is Tijdeman's: of the sizes that are far enough behind their share take the one that
/// must come first.
///
/// Source: R. Tijdeman, "The chairman assignment problem", Discrete Mathematics 32 (1980).
public struct SizeSequence: Sendable {
    /// The sizes of one period, and the bytes before each of them.
    private let sizes: [Int64]
    private let before: [Int64]
    private let periodBytes: Int64

    /// Creates the sequence of a mix; its table has ``SizeMix/whole`` entries at most.
    public init(_ mix: SizeMix) {
        // The shares repeat after so many operations.
        let divisor = mix.parts.reduce(SizeMix.whole) { divisor, part in
            var (a, b) = (divisor, part.share)
            while b != 0 { (a, b) = (b, a % b) }
            return a
        }
        let period = SizeMix.whole / divisor
        let shares = mix.parts.map { $0.share / divisor }
        // All in units of 1/(period · (2m − 2)), so that nothing is rounded.
        let scale = Int64(max(1, 2 * shares.count - 2))
        var counts = [Int64](repeating: 0, count: shares.count)
        var sizes: [Int64] = []
        var before: [Int64] = []
        var sum: Int64 = 0
        for number in 1...period {
            var chosen = 0
            var least: (numerator: Int64, share: Int64)?
            for (index, share) in shares.enumerated() {
                // How far it would be behind if it did not come now.
                let behind = number * share - counts[index] * period
                guard scale * behind >= period else { continue }
                // When it must come at the latest: (1 − 1/(2m − 2) − what it is behind before now) / its share.
                let room = (scale - 1) * period - scale * (behind - share)
                if let best = least, room * best.share >= best.numerator * share { continue }
                least = (room, share)
                chosen = index
            }
            counts[chosen] += 1
            sizes.append(mix.parts[chosen].bytes)
            before.append(sum)
            sum += mix.parts[chosen].bytes
        }
        self.sizes = sizes
        self.before = before
        periodBytes = sum
    }

    /// The size of operation number `number`, from 0; in bytes.
    public func size(_ number: Int64) -> Int64 { sizes[Int(number % Int64(sizes.count))] }

    /// The bytes of all operations before number `number`; where that is more than 2⁶³, what is left over of it.
    public func bytes(before number: Int64) -> Int64 {
        let (periods, rest) = number.quotientAndRemainder(dividingBy: Int64(sizes.count))
        return periods &* periodBytes &+ before[Int(rest)]
    }

    /// The same, however much it is, as near as `Double` has it.
    public func work(before number: Int64) -> Double {
        let (periods, rest) = number.quotientAndRemainder(dividingBy: Int64(sizes.count))
        return Double(periods) * Double(periodBytes) + Double(before[Int(rest)])
    }
}
