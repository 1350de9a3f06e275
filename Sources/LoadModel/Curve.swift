// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A target over time that knows its exact value and its exact area.
///
/// A curve is a row of sections; a section is a row of pieces that may repeat. Its memory is bounded by what the
/// profile writes, not by how long the run is: a day of pulses is one section with two pieces.
/// Times are nanoseconds since the run's start; before 0 and from ``length`` on the value is 0.
public struct Curve: Hashable, Sendable {
    /// A stretch with one formula.
    public struct Piece: Hashable, Sendable {
        /// The formula; `t` runs from 0 to the piece's length.
        public enum Formula: Hashable, Sendable {
            /// A straight line from the first value to the second.
            case line(Double, Double)
            /// `low + (high − low)·(1 − cos(2πt/T))/2`, `T` in nanoseconds.
            case sine(low: Double, high: Double, period: Nanoseconds)
        }
        /// How long it lasts.
        public var length: Nanoseconds
        /// Its formula.
        public var formula: Formula

        /// Creates a piece.
        public init(length: Nanoseconds, _ formula: Formula) {
            self.length = length
            self.formula = formula
        }
    }

    struct Section: Hashable, Sendable {
        var start: Nanoseconds
        var length: Nanoseconds
        /// Where in its cycle the section begins.
        var offset: Nanoseconds
        /// The pieces of one cycle; the last one is cut where the section ends.
        var pieces: [Piece]
        /// Where each piece starts within the cycle.
        var starts: [Nanoseconds]
        /// The area before each piece within the cycle.
        var areas: [Double]
        /// The cycle's length and area.
        var period: Nanoseconds
        var cycleArea: Double
        /// The area of all sections before this one.
        var areaBefore: Double
        /// Whether the value jumps within a cycle or from one to the next.
        var hasJumps: Bool

        /// The piece that `time`, since the run's start, falls into, and the time within it.
        func place(at time: Nanoseconds) -> (piece: Int, local: Nanoseconds) {
            let local = (time - start + offset) % period
            let index = Curve.lastIndex(in: starts, notAfter: local)
            return (index, local - starts[index])
        }

        /// The area from the section's start until `time`.
        func area(until time: Nanoseconds) -> Double {
            offset == 0
                ? areaInCycles(until: time - start)
                : areaInCycles(until: time - start + offset) - areaInCycles(until: offset)
        }

        /// The area from the first cycle's start on.
        private func areaInCycles(until time: Nanoseconds) -> Double {
            let (cycles, local) = time.quotientAndRemainder(dividingBy: period)
            let index = Curve.lastIndex(in: starts, notAfter: local)
            return Double(cycles) * cycleArea + areas[index] + pieces[index].area(until: local - starts[index])
        }

        /// The greatest value.
        var peak: Double {
            var peak = 0.0
            for (piece, at) in zip(pieces, starts) {
                // The piece lies in the section from `begin`, and once more a cycle later.
                for cycle in [at, at + period] where cycle < offset + length && cycle + piece.length > offset {
                    let from = max(0, offset - cycle)
                    peak = max(peak, piece.peak(from: from, until: min(piece.length, offset + length - cycle)))
                }
            }
            return peak
        }
    }

    private(set) var sections: [Section] = []

    /// How long the curve lasts.
    public private(set) var length: Nanoseconds = 0

    /// Creates a curve of length 0.
    public init() {}

    /// Appends a section of `length` that runs through `pieces` and begins again when they end.
    ///
    /// - Parameter offset: where in its first cycle it begins.
    /// - Precondition: `length > 0`, `pieces` is not empty and every piece is longer than 0; `offset` lies within a
    ///   cycle.
    public mutating func append(_ length: Nanoseconds, repeating pieces: [Piece], offset: Nanoseconds = 0) {
        precondition(length > 0 && !pieces.isEmpty && pieces.allSatisfy { $0.length > 0 })
        var starts: [Nanoseconds] = []
        var areas: [Double] = []
        var start: Nanoseconds = 0
        var area = 0.0
        for piece in pieces {
            starts.append(start)
            areas.append(area)
            start += piece.length
            area += piece.area(until: piece.length)
        }
        precondition(offset >= 0 && offset < start)
        let before = self.area(until: self.length)
        sections.append(
            Section(
                start: self.length, length: length, offset: offset, pieces: pieces, starts: starts, areas: areas,
                period: start, cycleArea: area, areaBefore: before, hasJumps: Section.hasJumps(pieces)))
        self.length += length
    }

    /// The target at `time`.
    public func value(at time: Nanoseconds) -> Double {
        guard time >= 0, time < length else { return 0 }
        let section = sections[sectionIndex(at: time)]
        let (index, local) = section.place(at: time)
        return section.pieces[index].value(at: local)
    }

    /// The integral of the value from the start until `time`, in units times nanoseconds.
    ///
    /// Of a CPU curve in cores, this is CPU time in nanoseconds. Every formula is integrated in closed form, so the
    /// error is that of `Double`: a few ns of CPU time in a year of one core.
    public func area(until time: Nanoseconds) -> Double {
        guard time > 0, !sections.isEmpty else { return 0 }
        let end = min(time, length)
        let section = sections[sectionIndex(at: min(end, length - 1))]
        return section.areaBefore + section.area(until: end)
    }

    /// The mean value between two times; the value itself where they are equal.
    public func mean(from start: Nanoseconds, to end: Nanoseconds) -> Double {
        end > start ? (area(until: end) - area(until: start)) / Double(end - start) : value(at: start)
    }

    /// Until when the value stays what it is at `time`; `time` itself where it is changing.
    public func constantUntil(after time: Nanoseconds) -> Nanoseconds {
        guard time < length else { return .max }
        guard time >= 0 else { return 0 }
        var index = sectionIndex(at: time)
        let value = self.value(at: time)
        var until = time
        while index < sections.count {
            let section = sections[index]
            let cycleStart = until - (until - section.start + section.offset) % section.period
            var piece = Self.lastIndex(in: section.starts, notAfter: until - cycleStart)
            while piece < section.pieces.count, section.pieces[piece].isConstant(value) {
                until = cycleStart + section.starts[piece] + section.pieces[piece].length
                piece += 1
            }
            let sectionEnd = section.start + section.length
            if until >= sectionEnd {
                until = sectionEnd
                index += 1
            } else if section.pieces.allSatisfy({ $0.isConstant(value) }) {
                until = sectionEnd
                index += 1
            } else {
                return until
            }
        }
        return until
    }

    /// The greatest value anywhere on the curve; 0 for an empty one.
    public var peak: Double { peak(from: 0, to: length) }

    /// The greatest value of the sections that overlap the time from `start` up to `end`; a phase is one section.
    public func peak(from start: Nanoseconds, to end: Nanoseconds) -> Double {
        var peak = 0.0
        for section in sections where section.start < end && section.start + section.length > start {
            peak = max(peak, section.peak)
        }
        return peak
    }

    func sectionIndex(at time: Nanoseconds) -> Int {
        var low = 0
        var high = sections.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if sections[middle].start <= time { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private static func lastIndex(in starts: [Nanoseconds], notAfter time: Nanoseconds) -> Int {
        var low = 0
        var high = starts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if starts[middle] <= time { low = middle } else { high = middle - 1 }
        }
        return low
    }
}

extension Curve.Piece {
    func value(at time: Nanoseconds) -> Double {
        switch formula {
        case .line(let from, let to):
            return from + (to - from) * (Double(time) / Double(length))
        case .sine(let low, let high, let period):
            let angle = 2 * Double.pi * Double(time % period) / Double(period)
            return low + (high - low) * (1 - cos(angle)) / 2
        }
    }

    func area(until time: Nanoseconds) -> Double {
        switch formula {
        case .line(let from, let to):
            let t = Double(time)
            return from * t + (to - from) * t * t / (2 * Double(length))
        case .sine(let low, let high, let period):
            let angle = 2 * Double.pi * Double(time % period) / Double(period)
            return (low + high) / 2 * Double(time) - (high - low) / 2 * Double(period) / (2 * Double.pi) * sin(angle)
        }
    }

    func isConstant(_ value: Double) -> Bool {
        switch formula {
        case .line(let from, let to): from == value && to == value
        case .sine(let low, let high, _): low == value && high == value
        }
    }

    /// The greatest value of a piece that is cut at `start` and `end`.
    func peak(from start: Nanoseconds, until end: Nanoseconds) -> Double {
        switch formula {
        case .line: return max(value(at: start), value(at: end))
        case .sine(let low, let high, let period):
            // The top lies half a period into each, or where each begins.
            let cycle = start - start % period
            let top = high >= low ? cycle + period / 2 : cycle
            let isOver = (top >= start ? top : top + period) <= end
            return isOver ? max(low, high) : max(value(at: start), value(at: end))
        }
    }
}

// Curves that are changed while a run follows them.
extension Curve {
    /// This curve up to `end`, and nothing after it.
    public func prefix(until end: Nanoseconds) -> Curve {
        var curve = Curve()
        curve.append(self, from: 0, to: end)
        return curve
    }

    /// Appends what `other` does from `start` up to `end`, or to its own end where that comes first.
    public mutating func append(_ other: Curve, from start: Nanoseconds, to end: Nanoseconds = .max) {
        for section in other.sections {
            let (from, until) = (max(start, section.start), min(end, section.start + section.length))
            guard from < until else { continue }
            let offset = (section.offset + from - section.start) % section.period
            append(until - from, repeating: section.pieces, offset: offset)
        }
    }

    /// The same curve from `time` on, with all sections that end before it drawn together into one of the same area.
    ///
    /// What is past is only asked for its area; so a curve that is changed again and again stays small.
    public func condensed(before time: Nanoseconds) -> Curve {
        let past = sections.prefix { $0.start + $0.length <= time }
        guard past.count > 1, let last = past.last else { return self }
        let end = last.start + last.length
        let mean = area(until: end) / Double(end)
        var curve = Curve()
        curve.append(end, repeating: [Piece(length: end, .line(mean, mean))])
        curve.append(self, from: end)
        return curve
    }

    /// How many words ``words`` has.
    public var wordCount: Int { sections.reduce(1) { $0 + 3 + 5 * $1.pieces.count } }
}

// The curve crosses from the observer to a stressor process as plain 64-bit words in shared memory, so that the
// stressor needs no decoder library in its resident set.
extension Curve {
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
        /// A value that drivers can turn into integers: no NaN, nothing negative, less than 2⁶³.
        func nextValue() -> Double? {
            next().map { Double(bitPattern: $0) }.flatMap { (0...1e18).contains($0) ? $0 : nil }
        }
        guard let sectionCount = next(), sectionCount < 1 << 32 else { return nil }
        for _ in 0..<sectionCount {
            guard let length = nextTime(), let offset = nextTime(), let pieceCount = next(), pieceCount < 1 << 32
            else { return nil }
            var pieces: [Piece] = []
            var cycle: Nanoseconds = 0
            for _ in 0..<pieceCount {
                guard let pieceLength = nextTime(), pieceLength > 0, let tag = next(), tag <= 1,
                    let a = nextValue(), let b = nextValue(), let period = nextTime(), tag == 0 || period > 0
                else { return nil }
                cycle += pieceLength
                guard cycle <= Self.longest else { return nil }
                pieces.append(
                    Piece(length: pieceLength, tag == 1 ? .sine(low: a, high: b, period: period) : .line(a, b)))
            }
            guard length > 0, !pieces.isEmpty, offset < cycle, self.length + length <= Self.longest else { return nil }
            append(length, repeating: pieces, offset: offset)
        }
        guard position == words.count else { return nil }
    }

    private static var longest: Nanoseconds { .max / 2 }
}
