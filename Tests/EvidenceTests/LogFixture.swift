// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@testable import Evidence

/// Lines of a log as a run writes them, made up.
struct LogFixture {
    var runID = "01JDA5Q0Z8R6V3T1Y7K2M4N9PX"
    var profile = "squeeze"
    var phase = "squeeze"
    var samples = 20
    /// The sample that is far off; -1 for none.
    var spike = -1

    func head(_ event: String, _ elapsed: Double) -> String {
        #"{"schema":"exert-log/1","time":"2026-11-22T14:00:00.000000000Z","run_id":"\#(runID)","event":"\#(event)","#
            + #""elapsed_s":\#(elapsed)"#
    }

    var start: String {
        head("run_started", 0)
            + #"""
            ,"exert_version":"0.1.0","host":{"name":"node-1","kernel":"6.1.0","architecture":"x86_64","online_cpus":2,
            "affinity_cpus":2,"quota_cores":1.5,"memory_total_bytes":8589934592,"memory_available_bytes":6442450944,
            "memory_limit_bytes":null,"numa_nodes":1,"huge_pages":"madvise"},"profile":{"name":"\#(profile)",
            "file":"squeeze.yaml","sha256":"0f","seed":18446744073709551615},"plan":{"length_s":\#(samples),
            "stressors":{"cpu":{"kind":"cpu","unit":"cores","drive":"rate","mode":"add","capacity":2,"base":"host",
            "peak_target":1,"workers":2,"processes":1,"tolerance":{"absolute":0.02,"ratio":0},
            "witness":"process_cpu_clock","settings":{}},"memory":{"kind":"memory","unit":"bytes","drive":"level",
            "mode":"add","capacity":8589934592,"base":"MemTotal","peak_target":536870912,"workers":1,"processes":1,
            "tolerance":{"absolute":0,"ratio":0.01},"witness":"statm","settings":{}}},"phases":[{"name":"\#(phase)",
            "start_s":0,"length_s":\#(samples),"loads":{"cpu":"50%","memory":"512MiB"}}],
            "probes":{"checkout":{"every_s":0.1,"timeout_s":1}},"objectives":["checkout p95 < 300ms during squeeze"],
            "guards":[{"guard":"memory.available < 32MiB for 2s"}],"findings":[{"code":"few_probes",
            "severity":"note","stressor":null,"message":"too few"}]}}
            """#.replacing("\n", with: "")
    }

    func sample(_ index: Int) -> String {
        let cpu = index == spike ? 0.1 : 1
        let limit =
            index == spike
            ? #""contention","limit":{"source":"/proc/PID/schedstat","figure":"threads waited 1 s"}"# : "null"
        return head("sample", Double(index + 1))
            + #"""
            ,"interval_s":1,"phase":"\#(phase)","stressors":{"cpu":{"unit":"cores","target":1,"achieved":\#(cpu),
            "error":\#(cpu - 1),"target_min":1,"target_mean":1,"target_max":1,"achieved_min":\#(cpu - 0.05),
            "achieved_mean":\#(cpu),"achieved_max":\#(cpu + 0.05),"claimed":1,"witness":"process_cpu_clock",
            "limited_by":\#(limit)},"memory":{"unit":"bytes","target":536870912,
            "achieved":536870912,"error":0,"claimed":536870912,"witness":"statm","limited_by":null,
            "cgroup":{"directory":"/app","psi":{"cpu_some_ratio":0.25}}}},"host":{"cpu_busy_ratio":0.5,
            "cpu_steal_ratio":0,"memory_available_bytes":6442450944,"psi":{"cpu_some_ratio":0.1,"io_full_ratio":0}}}
            """#.replacing("\n", with: "")
    }

    func probe(_ index: Int) -> String {
        head("probe_second", Double(index) + 1.1)
            + #"""
            ,"probe":"checkout","from_s":\#(index),"due":10,"outcomes":{"good":9,"timeout":1},"good_ratio":0.9,
            "latency":{"p50_s":0.01,"p90_s":0.02,"p95_s":0.03,"p99_s":null,"max_s":null,"given_up_after_s":1},
            "lateness_max_s":0.001,"histograms":{"latency":"HIST","lateness":"HIST"}}
            """#.replacing("\n", with: "")
    }

    var result: String {
        #"""
        {"phase":"\#(phase)","stressor":"cpu","unit":"cores","is_loaded":true,"target_mean":1,"achieved_mean":0.95,
        "claimed_mean":0.95,"error_mean":-0.05,"error_abs_mean":0.05,"error_abs_p95":0.9,"error_abs_max":0.9,
        "tolerance":0.02,"time_to_reach_s":0.1,"off_s":1,"unseen_s":0,"allowance_s":0,"shortfall":{"contention":0.05},
        "limited_by":"contention","causes":{"contention":{"source":"/proc/PID/schedstat",
        "figure":"threads waited 1 s"}},"verdict":"not_met"}
        """#.replacing("\n", with: "")
    }

    var end: String {
        head("run_ended", Double(samples))
            + #"""
            ,"verdict":"not_met","exit_code":2,"sentence":"cpu 50% was put on, and was not there as asked.",
            "interrupted_by":null,"guard_tripped":null,"lease_expired":null,"changes":[],
            "started_at":"2026-11-22T14:00:00.000000000Z","load_s":\#(samples),"results":[\#(result)],
            "objectives":[{"probe":"checkout","objective":"checkout p95 < 300ms during squeeze",
            "verdict":"inconclusive","reason":"load_not_met","close":false,"figure":"p95 30 ms","value":0.03,
            "limit":0.3,"count":200,"withdrawn":0,"lost_s":{"from":1,"to":1.1},"recovered_s":{"from":0.5,"to":0.75},
            "watched_s":null,"effective_s":1,"released_s":18,"detail":"the load was not there as asked","episodes":1,
            "bad_s":0.1}],"ends":[{"stressor":"cpu","pid":7,"manner":"released","cpu_s":1,"release_s":0.01}],
            "findings":[],"observer_cpu_s":0.01,"released":true,"release_s":0.01}
            """#.replacing("\n", with: "")
    }

    var lines: [String] {
        var lines = [
            start, head("phase_started", 0) + #","phase":"\#(phase)","index":0,"start_s":0,"length_s":20,"loads":{}}"#,
        ]
        for index in 0..<samples {
            lines.append(sample(index))
            lines.append(probe(index))
        }
        lines.append(head("phase_ended", Double(samples)) + #","phase":"\#(phase)","index":0,"results":[\#(result)]}"#)
        return lines + [end]
    }

    var text: String { lines.map { $0 + "\n" }.joined() }
}

/// What a log says.
func contents(_ text: String, run: String? = nil) throws(LogProblem) -> LogContents {
    var reader = LogReader(file: "x.ndjson", run: run)
    try reader.take(Array(text.utf8))
    return try reader.finish()
}

/// Every format of a report, which must come to an end whatever the log is.
func allFormats(_ contents: LogContents) -> Int {
    ReportText.text(contents, style: .init(width: 80)).utf8.count + ReportJSON.document(contents).count
        + ReportMarkdown.text(contents).utf8.count + ReportCSV.text([contents.run]).count
        + ReportPage.text(contents).utf8.count
}
