// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct InclusionTests {
    static let common = """
        # What all of our profiles share.
        description: parts alone
        labels: { team: checkout, ticket: none }
        params: { level: 20%, wait: 5s }
        x-every: &every { every: 50ms }
        stressors:
          cpu: { method: simd, workers: 2 }
          scratch: { kind: file-handles }
        probes:
          shop: { <<: *every, http: "https://a/", ca: ca.pem }
        objectives: [shop 99% good]
        guards: [cpu.busy > 99% for $wait]
        tolerance: { cpu: 2pp }
        """
    static let profile = """
        include: dir/common.yaml
        labels: { ticket: CHAOS-17 }
        params: { level: 30% }
        stressors: { cpu: { method: int } }
        guards: { defaults: off }
        objectives: [shop p95 < 1s]
        phases: [{ name: p, for: 10s, load: { cpu: $level, scratch: 10 } }]
        """

    private func problems(_ text: String, _ files: [String: String], file: String = "p.yaml") -> [String] {
        do throws(ProfileErrors) {
            _ = try TestManifests.profile(text, file: file, files: files)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test func partsAreMergedKeyByKey() throws {
        let files = ["dir/common.yaml": Self.common, "dir/ca.pem": TestManifests.authorities]
        let profile = try TestManifests.profile(Self.profile, files: files)
        #expect(profile.labels == ["team": "checkout", "ticket": "CHAOS-17"])
        #expect(profile.parameters.map { "\($0.name)=\($0.value)" } == ["wait=5s", "level=30%"])
        #expect(profile.stressors.map(\.name) == ["scratch", "cpu"])
        // An entry of its own stands whole in the place of an included one.
        let cpu = try #require(profile.stressors.last)
        #expect(cpu.settings.text("method") == "int")
        #expect(cpu.settings.integer("workers") == nil)
        #expect(cpu.tolerance == .points(2))
        #expect(cpu.mark == SourceMark(line: 4, column: 14))
        #expect(profile.stressors[0].mark == SourceMark(line: 8, column: 3, file: "dir/common.yaml"))
        #expect(profile.guards.map(\.text) == ["cpu.busy > 99% for 5s"])
        #expect(!profile.hasDefaultGuards)
        #expect(profile.objectives.map(\.text) == ["shop 99% good", "shop p95 < 1s"])
        #expect(profile.probes.first?.question.http?.security == .verified(authorities: "dir/ca.pem"))
        #expect(profile.phases[0].loads.map(\.text) == ["30%", "10"])
        #expect(profile.includes.map(\.file) == ["dir/common.yaml"])
        #expect(profile.includes.first?.sha256 == SHA256.hexadecimal(of: Array(Self.common.utf8)))
        #expect(profile.sha256 == SHA256.hexadecimal(of: Array(Self.profile.utf8)))
    }

    @Test func filesIncludeOthersBesideThem() throws {
        let files = [
            "a/b/top.yaml": "include: [one.yaml, ./c/../c/two.yaml]",
            "a/b/one.yaml": "include: ../base.yaml\nstressors: { s: { kind: cpu } }",
            "a/b/c/two.yaml": "include: ../../base.yaml",
            "a/base.yaml": "stressors: { t: { kind: memory } }\nguards: [cpu.busy > 99%]",
        ]
        let text = "include: b/top.yaml\n" + DiagnosticTests.good
        let profile = try TestManifests.profile(text, file: "a/p.yaml", files: files)
        // By two ways, and once.
        #expect(profile.guards.count == 1)
        #expect(profile.stressors.map(\.name) == ["t", "s", "cpu"])
        #expect(profile.includes.map(\.file) == ["a/b/top.yaml", "a/b/one.yaml", "a/base.yaml", "a/b/c/two.yaml"])
    }

    @Test func problemsHaveTheirPlaceInTheFileThatHasThem() {
        let files = [
            "c.yaml": """
            name: x
            phases: []
            stresors: {}
            stressors: { cpu: { method: simt } }
            tolerance: { cpu: "1 potato" }
            guards: [cpu.busy > $level]
            """
        ]
        #expect(
            problems("include: c.yaml\nparams: { lvl: 1% }\n" + DiagnosticTests.good, files) == [
                "c.yaml:1:1: error: 'name' is of the whole profile; write it there, not in an included file",
                "c.yaml:2:1: error: 'phases' is of the whole profile; write it there, not in an included file",
                "c.yaml:3:1: error: unknown key 'stresors' in an included file; did you mean 'stressors'?",
                "c.yaml:4:29: error: unknown value 'simt' for 'method' in 'cpu'; did you mean 'simd'?",
                "c.yaml:5:22: error: unknown unit 'potato' in '1 potato'; tolerance of 'cpu' takes cores such as "
                    + "'1.5 cores'",
                "c.yaml:6:21: error: unknown parameter '$level'; there are: lvl; a '$' itself is written '$$'",
            ])
    }

    @Test func aKeyInTwoFilesIsAnErrorUnlessTheIncludingFileHasIt() {
        let files = ["a.yaml": "params: { n: 1 }", "b.yaml": "params:\n  n: 2"]
        let text = "include: [a.yaml, b.yaml]\n" + DiagnosticTests.good
        #expect(
            problems(text, files) == [
                "b.yaml:2:3: error: 'n' in 'params' is in a.yaml:1:11 already; keep one of them, or write it in the "
                    + "file that includes both, which then has the last word"
            ])
        #expect(problems("params: { n: 3 }\n" + text, files) == [])
    }

    @Test(arguments: [
        (
            "include:",
            "1:1: error: 'include' takes a path or a list of paths such as 'include: common.yaml', not nothing"
        ),
        (
            "include: []",
            "1:10: error: 'include' takes a path or a list of paths such as 'include: common.yaml', not an empty list"
        ),
        (
            "include: { a: b }",
            "1:10: error: 'include' takes a path or a list of paths such as 'include: common.yaml', not a mapping"
        ),
        ("include: [[a]]", "1:11: error: 'include' must be text, not a list; write it such as 'include: common.yaml'"),
        (
            "include: /etc/a.yaml",
            "1:10: error: '/etc/a.yaml' is an absolute path; write it relative to the file that includes it"
        ),
        ("include: \"a\\e\"", "1:10: error: 'a ' cannot be a file's name"),
        ("include: gone.yaml", "1:10: error: cannot include 'gone.yaml': No such file or directory"),
        ("include: p.yaml", "1:10: error: 'p.yaml' includes itself; leave one 'include' out"),
        ("include: [e.yaml]", "1:11: error: 'e.yaml' is empty; write parts into it, or leave it out"),
        (
            "include: l.yaml",
            "l.yaml:1:1: error: an included file must be a mapping with parts such as 'stressors:', not a list"
        ),
        ("include: u.yaml", "1:10: error: cannot include 'u.yaml': 'u.yaml' is 1.0 MiB; the limit is 1 MiB"),
        ("include: n.yaml", "n.yaml:2:1: error: 'n.yaml' is not plain text: it has the control character U+0001"),
        (
            "include: q.yaml",
            "q.yaml:1:12: error: not valid YAML: found unexpected end of stream while scanning a quoted scalar; "
                + "close the quotes"
        ),
        (
            "include: r.yaml",
            "r2.yaml:1:10: error: 'r.yaml' includes itself, by way of r.yaml, r2.yaml; leave one 'include' out"
        ),
    ])
    func whatCannotBeIncludedIsTold(include: String, problem: String) {
        let files = [
            "e.yaml": "# nothing\n", "l.yaml": "- a", "u.yaml": String(repeating: "x", count: 1 << 20) + "x",
            "n.yaml": "a: 1\n\u{1}",
            "q.yaml": "stressors: \"", "r.yaml": "include: r2.yaml", "r2.yaml": "include: ./r.yaml",
        ]
        let found = problems(include + "\n" + DiagnosticTests.good, files)
        let place = problem.first?.isNumber == true ? "p.yaml:" : ""
        #expect(found == [place + problem])
    }

    @Test func filesAreCountedAndMeasured() {
        var files: [String: String] = [:]
        for index in 0..<40 { files["f\(index).yaml"] = "description: x" }
        let many = (0..<40).map { "f\($0).yaml" }.joined(separator: ", ")
        let found = problems("include: [\(many)]\n" + DiagnosticTests.good, files)
        #expect(found.count == 8 && found[0].contains("the profile includes more than 32 files, the limit"))
        var deep: [String: String] = [:]
        for index in 0..<20 { deep["f\(index).yaml"] = "include: f\(index + 1).yaml" }
        #expect(
            problems("include: f0.yaml\n" + DiagnosticTests.good, deep) == [
                "f7.yaml:1:10: error: files include each other more than 8 deep, the limit"
            ])
        // Each includes all the others that come behind it: as many ways as there are sets of them.
        var dense: [String: String] = [:]
        for index in 0..<6 {
            dense["f\(index).yaml"] =
                "include: [\((index + 1...6).map { "f\($0).yaml" }.joined(separator: ", "))]"
        }
        dense["f6.yaml"] = "guards: [cpu.busy > 99%]"
        #expect(problems("include: [f0.yaml, f6.yaml]\n" + DiagnosticTests.good, dense) == [])
        let large = "# " + String(repeating: "x", count: 1 << 20)
        for index in 0..<40 { files["f\(index).yaml"] = "description: x\n" + large }
        let sizes = problems("include: [f0.yaml, f1.yaml, f2.yaml, f3.yaml, f4.yaml]\n" + DiagnosticTests.good, files)
        #expect(sizes.count == 5 && sizes[2].contains("the limit is 1 MiB"))
        #expect(sizes[3].hasSuffix("with 'f3.yaml' the included files are larger than 4 MiB in all, the limit"))
    }

    @Test func textAloneIncludesNothing() {
        do throws(ProfileErrors) {
            _ = try ProfileReader.profile(
                from: Array(("include: c.yaml\n" + DiagnosticTests.good).utf8), file: "<profile>",
                manifests: TestManifests.all, readFile: { _ in Array(Self.common.utf8) })
            Issue.record("it was included")
        } catch {
            #expect(
                error.description
                    == "<profile>:1:10: error: 'c.yaml' cannot be included: this profile came as text, beside which "
                    + "there "
                    + "are no files; write the file's parts into the profile")
        }
    }

    @Test func labelsAndNotes() throws {
        let text = """
            note: |
              Seen on Tuesday:
                it fell over.
            labels: { ticket: 17, a.b/c: "x y" }
            phases:
              - { name: p, for: 1s, repeat: 2, note: "  the first \\u200d wave ", load: { cpu: 1% } }
            """
        let profile = try TestManifests.profile(text)
        #expect(profile.note == "Seen on Tuesday:\n  it fell over.")
        #expect(profile.labels == ["ticket": "17", "a.b/c": "x y"])
        #expect(profile.phases.map(\.note) == ["the first \u{200D} wave", "the first \u{200D} wave"])
    }

    @Test(arguments: [
        (
            "note:",
            "1:6: error: 'note' of the profile has no value; write it such as 'note: what was seen the last time'"
        ),
        ("note: ' '", "1:7: error: 'note' of the profile is empty; write one, or leave it out"),
        (
            "note: \"a\\e[2J\"",
            "1:7: error: 'note' of the profile has a control character; write it in plain text, of several lines "
                + "with '|'"
        ),
        (
            "note: \"a\\u202eb\"",
            "1:7: error: 'note' of the profile has a control character; write it in plain text, of several lines "
                + "with '|'"
        ),
        ("labels: [a]", "1:9: error: 'labels' must be a mapping such as 'ticket: CHAOS-17', not a list"),
        ("labels: { a: [b] }", "1:14: error: label 'a' must be text, not a list; write it such as 'a: CHAOS-17'"),
        (
            "labels: { a: \"b\\n\" }",
            "1:14: error: label 'a' has a control character; write it in one line of plain text"
        ),
        (
            "labels: { 9a: b }",
            "1:11: error: '9a' is no name for a label; it takes letters, digits, '_', '.', '-' and '/', 63 at most, "
                + "and begins with a letter or '_'"
        ),
    ])
    func labelsAndNotesThatAreNone(part: String, problem: String) {
        #expect(problems(part + "\n" + DiagnosticTests.good, [:]) == ["p.yaml:" + problem])
    }

    @Test func notesAreBoundedWithWhatIsRepeated() {
        let note = String(repeating: "é", count: 999)
        let text =
            "phases: [{ repeat: 100, phases: [{ for: 1s, note: \(note), load: { cpu: 1% } }, { for: 1s, note: @ }] }]"
        let parts = text.split(separator: "@")
        #expect(problems(parts.joined(separator: "x"), [:]) == [])
        let found = problems(parts.joined(separator: "too much"), [:])
        #expect(found.count == 1 && found[0].contains("are longer than 100000 characters in all"), "\(found)")
    }

    @Test func labelsAndNotesAreBounded() {
        let note = String(repeating: "é", count: 1001)
        #expect(problems("note: \(note)\n" + DiagnosticTests.good, [:]).first?.contains("longer than 1000") == true)
        let labels = (0..<40).map { "l\($0): x" }.joined(separator: ", ")
        #expect(
            problems("labels: { \(labels) }\n" + DiagnosticTests.good, [:]) == [
                "p.yaml:1:129: error: there are more than 16 labels, the limit"
            ])
        let long = String(repeating: "x", count: 257)
        #expect(
            problems("labels: { a: \(long) }\n" + DiagnosticTests.good, [:])
                == ["p.yaml:1:11: error: the value of label 'a' has 257 bytes; the limit is 256"])
    }
}
