// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Importers

/// Chaos Mesh, Litmus and krkn.
struct ClusterTests {
    // MARK: Chaos Mesh

    @Test(arguments: [
        ("256MB", 256e6), ("256MiB", 256 * 0x1p20), ("1.5gib", 1.5 * 0x1p30), ("10GB", 10e9), ("64K", 64e3),
        ("512", 512), ("1,000kb", 1e6),
    ])
    func sizesAreReadAsGoHumanizeDoes(size: String, bytes: Double) throws {
        let imported = try Fixture.file(.chaosMesh, chaos("memory: { workers: 1, size: '\(size)' }"))
        let area = try #require(try Fixture.areas(imported.profile ?? "").first?["memory"])
        #expect(abs(area - bytes * 30) <= bytes * 30 / 1000, "\(imported.body)")
        #expect(imported.entry("size")?.fate == .exact)
    }

    private func chaos(_ stressors: String, more: String = "") -> String {
        """
        apiVersion: chaos-mesh.org/v1alpha1
        kind: StressChaos
        metadata: { name: c }
        spec:
          duration: 30s
          \(more)
          stressors:
            \(stressors)
        """
    }

    @Test func `whom a chaos hits is no part of its load`() throws {
        // The example of the documentation.
        let page = String(decoding: try Fixture.bytes("\(Fixture.folder)/../../docs/import.md"), as: UTF8.self)
        let rest = page.split(separator: "```yaml\n", maxSplits: 1)
        let example = try #require(rest.last?.split(separator: "```", maxSplits: 1).first)
        let imported = try Fixture.file(.chaosMesh, String(example))
        #expect(imported.account.isExact && imported.profile != nil, "\(imported.account)")
        #expect(imported.entry("mode")?.note.contains("exert runs where it is started") == true)
    }

    @Test func `a chaos without an end is not exact unless somebody says how long`() throws {
        let text = "kind: StressChaos\nspec: { mode: one, stressors: { cpu: { workers: 1 } } }\n"
        #expect(try Fixture.file(.chaosMesh, text).entry("mode")?.fate == .near)
        let given = try Fixture.file(.chaosMesh, text, Fixture.options { $0.length = 60_000_000_000 })
        #expect(given.account.isExact)
    }

    @Test func `whom an engine hits, and by which account, is no part of its load`() throws {
        func engine(_ more: String) -> String {
            """
            apiVersion: litmuschaos.io/v1alpha1
            kind: ChaosEngine
            metadata: { name: hog, namespace: shop }
            spec:
              engineState: active
              appinfo: { appns: shop, applabel: app=shop, appkind: deployment }
              chaosServiceAccount: litmus-admin
              \(more)
              experiments:
                - name: pod-cpu-hog
                  spec:
                    components:
                      nodeSelector: { kind: big }
                      env: [ { name: CPU_CORES, value: '1' }, { name: TARGET_PODS, value: a } ]
            """
        }
        let imported = try Fixture.file(.litmus, engine("annotationCheck: 'false'"))
        #expect(imported.account.isExact && imported.profile != nil, "\(imported.account)")
        #expect(try Fixture.file(.litmus, engine("unknown: 1")).account.count(.notCarried) == 1)
    }

    @Test func `a problem of the whole source has no path`() {
        for (tool, text) in [
            (ForeignTool.krkn, "a: 1\n"), (.litmus, "a: 1\n"), (.fis, "a: 1\n"), (.chaosMesh, "a: 1\n"),
        ] {
            #expect(Fixture.refusal { try Fixture.file(tool, text) }.hasPrefix("1:1: error: this is no "), "\(tool)")
        }
    }

    @Test func `without a size memStress holds nothing`() throws {
        let imported = try Fixture.file(.chaosMesh, chaos("memory: { workers: 4 }"))
        #expect(imported.profile == nil)
        #expect(imported.entry("workers")?.note.contains("holds nothing") == true)
    }

    @Test func `options are words of stress-ng, and start what they name beside the rest`() throws {
        let imported = try Fixture.file(
            .chaosMesh, chaos("cpu: { workers: 1, load: 50, options: ['--cpu', '2', '--timeout 600'] }"))
        #expect(imported.body.contains("cpu: 0.5 cores"))
        #expect(imported.body.contains("cpu-mixed: 1 core"))
        #expect(imported.body.contains("for: 30s"), "the duration is shorter than 600 s")
        #expect(imported.account.count(.notCarried) == 0)
    }

    @Test func `a command line goes before the stressors`() throws {
        let imported = try Fixture.file(
            .chaosMesh, chaos("cpu: { workers: 8 }", more: "stressngStressors: '--cpu 2 --cpu-load 10'"))
        #expect(imported.body.contains("0.2 cores"))
        #expect(imported.entry("workers")?.note.contains("without effect") == true)
    }

    @Test func `a way that is cut short ends where it is cut`() throws {
        let imported = try Fixture.file(.chaosMesh, chaos("memory: { size: 300MB, time: 1m }"))
        #expect(imported.body.contains("ramp from 0B to 150MB in 30s"), "\(imported.body)")
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }

    @Test func `serial and parallel templates come where they are`() throws {
        let areas = try Fixture.areas(
            Importer.file(Fixture.source("workflow.yaml"), of: .chaosMesh, Fixture.options()).profile ?? "")
        #expect(areas.count == 4)
        #expect(areas[0] == ["cpu": 1.5 * 40])
        #expect(areas[1].isEmpty && areas[3].isEmpty)
        #expect(areas[2]["cpu"] == 1.5 * 40)
        #expect(areas[2]["memory"] == 0x1p30 * 50)
    }

    @Test func `in a workflow a chaos ends by its duration, and its template by the deadline`() throws {
        let imported = try Fixture.file(
            .chaosMesh,
            """
            kind: Workflow
            spec:
              entry: all
              templates:
                - { name: all, templateType: Serial, children: [short, short] }
                - name: short
                  templateType: StressChaos
                  deadline: 30s
                  stressChaos: { duration: 10s, stressors: { cpu: { workers: 1 } } }
            """)
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map { $0.length / 1_000_000_000 } == [10, 20, 10, 20])
        #expect(profile.phases.map(\.loads.count) == [1, 0, 1, 0])
    }

    @Test(arguments: [
        "children: [a]", "children: [b]", "children: [nowhere]",
    ])
    func aWorkflowWithoutAnEndIsRefused(children: String) {
        let refusal = Fixture.refusal {
            try Fixture.file(
                .chaosMesh,
                """
                kind: Workflow
                spec:
                  entry: a
                  templates:
                    - { name: a, templateType: Serial, \(children) }
                    - { name: b, templateType: Parallel, children: [a, a] }
                """)
        }
        #expect(refusal.contains("without end") || refusal.contains("no template 'nowhere'"), "\(refusal)")
    }

    @Test func `problems name field, line and column`() {
        let refusal = Fixture.refusal {
            try Fixture.file(.chaosMesh, chaos("cpu: { workers: many, load: 300 }").replacing30s("soon"))
        }
        #expect(refusal.contains("5:13: error: spec.duration: a duration such as"), "\(refusal)")
        #expect(refusal.contains("8:21: error: spec.stressors.cpu.workers:"), "\(refusal)")
    }

    // MARK: Litmus

    @Test(arguments: [
        ("EXPERIMENT_NAME=pod-cpu-hog\nCPU_CORES=0\n", "cpu: 100%"),
        ("CPU_CORES=3\nCPU_LOAD=50\nTOTAL_CHAOS_DURATION=5\n", "cpu: 1.5 cores"),
        ("EXPERIMENT_NAME=node-cpu-hog\nNODE_CPU_CORE=2\n", "for: 30s, load: { cpu: 2 cores }"),
        ("MEMORY_CONSUMPTION=500\n", "memory: 500MiB"),
        ("MEMORY_CONSUMPTION_MEBIBYTES=750\n", "memory: 750MiB"),
        ("MEMORY_CONSUMPTION_PERCENTAGE=40\nMEMORY_CONSUMPTION_MEBIBYTES=750\n", "memory: 40%"),
        ("EXPERIMENT_NAME=node-memory-hog\n", "memory: 30%"),
        ("FILESYSTEM_UTILIZATION_BYTES=2\nVOLUME_MOUNT_PATH=/data\n", "size: 2GiB"),
        ("VM_WORKERS=1\nCPU=2\nTOTAL_CHAOS_DURATION=9\n", "cpu: 2 cores"),
        ("FILL_PERCENTAGE=70\n", "disk-space: 70%"),
        ("EPHEMERAL_STORAGE_MEBIBYTES=100\nFILL_PERCENTAGE=80\n", "disk-space: 100MiB"),
        ("CPU_LOAD=40-60\n", "cpu: 50%"),
    ])
    func anEnvironmentIsALoad(text: String, load: String) throws {
        let imported = try Fixture.file(.litmus, text)
        #expect(imported.body.contains(load), "\(imported.body)")
        #expect(imported.account.entries.count == text.split(separator: "\n").count)
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }

    @Test func `the ramp time is a wait on both sides`() throws {
        let imported = try Fixture.file(.litmus, "CPU_CORES=1\nRAMP_TIME=7\nTOTAL_CHAOS_DURATION=20\n")
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map(\.length) == [7_000_000_000, 20_000_000_000, 7_000_000_000])
        #expect(profile.phases.map(\.loads.count) == [0, 1, 0])
    }

    @Test func `an environment of nothing known asks what it is of`() throws {
        #expect(Fixture.refusal { try Fixture.file(.litmus, "TOTAL_CHAOS_DURATION=60\n") }.contains("--action"))
        let named = try Fixture.file(
            .litmus, "TOTAL_CHAOS_DURATION=60\n", Fixture.options { $0.action = "pod-cpu-hog" })
        #expect(named.body.contains("cpu: 100%"))
    }

    // MARK: krkn

    @Test(arguments: [
        ("{ hog-type: cpu, workers: '', cpu-load-percentage: 90, cpu-method: all, duration: 10 }", "cpu: 90%", 1),
        ("{ hog-type: cpu, workers: 3, cpu-load-percentage: 50, duration: 10 }", "cpu: 1.5 cores", 0),
        ("{ hog-type: memory, workers: 2, memory-vm-bytes: 90%, duration: 60 }", "memory: 90%", 2),
        ("{ hog-type: io, workers: 1, io-block-size: 1m, io-write-bytes: 1g, duration: 30 }", "size: 1GiB", 1),
    ])
    func aHogIsALoad(text: String, load: String, near: Int) throws {
        let imported = try Fixture.file(.krkn, text)
        #expect(imported.body.contains(load), "\(imported.body)")
        #expect(imported.account.count(.near) == near)
        #expect(imported.account.count(.notCarried) == 0)
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }
}

extension String {
    fileprivate func replacing30s(_ text: String) -> String {
        split(separator: "30s", omittingEmptySubsequences: false).joined(separator: text)
    }
}
