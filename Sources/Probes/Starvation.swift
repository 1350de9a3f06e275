// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// When the prober was kept from running: it sleeps until a time that it has chosen, and sees how late it woke.
struct Starvation {
    /// A time during which it should have run and did not.
    struct Gap: Equatable {
        var from: Nanoseconds
        var to: Nanoseconds
    }

    /// Gaps shorter than this are nobody's concern, in ns.
    private let least: Nanoseconds
    /// How long a gap is remembered: as long as a probe may be in flight.
    private let memory: Nanoseconds
    private(set) var gaps: [Gap] = []

    init(least: Nanoseconds, memory: Nanoseconds) {
        self.least = least
        self.memory = memory
    }

    /// Takes note of a wake that was to be at `planned` at the latest.
    mutating func note(planned: Nanoseconds, woke: Nanoseconds) {
        guard woke - planned > least else { return }
        gaps.removeAll { $0.to < woke - 2 * memory }
        gaps.append(Gap(from: planned, to: woke))
    }

    /// For how long the prober was kept from running between two times, in ns.
    func lost(from: Nanoseconds, to: Nanoseconds) -> Nanoseconds {
        gaps.reduce(0) { $0 + max(0, min($1.to, to) - max($1.from, from)) }
    }

    /// Whether the prober was kept from running for more than `tolerance` in all while something was in flight.
    func touches(from: Nanoseconds, to: Nanoseconds, tolerance: Nanoseconds) -> Bool {
        lost(from: from, to: to) > tolerance
    }
}
