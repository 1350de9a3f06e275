// SPDX-License-Identifier: Apache-2.0

import Benchmark
import LoadModel
import Reporting

/// The line of a sample, which is what a log is made of.
func addLog() {
    for count in [1, 5] {
        let plan = plan(count)
        let event = event(plan)
        // A class, since the encoder keeps its buffer from line to line.
        let box = Box(EventLog(plan: plan))
        Measure.add("log.sample.\(count)_stressor\(count > 1 ? "s" : "")", calls: 20) { calls in
            for _ in 0..<calls { blackHole(box.log.line(event).count) }
        }
    }
}

private final class Box {
    var log: EventLog
    init(_ log: EventLog) { self.log = log }
}

private func plan(_ count: Int) -> Plan {
    let stressors = (0..<count).map { index in
        PlannedStressor(
            name: "stressor-\(index)", kind: "cpu", unit: index % 2 == 0 ? .cores : .bytes,
            drive: index % 2 == 0 ? .rate : .level, settings: Settings(values: [:]), capacity: 2, base: "",
            curve: Curve(), workers: 2, tolerance: ToleranceLimit(absolute: 0, ratio: 0.01),
            witness: "process_cpu_clock")
    }
    let phase = PlannedPhase(name: "squeeze", start: 0, length: 60 * .second, loads: [:])
    return Plan(
        profile: "benchmark", file: "benchmark.yaml", sha256: "", seed: 0, stressors: stressors, phases: [phase],
        findings: [])
}

private func event(_ plan: Plan) -> TimedEvent {
    let readings = plan.stressors.enumerated().map { index, stressor in
        Reading(
            stressor: stressor.name, target: index % 2 == 0 ? 1.2 : 536_870_912,
            achieved: index % 2 == 0 ? 1.200851275 : 536_866_816, claimed: index % 2 == 0 ? 1.204782827 : 536_870_912,
            limitedBy: nil, refusals: 0, contentBytes: index % 2 == 0 ? nil : 520_081_408)
    }
    let host = HostReading(
        cpuBusyRatio: 0.60199, cpuStealRatio: 0.0012, memoryAvailableBytes: 24_056_201_216,
        pressure: PressureReading(cpuSome: 0.02, memorySome: 0, memoryFull: 0, ioSome: 0.001, ioFull: 0))
    let sample = Sample(
        elapsed: 7_996_131_920, interval: 1_000_961_470, phase: 0, readings: readings, host: host)
    return TimedEvent(
        time: 1_795_460_883_459_834_088, elapsed: 7_996_500_000, runID: "01M8287JDXK7DSPG3M37DG6EZ6",
        event: .sample(sample))
}
