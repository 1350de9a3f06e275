// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Stressors

/// What the k-th operation of a disk load is.
struct OperationPatternTests {
    private func pattern(
        blocks: Int64, reads: Int64 = 0, isRandom: Bool = false, syncEvery: Int = 0, seed: UInt64 = 0
    ) -> OperationPattern {
        OperationPattern(
            mix: SizeMix(bytes: 4096), size: blocks * 4096, readShare: reads, isRandom: isRandom, syncEvery: syncEvery,
            seed: seed)
    }

    @Test func sequentialGoesThroughTheFileAgainAndAgain() {
        let pattern = pattern(blocks: 3)
        #expect((0..<7).map { pattern.operation($0).offset / 4096 } == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1000, 4097] as [Int64])
    func randomVisitsEachBlockOnceInEachPass(_ blocks: Int64) {
        let pattern = pattern(blocks: blocks, isRandom: true, seed: 7)
        var orders: Set<[Int64]> = []
        for pass in 0..<3 {
            let order = (0..<blocks).map { pattern.operation(Int64(pass) * blocks + $0).offset / 4096 }
            #expect(Set(order) == Set(0..<blocks))
            orders.insert(order)
        }
        if blocks >= 64 { #expect(orders.count == 3, "another order in each pass") }
    }

    @Test func randomIsNotNearlySequential() {
        let pattern = pattern(blocks: 100_000, isRandom: true)
        let places = (0..<10_000).map { pattern.operation($0).offset / 4096 }
        let neighbours = zip(places, places.dropFirst()).count { abs($0 - $1) <= 1 }
        #expect(neighbours < 20)
        let mean = Double(places.reduce(0, +)) / 10_000
        #expect(abs(mean - 50_000) < 2000)
    }

    @Test(arguments: [0, 1, 3000, 3333, 5000, 7000, 9999, 10_000] as [Int64])
    func theMixIsExactAtEveryMoment(_ share: Int64) {
        let pattern = pattern(blocks: 100, reads: share)
        for start in [0, 1_000_000_007] as [Int64] {
            var reads: Int64 = 0
            for number in start..<start + 20_000 {
                if !pattern.operation(number).isWrite { reads += 1 }
                let exact = Double(number - start + 1) * Double(share) / 10_000
                #expect(abs(Double(reads) - exact) <= 1)
            }
        }
    }

    private static let sizes = SizeMix([
        .init(bytes: 4096, share: 5000), .init(bytes: 16_384, share: 3000), .init(bytes: 12_288, share: 2000),
    ])

    @Test(arguments: [0, 3000, 5000, 10_000] as [Int64], [false, true])
    func aMixOfSizesIsExactForReadsAndForWrites(_ share: Int64, _ isRandom: Bool) {
        let size: Int64 = 100 * 16_384
        let pattern = OperationPattern(mix: Self.sizes, size: size, readShare: share, isRandom: isRandom)
        var counts: [Bool: [Int: Double]] = [:]
        var totals: [Bool: Double] = [:]
        var (bytes, most) = (0.0, 0.0)
        for number in 0..<20_000 as Range<Int64> {
            #expect(pattern.bytes(ofFirst: number) == bytes)
            let operation = pattern.operation(number)
            #expect(operation.offset >= 0 && operation.offset + Int64(operation.count) <= size)
            #expect(operation.offset % 4096 == 0)
            bytes += Double(operation.count)
            counts[operation.isWrite, default: [:]][operation.count, default: 0] += 1
            totals[operation.isWrite, default: 0] += 1
            for part in Self.sizes.parts {
                let have = counts[operation.isWrite]?[Int(part.bytes)] ?? 0
                most = max(most, abs(have - (totals[operation.isWrite] ?? 0) * Double(part.share) / 10_000))
            }
        }
        #expect(most < 1, "\(most)")
        #expect(abs((totals[false] ?? 0) - 2 * Double(share)) <= 1)
    }

    @Test func aSequenceOfSeveralSizesHasNoGapsAndNeighboursDiffer() {
        let pattern = OperationPattern(mix: Self.sizes, size: 100 * 16_384, readShare: 0, isRandom: false)
        let operations = (0..<5000).map { pattern.operation($0) }
        var breaks = 0
        for (a, b) in zip(operations, operations.dropFirst()) {
            if a.offset + Int64(a.count) != b.offset { breaks += 1 } else { #expect(a.isOdd != b.isOdd) }
        }
        // 45 MB are 27 passes of 1.6 MB, each of which may break off and begin anew.
        #expect(breaks <= 56, "\(breaks)")
    }

    @Test func smallOnesLieAnywhereInTheFile() {
        let pattern = OperationPattern(mix: Self.sizes, size: 100 * 16_384, readShare: 0, isRandom: true)
        let small = (0..<2000).map { pattern.operation($0) }.filter { $0.count == 4096 }
        #expect(Set(small.map { $0.offset % 16_384 }) == [0, 4096, 8192, 12_288])
    }

    @Test func everyNthWriteHasASync() {
        let pattern = pattern(blocks: 10, reads: 5000, syncEvery: 3)
        let operations = (0..<60).map { pattern.operation($0) }
        let writes = operations.filter(\.isWrite)
        #expect(writes.enumerated().allSatisfy { $1.syncs == (($0 + 1) % 3 == 0) })
        #expect(operations.allSatisfy { $0.isWrite || !$0.syncs })
    }
}
