// SPDX-License-Identifier: Apache-2.0

extension Curve {
    /// Appends a phase during which the load is 0.
    public mutating func appendRelease(_ length: Nanoseconds) {
        append(length, repeating: [Piece(length: length, .line(0, 0))])
    }

    /// Appends a phase of `length` with the given shape, its amounts resolved to the stressor's unit by `resolve`.
    ///
    /// An amount that resolves to infinity is as much as there is, which can be held but not sloped to.
    ///
    /// - Parameters:
    ///   - current: where a `ramp` without `from` begins.
    ///   - seed: what `random` and `bursts` draw from, the same draw for the same seed.
    /// - Returns: the value at the phase's end, where the next phase's ramp begins.
    public mutating func append<E: Error>(
        _ length: Nanoseconds, _ shape: LoadShape, from current: Double, seed: UInt64,
        resolve: (Amount) throws(E) -> Double
    ) throws(E) -> Double {
        switch shape {
        case .hold(let amount):
            return appendPieces(length, [], thenHold: try resolve(amount))
        case .ramp(let from, let to, let over):
            let start = if let from { try resolve(from) } else { current }
            let end = try resolve(to)
            let ramp = over ?? length
            return appendPieces(length, [Piece(length: max(1, ramp), from: start, to: end)], thenHold: end)
        case .steps(let amounts, let every):
            var pieces: [Piece] = []
            var last = 0.0
            for amount in amounts {
                last = try resolve(amount)
                pieces.append(Piece(length: every, holding: last))
            }
            return appendPieces(length, pieces, thenHold: last)
        case .sine(let from, let to, let every, let offset):
            let low = try resolve(from)
            let high = try resolve(to)
            // A cycle of its own where it begins within it.
            let cycle = Piece(length: offset > 0 ? every : length, .sine(low: low, high: high, period: every))
            append(length, repeating: [cycle], offset: offset)
        case .pulse(let amount, let width, let every, let offset):
            let high = try resolve(amount)
            var pieces = [Piece(length: width, holding: high)]
            if every > width { pieces.append(Piece(length: every - width, .line(0, 0))) }
            append(length, repeating: pieces, offset: offset)
        case .sawtooth(let from, let to, let every, let offset):
            let line = Piece(length: every, from: try resolve(from), to: try resolve(to))
            append(length, repeating: [line], offset: offset)
        case .random(let from, let to, let every):
            let low = try resolve(from)
            let high = try resolve(to)
            var generator = SplitMix64(state: seed)
            let count = min((length + every - 1) / every, Nanoseconds(Self.drawLimit))
            append(
                length,
                repeating: (0..<count).map { _ in
                    let level = low + (high - low) * generator.nextUnit()
                    return Piece(length: every, holding: level)
                })
        case .bursts(let amount, let lengths, let rests):
            append(length, repeating: Self.bursts(of: try resolve(amount), lengths, rests, until: length, seed: seed))
        case .trace(let trace):
            var values: [Double] = []
            for point in trace.points { values.append(try resolve(point.amount)) }
            return append(length, trace, values: values)
        case .curve(let from, let segments):
            var value = if let from { try resolve(from) } else { current }
            var pieces: [Piece] = []
            for segment in segments {
                switch segment {
                case .line(let amount, let length):
                    let next = try resolve(amount)
                    pieces.append(Piece(length: length, from: value, to: next))
                    value = next
                case .step(let amount, let length):
                    value = try resolve(amount)
                    pieces.append(Piece(length: length, holding: value))
                case .hold(let length): pieces.append(Piece(length: length, holding: value))
                }
            }
            return appendPieces(length, pieces, thenHold: value)
        case .sum(let shapes):
            var curves: [Curve] = []
            for (index, shape) in shapes.enumerated() {
                var curve = Curve()
                // Each draws numbers of its own.
                let own = seed &+ UInt64(index) &* 0xA24B_AED4_963E_E407
                _ = try curve.append(length, shape, from: 0, seed: own, resolve: resolve)
                curves.append(curve)
            }
            append(Curve.sum(curves), from: 0)
        case .noise(let amount, let every):
            let most = try resolve(amount)
            var generator = SplitMix64(state: seed)
            let count = min((length + every - 1) / every, Nanoseconds(Self.drawLimit))
            let pieces = (0..<count).map { _ in
                Piece(length: every, holding: most * (2 * generator.nextUnit() - 1))
            }
            append(length, repeating: pieces)
        case .onClock(let shape, _):
            // Where its periods begin, ``LoadShape/begun(at:)`` has said.
            return try append(length, shape, from: current, seed: seed, resolve: resolve)
        case .placed(let shape, let start, let own):
            if start > 0 { appendRelease(start) }
            let end = try append(own, shape, from: start > 0 ? 0 : current, seed: seed, resolve: resolve)
            guard start + own < length else { return end }
            appendRelease(length - start - own)
        }
        return value(at: self.length - 1)
    }

    /// Appends a trace whose points have these values; returns the value at the end.
    private mutating func append(_ length: Nanoseconds, _ trace: Trace, values: [Double]) -> Double {
        var pieces: [Piece] = []
        var at: Nanoseconds = 0
        var last: Double?
        for (point, value) in zip(trace.points, values) {
            if point.at > at {
                let from = last ?? value
                pieces.append(Piece(length: point.at - at, from: from, to: trace.isStepped ? from : value))
                at = point.at
            }
            last = value
        }
        let hold = last ?? 0
        guard trace.repeats > 1 else { return appendPieces(length, pieces, thenHold: hold) }
        if trace.length > at { pieces.append(Piece(length: trace.length - at, holding: hold)) }
        guard !pieces.isEmpty else { return appendPieces(length, [], thenHold: hold) }
        let span = min(length, trace.wholeLength)
        append(span, repeating: pieces)
        if span < length { append(length - span, repeating: [Piece(length: length - span, holding: hold)]) }
        return span < length ? hold : value(at: self.length - 1)
    }

    /// Bursts of `value` and rests between them until `length` is full, the last one uncut; each as long as it is
    /// drawn, uniformly from its range.
    private static func bursts(
        of value: Double, _ lengths: ClosedRange<Nanoseconds>, _ rests: ClosedRange<Nanoseconds>,
        until length: Nanoseconds, seed: UInt64
    ) -> [Piece] {
        var generator = SplitMix64(state: seed)
        var pieces: [Piece] = []
        var time: Nanoseconds = 0
        while time < length, pieces.count < Self.drawLimit {
            let isBurst = pieces.count.isMultiple(of: 2)
            let range = isBurst ? lengths : rests
            let span = Double(range.upperBound - range.lowerBound)
            let own = max(1, range.lowerBound + Nanoseconds((span * generator.nextUnit()).rounded()))
            pieces.append(Piece(length: own, holding: isBurst ? value : 0))
            time += own
        }
        return pieces
    }

    /// Appends the pieces, cut at `length`, and then `hold` for what is left; returns the value at the end.
    private mutating func appendPieces(_ length: Nanoseconds, _ pieces: [Piece], thenHold hold: Double) -> Double {
        var pieces = pieces
        let total = pieces.reduce(0) { $0 + $1.length }
        if total < length { pieces.append(Piece(length: length - total, holding: hold)) }
        append(length, repeating: pieces)
        return total <= length ? hold : value(at: self.length - 1)
    }

    /// How many pieces `shape` needs for a phase of `length`; what a profile is refused for when it is absurd.
    public static func pieceCount(of shape: LoadShape, length: Nanoseconds) -> Int {
        switch shape {
        case .hold: 1
        case .ramp, .pulse: 2
        case .sine, .sawtooth: 1
        case .steps(let amounts, _): amounts.count + 1
        case .random(_, _, let every), .noise(_, let every): min(Int(length / max(1, every)) + 1, drawLimit)
        case .bursts(_, let lengths, let rests):
            // The most that can be drawn.
            min(2 * Int(length / max(1, lengths.lowerBound + rests.lowerBound)) + 3, drawLimit)
        case .trace(let trace): trace.points.count + 2
        case .curve(_, let segments): segments.count + 1
        case .placed(let shape, _, let own): pieceCount(of: shape, length: own) + 2
        case .onClock(let shape, _): pieceCount(of: shape, length: length)
        case .sum(let shapes): pieceCount(ofSum: shapes, length: length)
        }
    }

    /// Of a sum each change of each part is one, but for parts that never change.
    private static func pieceCount(ofSum shapes: [LoadShape], length: Nanoseconds) -> Int {
        let others = shapes.filter { if case .hold = $0 { false } else { true } }
        guard others.count > 1 else { return others.first.map { pieceCount(of: $0, length: length) } ?? 1 }
        return others.reduce(0) { sum, shape in
            let count: Int
            switch shape.periodic {
            case .pulse(_, _, let every, _): count = 2 * (Int(length / max(1, every)) + 2)
            case .sawtooth(_, _, let every, _): count = Int(length / max(1, every)) + 2
            // What is drawn is written out, once it has to be added to what changes at other times.
            case .random(_, _, let every), .noise(_, let every): count = Int(length / max(1, every)) + 1
            case .bursts(_, let lengths, let rests):
                count = 2 * Int(length / max(1, lengths.lowerBound + rests.lowerBound)) + 3
            case .trace(let trace) where trace.repeats > 1:
                let times = min(Int64(trace.repeats), length / max(1, trace.length) + 2)
                count = Int(times) * (trace.points.count + 1)
            // A wave with an offset is a cycle that is repeated.
            case .sine(_, _, let every, let offset) where offset > 0 || shape.isOnClock:
                count = Int(length / max(1, every)) + 2
            default: count = pieceCount(of: shape, length: length)
            }
            return sum + count
        }
    }

    /// How many levels, or bursts and rests, are drawn for a phase; then the same ones come again.
    ///
    /// An even number, so that a burst comes again where a rest ended.
    public static let drawLimit = 90_000

    /// The most pieces that one phase may have: 4 MB of memory, a day of a new level every second.
    public static let pieceLimit = 100_000
}

/// A small random generator with a published reference output, so that a seed means the same load everywhere.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<1 with 53 random bits.
    mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
