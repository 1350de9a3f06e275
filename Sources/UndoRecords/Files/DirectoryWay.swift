// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem

/// The way to a directory, opened step by step from the root, through no link.
struct DirectoryWay: ~Copyable {
    /// The directory, or the nearest one above it that is there.
    let last: OwnedDescriptor
    /// Whether the way leads all the way.
    let isWhole: Bool

    init(_ path: String) {
        Places.waitForAnswer(of: path)
        var folder = OwnedDescriptor(owning: open("/", NamedObject.pathFlags))
        var isWhole = true
        for name in path.split(separator: "/") {
            let next = openat(folder.rawValue, String(name), NamedObject.pathFlags)
            guard next >= 0 else {
                isWhole = false
                break
            }
            folder = OwnedDescriptor(owning: next)
        }
        last = folder
        self.isWhole = isWhole
    }

    /// A directory, open for reading, on the file system of `identity`; `nil` where that is mounted nowhere.
    func mount(of identity: FileIdentity) -> OwnedDescriptor? {
        if let found = Self.onFileSystem(of: identity, openat(last.rawValue, ".", Self.readFlags)) { return found }
        let mounts = MountTable.read().entries.filter { !MountedFileSystem.mayHang($0) }
        for mount in mounts {
            if let found = Self.onFileSystem(of: identity, open(mount.point, Self.readFlags)) { return found }
        }
        return nil
    }

    private static let readFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC

    private static func onFileSystem(of identity: FileIdentity, _ descriptor: Int32) -> OwnedDescriptor? {
        guard descriptor >= 0 else { return nil }
        let folder = OwnedDescriptor(owning: descriptor)
        guard FileIdentity(of: folder.rawValue)?.isOnSameFileSystem(as: identity) == true else { return nil }
        return folder
    }
}

/// Looks for a file or a directory through what lies in a directory and below it, as far as some ten milliseconds go.
struct NearSearch {
    private static let deepest = 12
    private static let mostEntries = 20_000

    private let identity: FileIdentity
    private let isDirectory: Bool
    private var left = mostEntries

    init(for identity: FileIdentity, isDirectory: Bool) {
        self.identity = identity
        self.isDirectory = isDirectory
    }

    /// Under which name it is in a directory; `nil` where it is not, or where that cannot be read.
    mutating func name(in folder: borrowing OwnedDescriptor) -> String? {
        for name in Self.names(in: folder.rawValue, limit: left) {
            left -= 1
            if ObjectSearch.isIn(folder, name, identity) { return name }
        }
        return nil
    }

    /// The directory that it is in, and its name there.
    mutating func below(_ folder: borrowing OwnedDescriptor, depth: Int = 0) -> Spot? {
        var folders: [String] = []
        for name in Self.names(in: folder.rawValue, limit: left) {
            left -= 1
            var facts = stat()
            guard fstatat(folder.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let isFolder = facts.st_mode & S_IFMT == S_IFDIR
            if isFolder == isDirectory || !isDirectory, UInt64(facts.st_ino) == identity.inode,
                ObjectSearch.isIn(folder, name, identity)
            {
                let own = openat(folder.rawValue, ".", NamedObject.pathFlags)
                return own >= 0 ? Spot(folder: OwnedDescriptor(owning: own), name: name) : nil
            }
            // Not into other file systems.
            if isFolder, UInt64(facts.st_dev) == identity.device { folders.append(name) }
        }
        guard depth < Self.deepest else { return nil }
        for name in folders where left > 0 {
            let next = openat(folder.rawValue, name, NamedObject.pathFlags)
            guard next >= 0 else { continue }
            if let found = below(OwnedDescriptor(owning: next), depth: depth + 1) { return found }
        }
        return nil
    }

    private static func names(in folder: Int32, limit: Int) -> [String] {
        limit > 0 ? DirectoryReader.names(ofDescriptor: folder, limit: limit) : []
    }
}
