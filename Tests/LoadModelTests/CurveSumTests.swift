// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Sums, segments, offsets and a load's own place in its phase: values and areas.
@Suite struct CurveSumTests {
    private static let parts: [(String, LoadShape)] = [
        ("hold", .hold(.cores(1.5))),
        ("ramp", .ramp(from: .cores(0.5), to: .cores(3), over: 7 * s)),
        ("steps", .steps([.cores(1), .cores(0), .cores(4)], every: 1730 * ms)),
        ("sine", .sine(from: .cores(0.2), to: .cores(1.8), every: 3100 * ms)),
        ("sine down", .sine(from: .cores(2), to: .cores(1), every: 700 * ms, offset: 130 * ms)),
        ("pulse", .pulse(.cores(2), width: 310 * ms, every: 1110 * ms, offset: 1000 * ms)),
        ("sawtooth", .sawtooth(from: .cores(0), to: .cores(2), every: 2300 * ms, offset: 10 * ms)),
        ("random", .random(from: .cores(0), to: .cores(4), every: 700 * ms)),
        ("curve", .curve(from: .cores(1), [.line(.cores(3), 2 * s), .hold(s), .step(.cores(0.5), 500 * ms)])),
        ("placed", .placed(.sine(from: .cores(0), to: .cores(1), every: s), start: 2 * s, length: 3500 * ms)),
    ]

    /// The sum has the value and the area that its parts have together, everywhere.
    @Test(arguments: 0..<parts.count, 0..<parts.count)
    func `a sum is exact in value and in area`(first: Int, second: Int) {
        // Each draws numbers of its own: the second one of two that are random has another seed.
        guard first != 7 || second != 7 else { return }
        let shapes = [Self.parts[first].1, Self.parts[second].1]
        let sum = curve(10 * s, .sum(shapes), seed: 5)
        let others = shapes.enumerated().map { index, shape in
            curve(10 * s, shape, seed: 5 &+ UInt64(index) &* 0xA24B_AED4_963E_E407)
        }
        #expect(sum.length == 10 * s)
        for time in stride(from: Nanoseconds(0), through: 10 * s - 1, by: Int(7_130_017)) {
            let value = others.reduce(0) { $0 + $1.value(at: time) }
            #expect(abs(sum.value(at: time) - value) < 1e-9, "at \(time)")
            let area = others.reduce(0) { $0 + $1.area(until: time) }
            #expect(abs(sum.area(until: time) - area) < 1e-9 * Double(10 * s), "until \(time)")
        }
        let peak = stride(from: Nanoseconds(0), to: 10 * s, by: Int(ms)).map(sum.value).max() ?? 0
        #expect(sum.peak >= peak - 1e-6 && sum.peak <= peak + 0.05)
        #expect(Curve(words: sum.words) == sum && sum.words.count == sum.wordCount)
        #expect(Curve.pieceCount(of: .sum(shapes), length: 10 * s) >= sum.pieceTotal)
        let doubled = sum.scaled(by: 2, from: 3 * s)
        #expect(abs(doubled.value(at: 4 * s) - 2 * sum.value(at: 4 * s)) < 1e-9)
    }

    @Test func `two waves of three are as high together as they get`() {
        let day = curve(
            86_400 * s,
            .sum([
                .sine(from: .cores(1), to: .cores(2), every: 3600 * s), .sine(from: .cores(0), to: .cores(1), every: s),
            ]))
        #expect(day.pieceTotal == 1)
        #expect(abs(day.peak - 3) < 1e-9)
        #expect(abs(day.area(until: 86_400 * s) / 1e9 - 2 * 86_400) < 1e-3)
        let short = day.extremes(from: 0, to: 500 * ms)
        #expect(abs(short.lowerBound - 1) < 1e-6 && abs(short.upperBound - 2) < 1e-4)
    }

    @Test func `what is added to a level repeats as it did`() {
        let load = curve(86_400 * s, .sum([.hold(.cores(1)), .pulse(.cores(2), width: ms, every: 10 * ms)]))
        #expect(load.pieceTotal == 2)
        #expect(abs(load.mean(from: 0, to: 86_400 * s) - 1.2) < 1e-9)
    }

    @Test func `noise is around its level, within its height, and the same for the same seed`() {
        let shape = LoadShape.sum([.hold(.cores(2)), .noise(.cores(0.5), every: 100 * ms)])
        let load = curve(100 * s, shape, seed: 3)
        let values = (0..<1000).map { load.value(at: $0 * 100 * ms + 50 * ms) }
        #expect(values.allSatisfy { (1.5...2.5).contains($0) } && Set(values).count > 990)
        #expect(abs(load.mean(from: 0, to: 100 * s) - 2) < 0.05)
        #expect(load == curve(100 * s, shape, seed: 3))
        #expect(load != curve(100 * s, shape, seed: 4))
        let waved = curve(
            10 * s,
            .sum([
                .sine(from: .cores(0.5), to: .cores(2), every: 3 * s), .noise(.cores(0.5), every: 100 * ms),
            ]))
        #expect(waved.extremes(from: 0, to: 10 * s).lowerBound >= -1e-9)
        // No figure of a stressor is below zero, or the words are no curve.
        #expect(Curve(words: waved.words) == waved)
    }

    @Test func `an offset begins within the period`() {
        let sine = curve(10 * s, .sine(from: .cores(0), to: .cores(2), every: 4 * s, offset: s))
        #expect(abs(sine.value(at: 0) - 1) < 1e-9 && abs(sine.value(at: s) - 2) < 1e-9)
        #expect(abs(sine.area(until: 4 * s) / 1e9 - 4) < 1e-9)
        let pulse = curve(10 * s, .pulse(.cores(1), width: s, every: 4 * s, offset: 3500 * ms))
        #expect([0, 400 * ms, 500 * ms, 1500 * ms].map(pulse.value) == [0, 0, 1, 0])
        #expect(pulse.area(until: 10 * s) / 1e9 == 3)
        let sawtooth = curve(10 * s, .sawtooth(from: .cores(0), to: .cores(4), every: 4 * s, offset: 3 * s))
        #expect([0, s - 1, s, 2 * s].map { sawtooth.value(at: $0).rounded() } == [3, 4, 0, 1])
    }

    @Test func `a curve goes through its segments and holds the last amount`() {
        let shape = LoadShape.curve(
            from: nil, [.line(.cores(2), 2 * s), .line(.cores(6), 4 * s), .hold(s), .step(.cores(1), s)])
        let load = curve(10 * s, shape, from: 1)
        #expect([0, s, 2 * s, 4 * s, 6 * s, 7 * s, 9 * s].map(load.value) == [1, 1.5, 2, 4, 6, 1, 1])
        #expect(load.area(until: 10 * s) / 1e9 == 3 + 16 + 6 + 1 + 2)
        #expect(load.nextJump(after: 0) == 7 * s)
        // Cut by a shorter phase it ends where it got to.
        #expect(abs(curve(s, shape, from: 1).value(at: s - 1) - 1.5) < 1e-8)
    }

    @Test func `a load that has its place is nothing before and after it`() {
        var load = Curve()
        let last = load.append(
            10 * s, .placed(.hold(.cores(2)), start: 3 * s, length: 4 * s), from: 5, seed: 1, resolve: number)
        #expect(last == 0 && load.length == 10 * s)
        #expect([0, 3 * s - 1, 3 * s, 7 * s - 1, 7 * s, 10 * s - 1].map(load.value) == [0, 0, 2, 2, 0, 0])
        #expect(load.area(until: 10 * s) / 1e9 == 8)
        #expect(load.nextJump(after: 0) == 3 * s && load.nextJump(after: 3 * s) == 7 * s)
        let ramp = LoadShape.placed(.ramp(from: nil, to: .cores(2), over: nil), start: 5 * s, length: 5 * s)
        let end = load.append(10 * s, ramp, from: 7, seed: 1, resolve: number)
        #expect(end == 2 && load.value(at: 15 * s) == 0 && load.value(at: 17_500 * ms) == 1)
    }
}

extension Curve {
    /// How many pieces all its sections have.
    fileprivate var pieceTotal: Int { (words.count - wordsWithoutPieces) / 5 }

    /// Words that are not of a piece, waves beyond five words a piece left out of the count of both.
    private var wordsWithoutPieces: Int {
        var (position, others) = (1, 1)
        let words = words
        for _ in 0..<words[0] {
            let pieces = words[position + 2]
            position += 3
            others += 3
            for _ in 0..<pieces {
                let isWave = words[position + 1] == 3
                position += isWave ? 13 : 5
                others += isWave ? 8 : 0
            }
        }
        return others
    }
}
