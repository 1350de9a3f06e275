// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Disk space and inodes from the command line, on small file systems of their own.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "needs root and loop devices"))
struct DiskSpaceTests {
    private let disk: SmallDisk
    private let state: ScratchFolder

    init() throws {
        disk = try SmallDisk()
        state = try ScratchFolder()
    }

    private var environment: [String: String] { ["EXERT_STATE_DIRECTORY": state.path + "/exert"] }

    private func load(_ load: String, _ settings: [String] = [], length: String = "2s") -> [String] {
        let kind = load.prefix { $0 != "=" }
        let all = ["directory=\(disk.path)"] + settings
        return ["run", "--load", load, "--for", length, "--quiet"] + all.flatMap { ["--set", "\(kind).\($0)"] }
    }

    @Test func theLogOnTheVeryDiskThatIsFilledStaysComplete() throws {
        let log = disk.path + "/run.log"
        let arguments = load("disk-space=max") + ["--log", log, "--interval", "100ms"]
        let result = try Exert.run(arguments, environment: environment)
        #expect(result.code == 0, "\(result.output)\(result.error)")
        let lines = try ExperimentLog(file: log)
        #expect(try lines.end()["verdict"] as? String == "met")
        #expect(lines.all("sample").count >= 15)
        let reading = try lines.lastReading("disk-space")
        #expect(abs(try reading.number("error")) <= 4096)
        var facts = stat()
        #expect(stat(log, &facts) == 0 && Int(facts.st_blocks) * 512 < 1 << 18, "what was reserved is given back")
    }

    @Test func whatAKilledRunLeftIsUndoneByTheNextOneOrByCleanup() throws {
        for kind in ["disk-space=8MiB", "inodes=500"] {
            let run = try Exert.start(load(kind, ["named=true"], length: "20s"), environment: environment)
            #expect(eventually(within: 10) { disk.leftovers.count == 1 })
            let stressors = run.stressors
            run.send(SIGKILL)
            for id in stressors { kill(id, SIGKILL) }
            #expect(eventually(within: 5) { !run.isRunning && stressors.allSatisfy { !Processes.isAlive($0) } })
            #expect(disk.leftovers.count == 1)
            let dry = try Exert.run(["cleanup", "--dry-run"], environment: environment)
            #expect(dry.code == 0 && dry.output.hasPrefix("would remove the "), "\(dry.output)\(dry.error)")
            #expect(disk.leftovers.count == 1)
            if kind.hasPrefix("disk") {
                let next = try Exert.run(load("disk-space=1MiB", length: "200ms"), environment: environment)
                #expect(next.error.contains("undone, left by a run that was killed: removed"), "\(next.error)")
            } else {
                let cleanup = try Exert.run(["cleanup"], environment: environment)
                #expect(cleanup.code == 0 && cleanup.output.hasPrefix("removed "), "\(cleanup.output)")
            }
            #expect(disk.leftovers.isEmpty)
        }
        let cleanup = try Exert.run(["cleanup"], environment: environment)
        #expect(cleanup.code == 0 && cleanup.output == "nothing to undo\n")
    }

    @Test func spaceIsBackWithinASecondOfAKill() throws {
        let before = disk.available
        let run = try Exert.start(load("disk-space=leave 2MiB", length: "20s"), environment: environment)
        #expect(eventually(within: 10) { disk.available == 2 << 20 })
        let stressors = run.stressors
        run.send(SIGKILL)
        for id in stressors { kill(id, SIGKILL) }
        #expect(eventually(within: 1) { disk.available == before })
        #expect(disk.leftovers.isEmpty)
    }

    @Test func moreThanTheDiskHasRunsAsFarAsItGoesAndIsToldBefore() throws {
        let result = try Exert.run(load("disk-space=5GiB") + ["--format", "json"], environment: environment)
        #expect(result.code == 2, "\(result.output)\(result.error)")
        let document = try jsonObject(result.output)
        let found = (try document.object("plan")["findings"] as? [[String: Any]] ?? [])
            .first { $0["code"] as? String == "target_beyond_capacity" }
        let message = found?["message"] as? String ?? ""
        #expect(message.contains("5.000 GiB") && message.contains("MiB can be taken"), "\(message)")
        #expect(message.contains("write 'max'"), "\(message)")
        let outcome = (document["results"] as? [[String: Any]])?.first
        #expect(outcome?["verdict"] as? String == "not_met" && outcome?["limited_by"] as? String == "saturation")
        let inodes = try Exert.run(load("inodes=10000000"), environment: environment)
        #expect(inodes.code == 2, "\(inodes.output)\(inodes.error)")
    }

    @Test func aShareOfWhatIsAvailableIsPutOnTop() throws {
        let others = disk.path + "/others"
        #expect(FileManager.default.createFile(atPath: others, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: others))
        #expect(posix_fallocate(file.fileDescriptor, 0, off_t(disk.available / 2)) == 0)
        let free = disk.available
        let run = try Exert.start(
            load("disk-space=50%", ["of=available"], length: "20s"), environment: environment)
        #expect(eventually(within: 10) { abs(disk.available - free / 2) <= 8192 }, "\(free) \(disk.available)")
        run.send(SIGINT)
        let result = try run.wait(limit: 10)
        #expect(result.code == 130, "\(result.output)\(result.error)")
        let total = try Exert.run(load("disk-space=50%", ["of=available", "mode=total"]), environment: environment)
        #expect(total.code == 64 && total.error.contains("drop 'mode: total'"), "\(total.error)")
    }

    @Test func aDiskThatIsFullAlreadyIsToldTruthfully() throws {
        let others = disk.path + "/others"
        #expect(FileManager.default.createFile(atPath: others, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: others))
        #expect(posix_fallocate(file.fileDescriptor, 0, off_t(disk.available)) == 0)
        let result = try Exert.run(load("disk-space=4MiB"), environment: environment)
        #expect(result.code == 2)
        #expect(result.output.contains("saturation") && result.output.contains("full"), "\(result.output)")
    }

    @Test func aForeignRecordIsToldAndLeft() throws {
        let folder = state.path + "/exert"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o700)
        try Data("exert-undo 9\n".utf8).write(to: URL(fileURLWithPath: folder + "/undo-x"))
        let cleanup = try Exert.run(["cleanup"], environment: environment)
        #expect(cleanup.code == 1 && cleanup.error.contains("not a record of this version"), "\(cleanup.error)")
        #expect(FileManager.default.fileExists(atPath: folder + "/undo-x"))
    }
}

/// An ext4 of 64 MiB on a loop device; gone with its owner.
final class SmallDisk: Sendable {
    let path: String
    private let folder: ScratchFolder

    static let isPossible =
        geteuid() == 0 && access("/dev/loop-control", W_OK) == 0
        && (access("/usr/sbin/mkfs.ext4", X_OK) == 0 || access("/sbin/mkfs.ext4", X_OK) == 0)

    init() throws {
        folder = try ScratchFolder()
        path = folder.path + "/disk"
        let image = folder.path + "/image"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.shell("truncate -s 64M '\(image)' && mkfs.ext4 -q '\(image)' && mount -o loop '\(image)' '\(path)'")
    }

    // Lazily: what a failed test left open ends with it. The loop device goes with the mount.
    deinit { try? Self.shell("umount -l '\(path)'") }

    /// What exert left, by its names.
    var leftovers: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasPrefix(".exert-") }
    }

    var available: Int {
        var facts = statvfs()
        return statvfs(path, &facts) == 0 ? Int(facts.f_bavail) * Int(facts.f_frsize) : -1
    }

    private static func shell(_ command: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw CocoaError(.executableLoad) }
    }
}
