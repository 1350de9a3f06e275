// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Phases that go on until something is seen, and runs that go on until they are stopped.
struct EarlyEndTests {
    private static let rest = """
        probes: {checkout: {http: "http://a/", every: 100ms}}
        objectives: [checkout recovers within 30s]
        """

    @Test func conditionsAreReadLikeGuards() throws {
        let text = """
            phases:
              - {name: a, for: 1m, load: {cpu: 50%}, repeat: 2,
                 until: [psi.memory.some > 10% for 5s, checkout >= 99% good over 5s, cpu.errors > 3]}
              - {name: b, for: 5m, until: recovered}
              - {name: c, load: {cpu: 10%}, until: stopped}
            \(Self.rest)
            """
        let phases = try TestManifests.profile(text).phases
        #expect(phases.map(\.name) == ["a 1/2", "a 2/2", "b", "c"])
        let conditions = phases[0].until.compactMap(\.condition)
        #expect(conditions.map(\.metric) == [.memoryPressureSome, .good, .errors])
        #expect(conditions.map(\.length) == [5 * .second, 0, 0])
        #expect(conditions[1].comparison == .atLeast && conditions[1].subject?.window == 5 * .second)
        #expect(phases[1].until.map(\.text) == phases[0].until.map(\.text), "repetitions have the same")
        #expect(phases[2].until == [.recovered] && phases[3].until == [.stopped])
        #expect(phases[3].length == UnitNotation.durationLimit)
    }

    /// Each with the whole problem.
    private static let wrong = [
        ("{name: a, until: recovered}", "1:10: error: phase 'a' has no 'for'; add how long it may last such as"),
        (
            "{name: a, for: 1s, until: recovered, load: {cpu: 1%}}",
            "1:36: error: 'until: recovered' is of a phase without"
        ),
        (
            "{name: a, for: 1s, until: cpu.bussy > 3%}",
            "1:36: error: unknown metric 'cpu.bussy'; did you mean 'cpu.busy'?"
        ),
        (
            "{name: a, for: 1s, until: cpu.busy = 3%}",
            "1:45: error: unknown comparison '='; 'until' takes: <, <=, >, >="
        ),
        (
            "{name: a, for: 1s, until: soon}",
            "1:36: error: 'soon' has no comparison; a phase goes on until a comparison"
        ),
        ("{name: a, for: 1s, until: []}", "1:36: error: 'until' of phase 'a' is empty"),
        ("{name: a, for: 1s, until: {b: c}}", "1:36: error: 'until' of phase 'a' must be text, not a mapping"),
        ("{name: a, until: stopped, load: {cpu: ramp to 5%}}", "the ramp of 'cpu' would take as long as its phase"),
        ("{name: a, for: 1s, until: memory.errors > 3}", "no phase loads 'memory'"),
        ("{name: a, for: 5s, until: recovered}", "is of a phase behind a load, and none is before phase 'a'"),
        (
            "{name: a, for: 5s, until: cpu.busy > 3% for 9s}",
            "1:36: error: what is to hold for 9s cannot be seen in phase 'a'"
        ),
    ]

    @Test(arguments: wrong) func whatIsWrongIsToldInItsPlace(phase: String, problem: String) {
        let found = TestManifests.problems("phases: [\(phase), {name: z, for: 1s, load: {cpu: 1%}}]\n\(Self.rest)")
        #expect(found.contains(problem) || phase.contains("memory"), "\(found)")
        if phase.contains("memory") {
            #expect(found.contains("unknown stressor 'memory'"), "a stressor that the profile has not: \(found)")
        }
    }

    @Test func stoppedIsOfTheLastPhaseAlone() {
        let load = "load: {cpu: 1%}"
        let message = "'until: stopped' is of the last phase, and of one that is not repeated"
        #expect(TestManifests.problems("phases: [{until: stopped, \(load)}, {for: 1s}]").contains(message))
        #expect(TestManifests.problems("phases: [{until: stopped, repeat: 2, \(load)}]").contains(message))
        #expect(TestManifests.problems("phases: [{for: 1s}, {for: 3s, until: stopped, \(load)}]").isEmpty)
        let recovers = TestManifests.problems("phases: [{for: 1s, \(load)}, {for: 1s, until: recovered}]")
        #expect(recovers.contains("'until: recovered' takes an objective on recovery"), "\(recovers)")
    }

    @Test func aRunMayBeLongerThanAMonth() throws {
        let profile = try TestManifests.profile("phases: [{for: 400d, load: {cpu: 'sine 1% to 50% every 24h'}}]")
        #expect(profile.phases[0].length == 400 * 86_400 * .second)
        let tooLong = TestManifests.problems("phases: [{for: 3000d, repeat: 1000, load: {cpu: 1%}}]")
        #expect(tooLong.contains("the phases last too long; the limit is 3650d"), "\(tooLong)")
    }

    @Test func whatIsDrawnComesAgainInARunWithoutAnEnd() throws {
        for load in ["random 1% to 50% every 1s", "50% + noise 2% every 1s", "bursts 80% for 2s to 8s rest 1s to 3s"] {
            let text = "phases: [{until: stopped, load: {cpu: '\(load)'}}]"
            #expect(TestManifests.problems(text).isEmpty, "\(load): \(TestManifests.problems(text))")
        }
        let shape = LoadShape.random(from: .percent(0), to: .percent(100), every: .second)
        var curve = Curve()
        _ = curve.append(UnitNotation.durationLimit, shape, from: 0, seed: 7) { $0 == .percent(0) ? 0 : 100 }
        let cycle = Nanoseconds(Curve.drawLimit) * .second
        #expect(curve.value(at: 5 * .second) == curve.value(at: 5 * .second + cycle))
        #expect(curve.value(at: 5 * .second) != curve.value(at: 6 * .second))
        #expect(abs(curve.area(until: cycle) / Double(cycle) - 50) < 0.5)
    }

    @Test func flagsSayTheSame() throws {
        func profile(_ length: String?, _ until: [String], _ load: String = "cpu=5%") -> Result<Profile, ProfileErrors>
        {
            Result { () throws(ProfileErrors) in
                try ProfileReader.profile(
                    loads: [load], settings: [], length: length, until: until, manifests: TestManifests.all,
                    readFile: { _ in [] })
            }
        }
        let stopped = try profile(nil, ["stopped"]).get()
        #expect(stopped.phases[0].until == [.stopped] && stopped.phases[0].length == UnitNotation.durationLimit)
        let seen = try profile("5m", ["psi.cpu.some > 10%", "stopped"]).get()
        #expect(seen.phases[0].until.map(\.text) == ["psi.cpu.some > 10%", "stopped"])
        #expect(seen.sha256 != stopped.sha256)
        func problem(_ length: String?, _ until: [String], _ load: String = "cpu=5%") -> String {
            if case .failure(let error) = profile(length, until, load) { error.description } else { "" }
        }
        #expect(problem(nil, ["cpu.busy > 3%"]).contains("the run has no length; add --for 30s, or --until stopped"))
        #expect(problem("5s", ["zebra > 3%"]).contains("--until zebra > 3%: unknown metric 'zebra'"))
        #expect(problem(nil, ["stopped"], "cpu=ramp to 5%").contains("as long as its phase"))
    }

    /// In JSON, which is YAML as well.
    private static let corpus: [(String, Bool)] = [
        (#"{"for": "9s", "until": "psi.memory.some > 10% for 5s"}"#, true),
        (#"{"for": "1s", "until": "cpu.busy < 10%"}"#, true),
        (#"{"for": "1s", "until": ["cpu.busy < 10%", "memory.available >= 1GiB"]}"#, true),
        (#"{"until": "stopped"}"#, true), (#"{"until": ["cpu.busy < 10%", "stopped"]}"#, true),
        (#"{"for": "1s", "until": "stopped"}"#, true), (#"{"for": "1s"}"#, true),
        (#"{"until": "cpu.busy < 10%"}"#, false), (#"{"for": "1s", "until": []}"#, false), (#"{}"#, false),
        (#"{"for": "1s", "until": "cpu.busy"}"#, false), (#"{"for": "1s", "until": 3}"#, false),
        (#"{"for": "1s", "until": "cpu.busy != 10%"}"#, false), (#"{"for": "1s", "until": {"a": "b"}}"#, false),
    ]

    @Test(arguments: corpus) func schemaAndReaderAgree(phase: String, isRight: Bool) throws {
        try TestManifests.expectAgreement(
            on: #"{"phases": [{"for": "1s", "load": {"cpu": "1%"}}, \#(phase)]}"#, isRight: isRight)
    }
}
