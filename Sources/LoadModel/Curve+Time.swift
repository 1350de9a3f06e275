// SPDX-License-Identifier: Apache-2.0

extension Curve {
    /// The first time from `start` on at which the area reaches `area`; `nil` where it never does.
    ///
    /// As much as there is reaches any area where it begins.
    ///
    /// Exact to a nanosecond where the value is constant, which is where operations are dense; elsewhere to a
    /// microsecond.
    public func time(reaching area: Double, from start: Nanoseconds) -> Nanoseconds? {
        let found = timeByFigures(reaching: area, from: start)
        return unlimitedStart(from: max(0, start), to: found ?? length) ?? found
    }

    /// The same where what has no figure is passed over, or found, as it comes.
    private func timeByFigures(reaching area: Double, from start: Nanoseconds) -> Nanoseconds? {
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
