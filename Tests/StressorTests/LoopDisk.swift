// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A small file system of its own on a loop device; unmounted and gone with its owner.
final class LoopDisk: Sendable {
    /// Where it is mounted.
    let path: String
    private let image: String
    private let device: String

    /// Whether this machine lets us make one: root, with loop devices and the tool.
    static func isPossible(_ type: String = "ext4") -> Bool {
        geteuid() == 0 && access("/dev/loop-control", W_OK) == 0 && find("mkfs.\(type)") != nil
            && find("losetup") != nil
    }

    /// Makes one of `size` bytes in `folder`; its image takes space only as it is written to.
    init(type: String = "ext4", size: Int, in folder: String = NSTemporaryDirectory()) throws {
        let place = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let name = "\(place)/exert-loop-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        image = name + ".img"
        path = name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: image, contents: nil), truncate(image, size) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
        try Self.run("mkfs.\(type)", type == "ext4" ? ["-q", "-E", "lazy_itable_init=0", image] : ["-q", image])
        // Past the page cache of the file system below, so that what fails there fails here.
        device = try Self.run("losetup", ["--find", "--show", "--direct-io=on", image])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try Self.run("mount", [device, path])
    }

    deinit {
        _ = try? Self.run("umount", ["-l", path])
        _ = try? Self.run("losetup", ["--detach", device])
        unlink(image)
        rmdir(path)
    }

    /// Takes all of its space; whether nothing is left.
    func fill() throws -> Bool {
        let descriptor = open(path + "/full", O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { close(descriptor) }
        var step: off_t = 8 << 20
        var size: off_t = 0
        while step >= 4096 {
            if posix_fallocate(descriptor, size, step) == 0 { size += step } else { step /= 2 }
        }
        var facts = statvfs()
        return statvfs(path, &facts) == 0 && facts.f_bavail < 64
    }

    /// Takes from the image what it has of data, so that it needs space for what is written from now on.
    func forgetContent() {
        // All but the file system's own first blocks; what is punched out reads as zeros, which nobody looks at here.
        _ = try? Self.run("fallocate", ["--punch-hole", "--offset", "8MiB", "--length", "1GiB", image])
    }

    /// Mounts it anew with other options, such as `ro`.
    func remount(_ option: String) throws { try Self.run("mount", ["-o", "remount,\(option)", path]) }

    private static func find(_ tool: String) -> String? {
        ["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"].map { $0 + tool }.first { access($0, X_OK) == 0 }
    }

    @discardableResult
    private static func run(_ tool: String, _ arguments: [String]) throws -> String {
        guard let path = find(tool) else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
        return text
    }
}
