// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A small file system of its own that can be made to stand still; gone with its owner.
final class HangingDisk: Sendable {
    let path: String
    private let folder: ScratchFolder

    init(mebibytes: Int) throws {
        folder = try ScratchFolder()
        path = folder.path + "/disk"
        let image = folder.path + "/image"
        try Shell.run("truncate -s \(mebibytes)M '\(image)' && mkfs.ext4 -q -F '\(image)'")
        try Shell.run("mkdir '\(path)' && mount -o loop '\(image)' '\(path)'")
    }

    /// From now on nobody can write to it; see fsfreeze(8).
    func freeze() throws { try Shell.run("fsfreeze -f '\(path)'") }

    /// Ends that.
    func thaw() { try? Shell.run("fsfreeze -u '\(path)'") }

    /// What is in it, beside what ext4 keeps there itself.
    var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0 != "lost+found" }
    }

    deinit {
        thaw()
        for _ in 0..<50 {
            if (try? Shell.run("umount '\(path)'")) != nil { return }
            usleep(100_000)
        }
        try? Shell.run("umount -l '\(path)'")
    }
}

/// A file system in user space (fuse(4)) whose process can be stopped; gone with its owner.
final class SilentFileSystem: Sendable {
    let path: String
    private let folder: ScratchFolder
    private let server: Process

    init(mebibytes: Int) throws {
        folder = try ScratchFolder()
        path = folder.path + "/disk"
        let image = folder.path + "/image"
        try Shell.run("truncate -s \(mebibytes)M '\(image)' && mkfs.ext4 -q -F '\(image)' && mkdir '\(path)'")
        server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/fuse2fs")
        server.arguments = ["-f", "-o", "fakeroot", image, path]
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.run()
        let place = path
        try #require(eventually(within: 10) { (try? Shell.run("mountpoint -q '\(place)'")) != nil })
    }

    /// From now on nobody gets an answer.
    func silence() { kill(server.processIdentifier, SIGSTOP) }

    deinit {
        kill(server.processIdentifier, SIGCONT)
        try? Shell.run("umount -l '\(path)'")
        usleep(200_000)
        server.terminate()
        server.waitUntilExit()
    }
}

/// A control group whose processes can be frozen (cgroup v1); thawed and gone with its owner.
final class FreezerGroup {
    private let path = "/sys/fs/cgroup/freezer/exert-stop-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    init() throws { try #require(mkdir(path, 0o755) == 0, "there is no freezer of cgroup v1") }

    func take(_ id: Int32) throws { try Shell.run("echo \(id) >'\(path)/cgroup.procs'") }

    func freeze() throws { try Shell.run("echo FROZEN >'\(path)/freezer.state'") }

    func thaw() { try? Shell.run("echo THAWED >'\(path)/freezer.state'") }

    deinit {
        thaw()
        for _ in 0..<100 where rmdir(path) != 0 { usleep(50_000) }
    }
}

/// Commands of the shell.
enum Shell {
    struct Failure: Error { var command: String }

    static func run(_ command: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(command: command) }
    }
}
