// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Curve {
    /// A wave that begins anywhere in its period: `low + (high − low)·(1 − cos(2π(t + phase)/period))/2`.
    public struct Wave: Hashable, Sendable {
        /// Its value where a period begins.
        public var low: Double
        /// Its value half a period later.
        public var high: Double
        /// Its period, in ns.
        public var period: Nanoseconds
        /// Where in its period it begins, in ns, less than the period.
        public var phase: Nanoseconds

        /// Creates a wave.
        public init(low: Double, high: Double, period: Nanoseconds, phase: Nanoseconds = 0) {
            self.low = low
            self.high = high
            self.period = period
            self.phase = phase
        }

        var least: Double { min(low, high) }
        var most: Double { max(low, high) }
        var isFinite: Bool { low.isFinite && high.isFinite }

        func value(at time: Nanoseconds) -> Double { low + (high - low) * (1 - cos(angle(at: time))) / 2 }

        func area(until time: Nanoseconds) -> Double {
            let swing = sin(angle(at: time)) - sin(angle(at: 0))
            return (low + high) / 2 * Double(time) - (high - low) / 2 * Double(period) / (2 * Double.pi) * swing
        }

        /// The same wave from `time` on.
        func from(_ time: Nanoseconds) -> Wave {
            Wave(low: low, high: high, period: period, phase: (phase + time % period) % period)
        }

        func scaled(by factor: Double) -> Wave {
            Wave(low: low * factor, high: high * factor, period: period, phase: phase)
        }

        func raised(by amount: Double) -> Wave {
            Wave(low: low + amount, high: high + amount, period: period, phase: phase)
        }

        private func angle(at time: Nanoseconds) -> Double {
            2 * Double.pi * Double((time % period + phase) % period) / Double(period)
        }
    }
}

extension Curve.Piece {
    /// The least and the greatest value of a line with waves on it, from `start` until `end`.
    ///
    /// Looked for where that is a few periods long, to a millionth of the waves' height; else what all parts together
    /// come to at most, which two waves of different periods come near to in the end.
    func extremes(
        of waves: [Curve.Wave], on line: (Double, Double), from start: Nanoseconds, until end: Nanoseconds
    ) -> ClosedRange<Double> {
        let ends = [value(at: start), value(at: end)]
        let shortest = waves.map(\.period).min() ?? 1
        let span = end - start
        guard span / shortest < 16 else {
            func sum(_ part: (Curve.Wave) -> Double) -> Double { waves.reduce(0) { $0 + part($1) } }
            return min(line.0, line.1) + sum(\.least)...max(line.0, line.1) + sum(\.most)
        }
        let steps = max(16, 64 * Int(span / shortest + 1))
        var (least, most) = (min(ends[0], ends[1]), max(ends[0], ends[1]))
        func time(_ step: Int) -> Nanoseconds {
            start + Nanoseconds((Double(span) * Double(step) / Double(steps)).rounded())
        }
        var values: [Double] = []
        for step in 0...steps { values.append(value(at: time(step))) }
        for step in 1..<max(2, steps) {
            let (a, b, c) = (values[step - 1], values[step], values[step + 1])
            if b >= a, b >= c { most = max(most, Self.top(time(step - 1), time(step + 1)) { value(at: $0) }) }
            if b <= a, b <= c { least = min(least, -Self.top(time(step - 1), time(step + 1)) { -value(at: $0) }) }
        }
        return least...most
    }

    /// The greatest value between two times between which there is one top.
    private static func top(_ from: Nanoseconds, _ to: Nanoseconds, _ value: (Nanoseconds) -> Double) -> Double {
        var (low, high) = (from, to)
        for _ in 0..<40 where high - low > 3 {
            let third = (high - low) / 3
            if value(low + third) < value(high - third) { low += third } else { high -= third }
        }
        return max(value(low), value((low + high) / 2), value(high))
    }
}
