// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadModel

private let s = Nanoseconds.second

/// The same seed is the same load, on every machine and in every version.
@Suite struct RandomShapeTests {
    /// Seed 0 as the reference implementation gives it (prng.di.unimi.it/splitmix64.c); seed 1234567 as published by
    /// Rosetta Code.
    @Test(
        arguments: [
            (0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F, 0xF88B_B8A8_724C_81EC]),
            (
                1_234_567,
                [
                    6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                    4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
                ]
            ),
        ] as [(UInt64, [UInt64])])
    func `the generator gives the published numbers`(seed: UInt64, expected: [UInt64]) {
        var generator = SplitMix64(state: seed)
        #expect(expected.map { _ in generator.next() } == expected)
    }

    @Test func `units are the upper 53 bits, from 0 and below 1`() {
        var generator = SplitMix64(state: 0)
        #expect(generator.nextUnit() == Double(0xE220_A839_7B1D_CDAF as UInt64 >> 11) / 9_007_199_254_740_992)
        let units = (0..<10_000).map { _ in generator.nextUnit() }
        #expect(units.allSatisfy { (0..<1).contains($0) })
        // The mean of 10 000 uniform numbers is 0.5 ± 0.003; five of these.
        #expect(abs(units.reduce(0, +) / 10_000 - 0.5) < 0.015)
    }

    @Test func `a random load is drawn from its seed, level by level`() {
        let load = curve(4 * s, .random(from: .cores(1), to: .cores(3), every: s), seed: 1_234_567)
        var generator = SplitMix64(state: 1_234_567)
        for second in 0..<4 {
            let level = 1 + 2 * generator.nextUnit()
            #expect(load.value(at: Int64(second) * s) == level)
            #expect(load.value(at: Int64(second + 1) * s - 1) == level)
        }
    }

    @Test func `the same seed is the same load, and another seed another`() {
        let shape = LoadShape.random(from: .cores(0), to: .cores(1), every: s)
        #expect(curve(60 * s, shape, seed: 7) == curve(60 * s, shape, seed: 7))
        #expect(curve(60 * s, shape, seed: 7) != curve(60 * s, shape, seed: 8))
    }

    @Test func `a random load stays between its ends, keeps no level twice by design, and fills a part of a step`() {
        let load = curve(10 * s + 1, .random(from: .cores(2), to: .cores(5), every: s), seed: 3)
        let levels = (0...10).map { load.value(at: Int64($0) * s) }
        #expect(levels.allSatisfy { (2..<5).contains($0) })
        #expect(Set(levels).count == 11)
    }
}
