// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@Suite struct RunExitCodeTests {
    @Test(
        arguments: [
            (.met, [], 0), (.met, [.held], 0), (.met, [.held, .recovered], 0), (.met, [.held, .lost], 6),
            (.met, [.notRecovered], 6), (.met, [.inconclusive], 6), (.met, [.notSteady, .lost], 7),
            (.notMet, [.lost], 2), (.unverified, [.notSteady], 2), (.aborted, [.lost], 3), (.unsupported, [], 4),
            (.killed, [.lost], 5), (nil, [.notSteady], 7), (nil, [.inconclusive], 7),
        ] as [(Verdict?, [ObjectiveVerdict], Int32)])
    func `the load goes before the objectives`(load: Verdict?, objectives: [ObjectiveVerdict], code: Int32) {
        #expect(RunExitCode.code(load: load, objectives: objectives) == code)
        #expect(RunExitCode.code(load: load, objectives: objectives, isBroken: true) == 1)
        #expect(RunExitCode.code(load: load, objectives: objectives, interruptedBy: 15, isBroken: true) == 143)
    }

    /// 1, 5, 3, 2, 7, 6: what comes first wins, whatever else is so.
    @Test func `the precedence`() {
        let codes = [Verdict.killed, .unsupported, .aborted, .notMet].map {
            RunExitCode.code(load: $0, objectives: [.notSteady, .lost])
        }
        #expect(codes == [5, 4, 3, 2])
        #expect(RunExitCode.code(load: .met, objectives: [.lost, .notSteady]) == 7)
    }
}
