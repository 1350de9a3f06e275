// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Engine

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The judge against the truth: random profiles, and a stressor that stalls, lags, drops, overshoots, dies and lies.
///
/// `EXERT_JUDGE_RUNS` says how many; `scripts/test --full` takes a million.
@Suite struct JudgePropertyTests {
    private static let runs = ProcessInfo.processInfo.environment["EXERT_JUDGE_RUNS"].flatMap { Int($0) } ?? 100_000
    private static let batches = 8

    @Test(arguments: 0..<batches)
    func `what was materially off is never met, and what was on target always is`(batch: Int) {
        var counts = Counts()
        for seed in stride(from: batch, to: Self.runs, by: Self.batches) {
            let run = RandomRun(seed: UInt64(seed))
            for (result, phase) in zip(run.simulation.results(), run.simulation.phases) {
                counts.take(result, phase, run, seed: seed)
            }
        }
        #expect(counts.wrong.isEmpty, "\(counts.wrong.prefix(3).joined(separator: "\n"))")
        // Both sides of the property are really tried, and both verdicts really given.
        let share = Self.runs / Self.batches / 20
        #expect(counts.bad > share && counts.good > share && counts.met > share, "\(counts)")
    }

    /// Runs in which judge and truth once differed.
    @Test(arguments: [120_711, 706_975])
    func `what was wrong once is wrong no more`(seed: Int) {
        var counts = Counts()
        let run = RandomRun(seed: UInt64(seed))
        for (result, phase) in zip(run.simulation.results(), run.simulation.phases) {
            counts.take(result, phase, run, seed: seed)
        }
        #expect(counts.wrong.isEmpty, "\(counts.wrong)")
    }

    private struct Counts {
        var bad = 0
        var good = 0
        var met = 0
        var wrong: [String] = []

        mutating func take(_ result: PhaseResult, _ phase: PlannedPhase, _ run: RandomRun, seed: Int) {
            let simulation = run.simulation
            // What is longer than two looks: of a rate, whose looks are slots, longer than two of these.
            let long = simulation.drive == .rate ? 2 * s : 200 * ms
            let rough = simulation.truth(of: phase, beyond: 3, longerThan: long, excused: run.allowances)
            let fine = simulation.truth(of: phase, beyond: 1, longerThan: 0, excused: run.excused)
            let isDead = simulation.diesAt < phase.end
            // What was done too much may make up for what was excused: it is bad by whichever way it is counted, with
            // the ways up alone or the ways down alone excused, too.
            func isUp(_ way: Range<Nanoseconds>) -> Bool {
                simulation.curve.value(at: way.lowerBound) > simulation.curve.valueBefore(way.lowerBound)
            }
            let ways = [run.allowances, run.excused].flatMap { [$0, $0.filter(isUp), $0.filter { !isUp($0) }] } + [[]]
            let errors = ways.map { simulation.truth(of: phase, beyond: 1, longerThan: long, excused: $0).error }
            let isErrorBad =
                errors.allSatisfy { $0 > 1.5 * rough.allowed } || errors.allSatisfy { $0 < -1.5 * rough.allowed }
            let isBad = rough.off > 0.1 || isErrorBad || isDead
            let allowed = simulation.tolerance.allowed(
                at: simulation.curve.mean(from: phase.start, to: phase.end))
            // Where the end of a way is known less well than the error that is allowed, it decides.
            let isClear = run.excused.isEmpty || allowed > 2 * fine.quantum
            // Two hiccups may be two slots; a level that is off at one look is off for two.
            let hiccups = run.pieces.count { $0.overlaps(phase.start..<phase.end) }
            let isSteady = simulation.drive == .rate ? fine.off <= 0.01 && hiccups <= 1 : fine.off == 0
            // Who dies before the look at a phase's end may have died in the phase, for all that anybody knows.
            let isDying = simulation.diesAt < phase.end + LevelJudge.lateness
            let isGood =
                isSteady && abs(fine.error) <= 0.5 * allowed && run.isSeen && isClear && !isDying
            if result.verdict == .met { met += 1 }
            if isBad {
                bad += 1
                if result.verdict == .met {
                    wrong.append("seed \(seed) phase \(phase.name): met, but \(rough) \(run.text)")
                }
            } else if isGood {
                good += 1
                if result.verdict != .met {
                    wrong.append(
                        "seed \(seed) phase \(phase.name): \(result.verdict), but \(fine); off \(result.offSeconds), "
                            + "unseen \(result.unseenSeconds), error \(result.errorMean) of \(result.tolerance), "
                            + "mean size \(result.errorAbsMean), claimed \(result.claimedMean), achieved "
                            + "\(result.achievedMean); \(run.text)"
                    )
                }
            }
        }
    }
}

/// A random profile with a random stressor.
struct RandomRun {
    private(set) var simulation: JudgeSimulation
    /// Ways to a target that lie within their allowance.
    private(set) var excused: [Range<Nanoseconds>] = []
    /// All that is wrong besides.
    private(set) var pieces: [Range<Nanoseconds>] = []
    /// All ways to a target.
    private var ways: [Range<Nanoseconds>] = []
    /// The allowances of all jumps, used or not: what is wrong in them may be taken for the way.
    private(set) var allowances: [Range<Nanoseconds>] = []
    /// Whether the observer saw all of it and the claims are true.
    private(set) var isSeen = true
    /// What was drawn, for messages.
    private(set) var text = ""
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        simulation = JudgeSimulation(random.chance(0.5) ? .rate : .level)
        draw()
    }

    private mutating func draw() {
        let scale = simulation.drive == .level ? 1e9 : random.chance(0.5) ? 2.0 : 2000
        if simulation.drive == .rate, scale == 2000 {
            simulation.unit = .operationsPerSecond
            simulation.operation = 1
        }
        simulation.tolerance =
            random.chance(0.5)
            ? ToleranceLimit(absolute: 0, ratio: random.chance(0.5) ? 0.01 : 0.001, floor: scale * 1e-5)
            : ToleranceLimit(absolute: 0.01 * scale, ratio: 0, floor: scale * 1e-4, released: scale * 1e-3)
        for _ in 0..<random.below(3) + 1 { drawPhase(scale) }
        drawWays(share: random.chance(0.6) ? 0.5 : 0)
        let length = simulation.curve.length
        for _ in 0..<random.below(3) where random.chance(0.7) {
            let from = Nanoseconds(random.unit() * Double(length))
            // What is over between two looks at a level, nobody can see.
            let least = simulation.drive == .rate ? 1.0 : 250
            let span: Nanoseconds = Nanoseconds(least * exp(random.unit() * log(4000 / least)) * Double(ms))
            var factor = [0, 0.5, 0.9, 0.97, 0.99, 1.01, 1.1, 1.5][random.below(8)]
            // What is above the target after a way may make up for it.
            if factor > 1, simulation.drive == .rate, !excused.isEmpty { factor = 0.9 }
            // A way is a way: nothing else is wrong in it.
            if ways.contains(where: { $0.overlaps(from..<from + span) }) { continue }
            if simulation.drive == .level {
                // No piece of it, in any phase, is shorter than two looks.
                let edges = simulation.phases.flatMap { [$0.start, $0.end] }
                if !pieces.isEmpty
                    || edges.contains(where: { abs($0 - from) < 250 * ms || abs($0 - from - span) < 250 * ms })
                {
                    continue
                }
            }
            pieces.append(from..<from + span)
            simulation.disturb(from, min(from + span, length), factor: factor)
            text += " \(factor) from \(from.seconds) for \(span.seconds)"
        }
        if random.chance(0.1) {
            let from = Nanoseconds(random.unit() * Double(length))
            // Of a level, up to a second between two looks is no gap.
            let least = simulation.drive == .rate ? 1 : 1_200 * ms
            simulation.blind = [from..<from + least + Nanoseconds(random.unit() * 4e9)]
            isSeen = false
            text += " blind \(simulation.blind)"
        }
        if random.chance(0.05) {
            simulation.claimFactor = random.chance(0.5) ? 0.5 : 1.2
            isSeen = false
        }
        if random.chance(0.03) { simulation.diesAt = Nanoseconds(random.unit() * Double(length)) }
    }

    private mutating func drawPhase(_ scale: Double) {
        let length = Nanoseconds(0.4e9 + random.unit() * 5.6e9) / ms * ms
        let value = scale * (0.05 + 0.95 * random.unit())
        let other = scale * random.unit()
        let period = max(250 * ms, Nanoseconds(random.unit() * Double(length)) / ms * ms)
        switch random.below(8) {
        case 0: simulation.phase(length, [])
        case 1: simulation.phase(length, .init(length: length, .line(other, value)))
        case 2:
            simulation.phase(
                length, .init(length: period, .line(value, value)), .init(length: period, .line(other, other)))
        case 3:
            simulation.phase(length, .init(length: period, .line(value, value)), .init(length: period, .line(0, 0)))
        case 4: simulation.phase(length, .init(length: length, .sine(low: other, high: value, period: period)))
        case 5: simulation.phase(length, .init(length: max(period, s), .line(other, value)))
        default: simulation.hold(value, for: length)
        }
        text += " | \(length.seconds) s"
    }

    /// Each jump takes a while: some within the allowance, some longer.
    private mutating func drawWays(share: Double) {
        for phase in simulation.phases {
            var start = phase.start
            while start < phase.end {
                let end = min(simulation.curve.nextJump(after: start) ?? phase.end, phase.end)
                let (before, after) = (simulation.curve.valueBefore(start), simulation.curve.value(at: start))
                let allowance = phase.allowance(of: "x", stretch: end - start)
                if Curve.isJump(before, after) {
                    allowances.append(start..<min(end, start + allowance + LevelJudge.lateness))
                }
                // A small jump is seen as done before it is: the bursts of a rate hide it.
                let isLarge = abs(after - before) > 0.3 * max(before, after)
                // Nor is one that the target itself comes to meet.
                let isSteady = simulation.curve.constantUntil(after: start) >= end
                if isLarge, isSteady, end - start > 500 * ms, random.chance(share) {
                    let way = Nanoseconds(random.unit() * 1.6 * Double(allowance))
                    // Where what was before lies close by, that it is there is seen too early, which is no matter.
                    simulation.disturb(start, start + way, factor: 0, plus: before)
                    ways.append(start..<start + way)
                    if way <= allowance + LevelJudge.lateness { excused.append(start..<start + way) }
                    // Near its end it may be granted or not.
                    if Double(way) > 0.75 * Double(allowance) { isSeen = false }
                    text += " way \(way.seconds) of \(allowance.seconds) at \(start.seconds)"
                }
                start = end
            }
        }
    }
}

extension SeededGenerator {
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
    mutating func below(_ bound: Int) -> Int { Int(unit() * Double(bound)) }
    mutating func chance(_ share: Double) -> Bool { unit() < share }
}
