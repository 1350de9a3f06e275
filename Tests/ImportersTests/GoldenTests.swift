// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Importers

/// Whole imports, which somebody has read; `EXERT_GOLDEN=write` writes them anew.
struct GoldenTests {
    static let files: [(tool: ForeignTool, source: String)] = [
        (.stressNG, "traps.job"), (.stressNG, "night.job"), (.chaosMesh, "burn-cpu.yaml"),
        (.chaosMesh, "pod-oom.yaml"), (.chaosMesh, "schedule.yaml"), (.chaosMesh, "workflow.yaml"),
        (.chaosMesh, "task.yaml"), (.chaosblade, "blade.txt"), (.litmus, "pod-cpu-hog.env"), (.litmus, "engine.yaml"),
        (.fis, "template.json"), (.krkn, "io-hog.yaml"), (.k6, "options.json"), (.locust, "stages.json"),
    ]

    @Test(arguments: files)
    func anImportIsAsItWasRead(tool: ForeignTool, source: String) throws {
        let bytes = try Fixture.source(source)
        let options = Fixture.options(source) {
            if tool.isCurve { ($0.kind, $0.peak) = ("cpu", "80%") }
        }
        let imported = try Importer.file(bytes, of: tool, options)
        let profile = try #require(imported.profile)
        #expect(Fixture.problems(profile) == "")
        #expect(ForeignFile.recognise(bytes)?.tool == tool)
        let path = "\(Fixture.folder)/Golden/\(source).yaml"
        if ProcessInfo.processInfo.environment["EXERT_GOLDEN"] == "write" {
            try profile.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == profile)
    }

    @Test(arguments: files)
    func everyFieldIsAccountedFor(tool: ForeignTool, source: String) throws {
        let bytes = try Fixture.source(source)
        let options = Fixture.options(source) {
            if tool.isCurve { ($0.kind, $0.peak) = ("cpu", "80%") }
        }
        let account = try Importer.file(bytes, of: tool, options).account
        for entry in account.entries {
            #expect(entry.fate == .exact || !entry.note.isEmpty, "\(entry)")
            #expect(!entry.note.contains("knows no such"), "\(entry)")
        }
        // Each line that says something has an entry: has digits or letters beyond a key alone.
        let marks = Set(account.entries.compactMap(\.mark?.line))
        for (index, line) in String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).enumerated() {
            let text = line.prefix { $0 != "#" }.filter { !" \t-,[]{}".contains($0) }
            guard !text.isEmpty, text.last != ":" else { continue }
            #expect(marks.contains(index + 1), "line \(index + 1) of \(source): \(line)")
        }
    }

    @Test(arguments: ["phases: []", "", "a: b", "- 1\n", "cpu: 4\n", "hello world\n", "\u{0}", "timeout: 5\nvm: 2\n"])
    func otherFilesAreNotRecognised(text: String) {
        #expect(ForeignFile.recognise(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        ("apiVersion: chaos-mesh.org/v1alpha1\nkind: NetworkChaos\nspec: { action: delay }\n", true),
        ("blade create network delay --time 3000\n", true), ("timeout 5\nsock 2\n", true),
        ("timeout 5\ncpu 2\n", false), ("{\"stages\": [{\"duration\": \"1s\", \"target\": 1}]}", false),
        // It is refused, and the importer says why.
        ("hog-type: cow\n", false),
    ])
    func filesWithoutALoadAreKnown(text: String, isWithoutLoad: Bool) {
        #expect(ForeignFile.recognise(Array(text.utf8))?.isWithoutLoad == isWithoutLoad)
    }

    @Test(arguments: [
        ("kind: StressChaos\n", ForeignTool.chaosMesh),
        ("apiVersion: litmuschaos.io/v1alpha1\nkind: ChaosResult", .litmus),
        ("blade create cpu load\n", .chaosblade), ("cpu 4\ntimeout 5\n", .stressNG),
        ("run sequential\nvm 1\n", .stressNG),
        ("{\"DocumentName\": \"AWSFIS-Run-CPU-Stress\"}", .ssm), ("hog-type: cpu\n", .krkn),
        ("[{\"duration\": 1, \"users\": 1, \"spawn_rate\": 1}]", .locust),
        ("env:\n- name: TOTAL_CHAOS_DURATION\n", .litmus),
        ("---\n---\nkind: Schedule\napiVersion: chaos-mesh.org/v1alpha1\n", .chaosMesh),
        ("TOTAL_CHAOS_DURATION=60\n", .litmus), ("{\"stages\": [{\"duration\": \"1s\", \"target\": 1}]}", .k6),
    ])
    func filesAreRecognisedByTheirMarks(text: String, tool: ForeignTool) {
        #expect(ForeignFile.recognise(Array(text.utf8))?.tool == tool)
    }
}
