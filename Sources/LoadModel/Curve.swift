// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A target over time that knows its exact value and its exact area.
///
/// A curve is a row of sections; a section is a row of pieces that may repeat. Its memory is bounded by what the
/// profile writes, not by how long the run is: a day of pulses is one section with two pieces.
/// Times are nanoseconds since the run's start; before 0 and from ``length`` on the value is 0. Where it asks for as
/// much as there is, the value is infinite; the area counts what has a figure, and ``unlimitedLength(from:to:)`` the
/// time that has none.
public struct Curve: Hashable, Sendable {
    /// A stretch with one formula.
    public struct Piece: Hashable, Sendable {
        /// The formula; `t` runs from 0 to the piece's length.
        public enum Formula: Hashable, Sendable {
            /// A straight line from the first value to the second.
            case line(Double, Double)
            /// `low + (high − low)·(1 − cos(2πt/T))/2`, `T` in nanoseconds.
            case sine(low: Double, high: Double, period: Nanoseconds)
            /// A straight line with one wave or two on top of it.
            case waves(Double, Double, Wave, Wave?)
            /// As much as there is: it has no figure, its value is infinite and its area is 0.
            case unlimited
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

        /// Creates a piece that holds `value`; as much as there is where that is infinite.
        public init(length: Nanoseconds, holding value: Double) {
            self.init(length: length, from: value, to: value)
        }

        /// Creates a straight line; as much as there is where one of its ends is infinite.
        public init(length: Nanoseconds, from start: Double, to end: Double) {
            self.init(length: length, start.isFinite && end.isFinite ? .line(start, end) : .unlimited)
        }

        /// Whether its figures are such.
        var isFinite: Bool {
            switch formula {
            case .line(let from, let to): from.isFinite && to.isFinite
            case .sine(let low, let high, _): low.isFinite && high.isFinite
            case .waves(let from, let to, let wave, let other):
                from.isFinite && to.isFinite && wave.isFinite && other?.isFinite != false
            case .unlimited: true
            }
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
        /// The time without a figure before each piece within the cycle, in the cycle, and in all sections before this.
        var unlimitedTimes: [Nanoseconds]
        var cycleUnlimited: Nanoseconds
        var unlimitedBefore: Nanoseconds
        /// The greatest value; asked for again and again, of up to a hundred thousand pieces.
        private(set) var peak = 0.0

        /// The piece that `time`, since the run's start, falls into, and the time within it.
        func place(at time: Nanoseconds) -> (piece: Int, local: Nanoseconds) {
            let local = (time - start + offset) % period
            let index = Curve.lastIndex(in: starts, notAfter: local)
            return (index, local - starts[index])
        }

        /// The value at `time`, since the run's start.
        func value(at time: Nanoseconds) -> Double {
            let (index, local) = place(at: time)
            return pieces[index].value(at: local)
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

        /// Finds the greatest value, once all is there.
        mutating func findPeak() {
            for (piece, at) in zip(pieces, starts) {
                // The piece lies in the section from `begin`, and once more a cycle later.
                for cycle in [at, at + period] where cycle < offset + length && cycle + piece.length > offset {
                    let from = max(0, offset - cycle)
                    peak = max(peak, piece.peak(from: from, until: min(piece.length, offset + length - cycle)))
                }
            }
        }
    }

    private(set) var sections: [Section] = []

    /// How long the curve lasts.
    public private(set) var length: Nanoseconds = 0

    /// How long it asks for as much as there is, in all.
    private(set) var unlimitedTotal: Nanoseconds = 0

    /// Creates a curve of length 0.
    public init() {}

    /// Appends a section of `length` that runs through `pieces` and begins again when they end.
    ///
    /// - Parameter offset: where in its first cycle it begins.
    /// - Precondition: `length > 0`, `pieces` is not empty, every piece is longer than 0 and its figures are finite;
    ///   `offset` lies within a cycle.
    public mutating func append(_ length: Nanoseconds, repeating pieces: [Piece], offset: Nanoseconds = 0) {
        precondition(length > 0 && !pieces.isEmpty && pieces.allSatisfy { $0.length > 0 && $0.isFinite })
        var starts: [Nanoseconds] = []
        var areas: [Double] = []
        var unlimitedTimes: [Nanoseconds] = []
        var start: Nanoseconds = 0
        var area = 0.0
        var unlimited: Nanoseconds = 0
        for piece in pieces {
            starts.append(start)
            areas.append(area)
            unlimitedTimes.append(unlimited)
            start += piece.length
            area += piece.area(until: piece.length)
            if piece.formula == .unlimited { unlimited += piece.length }
        }
        precondition(offset >= 0 && offset < start)
        let before = self.area(until: self.length)
        sections.append(
            Section(
                start: self.length, length: length, offset: offset, pieces: pieces, starts: starts, areas: areas,
                period: start, cycleArea: area, areaBefore: before, hasJumps: Section.hasJumps(pieces),
                unlimitedTimes: unlimitedTimes, cycleUnlimited: unlimited, unlimitedBefore: unlimitedTotal))
        sections[sections.count - 1].findPeak()
        self.length += length
        unlimitedTotal = sections[sections.count - 1].unlimitedTime(until: self.length)
    }

    /// The target at `time`; infinite where that is as much as there is.
    public func value(at time: Nanoseconds) -> Double {
        guard time >= 0, time < length else { return 0 }
        return sections[sectionIndex(at: time)].value(at: time)
    }

    /// The integral of the value from the start until `time`, in units times nanoseconds.
    ///
    /// What has no figure adds nothing. Of a CPU curve in cores, this is CPU time in nanoseconds. Every formula is
    /// integrated in closed form, so the error is that of `Double`: a few ns of CPU time in a year of one core.
    public func area(until time: Nanoseconds) -> Double {
        guard time > 0, !sections.isEmpty else { return 0 }
        let end = min(time, length)
        let index = sectionIndex(at: min(end, length - 1))
        return sections[index].areaBefore + sections[index].area(until: end)
    }

    /// The mean value between two times, over the time that has a figure; infinite where none has, and the value itself
    /// where the times are equal.
    public func mean(from start: Nanoseconds, to end: Nanoseconds) -> Double {
        guard end > start else { return value(at: start) }
        let finite = end - start - unlimitedLength(from: start, to: end)
        return finite > 0 ? (area(until: end) - area(until: start)) / Double(finite) : .infinity
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

    /// The greatest value anywhere on the curve; 0 for an empty one, infinite where it asks for as much as there is.
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

    static func lastIndex(in starts: [Nanoseconds], notAfter time: Nanoseconds) -> Int {
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
        case .waves(let from, let to, let wave, let other):
            let line = from + (to - from) * (Double(time) / Double(length))
            return line + wave.value(at: time) + (other?.value(at: time) ?? 0)
        case .unlimited: return .infinity
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
        case .waves(let from, let to, let wave, let other):
            let t = Double(time)
            let line = from * t + (to - from) * t * t / (2 * Double(length))
            return line + wave.area(until: time) + (other?.area(until: time) ?? 0)
        case .unlimited: return 0
        }
    }

    func isConstant(_ value: Double) -> Bool {
        switch formula {
        case .line(let from, let to): from == value && to == value
        case .sine(let low, let high, _): low == value && high == value
        case .waves: false
        case .unlimited: value == .infinity
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
        case .waves(let from, let to, let wave, let other):
            let waves = [wave] + (other.map { [$0] } ?? [])
            return extremes(of: waves, on: (from, to), from: start, until: end).upperBound
        case .unlimited: return .infinity
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

    /// The same curve from `time` on, with all sections that end before it drawn together: into two where one begins at
    /// `start`, and else into one.
    ///
    /// What is past is only asked for its area, and for how long it had no figure, from `start` on; so a curve that is
    /// changed again and again stays small.
    public func condensed(before time: Nanoseconds, keeping start: Nanoseconds = 0) -> Curve {
        let past = sections.prefix { $0.start + $0.length <= time }
        let early = past.prefix { $0.start + $0.length <= start }.count
        guard early > 1 || past.count - early > 1, let last = past.last else { return self }
        var curve = Curve()
        let edge = early > 0 ? past[early - 1].start + past[early - 1].length : 0
        curve.appendSum(of: self, from: 0, to: edge)
        curve.appendSum(of: self, from: edge, to: last.start + last.length)
        curve.append(self, from: last.start + last.length)
        return curve
    }

    /// Appends one section with the area of `other` between two times, and as much time without a figure.
    private mutating func appendSum(of other: Curve, from start: Nanoseconds, to end: Nanoseconds) {
        guard end > start else { return }
        let unlimited = other.unlimitedLength(from: start, to: end)
        var pieces: [Piece] = []
        if unlimited > 0 { pieces.append(Piece(length: unlimited, .unlimited)) }
        if unlimited < end - start {
            pieces.append(Piece(length: end - start - unlimited, holding: other.mean(from: start, to: end)))
        }
        append(end - start, repeating: pieces)
    }
}
