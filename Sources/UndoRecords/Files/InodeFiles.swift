// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Empty files that are held for their inodes; all are given back when their owner is gone.
///
/// Files without a name cost a descriptor each, and the kernel gives them back however the process ends. Files with a
/// name are in one directory, of which an undo record tells.
public struct InodeFiles: ~Copyable {
    private let directory: OwnedDescriptor
    private let treePath: String
    private let journal: UndoJournal
    private var unnamed: [Int32] = []
    private var tree: InodeTree?

    /// Prepares to make files in `directory`.
    ///
    /// - Parameter journal: where the record of named files goes.
    public init(in directory: String, journal: UndoJournal) throws(SpaceProblem) {
        do throws(Errno) {
            self.directory = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        } catch {
            throw SpaceProblem(error)
        }
        treePath = Self.treePath(of: getpid(), in: directory) ?? directory + "/.exert-inodes-\(getpid())"
        self.journal = journal
    }

    deinit {
        for descriptor in unnamed { close(descriptor) }
        // The undo of a tree, which comes now, empties it; what goes wrong there is told by the next start.
    }

    /// Where process `processID` puts files that have names; `nil` where it is gone.
    public static func treePath(of processID: Int32, in directory: String) -> String? {
        ProcessIdentity.startTime(of: processID).map {
            "\(directory == "/" ? "" : directory)/.exert-inodes-\(processID)-\($0)"
        }
    }

    /// How many descriptors a process holds for named ones, `entries` with their directory: of that and its record, of
    /// the directories that these two are in, and of the list of what they are.
    public static func treeDescriptors(entries: Int64) -> Int64 { entries > 1 ? 5 : 4 }

    /// How many files have got other names, which stay when theirs are removed.
    public private(set) var linkedCount = 0

    /// Whether something else was found under the name of a file, so that their directory stays.
    public var isMixed: Bool {
        switch tree {
        case .none: false
        case .some(let tree): tree.isMixed
        }
    }

    /// How many files have no name.
    public var unnamedCount: Int { unnamed.count }
    /// How many inodes are held in all, the directory of the named ones and the list in it included.
    public var count: Int { unnamed.count + namedCount }
    private var namedCount: Int {
        switch tree {
        case .none: 0
        case .some(let tree): tree.entries + 1
        }
    }

    /// Makes up to `wanted` files without a name.
    ///
    /// - Throws: ``SpaceProblem`` of the first file that could not be made; those before it are held.
    public mutating func addUnnamed(_ wanted: Int) throws(SpaceProblem) {
        for _ in 0..<wanted {
            let descriptor = CLinux_open_unnamed_in(directory.rawValue)
            guard descriptor >= 0 else {
                // EISDIR: a kernel that does not know the flag; ENOENT: an old overlay.
                throw [EISDIR, ENOENT].contains(errno) ? .unsupported : SpaceProblem(Errno(rawValue: errno))
            }
            unnamed.append(descriptor)
        }
    }

    /// Makes up to `wanted` files with names; the directory that they are in counts as the first of them, and the list
    /// of what they are as the second.
    public mutating func addNamed(_ wanted: Int) throws(SpaceProblem) {
        var wanted = wanted
        if wanted > 0, tree == nil {
            tree = try makeTree()
            wanted -= 1
        }
        for _ in 0..<max(0, wanted) {
            if let problem = tree?.add() { throw problem }
        }
    }

    private func makeTree() throws(SpaceProblem) -> InodeTree {
        do {
            var place = try NamedObject.place(treePath)
            var record = try journal.record(MadeFolder(place.object))
            guard mkdirat(place.folder.rawValue, place.object.name, 0o700) == 0 else {
                let problem = SpaceProblem(Errno(rawValue: errno))
                record.discard()
                throw problem
            }
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let descriptor = openat(place.folder.rawValue, place.object.name, flags)
            guard descriptor >= 0 else {
                let problem = SpaceProblem(Errno(rawValue: errno))
                _ = try? record.undo(directory: place.folder.rawValue)
                throw problem
            }
            let folder = OwnedDescriptor(owning: descriptor)
            // Whoever may rename things here could have put another directory there since; one of files is none of
            // ours, whoever it belongs to.
            var facts = stat()
            guard fstat(folder.rawValue, &facts) == 0, facts.st_uid == geteuid(), facts.st_mode & 0o077 == 0,
                DirectoryReader.names(ofDescriptor: folder.rawValue, limit: 1).isEmpty
            else { throw SpaceProblem.other("\(treePath) was replaced by somebody else") }
            place.object.object = FileIdentity(of: folder.rawValue)
            do {
                try record.update(MadeFolder(place.object))
            } catch {
                _ = try? record.undo(directory: place.folder.rawValue, object: folder.rawValue)
                throw error
            }
            return InodeTree(LiveObject(folder, in: place.takeFolder(), record))
        } catch let problem as SpaceProblem {
            throw problem
        } catch {
            throw .other("\(error)")
        }
    }

    /// Gives back `surplus` inodes, those with names first.
    public mutating func remove(_ surplus: Int) throws(SpaceProblem) {
        var surplus = surplus
        while surplus > 0, let entries = tree?.entries {
            if entries > 0 {
                // Where somebody else put things, the directory stays, and with it what tells them from ours.
                if tree?.isMixed == true, entries == 1 { break }
                if let problem = tree?.removeLast(&linkedCount) { throw problem }
            } else if let tree = tree.take() {
                do { try tree.end() } catch { throw .other(error.description) }
            }
            surplus -= 1
        }
        for _ in 0..<min(surplus, unnamed.count) { close(unnamed.removeLast()) }
    }
}

/// The directory of the files that have names.
private struct InodeTree: ~Copyable {
    let folder: LiveObject
    private var list: InodeList?
    private var files = 0
    /// Whether something else was found under the name of a file.
    private(set) var isMixed = false

    private var number: Int32 { folder.descriptor.rawValue }

    init(_ folder: LiveObject) { self.folder = folder }

    /// What is in it: the list, and behind it the files.
    var entries: Int {
        switch list {
        case .none: 0
        case .some: files + 1
        }
    }

    /// Makes one more file, by its number; before the first one the list.
    mutating func add() -> SpaceProblem? {
        do throws(Errno) {
            guard list != nil else {
                list = try InodeList(makingIn: number)
                return nil
            }
            _ = try check(mknodat(number, "\(files)", S_IFREG | 0o600, 0))
            do throws(Errno) {
                guard let mark = InodeMark("\(files)", in: number, of: geteuid()) else { throw .fileExists }
                try list?.set(files, mark)
            } catch {
                unlinkat(number, "\(files)", 0)
                throw error
            }
            files += 1
            return nil
        } catch {
            return SpaceProblem(error)
        }
    }

    /// Removes what was made last, where that is still what has its name.
    ///
    /// - Parameter linkedCount: counts files that stay under other names.
    mutating func removeLast(_ linkedCount: inout Int) -> SpaceProblem? {
        guard files > 0 else {
            list = nil
            return unlinkat(number, InodeList.name, 0) == 0 || errno == ENOENT
                ? nil : .other("\(Errno(rawValue: errno))")
        }
        let name = "\(files - 1)"
        if let mark = InodeMark(name, in: number, of: geteuid()), list?.mark(files - 1) == mark {
            guard unlinkat(number, name, 0) == 0 || errno == ENOENT else {
                return SpaceProblem(Errno(rawValue: errno))
            }
            if mark.links > 1 { linkedCount += 1 }
        } else if faccessat(number, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 {
            isMixed = true
        }
        files -= 1
        return nil
    }

    consuming func end() throws(UndoProblem) { try folder.end() }
}
