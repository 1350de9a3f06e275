// SPDX-License-Identifier: Apache-2.0

#if Server
internal import Exert
internal import LinuxSystem
internal import Reporting

/// A run as callers see it.
enum RunDocument {
    static func bytes(_ stored: StoredRun) -> [UInt8] {
        var json = JSONWriter(.compact)
        json.run(stored)
        json.endLine()
        return json.bytes
    }

    static func bytes(list: [StoredRun]) -> [UInt8] {
        var json = JSONWriter(.compact)
        json.beginObject()
        json.key("runs")
        json.beginArray()
        for stored in list { json.run(stored) }
        json.endArray()
        json.endObject()
        json.endLine()
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func run(_ stored: StoredRun) {
        let outline = stored.run.outline
        let status = stored.run.status
        beginObject()
        key("id")
        string(outline.runID)
        key("state")
        string(status.state.rawValue)
        key("profile")
        string(outline.profile)
        key("labels")
        texts(outline.labels)
        key("created_at")
        timestamp(stored.createdAt)
        key("started_at")
        string(status.startedAt)
        key("ended_at")
        if let endedAt = status.endedAt, status.result != nil {
            string(endedAt)
        } else {
            instant(status.releasedAt)
        }
        key("elapsed_s")
        decimal(status.elapsed, places: 3)
        key("length_s")
        decimal(status.schedule?.lengthSeconds ?? outline.lengthSeconds, places: 9)
        key("phase")
        phase(status.phaseIndex, of: outline)
        key("phases")
        phases(of: outline, status.schedule)
        key("lease")
        lease(outline, status)
        key("guards")
        beginArray()
        for text in outline.guards { string(text) }
        endArray()
        key("stressors")
        stressors(of: outline, status)
        key("probes")
        probes(of: outline, status)
        key("objectives")
        objectives(of: outline, status)
        key("findings")
        findings(status.findings)
        key("verdict")
        string(status.result?.verdict?.rawValue)
        key("exit_code")
        integer(status.result?.exitCode)
        key("sentence")
        string(status.result?.sentence)
        key("reason")
        string(status.result?.reason)
        endObject()
    }

    private mutating func instant(_ time: Int64?) {
        if let time { timestamp(time) } else { null() }
    }

    private mutating func texts(_ texts: [String: String]) {
        beginObject()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            key(data: name)
            string(text)
        }
        endObject()
    }

    private mutating func phase(_ index: Int?, of outline: RunOutline) {
        guard let index, outline.phases.indices.contains(index) else { return null() }
        beginObject()
        key("name")
        string(outline.phases[index].name)
        key("index")
        integer(index)
        key("count")
        integer(outline.phases.count)
        endObject()
    }

    private mutating func phases(of outline: RunOutline, _ schedule: RunStatus.Schedule?) {
        beginArray()
        for (index, phase) in outline.phases.enumerated() {
            let moved = schedule.flatMap { $0.phases.indices.contains(index) ? $0.phases[index] : nil }
            beginObject()
            key("name")
            string(phase.name)
            key("start_s")
            decimal(moved?.startSeconds ?? phase.startSeconds, places: 9)
            key("length_s")
            decimal(moved?.lengthSeconds ?? phase.lengthSeconds, places: 9)
            key("loads")
            texts(phase.loads)
            endObject()
        }
        endArray()
    }

    private mutating func lease(_ outline: RunOutline, _ status: RunStatus) {
        guard let length = outline.leaseSeconds else { return null() }
        beginObject()
        key("length_s")
        decimal(length, places: 9)
        key("expires_at")
        instant(status.leaseExpiresAt)
        endObject()
    }

    private mutating func stressors(of outline: RunOutline, _ status: RunStatus) {
        let sample = status.lastSample?.sample
        beginObject()
        for (name, stressor) in outline.stressors.sorted(by: { $0.key < $1.key }) {
            let figures = sample?[name]
            key(data: name)
            beginObject()
            key("kind")
            string(stressor.kind)
            key("unit")
            string(stressor.unit)
            key("target")
            number(figures?.target)
            key("achieved")
            number(figures?.achieved)
            key("error")
            number(figures?.error)
            spread(figures)
            key("limited_by")
            string(figures?.limitedBy)
            if let limit = figures?.limit {
                key("limit")
                beginObject()
                key("source")
                string(limit.source)
                key("figure")
                string(limit.figure)
                endObject()
            }
            key("witness")
            string(stressor.witness)
            endObject()
        }
        endObject()
    }

    private mutating func spread(_ figures: StressorSample?) {
        key("target_min")
        number(figures?.targetMin)
        key("target_mean")
        number(figures?.targetMean)
        key("target_max")
        number(figures?.targetMax)
        key("achieved_min")
        number(figures?.achievedMin)
        key("achieved_mean")
        number(figures?.achievedMean)
        key("achieved_max")
        number(figures?.achievedMax)
    }

    /// What each probe came to in its newest second.
    private mutating func probes(of outline: RunOutline, _ status: RunStatus) {
        beginObject()
        for name in outline.probes {
            let sample = status.probes[name]
            key(data: name)
            beginObject()
            key("from_s")
            number(sample?.fromSeconds)
            key("outcomes")
            beginObject()
            for (outcome, count) in (sample?.outcomes ?? [:]).sorted(by: { $0.key < $1.key }) {
                key(data: outcome)
                integer(count)
            }
            endObject()
            key("good_ratio")
            number(sample?.goodRatio)
            key("latency")
            beginObject()
            for (percentile, time) in (sample?.latency ?? [:]).sorted(by: { $0.key < $1.key }) {
                key(data: percentile)
                number(time)
            }
            endObject()
            endObject()
        }
        endObject()
    }

    /// What must hold, and at the end what became of it.
    private mutating func objectives(of outline: RunOutline, _ status: RunStatus) {
        beginArray()
        let results = status.result?.objectives ?? []
        for (index, objective) in outline.objectives.enumerated() {
            let result = results.indices.contains(index) ? results[index] : nil
            beginObject()
            key("probe")
            string(objective.probe)
            key("objective")
            string(objective.text)
            key("verdict")
            string(result?.verdict.rawValue)
            key("reason")
            string(result?.reason)
            key("figure")
            string(result?.figure)
            key("lost_s")
            bounds(result?.lost)
            key("recovered_s")
            bounds(result?.recovered)
            endObject()
        }
        endArray()
    }

    private mutating func bounds(_ bounds: ObjectiveOutcome.Bounds?) {
        guard let bounds else { return null() }
        beginObject()
        key("from")
        number(bounds.from)
        key("to")
        number(bounds.to)
        endObject()
    }

    private mutating func findings(_ findings: [RunStatus.Finding]) {
        beginArray()
        for finding in findings {
            beginObject()
            key("code")
            string(finding.code)
            key("severity")
            string(finding.severity)
            key("stressor")
            string(finding.stressor)
            key("message")
            string(finding.message)
            endObject()
        }
        endArray()
    }
}
#endif
