// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The least and the greatest that was achieved between the looks of a window, and its mean over time.
struct SpreadMeter {
    private var least = Double.infinity
    private var most = -Double.infinity
    private var integral = 0.0
    private var time = 0.0

    /// Takes in what lies between two looks.
    mutating func add(_ a: HistoryPoint, _ b: HistoryPoint, _ drive: Drive) {
        guard let later = b.achieved, let earlier = a.achieved, b.time > a.time else { return }
        let span = Double(b.time - a.time)
        switch drive {
        case .rate:
            let rate = (later - earlier) / span
            take(rate)
            integral += later - earlier
        case .level:
            take(later)
            // Where the target jumped in between, the amount is what it is now since then.
            integral += (a.owed == b.owed ? (earlier + later) / 2 : later) * span
        }
        time += span
    }

    private mutating func take(_ value: Double) {
        least = min(least, value)
        most = max(most, value)
    }

    /// The spread since the last call; `nil` where there was no look.
    mutating func take() -> Spread? {
        defer { self = SpreadMeter() }
        guard time > 0 else { return nil }
        return Spread(least: least, mean: integral / time, most: most)
    }
}
