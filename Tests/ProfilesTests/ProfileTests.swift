// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct ProfileTests {
    static let squeeze = """
        # Does checkout keep its SLO while the node loses CPU and memory together?
        name: squeeze
        description: |
          *not* an alias & no anchor
        seed: 7
        stressors:                       # what and where
          cpu:     { of: cgroup, mode: add, method: int, cpus: "0-2,5" }
          memory:  { of: cgroup, pages: huge, content: random, lock: true, headroom: 256MiB }
          scratch: { kind: file-handles }
        phases:                          # when and how much
          - { name: steady,  for: 30s }
          - name: squeeze
            for: 2m
            load:
              cpu: ramp to 80% in 30s    # then holds
              memory: 1GiB
              scratch: leave 10
              disk-bandwidth: 50MB/s
          - { name: recover, for: 30s }
        guards:                          # any of these aborts
          - memory.available < 256MiB for 2s
          - psi.cpu.some>=90%
        tolerance: { cpu: 1pp, memory: 1%, scratch: 5, disk-bandwidth: 1MB/s }
        """

    @Test func readsTheProfileOfTheDesign() throws {
        let profile = try TestManifests.profile(Self.squeeze, file: "dir/squeeze.yaml")
        #expect(profile.name == "squeeze")
        #expect(profile.seed == 7)
        #expect(profile.sha256.count == 64)
        #expect(profile.stressors.map(\.name) == ["cpu", "memory", "scratch", "disk-bandwidth"])
        #expect(profile.stressors.map(\.kind) == ["cpu", "memory", "file-handles", "disk-bandwidth"])
        #expect(profile.stressors.map(\.mark.line) == [7, 8, 9, 18])
        #expect(
            profile.stressors.map(\.tolerance) == [
                .points(1), .percent(1), .absolute(.count(5)), .absolute(.bytesPerSecond(1e6)),
            ])
        let cpu = profile.stressors[0].settings
        #expect(cpu.text("of") == "cgroup")
        #expect(cpu.text("priority") == "normal")
        #expect(cpu.cpus("cpus") == [0, 1, 2, 5])
        #expect(cpu.integer("workers") == nil)
        #expect(cpu.marks["of"] == SourceMark(line: 7, column: 18))
        #expect(cpu.marks["priority"] == nil)
        #expect(profile.stressors[1].settings.flag("lock"))
        #expect(profile.stressors[1].settings.bytes("headroom") == 256 << 20)
        #expect(profile.phases.map(\.name) == ["steady", "squeeze", "recover"])
        #expect(profile.phases.map(\.length) == [30 * .second, 120 * .second, 30 * .second])
        let loads = profile.phases[1].loads
        #expect(loads.map(\.text) == ["ramp to 80% in 30s", "1GiB", "leave 10", "50MB/s"])
        #expect(loads[0].shape == .ramp(from: nil, to: .percent(80), over: 30 * .second))
        #expect(loads[0].mark == SourceMark(line: 15, column: 12))
        #expect(loads[2].shape == .hold(.leave(.count(10))))
        #expect(profile.guards[0].metric == .memoryAvailable)
        #expect(profile.guards[0].comparison == .below)
        #expect(profile.guards[0].limit == .bytes(0x1p28))
        #expect(profile.guards[0].length == 2 * .second)
        #expect(profile.guards[1].comparison == .atLeast)
        #expect(profile.guards[1].length == 0)
    }

    @Test func endsThatAreWantedStandBesideALoadOrAtAStressor() throws {
        func text(_ end: String) -> String {
            """
            stressors: { memory: { expect: killed } }
            phases:
              - { name: a, for: 1s, load: { cpu: { load: 1%, expect: \(end) }, memory: 1GiB } }
              - { name: b, for: 1s, load: { cpu: 1%, memory: { load: 2GiB, within: 100ms, expect: killed } } }
            """
        }
        let profile = try TestManifests.profile(text("not_met"))
        #expect(profile.phases.map { $0.loads.map(\.expect) } == [[.notMet, nil], [nil, .killed]])
        #expect(profile.stressors.first { $0.name == "memory" }?.settings.text("expect") == "killed")
        #expect(throws: ProfileErrors.self) { try TestManifests.profile(text("kiled")) }
    }

    @Test(arguments: [
        ("", true), ("guards:", true), ("guards: { defaults: off }", false), ("guards: { defaults: \"on\" }", true),
        ("guards: [{ defaults: off }, cpu.busy > 90%]", false), ("guards: [cpu.busy > 90%]", true),
    ])
    func guardsThatAreOnByDefaultCanBeTurnedOff(guards: String, isOn: Bool) throws {
        let profile = try TestManifests.profile("phases: [{name: p, for: 1s, load: {cpu: 1%}}]\n" + guards)
        #expect(profile.hasDefaultGuards == isOn)
        #expect(profile.guards.count == (guards.contains("busy") ? 1 : 0))
    }

    @Test(arguments: ["{ defaults: maybe }", "{ default: off }", "{}", "[{ defaults: [off] }]"])
    func whatTurnsNothingOffIsAnError(guards: String) {
        #expect(throws: ProfileErrors.self) {
            try TestManifests.profile("phases: [{name: p, for: 1s, load: {cpu: 1%}}]\nguards: " + guards)
        }
    }

    @Test func namesComeFromTheFile() throws {
        let text = "phases: [{name: p, for: 1s, load: {cpu: 1%}}]"
        #expect(try TestManifests.profile(text, file: "a/b.yaml").name == "b")
        #expect(try TestManifests.profile(text, file: "b.yml").name == "b")
        #expect(try TestManifests.profile(text, file: "<stdin>").name == "stdin")
        #expect(try TestManifests.profile(text).seed == 0)
    }

    @Test func hashIsOfTheBytes() throws {
        // printf 'phases: [{name: p, for: 1s, load: {cpu: 1%%}}]' | sha256sum
        let text = "phases: [{name: p, for: 1s, load: {cpu: 1%}}]"
        let sum = "651247e8b73dbe3186133142d97b93f86d14737c0550da099d3ef4f60ac7f408"
        #expect(try TestManifests.profile(text).sha256 == sum)
    }

    @Test func takesByteOrderMarksAndCarriageReturns() throws {
        let windows = "\u{FEFF}" + Self.squeeze.split(separator: "\n").joined(separator: "\r\n")
        let profile = try TestManifests.profile(windows)
        #expect(profile.phases[1].loads[0].mark == SourceMark(line: 15, column: 12))
        #expect(
            TestManifests.problems("\u{FEFF}name: x\r\nphasse: 1\r\nphases: [{name: p, for: 1s, load: {cpu: 1%}}]")
                == "p.yaml:2:1: error: unknown key 'phasse' in the profile; did you mean 'phases'?")
    }

    @Test func stressorsMayBeEmptyOrMissing() throws {
        for settings in ["~", "{}", "", "null"] {
            let profile = try TestManifests.profile(
                "stressors: {cpu: \(settings)}\nphases: [{name: p, for: 1s, load: {cpu: 1%}}]")
            #expect(profile.stressors[0].settings.text("of") == "auto")
        }
        for part in ["stressors:", "stressors: {}", "guards:", "guards: []", "tolerance: ~", "description:"] {
            #expect(TestManifests.problems("\(part)\nphases: [{name: p, for: 1s, load: {cpu: 1%}}]") == "")
        }
    }

    @Test func aliasesStandForWhatTheirAnchorsStandAt() throws {
        let text = """
            x-base: &base { for: 5s, load: &load { cpu: &level 40% } }
            params: { t: 3s }
            phases:
              - { <<: *base, name: a }
              - { <<: *base, name: b, for: $t }
              - name: c
                for: 1s
                load: { <<: *load, memory: *level }
            """
        let phases = try TestManifests.profile(text).phases
        #expect(phases.map(\.name) == ["a", "b", "c"])
        #expect(phases.map(\.length) == [5, 3, 1].map { $0 * .second })
        #expect(phases.map { $0.loads.map(\.text) } == [["40%"], ["40%"], ["40%", "40%"]])
        #expect(TestManifests.problems("x-a: [$b, {}]\n" + DiagnosticTests.good) == "")
        try TestManifests.expectAgreement(
            on: #"{"x-a": {"b": [1]}, "phases": [{"for": "1s", "load": {"cpu": "1%"}}]}"#, isRight: true)
        try TestManifests.expectAgreement(
            on: #"{"y-a": {"b": [1]}, "phases": [{"for": "1s", "load": {"cpu": "1%"}}]}"#, isRight: false)
    }

    @Test func notListedKindsAreTaken() {
        #expect(TestManifests.problems("phases: [{name: p, for: 1s, load: {'null': 1%}}]") == "")
    }
}
