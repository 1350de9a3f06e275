// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Reporting

/// The sentence of each result that is not as asked.
@Suite struct MissTextTests {
    private static let mebibyte = Fixture.mebibyte

    /// The sentence of the fixture's memory load (index 1) or CPU load (index 0), changed by `change`.
    private func sentence(
        _ index: Int = 1, plan: Plan = Fixture.plan, _ change: (inout PhaseResult) -> Void
    ) -> String {
        var record = Fixture.missed
        record.plan = plan
        record.results[index].evidence = [:]
        record.results[index].shortfall = [:]
        record.results[index].scheduling = nil
        change(&record.results[index])
        return MissText(record.results[index], of: record)?.sentence ?? "none"
    }

    @Test func whatIsMetIsNotTold() {
        #expect(sentence { $0.verdict = .met } == "none")
    }

    @Test func achievedAndTargetAgreeWithTheErrorThatIsNamed() {
        // 0.4996 of 0.8004: rounded one by one, 0.500 and 0.800 would be off by 0.301.
        let text = sentence(0) {
            ($0.targetMean, $0.achievedMean, $0.errorMean) = (0.8004, 0.4996, -0.3008)
            $0.offSeconds = 0
        }
        #expect(
            text == "cpu in squeeze: 0.500 of 0.800 cores, off by -0.300 cores where 0.02 cores is allowed; "
                + "never reached")
    }

    @Test func aSmallMissIsStillSeen() {
        let text = sentence {
            $0.verdict = .notMet
            ($0.targetMean, $0.achievedMean) = (64 * Self.mebibyte, 64 * Self.mebibyte - 16384)
            ($0.errorMean, $0.tolerance) = (-16384, 4096)
            $0.allowanceSeconds = 0
        }
        #expect(text == "memory in squeeze: 63.98 of 64.00 MiB, off by -0.02 MiB where 4 KiB is allowed")
    }

    @Test func whatIsNotCountedOnTheWayIsTold() {
        let text = sentence {
            $0.verdict = .notMet
            ($0.targetMean, $0.achievedMean) = (512 * Self.mebibyte, 450 * Self.mebibyte)
            ($0.errorMean, $0.errorAbsMean) = (-20 * Self.mebibyte, 30 * Self.mebibyte)
            ($0.allowanceSeconds, $0.timeToReach, $0.offSeconds) = (0.6, 0.6, 1.4)
        }
        #expect(
            text == "memory in squeeze: 450.0 of 512.0 MiB, off by -62.0 MiB, -20.0 MiB of that outside the way to it "
                + "where 5.1 MiB is allowed; off for 1.4 of 3.0 s; 0.6 s on the way to it are not counted")
    }

    @Test func aWayThatTookTooLongNamesTheRemedy() {
        var plan = Fixture.plan
        plan.phases[0].within = [:]
        plan.phases[0].length = 10 * .second
        plan.phases[1].start = 10 * .second
        hold([10])
        func hold(_ seconds: [Int64]) {
            for index in plan.stressors.indices {
                plan.stressors[index].curve = Curve()
                for (number, length) in seconds.enumerated() {
                    let level = Double(number + 1) * 256 * Self.mebibyte
                    plan.stressors[index].curve.append(
                        length * .second, repeating: [.init(length: length * .second, .line(level, level))])
                }
            }
        }
        let late = { (result: inout PhaseResult) in
            result.verdict = .notMet
            (result.errorMean, result.timeToReach, result.allowanceSeconds) = (-10 * Self.mebibyte, 2.14, 0)
        }
        #expect(
            sentence(plan: plan, late).hasSuffix(
                "; not reached within 1s but after 2.140 s; say 'within: 3s', or ramp"),
            "\(sentence(plan: plan, late))")
        // No more than half of the stretch is granted, whatever is written.
        hold([4, 6])
        #expect(sentence(plan: plan, late).hasSuffix("; not reached within 1s but after 2.140 s; ramp to it"))
        hold([4])
        plan.phases[0].length = 4 * .second
        #expect(sentence(plan: plan, late).hasSuffix("; not reached within 1s but after 2.140 s; ramp to it"))
        #expect(
            sentence(plan: plan) {
                late(&$0)
                $0.timeToReach = nil
            }.hasSuffix("; never reached"))
    }

    @Test func aLoadThatIsRightInTheMeanMayBeOffForTooLong() {
        let text = sentence {
            $0.verdict = .notMet
            ($0.offSeconds, $0.allowanceSeconds) = (0.4, 0)
        }
        #expect(
            text == "memory in squeeze: 512.0 of 512.0 MiB in the mean, but not all of the time; "
                + "off for 0.4 of 3.0 s where 5% of the time is allowed")
    }

    @Test func aKillSaysWhenAndWhatWasHeld() {
        let killed = { (result: inout PhaseResult) in
            result.verdict = .killed
            (result.killedAfter, result.achievedWhenKilled) = (2.96, 64 * Self.mebibyte)
            result.achievedMean = 32.9 * Self.mebibyte
        }
        #expect(sentence(1, killed) == "memory in squeeze: killed after 3.0 s, holding 64.0 of 512.0 MiB")
        #expect(
            sentence(1) {
                killed(&$0)
                $0.isExpected = true
            } == "memory in squeeze: killed after 3.0 s, holding 64.0 of 512.0 MiB; as expected")
        #expect(
            sentence {
                killed(&$0)
                $0.evidence = [.processLimit: CauseEvidence(source: "RLIMIT_CPU", figure: "1 s")]
            }.hasSuffix("; limited by process_limit (RLIMIT_CPU says 1 s)"))
        // A rate: what was due in the second before, of a ramp from 0 to 1.6 cores in 3 s.
        #expect(
            sentence(0) {
                $0.verdict = .killed
                ($0.killedAfter, $0.achievedWhenKilled) = (2, 0.8)
            } == "cpu in squeeze: killed after 2.0 s, at 0.800 of 0.800 cores")
    }

    @Test func aKilledStressorsChangedTargetIsNotMadeUp() {
        var record = Fixture.missed
        record.changes = [RunChange(.load(stressor: "memory", text: "64MiB"), from: .second)]
        record.results[1].verdict = .killed
        (record.results[1].killedAfter, record.results[1].achievedWhenKilled) = (2, 64 * Self.mebibyte)
        #expect(
            MissText(record.results[1], of: record)?.sentence
                == "memory in squeeze: killed after 2.0 s, holding 64.0 MiB")
    }

    @Test func whatGaveUpWasNotKilled() {
        var record = Fixture.missed
        record.ends[0] = Fixture.failed
        record.results[0].verdict = .killed
        (record.results[0].killedAfter, record.results[0].achievedWhenKilled) = (2, 0.8)
        (record.results[0].evidence, record.results[0].shortfall) = ([:], [:])
        #expect(
            MissText(record.results[0], of: record)?.sentence
                == "cpu in squeeze: gave up after 2.0 s, at 0.800 of 0.800 cores")
    }

    @Test func phasesAfterAKillSaySo() {
        var record = Fixture.missed
        record.results[0].verdict = .killed
        record.results[2].isLoaded = true
        record.results[2].verdict = .killed
        #expect(MissText(record.results[2], of: record)?.sentence == "cpu in recover: it was gone before")
    }

    @Test func unverifiedSaysWhetherNobodyLookedOrTheFiguresDiffer() {
        let unseen = { (result: inout PhaseResult) in
            result.verdict = .unverified
            result.unseenSeconds = 1.5
        }
        #expect(sentence(1, unseen) == "memory in squeeze: nobody looked for 1.5 of 3.0 s where 5% is allowed")
        #expect(
            sentence {
                $0.verdict = .unverified
                // What was compared, and not the means of the whole phase.
                $0.claimedMean = 590 * Self.mebibyte
                $0.mismatch = ClaimMismatch(claimed: 600 * Self.mebibyte, achieved: 512 * Self.mebibyte)
            } == "memory in squeeze: the stressor claims 600.0 MiB, statm_resident says 512.0 MiB")
        #expect(
            sentence {
                unseen(&$0)
                $0.mismatch = ClaimMismatch(claimed: 600 * Self.mebibyte, achieved: 512 * Self.mebibyte)
            }.contains("nobody looked for 1.5 of 3.0 s where 5% is allowed; the stressor claims 600.0 MiB"))
    }

    @Test func whatWasLeftInAPhaseWithoutALoadIsTold() {
        var record = Fixture.missed
        var left = record.results[1]
        (left.phase, left.isLoaded, left.verdict, left.targetMean) = (1, false, .notMet, 0)
        left.achievedMean = 64 * Self.mebibyte
        (left.errorMean, left.errorAbsMean) = (left.achievedMean, left.achievedMean)
        (left.tolerance, left.offSeconds) = (Self.mebibyte, 2)
        record.results.append(left)
        let text = SummaryText.text(record, style: TextStyle(width: 200))
        #expect(
            text.contains(
                "memory in recover: still held 64.0 MiB in the mean where nothing was asked for and 1 MiB may be left; "
                    + "off for 2.0 of 2.0 s\n"), "\(text)")
        // It stands in the table, and what was released as it should be does not.
        #expect(text.contains(/recover +memory +0\.0 +64\.0 +MiB +\+64\.0 MiB .*– .* not met\n/), "\(text)")
        #expect(!text.contains(/recover +cpu/))
        var lines = ProgressLines(plan: Fixture.plan, columns: Fixture.plan.stressors.map(ProgressColumn.init))
        let end = lines.text(
            of: Fixture.event(5, .phaseEnded(1, [left])), findings: { $0 }, style: TextStyle())
        #expect(String(decoding: end, as: UTF8.self) == "end of recover: memory not met\n")
    }

    /// Random results of every unit: no number has more than six digits, counts apart.
    @Test func noFigureHasMoreThanSixDigits() {
        var random = SystemRandomNumberGenerator()
        for unit in [LoadModel.Unit.cores, .bytes, .bytesPerSecond, .operationsPerSecond] {
            for verdict in [Verdict.notMet, .killed, .unverified, .aborted] {
                for _ in 0..<200 {
                    var plan = Fixture.plan
                    plan.stressors[1].unit = unit
                    func any() -> Double {
                        let most = unit == .cores || unit == .operationsPerSecond ? 4.0 : 15
                        let size = Double.random(in: -4...most, using: &random)
                        return pow(size) * Double.random(in: 1...10, using: &random)
                    }
                    let level = any()
                    plan.stressors[1].curve = Curve()
                    plan.stressors[1].curve.append(
                        5 * .second, repeating: [Curve.Piece(length: 5 * .second, .line(level, level))])
                    let text = sentence(plan: plan) {
                        $0.verdict = verdict
                        ($0.targetMean, $0.achievedMean, $0.claimedMean) = (any(), any(), any())
                        ($0.errorMean, $0.errorAbsMean, $0.tolerance) = (-any(), any(), any())
                        $0.shortfall = [.quota: any()]
                        ($0.killedAfter, $0.achievedWhenKilled) = (Double.random(in: 0...3, using: &random), any())
                        $0.unseenSeconds = 1.0 / 3
                    }
                    let digits = text.matches(of: /[0-9]+(\.[0-9]+)?/).map { number in
                        number.output.0.filter(\.isNumber).drop { $0 == "0" }.count
                    }
                    #expect((digits.max() ?? 0) <= 6, "\(text)")
                }
            }
        }
    }

    private func pow(_ exponent: Double) -> Double {
        var value = 1.0
        for _ in 0..<Int(exponent.magnitude) { value *= exponent < 0 ? 0.1 : 10 }
        return value
    }
}
