// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// What a result says to somebody who reads one line: what was put on, whether it was there, what the service did,
/// whether and when it came back.
public enum FirstSentence {
    /// One or two sentences.
    ///
    /// - Parameters:
    ///   - load: what was asked for, such as ``load(of:)`` has it.
    ///   - verdict: the verdict on the load; `nil` where nothing was exerted, since the system was not steady.
    ///   - end: how the load ended, where that was wanted.
    ///   - objectives: what each objective came to.
    ///   - units: what the numbers of probes are, by the probe's name.
    public static func text(
        load: String, verdict: Verdict?, wanted end: Verdict? = nil, objectives: [ObjectiveResult],
        units: [String: ProbeUnit] = [:]
    ) -> String {
        guard let verdict else { return notSteady(objectives, units) }
        let first = "\(load) \(what(end ?? verdict))\(end == nil ? "" : ", as was wanted")"
        if objectives.isEmpty { return first + "." }
        let service = service(objectives, units)
        guard verdict == .met, end != .notMet else {
            let names = list(unique(objectives.map(\.objective.probe)))
            let failed = objectives.contains { $0.badTime > 0 }
            let all = failed ? ", though not all went well with it even so" : ""
            return "\(first), so nothing is known of how \(names) would do under it\(all)."
        }
        return "\(first). \(service)."
    }

    /// What a plan puts on: `cpu 50% and memory 1GiB for 2m`.
    public static func load(of plan: Plan) -> String {
        let names = plan.stressors.map(\.name)
        let phases = plan.phases.map { (loads: $0.loads, length: $0.length) }
        return plan.isEndless
            ? "\(list(parts(names, phases.map(\.loads)))) until it is stopped" : load(stressors: names, phases: phases)
    }

    /// The same, where the plan is known by what a log says of it: each phase's loads by stressor, and its length.
    package static func load(stressors: [String], phases: [(loads: [String: String], length: Nanoseconds)]) -> String {
        let parts = parts(stressors, phases.map(\.loads))
        let length = phases.filter { !$0.loads.isEmpty }.reduce(Nanoseconds(0)) { sum, phase in
            // What a log says may be anything.
            let (length, isTooLong) = sum.addingReportingOverflow(phase.length)
            return isTooLong ? .max : length
        }
        // What is written has whole milliseconds; of a phase that ended when it was time a tenth of a second will do.
        let tenth = Nanoseconds.second / 10
        let isWritten = length % .millisecond == 0 || length > .max - tenth
        let told = isWritten ? length : (length + tenth / 2) / tenth * tenth
        return "\(list(parts)) for \(HumanUnits.duration(told))"
    }

    /// What each stressor is asked for, in the phases in which it is.
    private static func parts(_ stressors: [String], _ loads: [[String: String]]) -> [String] {
        stressors.compactMap { stressor -> String? in
            let texts = unique(loads.compactMap { $0[stressor] })
            switch texts.count {
            case 0: return nil
            case 1...2: return "\(stressor) \(texts.joined(separator: ", then "))"
            default: return "\(stressor) in \(texts.count) steps"
            }
        }
    }

    // MARK: The load

    private static func what(_ verdict: Verdict) -> String {
        switch verdict {
        case .met: "was put on, and was really there"
        case .notMet: "was put on, and was not there as asked"
        case .unverified: "was put on, and nobody can prove that it was there"
        case .killed: "was put on, and was killed before its time"
        case .aborted: "was put on, and was ended before its time"
        case .unsupported: "cannot be put on here"
        }
    }

    private static func notSteady(_ objectives: [ObjectiveResult], _ units: [String: ProbeUnit]) -> String {
        let failed = objectives.filter { $0.objective.isGate && $0.verdict != .held }
        guard let first = failed.first else { return "Nothing was put on." }
        let names = list(unique(failed.map(\.objective.probe)))
        if failed.allSatisfy({ $0.verdict == .inconclusive }) {
            return "Nothing was put on: whether \(names) was well before the load, nobody knows, since \(why(first))."
        }
        return "Nothing was put on, since \(names) was not well to begin with\(detail(first, units))."
    }

    // MARK: The service

    private static func service(_ results: [ObjectiveResult], _ units: [String: ProbeUnit]) -> String {
        let probes = unique(results.map(\.objective.probe))
        let parts = probes.map { probe in
            said(of: probe, results.filter { $0.objective.probe == probe }, units)
        }
        // The same of several is said once.
        let kept = zip(probes, parts).filter { $0.1 == nil }.map(\.0)
        var sentences = parts.compactMap { $0 }
        if !kept.isEmpty {
            let isOne = results.count { kept.contains($0.objective.probe) } == 1
            let what = isOne ? "its objective" : kept.count == 1 ? "its objectives" : "their objectives"
            sentences.append("\(list(kept)) kept \(what)")
        }
        return sentences.joined(separator: "; ")
    }

    /// What became of one service; `nil` where it kept all and never was away.
    private static func said(
        of probe: String, _ results: [ObjectiveResult], _ units: [String: ProbeUnit]
    ) -> String? {
        let isGood: (ObjectiveResult) -> Bool = { $0.verdict == .held || $0.verdict == .recovered }
        let lost = results.filter { $0.verdict == .lost || $0.verdict == .notSteady }
        let recovery = results.first { $0.objective.isOnRecovery }
        let back = recovery.flatMap(returned)
        if let first = lost.first {
            if case .becomesGood = first.objective.wanted {
                return "\(probe) did not become good in time\(late(first))"
            }
            let of = results.count > 1 ? "\(lost.count) of its \(results.count) objectives" : "its objective"
            return "\(probe) missed \(of)\(detail(first, units))" + (back.map { ", and \($0)" } ?? "")
        }
        if let back, let recovery, !isGood(recovery) { return "\(probe) \(back)" }
        if let unknown = results.first(where: { $0.verdict == .inconclusive }) {
            return "\(probe): nobody knows, since \(why(unknown))"
        }
        if let found = results.first(where: { if case .becomesGood = $0.objective.wanted { true } else { false } }),
            let bounds = found.recovery
        {
            return "\(probe) became good \(ObjectiveText.bounds(bounds)) after the load was there"
        }
        return back.map { "\(probe) kept what was asked of it, \($0)" }
    }

    /// Whether and when it came back; `nil` where it never was away, or nobody knows.
    private static func returned(_ result: ObjectiveResult) -> String? {
        switch result.verdict {
        case .recovered, .notRecovered:
            guard let recovery = result.recovery else {
                let after =
                    result.watched.map { " \(HumanUnits.duration($0 / .millisecond * .millisecond)) after" } ?? " after"
                return "had not come back\(after) the load was released"
            }
            if recovery.to <= 0 { return "came back while the load was still there" }
            let tooLate = result.verdict == .notRecovered ? ", later than wanted" : ""
            let release = ObjectiveText.release(result, short: false)
            return "came back \(ObjectiveText.bounds(recovery)) after \(release)\(tooLate)"
        default: return nil
        }
    }

    private static func late(_ result: ObjectiveResult) -> String {
        result.recovery.map { ": \(ObjectiveText.bounds($0)) after the load was there" } ?? ""
    }

    private static func detail(_ result: ObjectiveResult, _ units: [String: ProbeUnit]) -> String {
        let unit = units[result.objective.probe]
        guard let figure = ObjectiveText.figure(result, of: unit), let limit = ObjectiveText.limit(result, of: unit)
        else { return "" }
        return " (\(figure), where \(limit) was the limit\(result.isClose ? "; close" : ""))"
    }

    private static func why(_ result: ObjectiveResult) -> String {
        switch result.reason {
        case .noData, nil: "no probe was asked in that time"
        case .proberStarved: "the prober itself was kept from running"
        case .loadNotMet: "the load was not there as asked"
        case .noBaseline: "nothing is known of the time before the load"
        case .cutShort: "the run was over first"
        case .alreadyGood: "it was good before the load was there"
        }
    }

    // MARK: Words

    private static func unique(_ words: [String]) -> [String] {
        words.reduce(into: []) { all, word in if !all.contains(word) { all.append(word) } }
    }

    private static func list(_ words: [String]) -> String {
        guard words.count > 1, let last = words.last else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}

extension Objective {
    fileprivate var isOnRecovery: Bool { if case .recovers = wanted { true } else { false } }
}
