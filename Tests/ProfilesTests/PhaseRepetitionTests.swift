// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Phases that are repeated, in groups or alone, and phases without a name.
struct PhaseRepetitionTests {
    private static func names(_ phases: String) throws -> [String] {
        try TestManifests.profile("phases:\n\(phases)").phases.map(\.name)
    }

    @Test func groupsAndPhasesAreWrittenOutInOrder() throws {
        let text = """
            phases:
              - { name: steady, for: 5s }
              - repeat: 2
                phases:
                  - { name: squeeze, for: 1s, load: { cpu: 50% } }
                  - repeat: 2
                    phases:
                      - { name: burst, for: 2s, repeat: 2, load: { cpu: 10% } }
                      - { name: rest, for: 3s }
              - { name: recover, for: 4s, repeat: 1 }
            """
        let phases = try TestManifests.profile(text).phases
        #expect(
            phases.map(\.name) == [
                "steady",
                "squeeze 1/2", "burst 1/8", "burst 2/8", "rest 1/4", "burst 3/8", "burst 4/8", "rest 2/4",
                "squeeze 2/2", "burst 5/8", "burst 6/8", "rest 3/4", "burst 7/8", "burst 8/8", "rest 4/4",
                "recover",
            ])
        #expect(Set(phases.map(\.title)) == ["steady", "squeeze", "burst", "rest", "recover"])
        #expect(phases.reduce(0) { $0 + $1.length } == 39 * Nanoseconds.second)
        #expect(phases.filter { $0.title == "burst" }.allSatisfy { $0.loads[0].text == "10%" })
    }

    @Test func aNameIsThePlaceWhereNoneIsWritten() throws {
        let load = "load: {cpu: 1%}"
        #expect(
            try Self.names("  - {for: 1s}\n  - {name: a, for: 1s}\n  - {for: 1s, repeat: 2, \(load)}")
                == ["phase-1", "a", "phase-3 1/2", "phase-3 2/2"])
        #expect(
            TestManifests.problems("phases: [{name: phase-2, for: 1s, \(load)}, {for: 1s}]")
                == "p.yaml:1:53: error: duplicate phase name 'phase-2'; it is already on line 1, take another")
    }

    @Test(arguments: [
        (
            "[{name: a, for: 1s, repeat: 0, load: {cpu: 1%}}]",
            "37: error: 'repeat' of phase 'a' takes a whole number from 1 to 1000, not 0"
        ),
        (
            "[{name: a, for: 1s, repeat: twice, load: {cpu: 1%}}]",
            "37: error: 'repeat' of phase 'a' takes a whole number from 1 on, not 'twice'"
        ),
        (
            "[{name: a, for: 1s, repeat: 1001, load: {cpu: 1%}}]",
            "37: error: 'repeat' of phase 'a' takes a whole number from 1 to 1000, not 1001"
        ),
        (
            "[{repeat: 100, phases: [{name: a, for: 1s, repeat: 11, load: {cpu: 1%}}]}]",
            "19: error: the phases are more than 1000 with what is repeated, the limit; repeat less, or take one "
                + "longer "
                + "phase with a shape such as 'pulse'"
        ),
        (
            "[{phases: [{name: a, for: 1s, load: {cpu: 1%}}]}]",
            "10: error: a group of phases has no 'repeat'; add how often it is run, such as 'repeat: 3'"
        ),
        (
            "[{repeat: 2, name: b, phases: [{name: a, for: 1s, load: {cpu: 1%}}]}]",
            "22: error: unknown key 'name' in a group of phases; it takes: repeat, phases"
        ),
        (
            "[{repeat: 2, phases: []}]",
            "22: error: a group's 'phases' has no phase; add one such as 'phases: [{ name: steady, for: 30s, load: { "
                + "cpu: 80% } }]'"
        ),
        (
            "[{repeat: 2, phases: [{repeat: 2, phases: [{repeat: 2, phases: [{for: 1s, load: {cpu: 1%}}]}]}]}]",
            "52: error: groups of phases lie in each other 3 deep; the limit is 2"
        ),
        (
            "[{name: a, for: 1s, repeat: 2, load: {cpu: 1%}}, {name: a 2/2, for: 1s}]",
            "65: error: phase name 'a 2/2' is what a repetition of 'a' is called; take another"
        ),
        (
            "[{name: a, for: 1s, load: {cpu: 1%}}, {repeat: 2, phases: [{name: a, for: 1s}]}]",
            "75: error: duplicate phase name 'a'; it is already on line 1, take another"
        ),
        (
            "[{name: a, for: 1250d, repeat: 3, load: {cpu: 1%}}]",
            "40: error: the phases last 3750d in all; the limit is 3650d"
        ),
        (
            "[{for: 1s}, {repeat: 2, phases: [{for: 1s, repeat: 3}, {name: a, for: 950d, repeat: 4, load: {cpu: "
                + "1%}}]}]",
            "93: error: the phases last 7600d7s in all; the limit is 3650d"
        ),
        (
            "[{for: 3000d, load: {cpu: 1%}}, {for: 700d}]",
            "1: error: the phases last 3700d in all; the limit is 3650d"
        ),
    ])
    func problems(phases: String, problem: String) {
        #expect(TestManifests.problems("phases: \(phases)") == "p.yaml:1:\(problem)")
    }

    @Test func aProblemOfWhatIsRepeatedIsToldOnce() {
        let found = TestManifests.problems("phases: [{repeat: 50, phases: [{name: a, for: 1s, load: {cpu: 120%}}]}]")
        #expect(found.split(separator: "\n").count == 1 && found.contains("cannot exceed 100"))
    }

    @Test func repetitionsCountAmongTheChangesOfLoads() {
        let phase = "{name: a, for: 1d, load: {cpu: random 1% to 2% every 1s}}"
        #expect(TestManifests.problems("phases: [{repeat: 11, phases: [\(phase)]}]") == "")
        #expect(
            TestManifests.problems("phases: [{repeat: 12, phases: [\(phase)]}]")
                .contains("change more than 1000000 times in all"))
    }

    @Test func objectivesMeanAllRepetitionsOrOne() throws {
        func problems(_ objective: String) -> String {
            TestManifests.problems(
                """
                phases:
                  - { name: steady, for: 10s }
                  - { repeat: 2, phases: [{ name: squeeze, for: 10s, load: { cpu: 1% } }, { name: rest, for: 5s }] }
                probes: { a: "http://a/" }
                objectives: ["\(objective)"]
                """)
        }
        #expect(problems("a 99% good during squeeze") == "")
        #expect(problems("a 99% good during squeeze 2/2, from settled over 10s") == "")
        #expect(problems("a within 5s of squeeze") == "")
        #expect(problems("a 99% good during squeeze over 20s").contains("does not fit into 10s"))
        #expect(problems("a 99% good during squeeze 3/2").contains("there are: steady, squeeze, rest"))
    }

    // MARK: Schema

    static let right = [
        #"[{"for": "1s", "load": {"cpu": "1%"}}]"#, #"[{"for": "1s", "repeat": 3, "load": {"cpu": "1%"}}]"#,
        #"[{"repeat": 3, "phases": [{"name": "a", "for": "1s", "load": {"cpu": "1%"}}]}]"#,
        #"[{"repeat": 3, "phases": [{"repeat": 2, "phases": [{"for": "1s", "load": {"cpu": "1%"}}]}, {"for": "1s"}]}]"#,
    ]

    static let wrong = [
        #"[{"for": "1s", "repeat": 0, "load": {"cpu": "1%"}}]"#,
        #"[{"for": "1s", "repeat": "x", "load": {"cpu": "1%"}}]"#,
        #"[{"for": "1s", "repeat": 1.5, "load": {"cpu": "1%"}}]"#, #"[{"repeat": 3, "phases": []}]"#,
        #"[{"repeat": 3, "phases": {}}]"#, #"[{"phases": [{"for": "1s", "load": {"cpu": "1%"}}]}]"#,
        #"[{"repeat": 3}]"#, #"[{"repeat": 3, "for": "1s", "phases": [{"for": "1s", "load": {"cpu": "1%"}}]}]"#,
        #"[{"repeat":2,"phases":[{"repeat":2,"phases":[{"repeat":2,"phases":[{"for":"1s","load":{"cpu":"1%"}}]}]}]}]"#,
    ]

    @Test(arguments: right.map { ($0, true) } + wrong.map { ($0, false) })
    func schemaAndReaderAgree(phases: String, isRight: Bool) throws {
        try TestManifests.expectAgreement(on: "{\"phases\": \(phases)}", isRight: isRight)
    }
}
