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

    /// A part begins and ends where it is said, whatever rows there are; seconds and percent.
    @Test(
        arguments: [
            ("", "from 0s to 15s", [(0, 10), (10, 20), (15, 40)], 15),
            ("", "from 5s", [(0, 15), (5, 20), (15, 60)], 15),
            ("", "from 15s to 18s", [(0, 40), (3, 52)], 3), ("", "to 20s", [(0, 10), (10, 20), (20, 60)], 20),
            ("", "from 10s to 20s", [(0, 20), (10, 60)], 10), ("", "to 1h", [(0, 10), (10, 20), (20, 60)], 20),
            ("as steps", "from 0s to 5s", [(0, 10)], 5), ("as steps", "from 5s to 12s", [(0, 10), (5, 20)], 7),
            ("as steps", "from 12s to 13s", [(0, 20)], 1), ("as steps", "from 5s", [(0, 10), (5, 20), (15, 60)], 25),
            ("as steps", "from 10s to 20s", [(0, 20)], 10),
        ] as [(String, String, [(Double, Double)], Int64)])
    func aPartIsCutWhereItIsSaid(joined: String, part: String, points: [(Double, Double)], seconds: Int64) throws {
        for rows in ["0,10\n10,20\n20,60", "20,60\n10,20\n0,10"] {
            let shape = TestManifests.shape("trace t.csv in % \(joined) \(part)", files: ["t.csv": rows])
            guard case .trace(let trace) = shape else {
                Issue.record("\(part): \(String(describing: shape))")
                continue
            }
            let read = trace.points.map { ($0.at.seconds, ($0.amount.figure ?? -1)) }
            #expect(read.elementsEqual(points, by: ==), "\(rows) \(part): \(read)")
            #expect(trace.length == seconds * .second, "\(rows) \(part)")
        }
    }

    @Test func twoMachinesAreNoSteps() {
        let rows = "0,a,10\n0,b,90\n10,a,10\n10,b,90\n20,a,10\n20,b,90\n"
        let text = "phases: [{name: p, for: 1m, load: {cpu: 'trace t.csv column 3 in %'}}]"
        let problems = TestManifests.problems(text, files: ["t.csv": "time,host,cpu\n" + rows])
        #expect(problems.contains("each time has two rows"), "\(problems)")
        #expect(points("trace t.csv column 3 in % where host = a", "time,host,cpu\n" + rows)?.count == 3)
        // What a step looks like in such a file.
        #expect(points("trace t.csv in %", "0,10\n10,10\n10,90\n20,90\n20,10\n30,10")?.count == 6)
    }

    @Test(arguments: [
        ("12:02:00,10%\n12:01:00,50%\n12:00:00,20%", 120), ("23:59:30,10%\n00:00:10,50%\n00:00:20,20%", 50),
        ("00:00:30,10%\n23:59:30,50%", 86_340), ("00:01:00,10%\n00:00:30,20%\n23:59:30,50%", 90),
        ("08:00,10%\n21:00,50%", 46_800),
        ("2026-03-29 01:59:00 CET,10%\n2026-03-29 03:00:00 CEST,20%", 60),
        ("2026-03-02 08:00:00 EST,10%\n2026-03-02 13:00:30 UTC,20%", 30),
        ("Sun Mar 29 01:59:00 PST 2026,1%\nSun Mar 29 09:59:30 UTC 2026,2%", 30),
        ("2026-03-02 08:00:00 XYZ,10%\n2026-03-02 08:01:00 XYZ,20%", 60),
    ])
    func clocksGoPastMidnightAndZonesChange(text: String, seconds: Int64) {
        let read = points("trace t.csv", text)
        #expect(read?.last?.at == seconds * .second && read?.first?.at == 0, "\(String(describing: read))")
    }

    /// Load tools write what ended first, with the time at which it began.
    @Test func whatIsPutTogetherNeedsNoOrder() {
        let rows = [500, 500, 400, 1900, 1500, 3500].map { "\(1_772_438_400_000 + $0),5%" }
        let text = "timeStamp,elapsed\n" + rows.joined(separator: "\n")
        let load = "trace t.csv count every 1s in % x 10"
        let expected = [(0, 30), (1, 20), (2, 0), (3, 10)] as [(Double, Double)]
        let read = points(load, text)?.map { ($0.at.seconds, $0.amount.figure ?? -1) } ?? []
        #expect(read.elementsEqual(expected, by: ==), "\(read)")
        #expect(points("trace t.csv mean every 1s", text)?.count == 3)
    }

    @Test func aDamagedTimeIsNoHeader() {
        for rows in ["x0,10\n10,20\n20,30", "t,cpu\n0x,10\n10,20"] {
            let text = "phases: [{name: p, for: 1m, load: {cpu: 'trace t.csv in %'}}]"
            let problems = TestManifests.problems(text, files: ["t.csv": rows])
            #expect(problems.contains("is not a time"), "\(problems)")
        }
        // Columns may be called by numbers, and a preface may have some.
        #expect(points("trace t.csv column 50% in %", "Timestamp,50%,95%\n0,10,20\n10,20,30")?.count == 2)
        #expect(points("trace t.csv in %", "Period,300\nLabel,cpu\n0,10\n10,20")?.count == 2)
    }

    @Test(arguments: [
        ("03/04/2026 08:00", "%d/%m/%Y %H:%M"), ("3.4.26 08:00:15", "%d.%m.%y %H:%M:%S"),
        ("3/4/2026 8:00:00 AM", "%d/%m/%Y %I:%M:%S %p"), ("03-04-2026", "%d-%m-%Y"),
    ])
    func thePatternThatIsProposedReadsTheCell(cell: String, pattern: String) {
        let text = "phases: [{name: p, for: 1m, load: {cpu: 'trace t.csv'}}]"
        let problems = TestManifests.problems(text, files: ["t.csv": "\(cell),10%"])
        #expect(problems.contains("time 1 in \"\(pattern)\""), "\(problems)")
        #expect(points("trace t.csv time 1 in \"\(pattern)\"", "\(cell),10%") == [.init(at: 0, amount: .percent(10))])
    }

    @Test func aPhaseIsAsLongAsItsTraceWithItsPlace() throws {
        let files = ["t.csv": "0,1%\n40,2%"]
        for (own, seconds) in [("start: 5s", 45), ("start: 5s, for: 10s", 15), ("for: 10s", 10)] {
            let text = "phases: [{name: p, for: trace, load: {cpu: {load: trace t.csv, \(own)}}}]"
            #expect(try TestManifests.profile(text, files: files).phases[0].length == Int64(seconds) * .second)
        }
    }

    @Test func aTraceThatIsRepeatedInASumIsCounted() {
        let load = "sine 0% to 10% every 71s + sine 0% to 10% every 73s + trace t.csv repeat"
        let text = "phases: [{name: p, for: 30d, load: {cpu: '\(load)'}}]"
        let problems = TestManifests.problems(text, files: ["t.csv": "0,1%\n10,2%\n20,3%"])
        #expect(problems.contains("the limit is"), "\(problems)")
    }

    /// These made the arithmetic trap.
    @Test(arguments: ["", "from 1h", "to 1h", "from first", "from 1h stretch by 30"])
    func timesAtTheEndOfTheirRangeAreTakenOrRefused(clauses: String) {
        for time in ["9223372036854775807", "9223372036854775000", "-9223372036854775807", "4611686018427387904"] {
            for unit in ["s", "ms", "ns", "d"] {
                let read = points("trace t.csv time 1 in \(unit) \(clauses)", "\(time),5%\n\(time),6%")
                #expect(read.map { $0.count <= 2 && $0.allSatisfy { $0.at >= 0 } } != false, "\(time) \(unit)")
            }
        }
    }

    @Test func unitsComeFromTheHeader() {
        let text = "t,cpu (%),memory [MiB],handles,in\n0,10,5,7,1"
        #expect(points("trace t.csv column memory", text, of: "memory") == [.init(at: 0, amount: .bytes(5 * 0x1p20))])
        #expect(points("trace t.csv column 3", text, of: "memory") == [.init(at: 0, amount: .bytes(5 * 0x1p20))])
        #expect(points("trace t.csv column handles", text, of: "file-handles") == [.init(at: 0, amount: .count(7))])
        #expect(points("trace t.csv column in", text, of: "file-handles") == [.init(at: 0, amount: .count(1))])
    }

    private func read(_ text: String, column: String? = nil, rowLimit: Int = 100, mayQuote: Bool = true) -> [String] {
        var request = TraceRequest(file: "t.csv")
        request.column = column.map { TraceRequest.Key(Phrase($0)) }
        var table = TraceTable(request: request, taker: AmountTaker(stressor: "cpu", of: TestManifests.cpu))
        table.rowLimit = rowLimit
        table.mayQuote = mayQuote
        var rest = Array(text.utf8)
        return table.trace {
            defer { rest = [] }
            return rest
        }.problems
    }

    /// Whoever names a file need not have the right to read it.
    @Test(arguments: [
        "time,secret\n0,1%\n1,word\n", "secret\n", "0,1%\nsecret,2%", "time,secret\n0,secret 5%",
        "{\"secret\": [1", "Linux secret (\n10:00:00 secret %secret\n10:00:01 all word\n",
    ])
    func whatIsInAFileIsNotToldWhereItMayNotBe(text: String) throws {
        for column in [nil, "memory", "9"] {
            let open = read(text, column: column)
            let closed = read(text, column: column, mayQuote: false)
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
        ("", "trace 't.csv': it has no rows; write lines such as '0,10%' and '60,80%'"),
        ("t,cpu\n", "trace 't.csv': it has no rows; write lines such as '0,10%' and '60,80%'"),
        ("0\n", "t.csv:1:1: the row has one column; write the time in seconds and an amount, such as '0,10%'"),
        ("0,1%\n1\n", "t.csv:2:1: the row has 1 columns and no column 2"),
        (
            "0,5\n",
            "t.csv:1:3: '5' has no unit; say which, such as 'in %', or in the header; 'cpu' takes a percentage such as "
                + "'80%', cores such as '1.5 cores', 'max' or 'leave 0.5 cores'"
        ),
        (
            "5,1%\n4,1%\n5,1%",
            "t.csv:3:1: the time is after the row above; sort the rows by time, or take one of the machines or series "
                + "with 'where COLUMN = VALUE'"
        ),
        ("0,1%\n1s,1%\n", "t.csv:2:1: '1s' is not a time in s, as the rows before it have or the profile says"),
        ("-1,1%\n", "t.csv:1:1: the time is negative; write a number from 0 on"),
        (
            "0,-1\n",
            "t.csv:1:3: '-1' has no unit; say which, such as 'in %', or in the header; 'cpu' takes a percentage "
                + "such as '80%', cores such as '1.5 cores', 'max' or 'leave 0.5 cores'"
        ),
        ("0,-1%\n", "t.csv:1:3: '-1%' is negative; a load is 0 or more"),
        (
            "99999999,1%\n",
            "t.csv:1:1: the time '99999999' is too long for seconds, of which the limit is 30d; say what it is, such "
                + "as 'time 1 in ms'"
        ),
        ("0,1%\n1,\"2%\n", "t.csv:2:3: a quote is not closed; close it"),
        (
            "time,cpu (%)\n0,10,5\n",
            "t.csv:2:6: the row has 3 cells and the header 2; is it a decimal comma? Then separate cells with "
                + "semicolons, or put them in quotes, and write 'decimal comma' behind the trace"
        ),
        (
            "time;cpu (%)\n0;10,5\n",
            "t.csv:2:3: '10,5' has a comma; write 'decimal comma' behind the trace if it is a decimal comma, or the "
                + "file without thousands signs"
        ),
        (
            "0,1%\n1,\n",
            "t.csv:2:3: there is no amount; say what a gap means: 'gaps skipped', 'gaps held' or 'gaps zero'"
        ),
        (
            "03/04/2026 10:00,1%\n",
            "t.csv:1:1: '03/04/2026 10:00' could have the day or the month first; say which, such as 'time 1 in "
                + "\"%d/%m/%Y %H:%M\"'"
        ),
        (
            "t,cpu\n0,1%\n0,2%\n0,3%\n",
            "t.csv:4:1: three rows have the same time; take one of the machines or series with 'where COLUMN = VALUE', "
                + "or put them together with 'mean every 10s' or 'sum every 10s'"
        ),
        (
            "t,cpu (%)\n0,150\n",
            "t.csv:2:3: percent of a limit cannot exceed 100, and this is 150.0%; scale it such as with 'x 0.01', or "
                + "say of what it is, such as 'in % of 3 cores'"
        ),
        ("\u{1F}\u{8B}", ""),
    ])
    func wrongFiles(text: String, message: String) {
        let found = TestManifests.loadProblem("trace t.csv", files: ["t.csv": text])
        if message.isEmpty {
            #expect(!found.isEmpty)
        } else {
            #expect(found == "p.yaml:1:48: error: \(message)")
        }
    }

    @Test(arguments: [
        ("column cqu", "t.csv:1:1: unknown column 'cqu'; did you mean 'cpu'?"),
        ("column zebra", "t.csv:1:1: unknown column 'zebra'; the file has: t, cpu (%), memory"),
        ("column 1", "t.csv:1:1: column '1' is the time; name another one"),
        ("column 4", "t.csv:1:1: there is no column 4; name one from 1 to 3"),
        ("column t", "t.csv:1:1: column 't' is the time; name another one"),
    ])
    func wrongColumns(column: String, message: String) {
        let files = ["t.csv": "t,cpu (%),memory\n0,1,2\n"]
        #expect(TestManifests.loadProblem("trace t.csv \(column)", files: files) == "p.yaml:1:48: error: \(message)")
    }

    /// Only what is a unit is taken off a header, and a name never means its beginning.
    @Test func aColumnIsNamedAsItIs() {
        let files = ["t.csv": "time,cpu idle,cpu user,mem_percent,cpu (%),cpu [percent]\n0,90%,10%,5,6,7\n"]
        func problem(_ column: String) -> String {
            TestManifests.loadProblem("trace t.csv column \(column)", files: files)
        }
        #expect(problem("user").contains("unknown column 'user'; the file has: time, cpu idle, cpu user, mem_percent"))
        #expect(problem("cpu").contains("column 'cpu' fits 2 columns; name one by its number; the file has: time"))
        #expect(points("trace t.csv column cpu user", files["t.csv"] ?? "")?.first?.amount == .percent(10))
        #expect(points("trace t.csv column mem", files["t.csv"] ?? "")?.first?.amount == .percent(5))
        #expect(points("trace t.csv column 5", files["t.csv"] ?? "")?.first?.amount == .percent(6))
        #expect(points("trace t.csv column 3", "t,a,3\n0,1%,2%") == [.init(at: 0, amount: .percent(2))])
        let moved = TestManifests.loadProblem("trace t.csv column 2", files: ["t.csv": "t,a,2\n0,1%,2%"])
        #expect(moved.contains("column 2 could be the one at that place or the one of that name"))
        #expect(points("trace t.csv column \"2\"", "t,a,2\n0,1%,2%") == [.init(at: 0, amount: .percent(2))])
    }

    @Test func everyProblemOfAFileButNotEndless() {
        let text = (0..<100).map { "\($0),x\n" }.joined()
        let found = TestManifests.loadProblem("trace t.csv", files: ["t.csv": text])
        #expect(found.split(separator: "\n").count == 5)
        #expect(found.contains("t.csv:5:3: 'x' is not an amount"))
    }

    /// Pieces of 64 KiB without an end: what is too large is refused before all of it is read.
    @Test func sizesAreBounded() {
        func pieces(_ byte: UInt8, _ text: String = "") -> (problems: [String], count: Int) {
            let request = TraceRequest(file: "t.csv")
            var table = TraceTable(request: request, taker: AmountTaker(stressor: "cpu", of: TestManifests.cpu))
            table.sizeLimit = 1 << 20
            var count = 0
            let problems = table.trace {
                count += 1
                return count == 1 ? Array(text.utf8) : [UInt8](repeating: byte, count: 65536)
            }.problems
            return (problems, count)
        }
        #expect(pieces(0x23, "#").problems == ["trace 't.csv': it is larger than 1 MiB, the limit"])
        let cell = pieces(0x30, "t,cpu\n0,1%\n1,")
        #expect(cell.problems == ["t.csv:3:3: a cell is longer than 4096 bytes, the limit"] && cell.count <= 3)
        #expect(pieces(0x30, "[{\"a\": \"").problems.first?.contains("a string is longer than 4096 bytes") == true)
        #expect(pieces(0x5B, "[[").problems.first?.contains("nested deeper than 64") == true)
        #expect(pieces(0x2C, "0,1%").problems.first?.contains("longer than 4096 cells") == true)
        #expect(read("\u{FEFF}\u{0}a").isEmpty == false)
        let rows = (1...11).map { "\($0),1%\n" }.joined()
        #expect(read(rows, rowLimit: 10).first?.hasPrefix("t.csv:11:4: the trace has more than 10 rows here;") == true)
    }

    /// Rows beyond the phase are read, for the trace's length, and not kept.
    @Test func whatLiesBeyondThePhaseIsNotKept() throws {
        let rows = (0..<1000).map { "\($0),\($0 % 100)%\n" }.joined()
        let shape = TestManifests.shape("trace t.csv", files: ["t.csv": rows])
        guard case .trace(let trace) = shape else {
            Issue.record("no trace")
            return
        }
        #expect(trace.points.count == 61 && trace.points.last?.at == 60 * .second && trace.length == 999 * .second)
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
