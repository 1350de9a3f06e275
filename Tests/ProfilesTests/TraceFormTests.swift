// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// A trace as it is found in the wild, and the curve that it means.
struct TraceForm: CustomTestStringConvertible, Sendable {
    let name: String
    /// Everything behind the file.
    let clauses: String
    let text: String
    /// The amount at some seconds of the phase.
    let values: [Double: Double]
    /// The mean over the first so many seconds.
    let mean: (seconds: Double, value: Double)
    var kind = "cpu"

    var testDescription: String { name }

    static let all = [
        TraceForm(
            name: "cloud metrics", clauses: "column value in %",
            text: """
                timestamp,value,
                2026-03-02 08:00:00,12.40,
                2026-03-02 08:05:00,37.10,
                2026-03-02 08:10:00,61.75,
                2026-03-02 08:15:00,24.00,

                """,
            values: [0: 12.4, 150: 24.75, 600: 61.75, 900: 24], mean: (900, 39.016_667)),
        TraceForm(
            name: "console export with labels above", clauses: "column CPUUtilization in %",
            text: """
                Full label,CPUUtilization,NetworkIn
                Statistic,Average,Average
                Period,300,300
                2026/03/02 08:00:00,10.5,1200
                2026/03/02 08:05:00,20.5,1300
                2026/03/02 08:10:00,10.5,1300
                """,
            values: [0: 10.5, 300: 20.5, 600: 10.5], mean: (600, 15.5)),
        TraceForm(
            name: "dashboard, series with gaps", clauses: "column Value in % x 100 where Series = web-1 gaps skipped",
            text: """
                "Series";"Time";"Value"
                "web-1";"2026-03-02T08:00:00+01:00";0.1
                "web-1";"2026-03-02T08:01:00+01:00";null
                "web-1";"2026-03-02T08:02:00+01:00";0.5
                "web-2";"2026-03-02T08:00:00+01:00";0.9
                """,
            values: [0: 10, 60: 30, 120: 50], mean: (120, 30)),
        TraceForm(
            name: "sadf -d", clauses: "column %user in % where CPU = -1 as steps",
            text: """
                # hostname;interval;timestamp;CPU;%user;%nice;%system;%idle
                web;-1;2026-03-02 08:00:01 UTC;LINUX-RESTART\t(4 CPU)
                web;600;2026-03-02 08:10:01 UTC;-1;12.50;0.00;3.00;84.50
                web;600;2026-03-02 08:20:01 UTC;-1;40.00;0.00;3.00;57.00
                # hostname;interval;timestamp;kbmemfree;kbmemused
                web;600;2026-03-02 08:10:01 UTC;1000;2000
                web;600;2026-03-02 08:20:01 UTC;1000;3000
                """,
            values: [0: 12.5, 599: 12.5, 600: 40, 1199: 40], mean: (1200, 26.25)),
        TraceForm(
            name: "sadf -p", clauses: "time 3 column 6 where 4 = all and 5 = %user in %",
            text: """
                web\t600\t1772438401\tall\t%user\t10.00
                web\t600\t1772438401\tall\t%idle\t90.00
                web\t600\t1772439001\tall\t%user\t30.00
                web\t600\t1772439001\tall\t%idle\t70.00
                """,
            values: [0: 10, 300: 20, 600: 30], mean: (600, 20)),
        TraceForm(
            name: "epoch seconds", clauses: "in %", text: "ts,cpu\n1714521600,5\n1714521660,1.5e+01\n1714521720,5\n",
            values: [0: 5, 60: 15, 120: 5], mean: (120, 10)),
        TraceForm(
            name: "epoch milliseconds", clauses: "column load in % x 0.1",
            text: "time_ms\thost\tload\r\n1714521600250\ta\t100\r\n1714521660250\ta\t200\r\n",
            values: [0: 10, 30: 15, 60: 20], mean: (60, 15)),
        TraceForm(
            name: "spreadsheet with decimal commas", clauses: "time Zeit in \"%d.%m.%Y %H:%M\" decimal comma",
            text: "\u{FEFF}Zeit;Last (%)\r\n02.03.2026 08:00;10,5\r\n02.03.2026 08:01;40,5\r\n",
            values: [0: 10.5, 30: 25.5, 60: 40.5], mean: (60, 25.5)),
        TraceForm(
            name: "blanks, no header, time in the second column", clauses: "time 2 column 3 in %",
            text: "# machine 7\nn1   0   10\nn1  30   70\nn1  60   10\n", values: [0: 10, 15: 40, 30: 70],
            mean: (60, 40)),
        TraceForm(
            name: "cluster trace, one machine of many",
            clauses: "time 2 column 3 in % of 64 cores where 1 = m_1932 from first as steps",
            text: """
                m_1932,386640,25,92,,,43.04,33.08,5
                m_1931,386640,90,92,,,43.04,33.08,5
                m_1932,386650,50,92,,,43.04,33.08,5
                m_1931,386650,90,92,,,43.04,33.08,5
                m_1932,386660,75,92,,,43.04,33.08,5
                """,
            values: [0: 16, 10: 32, 20: 48, 29: 48], mean: (30, 32)),
        TraceForm(
            name: "cluster trace in microseconds", clauses: "time 1 in us column 4 in % x 100 from first as steps",
            text: "600000000,900000000,6251,0.125\n900000000,1200000000,6251,0.25\n", values: [0: 12.5, 300: 25],
            mean: (600, 18.75)),
        TraceForm(
            name: "inference requests", clauses: "column ContextTokens sum every 1s in % x 0.01",
            text: """
                TIMESTAMP,ContextTokens,GeneratedTokens
                2026-03-02 18:15:46.6805900,1000,44
                2026-03-02 18:15:47.1000000,2000,109
                2026-03-02 18:15:47.9000000,500,15
                2026-03-02 18:15:50.1000000,8000,1
                """,
            values: [0: 30, 1: 5, 2: 0, 3: 80], mean: (4, 28.75)),
        TraceForm(
            name: "arrivals", clauses: "count every 1s in % x 10", text: "0.1\n0.2\n0.9\n1.5\n3.2\n",
            values: [0: 30, 1: 10, 2: 0, 3: 10], mean: (4, 12.5)),
        TraceForm(
            name: "Locust history", clauses: "column Requests/s in % x 0.1 where Name = Aggregated",
            text: """
                Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%
                1772438400,10,GET,/a,5.0,0.0,3,4
                1772438400,10,,Aggregated,100.0,0.0,3,4
                1772438401,20,GET,/a,5.0,0.0,N/A,N/A
                1772438401,20,,Aggregated,300.0,0.0,3,4
                """,
            values: [0: 10, 0.5: 20, 1: 30], mean: (1, 20)),
        TraceForm(
            name: "k6 CSV", clauses: "column metric_value in % where metric_name = vus as steps",
            text: """
                metric_name,timestamp,metric_value,check,error
                http_reqs,1772438400,1.000000,,
                vus,1772438400,10.000000,,
                http_reqs,1772438401,1.000000,,
                vus,1772438401,40.000000,,
                """,
            values: [0: 10, 1: 40], mean: (2, 25)),
        TraceForm(
            name: "Prometheus range", clauses: "in % where instance = web-1",
            text: """
                {"status":"success","data":{"resultType":"matrix","result":[
                {"metric":{"__name__":"cpu","instance":"web-2"},"values":[[1772438400,"99"],[1772438415,"99"]]},
                {"metric":{"__name__":"cpu","instance":"web-1"},"values":[[1772438400.5,"10"],[1772438415.5,"30"],
                  [1772438430.5,"10"]]}]}}
                """,
            values: [0: 10, 7.5: 20, 15: 30], mean: (30, 20)),
        TraceForm(
            name: "objects in lines", clauses: "time timestamp in ms column tokens in % x 0.1 as steps",
            text: "{\"timestamp\": 0, \"tokens\": 100, \"ids\": [1, 2]}\n{\"timestamp\": 500, \"tokens\": 300}\n",
            values: [0: 10, 0.5: 30], mean: (1, 20)),
        TraceForm(
            name: "sar", clauses: "column %user where CPU = all as steps",
            text: """
                Linux 5.10.0-33-amd64 (web) \t03/02/26 \t_x86_64_\t(4 CPU)

                11:50:01 PM     CPU     %user     %nice   %system   %iowait    %steal     %idle
                11:55:01 PM     all     10.00      0.00      1.00      0.00      0.00     89.00
                11:55:01 PM       0     99.00      0.00      1.00      0.00      0.00      0.00

                11:55:01 PM     CPU     %user     %nice   %system   %iowait    %steal     %idle
                12:00:01 AM     all     20.00      0.00      1.00      0.00      0.00     79.00
                12:05:01 AM     all     60.00      0.00      1.00      0.00      0.00     39.00
                Average:        all     30.00      0.00      1.00      0.00      0.00     69.00

                11:50:01 PM kbmemfree kbmemused
                11:55:01 PM      1000      2000
                """,
            values: [0: 10, 300: 20, 600: 60], mean: (900, 30)),
        TraceForm(
            name: "vmstat", clauses: "rows every 5s column us in % as steps",
            text: """
                procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
                 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
                 1  0      0 812345  10000 200000    0    0     1     2   10   20 10  1 89  0  0
                 0  0      0 812345  10000 200000    0    0     1     2   10   20 30  1 69  0  0
                procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
                 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
                 0  0      0 812345  10000 200000    0    0     1     2   10   20 50  1 49  0  0
                """,
            values: [0: 10, 5: 30, 10: 50], mean: (15, 30)),
        TraceForm(
            name: "vmstat -t", clauses: "column free in KiB as steps",
            text: """
                procs -----------memory---------- -------cpu-------  -----timestamp-----
                 r  b   swpd   free   buff  cache  us sy id wa st                   UTC
                 1  0      0   1024     10    200  10  1 89  0  0   2026-03-02 08:00:00
                 1  0      0   3072     10    200  10  1 89  0  0   2026-03-02 08:00:10
                """,
            values: [0: 0x1p20, 10: 3 * 0x1p20], mean: (20, 0x1p21), kind: "memory"),
        TraceForm(
            name: "annotated CSV of a time series database", clauses: "column _value in %",
            text: """
                #group,false,false,true,false
                #datatype,string,long,dateTime:RFC3339,double
                ,result,table,_time,_value
                ,,0,2026-03-02T08:00:00Z,10
                ,,0,2026-03-02T08:00:10Z,20
                """,
            values: [0: 10, 5: 15, 10: 20], mean: (10, 15)),
        TraceForm(
            name: "metrics explorer, with a title and a script's dates", clauses: "column web-1 in %",
            text: """
                CPU use, all hosts of the last hour

                "Time (CET)";"web-1";"web-2"
                "Thu Oct 08 2020 11:00:00 GMT+0200 (Central European Summer Time)";10;1
                "Thu Oct 08 2020 11:01:00 GMT+0200 (Central European Summer Time)";30;1
                """,
            values: [0: 10, 30: 20, 60: 30], mean: (60, 20)),
        TraceForm(
            name: "newest first, carriage returns alone", clauses: "in %",
            text: "date,load\r2026-03-02T08:02:00Z,30\r2026-03-02T08:01:00Z,20\r2026-03-02T08:00:00Z,10\r",
            values: [0: 10, 60: 20, 120: 30], mean: (120, 20)),
    ]

    /// The points of the whole trace, as a curve of the given length in seconds.
    func curve(_ more: String = "", seconds: Double) -> (curve: Curve, trace: Trace)? {
        let quoted = "trace t.csv \(clauses) \(more)".split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''")
        let length = Int(seconds * 1000)
        let profile = "phases: [{name: p, for: \(length)ms, load: {\(kind): '\(quoted)'}}]"
        do throws(ProfileErrors) {
            let shape = try TestManifests.profile(profile, files: ["t.csv": text]).phases[0].loads[0].shape
            guard case .trace(let trace) = shape else { return nil }
            var curve = Curve()
            _ = curve.append(Nanoseconds(seconds: seconds), shape, from: 0, seed: 1) { amount in
                if case .percent(let value) = amount { value } else { amount.number ?? .nan }
            }
            return (curve, trace)
        } catch {
            Issue.record("\(name): \(error.description)")
            return nil
        }
    }
}

struct TraceFormTests {
    private func isNear(_ value: Double, _ wanted: Double) -> Bool {
        abs(value - wanted) <= max(1e-9, wanted.magnitude * 1e-3)
    }

    @Test(arguments: TraceForm.all)
    func theCurveIsTheOneThatTheFileMeans(form: TraceForm) throws {
        let (curve, trace) = try #require(form.curve(seconds: form.mean.seconds + 1))
        for (second, value) in form.values {
            let read = curve.value(at: Nanoseconds(seconds: second))
            #expect(isNear(read, value), "\(second) s: \(read), not \(value)")
        }
        let mean = curve.mean(from: 0, to: Nanoseconds(seconds: form.mean.seconds))
        #expect(isNear(mean, form.mean.value), "the mean is \(mean), not \(form.mean.value)")
        #expect(isNear(trace.length.seconds, form.mean.seconds), "it lasts \(trace.length.seconds) s")
        #expect(!trace.title.isEmpty)
    }

    @Test(arguments: TraceForm.all)
    func stretchedAndRepeatedItHasTheSameMean(form: TraceForm) throws {
        let (half, short) = try #require(form.curve("stretch by 1/2", seconds: form.mean.seconds))
        let end = Nanoseconds(seconds: form.mean.seconds / 2)
        #expect(isNear(half.mean(from: 0, to: end), form.mean.value))
        #expect(isNear(Double(short.length), Double(end)))
        let (fitted, _) = try #require(form.curve("stretch to phase", seconds: 40))
        #expect(isNear(fitted.mean(from: 0, to: 40 * .second), form.mean.value))
        let (twice, _) = try #require(form.curve("repeat 2", seconds: form.mean.seconds * 3))
        let length = Nanoseconds(seconds: form.mean.seconds)
        #expect(isNear(twice.mean(from: 0, to: 2 * length), form.mean.value))
        #expect(isNear(twice.mean(from: length, to: 2 * length), form.mean.value))
        #expect(twice.constantUntil(after: 2 * length + 1) >= 3 * length)
        let (endless, _) = try #require(form.curve("repeat", seconds: form.mean.seconds * 3))
        #expect(isNear(endless.mean(from: 0, to: 3 * length), form.mean.value))
    }

    private func curve(_ clauses: String, _ text: String, seconds: Double = 60) throws -> (curve: Curve, trace: Trace) {
        let form = TraceForm(name: clauses, clauses: clauses, text: text, values: [:], mean: (0, 0))
        return try #require(form.curve(seconds: seconds))
    }

    @Test func gapsAreWhatIsSaid() throws {
        let text = "0,10%\n10,\n20,NaN\n30,40%\n"
        let skipped = try curve("gaps skipped", text).curve
        let held = try curve("gaps held", text).curve
        let zero = try curve("gaps zero", text).curve
        let s = Nanoseconds.second
        #expect(skipped.value(at: 15 * s) == 25 && held.value(at: 29 * s) == 10 && held.value(at: 30 * s) == 40)
        #expect(zero.value(at: 15 * s) == 0 && zero.value(at: 5 * s) == 5)
    }

    @Test func aPartIsTaken() throws {
        let text = "2026-03-02 08:00:00,10%\n2026-03-02 09:00:00,20%\n2026-03-02 10:00:00,40%\n2026-03-02 11:00:00,10%"
        let s = Nanoseconds.second
        for clauses in ["from 2026-03-02 09:00:00 to 2026-03-02 10:00:00", "from 1h to \"2h\""] {
            let (part, trace) = try curve(clauses, text, seconds: 3600)
            #expect(trace.length == 3600 * s && part.value(at: 0) == 20 && part.value(at: 1800 * s) == 30)
        }
        let (late, _) = try curve("from first", "100,10%\n110,20%\n")
        #expect(late.value(at: 5 * s) == 15)
    }

    @Test func rowsArePutTogether() throws {
        let text = "t,a\n0,10%\n1,30%\n5,20%\n6,40%\n"
        let s = Nanoseconds.second
        for (word, low, high) in [("mean", 20.0, 30.0), ("max", 30, 40), ("min", 10, 20), ("sum", 40, 60)] {
            let (folded, trace) = try curve("\(word) every 5s", text)
            #expect(folded.value(at: 4 * s) == low && folded.value(at: 5 * s) == high && trace.length == 10 * s)
        }
        let line = try curve("mean every 5s as lines", text).curve
        #expect(line.value(at: 5 * s) == 25 && line.value(at: 0) == 20)
    }

    @Test func timesOfTheDayGoOnAtMidnight() throws {
        let (night, trace) = try curve("", "23:59:30,10%\n00:00:30,70%\n", seconds: 60)
        #expect(trace.length == 60 * .second && night.value(at: 30 * .second) == 40)
    }

    @Test(arguments: [
        ("x 0", "no factor"), ("x -1", "negative"), ("in lightyears", "unknown unit"), ("in % of max", "no figure"),
        ("in MiB of 3 cores", "only percent"), ("time 1 in fortnights", "no form of time"),
        ("time 1 in \"%Q\"", "conversion"),
        ("time 1 in \"word\"", "says no time"), ("rows every 1s time 1", "not both"), ("repeat 0", "from 1"),
        ("column", "nothing after it"), ("column 2 column 3", "written twice"), ("mean 5s", "write 'mean every T'"),
        ("count every 1s column 2", "takes no 'column'"), ("where a", "where COLUMN = VALUE"),
        ("stretch 5m", "write 'stretch"),
        ("mean every 1s max every 1s", "written twice"), ("where 2 = zebra", "no row has what 'where' asks for"),
        ("from yesterday", "'from' is no time"), ("stretch to 5m", "one row has no length"),
    ])
    func wrongClauses(clauses: String, message: String) {
        let found = TestManifests.loadProblem("trace t.csv \(clauses)", files: ["t.csv": "0,10%,20%\n"])
        #expect(found.contains(message), "\(found)")
    }

    @Test func aCommentIsAHeaderOnlyAboveAsManyCells() throws {
        let (plain, _) = try curve("in %", "# load, time, of n1\n0,10\n10,20\n")
        #expect(plain.value(at: 5 * .second) == 15)
        let (named, _) = try curve("column load", "# load (%), time\n10,0\n20,10\n")
        #expect(named.value(at: 5 * .second) == 15)
    }

    @Test func vmstatWithoutTimesIsTold() throws {
        let text = try #require(TraceForm.all.first { $0.name == "vmstat" }).text
        let found = TestManifests.loadProblem("trace t.csv column us in %", files: ["t.csv": text])
        #expect(found.contains("say how far apart the rows are, such as 'rows every 1s'"), "\(found)")
    }

    @Test func seriesAreNotMixed() {
        let one = #"{"metric":{"i":"a"},"values":[[1772438400,"1"]]}"#
        let found = TestManifests.loadProblem("trace t.csv in %", files: ["t.csv": "[\(one),\(one)]"])
        #expect(found.contains("the file has several series"), "\(found)")
        #expect(TestManifests.loadProblem("trace t.csv in %", files: ["t.csv": "[\(one)"]).contains("is missing"))
    }
}

/// Phases that are as long as their traces.
struct TraceLengthTests {
    private func profile(_ phase: String, _ text: String = "0,10%\n90,80%\n") throws(ProfileErrors) -> Profile {
        try TestManifests.profile("phases: [{name: p, \(phase)}]", files: ["t.csv": text])
    }

    @Test func aPhaseIsAsLongAsItsTrace() throws {
        #expect(try profile("for: trace, load: {cpu: trace t.csv}").phases[0].length == 90 * .second)
        #expect(try profile("for: trace, load: {cpu: trace t.csv repeat 3}").phases[0].length == 270 * .second)
        let two = "for: trace, load: {memory: 1GiB, cpu: {load: trace t.csv stretch by 2, within: 1s}}"
        #expect(try profile(two).phases[0].length == 180 * .second)
        let fitted = try profile("for: trace, load: {cpu: trace t.csv stretch to phase}").phases[0]
        guard case .trace(let trace) = fitted.loads[0].shape else {
            Issue.record("no trace")
            return
        }
        #expect(fitted.length == 90 * .second && trace.length == 90 * .second)
    }

    @Test(arguments: [
        ("for: trace", "'for: trace' of phase 'p': no load of it is a trace; write how long"),
        ("for: trace, load: {cpu: 1%}", "no load of it is a trace"),
        ("for: trace, load: {cpu: trace t.csv repeat}", "its trace has no end before 3650d"),
        ("for: trace, load: {cpu: trace none.csv}", "1:50: error: cannot read trace 'none.csv'"),
    ])
    func whatHasNoLengthIsTold(phase: String, message: String) {
        let found = TestManifests.problems("phases: [{name: p, \(phase)}]", files: ["t.csv": "0,10%\n90,80%\n"])
        #expect(found.contains(message), "\(found)")
        #expect(found.split(separator: "\n").filter { $0.contains("cannot read") }.count <= 1)
    }
}
