// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exert

@Suite struct SampleTests {
    private func sample(_ members: String) -> StressorSample? {
        let line =
            #"{"schema":"exert-log/1","time":"2026-11-22T14:00:02.000000000Z","run_id":"R","event":"sample","#
            + #""elapsed_s":2,"interval_s":1,"phase":"p","stressors":{"cpu":{"unit":"cores","target":1.6,"#
            + #""achieved":1.2,"error":-0.4,"claimed":1.2,"witness":"w","limited_by":"quota"\#(members)}},"#
            + #""host":{"cpu_busy_ratio":null,"cpu_steal_ratio":null,"memory_available_bytes":null}}"#
        return RunEvent(number: 1, line: Array(line.utf8))?.sample?["cpu"]
    }

    @Test func `a sample tells how its figures were spread, and what a cause rests on`() throws {
        let cpu = try #require(
            sample(
                #","target_min":0,"target_mean":1.5,"target_max":1.6,"achieved_min":null,"achieved_mean":1.25,"#
                    + #""achieved_max":1.3,"limit":{"source":"/cpu.max","figure":"1.2 cores"}"#))
        #expect(cpu.targetMin == 0 && cpu.targetMean == 1.5 && cpu.targetMax == 1.6)
        #expect(cpu.achievedMin == nil && cpu.achievedMean == 1.25 && cpu.achievedMax == 1.3)
        #expect(cpu.limitedBy == "quota" && cpu.limit?.source == "/cpu.max" && cpu.limit?.figure == "1.2 cores")
    }

    @Test func `a log of before is read, and what is unknown is passed over`() throws {
        let cpu = try #require(sample(#","of_tomorrow":{"a":1}"#))
        #expect(cpu.achieved == 1.2 && cpu.achievedMax == nil && cpu.limit == nil)
    }
}
