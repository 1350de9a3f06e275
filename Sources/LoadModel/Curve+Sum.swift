// SPDX-License-Identifier: Apache-2.0

extension Curve {
    /// The most waves that a piece can have on it.
    public static let waveLimit = 2

    /// The sum of curves of one length, of which ``waveLimit`` have waves at most; its area is the sum of theirs.
    static func sum(_ curves: [Curve]) -> Curve {
        guard var sum = curves.first else { return Curve() }
        for curve in curves.dropFirst() { sum = sum.adding(curve) }
        return sum
    }

    private func adding(_ b: Curve) -> Curve {
        let a = self
        if let constant = a.constant { return b.raised(by: constant) }
        if let constant = b.constant { return a.raised(by: constant) }
        var pieces: [Piece] = []
        var time: Nanoseconds = 0
        while time < a.length {
            let (first, second) = (a.rest(at: time), b.rest(at: time))
            let length = min(first.length, second.length)
            pieces.append(first.cut(at: length).adding(second.cut(at: length)))
            time += length
        }
        var curve = Curve()
        if !pieces.isEmpty { curve.append(time, repeating: pieces) }
        return curve
    }

    /// The value of a curve that never changes; `nil` of others.
    private var constant: Double? {
        let value = value(at: 0)
        return length > 0 && value.isFinite && constantUntil(after: 0) >= length ? value : nil
    }

    /// The same curve with `amount` on top of it; its pieces repeat as they did.
    private func raised(by amount: Double) -> Curve {
        var curve = Curve()
        for section in sections {
            let pieces = section.pieces.map { $0.adding(Piece(length: $0.length, .line(amount, amount))) }
            curve.append(section.length, repeating: pieces, offset: section.offset)
        }
        return curve
    }

    /// What is left at `time` of the piece that it falls into.
    private func rest(at time: Nanoseconds) -> Piece {
        let section = sections[sectionIndex(at: time)]
        let (index, local) = section.place(at: time)
        let piece = section.pieces[index]
        let end = min(piece.length - local, section.start + section.length - time)
        return piece.from(local).cut(at: end)
    }
}

extension Curve.Piece {
    /// Its line and its waves; `nil` where it has no figure.
    var parts: (from: Double, to: Double, waves: [Curve.Wave])? {
        switch formula {
        case .line(let from, let to): (from, to, [])
        case .sine(let low, let high, let period): (0, 0, [Curve.Wave(low: low, high: high, period: period)])
        case .waves(let from, let to, let wave, let other): (from, to, [wave] + (other.map { [$0] } ?? []))
        case .unlimited: nil
        }
    }

    /// A piece of a line and waves.
    init(length: Nanoseconds, from start: Double, to end: Double, waves: [Curve.Wave]) {
        guard let first = waves.first else {
            self.init(length: length, .line(start, end))
            return
        }
        var (start, end, waves) = (start, end, waves)
        // The line takes nothing away where a wave can carry less: stressors take no figure below zero.
        let below = min(start, end)
        if below < 0 {
            var owed = -below
            (start, end) = (start + owed, end + owed)
            for index in waves.indices {
                let taken = index == waves.count - 1 ? owed : min(owed, max(0, waves[index].least))
                waves[index] = waves[index].raised(by: -taken)
                owed -= taken
            }
        }
        if waves.count == 1, start == 0, end == 0, waves[0].phase == 0 {
            self.init(length: length, .sine(low: waves[0].low, high: waves[0].high, period: first.period))
        } else {
            self.init(length: length, .waves(start, end, waves[0], waves.count > 1 ? waves[1] : nil))
        }
    }

    /// What it does from `time` on.
    func from(_ time: Nanoseconds) -> Curve.Piece {
        guard time > 0, let parts else { return Curve.Piece(length: length - time, formula) }
        let at = parts.from + (parts.to - parts.from) * (Double(time) / Double(length))
        return Curve.Piece(length: length - time, from: at, to: parts.to, waves: parts.waves.map { $0.from(time) })
    }

    /// What it does until `time`.
    func cut(at time: Nanoseconds) -> Curve.Piece {
        guard time < length, let parts else { return Curve.Piece(length: time, formula) }
        let at = parts.from + (parts.to - parts.from) * (Double(time) / Double(length))
        return Curve.Piece(length: time, from: parts.from, to: at, waves: parts.waves)
    }

    /// Both on top of one another, of one length; no figure where one of them has none.
    func adding(_ other: Curve.Piece) -> Curve.Piece {
        guard let parts, let others = other.parts else { return Curve.Piece(length: length, .unlimited) }
        return Curve.Piece(
            length: length, from: parts.from + others.from, to: parts.to + others.to, waves: parts.waves + others.waves)
    }
}
