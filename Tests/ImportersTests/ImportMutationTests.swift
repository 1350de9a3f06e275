// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Importers

/// Whatever stands in a source, there is a profile that can be read, or a problem, and never a trap.
struct ImportMutationTests {
    /// In each of eight parts; a million in all with `EXERT_FUZZ_ROUNDS=125000`.
    private static let rounds =
        ProcessInfo.processInfo.environment["EXERT_FUZZ_ROUNDS"].flatMap(Int.init) ?? 150

    private static let fragments = [
        " ", "\n", "\t", ",", ":", ": ", "-", "--", "{", "}", "[", "]", "\"", "'", "#", "%", "=", ".", "0", "-1", "1e9",
        "99999999999999999999", "9223372036854775807", "-9223372036854775808", "4611686018427387904", "0x10", "NaN",
        "1.5G", "512MB", "8192", "8193", "100%", "101%", "1000000%", "0s", "720h", "9999999h", "1ns", "P1D", "PT2M",
        "L3", "max", "null", "~", "*a", "&a ", "<<: *a", "!x", "---\n", "ü", "\u{1F600}", "\u{0}", "\u{2028}",
        "\u{202E}", "\u{FEFF}", "\\n", "\\u0000", "/../", "--timeout 0", " --cpu-load 0 ", "vm 0\n", "run sequential\n",
        "cpu 8192\n", "memrate 8192 --memrate-rd-mbs 1000000\n", "--temp-path ''", "--taskset 0-65535",
        "--taskset 3,3,1-2", "size: 0B", "workers: 0", "children: [evening]", "deadline: 1ns", "time: 30d",
        "users\": 0",
        "spawn_rate\": 0.000001", "\"target\": 1000000000", "startTime", "CPU_CORES=0-5\n", "RAMP_TIME=2592000\n",
        "startAfter", "DurationSeconds", "--climb-time 600", "--cpu-list 0-65535", "--cpu-list 7,7", "--reserve 0",
        "--percent 0", "--size 4096", "\\\n", "\nsleep 9999999d\n", "\nsleep 5\n", "\nblade d 1\n",
        "--timeout 1", "name: ",
    ]

    @Test(arguments: 0..<8)
    func mutantsAreImportedOrRefused(part: Int) throws {
        var generator = Generator(state: UInt64(part + 1))
        let sources = try GoldenTests.files.map { ($0.tool, try Fixture.source($0.source)) }
        var profiles = 0
        for round in 0..<Self.rounds {
            let (tool, original) = sources[Int.random(in: 0..<sources.count, using: &generator)]
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&bytes, &generator) }
            let options = Fixture.options("mutant") {
                $0.processors = [1, 2, 64, 8192].randomElement(using: &generator) ?? 1
                if tool.isCurve { ($0.kind, $0.peak) = ("memory", "3GiB") }
            }
            do throws(ImportErrors) {
                let imported = try Importer.file(bytes, of: tool, options)
                #expect(!imported.account.entries.isEmpty)
                #expect(imported.account.entries.allSatisfy { $0.fate == .exact || !$0.note.isEmpty })
                guard let profile = imported.profile else { continue }
                profiles += 1
                let problems = Fixture.problems(profile)
                #expect(
                    problems == "",
                    "part \(part), round \(round):\n\(String(decoding: bytes, as: UTF8.self))\n\(profile)")
            } catch {
                #expect(!error.problems.isEmpty)
                #expect(error.problems.allSatisfy { !$0.message.isEmpty && !$0.message.contains("\n") }, "\(error)")
            }
            _ = ForeignFile.recognise(bytes)
        }
        // Both ends are reached.
        #expect(profiles > Self.rounds / 20 && profiles < Self.rounds * 19 / 20, "\(profiles)")
    }

    @Test func `places are those of the file, whichever document it is`() {
        let text = "hog-type: cpu\n---\n---\n# nothing\n---\nhog-type:\n  cow\n"
        #expect(
            Fixture.refusal { try Fixture.file(.krkn, text) }.hasPrefix("7:3: error: document 2.hog-type: krkn has"))
    }

    @Test func `figures at the ends of their ranges`() throws {
        for number in ["-9223372036854775808", "9223372036854775807", "4294967296", "-1"] {
            for line in [
                "cpu load --timeout \(number)", "cpu load --cpu-count \(number)", "mem load --reserve \(number)",
                "mem load --rate \(number)", "disk fill --size \(number)", "disk burn --read --size \(number)",
            ] {
                let words = ("create " + line).split(separator: " ").map(String.init)
                _ = try? Importer.words(words, of: .chaosblade, Fixture.options())
            }
            for line in [
                "--cpu \(number)", "--cpu 1 -t \(number)", "--vm 1 --vm-bytes \(number)",
                "--open 1 --open-max \(number)",
            ] {
                _ = try? Fixture.words(.stressNG, line, Fixture.options { $0.processors = .max })
            }
        }
    }

    @Test func `many options cost what they must, and no more`() throws {
        let line = String(repeating: "cpu 1 --cpu-load 10 ", count: 1) + "\n"
        #expect(
            Fixture.refusal { try Fixture.file(.stressNG, String(repeating: line, count: 1500)) }
                .contains("more than 2000 options"))
        let documents = String(repeating: "---\nhog-type: cpu\n", count: 10_000)
        #expect(Fixture.refusal { try Fixture.file(.krkn, documents) }.contains("10000 documents"))
        #expect(Fixture.refusal { try Fixture.file(.krkn, String(repeating: "---\n", count: 200_000)) } != "")
        let aliases = "a: &a [1,2,3,4,5,6,7,8,9]\n" + (0..<5).map { "b\($0): [*a,*a,*a,*a]\n" }.joined()
        #expect(!Fixture.refusal { try Fixture.file(.krkn, aliases) }.isEmpty)
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout Generator) {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 9...126, using: &generator)
        case 1: bytes.remove(at: at)
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &generator)))
        case 3: bytes.insert(contentsOf: (Self.fragments.randomElement(using: &generator) ?? "").utf8, at: at)
        default:
            let from = Int.random(in: 0..<bytes.count, using: &generator)
            bytes.insert(contentsOf: Array(bytes[from..<min(bytes.count, from + 30)]), at: at)
        }
        if bytes.isEmpty { bytes = [0x0A] }
    }
}

/// A generator with a seed, so that a failure can be seen again.
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
