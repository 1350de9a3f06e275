// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@Suite struct ToleranceWordsTests {
    @Test(
        arguments: [
            (
                ToleranceRule(.points(1), ofTotal: .points(2), floor: .amount(0.001), released: 0.005), .cores,
                "1pp (totals: 2pp), 5% of the target at most, unless the profile writes one; 0.001 cores at least; "
                    + "never above 50% of the target; where nothing is asked for, 0.005 cores may be left"
            ),
            (
                ToleranceRule(.percent(0.1), floor: .blocks(2), note: "totals of btrfs: 8 MiB"), .bytes,
                "0.1% of the target, unless the profile writes one; 2 blocks at least (totals of btrfs: 8 MiB); never "
                    + "above 50% of the target; where nothing is asked for, nothing may be left"
            ),
            (
                ToleranceRule(.percent(6)), .operationsPerSecond,
                "6% of the target, 5% of the target at most, unless the profile writes one; never above 50% of the "
                    + "target; where nothing is asked for, nothing may be left"
            ),
        ] as [(ToleranceRule, LoadModel.Unit, String)])
    func rules(rule: ToleranceRule, unit: LoadModel.Unit, words: String) {
        #expect(rule.words(unit) == words)
    }

    /// What a plan says is what is allowed: each clause stands where it matters, and only there.
    @Test(
        arguments: [
            (ToleranceLimit(absolute: 0, ratio: 0.01), "1% of the target"),
            (ToleranceLimit(absolute: 64, ratio: 0), "64 bytes, 5% of the target at most"),
            (ToleranceLimit(absolute: 0, ratio: 0.2), "20% of the target, 5% of the target at most"),
            (ToleranceLimit(absolute: 0, ratio: 0.2, isWritten: true), "20% of the target, as written"),
            (
                ToleranceLimit(absolute: 0, ratio: 0.9, isWritten: true),
                "90% of the target, as written; never above 50% of the target"
            ),
            (
                ToleranceLimit(absolute: 0, ratio: 0.001, floor: 8192),
                "0.1% of the target; 8 KiB at least; never above 50% of the target"
            ),
        ])
    func limits(limit: ToleranceLimit, words: String) {
        #expect(
            limit.words(.bytes, capacity: 0) == words + "; where nothing is asked for, nothing may be left")
        let hasShare = [1.0, 100, 1e4, 1e9].contains { target in
            !limit.isWritten && max(limit.absolute, limit.ratio * target) > ToleranceLimit.share * target
        }
        #expect(words.contains("5% of the target at most") == hasShare)
        let hasMost = [1.0, 100, 1e4, 1e9].contains { target in
            let declared = max(limit.absolute, limit.ratio * target)
            let lesser = limit.isWritten ? declared : min(declared, ToleranceLimit.share * target)
            return max(lesser, limit.floor) > ToleranceLimit.most * target
        }
        #expect(words.contains("never above") == hasMost)
    }

    @Test func coresAreInPointsToo() {
        let limit = ToleranceLimit(absolute: 0.02, ratio: 0, isWritten: true, released: 0.005)
        #expect(
            limit.words(.cores, capacity: 2)
                == "0.02 cores (1pp), as written; never above 50% of the target; where nothing is asked for, "
                + "0.005 cores may be left")
    }

    @Test func amountsAreToldApart() {
        let small = HumanUnits.amounts(65537, 65536, .bytes)
        #expect(small.0 == "64.001 KiB" && small.1 == "64.000 KiB")
        let same = HumanUnits.amounts(65536, 65536, .bytes)
        #expect(same.0 == "64.0 KiB" && same.1 == "64.0 KiB")
        let far = HumanUnits.amounts(1, 0x1p30, .bytes)
        #expect(far.0 == "1 bytes" && far.1 == "1.000 GiB")
        // Six digits at most, even where that is not enough.
        let large = HumanUnits.amounts(0x1p50, 0x1p50 - 1, .bytes)
        #expect(large.0 == "1.00000 PiB" && large.1 == "1.00000 PiB")
        #expect(HumanUnits.amount(1023.9 * 0x1p30, .bytes) == "1023.90 GiB")
        #expect(HumanUnits.seconds(12.3456) == "12.346 s" && HumanUnits.seconds(43_200.25) == "43200.3 s")
        #expect(HumanUnits.allowance(0.00075, .cores) == "0.00075 cores")
        #expect(HumanUnits.allowance(0.0201, .cores) == "0.02 cores")
        #expect(HumanUnits.allowance(1, .handles) == "1 handle")
    }
}
