// SPDX-License-Identifier: Apache-2.0

// Where a curve asks for as much as there is, which has no figure.
extension Curve {
    /// Whether the curve asks for as much as there is at some time from `start` up to `end`.
    public func isUnlimited(from start: Nanoseconds, to end: Nanoseconds) -> Bool {
        unlimitedLength(from: start, to: end) > 0
    }

    /// How long the curve asks for as much as there is, from `start` up to `end`.
    public func unlimitedLength(from start: Nanoseconds, to end: Nanoseconds) -> Nanoseconds {
        guard unlimitedTotal > 0, end > start else { return 0 }
        return unlimitedTime(until: end) - unlimitedTime(until: start)
    }

    /// Where the first time begins, from `start` up to `end`, in which the curve asks for as much as there is; `nil`
    /// where there is none.
    public func unlimitedStart(from start: Nanoseconds, to end: Nanoseconds) -> Nanoseconds? {
        guard isUnlimited(from: start, to: end) else { return nil }
        let before = unlimitedTime(until: start)
        var (low, high) = (start, end)
        // The last time up to which nothing is added.
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if unlimitedTime(until: middle) > before { high = middle } else { low = middle }
        }
        return low
    }

    /// Where the last time ends, from `start` up to `end`, in which the curve asks for as much as there is; `nil` where
    /// there is none.
    public func unlimitedEnd(from start: Nanoseconds, to end: Nanoseconds) -> Nanoseconds? {
        guard isUnlimited(from: start, to: end) else { return nil }
        let whole = unlimitedTime(until: end)
        var (low, high) = (start, end)
        // The first time from which on nothing is added.
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if unlimitedTime(until: middle) < whole { low = middle } else { high = middle }
        }
        return high
    }

    /// How long it asked for as much as there is, from its start until `time`.
    private func unlimitedTime(until time: Nanoseconds) -> Nanoseconds {
        guard time > 0, unlimitedTotal > 0 else { return 0 }
        guard time < length else { return unlimitedTotal }
        return sections[sectionIndex(at: time)].unlimitedTime(until: time)
    }
}

extension Curve.Section {
    /// How long the curve asks for as much as there is, from its start until `time`, which lies in the section.
    func unlimitedTime(until time: Nanoseconds) -> Nanoseconds {
        unlimitedBefore
            + (cycleUnlimited > 0 ? inCycles(until: time - start + offset) - inCycles(until: offset) : 0)
    }

    /// The same from the first cycle's start on.
    private func inCycles(until time: Nanoseconds) -> Nanoseconds {
        let (cycles, local) = time.quotientAndRemainder(dividingBy: period)
        let index = Curve.lastIndex(in: starts, notAfter: local)
        let inPiece = pieces[index].formula == .unlimited ? local - starts[index] : 0
        return cycles * cycleUnlimited + unlimitedTimes[index] + inPiece
    }
}
