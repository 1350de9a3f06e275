// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Traces in JSON whose rows lie deeper, and what is told of those that have none.
struct TraceJSONTests {
    /// As sadf(1) writes with `-j`: of each time lists of what there are several of, and mappings of the rest.
    static let sadf = """
        {"sysstat": {"hosts": [{"nodename": "n", "number-of-cpus": 2, "file-date": "2026-03-02", "statistics": [
        \(row("08:00:00", 10, 30, 500)),
        \(row("08:10:00", 20, 40, 600)),
        \(row("08:20:00", 60, 80, 700))
        ], "restarts": [{"boot": {"date": "2026-03-02", "time": "07:00:00", "utc": 1}}]}]}}
        """

    private static func row(_ time: String, _ user: Int, _ first: Int, _ used: Int) -> String {
        """
        {"timestamp": {"date": "2026-03-02", "time": "\(time)", "utc": 1, "interval": 600},
        "cpu-load": [{"cpu": "all", "user": \(user).00, "idle": 5}, {"cpu": "0", "user": \(first), "idle": 6}],
        "memory": {"memfree": 5, "memused": \(used), "used": 1}, "hugepages": {"used": 90},
        "network": {"net-dev": [{"iface": "lo", "rxkB": 1}, {"iface": "eth0", "rxkB": \(first)}],
        "net-edev": [{"iface": "lo", "rxkB": 7}]}}
        """
    }

    static let cloud = """
        {"MetricDataResults": [{"Id": "m1", "Label": "CPUUtilization", "Timestamps": ["2026-03-02T08:20:00Z",
        "2026-03-02T08:10:00Z", "2026-03-02T08:00:00+00:00"], "Values": [60.0, 20.0, 10.0], "StatusCode": "Complete"},
        {"Id": "m2", "Label": "Other", "Values": [3, 2, 1], "Timestamps": ["2026-03-02T08:20:00Z",
        "2026-03-02T08:10:00Z", "2026-03-02T08:00:00Z"], "StatusCode": "Complete"}], "Messages": []}
        """

    private func amounts(_ clauses: String, _ text: String, of kind: String = "cpu") throws -> [Double] {
        let shape = try TestManifests.profile(
            "phases: [{for: 20m, load: {\(kind): 'trace t.json \(clauses)'}}]", files: ["t.json": text]
        ).phases[0].loads[0].shape
        guard case .trace(let trace) = shape else { return [] }
        return trace.points.map { point in
            if case .percent(let value) = point.amount { value } else { point.amount.number ?? -1 }
        }
    }

    @Test(arguments: [
        ("column user in % where cpu = all", [10.0, 20, 60]), ("column user in % where cpu = 0", [30, 40, 80]),
        ("column cpu-load.user in % where cpu = all", [10, 20, 60]),
        ("column memused in % x 0.1", [50, 60, 70]), ("column memory.memused in % x 0.1", [50, 60, 70]),
        ("column hugepages.used in %", [90, 90, 90]),
        ("column net-dev.rxkB in % where iface = eth0", [30, 40, 80]),
        ("column network.net-dev.rxkB in % where net-dev.iface = eth0", [30, 40, 80]),
    ])
    func statisticsOfSadf(clauses: String, values: [Double]) throws {
        #expect(try amounts(clauses, Self.sadf) == values)
    }

    @Test(arguments: [("where Id = m1", [10.0, 20, 60]), ("where Label = Other", [1, 2, 3])])
    func seriesOfCloudWatch(clauses: String, values: [Double]) throws {
        #expect(try amounts("in % " + clauses, Self.cloud) == values)
    }

    @Test(arguments: [
        (
            "column rxkB in % where iface = lo",
            "two lists of the file have the column, 'net-dev' and 'net-edev'"
        ),
        ("column user in %", "each time has two rows, which are of two machines or series"),
        ("column used in % where cpu = all", "unknown column"),
    ])
    func whatIsNotClearIsTold(clauses: String, message: String) {
        let found = TestManifests.loadProblem("trace t.json " + clauses, files: ["t.json": Self.sadf])
        #expect(found.contains(message), "\(found)")
    }

    @Test(arguments: [
        (
            #"{"a": 1, "b": 2}"#, "column a in %",
            "t.json:1:1: no object has a time; say which member it is, such as 'time ts', or how far apart they are, "
                + "such "
                + "as 'rows every 5s'; the objects have: a, b"
        ),
        (
            "{\"ts\": 1, \"b\": 2}\n{\"ts\": 2, \"b\": 3}", "time at column b in %",
            "t.json:1:1: no object has a time called 'at'; say which"
        ),
        (#"{"Timestamps": ["2026-03-02T08:00:00Z"], "Values": [1, 2]}"#, "in %", "a series has 1 times and 2 values"),
        ("PK\u{3}\u{4}abc", "", "it is packed, by the looks of it with zip; unpack it first"),
        ("BZh91AY", "", "with bzip2; unpack it first with 'bunzip2'"),
        ("0;10.5\n60;1", "in % decimal comma", "'10.5' has a point, and 'decimal comma' stands behind the trace"),
        ("0,1e400\n", "in %", "t.json:1:3: '1e400' is too large"),
        ("0,1%", "column \"a b", "the quote in '\"a b' is not closed; close it"),
        (
            "0,1%\n9,2%", "stretch to phase repeat 3",
            "nothing for 'repeat 3'; leave one of them out, or write 'stretch to 20s'"
        ),
    ])
    func whatIsWrongIsToldAsWhatItIs(text: String, clauses: String, message: String) {
        let found = TestManifests.loadProblem("trace t.json " + clauses, files: ["t.json": text])
        #expect(found.contains(message), "\(found)")
        #expect(found.split(separator: "\n").count == 1)
    }

    @Test func objectsWithoutTimesAreRowsWhereTheProfileSaysHowFarApart() throws {
        #expect(try amounts("rows every 5s column b in %", "{\"b\": 2}\n{\"b\": 3}") == [2, 3])
    }

    /// Names that lie in each other as deep as may be, each as long as may be.
    @Test func pathsStayBounded() throws {
        let name = String(repeating: "n", count: 4000)
        let deep = (0..<60).map { _ in "{\"\(name)\": " }.joined() + "{\"a\": 1}" + String(repeating: "}", count: 60)
        let text = "{\"ts\": 0, \"v\": 5, \"x\": \(deep)}\n{\"ts\": 60, \"v\": 7}"
        #expect(try amounts("column v in %", text) == [5, 7])
    }

    @Test func theProblemOfASeriesIsToldOnce() {
        let pairs = (0..<9).map { "[\(1_772_438_400 + $0), \"1\"]" }.joined(separator: ",")
        let found = TestManifests.loadProblem(
            "trace t.json",
            files: ["t.json": "[{\"metric\": {}, \"values\": [\(pairs)]}, {\"metric\": {}, \"values\": [\(pairs)]}]"])
        let lines = found.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("'1' has no unit"), "\(found)")
        #expect(lines.last?.contains("several series") == true)
    }

    @Test func packedBytesAreTold() {
        let bytes: [UInt8] = [0x1F, 0x8B, 8, 0]
        do throws(ProfileErrors) {
            _ = try TestManifests.profile(
                "phases: [{for: 1m, load: {cpu: trace t.gz}}]", included: ["t.gz": bytes])
            Issue.record("it was read")
        } catch {
            #expect(error.description.contains("with gzip; unpack it first with 'gunzip'"), "\(error)")
        }
    }
}
