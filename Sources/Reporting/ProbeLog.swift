// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Lines of the log of `exert probe`: one for each second and probe, one for each second of the prober, one at the end.
///
/// A result belongs to the second in which it was due. Line by line JSON, with the members of every line of a log:
/// `schema`, `time`, `run_id`, `event`, `elapsed_s`.
public struct ProbeLog: Sendable {
    private let runID: String
    private let startTime: Nanoseconds
    private var writer = JSONWriter(.compact, capacity: 16 * 1024)

    /// Creates the encoder of a run that began at `startTime`, in ns since the Unix epoch.
    public init(runID: String, startTime: Nanoseconds) {
        self.runID = runID
        self.startTime = startTime
    }

    /// The first line: what is asked.
    public mutating func start(_ plans: [ProbePlan], first: [Nanoseconds]) -> [UInt8] {
        line("probes_started", at: 0) { writer in
            writer.key("probes")
            writer.beginArray()
            for (plan, first) in zip(plans, first) {
                writer.beginObject()
                writer.key("probe")
                writer.string(plan.name)
                writer.key("every_s")
                writer.seconds(of: plan.every)
                writer.key("timeout_s")
                writer.seconds(of: plan.timeout)
                writer.key("first_due_s")
                writer.seconds(of: first)
                writer.tlsMember(plan)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// What one probe came to that was due in a second, or in all of them.
    public mutating func tally(_ span: ProbeSpan, isTotal: Bool = false) -> [UInt8] {
        line(isTotal ? "probe_total" : "probe_second", at: span.span.upperBound) { $0.spanMembers(span) }
    }

    /// What a second of the prober itself was like: `run_queue_wait_s` is how long it wanted to run and could not.
    public mutating func prober(_ second: ProberSecond, at time: Nanoseconds) -> [UInt8] {
        line("prober_second", at: time) { $0.proberMembers(second) }
    }

    /// What was said beside an answer.
    public mutating func note(_ text: String, of probe: String, at time: Nanoseconds) -> [UInt8] {
        line("probe_note", at: time) { $0.noteMembers(text, of: probe) }
    }

    private mutating func line(
        _ event: String, at elapsed: Nanoseconds, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        writer.removeAll()
        writer.beginObject()
        writer.key("schema")
        writer.string("exert-probe-log/1")
        writer.key("time")
        writer.timestamp(startTime + elapsed)
        writer.key("run_id")
        writer.string(runID)
        writer.key("event")
        writer.string(event)
        writer.key("elapsed_s")
        writer.seconds(of: elapsed)
        members(&writer)
        writer.endObject()
        writer.endLine()
        return writer.bytes
    }
}

// The same in the log of a run.
extension JSONWriter {
    /// Writes what one probe came to in a span.
    mutating func spanMembers(_ span: ProbeSpan) {
        key("probe")
        string(span.probe)
        key("from_s")
        seconds(of: span.span.lowerBound)
        tallyMembers(span.tally)
    }

    /// Writes what a second of the prober itself was like.
    mutating func proberMembers(_ second: ProberSecond) {
        key("run_queue_wait_s")
        if let wait = second.runQueueWait { seconds(of: wait) } else { null() }
        key("cpu_s")
        seconds(of: second.cpuTime)
        key("lateness_max_s")
        seconds(of: second.lateness)
        key("results_lost")
        integer(second.dropped)
    }

    /// Writes what was said beside an answer.
    mutating func noteMembers(_ text: String, of probe: String) {
        key("probe")
        string(probe)
        key("text")
        string(text)
    }

    /// Writes counts by outcome, percentiles, and the histograms that others can add up.
    private mutating func tallyMembers(_ tally: ProbeTally) {
        key("due")
        integer(tally.due)
        key("outcomes")
        beginObject()
        for outcome in ProbeOutcome.allCases {
            guard let count = tally.counts[outcome] else { continue }
            key(data: outcome.rawValue)
            integer(count)
        }
        endObject()
        key("good_ratio")
        decimal(tally.goodShare, places: 6)
        key("latency")
        beginObject()
        for (name, share) in [("p50_s", 0.5), ("p90_s", 0.9), ("p95_s", 0.95), ("p99_s", 0.99), ("max_s", 1)] {
            key(data: name)
            // Among what was given up there is no number, but a limit.
            if case .known(let time) = tally.quantile(share) { seconds(of: time) } else { null() }
        }
        key("given_up_after_s")
        if let limit = tally.givenUpAfter { seconds(of: limit) } else { null() }
        endObject()
        key("lateness_max_s")
        seconds(of: tally.lateness.percentile(1))
        if tally.valueCount > 0 {
            key("value_mean")
            number(tally.mean)
        }
        key("histograms")
        beginObject()
        key("latency")
        string(HistogramEncoding.text(of: tally.latency))
        key("lateness")
        string(HistogramEncoding.text(of: tally.lateness))
        endObject()
    }
}

/// What probes came to, as people read it.
public enum ProbeText {
    /// A line on one span of one probe: `20 good · p50 1.2 ms, p95 3.0 ms, p99 > 1 s`.
    public static func line(_ tally: ProbeTally) -> String {
        let counts = ProbeOutcome.allCases.compactMap { outcome in
            tally.counts[outcome].map { "\($0) \(outcome.words)" }
        }
        guard !counts.isEmpty else { return "nothing" }
        let times = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map {
            "\($0) \(ObjectiveText.time(tally.quantile($1)))"
        }
        return counts.joined(separator: ", ") + " · " + times.joined(separator: ", ")
    }

    /// The end: `https://… : 599 of 600 good (99.83 %)` and the line on all of it.
    public static func summary(_ tally: ProbeTally, of probe: String) -> String {
        let share = tally.goodShare.map { " (\(HumanUnits.percent($0, places: 2)))" } ?? ""
        let late = "prober at most \(ObjectiveText.time(.known(tally.lateness.percentile(1)))) late"
        return "\(probe): \(tally.good) of \(tally.due) good\(share)\n  \(line(tally))\n  \(late)\n"
    }
}
