// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@Suite struct ObjectiveTests {
    /// The least n with share^n no more than 5 %, counted up and not computed.
    @Test(arguments: [0.5, 0.9, 0.95, 0.99, 0.999])
    func `as many probes are needed as leave no doubt`(share: Double) {
        var (count, doubt) = (0, 1.0)
        while doubt > 0.05 { (count, doubt) = (count + 1, doubt * share) }
        #expect(Objective.probesNeeded(for: share) == count)
        #expect(Objective.shareProven(by: count) >= share && Objective.shareProven(by: count - 1) < share)
    }

    @Test func `the numbers of the books`() {
        #expect([0.95, 0.99, 0.999].map(Objective.probesNeeded) == [59, 299, 2995])
        #expect(Objective.probesNeeded(for: 1) == nil)
        #expect((0.855..<0.865).contains(Objective.shareProven(by: 20)))
    }

    /// Each kind describes itself whole, and no word stands for two things.
    @Test func `kinds of probes describe themselves`() {
        let keys = ProbeKind.allCases.map(\.rawValue) + ProbeOption.allCases.map(\.rawValue)
        #expect(Set(keys).count == keys.count)
        let prefixes = ProbeKind.allCases.flatMap(\.description.prefixes)
        #expect(Set(prefixes).count == prefixes.count)
        for kind in ProbeKind.allCases {
            #expect(!kind.description.help.isEmpty && !kind.description.example.isEmpty)
            #expect(Set(kind.options).count == kind.options.count)
        }
        let used = Set(ProbeKind.allCases.flatMap(\.options))
        #expect(used == Set(ProbeOption.allCases))
    }
}
