// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Inputs that were made to hurt: each is refused in bounded time, memory and stack.
struct LimitTests {
    private func problems(_ text: String, within limit: Duration = .seconds(5)) -> String {
        let start = ContinuousClock.now
        let problems = TestManifests.problems(text)
        #expect(ContinuousClock.now - start < limit)
        return problems
    }

    @Test func billionLaughs() {
        var text = "a0: &a0 lol\n"
        for level in 1...30 {
            text += "a\(level): &a\(level) [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
        }
        // As a key it would be hashed, which is what costs.
        text += "? *a30\n: 1\n" + DiagnosticTests.good
        let found = problems(text, within: .seconds(1))
        #expect(found == "p.yaml:6:45: error: by aliases the profile has more than 100000 values, the limit")
    }

    @Test func aliasesThatLieInEachOtherAreNoDeeperThanOtherNesting() {
        var text = "a0: &a0 [x]\n"
        for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(problems(text + DiagnosticTests.good).contains("nested more than 32 levels deep"))
    }

    /// Each is a beginning, and what is repeated after it; the arguments are short because they are printed.
    @Test(arguments: [
        ("", "["), ("", "{"), ("", "{a: "), ("", "- "), ("", "? "), ("a: ", "[["),
        ("name: 'x'\nb: \"y\" # [\nc: |\n  text\nd: ", "["),
    ])
    func deepNesting(beginning: String, unit: String) {
        let text = beginning + String(repeating: unit, count: 100_000)
        #expect(problems(text).contains("nested more than 32 levels deep"))
    }

    @Test func deepIndentation() {
        let text = (0..<1000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(problems(text).contains("nested more than 32 levels deep"))
    }

    @Test func sizes() {
        let large = "# " + String(repeating: "x", count: 10 << 20)
        #expect(problems(large) == "p.yaml: error: the profile is 10.0 MiB; the limit is 1 MiB")
        #expect(problems("# " + String(repeating: "x", count: 1 << 19) + "\n" + DiagnosticTests.good) == "")
    }

    @Test(
        arguments: [
            (
                [0x61, 0x3A, 0x00],
                "p.yaml:1:3: error: the profile is not plain text: it has the control character U+0000"
            ),
            (
                [0x0A, 0x61, 0x1B],
                "p.yaml:2:2: error: the profile is not plain text: it has the control character U+001B"
            ),
            ([0x61, 0x0A, 0x62, 0xC3, 0x28], "p.yaml:2:2: error: the profile is not UTF-8 text; save it as UTF-8"),
            ([0xFF, 0xFE, 0x61, 0x00], "p.yaml: error: the profile is UTF-16; save it as UTF-8"),
            (
                [0x7F, 0x45, 0x4C, 0x46],
                "p.yaml:1:1: error: the profile is not plain text: it has the control character U+007F"
            ),
            ([0xEF, 0xBB, 0xBF], "p.yaml: error: the profile is empty; it needs at least 'phases'"),
            ([0xED, 0xA0, 0x80], "p.yaml:1:1: error: the profile is not UTF-8 text; save it as UTF-8"),
        ] as [([UInt8], String)])
    func notText(bytes: [UInt8], problem: String) {
        #expect(TestManifests.problems(bytes) == problem)
    }

    @Test func counts() {
        let phases = (0...ProfileReader.phaseLimit).map { "- {name: p\($0), for: 1s, load: {cpu: 1%}}\n" }.joined()
        #expect(problems("phases:\n" + phases) == "p.yaml:1:1: error: 'phases' has 1001 phases; the limit is 1000")
        let stressors = (0...ProfileReader.stressorLimit).map { "  s\($0): {kind: cpu}\n" }.joined()
        #expect(
            problems("stressors:\n\(stressors)\(DiagnosticTests.good)")
                .contains("2:3: error: 'stressors' has 65 entries; the limit is 64"))
        let guards = (0...ProfileReader.guardLimit).map { _ in "- cpu.busy > 5%\n" }.joined()
        #expect(
            problems("guards:\n\(guards)\(DiagnosticTests.good)")
                == "p.yaml:2:1: error: 'guards' has 65 guards; the limit is 64")
        let many = (0..<500).map { "k\($0): 1\n" }.joined() + DiagnosticTests.good
        let lines = problems(many).split(separator: "\n")
        #expect(lines.count == ProfileReader.problemLimit + 1)
        #expect(lines.last == "p.yaml:100:1: error: 400 more problems are not shown; mend these first")
    }

    @Test func manyDuplicates() {
        let text = String(repeating: "a: 1\n", count: 20_000) + DiagnosticTests.good
        #expect(problems(text, within: .seconds(20)).contains("duplicate key 'a'"))
        let pairs = (0..<30).map { "name\($0): 1\nname\($0): 1\n" }.joined() + DiagnosticTests.good
        #expect(problems(pairs).contains("duplicate key"))
    }

    @Test func manyPiecesInAll() {
        let phases = (0..<30).map { "- {name: p\($0), for: 1d, load: {cpu: random 1% to 2% every 1s}}\n" }.joined()
        let found = problems("phases:\n" + phases)
        #expect(found.contains("the loads of the profile change more than 1000000 times in all"))
        #expect(found.split(separator: "\n").count == 1)
    }

    @Test func manyTraces() {
        let phases = (0..<100).map { "- {name: p\($0), for: 1m, load: {cpu: trace t.csv}}\n" }.joined()
        let found = TestManifests.problems("phases:\n" + phases, files: ["t.csv": "0,1%"])
        #expect(found == "p.yaml:66:42: error: the profile reads more than 64 traces, the limit")
    }

    @Test func wideCPULists() {
        let list = (0..<2000).map { _ in "0-65535" }.joined(separator: ",")
        #expect(
            problems("stressors: {cpu: {cpus: '\(list)'}}\n\(DiagnosticTests.good)").contains(
                "has 2000 ranges; the limit is 1024"))
    }
}
