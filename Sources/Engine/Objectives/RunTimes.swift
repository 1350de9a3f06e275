// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// When the phases of a run lie, and what became of their loads.
struct RunTimes {
    /// All phases, as they lie.
    var phases: [PlannedPhase]
    private let start: Nanoseconds
    /// When the loads of a phase were first on their targets, of the clock.
    var effective: [Int: Nanoseconds] = [:]
    /// When the last load was given back, of the clock.
    var released: Nanoseconds?
    /// Whether the loads of a phase were met.
    var isMet: [Int: Bool] = [:]
    private let loaded: [Int]

    init(_ phases: [PlannedPhase], start: Nanoseconds) {
        self.phases = phases
        self.start = start
        loaded = phases.indices.filter { !phases[$0].loads.isEmpty }
    }

    func seen(_ result: ProbeResult) -> SeenProbe {
        let elapsed = result.due - start
        // The first of them, of which the first begins at 0: phases are few, and found by halves.
        var (low, high) = (0, phases.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if phases[middle].start <= elapsed { low = middle } else { high = middle }
        }
        let isAfter = released.map { result.due >= $0 } ?? false
        let hasLoads = phases.indices.contains(low) && !phases[low].loads.isEmpty
        // While a load is given back and a recovery is watched: that is no part of the phase.
        let isLoaded = hasLoads && !isAfter && elapsed < phases[low].end
        let phase = hasLoads && !isLoaded ? phases.count : low
        return SeenProbe(
            result: result, phase: phase, isLoaded: isLoaded, isBefore: loaded.first.map { phase < $0 } ?? true,
            isAfter: isAfter, isSettled: isLoaded && effective[low].map { result.due >= $0 } ?? false)
    }

    /// The indices of a phase and of all its repetitions, by name.
    private func indices(of name: String) -> [Int] { phases.indices.filter { phases[$0].isCalled(name) } }

    /// The release that something of the time from `bounds` on is told against: of the load before the gap between two
    /// loads where it lies in one, else of the last one; with the name of the phase in the first case.
    func release(before bounds: TimeBounds) -> (phase: String?, at: Nanoseconds)? {
        for (place, index) in loaded.dropLast().enumerated() where loaded[place + 1] > index + 1 {
            let gap = start + phases[index].end..<start + phases[loaded[place + 1]].start
            if gap.contains(bounds.to) { return (phases[index].name, gap.lowerBound) }
        }
        return released.map { (nil, $0) }
    }

    func phases(of span: Objective.Span) -> Set<Int> {
        if case .during(let name) = span { Set(indices(of: name)) } else { [] }
    }

    /// Where a span lies as planned, in ns of the clock.
    func spans(_ span: Objective.Span) -> [Range<Nanoseconds>] {
        let indices: [Int] =
            switch span {
            case .before: Array(phases.indices.prefix { $0 < loaded.first ?? phases.count })
            case .during(let name): indices(of: name)
            case .duringLoad: loaded
            case .after: Array(phases.indices.drop { $0 <= loaded.last ?? -1 })
            case .always: Array(phases.indices)
            }
        return indices.map { start + phases[$0].start..<start + phases[$0].end }
    }

    /// The phases with a load that an objective rests on.
    private func loads(for objective: Objective) -> [Int] {
        switch objective.wanted {
        case .keeps(_, _, .before, _, _): return []
        case .keeps(_, _, .during(let name), _, _):
            let named = indices(of: name)
            guard let last = named.last else { return loaded }
            let own = named.filter { !phases[$0].loads.isEmpty }
            // Of a phase without a load, what was there until then.
            return own.isEmpty ? loaded.filter { $0 < last } : own
        case .keeps, .recovers: return loaded
        case .becomesGood(_, let name): return Array((name.map(indices(of:)) ?? loaded).prefix(1))
        }
    }

    /// Whether all of them were as they were asked for; one of which nobody told was not.
    func isLoadMet(for objective: Objective) -> Bool { loads(for: objective).allSatisfy { isMet[$0] == true } }

    /// When the first of them was effective.
    func effective(for objective: Objective) -> Nanoseconds? {
        loads(for: objective).compactMap { effective[$0] }.min()
    }
}
