// SPDX-License-Identifier: Apache-2.0

#if Server
import Foundation
import Testing

@testable import ControlServer
@testable import Exert

/// What metrics tell of a sample.
@Suite struct FigureTests {
    @Test func `metrics have the least, mean and most of the interval`() throws {
        let line =
            #"{"schema":"exert-log/1","time":"2026-11-22T14:00:02.000000000Z","run_id":"R","event":"sample","#
            + #""elapsed_s":2,"interval_s":1,"phase":"p","stressors":{"files":{"unit":"handles","target":0,"#
            + #""achieved":0,"error":0,"target_min":0,"target_mean":2500,"target_max":5000,"achieved_min":8,"#
            + #""achieved_mean":2504,"achieved_max":5000,"claimed":0,"witness":"w","limited_by":null},"#
            + #""disk":{"unit":"bytes_per_second","target":null,"achieved":5,"error":null,"target_min":null,"#
            + #""target_mean":null,"target_max":null,"achieved_min":1,"achieved_mean":5,"achieved_max":9,"claimed":5,"#
            + #""witness":"w","limited_by":null}},"#
            + #""host":{"cpu_busy_ratio":null,"cpu_steal_ratio":null,"memory_available_bytes":null}}"#
        var status = RunStatus()
        status.take(try #require(RunEvent(number: 1, line: Array(line.utf8))))
        let outline = RunOutline(
            runID: "R", profile: "p", lengthSeconds: 5, phases: [],
            stressors: ["files": .init(kind: "file-handles", unit: "handles", witness: "w")], guards: [], labels: [:],
            leaseSeconds: nil)
        var metrics = PrometheusWriter()
        RunMetrics([.init(outline: outline, status: status)]).write(to: &metrics)
        let labels = #"{run_id="R",stressor="files",kind="file-handles"}"#
        for (name, value) in [
            ("target_min", 0), ("target_mean", 2500), ("target_max", 5000), ("achieved_min", 8),
            ("achieved_mean", 2504), ("achieved_max", 5000), ("target", 0), ("achieved", 0),
        ] {
            let line = "exert_stressor_\(name)_handles\(labels) \(value)\n"
            #expect(metrics.text.contains("# TYPE exert_stressor_\(name)_handles gauge\n"), "\(name)")
            #expect(metrics.text.contains(line), "\(line)\(metrics.text)")
        }
        #expect(metrics.text.contains("exert_stressor_achieved_max_bytes_per_second{"))
        #expect(!metrics.text.contains("exert_stressor_target_max_bytes_per_second{"), "max has no figure")
    }
}
#endif
