// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// A name in an open directory.
struct Spot: ~Copyable {
    let folder: OwnedDescriptor
    let name: String
}

/// Where something of ours is by now.
enum Whereabouts: ~Copyable {
    /// In this directory, under this name.
    case here(Spot)
    /// Open, but nobody knows under which name.
    case nameless(OwnedDescriptor)
    /// It is no more.
    case gone
    /// It cannot be told; why, for people.
    case unknown(String)
}

/// Looks for something that was made, also where somebody has renamed it, its directory or one above.
///
/// No step follows a link. By its handle the kernel finds what has moved, for root (`open_by_handle_at(2)`); others
/// look through what lies near the place where it was.
struct ObjectSearch {
    private let wanted: NamedObject
    private let circumstances: UndoCircumstances

    init(_ wanted: NamedObject, _ circumstances: UndoCircumstances) {
        self.wanted = wanted
        self.circumstances = circumstances
    }

    /// Looks for what was made.
    func find() -> Whereabouts {
        if wanted.parent.endsWithBoot, !circumstances.owner.isOfThisBoot { return .gone }
        if !circumstances.mayWait, let mount = MountTable.read().mount(above: wanted.directory),
            MountedFileSystem.mayHang(mount)
        {
            return .unknown("it was not looked for, since it is on \(mount.type), which may never answer")
        }
        if let object = circumstances.object, let found = locate(open: object) { return found }
        switch directory() {
        case .open(let folder): return find(in: folder)
        case .gone:
            // What was moved out of it before is not gone with it.
            return wanted.object.flatMap { findByHandle($0) } ?? .gone
        case .unknown(let reason): return wanted.object.flatMap { findByHandle($0) } ?? .unknown(reason)
        }
    }

    private func find(in folder: consuming OwnedDescriptor) -> Whereabouts {
        guard let object = wanted.object else {
            // Of what may or may not have been made, only its name is known.
            var facts = stat()
            let isThere = fstatat(folder.rawValue, wanted.name, &facts, AT_SYMLINK_NOFOLLOW) == 0
            if !isThere { return errno == ENOENT ? .gone : .unknown("\(Errno(rawValue: errno))") }
            return .here(Spot(folder: folder, name: wanted.name))
        }
        if Self.isIn(folder, wanted.name, object) { return .here(Spot(folder: folder, name: wanted.name)) }
        var search = NearSearch(for: object, isDirectory: false)
        if let name = search.name(in: folder) { return .here(Spot(folder: folder, name: name)) }
        if let found = findByHandle(object) { return found }
        // Nobody but root can be kept from seeing what another user moved; near by it would be found.
        if let spot = search.below(folder) { return .here(spot) }
        return .gone
    }

    /// What is known of an object that is open: where it is, or that it is no more; `nil` where neither can be told.
    private func locate(open object: Int32) -> Whereabouts? {
        var facts = stat()
        guard fstat(object, &facts) == 0, let identity = FileIdentity(of: object) else { return nil }
        if facts.st_nlink == 0 { return .gone }
        if let held = circumstances.directory, Self.isIn(held, wanted.name, identity),
            let folder = Self.again(held)
        {
            return .here(Spot(folder: folder, name: wanted.name))
        }
        return Self.locate(object, identity)
    }

    /// Where an open file is by what `/proc` says of its path; `nil` where that does not lead to it.
    private static func locate(_ descriptor: Int32, _ identity: FileIdentity) -> Whereabouts? {
        guard let path = LinkText.path(of: descriptor), let slash = path.lastIndex(of: "/") else { return nil }
        let name = String(path[path.index(after: slash)...])
        let way = DirectoryWay(slash == path.startIndex ? "/" : String(path[..<slash]))
        guard way.isWhole, let folder = again(way.last), isIn(folder, name, identity) else { return nil }
        return .here(Spot(folder: folder, name: name))
    }

    /// Asks the file system for the object itself; `nil` where that may not be asked.
    private func findByHandle(_ object: FileIdentity) -> Whereabouts? {
        switch Self.open(object, near: DirectoryWay(wanted.directory)) {
        case .gone: return .gone
        case .unknown: return nil
        case .open(let file):
            guard let identity = FileIdentity(of: file.rawValue), identity.isSame(as: object) else { return nil }
            var facts = stat()
            if fstat(file.rawValue, &facts) == 0, facts.st_nlink == 0 { return .gone }
            if let found = Self.locate(file.rawValue, object) { return found }
            return .nameless(file)
        }
    }

    // MARK: The directory

    /// A directory or a file that was asked for.
    enum Answer: ~Copyable {
        case open(OwnedDescriptor)
        case gone
        case unknown(String)
    }

    private func directory() -> Answer {
        if let held = circumstances.directory {
            var facts = stat()
            // One that is removed has no links, and nothing in it.
            if fstat(held, &facts) == 0, facts.st_nlink == 0 { return .gone }
            if let folder = Self.again(held) { return .open(folder) }
        }
        let way = DirectoryWay(wanted.directory)
        if way.isWhole, FileIdentity(of: way.last.rawValue)?.isSame(as: wanted.parent) == true {
            guard let folder = Self.again(way.last) else { return .unknown("\(wanted.directory) cannot be opened") }
            return .open(folder)
        }
        let (text, parent) = (wanted.directory, wanted.parent)
        switch Self.open(parent, near: way) {
        case .open(let folder): return .open(folder)
        case .gone: return .gone
        case .unknown(let reason):
            guard let nearest = FileIdentity(of: way.last.rawValue), nearest.isOnSameFileSystem(as: parent) else {
                return .unknown(reason)
            }
            var search = NearSearch(for: parent, isDirectory: true)
            if let spot = search.below(way.last) {
                let folder = openat(spot.folder.rawValue, spot.name, NamedObject.pathFlags)
                if folder >= 0 { return .open(OwnedDescriptor(owning: folder)) }
            }
            return .unknown(
                "\(text) is not there any more, and it was not found near by under another name; run exert cleanup as "
                    + "root, which finds it anywhere")
        }
    }

    /// Opens what has a handle, by any directory that is open on its file system.
    private static func open(_ identity: FileIdentity, near way: borrowing DirectoryWay) -> Answer {
        guard let mount = way.mount(of: identity) else {
            return .unknown("the file system that it is on is not mounted; mount it, then run exert cleanup")
        }
        guard !identity.handle.isEmpty else { return .unknown("its file system cannot be asked for it") }
        let type = Int32(truncatingIfNeeded: identity.handleType)
        let flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW
        let descriptor = CLinux_open_by_handle(
            mount.rawValue, type, identity.handle, UInt32(identity.handle.count), flags)
        if descriptor >= 0 { return .open(OwnedDescriptor(owning: descriptor)) }
        return errno == ESTALE ? .gone : .unknown("its file system cannot be asked for it: \(Errno(rawValue: errno))")
    }

    /// Another descriptor of an open directory.
    private static func again(_ folder: borrowing OwnedDescriptor) -> OwnedDescriptor? { again(folder.rawValue) }

    private static func again(_ folder: Int32) -> OwnedDescriptor? {
        let descriptor = openat(folder, ".", NamedObject.pathFlags)
        return descriptor >= 0 ? OwnedDescriptor(owning: descriptor) : nil
    }

    /// Whether `name` in an open directory is that very file.
    static func isIn(_ folder: borrowing OwnedDescriptor, _ name: String, _ identity: FileIdentity) -> Bool {
        isIn(folder.rawValue, name, identity)
    }

    private static func isIn(_ folder: Int32, _ name: String, _ identity: FileIdentity) -> Bool {
        var facts = stat()
        guard fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0, UInt64(facts.st_ino) == identity.inode else {
            return false
        }
        // O_PATH opens nothing but the name's end: neither a device nor a pipe notices.
        let descriptor = openat(folder, name, NamedObject.pathFlags & ~O_DIRECTORY)
        guard descriptor >= 0 else { return false }
        let file = OwnedDescriptor(owning: descriptor)
        return FileIdentity(of: file.rawValue)?.isSame(as: identity) == true
    }
}
