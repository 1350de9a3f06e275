// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file system on a loop device of its own; unmounted and gone with its owner.
final class Disk {
    /// Where it is mounted.
    let path: String
    /// Its device's name, such as `loop0`.
    let name: String
    /// Its device's number, such as `7:0`, as limits of block I/O want it.
    let number: String
    private let image: String

    /// Makes one; its image takes space only as it is written to.
    init(mebibytes: Int, type: String, inodes: Int?, in folder: String) throws {
        image = folder + "/image"
        path = folder + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: image, contents: nil), truncate(image, mebibytes << 20) == 0 else {
            throw Failure("\(image) cannot be made")
        }
        // Without the root's reserve, so that full is full; without a journal, so that what is written is exert's.
        var options = ["-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=0"]
        if let inodes { options += ["-N", "\(inodes)"] }
        if type != "ext4" { options = ["-q"] }
        // The log of a large one would be a gigabyte, and written.
        if type == "xfs", mebibytes > 1 << 20 { options += ["-l", "size=64m"] }
        let make = (["mkfs.\(type)"] + options + [image]).map { "'\($0)'" }.joined(separator: " ")
        try Child.run("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; \(make)")
        // Past the page cache of the file system below, so that the device has a disk's own pace.
        let device = try Child.run(
            "sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; losetup --find --show --direct-io=on '\(image)'"
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        name = (device as NSString).lastPathComponent
        number = (Kernel.text("/sys/block/\(name)/dev") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        try Child.run("mount", device, path)
    }

    deinit {
        // Lazily: what a failed test left open ends with it.
        _ = try? Child.run("umount", "-l", path)
        _ = try? Child.run("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; losetup --detach /dev/\(name)")
        unlink(image)
        rmdir(path)
    }

    /// Bytes in use.
    var used: Double? {
        Kernel.fileSystem(path).map { Double($0.f_blocks - $0.f_bfree) * Double($0.f_frsize) }
    }

    /// Inodes in use.
    var usedInodes: Double? { Kernel.fileSystem(path).map { Double($0.f_files - $0.f_ffree) } }

    /// Takes space with a file of others, but for so many bytes.
    func fill(leaving: Int, file: String = "others") throws {
        let descriptor = open("\(path)/\(file)", O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw Failure("\(path)/\(file) cannot be made") }
        defer { close(descriptor) }
        // A file's own map takes blocks, too: what is left is looked at again.
        for _ in 0..<40 {
            guard let facts = Kernel.fileSystem(path) else { break }
            let free = Int(facts.f_bavail) * Int(facts.f_frsize) - leaving
            if free < Int(facts.f_frsize) { return }
            var size = stat()
            fstat(descriptor, &size)
            if posix_fallocate(descriptor, size.st_size, off_t(free)) != 0 {
                // Less than it says may be had at once.
                if posix_fallocate(descriptor, size.st_size, off_t(free / 2)) != 0 { return }
            }
        }
    }

    /// Takes from the image what it has of files' data, so that whatever is written from now on needs space below.
    func forgetContent() throws {
        // Behind the file system's own first blocks; what is punched out reads as zeros.
        try Child.run("fallocate", "--punch-hole", "--offset", "16MiB", "--length", "1GiB", image)
    }

    /// Makes it larger while it is mounted; of XFS.
    func grow(toMebibytes mebibytes: Int) throws {
        guard truncate(image, mebibytes << 20) == 0 else { throw Failure("\(image) cannot be made larger") }
        try Child.run(
            "sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; losetup --set-capacity /dev/\(name) && xfs_growfs '\(path)'")
    }

    /// Makes empty files of others.
    func makeFiles(_ count: Int) throws {
        let folder = "\(path)/others-\(UInt32.random(in: 0...UInt32.max))"
        guard mkdir(folder, 0o700) == 0 else { throw Failure("\(folder) cannot be made") }
        for number in 0..<count {
            let descriptor = open("\(folder)/\(number)", O_WRONLY | O_CREAT, 0o600)
            if descriptor < 0 { return }
            close(descriptor)
        }
    }
}
