// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

// As much of a run's record as a log has, so that what is said of a run is said by the same words at its end and later.
// Curves, settings and probes are not in it.

extension RunRecord {
    init(_ run: RunEvidence) {
        let host = run.start?["host"]
        func count(_ name: String) -> Int { host?[name]?.integer ?? 0 }
        func bytes(_ name: String) -> Int64? { host?[name]?.number.flatMap { Int64(exactly: $0) } }
        let description = HostDescription(
            name: run.host, kernel: host?["kernel"]?.text ?? "", architecture: host?["architecture"]?.text ?? "",
            onlineCPUs: count("online_cpus"), affinityCPUs: count("affinity_cpus"),
            quotaCores: host?["quota_cores"]?.number, memoryTotalBytes: bytes("memory_total_bytes"),
            memoryAvailableBytes: bytes("memory_available_bytes"), memoryLimitBytes: bytes("memory_limit_bytes"),
            numaNodes: count("numa_nodes"), hugePages: host?["huge_pages"]?.text ?? "",
            exertVersion: run.start?["exert_version"]?.text ?? "")
        let plan = Plan(run)
        self.init(
            runID: run.runID, host: description, plan: plan, startedAt: 0,
            elapsed: LogSentence.nanoseconds(run.loadLength),
            results: run.results.compactMap { [phases = plan.phaseIndices] in PhaseResult($0, phases) },
            ends: (run.end?["ends"]?.items ?? []).compactMap { StressorEnd($0) }, findings: run.findings,
            verdict: run.verdict ?? .unverified, interruptedBy: nil,
            observerCPUSeconds: run.end?["observer_cpu_s"]?.number ?? 0)
    }
}

extension Plan {
    init(_ run: RunEvidence) {
        let profile = run.start?["profile"]
        self.init(
            profile: run.profile, file: profile?["file"]?.text ?? "", sha256: profile?["sha256"]?.text ?? "", seed: 0,
            stressors: run.stressors.compactMap { PlannedStressor($0) },
            phases: run.phases.map { phase in
                PlannedPhase(
                    name: phase.name, start: LogSentence.nanoseconds(phase.start),
                    length: LogSentence.nanoseconds(phase.length),
                    loads: Dictionary(phase.loads.map { ($0.stressor, $0.load) }) { first, _ in first })
            }, findings: [])
    }
}

extension Plan {
    /// The places of phases, by name.
    var phaseIndices: [String: Int] {
        Dictionary(phases.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }
}

extension PlannedStressor {
    /// `nil` where the unit is not known here.
    init?(_ stressor: StressorEvidence) {
        guard let unit = stressor.unit else { return nil }
        let tree = stressor.tree
        let tolerance = tree["tolerance"]
        self.init(
            name: stressor.name, kind: tree["kind"]?.text ?? stressor.name, unit: unit,
            drive: tree["drive"]?.text.flatMap(Drive.init) ?? .level, settings: Settings(values: [:]),
            capacity: stressor.capacity ?? .infinity, base: tree["base"]?.text ?? "",
            mode: tree["mode"]?.text.flatMap(LoadMode.init) ?? .add, curve: Curve(),
            workers: tree["workers"]?.integer ?? 1, processes: tree["processes"]?.integer ?? 1,
            tolerance: ToleranceLimit(
                absolute: tolerance?["absolute"]?.number ?? 0, ratio: tolerance?["ratio"]?.number ?? 0),
            witness: stressor.witness)
    }
}

extension PhaseResult {
    /// `nil` where the plan does not have its phase, or the verdict is not known here.
    ///
    /// - Parameter phases: the places of the plan's phases, by name.
    init?(_ result: ResultEvidence, _ phases: [String: Int]) {
        guard let phase = phases[result.phase], let verdict = result.verdict else { return nil }
        var shortfall: [Cause: Double] = [:]
        var evidence: [Cause: CauseEvidence] = [:]
        for cause in result.causes {
            guard let known = Cause(rawValue: cause.cause) else { continue }
            if let amount = cause.amount { shortfall[known] = amount }
            if let source = cause.source, let figure = cause.figure {
                evidence[known] = CauseEvidence(source: source, figure: figure)
            }
        }
        let figure = result.figure
        self.init(
            phase: phase, stressor: result.stressor, isLoaded: result.isLoaded, targetMean: figure("target_mean"),
            achievedMean: figure("achieved_mean") ?? 0, claimedMean: figure("claimed_mean") ?? 0,
            errorMean: figure("error_mean") ?? 0, errorAbsMean: figure("error_abs_mean") ?? 0,
            errorAbsP95: figure("error_abs_p95") ?? 0, errorAbsMax: figure("error_abs_max") ?? 0,
            tolerance: figure("tolerance") ?? 0, timeToReach: figure("time_to_reach_s"),
            timeToContent: figure("time_to_content_s"), shortfall: shortfall,
            residentBytes: figure("resident_bytes"),
            scheduling: result.tree["scheduling"].map { tree in
                SchedulingFigures(
                    runDelaySeconds: tree["run_delay_s"]?.number ?? 0,
                    throttledCount: tree["throttled_count"]?.number.flatMap { Int64(exactly: $0) },
                    throttledSeconds: tree["throttled_s"]?.number, stealSeconds: tree["steal_s"]?.number ?? 0)
            }, verdict: verdict)
        offSeconds = figure("off_s") ?? 0
        unseenSeconds = figure("unseen_s") ?? 0
        allowanceSeconds = figure("allowance_s") ?? 0
        killedAfter = figure("killed_after_s")
        achievedWhenKilled = figure("achieved_when_killed")
        isExpected = result.isExpected
        self.evidence = evidence
    }
}
