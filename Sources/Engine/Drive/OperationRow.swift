// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The operations of a rate: what each of them does, and at which area under the target each is due.
public struct OperationRow: Sendable {
    /// Units of work in one operation, in the mean.
    public let mean: Double
    /// Units of work in the first operations, so many; `nil` where all are alike.
    private let work: (@Sendable (Int64) -> Double)?
    /// Where they are drawn; `nil` where they come evenly.
    private var drawn: ArrivalRow?

    /// Creates a row of operations that are all alike.
    public init(work: Double) {
        mean = work
        self.work = nil
    }

    /// Creates a row of operations of which each does its own amount of work.
    ///
    /// - Parameters:
    ///   - mean: the mean of them all.
    ///   - work: the work of the first operations, so many; never less than `mean` times their number by more than a
    ///     bounded amount, nor more.
    public init(mean: Double, work: @escaping @Sendable (Int64) -> Double) {
        self.mean = mean
        self.work = work
    }

    /// The same operations at times that are drawn.
    public func drawn(from seed: UInt64) -> OperationRow {
        var row = self
        row.drawn = ArrivalRow(seed: seed)
        return row
    }

    /// Whether they come at times that are drawn.
    var isDrawn: Bool { drawn != nil }

    /// How much work is due when operation number `number` is, from 0: of an even row half of its own is.
    mutating func due(_ number: Int64) -> Double {
        if let place = drawn?.place(of: number) { return place * mean }
        guard let work else { return (Double(number) + 0.5) * mean }
        return (work(number) + work(number + 1)) / 2
    }

    /// How many operations are due when so much work is.
    mutating func count(until due: Double) -> Int64 {
        guard due > 0 else { return 0 }
        if let count = drawn?.count(until: due / mean) { return count }
        // Too much for anybody to count.
        let even = min((due / mean + 0.5).rounded(.down), 1e15)
        guard work != nil else { return Int64(even) }
        // They stray from the mean by a bounded amount: look around in growing steps, then halve.
        var (low, high, step) = (Int64(even), Int64(even), Int64(1))
        while low > 0, self.due(low - 1) > due { (low, step) = (max(0, low - step), step * 2) }
        step = 1
        while self.due(high) <= due { (high, step) = (high + step, step * 2) }
        while low < high {
            let middle = low + (high - low) / 2
            if self.due(middle) <= due { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How many operations are due when so much work is, in parts of one where all are alike and come evenly.
    mutating func progress(until due: Double) -> Double {
        drawn == nil && work == nil ? due / mean : Double(count(until: due))
    }
}
