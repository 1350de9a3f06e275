// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Reporting

/// The first sentence of a log that does not have it: one without an end, or one of before it was logged.
enum LogSentence {
    static func text(_ run: RunEvidence) -> String {
        let last = HumanUnits.seconds(run.lastElapsed)
        guard run.start != nil else {
            return "The log does not have the beginning of the run; it tells of it until \(last)."
        }
        guard !run.phases.allSatisfy(\.loads.isEmpty) else {
            return "The run has no load in its plan; the log ends at \(last)."
        }
        let load = load(run)
        if let verdict = run.verdict {
            return FirstSentence.text(load: load, verdict: run.isNotSteady ? nil : verdict, objectives: [])
        }
        guard run.columns.count > 0 else {
            return "\(load) was to be put on; the log ends before the first sample, and nobody knows what came of it."
        }
        let met = run.results.filter { $0.isLoaded && $0.isAsAsked }.count
        let all = run.results.filter(\.isLoaded).count
        let judged = all == 0 ? "" : "; of \(all) judged until then, \(met) \(met == 1 ? "is" : "are") as asked"
        return "\(load) was put on; the log ends early, at \(last), so nobody knows what came of it\(judged)."
    }

    private static func load(_ run: RunEvidence) -> String {
        FirstSentence.load(
            stressors: run.stressors.map(\.name),
            phases: run.phases.map { phase in
                let loads = Dictionary(phase.loads.map { ($0.stressor, $0.load) }) { first, _ in first }
                return (loads, nanoseconds(phase.length))
            })
    }

    /// A length of time of a log, which may be anything: one of more than a century is none, so that two of them can be
    /// added.
    static func nanoseconds(_ seconds: Double) -> Nanoseconds {
        seconds.magnitude < 4e9 ? Nanoseconds(seconds: seconds) : 0
    }
}
