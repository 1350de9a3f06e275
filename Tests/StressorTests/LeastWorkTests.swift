// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Stressors

/// What is proven of a disk load where three sources say different things.
struct LeastWorkTests {
    private func totals(_ completed: Double, _ submitted: Double?, _ device: Double?) -> LeastWork.Totals {
        LeastWork.Totals(completed: completed, submitted: submitted, device: device)
    }

    @Test func whatAllSayIsDone() {
        var least = LeastWork(slack: 10)
        #expect(least.add(totals(100, 110, 105)) == 100)
        #expect(least.add(totals(200, 205, 210)) == 200)
    }

    @Test func whatWasMergedIsLess() {
        var least = LeastWork(slack: 10)
        for look in 1...10 { _ = least.add(totals(Double(look) * 100, Double(look) * 100, Double(look) * 25)) }
        #expect(least.done == 250)
    }

    @Test func whatFailedIsLess() {
        var least = LeastWork(slack: 10)
        _ = least.add(totals(100, 100, 100))
        #expect(least.add(totals(100, 500, 480)) == 100)
    }

    @Test func aLookThatIsBehindIsMadeUpFor() {
        var least = LeastWork(slack: 10)
        #expect(least.add(totals(100, 100, 92)) == 92)
        #expect(least.add(totals(200, 200, 200)) == 200)
    }

    @Test func whatNeighboursDidBeforeIsNoProofLater() {
        var least = LeastWork(slack: 10)
        _ = least.add(totals(100, 100, 10_000))
        // From here on the device does a quarter of what is claimed.
        for look in 1...8 { _ = least.add(totals(100 + Double(look) * 100, nil, 10_000 + Double(look) * 25)) }
        #expect(least.done == 100 + 10 + 200)
    }

    @Test func sourcesThatAreNotThereBoundNothing() {
        var least = LeastWork(slack: 10)
        #expect(least.add(totals(70, nil, nil)) == 70)
        #expect(least.add(totals(90, 80, nil)) == 90, "the first look of a source has nothing before it")
    }
}
