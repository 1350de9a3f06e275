// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import SystemPackage

/// Empty files that are held for their inodes; all are given back when their owner is gone.
///
/// Files without a name cost a descriptor each, and the kernel gives them back however the process ends. Files with a
/// name are in one directory, of which an undo record tells.
public struct InodeFiles: ~Copyable {
    private let directory: OwnedDescriptor
    private let path: String
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
        path = directory
        treePath = Self.treePath(of: getpid(), in: directory) ?? directory + "/.exert-inodes-\(getpid())"
        self.journal = journal
    }

    deinit {
        for descriptor in unnamed { close(descriptor) }
        // The undo of a tree empties it; what goes wrong here is told by the next start.
        if let tree = consume tree { _ = try? tree.end() }
    }

    /// Where process `processID` puts files that have names; `nil` where it is gone.
    public static func treePath(of processID: Int32, in directory: String) -> String? {
        ProcessIdentity.startTime(of: processID).map {
            "\(directory == "/" ? "" : directory)/.exert-inodes-\(processID)-\($0)"
        }
    }

    /// How many files have no name.
    public var unnamedCount: Int { unnamed.count }
    /// How many inodes are held in all, the directory of the named ones included.
    public var count: Int { unnamed.count + namedCount }
    private var namedCount: Int {
        switch tree {
        case .none: 0
        case .some(let tree): tree.files + 1
        }
    }

    /// Makes up to `wanted` files without a name.
    ///
    /// - Throws: ``SpaceProblem`` of the first file that could not be made; those before it are held.
    public mutating func addUnnamed(_ wanted: Int) throws(SpaceProblem) {
        for _ in 0..<wanted {
            let descriptor = CLinux_open_unnamed(path)
            guard descriptor >= 0 else {
                // EISDIR: a kernel that does not know the flag; ENOENT: an old overlay.
                throw [EISDIR, ENOENT].contains(errno) ? .unsupported : SpaceProblem(Errno(rawValue: errno))
            }
            unnamed.append(descriptor)
        }
    }

    /// Makes up to `wanted` files with names; the directory that they are in counts as the first of them.
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
        let record: UndoRecord
        do { record = try journal.record(.removeTree(path: treePath)) } catch { throw .other(error.description) }
        let folder = mkdir(treePath, 0o700) == 0 ? open(treePath, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1
        guard folder >= 0 else {
            let problem = SpaceProblem(Errno(rawValue: errno))
            _ = try? record.undo()
            throw problem
        }
        return InodeTree(folder: OwnedDescriptor(owning: folder), record: record)
    }

    /// Gives back `surplus` inodes, those with names first.
    public mutating func remove(_ surplus: Int) throws(SpaceProblem) {
        var surplus = surplus
        while surplus > 0, let files = tree?.files {
            if files > 0 {
                if let problem = tree?.removeLast() { throw problem }
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
    let folder: OwnedDescriptor
    let record: UndoRecord
    var files = 0

    /// Makes one more file, by its number.
    mutating func add() -> SpaceProblem? {
        guard mknodat(folder.rawValue, "\(files)", S_IFREG | 0o600, 0) == 0 else {
            return SpaceProblem(Errno(rawValue: errno))
        }
        files += 1
        return nil
    }

    /// Removes the file that was made last.
    mutating func removeLast() -> SpaceProblem? {
        guard unlinkat(folder.rawValue, "\(files - 1)", 0) == 0 || errno == ENOENT else {
            return SpaceProblem(Errno(rawValue: errno))
        }
        files -= 1
        return nil
    }

    consuming func end() throws(UndoProblem) { try record.undo() }
}

/// The entries of one directory, counted as seldom as their number demands.
public final class EntryCounter {
    private let path: String
    private var questions: FileSystemQuestions?
    private var count: Int64 = 0
    private var nextCount: Int64 = 0

    /// Counts in the directory at `path`, which need not be there yet.
    ///
    /// - Parameter gauge: that of the directory above, which asks in our place where it does so aside.
    public init(_ path: String, through gauge: FileSystemGauge? = nil) {
        self.path = path
        questions = gauge?.questions
    }

    /// The directory and what is in it; 0 where it is not there, `nil` where the file system does not answer.
    ///
    /// A count that took long is not made again before twenty times as long has passed, unless `isExact`.
    public func read(isExact: Bool = false) -> Int64? {
        let begin = Clocks.monotonic
        if begin < nextCount, !isExact { return count }
        if let questions {
            guard case .value(let found) = questions.entries(String(path.split(separator: "/").last ?? "")) else {
                return nil
            }
            count = found
        } else {
            countHere()
        }
        let end = Clocks.monotonic
        nextCount = end + 20 * (end - begin)
        return count
    }

    private func countHere() {
        count = 0
        if let folder = try? OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) {
            count = 1
            DirectoryReader.forEach(ofDescriptor: folder.rawValue) { _ in
                count += 1
                return true
            }
        }
    }
}
