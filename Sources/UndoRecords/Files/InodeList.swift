// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// What tells a numbered file from another one that has got its name.
struct InodeMark: Equatable {
    var inode: UInt64
    /// When it was made, in ns since the Unix epoch; 0 where the file system does not tell.
    var born: UInt64
    /// How many names it has; not told by a list.
    var links: UInt32 = 1

    static func == (one: InodeMark, other: InodeMark) -> Bool { one.inode == other.inode && one.born == other.born }

    /// Asks for `name` in an open directory, and whether it is an empty regular file of user `user`; `nil` where it is
    /// not.
    init?(_ name: String, in folder: Int32, of user: uid_t) {
        var facts = CLinux_file_facts()
        guard CLinux_look(folder, name, &facts) == 0, facts.mode & UInt32(S_IFMT) == UInt32(S_IFREG),
            facts.user == user, facts.size == 0
        else { return nil }
        (inode, born, links) = (facts.inode, UInt64(max(0, facts.born)), facts.links)
    }

    fileprivate init(inode: UInt64, born: UInt64) { (self.inode, self.born) = (inode, born) }
}

/// Which inodes the numbered files of a directory have: a file beside them, of 16 bytes for each.
///
/// It is written as they are made, so that whoever removes them, even after a crash, removes none that has only got the
/// name of one.
final class InodeList {
    /// Its name in the directory.
    static let name = "list"
    private static let entrySize = 16

    private let file: OwnedDescriptor

    private init(_ file: consuming OwnedDescriptor) { self.file = file }

    /// Makes an empty one in an open directory.
    init(makingIn folder: Int32) throws(Errno) {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        file = OwnedDescriptor(owning: try check(openat(folder, Self.name, flags, 0o600)))
    }

    /// Opens the one in an open directory; `nil` where there is none of user `user`.
    static func open(of user: uid_t, in folder: Int32) -> InodeList? {
        let descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let file = OwnedDescriptor(owning: descriptor)
        var facts = stat()
        guard fstat(file.rawValue, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == user else {
            return nil
        }
        return InodeList(file)
    }

    /// Notes what file `number` is.
    func set(_ number: Int, _ mark: InodeMark) throws(Errno) {
        var entry = (mark.inode, mark.born)
        let count = pwrite(file.rawValue, &entry, Self.entrySize, off_t(number * Self.entrySize))
        if count == Self.entrySize { return }
        throw count < 0 ? Errno(rawValue: errno) : .noSpace
    }

    /// How many files it tells of.
    var count: Int {
        var facts = stat()
        return fstat(file.rawValue, &facts) == 0 ? Int(facts.st_size) / Self.entrySize : 0
    }

    /// What file `number` is; `nil` where nobody has noted it yet.
    func mark(_ number: Int) -> InodeMark? {
        var entry: (UInt64, UInt64) = (0, 0)
        guard number <= Int.max / 32,
            pread(file.rawValue, &entry, Self.entrySize, off_t(number * Self.entrySize)) == Self.entrySize,
            entry.0 != 0
        else { return nil }
        return InodeMark(inode: entry.0, born: entry.1)
    }
}
