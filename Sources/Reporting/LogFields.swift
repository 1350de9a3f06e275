// SPDX-License-Identifier: Apache-2.0

import LoadModel

// The objects that the log and the JSON report share. A member is null where this run has no value for it, and absent
// where it does not apply: content bytes of a CPU stressor, the signal of a process that was not killed.

extension JSONWriter {
    mutating func hostMembers(_ host: HostDescription) {
        key("name")
        string(host.name)
        key("kernel")
        string(host.kernel)
        key("architecture")
        string(host.architecture)
        key("online_cpus")
        integer(host.onlineCPUs)
        key("affinity_cpus")
        integer(host.affinityCPUs)
        key("quota_cores")
        decimal(host.quotaCores, places: 9)
        key("memory_total_bytes")
        integer(host.memoryTotalBytes)
        key("memory_available_bytes")
        integer(host.memoryAvailableBytes)
        key("memory_limit_bytes")
        integer(host.memoryLimitBytes)
        key("numa_nodes")
        integer(host.numaNodes)
        key("huge_pages")
        string(host.hugePages)
    }

    /// Writes `exert_version`, `host`, `profile` and `plan`.
    mutating func startMembers(_ host: HostDescription, _ plan: Plan) {
        key("exert_version")
        string(host.exertVersion)
        key("host")
        beginObject()
        hostMembers(host)
        endObject()
        profileAndPlanMembers(plan)
    }

    /// Writes `profile` and `plan`.
    mutating func profileAndPlanMembers(_ plan: Plan) {
        key("profile")
        beginObject()
        key("name")
        string(plan.profile)
        key("file")
        string(plan.file)
        key("sha256")
        string(plan.sha256)
        key("seed")
        integer(plan.seed)
        noteMember(plan.note)
        includesMember(plan.includes)
        labelsMember(plan.labels)
        parametersMember(plan.parameters)
        if !plan.changes.isEmpty {
            key("changes")
            beginArray()
            for change in plan.changes { string(change) }
            endArray()
        }
        endObject()
        key("plan")
        beginObject()
        planMembers(plan)
        endObject()
    }

    /// Writes what an author says of a profile or a phase; nothing where that is nothing.
    mutating func noteMember(_ note: String?) {
        guard let note else { return }
        key("note")
        string(note)
    }

    /// Writes the files that the profile includes; nothing where there is none.
    private mutating func includesMember(_ files: [IncludedFile]) {
        guard !files.isEmpty else { return }
        key("includes")
        beginArray()
        for included in files {
            beginObject()
            key("file")
            string(included.file)
            key("sha256")
            string(included.sha256)
            endObject()
        }
        endArray()
    }

    /// Writes what the parameters are; nothing where there is none, and no text of the environment: that may be secret.
    private mutating func parametersMember(_ parameters: [ProfileParameter]) {
        guard !parameters.isEmpty else { return }
        key("parameters")
        beginObject()
        for parameter in parameters {
            key(data: parameter.name)
            beginObject()
            key("value")
            string(parameter.shownValue)
            key("from")
            string(parameter.origin.rawValue)
            endObject()
        }
        endObject()
    }

    /// Writes what became of each end that was wanted; nothing where none was.
    private mutating func expectationsMember(_ record: RunRecord) {
        let expectations = record.expectations
        guard !expectations.isEmpty else { return }
        key("expectations")
        beginArray()
        for expectation in expectations {
            beginObject()
            key("stressor")
            string(expectation.stressor)
            key("phase")
            string(expectation.phase.flatMap { record.plan.phaseName($0) })
            key("expect")
            string(expectation.expected.rawValue)
            key("came")
            if let hasCome = expectation.hasCome { boolean(hasCome) } else { null() }
            key("sentence")
            string(expectation.sentence(record.plan))
            endObject()
        }
        endArray()
    }

    mutating func findings(_ findings: [Finding]) {
        beginArray()
        for finding in findings {
            beginObject()
            findingMembers(finding)
            endObject()
        }
        endArray()
    }

    mutating func findingMembers(_ finding: Finding) {
        key("code")
        string(finding.code)
        key("severity")
        string(finding.severity.rawValue)
        key("stressor")
        string(finding.stressor)
        key("message")
        string(finding.message)
    }

    mutating func endMembers(_ end: StressorEnd) {
        key("stressor")
        string(end.stressor)
        key("pid")
        integer(end.processID)
        key("manner")
        switch end.manner {
        case .released:
            string("released")
        case .failed(let reason):
            string("failed")
            key("reason")
            string(reason)
        case .killed(let signal, let isOutOfMemory):
            string("killed")
            key("signal")
            string(signalName(signal))
            key("out_of_memory")
            boolean(isOutOfMemory)
            if let note = end.note {
                key("note")
                string(note)
            }
        }
        key("cpu_s")
        decimal(end.cpuSeconds, places: 9)
        key("release_s")
        decimal(end.releaseSeconds, places: 9)
    }

    /// Writes what the end of the run says: the verdict, the results, how everything ended.
    mutating func outcomeMembers(_ record: RunRecord) {
        key("verdict")
        string(record.verdict.rawValue)
        key("exit_code")
        integer(record.exitCode)
        key("sentence")
        string(record.firstSentence)
        key("interrupted_by")
        string(record.interruptedBy.map(signalName))
        key("guard_tripped")
        if let trip = record.guardTrip {
            beginObject()
            tripMembers(trip)
            endObject()
        } else {
            string(nil)
        }
        key("lease_expired")
        if let expiry = record.leaseExpiry {
            beginObject()
            expiryMembers(expiry)
            endObject()
        } else {
            string(nil)
        }
        key("changes")
        beginArray()
        for change in record.changes {
            beginObject()
            key("change")
            string(change.name)
            changeMembers(change)
            endObject()
        }
        endArray()
        if !record.shortened.isEmpty {
            key("shortened")
            beginArray()
            for shortened in record.shortened {
                beginObject()
                shortenedMembers(shortened)
                endObject()
            }
            endArray()
        }
        key("started_at")
        timestamp(record.startedAt)
        key("load_s")
        seconds(of: record.elapsed)
        key("results")
        results(record.results, of: record.plan)
        expectationsMember(record)
        key("ends")
        beginArray()
        for end in record.ends {
            beginObject()
            endMembers(end)
            endObject()
        }
        endArray()
        key("findings")
        findings(record.findings)
        key("observer_cpu_s")
        decimal(record.observerCPUSeconds, places: 9)
        if let service = record.service { serviceMembers(service) }
        key("released")
        boolean(record.isReleased)
        key("release_s")
        decimal(record.releaseSeconds, places: 9)
    }
}

extension Plan {
    func unit(of stressor: String) -> Unit? { stressors.first { $0.name == stressor }?.unit }

    func phaseName(_ index: Int) -> String? { phases.indices.contains(index) ? phases[index].name : nil }
}

extension RunRecord {
    /// Whether every stressor that carried load was seen to end, which gives back all that it held.
    var isReleased: Bool {
        isGivenBack
            && plan.stressors.allSatisfy { stressor in
                ends.count { $0.stressor == stressor.name } == stressor.processes
                    || !results.contains { $0.stressor == stressor.name }
            }
    }

    /// The longest time from the request to stop until a stressor was gone, in seconds.
    var releaseSeconds: Double? { ends.compactMap(\.releaseSeconds).max() }
}
