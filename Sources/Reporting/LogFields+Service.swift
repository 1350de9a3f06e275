// SPDX-License-Identifier: Apache-2.0

import LoadModel

// What is asked of the system under test, and what it did.

extension JSONWriter {
    /// Writes the probes and objectives of a plan.
    mutating func probesMembers(_ plan: Plan) {
        key("probes")
        beginObject()
        for probe in plan.probes {
            key(data: probe.name)
            beginObject()
            key("every_s")
            seconds(of: probe.every)
            key("timeout_s")
            seconds(of: probe.timeout)
            tlsMember(probe)
            endObject()
        }
        endObject()
        key("objectives")
        beginArray()
        for objective in plan.objectives { string(objective.text) }
        endArray()
    }

    /// Writes whether the certificate of a probe over TLS had to hold.
    mutating func tlsMember(_ probe: ProbePlan) {
        guard probe.isEncrypted else { return }
        key("tls")
        string(probe.isUnverified ? "unverified" : "verified")
    }

    /// Writes what the system under test did.
    mutating func serviceMembers(_ service: ServiceRecord) {
        key("objectives")
        beginArray()
        for result in service.objectives { objectiveObject(result) }
        endArray()
        key("probes")
        beginArray()
        for span in service.probes {
            beginObject()
            spanMembers(span)
            endObject()
        }
        endArray()
        key("prober_cpu_s")
        decimal(service.proberCPUSeconds, places: 9)
        key("probe_results_lost")
        integer(service.lost)
    }

    private mutating func objectiveObject(_ result: ObjectiveResult) {
        beginObject()
        key("probe")
        string(result.objective.probe)
        key("objective")
        string(result.objective.text)
        key("verdict")
        string(result.verdict.rawValue)
        key("reason")
        string(result.reason?.rawValue)
        key("close")
        boolean(result.isClose)
        key("figure")
        string(ObjectiveText.figure(result))
        key("value")
        valueMember(result.figure)
        key("limit")
        if let limit = result.limit { number(limit) } else { null() }
        key("count")
        integer(result.count)
        key("withdrawn")
        integer(result.withdrawn)
        key("lost_s")
        bounds(result.loss)
        key("recovered_s")
        bounds(result.recovery)
        key("watched_s")
        if let watched = result.watched { seconds(of: watched) } else { null() }
        key("effective_s")
        if let time = result.effective { seconds(of: time) } else { null() }
        key("released_s")
        if let time = result.released { seconds(of: time) } else { null() }
        key("detail")
        string(ObjectiveText.times(result))
        key("episodes")
        integer(result.episodes)
        key("bad_s")
        seconds(of: result.badTime)
        endObject()
    }

    /// A share, seconds, or a number; null where it is only known to be more than that.
    private mutating func valueMember(_ figure: ObjectiveResult.Figure?) {
        switch figure {
        case .share(let good, let count): number(Double(good) / Double(max(1, count)))
        case .latency(.known(let time)): seconds(of: time)
        case .number(let value): number(value)
        case .latency, nil: null()
        }
    }

    private mutating func bounds(_ bounds: TimeBounds?) {
        guard let bounds else { return null() }
        beginObject()
        key("from")
        seconds(of: bounds.from)
        key("to")
        seconds(of: bounds.to)
        endObject()
    }
}

extension RunRecord {
    /// What the result says to somebody who reads one line.
    var firstSentence: String {
        let units = Dictionary(plan.probes.compactMap { probe in probe.unit.map { (probe.name, $0) } }) { first, _ in
            first
        }
        // Ended in a phase before the first load, nothing was put on.
        let isBegun = results.contains(where: \.isLoaded) || plan.phases.allSatisfy(\.loads.isEmpty)
        guard isNotSteady || isBegun || verdict == .unsupported else {
            return "Nothing was put on: the run was over before its load."
        }
        let wanted = verdict == .met ? results.first { $0.isExpected == true && $0.verdict != .met }?.verdict : nil
        return FirstSentence.text(
            load: FirstSentence.load(of: plan), verdict: isNotSteady ? nil : verdict, wanted: wanted,
            objectives: service?.objectives ?? [], units: units)
    }
}

extension ProbeSpan {
    /// The line on it: `checkout: 20 good · p50 1.2 ms`.
    var line: String { "\(probe): \(ProbeText.line(tally))" }
}
