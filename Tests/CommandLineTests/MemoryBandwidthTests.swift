// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ExertCommands {
    /// The memory-bandwidth stressor as a user runs it, and a judge that reads its memory rather than its word.
    @Suite(.serialized)
    struct MemoryBandwidth {
        private static let small = ["--set", "memory-bandwidth.buffer=8MiB", "--set", "memory-bandwidth.workers=1"]

        @Test func aRateIsExertedAndLogged() throws {
            let folder = try ScratchFolder()
            let file = folder.path + "/run.ndjson"
            let result = try Exert.run(
                ["run", "--load", "memory-bandwidth=100MB/s", "--for", "2s", "--log", file] + Self.small)
            // 2 where the machine does something else.
            #expect([0, 2].contains(result.code), "\(result.error)")
            #expect(result.stressors.count == 1)
            #expect(result.stressors.allSatisfy { !Processes.isAlive($0) })
            let log = try ExperimentLog(file: file)
            let load = try log.result("memory-bandwidth")
            #expect(try load.number("target_mean") > 95e6)
            #expect(try load.number("achieved_mean") > 50e6)
            #expect(try load.number("achieved_mean") < 105e6, "never more than a hundredth over")
            #expect(try log.lastReading("memory-bandwidth")["witness"] as? String == "none")
            let plan = try #require(log.all("run_started").first).object("plan")
            let codes = (plan["findings"] as? [ExperimentLog.Object])?.compactMap { $0["code"] as? String }
            #expect(codes?.contains("no_witness") == true, "\(plan)")
            #expect(try log.ending("memory-bandwidth").number("cpu_s") > 0)
        }

        @Test(
            .enabled(if: geteuid() == 0, "reading another process's memory takes root"),
            arguments: ["write", "write-nt"])
        func theMemoryItselfShowsTheRate(access: String) throws {
            let rate = 200e6
            let access = ["--set", "memory-bandwidth.access=\(access)"]
            let process = try Exert.start(
                ["run", "--load", "memory-bandwidth=200MB/s", "--for", "4s"] + access + Self.small)
            var judge: StampJudge?
            let isFound = eventually(within: 15) {
                judge = process.stressors.first.flatMap { StampJudge(processID: $0) }
                return judge != nil
            }
            try #require(isFound, "no stamped buffer in the stressor's memory: \(process.error)")
            let found = try #require(judge)
            let first = try #require(found.look())
            usleep(1_500_000)
            let last = try #require(found.look())
            let seen = Double(last.passes - first.passes) * 8_388_608 / (last.time - first.time)
            // A pass is 42 ms: two of them are what the two looks cannot tell. What is short of it the machine took.
            #expect(seen > 0.5 * rate && seen < 1.1 * rate, "\(seen) bytes/s of \(rate)")
            process.send(SIGINT)
            #expect(try process.wait(limit: 10).code == 130)
        }

        @Test func asMuchAsThereIsIsMoreThanALittle() throws {
            let result = try Exert.run(
                ["run", "--load", "memory-bandwidth=max", "--for", "500ms", "--format", "json"] + Self.small)
            #expect(result.code == 0, "\(result.error)")
            let results = try #require(try jsonObject(result.output)["results"] as? [[String: Any]])
            #expect(try #require(results.first).number("achieved_mean") > 1e8)
        }

        @Test(arguments: [
            ("buffer=0MiB", "too small"), ("buffer=-5MiB", "is negative"), ("buffer=900TiB", "do not fit"),
            ("buffer=5", "has no unit"), ("workers=0", "from 1 to 1024"), ("workers=1025", "from 1 to 1024"),
            ("cpus=8000", "are not ours to use"), ("access=erase", "unknown value 'erase'"),
        ])
        func badSettingsStartNothing(setting: String, message: String) throws {
            let result = try Exert.run([
                "run", "--load", "memory-bandwidth=1GB/s", "--for", "1s", "--set", "memory-bandwidth.\(setting)",
            ])
            #expect(result.code == 64, "\(result.error)")
            #expect(result.error.contains("error") && result.error.contains(message), "\(result.error)")
            #expect(result.stressors.isEmpty)
        }

        @Test(arguments: ["50%", "leave 1GB/s", "-1GB/s", "0GB/s", "2GiB", "100 iops"])
        func loadsOfOtherKindsStartNothing(load: String) throws {
            let result = try Exert.run(["run", "--load", "memory-bandwidth=\(load)", "--for", "1s"])
            #expect(result.code == 64, "\(result.error)")
            #expect(result.stressors.isEmpty)
        }
    }
}

/// Finds the buffer in a stressor's memory by the formula of its content, and counts passes over its first line.
private struct StampJudge {
    private static let lineStep: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let wordStep: UInt64 = 0xD1B5_4A32_D192_ED03
    private static let passStep: UInt64 = 0xA076_1D64_78BD_642F

    private let memory: FileHandle
    private let address: UInt64

    /// Looks at the start of every 2 MiB of anonymous memory; `nil` where nothing is stamped yet.
    init?(processID: Int32) {
        guard let maps = try? String(contentsOfFile: "/proc/\(processID)/maps", encoding: .utf8),
            let memory = FileHandle(forReadingAtPath: "/proc/\(processID)/mem")
        else { return nil }
        self.memory = memory
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ")
            let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, fields.count >= 5, fields[1].hasPrefix("rw"), fields[4] == "0",
                ends[1] - ends[0] >= 8 << 20, ends[1] - ends[0] < 64 << 20
            else { continue }
            let first = (ends[0] + 0x1F_FFFF) / 0x20_0000 * 0x20_0000
            for candidate in stride(from: first, to: ends[1] - 128, by: 0x20_0000)
            where Self.pass(Self.words(memory, at: candidate)) != nil {
                address = candidate
                return
            }
        }
        return nil
    }

    /// How many passes have begun, and when that was seen, in seconds.
    func look() -> (passes: Int, time: Double)? {
        let time = ProcessInfo.processInfo.systemUptime
        return Self.pass(Self.words(memory, at: address)).map { ($0, time) }
    }

    private static func words(_ memory: FileHandle, at address: UInt64) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: 16)
        let count = pread(memory.fileDescriptor, &words, 128, off_t(address))
        return count == 128 ? words : []
    }

    /// Two lines that follow the formula from one start, and the pass that the start is the stamp of.
    private static func pass(_ words: [UInt64]) -> Int? {
        guard let first = words.first, first != 0 else { return nil }
        let isStamped = words.indices.allSatisfy { index in
            words[index] == first &+ UInt64(index / 8) &* lineStep &+ UInt64(index % 8) &* wordStep
        }
        return isStamped ? (1...100_000).first { UInt64($0) &* passStep == first } : nil
    }
}
