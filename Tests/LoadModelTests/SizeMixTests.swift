// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadModel

/// Sizes with their shares, in the order in which they come.
@Suite struct SizeMixTests {
    private func mix(_ shares: [Int64]) -> SizeMix {
        SizeMix(shares.enumerated().map { .init(bytes: 4096 << Int64($0), share: $1) })
    }

    @Test(
        arguments: [
            [5000, 5000], [10_000], [1, 9999], [3333, 6667], [2500, 2500, 5000], [5000, 2500, 1250, 1250],
            [3334, 3333, 3333], [9000, 500, 300, 100, 60, 40], [1111, 2222, 3333, 3334],
        ] as [[Int64]])
    func `of the first n operations each size has its share to less than one, for every n`(shares: [Int64]) {
        let mix = mix(shares)
        let sequence = SizeSequence(mix)
        var counts = [Int64](repeating: 0, count: shares.count)
        var (bytes, most) = (Int64(0), 0.0)
        for number in 0..<25_000 as Range<Int64> {
            #expect(sequence.bytes(before: number) == bytes)
            let size = sequence.size(number)
            let index = mix.parts.firstIndex { $0.bytes == size } ?? -1
            counts[index] += 1
            bytes += size
            for (count, share) in zip(counts, shares) {
                most = max(most, abs(Double(count) - Double(number + 1) * Double(share) / 10_000))
            }
        }
        #expect(most < 1, "\(most)")
        #expect(sequence.work(before: 25_000) == Double(bytes))
    }

    @Test func `the mean, the step and the ends of a mix`() {
        let mix = SizeMix([.init(bytes: 4096, share: 2500), .init(bytes: 12_288, share: 7500)])
        #expect(mix.mean == 10_240 && mix.step == 4096 && mix.largest == 12_288 && mix.smallest == 4096)
        #expect(SizeMix(bytes: 512).mean == 512 && SizeMix.percent(3333) == "33.33%" && SizeMix.percent(5000) == "50%")
    }

    @Test func `a mix survives its text, and no other text is one`() {
        let mix = mix([5000, 2500, 2500])
        #expect(SizeMix(text: mix.text) == mix)
        for text in ["", "4096", "4096=5000", "0=10000", "4096=-1 1=10001", "a=b", "1=5000 2=5000 3=0", "4096=10000=1"]
        {
            #expect(SizeMix(text: text) == nil, "\(text)")
        }
    }

    @Test func `no number of operations is too large`() {
        let sequence = SizeSequence(SizeMix(bytes: 64 << 20))
        #expect(sequence.work(before: .max) > 6e26)
        _ = sequence.bytes(before: .max)
        #expect(sequence.size(.max) == 64 << 20)
    }
}
