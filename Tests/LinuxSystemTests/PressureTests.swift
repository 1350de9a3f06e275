// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LinuxSystem

@Suite struct PressureTests {
    private func parse(_ text: String) -> PressureTotals? { PressureTotals.parse(Array(text.utf8)[...]) }

    @Test func bothTotals() {
        let text = """
            some avg10=0.12 avg60=0.05 avg300=0.01 total=123456
            full avg10=0.00 avg60=0.00 avg300=0.00 total=77

            """
        #expect(parse(text) == PressureTotals(some: 123_456, full: 77))
    }

    @Test func oneOfThem() {
        #expect(parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n") == PressureTotals(some: 9, full: nil))
        #expect(parse("full avg10=0.00 avg60=0.00 avg300=0.00 total=9") == PressureTotals(some: nil, full: 9))
    }

    @Test func fieldsThatAreNewOrMissingDoNotMatter() {
        #expect(parse("some total=5\n") == PressureTotals(some: 5))
        #expect(parse("some avg1=0 avg10=0.00 total=5 stalls=17\nodd total=1\n") == PressureTotals(some: 5))
    }

    @Test(
        arguments: [
            "", "\n", "some\n", "some avg10=0.00\n", "some total=\n", "some total=-4\n", "total=4\n", "xsome total=1",
        ])
    func whatHasNoTotalsIsNil(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func aTotalOfTheNextLineIsNotTakenForThisOnes() {
        #expect(parse("some avg10=0.00\nfull total=3\n") == PressureTotals(some: nil, full: 3))
    }

    @Test(.enabled(if: PressureGauge("/proc/pressure/cpu") != nil, "needs a kernel with PSI"))
    func theGaugeNeverRunsBackwards() throws {
        let gauge = try #require(PressureGauge("/proc/pressure/cpu"))
        let first = try #require(gauge.read()?.some)
        let second = try #require(gauge.read()?.some)
        #expect(first >= 0 && second >= first)
    }

    @Test func aFileThatIsNotThereHasNoGauge() {
        #expect(PressureGauge("/proc/pressure/nothing") == nil)
    }
}
