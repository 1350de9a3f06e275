// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import YAML

/// What is read of a text, and where.
struct YAMLTextTests {
    private func read(_ text: String, depthLimit: Int = 8) -> YAMLText {
        YAMLText(Array(text.unicodeScalars), depthLimit: depthLimit)
    }

    /// A tree in one line: texts in quotes where they are not plain, each value with its place.
    private func shown(_ node: YAMLNode?) -> String {
        guard let node else { return "none" }
        let place = "@\(node.mark.line):\(node.mark.column)"
        return switch node.content {
        case .scalar(let text, let isPlain): (isPlain ? text : "'\(text)'") + place
        case .list(let items): "[" + items.map(shown).joined(separator: " ") + "]" + place
        case .mapping(let entries):
            "{"
                + entries.map { "\($0.key)@\($0.keyMark.line):\($0.keyMark.column)=\(shown($0.value))" }
                .joined(separator: " ") + "}" + place
        }
    }

    @Test(arguments: [
        ("a", "a@1:1"), ("'a'", "'a'@1:1"), ("~", "~@1:1"), ("- a\n- - b\n", "[a@1:3 [b@2:5]@2:3]@1:1"),
        ("a: 1\nb:\n  c: \"d\\n\"\n", "{a@1:1=1@1:4 b@2:1={c@3:3='d\n'@3:6}@3:3}@1:1"),
        ("{a: [1, ], b}", "{a@1:2=[1@1:6]@1:5 b@1:12=@1:13}@1:1"),
        ("ä\u{1F600}: [é, x]", "{ä\u{1F600}@1:1=[é@1:6 x@1:9]@1:5}@1:1"),
        ("a:\r\n  b: c\r\n", "{a@1:1={b@2:3=c@2:6}@2:3}@1:1"),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", "{a@1:1='x\ny\n'@1:4 b@4:1='x y\n'@4:4}@1:1"),
        ("# c\n---\na # d\n...\n", "a@3:1"), ("a\n b\n\n c", "a b\nc@1:1"), ("? a\n: b", "{a@1:3=b@2:3}@1:1"),
    ])
    func trees(text: String, tree: String) {
        let read = read(text)
        #expect(shown(read.root) == tree)
        #expect(read.findings.isEmpty && read.error == nil)
    }

    @Test(arguments: ["", " \n", "# only", "\u{2028}\n"])
    func empty(text: String) {
        let read = read(text)
        #expect(read.root == nil && read.findings.isEmpty && read.error == nil)
    }

    private static func mark(_ line: Int, _ column: Int) -> SourceMark { SourceMark(line: line, column: column) }

    @Test(
        arguments: [
            ("a: &x 1", [], "{a@1:1=1@1:4}@1:1"),
            ("a: &x 1\nb: *x", [], "{a@1:1=1@1:4 b@2:1=1@2:4}@1:1"),
            ("a: ! 1", [.tag(mark(1, 4), isInFlow: false)], "{a@1:1=1@1:4}@1:1"),
            ("a: &x ! 1", [.tag(mark(1, 4), isInFlow: false)], "{a@1:1=1@1:4}@1:1"),
            (
                "!!map {a: [!x 1]}", [.tag(mark(1, 1), isInFlow: false), .tag(mark(1, 12), isInFlow: true)],
                "{a@1:8=[1@1:12]@1:11}@1:1"
            ),
            // What an anchor stands at is not there yet within it.
            ("&x\n- *x\n- b", [.unknownAlias("x", mark(2, 3))], "[b@3:3]@1:1"),
            (
                "*x : 1\na: *x", [.unknownAlias("x", mark(1, 1)), .unknownAlias("x", mark(2, 4))],
                "{}@1:1"
            ),
            (
                "- &x {a: 1, b: 2}\n- {<<: *x, b: 3}\n- <<: [{c: 4}, *x]",
                [],
                "[{a@1:7=1@1:10 b@1:13=2@1:16}@1:3 {b@2:12=3@2:15 a@1:7=1@1:10}@2:3 "
                    + "{c@3:9=4@3:12 a@1:7=1@1:10 b@1:13=2@1:16}@3:3]@1:1"
            ),
            ("<<: 1\na: 2", [.mergeKey(mark(1, 1))], "{a@2:1=2@2:4}@1:1"),
            ("[a]: 1\n? {b: c}\n: 2", [.keyWithoutText(mark(1, 1)), .keyWithoutText(mark(2, 3))], "{}@1:1"),
            (
                "a: 1\n'a': 2\n\"a\": 3",
                [.duplicateKey("a", mark(2, 1), first: mark(1, 1)), .duplicateKey("a", mark(3, 1), first: mark(1, 1))],
                "{a@1:1=1@1:4}@1:1"
            ),
            ("a\n---\nb", [.secondDocument(mark(2, 1))], "none"),
            ("[[[[[[[[[", [.tooDeep(mark(1, 9))], "none"),
        ] as [(String, [YAMLText.Finding], String)])
    func findings(text: String, findings: [YAMLText.Finding], tree: String) {
        let read = read(text)
        #expect(read.findings == findings && read.error == nil)
        #expect(shown(read.root) == tree)
    }

    @Test func `a key may be in two mappings, and a star in quotes`() {
        #expect(read("a: {b: '*'}\nc: {b: \"&x\"}\n").findings.isEmpty)
    }

    @Test func `where a text stops being YAML, what was found before is told`() throws {
        let read = read("a: 1\na: 2\nb: [1\nc: 2\n")
        #expect(read.root == nil)
        #expect(read.findings == [.duplicateKey("a", Self.mark(2, 1), first: Self.mark(1, 1))])
        let error = try #require(read.error)
        #expect(error.problem == "did not find expected ',' or ']'" && error.context == "while parsing a flow sequence")
        #expect(error.mark == Self.mark(4, 2) && error.contextMark == Self.mark(3, 4))
    }

    @Test func `as deep as the limit and no deeper, whatever is nested`() {
        for unit in ["[", "- ", "{a: ", "? "] {
            let text = String(repeating: unit, count: 32) + "x"
            #expect(!read(text, depthLimit: 32).findings.contains { if case .tooDeep = $0 { true } else { false } })
            #expect(read(text, depthLimit: 31).findings.contains { if case .tooDeep = $0 { true } else { false } })
        }
        #expect(shown(read("[[a]]", depthLimit: 2).root) == "[[a@1:3]@1:2]@1:1")
    }

    @Test func `findings end the reading before they are noise`() {
        let read = read(String(repeating: "- *a\n", count: 1000))
        #expect(read.findings.count == YAMLText.findingLimit && read.root == nil)
    }
}
