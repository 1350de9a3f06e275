// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// For how long a guard's comparison has held, one that goes back and forth included.
///
/// Time on the wrong side counts; time on the right side takes back half as much. So one look on the right side does
/// not make a guard begin anew, and what is on the wrong side for a third of the time or less never trips. Time in
/// which nobody knows neither counts nor takes back.
struct GuardClock {
    /// The most that one look speaks for, in ns: after a gap nobody knows what was in it.
    static let mostPerLook: Nanoseconds = .second

    private var level: Nanoseconds = 0
    /// For how long it was on the wrong side, since ``begin``.
    private(set) var held: Nanoseconds = 0
    /// When it was first on the wrong side; `nil` where it is cleared.
    private(set) var begin: Nanoseconds?
    private var last: (time: Nanoseconds, isWrong: Bool?)?

    /// Takes a look at `now`; `isWrong` is `nil` where nobody knows.
    mutating func note(_ isWrong: Bool?, at now: Nanoseconds) {
        let time = last.map { min(now - $0.time, Self.mostPerLook) } ?? 0
        // What was seen lasts until the next look.
        switch last?.isWrong {
        case true?:
            level += time
            held += time
        case false?: level = max(0, level - time / 2)
        case nil: break
        }
        if level == 0, isWrong == false { (begin, held) = (nil, 0) }
        if isWrong == true, level == 0 { (begin, held) = (now, 0) }
        last = (now, isWrong)
    }

    /// Whether it holds, and has for `length`.
    func isDue(after length: Nanoseconds) -> Bool { last?.isWrong == true && level >= length }
}

/// Watches all guards of a run.
final class GuardWatch {
    /// How often guards are looked at that nobody wrote: they are in every run, and wait for seconds anyway.
    static let defaultPause: Nanoseconds = 500 * .millisecond
    /// After which time without anything to read that is told, in ns.
    static let patience: Nanoseconds = 10 * .second

    private struct Watched {
        let condition: PlannedGuard
        let meter: GuardMeter
        /// The index of the probe that it watches.
        let probe: Int?
        /// After which time without anything to read that is told.
        let patience: Nanoseconds
        var clock = GuardClock()
        /// When something was read last, or first looked for.
        var lastRead: Nanoseconds?
        var hasRead = false
        var isTold = false
    }

    private var watched: [Watched] = []
    private var lastDefaultLook: Nanoseconds?

    /// Opens the meters of `guards`.
    ///
    /// - Throws: ``ObserverFailure/cannotObserve(_:)`` where one cannot be opened any more.
    init(_ guards: [PlannedGuard], host: HostFacts, probes: [ProbePlan] = []) throws(ObserverFailure) {
        for condition in guards {
            let isOfProbe = condition.metric.description.place == .probe
            let index = isOfProbe ? probes.firstIndex { $0.name == condition.subject?.name } : nil
            let probe = index.map { probes[$0] }
            guard let meter = GuardMeter(condition, host: host, probe: probe) else {
                throw .cannotObserve("guard '\(condition.text)': what it watches cannot be read")
            }
            let patience = Self.patience + (probe?.timeout ?? 0) + (condition.subject?.window ?? 0)
            watched.append(Watched(condition: condition, meter: meter, probe: index, patience: patience))
        }
    }

    /// Whether any of them watches a probe.
    var hasProbes: Bool { watched.contains { $0.probe != nil } }

    /// Takes what a probe came to, at `now` as ``check(at:)`` has it.
    func add(_ result: ProbeResult, at now: Nanoseconds) {
        for entry in watched where entry.probe == result.probe { entry.meter.add(result, at: now) }
    }

    /// Has the errors of stressors counted by `count`, which is given a stressor's name.
    func connect(_ count: @escaping (String) -> Int64?) {
        for entry in watched where entry.condition.metric.description.place == .stressor {
            guard let name = entry.condition.subject?.name else { continue }
            entry.meter.connect { count(name) }
        }
    }

    /// Looks at all guards; the first that is tripped, where one is.
    ///
    /// - Parameter now: any fixed origin, in ns.
    func check(at now: Nanoseconds) -> GuardTrip? {
        var trip: GuardTrip?
        // Looks come every 100 ms, and not to the ns.
        let takesDefaults = lastDefaultLook.map { now - $0 >= Self.defaultPause / 20 * 19 } ?? true
        if takesDefaults { lastDefaultLook = now }
        for index in watched.indices where takesDefaults || !watched[index].condition.isDefault {
            let condition = watched[index].condition
            // What cannot be read just now neither trips a guard nor clears it.
            let isWrong = watched[index].meter.look(at: now)
            watched[index].clock.note(isWrong, at: now)
            watched[index].hasRead = watched[index].hasRead || isWrong != nil
            if isWrong != nil || watched[index].lastRead == nil { watched[index].lastRead = now }
            let clock = watched[index].clock
            guard trip == nil, clock.isDue(after: condition.length), let figure = watched[index].meter.figure else {
                continue
            }
            trip = GuardTrip(
                condition: condition, value: figure.value, held: clock.held, span: now - (clock.begin ?? now))
            trip?.isLeast = figure.isLeast
        }
        return trip
    }

    /// Forgets all that was seen.
    func restart() {
        for index in watched.indices {
            watched[index].clock = GuardClock()
            watched[index].hasRead = false
            watched[index].lastRead = nil
            watched[index].meter.restart()
        }
        lastDefaultLook = nil
    }

    /// What is watched and nothing was ever known of, by name.
    var unknown: [String] { watched.filter { !$0.hasRead }.map(\.condition.metricName) }

    /// The guards that had nothing to read for long, each told once; at the end of a run also those that never had.
    func takeBlind(at now: Nanoseconds, isEnd: Bool = false) -> [Finding] {
        var findings: [Finding] = []
        for (index, entry) in watched.enumerated() where !entry.isTold {
            let since = entry.lastRead ?? now
            guard now - since >= entry.patience || isEnd && !entry.hasRead && !entry.condition.isDefault else {
                continue
            }
            watched[index].isTold = true
            let time = "for \(HumanUnits.duration((now - since) / (100 * .millisecond) * (100 * .millisecond)))"
            findings.append(
                Finding(
                    code: "guard_blind",
                    message: "guard '\(entry.condition.text)': nothing was known of \(entry.condition.metricName) "
                        + (isEnd && !entry.hasRead ? "in the whole run" : time) + ", so it could not trip"))
        }
        return findings
    }

    /// Takes away the guards that are on by default and that a load means to go beyond; those that were taken away.
    func stepAside(_ overrides: [Metric: String]) -> [GuardAside] {
        let aside = watched.compactMap { entry in
            overrides[entry.condition.metric].flatMap { reason in
                entry.condition.isDefault ? GuardAside(text: entry.condition.text, reason: reason) : nil
            }
        }
        watched.removeAll { $0.condition.isDefault && overrides[$0.condition.metric] != nil }
        return aside
    }
}
