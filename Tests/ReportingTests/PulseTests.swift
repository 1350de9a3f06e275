// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Reporting

/// A level that pulses between two samples is visible, and one that does not is not cluttered.
@Suite struct PulseTests {
    private static let plan: Plan = {
        var plan = Fixture.plan
        var curve = Curve()
        curve.append(
            5 * .second,
            repeating: [
                Curve.Piece(length: 500 * .millisecond, .line(5000, 5000)),
                Curve.Piece(length: 500 * .millisecond, .line(0, 0)),
            ])
        plan.stressors = [
            PlannedStressor(
                name: "files", kind: "file-handles", unit: .handles, drive: .level, settings: Settings(values: [:]),
                capacity: 20000, base: "process", curve: curve, workers: 1,
                tolerance: ToleranceLimit(absolute: 0, ratio: 0.001), witness: "proc_fd")
        ]
        plan.phases = [PlannedPhase(name: "burst", start: 0, length: 5 * .second, loads: ["files": "pulse"])]
        plan.findings = []
        return plan
    }()

    /// As a sample at a round second has it: the pulse is over when it is taken.
    private func sample(_ spread: Spread?) -> Sample {
        var sample = Sample(
            elapsed: 2 * .second, interval: .second, phase: 0,
            readings: [
                Reading(
                    stressor: "files", target: 0, achieved: 0, claimed: 0, limitedBy: nil, refusals: 0,
                    contentBytes: nil)
            ], host: HostReading(cpuBusyRatio: nil, cpuStealRatio: nil, memoryAvailableBytes: nil))
        sample.readings[0].targetSpread = spread
        sample.readings[0].achievedSpread = spread
        return sample
    }

    private func line(_ sample: Sample, isUTF8: Bool = true) -> String {
        var display = ProgressDisplay(plan: Self.plan, policy: .lines(color: false), isUTF8: isUTF8)
        return String(decoding: display.handle(Fixture.event(2, .sample(sample))), as: UTF8.self)
    }

    @Test func linesHaveTheLeastAndMost() {
        let whole = Spread(least: 8, mean: 2504, most: 5000)
        #expect(line(sample(whole)) == "   2.0s burst   files    0/   0 handles [8–5000]\n")
        #expect(line(sample(whole), isUTF8: false).contains("[8-5000]"))
        #expect(line(sample(nil)) == "   2.0s burst   files    0/   0 handles\n")
        #expect(!line(sample(Spread(least: 0, mean: 1, most: 4))).contains("["))
    }

    /// What the lines at both ends of the interval say already is not said again.
    @Test func aStepIsNoPulse() {
        var half = sample(Spread(least: 0, mean: 2500, most: 5000))
        half.elapsed = 1_500 * .millisecond
        half.interval = 500 * .millisecond
        #expect(!line(half).contains("["), "\(line(half))")
        half.elapsed = 500 * .millisecond
        half.readings[0].target = 5000
        #expect(!line(half).contains("["), "\(line(half))")
    }

    @Test func theBlockHasThemToo() {
        var display = ProgressDisplay(plan: Self.plan, policy: .live(color: false, width: 90), isUTF8: true)
        let pulse = sample(Spread(least: 0, mean: 2500, most: 5000))
        let text = String(decoding: display.handle(Fixture.event(2, .sample(pulse))), as: UTF8.self)
        #expect(text.contains("[0–5000]"), "\(text)")
        // Half as high as the run's peak, though it was at nothing when the sample was taken.
        #expect(text.contains("▅") && !text.contains("▁"), "\(text)")
    }
}
