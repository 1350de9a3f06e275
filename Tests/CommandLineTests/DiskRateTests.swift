// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Disk loads as storage testers write them, from the command line, by the counters of a loop device of their own.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "needs root and loop devices"))
struct DiskRateTests {
    private let disk: SmallDisk
    private let folder: ScratchFolder

    init() throws {
        disk = try SmallDisk()
        folder = try ScratchFolder()
    }

    /// Reads and writes that the disk's device has ended so far: `Documentation/block/stat.rst`.
    private func operations() throws -> (reads: Double, writes: Double) {
        var facts = stat()
        try #require(stat(disk.path, &facts) == 0)
        let (major, minor) = (facts.st_dev >> 8 & 0xFFF, facts.st_dev & 0xFF | facts.st_dev >> 12 & 0xFFF00)
        let text = try String(contentsOfFile: "/sys/dev/block/\(major):\(minor)/stat", encoding: .utf8)
        let fields = text.split(separator: " ").compactMap { Double($0) }
        return (try #require(fields.first), try #require(fields.dropFirst(4).first))
    }

    /// Runs a profile, and counts what the device did each second while it ran.
    private func run(_ profile: String) throws -> (log: ExperimentLog, reads: Double, writes: Double) {
        let file = try folder.write(profile, to: "p.yaml")
        let log = folder.path + "/log"
        let environment = ["EXERT_STATE_DIRECTORY": folder.path + "/exert"]
        let run = try Exert.start(
            ["run", file, "--log", log, "--interval", "500ms", "--quiet"], environment: environment)
        // Laid out, and on its way.
        #expect(
            eventually(within: 20) {
                (try? String(contentsOfFile: log, encoding: .utf8))?.contains("\"sample\"") == true
            })
        let (begin, before) = (Date(), try operations())
        usleep(2_000_000)
        let (end, after) = (Date(), try operations())
        #expect(eventually(within: 20) { !run.isRunning })
        let time = end.timeIntervalSince(begin)
        return (
            try ExperimentLog(file: log), (after.reads - before.reads) / time, (after.writes - before.writes) / time
        )
    }

    @Test func readsAndWritesHaveARateEach() throws {
        let settings = "directory: \(disk.path), size: 8MiB, keep-free: 0MiB"
        let (log, reads, writes) = try run(
            """
            stressors:
              reads: { kind: disk-bandwidth, operation: read, \(settings) }
              writes: { kind: disk-bandwidth, operation: write, \(settings) }
            phases: [{ name: apart, for: 4s, load: { reads: 90 iops, writes: 10 iops } }]
            """)
        #expect(abs(reads - 90) < 9 && abs(writes - 10) < 4, "\(reads) \(writes)")
        #expect(try log.end()["verdict"] as? String == "met")
        #expect(abs(try log.result("reads").number("achieved_mean") - 90) < 2)
        #expect(abs(try log.result("writes").number("achieved_mean") - 10) < 1)
    }

    @Test func aMixOfBothHoldsItsShareAndTheLogHasBoth() throws {
        let (log, reads, writes) = try run(
            """
            stressors:
              mixed:
                kind: disk-bandwidth
                operation: mix
                read-share: 90%
                block: [4KiB 50%, 16KiB 50%]
                directory: \(disk.path)
                size: 8MiB
                keep-free: 0MiB
            phases: [{ name: mixed, for: 4s, load: { mixed: 200 iops } }]
            """)
        #expect(abs(reads - 180) < 18 && abs(writes - 20) < 6, "\(reads) \(writes)")
        let result = try log.result("mixed")
        #expect(try log.end()["verdict"] as? String == "met", "\(result)")
        #expect(abs(try result.number("achieved_reads_mean") - 180) < 4)
        #expect(abs(try result.number("achieved_writes_mean") - 20) < 2)
        let reading = try log.lastReading("mixed")
        #expect(
            abs(try reading.number("achieved_reads") + reading.number("achieved_writes") - reading.number("achieved"))
                < 0.01)
    }

    @Test func arrivalsThatAreDrawnAreMetAndTold() throws {
        let (log, _, writes) = try run(
            """
            seed: 3
            stressors:
              users: { kind: disk-bandwidth, arrivals: poisson, directory: \(disk.path), size: 8MiB, keep-free: 0MiB }
            phases: [{ name: users, for: 4s, load: { users: 200 iops } }]
            """)
        // 400 in two seconds, to four standard deviations and what a journal writes.
        #expect(abs(writes - 200) < 45, "\(writes)")
        let result = try log.result("users")
        #expect(result["verdict"] as? String == "met", "\(result)")
        #expect(try result.number("target_mean") == 200)
        let due = try result.number("due_mean")
        #expect(due != 200)
        #expect(abs(try result.number("achieved_mean") - due) < 3)
        #expect(abs(try result.number("error_mean")) < 3)
        let reading = try log.lastReading("users")
        // The last look is a moment after the end.
        #expect(abs(try reading.number("target") - 200) < 1, "\(reading)")
        #expect(abs(try reading.number("achieved") - reading.number("due") - reading.number("error")) < 0.01)
    }
}
