// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// exert in a machine of its own, judged by that machine's kernel.
@Suite(.serialized, .enabled(if: Guest.isWanted, "needs both processors for some minutes; scripts/test runs it, alone"))
struct GuestTests {
    @Test func `the guest boots, runs every scenario and powers off`() throws {
        let session = try Guest.session.get()
        #expect(session.exitCode == 0, "\(session.transcript)")
        #expect(!Guest.scenarios.isEmpty)
    }

    @Test(arguments: Guest.scenarios)
    func scenario(_ scenario: Scenario) throws {
        let outcome = try #require(
            try Guest.outcome(of: scenario), "nothing came back of \(scenario.name); see the guest's console")
        let objections = outcome.objections(of: scenario)
        if !objections.isEmpty {
            Issue.record("\(objections.joined(separator: "\n"))\n\(outcome.story)")
        }
    }
}

/// The files of the scenarios, without a guest.
@Suite struct ScenarioFileTests {
    @Test func `every file is a scenario`() throws {
        for scenario in try Guest.scenarios(of: "Scenarios") {
            // exert's own words for its log and its result are not the guest's kernel: each has a figure, or no load.
            let hasNoLoad = scenario.command.contains("exert check") || scenario.command.contains("exert host")
            #expect(scenario.lines["while"] != nil || hasNoLoad, "\(scenario.name)")
        }
    }
}
