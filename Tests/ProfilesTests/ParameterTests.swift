// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Parameters of a profile, and what the command line changes of it.
struct ParameterTests {
    static let profile = """
        params:
          level: 80%
          length: { default: 2m, description: how long, from: env:LENGTH }
          who: { type: text, default: "" }
          count: 2
        name: run-$who-$level
        phases:
          - { name: steady, for: 10s }
          - { name: squeeze, for: $length, repeat: $count, load: { cpu: ramp to $level in 5s } }
          - for: 5s
            load: { memory: { load: 1GiB, within: 2s } }
        guards: [ memory.available < $level for 2s ]
        """

    private static func read(
        _ text: String = profile, _ parameters: [String] = [], phases: [String] = [], set: [String] = [],
        length: String? = nil, scale: String? = nil, environment: [String: String]? = [:]
    ) -> (profile: Profile?, problems: String) {
        var changes = ProfileChanges()
        (changes.parameters, changes.phases, changes.settings) = (parameters, phases, set)
        (changes.length, changes.timeScale) = (length, scale)
        do throws(ProfileErrors) {
            let profile = try ProfileReader.profile(
                from: Array(text.utf8), file: "p.yaml", manifests: TestManifests.all, changes: changes,
                environment: environment.map { values in { values[$0] } }
            ) { path in
                guard path == "t.csv" else { throw TestManifests.NoSuchFile() }
                return Array("0,1%\n10,3%\n".utf8)
            }
            return (profile, "")
        } catch {
            return (nil, error.description)
        }
    }

    @Test func defaultsStandInEveryText() throws {
        let profile = try #require(Self.read().profile)
        #expect(profile.name == "run--80%")
        #expect(profile.phases.map(\.name) == ["steady", "squeeze 1/2", "squeeze 2/2", "phase-3"])
        #expect(profile.phases[1].length == 120 * .second)
        #expect(profile.phases[1].loads[0].shape == .ramp(from: nil, to: .percent(80), over: 5 * .second))
        #expect(profile.phases[1].loads[0].text == "ramp to 80% in 5s")
        #expect(profile.guards[0].limit == .percent(80))
        #expect(profile.parameters.map(\.name) == ["level", "length", "who", "count"])
        #expect(profile.parameters.map(\.value) == ["80%", "2m", "", "2"])
        #expect(profile.parameters.allSatisfy { $0.origin == .file })
    }

    @Test func flagsComeBeforeTheEnvironmentAndThatBeforeDefaults() throws {
        let environment = ["LENGTH": "3m", "level": "1%"]
        let read = Self.read(Self.profile, ["level=30%", "who=me"], environment: environment)
        let profile = try #require(read.profile)
        #expect(profile.name == "run-me-30%")
        #expect(profile.phases[1].length == 180 * .second)
        #expect(profile.parameters.map(\.origin) == [.flag, .environment, .flag, .file])
        let given = try #require(Self.read(Self.profile, ["length=4m"], environment: environment).profile)
        #expect(given.phases[1].length == 240 * .second)
        // Nobody's environment is read over HTTP.
        #expect(try #require(Self.read(environment: nil).profile).phases[1].length == 120 * .second)
    }

    @Test func textOfTheEnvironmentIsNotShown() throws {
        let text = "params: { t: { type: text, from: env:T } }\nname: a-$t\n" + DiagnosticTests.good
        let parameter = try #require(Self.read(text, environment: ["T": "secret"]).profile).parameters[0]
        #expect(parameter.value == "secret" && parameter.shownValue == nil)
    }

    @Test func aDollarIsItself() throws {
        let dollars = "params: { a: 1 }\nname: $$a $5 $ a$ $a$$\n" + DiagnosticTests.good
        #expect(try #require(Self.read(dollars).profile).name == "$a $5 $ a$ 1$")
        // Without parameters nothing stands for one.
        let plain = "name: $$a $a\n" + DiagnosticTests.good
        #expect(try #require(Self.read(plain).profile).name == "$$a $a")
    }

    @Test(arguments: [
        ("params: { level: }", "1:18: error: parameter 'level' has no value; write it such as 'level: 80%'"),
        ("params: [level]", "1:9: error: 'params' must be a mapping such as 'level: 80%', not a list"),
        (
            "params: { 1a: 2 }",
            "1:11: error: '1a' cannot name a parameter; take up to 64 letters, digits and '_', no digit first"
        ),
        (
            "params: { a: { type: amount } }",
            "1:11: error: parameter 'a' has no default and is not given; give it, such as '--param a=1%'"
        ),
        (
            "params: { a: { from: env:A } }",
            "1:11: error: parameter 'a' has neither a default nor a type; add one such as 'default: 80%' or "
                + "'type: amount'"
        ),
        (
            "params: { a: { type: durations, default: 1s } }",
            "1:22: error: unknown type 'durations' of parameter 'a'; did you mean 'duration'?"
        ),
        (
            "params: { a: { type: duration, default: 80% } }",
            "1:41: error: parameter 'a' takes a duration such as '30s', not '80%'"
        ),
        (
            "params: { a: { defualt: 1, type: text } }",
            "1:16: error: unknown key 'defualt' in parameter 'a'; did you mean 'default'?"
        ),
        (
            "params: { a: { default: 1, from: A } }",
            "1:34: error: 'from' of parameter 'a' takes the name of an environment variable such as 'env:LEVEL', "
                + "not 'A'"
        ),
        (
            "params: { level: 80% }\nname: is $lvel",
            "2:10: error: unknown parameter '$lvel'; did you mean 'level'?; a '$' itself is written '$$'"
        ),
        (
            "params: { level: 80% }\nseed: $level",
            "2:7: error: 'seed' takes a whole number from 0 on, not '80%'"
        ),
    ])
    func problems(lines: String, problem: String) {
        #expect(Self.read(lines + "\n" + DiagnosticTests.good).problems.hasPrefix("p.yaml:" + problem))
    }

    @Test(arguments: [
        ("level", "--param level: write it as NAME=VALUE, such as '--param level=80%'"),
        ("lvel=1%", "--param lvel=1%: unknown parameter 'lvel'; did you mean 'level'?"),
        ("length=80%", "--param length=80%: 'length' takes a duration such as '30s', not '80%'"),
        ("count=x", "--param count=x: 'count' takes a number such as '3' or '0.5', not 'x'"),
        ("level=120%", "p.yaml:9:"),
        ("level=much", "--param level=much: 'level' takes an amount such as '80%', '2GiB' or '15000', not 'much'"),
    ])
    func problemsOfFlags(flag: String, problem: String) {
        #expect(Self.read(Self.profile, [flag]).problems.contains(problem))
        #expect(Self.read(DiagnosticTests.good, [flag]).problems.contains(flag.contains("=") ? "no 'params'" : problem))
    }

    @Test func anUnknownParameterIsOneProblem() {
        let text = "params: { a: 1s }\nphases: [{ name: p, for: $b, load: { cpu: $c, memory: 1GiB } }]"
        #expect(
            Self.read(text).problems == """
                p.yaml:2:26: error: unknown parameter '$b'; there are: a; a '$' itself is written '$$'
                p.yaml:2:43: error: unknown parameter '$c'; there are: a; a '$' itself is written '$$'
                """)
    }

    @Test func textsStayBounded() {
        let value = String(repeating: "x", count: 1000)
        let texts = (0..<40).map { _ in "- " + String(repeating: "$a", count: 1000) + "\n" }.joined()
        let text = "params: { a: \(value) }\nguards:\n\(texts)" + DiagnosticTests.good
        #expect(Self.read(text).problems.contains("with its parameters the profile is longer than 4 MiB"))
    }

    // MARK: Changes

    @Test func phasesAreChangedByName() throws {
        let flags = ["squeeze.for=7s", "squeeze.cpu=50%", "steady.cpu=1%", "phase-3.memory=2GiB", "squeeze.repeat=1"]
        let profile = try #require(Self.read(phases: flags).profile)
        #expect(profile.phases.map(\.name) == ["steady", "squeeze", "phase-3"])
        #expect(profile.phases[1].length == 7 * .second)
        #expect(profile.phases.map { $0.loads.map(\.text) } == [["1%"], ["50%"], ["2GiB"]])
        #expect(profile.phases[2].loads[0].within == 2 * .second)
        // What the planner complains of must have a place.
        #expect(profile.phases.flatMap(\.loads).allSatisfy { $0.mark.line > 0 })
        #expect(profile.changes == flags.map { "--phase \($0)" })
    }

    @Test func partsOfLoadsAreChanged() throws {
        let flags = [
            "steady.cpu.for=4s", "steady.cpu.start=5s", "steady.cpu=1%", "phase-3.memory.within=1s",
            "phase-3.memory.for=2s", "phase-3.memory.load=2GiB",
        ]
        let profile = try #require(Self.read(phases: flags).profile)
        #expect(
            profile.phases[0].loads[0].shape
                == .placed(.hold(.percent(1)), start: 5 * .second, length: 4 * .second))
        let load = profile.phases[3].loads[0]
        #expect(load.shape == .placed(.hold(.bytes(0x1p31)), start: 0, length: 2 * .second))
        #expect(load.within == .second)
        #expect(load.text == "2GiB (from 0s, for 2s)")
        // A phase may be called what else is a phase and a load.
        let text = "phases: [{name: a, for: 9s, load: {cpu: 1%}}, {name: a.cpu, for: 9s, load: {cpu: 2%}}]"
        let named = try #require(Self.read(text, phases: ["a.cpu.for=3s", "a.cpu.start=1s"]).profile)
        #expect(named.phases.map(\.length) == [9 * .second, 3 * .second])
        #expect(named.phases[0].loads[0].text == "1% (from 1s, for 8s)")
    }

    @Test func whatFollowsFromAValueThatIsMissingIsNotTold() {
        let text = """
            params:
              { rate: { type: amount }, t: { type: duration }, n: { type: number }, bad: { type: amount, default: x } }
            phases:
              - { for: $t, load: { cpu: { load: ramp to 5% in 30s, start: 10s } }, repeat: $n }
              - { for: 5s, load: { disk-bandwidth: $rate, memory: $bad, cpu: { load: 1%, start: $t, for: 6s } } }
            probes: { a: { http: "http://a/", timeout: $t } }
            objectives: [a p95 < $t]
            """
        #expect(
            Self.read(text).problems == """
                p.yaml:2:5: error: parameter 'rate' has no default and is not given; give it, such as '--param rate=1%'
                p.yaml:2:29: error: parameter 't' has no default and is not given; give it, such as '--param t=1s'
                p.yaml:2:52: error: parameter 'n' has no default and is not given; give it, such as '--param n=1'
                p.yaml:2:103: error: parameter 'bad' takes an amount such as '80%', '2GiB' or '15000', not 'x'
                """)
        #expect(Self.read(text, ["rate=5MB/s", "t=50s", "n=1", "bad=1GiB"]).problems.contains("starts at '50s'"))
    }

    @Test func theOnePhaseThatThereIsHasAnotherLength() throws {
        let one = "phases: [{repeat: 2, phases: [{for: 1s, load: {cpu: 1%}}]}]"
        let profile = try #require(Self.read(one, length: "3s", scale: "2").profile)
        #expect(profile.phases.map(\.length) == [6 * .second, 6 * .second])
        #expect(profile.changes == ["--for 3s", "--scale-time 2"])
        #expect(
            Self.read(length: "3s").problems.contains(
                "p.yaml: error: --for 3s: the profile has 3 phases; --phase steady.for=3s changes one, and --scale-time"
            ))
        #expect(Self.read(one, length: "3x").problems.contains("--for 3x: unknown unit 'x'"))
        #expect(
            Self.read(one, phases: ["phase-1.for=2s"], length: "3s").problems.contains("it is already changed"))
    }

    @Test func groupsAreLookedInto() throws {
        let text = "phases: [{repeat: 2, phases: [{for: 1s, load: {cpu: 1%}}, {name: a b.c, for: 2s}]}]"
        let profile = try #require(Self.read(text, phases: ["a b.c.for=3s", "phase-1.for=4s"]).profile)
        #expect(profile.phases.map(\.length) == [4, 3, 4, 3].map { $0 * .second })
    }

    @Test func settingsAreChanged() throws {
        let text = "stressors: { cpu: { method: float } }\n" + DiagnosticTests.good
        let set = ["cpu.method=simd", "cpu.workers=2", "guards.defaults=off"]
        let profile = try #require(Self.read(text, set: set).profile)
        #expect(profile.stressors[0].settings.text("method") == "simd")
        #expect(profile.stressors[0].settings.integer("workers") == 2)
        #expect(!profile.hasDefaultGuards)
        let plain = try #require(Self.read(DiagnosticTests.good, set: ["cpu.method=simd"]).profile)
        #expect(plain.stressors[0].settings.text("method") == "simd")
        #expect(plain.stressors[0].mark.line > 0)
    }

    @Test(arguments: [
        ("--phase", "squeze.for=1s", "--phase squeze.for=1s: unknown phase 'squeze'; did you mean 'squeeze'?"),
        ("--phase", "squeeze.for", "--phase squeeze.for: write it as PHASE.for=TIME, PHASE.STRESSOR=LOAD or"),
        ("--phase", "squeze.cpu.start=1s", "--phase squeze.cpu.start=1s: unknown phase 'squeze'; did you mean"),
        (
            "--phase", "steady.cpu.start=1s",
            "--phase steady.cpu.start=1s: phase 'steady' has no load of 'cpu'; give it one, such as '--phase "
                + "steady.cpu=50%'"
        ),
        ("--phase", "squeeze.cpu.start=3m", "--phase squeeze.cpu.start=3m: the load of 'cpu' starts at '3m', when"),
        ("--phase", "squeeze.cpu.expect=x", "--phase squeeze.cpu.expect=x: unknown end 'x' in 'expect' of the load"),
        ("--phase", "squeeze.for=soon", "--phase squeeze.for=soon: 'soon' is not a duration"),
        ("--phase", "squeeze.cpu=120%", "--phase squeeze.cpu=120%: percent of a limit cannot exceed 100"),
        ("--phase", "squeeze.cpuu=1%", "--phase squeeze.cpuu=1%: unknown stressor 'cpuu'; did you mean 'cpu'?"),
        ("--phase", "squeeze.name=x", "--phase squeeze.name=x: of a phase, for, until, within, repeat or"),
        ("--set", "cpuu.method=int", "--set cpuu.method=int: unknown stressor 'cpuu'; did you mean 'cpu'?"),
        ("--set", "cpu.methd=int", "--set cpu.methd=int: unknown key 'methd' in 'cpu'; did you mean 'method'?"),
        ("--set", "cpu.method=bad", "--set cpu.method=bad: unknown value 'bad' for 'method' in 'cpu'"),
        ("--set", "cpu", "--set cpu: write it as STRESSOR.KEY=VALUE"),
        ("--scale-time", "0", "--scale-time 0: it takes a number from 0.0001 to 1000, such as 0.1"),
        ("--scale-time", "x", "--scale-time x: 'x' is not a number"),
    ])
    func problemsOfChanges(option: String, value: String, problem: String) {
        let problems =
            switch option {
            case "--phase": Self.read(phases: [value]).problems
            case "--set": Self.read(set: [value]).problems
            default: Self.read(scale: value).problems
            }
        #expect(problems.split(separator: "\n").count == 1)
        #expect(problems.hasPrefix("p.yaml: error: " + problem), "\(problems)")
    }

    @Test func timesOfPhasesAndLoadsAreScaledAndNothingElse() throws {
        let text = """
            stressors: { memory: { kind: memory } }
            phases:
              - { name: a, for: 10s, within: 2s, load: { cpu: ramp from 1% to 2% in 5s } }
              - { name: b, for: 1m, load: { cpu: "steps 1%, 2% every 20s", memory: pulse 1GiB for 1s every 4s } }
              - { name: c, for: 20s, load: { cpu: trace t.csv } }
            guards: [ cpu.busy > 90% for 2s ]
            """
        let profile = try #require(Self.read(text, scale: "0.5").profile)
        #expect(profile.phases.map(\.length) == [5 * .second, 30 * .second, 10 * .second])
        #expect(profile.phases[0].within == 2 * .second)
        #expect(
            profile.phases[0].loads[0].shape == .ramp(from: .percent(1), to: .percent(2), over: 2500 * .millisecond))
        #expect(profile.phases[1].loads[0].shape == .steps([.percent(1), .percent(2)], every: 10 * .second))
        #expect(
            profile.phases[1].loads[1].shape == .pulse(.bytes(0x1p30), width: .second / 2, every: 2 * .second))
        guard case .trace(let trace) = profile.phases[2].loads[0].shape else {
            Issue.record("no trace")
            return
        }
        #expect(trace.points.map(\.at) == [0, 5 * .second])
        #expect(profile.guards[0].length == 2 * .second)
        #expect(profile.changes == ["--scale-time 0.5"])
        #expect(
            profile.phases.map { $0.loads.map(\.text) } == [
                ["ramp from 1% to 2% in 5s (times × 0.5)"],
                ["steps 1%, 2% every 20s (times × 0.5)", "pulse 1GiB for 1s every 4s (times × 0.5)"],
                ["trace t.csv (times × 0.5)"],
            ])
        #expect(
            Self.read(text, scale: "0.002").problems.contains(
                "'every' of 'pulse' must be at least 10ms, and with '--scale-time' '4s' is 8ms"))
        #expect(Self.read(text, scale: "1000").profile != nil)
        #expect(Self.read("phases: [{for: 4d, load: {cpu: 1%}}]", scale: "1000").problems.contains("limit is 3650d"))
    }

    // MARK: Schema

    private static let good = #""phases": [{"name": "a", "for": "$t", "load": {"cpu": "ramp to $l in 1s"}}]"#

    @Test(arguments: [
        (#"{"params": {"l": "80%", "t": "2s"}, \#(good)}"#, true),
        (#"{"params": {"l": {"default": "80%"}, "t": {"default": "2s", "from": "env:T"}}, \#(good)}"#, true),
        (#"{"params": {"l": "80%", "t": "2s", "n": 3}, "seed": "$n", \#(good)}"#, true),
        (
            #"{"params": {"l": "80%", "t": "2s", "m": "int", "b": true}, "stressors": {"cpu": {"method": "$m"}, "#
                + #""memory": {"lock": "$b"}}, \#(good)}"#, true
        ),
        (#"{"params": {"l": null, "t": "2s"}, \#(good)}"#, false), (#"{"params": [], \#(good)}"#, false),
        (#"{"params": {"l": "80%", "t": {"type": "time", "default": "2s"}}, \#(good)}"#, false),
        (#"{"params": {"l": "80%", "t": {"from": "env:T"}}, \#(good)}"#, false),
        (#"{"params": {"l": "80%", "t": {"default": "2s", "from": "T"}}, \#(good)}"#, false),
        (#"{"params": {"l": "80%", "t": {"default": "2s", "to": "T"}}, \#(good)}"#, false),
        (#"{"params": {"l-x": "80%", "l": "80%", "t": "2s"}, \#(good)}"#, false),
    ])
    func schemaAndReaderAgree(text: String, isRight: Bool) throws {
        try TestManifests.expectAgreement(on: text, isRight: isRight)
    }
}
