// SPDX-License-Identifier: Apache-2.0

// Where a curve jumps, and what lies between two times.
extension Curve {
    /// The first time after `time` at which the value jumps; ``length`` where it does not before its end, at which it
    /// falls to 0; `nil` from there on.
    public func nextJump(after time: Nanoseconds) -> Nanoseconds? {
        guard time < length else { return nil }
        if time < 0, value(at: 0) > 0 { return 0 }
        var index = sectionIndex(at: max(0, time))
        while index < sections.count {
            let section = sections[index]
            if let jump = section.jump(after: time) { return jump }
            let end = section.start + section.length
            if end >= length { return length }
            if Self.isJump(section.endValue, value(at: end)) { return end }
            index += 1
        }
        return length
    }

    /// What the value came from at `time`: its limit from the left.
    public func valueBefore(_ time: Nanoseconds) -> Double {
        guard time > 0, time <= length, !sections.isEmpty else { return 0 }
        return sections[sectionIndex(at: time - 1)].valueBefore(time)
    }

    /// The least and the greatest value from `start` up to `end`; of more than a few hundred pieces, of their sections.
    ///
    /// - Parameter isExact: whether as many pieces are looked at as there are.
    public func extremes(from start: Nanoseconds, to end: Nanoseconds, isExact: Bool = false) -> ClosedRange<Double> {
        guard end > start else {
            let value = value(at: start)
            return value...value
        }
        var least = Double.infinity
        var most = -Double.infinity
        func take(_ value: Double) {
            least = min(least, value)
            most = max(most, value)
        }
        if start < 0 || end > length { take(0) }
        for section in sections where section.start < end && section.start + section.length > start {
            section.extremes(
                from: max(start, section.start), to: min(end, section.start + section.length),
                pieces: isExact ? max(256, section.pieces.count + 1) : 256, take)
        }
        return least <= most ? least...most : 0...0
    }

    /// The same curve up to `time`, and from there on each value that has a figure times `factor`.
    public func scaled(by factor: Double, from time: Nanoseconds) -> Curve {
        var curve = prefix(until: time)
        for section in sections {
            let (from, until) = (max(time, section.start), section.start + section.length)
            guard from < until else { continue }
            let pieces = section.pieces.map { piece in
                let formula: Piece.Formula =
                    switch piece.formula {
                    case .line(let a, let b): .line(a * factor, b * factor)
                    case .sine(let low, let high, let period):
                        .sine(low: low * factor, high: high * factor, period: period)
                    case .waves(let a, let b, let wave, let other):
                        .waves(
                            a * factor, b * factor, wave.scaled(by: factor), other.map { $0.scaled(by: factor) })
                    case .unlimited: .unlimited
                    }
                return Piece(length: piece.length, formula)
            }
            curve.append(
                until - from, repeating: pieces, offset: (section.offset + from - section.start) % section.period)
        }
        return curve
    }

    /// Whether two values at one time are a jump, and not the same value but for rounding.
    public static func isJump(_ from: Double, _ to: Double) -> Bool {
        guard from.isFinite, to.isFinite else { return from != to }
        return abs(from - to) > 1e-9 * max(abs(from), abs(to))
    }
}

extension Curve.Section {
    /// The value just before the section's end.
    var endValue: Double { valueBefore(start + length) }

    /// The value just before `time`, which lies in the section or is its end.
    func valueBefore(_ time: Nanoseconds) -> Double {
        let (index, local) = place(at: time - 1)
        return pieces[index].value(at: local + 1)
    }

    /// The first jump after `time` that lies within the section, its end left out.
    func jump(after time: Nanoseconds) -> Nanoseconds? {
        guard hasJumps else { return nil }
        let end = start + length
        var at = max(time, start)
        var (index, local) = place(at: at)
        // One whole cycle has seen all that there is.
        for _ in 0...pieces.count {
            let boundary = at + pieces[index].length - local
            guard boundary < end else { return nil }
            let next = (index + 1) % pieces.count
            if boundary > time, Curve.isJump(pieces[index].value(at: pieces[index].length), pieces[next].value(at: 0)) {
                return boundary
            }
            (at, index, local) = (boundary, next, 0)
        }
        return nil
    }

    /// Whether two of its pieces, in its cycle, do not meet.
    static func hasJumps(_ pieces: [Curve.Piece]) -> Bool {
        pieces.indices.contains { index in
            let next = pieces[(index + 1) % pieces.count]
            return Curve.isJump(pieces[index].value(at: pieces[index].length), next.value(at: 0))
        }
    }

    /// Hands out values that bound the section from `from` up to `to`.
    func extremes(from: Nanoseconds, to: Nanoseconds, pieces most: Int, _ take: (Double) -> Void) {
        var at = from
        var (index, local) = place(at: at)
        for _ in 0..<most {
            let piece = pieces[index]
            let until = min(piece.length, local + to - at)
            take(piece.peak(from: local, until: until))
            take(piece.least(from: local, until: until))
            at += until - local
            guard at < to else { return }
            (index, local) = ((index + 1) % pieces.count, 0)
        }
        for piece in pieces {
            take(piece.peak(from: 0, until: piece.length))
            take(piece.least(from: 0, until: piece.length))
        }
    }
}

extension Curve.Piece {
    /// The least value of a piece that is cut at `start` and `end`.
    func least(from start: Nanoseconds, until end: Nanoseconds) -> Double {
        switch formula {
        case .line: return min(value(at: start), value(at: end))
        case .sine(let low, let high, let period):
            // The bottom lies where each period begins, or half a period into it.
            let cycle = start - start % period
            let bottom = high >= low ? cycle : cycle + period / 2
            let isOver = (bottom >= start ? bottom : bottom + period) <= end
            return isOver ? min(low, high) : min(value(at: start), value(at: end))
        case .waves(let from, let to, let wave, let other):
            let waves = [wave] + (other.map { [$0] } ?? [])
            return extremes(of: waves, on: (from, to), from: start, until: end).lowerBound
        case .unlimited: return .infinity
        }
    }
}
