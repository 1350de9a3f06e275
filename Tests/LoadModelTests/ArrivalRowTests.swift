// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import LoadModel

/// Arrivals that are drawn: a Poisson process of rate 1.
@Suite struct ArrivalRowTests {
    private func places(seed: UInt64, _ count: Int64) -> [Double] {
        var row = ArrivalRow(seed: seed)
        return (0..<count).map { row.place(of: $0) }
    }

    @Test(arguments: [0, 1, 42, .max] as [UInt64])
    func `gaps are exponential`(seed: UInt64) {
        let places = places(seed: seed, 20_000)
        var gaps = zip([0] + places, places).map { $1 - $0 }
        #expect(gaps.allSatisfy { $0 >= 0 })
        // Neighbours have nothing to do with each other: their correlation is above 3/√n once in 370 seeds.
        let products = zip(gaps, gaps.dropFirst()).reduce(0) { $0 + ($1.0 - 1) * ($1.1 - 1) } / Double(gaps.count)
        #expect(abs(products) < 3 / Double(gaps.count).squareRoot())
        // By the law of Kolmogorov and Smirnov the distance is above 1.63/√n once in a hundred seeds.
        gaps.sort()
        var distance = 0.0
        for (index, gap) in gaps.enumerated() {
            distance = max(distance, abs(1 - exp(-gap) - (Double(index) + 0.5) / Double(gaps.count)))
        }
        #expect(distance < 1.63 / Double(gaps.count).squareRoot())
    }

    @Test func `counts of equal stretches are as of Poisson, within blocks and across them`() {
        var row = ArrivalRow(seed: 7)
        let counts = (0..<10_000).map {
            Double(row.count(until: Double($0 + 1) * 4) - row.count(until: Double($0) * 4))
        }
        let mean = counts.reduce(0, +) / 10_000
        let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9_999
        // Mean and variance of Poisson's counts are one number: 4, to 4 standard errors.
        #expect(abs(mean - 4) < 4 * (4.0 / 10_000).squareRoot())
        #expect(abs(variance - 4) < 4 * 4 * (2.0 / 10_000).squareRoot())
        let none = counts.count { $0 == 0 }
        #expect(abs(Double(none) - 10_000 * exp(-4)) < 4 * (10_000 * exp(-4)).squareRoot())
    }

    @Test func `sums of many are spread as those of exponential draws are`() {
        // The gamma numbers of whole blocks, standardised: mean 0 and variance 1.
        let count = 4000
        let sums = (0..<count).map { SplitMix64(state: UInt64($0) &* 0x9E37_79B9).nextGamma(1024).value }
        let places = sums.map { ($0 - 1024) / 32 }
        let mean = places.reduce(0, +) / Double(count)
        let variance = places.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
        #expect(abs(mean) < 4 / Double(count).squareRoot())
        #expect(abs(variance - 1) < 4 * (2 / Double(count)).squareRoot())
    }

    @Test func `a count is the inverse of a place, wherever the row was asked before`() {
        var (ahead, back) = (ArrivalRow(seed: 3), ArrivalRow(seed: 3))
        let numbers = (0..<300).map { Int64($0) * 37 }
        let places = numbers.map { ahead.place(of: $0) }
        for (number, place) in zip(numbers, places).reversed() {
            #expect(abs(back.place(of: number) - place) < 1e-9)
            #expect(ahead.count(until: place + 1e-7) >= number + 1)
            #expect(ahead.count(until: place - 1e-7) <= number)
        }
        #expect(ahead.count(until: 0) == 0)
        // Far away, in a moment: a step a block and not one an arrival.
        let far = ahead.count(until: 1e8)
        #expect(abs(Double(far) - 1e8) < 4e4)
    }

    @Test func `the same seed is the same row, and another seed another`() {
        #expect(places(seed: 5, 3000) == places(seed: 5, 3000))
        #expect(places(seed: 5, 10) != places(seed: 6, 10))
    }
}
