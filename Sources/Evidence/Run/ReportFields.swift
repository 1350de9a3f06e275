// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Figures of a run with names that stay: what `--print` takes, and `fields` of the JSON report.
///
/// A name is dotted, as `load.cpu.squeeze.achieved_mean`; names of stressors, probes and phases are as in the profile.
/// A figure that the log does not have is null. Of two figures of one name, as a dot in a phase's name may make them,
/// the first one counts.
public enum ReportFields {
    /// The names of all figures, in order.
    public static func names(_ run: RunEvidence) -> [String] { all(run).map(\.name) }

    /// A figure as text, `null` where the log does not have it; `nil` where there is none of that name.
    public static func text(_ name: String, of run: RunEvidence) -> String? {
        guard let value = all(run).first(where: { $0.name == name })?.value else { return nil }
        switch value {
        case .string(let text): return text
        case .boolean(let flag): return flag ? "true" : "false"
        case .whole(let number): return "\(number)"
        case .number(let number): return NumberText.text(number, places: 9, trimming: true)
        case .null, .array, .object: return "null"
        }
    }

    static func all(_ run: RunEvidence) -> [JSONTree.Member] {
        var fields = Fields()
        fields.add("run_id", .string(run.runID))
        fields.add("profile", .string(run.profile))
        fields.add("host", .string(run.host))
        fields.add("sentence", .string(run.sentence))
        fields.add("complete", .boolean(run.isWhole && run.missing.isEmpty))
        fields.add("exit_code", run.end?["exit_code"])
        fields.add("started_at", run.end?["started_at"])
        fields.add("release_s", run.end?["release_s"])
        fields.add("observer_cpu_s", run.end?["observer_cpu_s"])
        fields.add("load.verdict", run.end?["verdict"])
        fields.add("load.length_s", .number(run.loadLength))
        load(run, &fields)
        objectives(run, &fields)
        for probe in run.probes {
            let name = "probes.\(probe.name)"
            fields.add("\(name).asked", .number(probe.count))
            fields.add("\(name).good", .number(probe.good))
            fields.add("\(name).good_ratio", probe.count > 0 ? .number(probe.good / probe.count) : nil)
            let total = run.end?["probes"]?.items.first { $0["probe"]?.text == probe.name }?["latency"]
            for figure in ["p50_s", "p90_s", "p95_s", "p99_s", "max_s"] {
                fields.add("\(name).\(figure)", total?[figure])
            }
        }
        for severity in Finding.Severity.allCases {
            let count = run.findings.count { $0.severity == severity }
            fields.add("findings.\(severity.rawValue)s", .number(Double(count)))
        }
        return fields.members
    }

    private static let figures = [
        "verdict", "target_mean", "achieved_mean", "error_mean", "error_abs_mean", "error_abs_p95", "error_abs_max",
        "tolerance", "time_to_reach_s", "off_s", "unseen_s", "limited_by",
    ]
    private static let ranks: [Verdict] = [.killed, .aborted, .unsupported, .notMet, .unverified, .met]

    private static func load(_ run: RunEvidence, _ fields: inout Fields) {
        for stressor in run.stressors {
            let results = run.results.filter { $0.stressor == stressor.name }
            let verdicts = results.compactMap(\.verdict)
            let worst = ranks.first { verdicts.contains($0) }
            fields.add("load.\(stressor.name).verdict", worst.map { .string($0.rawValue) })
            fields.add("load.\(stressor.name).unit", .string(stressor.unitName))
            for result in results where result.isLoaded {
                for figure in figures {
                    fields.add("load.\(stressor.name).\(result.phase).\(figure)", result.tree[figure])
                }
            }
            // What is planned has its names from the first line on.
            for phase in run.phases where phase.loads.contains(where: { $0.stressor == stressor.name }) {
                for figure in figures { fields.add("load.\(stressor.name).\(phase.name).\(figure)", nil) }
            }
        }
    }

    private static let objectiveRanks: [ObjectiveVerdict] = [
        .notSteady, .lost, .notRecovered, .inconclusive, .recovered, .held,
    ]

    private static func worst(_ objectives: [ObjectiveEvidence]) -> JSONTree? {
        let verdicts = objectives.compactMap(\.verdict)
        return objectiveRanks.first { verdicts.contains($0) }.map { .string($0.rawValue) }
    }

    private static func objectives(_ run: RunEvidence, _ fields: inout Fields) {
        let planned = run.start?["plan"]?["objectives"]?.texts ?? []
        guard !run.objectives.isEmpty || !planned.isEmpty else { return }
        fields.add("objectives.verdict", worst(run.objectives))
        fields.add("objectives.before", worst(run.objectives.filter(\.isGate)))
        let probes = run.probes.map(\.name)
        // An objective begins with its probe's name.
        let plans = Dictionary(grouping: planned) { text in
            probes.filter { text.hasPrefix($0 + " ") }.max { $0.utf8.count < $1.utf8.count }
        }
        for probe in probes {
            let objectives = run.objectives.filter { $0.probe == probe }
            let texts = plans[probe] ?? []
            guard !objectives.isEmpty || !texts.isEmpty else { continue }
            let name = "objectives.\(probe)"
            fields.add("\(name).verdict", worst(objectives))
            // The later of the two instants that it lies between: not better than it was.
            func time(_ member: String) -> JSONTree? {
                objectives.compactMap { $0.tree[member]?["to"] }.first { $0.number != nil }
            }
            fields.add("\(name).time_to_lose_s", time("lost_s"))
            fields.add("\(name).time_to_recover_s", time("recovered_s"))
            for index in 0..<max(objectives.count, texts.count) {
                let tree = objectives.indices.contains(index) ? objectives[index].tree : nil
                let text = texts.indices.contains(index) ? JSONTree.string(texts[index]) : nil
                fields.add("\(name).\(index + 1).objective", tree?["objective"] ?? text)
                for member in ["verdict", "reason", "value", "limit", "count", "episodes", "bad_s"] {
                    fields.add("\(name).\(index + 1).\(member)", tree?[member])
                }
            }
        }
    }

    /// Members, each name once.
    private struct Fields {
        private(set) var members: [JSONTree.Member] = []
        private var names: Set<String> = []

        mutating func add(_ name: String, _ value: JSONTree?) {
            guard names.insert(name).inserted else { return }
            members.append(JSONTree.Member(name: name, value: value ?? .null))
        }
    }
}
