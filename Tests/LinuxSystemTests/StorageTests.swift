// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem

/// Memory is found below whatever hides it, on real mounts.
@Suite(
    .serialized,
    .enabled(
        if: geteuid() == 0 && access("/dev/loop-control", W_OK) == 0 && access("/usr/sbin/mkfs.ext4", X_OK) == 0,
        "needs root, loop devices and mkfs.ext4"))
struct StorageTests {
    /// Mounts of a test's own, unmounted with their owner, the last one first.
    private final class Mounts {
        let folder: TemporaryFolder
        private var undo: [[String]] = []

        init() throws { folder = try TemporaryFolder() }

        deinit { for command in undo.reversed() { _ = try? Self.run(command) } }

        func directory(_ name: String) throws -> String {
            let path = folder.path + "/" + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            return path
        }

        @discardableResult
        func mount(_ arguments: String..., at name: String) throws -> String {
            let path = try directory(name)
            try Self.run(["mount"] + arguments + [path])
            undo.append(["umount", "-l", path])
            return path
        }

        /// A loop device over a new file of 16 MiB.
        func loop(over file: String) throws -> String {
            guard FileManager.default.createFile(atPath: file, contents: nil), truncate(file, 16 << 20) == 0 else {
                throw CocoaError(.fileWriteUnknown)
            }
            let device = try Self.run(["losetup", "--find", "--show", file])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            undo.append(["losetup", "--detach", device])
            return device
        }

        func overlay(_ name: String, on path: String) throws -> String {
            for part in ["lower", "upper", "work"] {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(name)-\(part)", withIntermediateDirectories: true)
            }
            let base = "\(path)/\(name)"
            return try mount(
                "-t", "overlay", "-o", "lowerdir=\(base)-lower,upperdir=\(base)-upper,workdir=\(base)-work", "none",
                at: name)
        }

        @discardableResult
        static func run(_ command: [String]) throws -> String {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["PATH=/usr/sbin:/sbin:/usr/bin:/bin"] + command
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
            return text
        }
    }

    private func storage(_ path: String) throws -> Storage { try FileSystemFacts(path).storage }

    @Test func tmpfsAndBindMountsOfIt() throws {
        let mounts = try Mounts()
        let ram = try mounts.mount("-t", "tmpfs", "-o", "size=32m", "none", at: "ram")
        #expect(try storage(ram).text == "tmpfs" && storage(ram).isMemory)
        try FileManager.default.createDirectory(atPath: ram + "/inner", withIntermediateDirectories: true)
        let bound = try mounts.mount("--bind", ram + "/inner", at: "bound")
        #expect(try storage(bound).text == "tmpfs" && storage(bound).isMemory)
    }

    @Test func anOverlayIsWhatItsUpperDirectoryIsOn() throws {
        let mounts = try Mounts()
        let ram = try mounts.mount("-t", "tmpfs", "-o", "size=32m", "none", at: "ram")
        let merged = try mounts.overlay("merged", on: ram)
        #expect(try storage(merged).text == "overlay on tmpfs" && storage(merged).isMemory)
        #expect(try DiskDirectory(merged).isMemory && DiskDirectory(merged).device == nil)
        #expect(
            MountedFileSystem.list(.read()).first { $0.mount.point == merged }?.isMemory == true)
        // An overlay cannot be the upper directory of another one; a loop device's file can lie on one.
        let device = try mounts.loop(over: merged + "/image")
        try Mounts.run(["mkfs.ext4", "-q", device])
        let disk = try mounts.mount(device, at: "disk")
        let name = (device as NSString).lastPathComponent
        #expect(try storage(disk).text == "ext4 on \(name) on overlay on tmpfs" && storage(disk).isMemory)
        let twice = try mounts.overlay("twice", on: disk)
        #expect(try storage(twice).isMemory)
        #expect(try storage(twice).text == "overlay on ext4 on \(name) on overlay on tmpfs")
    }

    @Test func aLoopDeviceIsWhatItsFileIsOnAlsoWhenThatHasLostItsName() throws {
        let mounts = try Mounts()
        let ram = try mounts.mount("-t", "tmpfs", "-o", "size=32m", "none", at: "ram")
        let device = try mounts.loop(over: ram + "/image")
        try Mounts.run(["mkfs.ext4", "-q", device])
        let disk = try mounts.mount(device, at: "disk")
        let name = (device as NSString).lastPathComponent
        #expect(try storage(disk).text == "ext4 on \(name) on tmpfs" && storage(disk).isMemory)
        #expect(unlink(ram + "/image") == 0)
        #expect(try storage(disk).text == "ext4 on \(name) on tmpfs" && storage(disk).isMemory)
    }

    @Test func whatCannotBeSeenIsUnknownAndNoDisk() throws {
        let mounts = try Mounts()
        let ram = try mounts.mount("-t", "tmpfs", "-o", "size=32m", "none", at: "ram")
        let merged = try mounts.overlay("merged", on: ram)
        let device = try mounts.loop(over: ram + "/image")
        try Mounts.run(["mkfs.ext4", "-q", device])
        let disk = try mounts.mount(device, at: "disk")
        // The paths now lead to something else: a directory of the same name on another file system.
        try mounts.mount("-t", "tmpfs", "-o", "size=1m", "none", at: "ram")
        for part in ["merged-upper", "merged-lower", "merged-work"] { _ = try mounts.directory("ram/" + part) }
        let overlay = try storage(merged)
        #expect(overlay.unknown == "the upper directory of the overlay cannot be seen from here", "\(overlay)")
        #expect(!overlay.isMemory && overlay.device == nil)
        let loop = try storage(disk)
        let name = (device as NSString).lastPathComponent
        #expect(
            loop.unknown == "the file behind ext4 on \(name), \(ram)/image, cannot be seen from here", "\(loop)")
        #expect(loop.device?.disks == [name])
    }

    @Test func aDiskIsADisk() throws {
        let root = Storage(behind: "/")
        guard MountTable.read().mount(of: "/")?.major != 0 else { return }
        #expect(root.medium == .disk && root.unknown == nil, "\(root)")
        #expect(root.text.contains(" on "))
    }
}
