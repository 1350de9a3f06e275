// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import SystemPackage

/// Undoing itself: every step is taken on open directories, none through a symbolic link.
enum UndoEffect {
    static func undo(_ entry: UndoRecord.Entry) -> UndoOutcome {
        switch entry.action {
        case .removeFile(let path): remove(path, entry, .file)
        case .removeTree(let path): remove(path, entry, .tree)
        case .removeGroup(let path): remove(path, entry, .group)
        case .restoreOpenFileLimit(let processID, let startTime, let soft, let lowered):
            restore(processID, entry.owner, startTime: startTime, soft: soft, lowered: lowered)
        }
    }

    // MARK: Files

    /// What is removed: a directory with the files in it, or without a look at what the kernel shows in it.
    private enum Kind { case file, tree, group }

    private static func remove(_ path: String, _ entry: UndoRecord.Entry, _ kind: Kind) -> UndoOutcome {
        func failed(_ reason: String) -> UndoOutcome {
            UndoOutcome(kind: .failed, text: "\(path) is left: \(reason)")
        }
        let gone = UndoOutcome(kind: .nothingLeft, text: "\(path) is gone already")
        let (ways, name) = UndoPlace.parts(of: path)
        var isWhole = false
        let parent: OwnedDescriptor
        do throws(Errno) {
            parent = try UndoPlace.open(ways, isWhole: &isWhole)
        } catch {
            return failed("the way to it cannot be opened: \(error)")
        }
        var facts = stat()
        guard isWhole, fstatat(parent.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
            if isWhole, errno != ENOENT { return failed("\(Errno(rawValue: errno))") }
            // What is not there may be on a file system that is not mounted now.
            guard fstat(parent.rawValue, &facts) == 0 else { return failed("\(Errno(rawValue: errno))") }
            let isNameless = CLinux_major(entry.device) == 0
            if facts.st_dev == entry.device || (isNameless && entry.owner.isAlive == false) { return gone }
            return failed("the file system that it is on is not mounted; mount it, then run exert cleanup")
        }
        guard facts.st_uid == geteuid() else { return failed("it belongs to another user") }
        guard facts.st_mode & S_IFMT == (kind == .file ? S_IFREG : S_IFDIR) else {
            return failed("it is not a \(kind == .file ? "file" : "directory") of exert")
        }
        do throws(Errno) {
            let left = try kind == .tree ? removeTree(name, in: parent, device: facts.st_dev) : 0
            if left > 0 { return failed("\(left) things in it are not files of exert") }
            _ = try check(unlinkat(parent.rawValue, name, kind == .file ? 0 : AT_REMOVEDIR))
        } catch {
            return error == .noSuchFileOrDirectory ? gone : failed("\(error)")
        }
        return UndoOutcome(kind: .undone, text: "removed \(path)")
    }

    /// How deep a tree of ours may be.
    private static let deepest = 4

    /// Empties a directory; how many things are left, because they are neither files nor directories of one device.
    private static func removeTree(
        _ name: String, in parent: borrowing OwnedDescriptor, device: dev_t, depth: Int = 0
    ) throws(Errno) -> Int {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let folder = OwnedDescriptor(owning: try check(openat(parent.rawValue, name, flags)))
        var left = 0
        // Names are taken in portions: a directory may hold millions of them.
        while true {
            let names = DirectoryReader.names(ofDescriptor: folder.rawValue, limit: 10_000)
            var removed = 0
            left = 0
            for name in names {
                var facts = stat()
                guard fstatat(folder.rawValue, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                let type = facts.st_mode & S_IFMT
                if type == S_IFREG {
                    _ = try check(unlinkat(folder.rawValue, name, 0))
                    removed += 1
                } else if type == S_IFDIR, facts.st_dev == device, depth < deepest {
                    let inside = try removeTree(name, in: folder, device: device, depth: depth + 1)
                    left += inside
                    if inside > 0 { continue }
                    _ = try check(unlinkat(folder.rawValue, name, AT_REMOVEDIR))
                    removed += 1
                } else {
                    left += 1
                }
            }
            if removed == 0 { return left }
        }
    }

    // MARK: Limits

    private static func restore(
        _ processID: Int32, _ owner: ProcessIdentity, startTime: UInt64, soft: UInt64, lowered: UInt64
    ) -> UndoOutcome {
        var process = owner
        process.processID = processID
        process.startTime = startTime
        let subject = "the open file limit of process \(processID)"
        guard let isAlive = process.isAlive else {
            return UndoOutcome(kind: .failed, text: "\(subject) is left: whether the process runs cannot be told here")
        }
        guard isAlive else {
            return UndoOutcome(kind: .nothingLeft, text: "\(subject) needs no undoing: the process has ended")
        }
        let limit: OpenFileLimit
        do throws(Errno) {
            limit = try OpenFileLimit.of(processID: processID)
        } catch {
            return UndoOutcome(kind: .failed, text: "\(subject) cannot be read: \(error)")
        }
        // Who lowered it may have followed the process further down; above its bound somebody else has been at it.
        guard limit.soft <= lowered, limit.soft < soft else {
            return UndoOutcome(
                kind: .nothingLeft, text: "\(subject) is left at \(limit.soft): it was changed by somebody else since")
        }
        let restored = min(soft, limit.hard)
        do throws(Errno) {
            try OpenFileLimit.setSoft(restored, ofProcess: processID)
        } catch {
            return UndoOutcome(kind: .failed, text: "\(subject) cannot be set: \(error)")
        }
        return UndoOutcome(kind: .undone, text: "set \(subject) back to \(restored)")
    }
}

/// Where a file of ours is or will be.
struct UndoPlace {
    /// The path with no symbolic link on the way.
    var path: String
    /// The device of the directory that it is in.
    var device: UInt64

    /// Checks a path that something of ours is about to be created at.
    static func new(_ path: String) throws(UndoProblem) -> UndoPlace {
        guard UndoAction.isRemovable(path), let slash = path.lastIndex(of: "/") else {
            throw UndoProblem("\(path) is not a path that exert would ever remove")
        }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        guard let resolved = realpath(directory, nil) else {
            throw UndoProblem("\(directory): \(Errno(rawValue: errno))")
        }
        defer { free(resolved) }
        let parent = String(cString: resolved)
        let place = (parent == "/" ? "" : parent) + path[slash...]
        var facts = stat()
        guard lstat(place, &facts) != 0, errno == ENOENT else { throw UndoProblem("\(place) is there already") }
        guard stat(parent, &facts) == 0 else { throw UndoProblem("\(parent): \(Errno(rawValue: errno))") }
        return UndoPlace(path: place, device: UInt64(facts.st_dev))
    }

    /// The directories on the way, and the last part.
    static func parts(of path: String) -> ([String], String) {
        let parts = path.split(separator: "/").map(String.init)
        return (parts.dropLast(), parts.last ?? "")
    }

    /// Opens the directory at the end of `ways`, or where that is gone the nearest one above it that is there.
    static func open(_ ways: [String], isWhole: inout Bool) throws(Errno) -> OwnedDescriptor {
        let flags = pathFlags
        var folder = try OwnedDescriptor.open("/", flags)
        for name in ways {
            let next = openat(folder.rawValue, name, flags | O_CLOEXEC)
            if next < 0 {
                if errno == ENOENT { return folder }
                throw Errno(rawValue: errno)
            }
            folder = OwnedDescriptor(owning: next)
        }
        isWhole = true
        return folder
    }

    /// `O_PATH`, which Swift does not see, needs no permission to read a directory on the way.
    private static let pathFlags = 0o10000000 | O_DIRECTORY | O_NOFOLLOW
}
