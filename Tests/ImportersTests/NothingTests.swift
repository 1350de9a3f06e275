// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Importers

/// Loads that are 0 all the time, which `check` refuses, and loads that no host can take.
struct NothingTests {
    private static let chaos = """
        kind: StressChaos
        spec: { duration: 9s, stressors: { cpu: { workers: 1, load: 0 } } }
        """

    @Test(arguments: [
        "--cpu 2 --cpu-load 0 -t 5", "--cpu 0 --cpu-load 0 -t 0", "--vm 1 --vm-bytes 0% -t 5",
        "--fallocate 1 --fallocate-bytes 0% -t 5",
    ])
    func nothingIsLeftOfACommandLine(line: String) throws {
        let imported = try Fixture.words(.stressNG, line)
        #expect(imported.profile == nil, "\(imported.body)")
        #expect(imported.account.entries.last?.fate == .exact)
        #expect(imported.account.entries.last?.note.contains("0 all the time") == true)
    }

    @Test(arguments: [
        (ForeignTool.chaosMesh, chaos), (.chaosblade, "blade create cpu load --cpu-percent 0"),
        (.chaosblade, "blade create cpu load --cpu-percent 0 --climb-time 9"),
        (.chaosblade, "blade create cpu load --cpu-list 0-3 --cpu-percent 0 --climb-time 9"),
        (.chaosblade, "blade create disk fill --percent 0"), (.litmus, "CPU_CORES=2\nCPU_LOAD=0\n"),
        (.litmus, "FILL_PERCENTAGE=0\n"), (.ssm, "{DurationSeconds: 60, CPU: 0, LoadPercent: 0}"),
        (.krkn, "{ hog-type: cpu, cpu-load-percentage: 0, duration: 5 }"),
    ])
    func nothingIsLeftOfAFile(tool: ForeignTool, text: String) throws {
        let imported = try Fixture.file(tool, text)
        #expect(imported.profile == nil, "\(imported.body)")
        #expect(imported.account.entries.last?.note.contains("0 all the time") == true)
    }

    @Test(arguments: ["0%", "0 cores", "0.0000000001%"])
    func nothingIsLeftOfACurve(peak: String) throws {
        let text = "{\"vus\": 0, \"stages\": [{\"duration\": \"10s\", \"target\": 9}]}"
        let imported = try Fixture.file(
            .k6, text,
            Fixture.options {
                $0.kind = "cpu"
                $0.peak = peak
            })
        #expect(imported.profile == nil, "\(imported.body)")
    }

    @Test func `what is 0 beside other loads keeps its phase`() throws {
        let imported = try Fixture.file(
            .chaosblade,
            "blade c cpu load --timeout 9\nblade c cpu load --cpu-percent 0 --timeout 5\nblade c cpu load --timeout 3\n"
        )
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map { $0.length / 1_000_000_000 } == [9, 5, 3])
        #expect(profile.phases.map(\.loads.count) == [1, 0, 1])
        #expect(imported.account.isExact)
        let beside = try Fixture.words(.stressNG, "--cpu 2 --cpu-load 0 --vm 1 --vm-bytes 64m -t 5")
        #expect(!beside.body.contains("cpu") && beside.body.contains("memory: 64MiB"), "\(beside.body)")
    }

    @Test func `memory that no process can address is refused`() throws {
        func options(_ peak: String) -> ImportOptions {
            Fixture.options {
                $0.kind = "memory"
                $0.peak = peak
            }
        }
        let text = "{\"vus\": 5, \"duration\": \"10s\"}"
        for peak in ["900TiB", "900 TiB", "128TiB"] {
            #expect(Fixture.refusal { try Fixture.file(.k6, text, options(peak)) }.contains("or more (128TiB)"))
        }
        #expect(try Fixture.file(.k6, text, options("127TiB")).body.contains("memory: 127TiB"))
        #expect(
            Fixture.refusal { try Fixture.words(.stressNG, "--vm 1 --vm-bytes 200t") }.contains("200TiB is as much"))
    }
}
