// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@Suite struct HumanUnitsTests {
    @Test(
        arguments: [
            (1.5, Unit.cores, "1.500 cores"),
            (536_870_912, .bytes, "512.0 MiB"),
            (1_073_741_824, .bytes, "1.000 GiB"),
            (1000, .bytes, "1000 bytes"),
            (1536, .bytes, "1.5 KiB"),
            (0, .bytes, "0 bytes"),
            (-1_073_741_824, .bytes, "-1.000 GiB"),
            (15_000, .handles, "15000 handles"),
            (50_000_000, .bytesPerSecond, "50.0 MB/s"),
            (2000, .operationsPerSecond, "2000.0 iops"),
        ] as [(Double, LoadModel.Unit, String)])
    func amounts(value: Double, unit: LoadModel.Unit, text: String) {
        #expect(HumanUnits.amount(value, unit) == text)
    }

    @Test(
        arguments: [
            (1_073_741_824.0, Unit.bytes, "1 GiB (1073741824 bytes)"),
            (1_000_000_000, .bytes, "953.674 MiB (1000000000 bytes)"),
            (512, .bytes, "512 bytes"),
            (1, .bytes, "1 byte"),
            (1, .cores, "1 core"),
            (1.6, .cores, "1.6 cores"),
            (1, .handles, "1 handle"),
            (1, .operationsPerSecond, "1 iops"),
            (50_000_000, .bytesPerSecond, "50 MB/s"),
        ] as [(Double, LoadModel.Unit, String)])
    func amountsOfAPlanAreExact(value: Double, unit: LoadModel.Unit, text: String) {
        #expect(HumanUnits.exactAmount(value, unit) == text)
    }

    @Test func onePairHasOneUnit() {
        let scale = HumanUnits.scale(for: .bytes, covering: 1_073_741_824)
        #expect(scale.number(1_073_741_824) == "1.000")
        #expect(scale.number(1_048_576) == "0.001")
        #expect(scale.suffix == "GiB")
    }

    @Test(
        arguments: [
            (Nanoseconds(0), "0s"), (30 * .second, "30s"), (120 * .second, "2m"), (150 * .second, "2m30s"),
            (3600 * .second, "1h"), (3900 * .second, "1h5m"), (90_000 * .second, "25h"), (1_500_000_000, "1.5s"),
            (250 * .millisecond, "250ms"), (1000, "0.001ms"), (-30 * .second, "-30s"),
        ] as [(Nanoseconds, String)])
    func durations(time: Nanoseconds, text: String) {
        #expect(HumanUnits.duration(time) == text)
    }

    @Test(
        arguments: [
            (Nanoseconds(-1), "0:00"), (7_900 * .millisecond, "0:07"), (754 * .second, "12:34"),
            (3723 * .second, "1:02:03"),
        ] as [(Nanoseconds, String)])
    func clocks(time: Nanoseconds, text: String) {
        #expect(HumanUnits.clock(time) == text)
    }

    @Test(
        arguments: [
            (-0.0004, 1.6, Unit.cores, 2.0, "-0.02pp"),
            (0.0004, 1.6, .cores, 2, "+0.02pp"),
            (0.00001, 1.6, .cores, 2, "0.00pp"),
            (-0.00001, 1.6, .cores, 2, "0.00pp"),
            (0.5, 0, .cores, 0, "+0.500 cores"),
            (1_048_576, 104_857_600, .bytes, 0, "+1.00%"),
            (3, 0, .handles, 100, "+3 handles"),
        ] as [(Double, Double, LoadModel.Unit, Double, String)])
    func errors(error: Double, target: Double, unit: LoadModel.Unit, capacity: Double, text: String) {
        #expect(HumanUnits.error(error, target: target, unit: unit, capacity: capacity) == text)
    }
}
