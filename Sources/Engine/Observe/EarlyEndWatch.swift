// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Watches what phases are to go on until; all of it is opened before the load begins.
///
/// Of the phase that runs only what is seen in it counts: a share or a window of a probe begins anew with it.
final class EarlyEndWatch {
    /// By their conditions: repetitions of a phase have the same.
    private var watches: [[PlannedGuard]: GuardWatch] = [:]
    private var current: GuardWatch?
    private var begin: Nanoseconds = 0

    /// Opens what the phases of `plan` ask for.
    ///
    /// - Throws: ``ObserverFailure/cannotObserve(_:)`` where something cannot be read any more.
    init(_ plan: Plan, host: HostFacts) throws(ObserverFailure) {
        for phase in plan.phases {
            let conditions = Self.conditions(of: phase)
            guard !conditions.isEmpty, watches[conditions] == nil else { continue }
            watches[conditions] = try GuardWatch(conditions, host: host, probes: plan.probes)
        }
    }

    private static func conditions(of phase: PlannedPhase) -> [PlannedGuard] { phase.until.compactMap(\.condition) }

    /// Whether any of them watches a probe.
    var hasProbes: Bool { watches.values.contains(where: \.hasProbes) }

    /// Has the errors of stressors counted by `count`, which is given a stressor's name.
    func connect(_ count: @escaping (String) -> Int64?) {
        for watch in watches.values { watch.connect(count) }
    }

    /// Watches for the end of `phase`, which begins.
    func begin(_ phase: PlannedPhase) {
        begin = phase.start
        current = watches[Self.conditions(of: phase)]
        current?.restart()
    }

    /// Takes what a probe came to, at `now` since the run's start; what was due before the phase is not of it.
    func add(_ result: ProbeResult, due: Nanoseconds, at now: Nanoseconds) {
        if due >= begin { current?.add(result, at: now) }
    }

    /// Looks at the conditions of the phase that runs; the first that holds, where one does.
    func check(at now: Nanoseconds) -> GuardTrip? { current?.check(at: now) }

    /// What the conditions of the phase that runs watch and nothing was ever known of, by name.
    var unknown: [String] { current?.unknown ?? [] }
}
