// SPDX-License-Identifier: Apache-2.0

extension Curve {
    /// What stands for "as much as there is" in a rate's curve: more than any device does, and small enough that its
    /// area over 30 days still counts bytes.
    public static let unlimited = 1e12

    /// Whether a phase that overlaps the time from `start` up to `end` asks for as much as there is.
    public func isUnlimited(from start: Nanoseconds, to end: Nanoseconds) -> Bool {
        peak(from: start, to: end) >= Self.unlimited
    }

    /// The first time from `start` on at which the area reaches `area`; `nil` where it never does.
    ///
    /// Exact to a nanosecond where the value is constant, which is where operations are dense; elsewhere to a
    /// microsecond.
    public func time(reaching area: Double, from start: Nanoseconds) -> Nanoseconds? {
        var time = max(0, start)
        var have = self.area(until: time)
        while have < area {
            guard time < length else { return nil }
            let until = min(constantUntil(after: time), length)
            if until > time {
                let value = self.value(at: time)
                let wanted = value > 0 ? (area - have) / value : .infinity
                if wanted <= Double(until - time) { return time + Nanoseconds(wanted.rounded(.up)) }
                time = until
                have = self.area(until: time)
            } else {
                // It changes here: look ahead in growing steps, then halve the last one.
                var step = Nanoseconds.millisecond
                var low = time
                var high = min(length, time + step)
                while self.area(until: high) < area {
                    if constantUntil(after: high) > high || high >= length { break }
                    low = high
                    step *= 2
                    high = min(length, high + step)
                }
                guard self.area(until: high) >= area else {
                    time = high
                    have = self.area(until: time)
                    continue
                }
                while high - low > 1000 {
                    let middle = low + (high - low) / 2
                    if self.area(until: middle) >= area { high = middle } else { low = middle }
                }
                return high
            }
        }
        return time
    }
}
