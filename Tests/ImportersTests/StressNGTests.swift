// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Importers

/// What stress-ng does is what is imported, and not what its user may have meant.
struct StressNGTests {
    @Test(arguments: [
        ("--cpu 4 --cpu-load 60 --timeout 5m", "for: 5m", "cpu: 2.4 cores"),
        ("--cpu 0 --cpu-load 60 -t 10", "for: 10s", "cpu: 60%"),
        ("--cpu -1 -t 1w", "for: 168h", "cpu: 100%"),
        ("-c8 -l5 -t1d", "for: 24h", "cpu: 0.4 cores"),
        ("--cpu=3 --timeout=2m", "for: 2m", "cpu: 3 cores"),
        ("/usr/bin/stress-ng --vm 2 --vm-bytes 3g --vm-hang 0 -t 60", "for: 1m", "memory: 3GiB"),
        ("--memrate 2 --memrate-rd-mbs 50 -t 9", "for: 9s", "memory-bandwidth: 100MiB/s"),
        ("--pthread 2 --pthread-max 50 -t 9", "for: 9s", "processes: 100"),
    ])
    func aCommandLineIsALoad(line: String, length: String, load: String) throws {
        let imported = try Fixture.words(.stressNG, line)
        #expect(imported.body.contains(length), "\(imported.body)")
        #expect(imported.body.contains(load), "\(imported.body)")
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }

    // MARK: Traps

    @Test func `of 1.5G the whole number and the last letter are read`() throws {
        let imported = try Fixture.words(.stressNG, "--vm 1 --vm-bytes 1.5G --vm-keep -t 1.5h")
        #expect(imported.body.contains("memory: 1GiB"))
        #expect(imported.body.contains("for: 1h"))
        #expect(imported.entry("--vm-bytes")?.fate == .exact)
        #expect(imported.profile?.contains("reads the whole number and the last letter alone: 1GiB") == true)
    }

    @Test func `512MB is 512 bytes, which stress-ng refuses`() {
        let refusal = Fixture.refusal { try Fixture.file(.stressNG, "timeout 10\nvm 1\nvm-bytes 512MB\n") }
        #expect(refusal.hasPrefix("3:1: error: vm-bytes 512MB: stress-ng reads 512B and refuses it"), "\(refusal)")
        #expect(refusal.contains("'512M'"))
    }

    @Test func `vm-bytes without vm starts nothing`() throws {
        let imported = try Fixture.words(.stressNG, "--vm-bytes 1G -t 10")
        #expect(imported.profile == nil)
        #expect(imported.entry("--vm-bytes")?.note == "without effect: no 'vm' is started")
    }

    @Test func `the same stressor again is more workers, and not another number of them`() throws {
        let imported = try Fixture.words(.stressNG, "--cpu 1 --cpu-load 50 --cpu 2 -t 10")
        // Workers that have no load of their own get the last one.
        #expect(imported.body.contains("cpu: 0.5 cores"))
        #expect(imported.body.contains("cpu-mixed: 1 core"))
    }

    @Test func `an option counts for the workers before it`() throws {
        let imported = try Fixture.words(.stressNG, "--cpu 1 --cpu-load 10 --vm 1 --vm-hang 0 --cpu-load 90 -t 3")
        #expect(imported.body.contains("cpu: 0.1 cores"))
        #expect(imported.entry("--cpu-load 90")?.fate == .near)
        let later = try Fixture.words(.stressNG, "--cpu 1 --cpu-load 10 --cpu-load 90 -t 3")
        #expect(later.body.contains("cpu: 0.9 cores"))
        #expect(later.entry("--cpu-load 10")?.note == "without effect: a later one counts")
        let before = try Fixture.words(.stressNG, "--cpu-load 30 --cpu 1 -t 3")
        #expect(before.body.contains("cpu: 0.3 cores"))
    }

    @Test func `the last timeout counts, and 0 is for ever`() throws {
        let imported = try Fixture.words(.stressNG, "-t 5 --cpu 1 --timeout 7")
        #expect(imported.body.contains("for: 7s"))
        #expect(imported.entry("-t 5")?.note == "without effect: a later one counts")
        let endless = try Fixture.words(.stressNG, "--cpu 1 -t 0")
        #expect(endless.entry("-t 0")?.fate == .exact)
        #expect(endless.body.contains("name: cpu, until: stopped, load"), "\(endless.body)")
        #expect(Fixture.problems(endless.profile ?? "") == "")
        // One of several phases cannot go on for ever.
        let turns = Fixture.refusal {
            try Fixture.file(.stressNG, "run sequential\ntimeout 0\ncpu 1\nopen 1\n")
        }
        #expect(turns.contains("lasts longer than 87600h"), "\(turns)")
        let given = try Fixture.words(.stressNG, "--cpu 1 -t 0", Fixture.options { $0.length = 60_000_000_000 })
        #expect(given.body.contains("for: 1m"))
        let usual = try Fixture.words(.stressNG, "--cpu 1")
        #expect(usual.body.contains("for: 24h"))
    }

    @Test func `of a size that is a cache's, both options are not carried for that`() throws {
        let imported = try Fixture.words(.stressNG, "--vm 1 --vm-bytes L3 -t 5")
        #expect(imported.entry("--vm-bytes")?.note.hasPrefix("the size of a cache") == true)
        #expect(imported.entry("--vm 1")?.note.hasPrefix("its 'vm-bytes' is the size of a cache") == true)
    }

    @Test func `io writes everything out, and has nothing to do with names of files`() throws {
        #expect(try Fixture.words(.stressNG, "--io 4").entry("--io 4")?.note.contains("sync(2)") == true)
    }

    @Test func `numbers that a host decides are told, and can be given`() throws {
        let imported = try Fixture.words(.stressNG, "--cpu 75% --pthread 0 --pthread-max 10 -t 5")
        #expect(imported.body.contains("cpu: 1 core"), "of 2 processors 1.5, of which the whole number counts")
        #expect(imported.body.contains("processes: 20"))
        #expect(imported.entry("--pthread 0")?.note.contains("this host's 2 processors (--cpus says another") == true)
        let given = try Fixture.words(
            .stressNG, "--pthread 0 --pthread-max 10 -t 5",
            Fixture.options {
                $0.processors = 64
                $0.isProcessorsGiven = true
            })
        #expect(given.body.contains("processes: 640"))
        #expect(given.entry("--pthread 0")?.note.contains("the 64 of --cpus") == true)
    }

    @Test(arguments: [
        ("--cpu two -t 5", "whole number"), ("--cpu 1 --cpu-load 101 -t 5", "0 to 100"),
        ("--cpu 1 foo", "belongs to no"),
        ("--cpu 9000 -t 1", "8192 workers"), ("--cpu -t 5", "needs"), ("--vm 1 --vm-bytes 5x -t 1", "last letter"),
        ("--vm 1 --vm-bytes 9999999999999999999g", "size such as"), ("--cpu 1 -t 9223372036854775807y", "too large"),
        ("--vm 1 --vm-bytes 300t", "256 TiB"), ("-Z", "no option '-Z'"), ("--vm 1 --vm-bytes -5m", "negative"),
        ("--cpu 1 -t", "takes a value"), ("--sequential x --cpu 1", "whole number"),
        ("--vm 1 --vm-bytes 101%", "100% at most"), ("--cpu 1 --temp-path= -t 4", "path"),
    ])
    func whatStressNGRefusesIsRefused(line: String, reason: String) {
        let refusal = Fixture.refusal { try Fixture.words(.stressNG, line) }
        #expect(refusal.contains(reason) || line == "--cpu -t 5" && refusal.contains("number of workers"), "\(refusal)")
    }

    @Test func `every problem is told at once, with its place`() {
        let refusal = Fixture.refusal {
            try Fixture.file(.stressNG, "run seq\ncpu x\n  vm 1 --vm-bytes 1q\nrun par\njob other.job\n")
        }
        let places = refusal.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(Set(places) == ["2:1:", "3:8:", "4:1:", "5:1:"], "\(refusal)")
    }

    @Test func `a job file runs one after the other, or all at once`() throws {
        let lines = "timeout 10\ncpu 1\nvm 1 --vm-bytes 64m\n"
        #expect(try Fixture.read(Fixture.file(.stressNG, "run seq\n" + lines).profile ?? "").phases.count == 2)
        #expect(try Fixture.read(Fixture.file(.stressNG, "run par\n" + lines).profile ?? "").phases.count == 1)
        #expect(try Fixture.read(Fixture.file(.stressNG, lines).profile ?? "").phases.count == 1)
    }

    // MARK: Areas

    @Test(arguments: [1, 2, 3, 7, 64, 8192], [1, 33, 50, 99, 100])
    func areasAreExact(workers: Int, percent: Int) throws {
        let imported = try Fixture.words(.stressNG, "--cpu \(workers) --cpu-load \(percent) -t 97")
        let area = try #require(try Fixture.areas(imported.profile ?? "").first?["cpu"])
        let wanted = Double(workers * percent) / 100 * 97
        #expect(abs(area - wanted) <= wanted / 1000)
    }

    @Test(arguments: ["4k", "100001", "777m", "1g", "3T"], [1, 3, 16])
    func bytesAreThoseThatTheWorkersHave(size: String, workers: Int) throws {
        let imported = try Fixture.words(.stressNG, "--vm \(workers) --vm-bytes \(size) --vm-hang 0 -t 10")
        let area = try #require(try Fixture.areas(imported.profile ?? "").first?["memory"])
        let bytes = try StressNGScale.size(size).value
        let wanted = Double(max(bytes / Int64(workers) / 4096, 1) * 4096 * Int64(workers)) * 10
        #expect(abs(area - wanted) <= wanted / 1000)
    }

    // MARK: Debian's jobs

    /// Where Debian's package has its example jobs; `scripts/setup stress-ng` installs it.
    static let jobFolder = "/usr/share/stress-ng/example-jobs"
    static let jobs = ((try? FileManager.default.contentsOfDirectory(atPath: jobFolder)) ?? []).sorted()

    @Test(.enabled(if: !jobs.isEmpty, "Debian's stress-ng is not installed"))
    func `Debian's example jobs are there`() {
        #expect(Self.jobs.count >= 15)
    }

    @Test(arguments: jobs)
    func everyLineOfAnExampleJobIsAccountedFor(job: String) throws {
        let bytes = try Fixture.bytes("\(Self.jobFolder)/\(job)")
        let imported = try Importer.file(bytes, of: .stressNG, Fixture.options(job))
        var lines: Set<Int> = []
        for (index, line) in String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).enumerated() where line.prefix(while: { $0 != "#" }).contains(where: { $0 != " " && $0 != "\t" }) {
            lines.insert(index + 1)
        }
        #expect(!lines.isEmpty)
        #expect(Set(imported.account.entries.compactMap(\.mark?.line)) == lines)
        for entry in imported.account.entries where entry.fate != .exact {
            #expect(!entry.note.isEmpty && !entry.note.contains("knows no such"), "\(entry)")
        }
        if let profile = imported.profile {
            #expect(Fixture.problems(profile) == "", "\(profile)")
        } else {
            #expect(imported.account.count(.near) == 0, "\(imported.account)")
        }
        #expect(ForeignFile.recognise(bytes)?.tool == .stressNG)
    }
}
