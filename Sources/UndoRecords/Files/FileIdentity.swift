// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What tells a file or a directory from every other one, whatever its name is.
///
/// An inode number alone is used again; the file system's own handle (`name_to_handle_at(2)`) carries a generation, and
/// the time of birth differs. What a file system does not have is not compared.
public struct FileIdentity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    /// `f_fsid` of `statfs(2)`: the same after a reboot, on most; 0 where it has none.
    var fileSystem: UInt64
    /// The kind of file system, of `linux/magic.h`.
    var magic: UInt64
    /// The user that it belongs to.
    var user: UInt64
    /// When it was made, in ns since the Unix epoch; 0 where nobody knows.
    var born: UInt64
    var handleType: UInt64
    /// Empty where the file system has none.
    var handle: [UInt8]

    /// Asks an open file; `nil` where it does not answer.
    init?(of descriptor: Int32) {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return nil }
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
        user = UInt64(facts.st_uid)
        fileSystem = CLinux_file_system_id(descriptor)
        magic = UInt64(max(0, CLinux_file_system_magic(descriptor)))
        born = UInt64(max(0, CLinux_birth_time(descriptor)))
        var (type, count) = (Int32(0), UInt32(128))
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let hasHandle = CLinux_file_handle(descriptor, &type, &bytes, &count) == 0
        handle = hasHandle ? Array(bytes.prefix(Int(count))) : []
        handleType = hasHandle ? UInt64(UInt32(bitPattern: type)) : 0
    }

    /// Whether it is the very same file, of the same user still.
    func isSame(as other: FileIdentity) -> Bool {
        guard isOnSameFileSystem(as: other), inode == other.inode, user == other.user else { return false }
        if born != 0, other.born != 0, born != other.born { return false }
        if handle.isEmpty || other.handle.isEmpty { return true }
        return handleType == other.handleType && handle == other.handle
    }

    /// Whether both are on one file system, which another device may have by now.
    func isOnSameFileSystem(as other: FileIdentity) -> Bool {
        if fileSystem != 0, other.fileSystem != 0, fileSystem != other.fileSystem { return false }
        if device == other.device { return true }
        return fileSystem != 0 && fileSystem == other.fileSystem && !handle.isEmpty && !other.handle.isEmpty
    }

    /// tmpfs, ramfs, resctrl and control groups: nothing of them is left after a reboot.
    var endsWithBoot: Bool { [0x0102_1994, 0x8584_58F6, 0x0765_5821, 0x0027_E0EB, 0x6367_7270].contains(magic) }

    /// As a record has it: numbers, and the handle's bytes in hexadecimal.
    var text: String {
        let bytes = handle.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(device) \(inode) \(fileSystem) \(magic) \(user) \(born) \(handleType) \(bytes.isEmpty ? "-" : bytes)"
    }

    init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let numbers = words.prefix(7).map { UInt64($0) }
        guard words.count == 8, !numbers.contains(nil) else { return nil }
        let figures = numbers.compactMap { $0 }
        (device, inode, fileSystem, magic) = (figures[0], figures[1], figures[2], figures[3])
        (user, born, handleType) = (figures[4], figures[5], figures[6])
        handle = []
        if words[7] == "-" { return }
        let digits = Array(words[7].utf8)
        guard !digits.isEmpty, digits.count <= 256, digits.count % 2 == 0 else { return nil }
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            handle.append(byte)
        }
    }
}
