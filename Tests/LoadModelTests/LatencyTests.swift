// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@Suite struct LatencyTests {
    @Test func `each cell follows the one before it and every latency falls into its own`() {
        for cell in 1..<LatencyScale.cellCount {
            #expect(LatencyScale.lowest(in: cell) == LatencyScale.highest(in: cell - 1) + 1)
        }
        for cell in stride(from: 0, to: LatencyScale.cellCount, by: 7)
        where LatencyScale.highest(in: cell) <= LatencyScale.highest {
            #expect(LatencyScale.cell(of: LatencyScale.lowest(in: cell)) == cell)
            #expect(LatencyScale.cell(of: LatencyScale.highest(in: cell)) == cell)
        }
    }

    @Test(arguments: [1_000_000, 1_234_567, 50_000_000, 99_999_999_999] as [Nanoseconds])
    func `three digits are kept from a millisecond on`(latency: Nanoseconds) {
        let cell = LatencyScale.cell(of: latency)
        let width = LatencyScale.highest(in: cell) - LatencyScale.lowest(in: cell)
        #expect(Double(width) <= Double(latency) / 1000)
    }

    @Test func `what is out of the scale is counted at its ends`() {
        #expect(LatencyScale.cell(of: -5) == 0)
        #expect(LatencyScale.cell(of: .max) == LatencyScale.cell(of: LatencyScale.highest))
        #expect(LatencyScale.cell(of: .max) < LatencyScale.cellCount)
    }

    @Test func `percentiles are those of the counted latencies`() {
        var counts = [Int64](repeating: 0, count: LatencyScale.cellCount)
        for millisecond in 1...1000 { counts[LatencyScale.cell(of: Nanoseconds(millisecond) * .millisecond)] += 1 }
        let distribution = LatencyDistribution(counts: counts)
        #expect(distribution.total == 1000)
        for (share, millisecond) in [(0.5, 500.0), (0.9, 900), (0.99, 990), (0.999, 999), (1, 1000), (0, 1)] {
            let found = Double(distribution.percentile(share)) / 1e6
            #expect(abs(found / millisecond - 1) < 0.001, "\(share): \(found)")
        }
        #expect(LatencyDistribution(counts: []).percentile(0.5) == 0)
    }

    @Test func `a phase is what was counted since it began`() {
        let before = LatencyDistribution(counts: [5, 0, 2])
        let after = LatencyDistribution(counts: [6, 0, 2, 9])
        #expect(after.since(before) == LatencyDistribution(counts: [1, 0, 0, 9]))
        #expect(after.since(after).total == 0 && after.since(after).counts.isEmpty)
    }
}
