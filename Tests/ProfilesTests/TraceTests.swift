// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct TraceTests {
    private func points(_ load: String, _ text: String, of kind: String = "cpu") -> [Trace.Point]? {
        guard case .trace(let trace) = TestManifests.shape(load, of: kind, files: ["t.csv": text]) else { return nil }
        #expect(trace.file == "t.csv")
        return trace.points
    }

    private let expected: [Trace.Point] = [
        .init(at: 0, amount: .percent(10)), .init(at: 1500 * .millisecond, amount: .percent(20.5)),
    ]

    @Test(arguments: [
        "0,10%\n1.5,20.5%", "0,10%\r\n1.5,20.5%\r\n", "\u{FEFF}time,cpu\n0,10%\n1.5,20.5%\n",
        "# a comment\n\ntime,cpu (%)\n0,10\n# another\n1.5,20.5\n", "t,cpu [%]\n0,10%\n1.5,20.5",
        "t,cpu %\n0,10\n1.5,20.5",
        "\"t\",\"cpu, all (%)\"\n\"0\",\"10\"\n 1.5 , \"20.5%\" ",
    ])
    func readsTheSecondColumn(text: String) {
        #expect(points("trace t.csv", text) == expected)
    }

    @Test(arguments: ["cpu", "2", "\"cpu (%)\"", "cpu (%)"])
    func findsColumns(column: String) {
        #expect(points("trace t.csv column \(column)", "t,cpu (%),memory [MiB]\n0,10,5\n1.5,20.5,6") == expected)
    }

    @Test func unitsComeFromTheHeader() {
        let text = "t,cpu (%),memory [MiB],handles,in\n0,10,5,7,1"
        #expect(points("trace t.csv column memory", text, of: "memory") == [.init(at: 0, amount: .bytes(5 * 0x1p20))])
        #expect(points("trace t.csv column 3", text, of: "memory") == [.init(at: 0, amount: .bytes(5 * 0x1p20))])
        #expect(points("trace t.csv column handles", text, of: "file-handles") == [.init(at: 0, amount: .count(7))])
        #expect(points("trace t.csv column in", text, of: "file-handles") == [.init(at: 0, amount: .count(1))])
    }

    /// Whoever names a file need not have the right to read it.
    @Test(arguments: ["time,secret\n0,1%\n1,word\n", "secret\n", "0,1%\nsecret,2%", "time,secret\n0,secret 5%"])
    func whatIsInAFileIsNotToldWhereItMayNotBe(text: String) throws {
        let taker = AmountTaker(stressor: "cpu", of: TestManifests.cpu)
        var table = TraceTable(file: "t.csv", taker: taker)
        for column in [nil, "memory", "9"] {
            let open = table.points(from: Array(text.utf8), column: column).problems
            table.mayQuote = false
            let closed = table.points(from: Array(text.utf8), column: column).problems
            table.mayQuote = true
            #expect(open.isEmpty == closed.isEmpty && closed.count <= 1)
            #expect(!closed.contains { $0.contains("secret") || $0.contains("word") }, "\(closed)")
        }
    }

    @Test func equalTimesMakeAStep() {
        #expect(points("trace t.csv", "0,10%\n0,20%\n")?.count == 2)
    }

    @Test func fileNamesAreRelativeToTheProfile() throws {
        let text = "phases: [{name: p, for: 1m, load: {cpu: 'trace \"a b.csv\"'}}]"
        #expect(throws: Never.self) {
            try TestManifests.profile(text, file: "/etc/exert/p.yaml", files: ["/etc/exert/a b.csv": "0,1%"])
        }
        #expect(throws: Never.self) { try TestManifests.profile(text, file: "p.yaml", files: ["a b.csv": "0,1%"]) }
        #expect(throws: Never.self) { try TestManifests.profile(text, file: "<stdin>", files: ["a b.csv": "0,1%"]) }
        let absolute = "phases: [{name: p, for: 1m, load: {cpu: trace /a.csv}}]"
        #expect(throws: Never.self) { try TestManifests.profile(absolute, file: "d/p.yaml", files: ["/a.csv": "0,1%"]) }
    }

    @Test(arguments: [
        ("", "trace 't.csv' has no rows; write lines such as '0,10%' and '60,80%'"),
        ("t,cpu\n", "trace 't.csv' has no rows; write lines such as '0,10%' and '60,80%'"),
        ("0\n", "t.csv:1: the row has one column; write the time in seconds and an amount, such as '0,10%'"),
        ("0,1%\n1\n", "t.csv:2: the row has 1 columns and no column 2"),
        (
            "0,5\n",
            "t.csv:1: '5' has no unit; 'cpu' takes a percentage such as '80%', cores such as '1.5 cores', 'max' or "
                + "'leave 0.5 cores'"
        ),
        ("5,1%\n4,1%\n", "t.csv:2: the time '4' is before the row above; sort the rows by time"),
        ("0,1%\n1s,1%\n", "t.csv:2: '1s' is not a time; write plain seconds such as '1.5'"),
        ("-1,1%\n", "t.csv:1: '-1' is negative; write a number from 0 on"),
        ("9999999999,1%\n", "t.csv:1: the time '9999999999' is too long; the limit is 30d"),
        ("0,1%\n1,\"2%\n", "t.csv:2: a quote is not closed; close it"),
    ])
    func wrongFiles(text: String, message: String) {
        let found = TestManifests.loadProblem("trace t.csv", files: ["t.csv": text])
        #expect(found == "p.yaml:1:48: error: \(message)")
    }

    @Test(arguments: [
        ("column cqu", "t.csv:1: unknown column 'cqu'; did you mean 'cpu'?"),
        ("column zebra", "t.csv:1: unknown column 'zebra'; the file has: cpu, memory"),
        ("column 1", "t.csv:1: there is no column 1 to take amounts from; name one from 2 to 3"),
        ("column 4", "t.csv:1: there is no column 4 to take amounts from; name one from 2 to 3"),
        ("column t", "t.csv:1: column 't' is the time; name another one"),
    ])
    func wrongColumns(column: String, message: String) {
        let files = ["t.csv": "t,cpu (%),memory\n0,1,2\n"]
        #expect(TestManifests.loadProblem("trace t.csv \(column)", files: files) == "p.yaml:1:48: error: \(message)")
    }

    @Test func everyProblemOfAFileButNotEndless() {
        let text = (0..<100).map { "\($0),x\n" }.joined()
        let found = TestManifests.loadProblem("trace t.csv", files: ["t.csv": text])
        #expect(found.split(separator: "\n").count == 5)
        #expect(found.contains("t.csv:5: 'x' is not an amount"))
    }

    @Test func sizesAreBounded() {
        let large = [UInt8](repeating: 0x30, count: ProfileReader.traceSizeLimit + 1)
        var table = TraceTable(file: "t.csv", taker: AmountTaker(stressor: "cpu", of: TestManifests.cpu))
        #expect(table.points(from: large, column: nil).problems == ["trace 't.csv' is 10.0 MiB; the limit is 10 MiB"])
        #expect(table.points(from: [0xFF, 0xFE], column: nil).problems.count == 1)
        table.rowLimit = 10
        let rows = (1...11).map { "\($0),1%\n" }.joined()
        #expect(
            table.points(from: Array(rows.utf8), column: nil).problems
                == ["t.csv:11: the trace has more than 10 rows; thin it out"])
    }

    @Test func anUnreadableFileIsTold() {
        #expect(
            TestManifests.loadProblem("trace nope.csv")
                == "p.yaml:1:48: error: cannot read trace 'nope.csv': No such file or directory")
        #expect(
            TestManifests.problems("phases: [{name: p, for: 1m, load: {cpu: \"trace a\\0b\"}}]").contains("file's name")
        )
    }
}
