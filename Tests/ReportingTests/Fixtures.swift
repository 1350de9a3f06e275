// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// A small run that the tests share: one stressor that misses, one that holds, a phase without load.
enum Fixture {
    static let runID = "01JDA5Q0Z8R6V3T1Y7K2M4N9PX"
    static let mebibyte = 1048576.0
    /// 2026-11-22T14:00:00Z.
    static let start: Nanoseconds = 1_795_356_000 * .second

    static let host = HostDescription(
        name: "node-1", kernel: "6.1.0-28-cloud-amd64", architecture: "x86_64", onlineCPUs: 4, affinityCPUs: 2,
        quotaCores: 1.5, memoryTotalBytes: 8_589_934_592, memoryAvailableBytes: 6_442_450_944, memoryLimitBytes: nil,
        numaNodes: 1, hugePages: "madvise", exertVersion: "0.1.0")

    static let finding = Finding(
        code: "target_beyond_capacity", stressor: "cpu",
        message: "the quota of 1.5 cores is below the peak of 1.6 cores; raise cpu.max or ask for 75%")

    static let plan: Plan = {
        var cpu = Curve()
        cpu.append(3 * .second, repeating: [Curve.Piece(length: 3 * .second, .line(0, 1.6))])
        cpu.appendRelease(2 * .second)
        var memory = Curve()
        memory.append(
            3 * .second, repeating: [Curve.Piece(length: 3 * .second, .line(512 * mebibyte, 512 * mebibyte))])
        memory.appendRelease(2 * .second)
        return Plan(
            profile: "squeeze", file: "squeeze.yaml", sha256: String(repeating: "0f", count: 32), seed: 42,
            stressors: [
                PlannedStressor(
                    name: "cpu", kind: "cpu", unit: .cores, drive: .rate,
                    settings: Settings(values: [
                        "of": .text("cgroup"), "mode": .text("add"), "cpus": .cpus([0, 1, 2, 5]),
                    ]),
                    capacity: 2, base: "processors in the affinity mask", curve: cpu, workers: 2,
                    tolerance: ToleranceLimit(absolute: 0.02, ratio: 0, floor: 0.001, released: 0.005),
                    witness: "process_cpu_clock"),
                PlannedStressor(
                    name: "memory", kind: "memory", unit: .bytes, drive: .level,
                    settings: Settings(values: ["keep-free": .bytes(268_435_456), "lock": .boolean(false)]),
                    capacity: 8_589_934_592, base: "MemTotal of /proc/meminfo", curve: memory, workers: 1,
                    tolerance: ToleranceLimit(
                        absolute: 0, ratio: 0.01, isWritten: true, floor: 524_288, released: mebibyte),
                    witness: "statm_resident"),
            ],
            phases: [
                PlannedPhase(
                    name: "squeeze", start: 0, length: 3 * .second,
                    loads: ["cpu": "ramp from 0% to 80%", "memory": "512MiB"], within: ["memory": 1500 * .millisecond]),
                PlannedPhase(name: "recover", start: 3 * .second, length: 2 * .second, loads: [:]),
            ],
            guards: [condition], findings: [finding])
    }()

    static let trip = GuardTrip(condition: condition, value: 0.031, held: 2100 * .millisecond)

    static let condition = PlannedGuard(
        text: "disk.free < 5% for 2s", metric: .diskFree, comparison: .below, limit: 0.05, unit: .ratio,
        length: 2 * .second, directory: "/var/lib/app")

    static func sample(
        at elapsed: Nanoseconds, cpu: Double? = 1.5999, limitedBy: Cause? = nil, refusals: Int64 = 0
    ) -> Sample {
        var sample = Sample(
            elapsed: elapsed, interval: .second, phase: plan.phaseIndex(at: elapsed),
            readings: [
                Reading(
                    stressor: "cpu", target: 1.6, achieved: cpu, claimed: 1.5999, limitedBy: limitedBy,
                    refusals: refusals, contentBytes: nil,
                    scheduling: limitedBy == nil
                        ? nil
                        : SchedulingFigures(
                            runDelaySeconds: 0.5, throttledCount: 10, throttledSeconds: 0.4, stealSeconds: 0),
                    group: limitedBy == nil
                        ? nil
                        : GroupReading(
                            directory: "/sys/fs/cgroup/app", pressure: PressureReading(cpuSome: 0.4, ioFull: 0))),
                Reading(
                    stressor: "memory", target: 512 * mebibyte, achieved: 512 * mebibyte + 4096,
                    claimed: 512 * mebibyte, limitedBy: nil, refusals: 0, contentBytes: 256 * mebibyte),
            ],
            host: HostReading(
                cpuBusyRatio: 0.81, cpuStealRatio: nil, memoryAvailableBytes: 8_123_456_789,
                pressure: limitedBy == nil
                    ? nil
                    : PressureReading(cpuSome: 0.125, memorySome: 0, memoryFull: 0, ioSome: 0.5, ioFull: 0.25)))
        sample.readings[0].targetSpread = Spread(least: 1.5, mean: 1.55, most: 1.6)
        sample.readings[0].achievedSpread = cpu.map { Spread(least: $0 - 0.05, mean: $0, most: $0 + 0.01) }
        sample.readings[0].evidence = limitedBy == nil ? nil : evidence
        let memory = 512 * mebibyte
        sample.readings[1].targetSpread = Spread(least: memory, mean: memory, most: memory)
        sample.readings[1].achievedSpread = Spread(least: memory, mean: memory + 1024, most: memory + 4096)
        return sample
    }

    static let evidence = CauseEvidence(source: "/sys/fs/cgroup/app/cpu.max", figure: "0.5 cores, throttled 31 times")

    static let results: [PhaseResult] = {
        var results = measured
        results[0].offSeconds = 2.3
        results[0].unseenSeconds = 0.1
        results[0].evidence = [.quota: evidence]
        results[1].allowanceSeconds = 0.031
        return results
    }()

    private static let measured = [
        PhaseResult(
            phase: 0, stressor: "cpu", isLoaded: true, targetMean: 0.8, achievedMean: 0.5, claimedMean: 0.5,
            errorMean: -0.3, errorAbsMean: 0.3, errorAbsP95: 0.31, errorAbsMax: 0.32, tolerance: 0.02,
            timeToReach: nil, timeToContent: nil, shortfall: [.quota: 0.25, .contention: 0.05], residentBytes: nil,
            scheduling: SchedulingFigures(
                runDelaySeconds: 1.25, throttledCount: 31, throttledSeconds: 1.5, stealSeconds: 0),
            verdict: .notMet),
        PhaseResult(
            phase: 0, stressor: "memory", isLoaded: true, targetMean: 512 * mebibyte, achievedMean: 512 * mebibyte,
            claimedMean: 512 * mebibyte, errorMean: 0, errorAbsMean: 0, errorAbsP95: 4096, errorAbsMax: 4096,
            tolerance: 5.12 * mebibyte, timeToReach: 0.031, timeToContent: 0.25, shortfall: [:],
            residentBytes: 512 * mebibyte, verdict: .met),
        PhaseResult(
            phase: 1, stressor: "cpu", isLoaded: false, targetMean: 0, achievedMean: 0, claimedMean: 0, errorMean: 0,
            errorAbsMean: 0, errorAbsP95: 0, errorAbsMax: 0, tolerance: 0.02, timeToReach: 0, timeToContent: nil,
            shortfall: [:], residentBytes: nil, verdict: .met),
    ]

    static let ends = [
        StressorEnd(stressor: "cpu", processID: 101, manner: .released, cpuSeconds: 1.5, releaseSeconds: 0.004),
        StressorEnd(stressor: "memory", processID: 102, manner: .released, cpuSeconds: 0.25, releaseSeconds: 0.012),
    ]

    static let killed = StressorEnd(
        stressor: "memory", processID: 102, manner: .killed(signal: 9, isOutOfMemory: true), cpuSeconds: 0.25,
        releaseSeconds: nil)

    static let failed = StressorEnd(
        stressor: "cpu", processID: 101, manner: .failed("pthread_create: EAGAIN"), cpuSeconds: 0,
        releaseSeconds: nil)

    /// The run in which the CPU load misses its target.
    static let missed = RunRecord(
        runID: runID, host: host, plan: plan, startedAt: start, elapsed: 5 * .second, results: results, ends: ends,
        findings: [finding], verdict: .notMet, interruptedBy: nil, observerCPUSeconds: 0.0085)

    /// The run in which all is well.
    static let met: RunRecord = {
        var record = missed
        record.results[0].achievedMean = 0.7999
        record.results[0].errorMean = -0.0001
        record.results[0].errorAbsP95 = 0.0004
        record.results[0].timeToReach = 0.1
        record.results[0].shortfall = [:]
        record.results[0].evidence = [:]
        record.results[0].offSeconds = 0
        record.results[0].verdict = .met
        record.findings = []
        record.verdict = .met
        return record
    }()

    /// One event of every kind and form.
    static let events: [TimedEvent] = [
        event(0, .runStarted(host, plan)),
        event(0, .phaseStarted(0)),
        event(1, .sample(sample(at: .second))),
        event(2, .sample(sample(at: 2 * .second, cpu: 1.2, limitedBy: .quota, refusals: 3))),
        event(2, .finding(Finding(code: "cgroup_version", severity: .note, message: "cgroup v1 \"cpu\" is used"))),
        event(2.25, .guardTripped(trip)),
        event(2.3, .changed(RunChange(.load(stressor: "cpu", text: "ramp to 40% in 10s"), from: 2_350_000_000))),
        event(2.3, .changed(RunChange(.paused, from: 2_350_000_000))),
        event(2.4, .changed(RunChange(.resumed, from: 2_450_000_000))),
        event(2.45, .leaseExpired(LeaseExpiry(length: 30 * .second))),
        event(2.5, .stressorEnded(killed)),
        event(2.75, .stressorEnded(failed)),
        event(3, .sample(sample(at: 3 * .second, cpu: nil))),
        event(3, .phaseEnded(0, Array(results.prefix(2)))),
        event(3, .phaseStarted(1)),
        event(5, .stressorEnded(ends[0])),
        event(5.012, .runEnded(missed)),
    ]

    static func event(_ seconds: Double, _ event: Event) -> TimedEvent {
        let elapsed = Nanoseconds(seconds: seconds)
        return TimedEvent(time: start + elapsed, elapsed: elapsed, runID: runID, event: event)
    }
}
