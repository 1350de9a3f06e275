// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Importers

struct ChaosbladeTests {
    @Test(arguments: [
        ("create cpu load --cpu-percent 60", "cpu: { of: host, mode: total }", "cpu: 60%"),
        ("create cpu fl --cpu-list 0,3 --cpu-percent 50", "workers: 2, cpus: '0,3'", "cpu: 1 core"),
        ("create cpu load --cpu-percent=60 --climb-time 5 --timeout 60", "mode: total", "ramp from 0% to 60% in 5s"),
        ("create mem load --mode ram --mem-percent 50 --timeout 10m", "mode: total", "memory: 50%"),
        ("c mem load --reserve 200", "mode: total", "memory: leave 200MiB"),
        ("c mem load --mode ram --mem-percent 0 --reserve 200", "mode: total", "memory: leave 0B"),
        ("c disk fill --path /data --size 1024", "directory: '/data', named: true", "disk-space: 1GiB"),
        ("c disk fill --percent 80 --reserve 5", "directory: '/'", "disk-space: 80%"),
        ("c disk burn --write --size 4", "block: 4MiB, size: 400MiB", "disk-bandwidth: max"),
        ("c process load --count 500", "", "processes: 500"),
    ])
    func aCommandIsALoad(line: String, setting: String, load: String) throws {
        let imported = try Fixture.words(.chaosblade, line)
        #expect(imported.body.contains(setting), "\(imported.body)")
        #expect(imported.body.contains(load), "\(imported.body)")
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }

    @Test func `amounts and shares of the whole are loads of different stressors`() throws {
        let imported = try Fixture.file(
            .chaosblade, "blade c disk fill --size 5\nblade c disk fill --percent 80\nblade c disk fill --size 7\n")
        let phases = try Fixture.read(imported.profile ?? "").phases.map { $0.loads.map(\.stressor) }
        #expect(phases == [["disk-space"], ["disk-space-disk-fill"], ["disk-space"]])
    }

    @Test func `each of seventeen lines is accounted for`() throws {
        let bytes = try Fixture.source("blade.txt")
        let imported = try Importer.file(bytes, of: .chaosblade, Fixture.options())
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(Set(imported.account.entries.compactMap(\.mark?.line)) == Set(2...18))
        for (number, line) in lines.enumerated() where line.hasPrefix("blade") {
            let flags = line.split(separator: " ").filter { $0.hasPrefix("--") }.count
            let entries = imported.account.entries.filter { $0.mark?.line == number + 1 }
            #expect(entries.count == flags + 1, "\(line)")
        }
        for entry in imported.account.entries where entry.fate != .exact {
            #expect(!entry.note.isEmpty && !entry.note.contains("knows no such"), "\(entry)")
        }
    }

    @Test(arguments: [
        "create network delay --time 3000", "create k8s pod-cpu fullload", "create mem load --mode cache",
        "create process kill --process java",
    ])
    func whatExertHasNotIsNotCarried(line: String) throws {
        let imported = try Fixture.words(.chaosblade, line)
        #expect(imported.profile == nil)
        #expect(
            imported.account.entries.allSatisfy {
                $0.fate == .notCarried && !$0.note.isEmpty || $0.text.contains("mode")
            })
    }

    @Test func `by 0 percent blade takes all memory`() throws {
        let imported = try Fixture.words(.chaosblade, "create mem load --mode ram --mem-percent 0")
        #expect(imported.entry("--mem-percent")?.note.contains("takes all there is by 0, as by 100") == true)
    }

    // MARK: Scripts

    private static let script = """
        #!/bin/bash
        set -e
        export ID=5   # of the team
        # first
        sleep 5
        blade create cpu load \\
          --cpu-percent 60 \\
          --timeout 600
        sleep 1m 30
        blade destroy $UID
        echo done
        sleep 10
        ./blade c mem load --mode ram --mem-percent 50
        sleep 0.5m
        blade d $UID
        blade status --type create
        """

    @Test func `an experiment lasts from its creation until it is destroyed`() throws {
        let imported = try Fixture.file(.chaosblade, Self.script)
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map { $0.length / 1_000_000_000 } == [5, 90, 10, 30])
        #expect(profile.phases.map(\.loads.count) == [0, 1, 0, 1])
        #expect(imported.account.count(.notCarried) == 0)
        let lines = Set(imported.account.entries.compactMap(\.mark?.line))
        #expect(lines == [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
        #expect(imported.profile?.contains("until it is destroyed") == false)
        #expect(ForeignFile.recognise(Array(Self.script.utf8))?.tool == .chaosblade)
    }

    @Test func `a wait for an experiment that ends by itself is a rest behind it`() throws {
        let imported = try Fixture.file(
            .chaosblade, "blade c cpu load --timeout 20\nsleep 30\nblade c cpu load --timeout 5\nsleep 3\n")
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map { $0.length / 1_000_000_000 } == [20, 10, 5])
        #expect(imported.account.isExact)
    }

    @Test(
        arguments: [
            ("blade c cpu load\nblade destroy $UID\n", [600]),
            ("blade c cpu load\nsleep $LONG\nblade destroy $UID\n", [600]),
            (
                "blade c cpu load\nsleep 20\nblade c process load --count 5 --timeout 7\nsleep 5\nblade d $UID\n",
                [600, 7]
            ),
            ("blade c cpu load --timeout 60\nsleep 20\nblade c cpu load --timeout 7\n", [60, 7]),
        ] as [(String, [Int64])])
    func whatIsNotSimpleIsNotCarried(text: String, seconds: [Int64]) throws {
        let imported = try Fixture.file(.chaosblade, text)
        let profile = try Fixture.read(imported.profile ?? "")
        #expect(profile.phases.map { $0.length / 1_000_000_000 } == seconds)
        #expect(imported.account.count(.notCarried) >= 1)
        #expect(Set(imported.account.entries.compactMap(\.mark?.line)).count == text.split(separator: "\n").count)
    }

    @Test(arguments: [
        "created", "blade", "blade create", "blade revoke 5", "UID=$(blade c cpu load)", "I=$(./blade c)",
    ])
    func aLineThatIsNoneHasItsNumber(line: String) {
        #expect(Fixture.refusal { try Fixture.file(.chaosblade, "# one\n\(line)\n") }.hasPrefix("2:"))
    }

    @Test func `a word goes on behind a backslash`() {
        let words = BladeScript.lines("a b\\\nc \\\n  d # e\n\n# f\\\ng").map { $0.map(\.text) }
        #expect(words == [["a", "bc", "d"], ["g"]])
    }

    @Test(arguments: [
        ("destroy 1234", "begins with 'blade create'"), ("create cpu load --cpu-percent 101", "0 to 100"),
        ("create cpu load --cpu-list a-b", "numbers and ranges"), ("create disk fill --path /", "--size, --percent or"),
        ("create disk burn", "--read or --write"), ("create cpu load --climb-time 601", "0 to 600"),
        ("create mem load --reserve many", "whole number"), ("create cpu load --timeout 0", "seconds from 1 on"),
        ("create", "nothing is created"),
    ])
    func whatBladeRefusesIsRefused(line: String, reason: String) {
        #expect(Fixture.refusal { try Fixture.words(.chaosblade, line) }.contains(reason))
    }
}
