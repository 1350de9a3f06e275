// SPDX-License-Identifier: Apache-2.0

/// An effect that outlives the process that made it, and how it is undone.
public enum UndoAction: Hashable, Sendable {
    /// A file of a unique name that is about to be created with `O_EXCL`; undone by removing it.
    case removeFile(path: String)
    /// A directory of a unique name that is about to be created; undone by removing it and the files in it.
    case removeTree(path: String)
    /// A group of a pseudo file system such as resctrl, of a unique name, that is about to be made; undone by rmdir(2)
    /// alone: the files in it are the kernel's.
    case removeGroup(path: String)
    /// The soft limit on open files of another process; undone by putting `soft` back where it is at most `lowered`.
    ///
    /// `lowered` is the highest value that exert sets: a limit above it was set by somebody else since, and stays.
    /// `startTime` is the process's own, from ``ProcessIdentity``, so that a successor of the same id is left alone.
    case restoreOpenFileLimit(processID: Int32, startTime: UInt64, soft: UInt64, lowered: UInt64)

    /// The path, where there is one.
    var path: String? {
        switch self {
        case .removeFile(let path), .removeTree(let path), .removeGroup(let path): path
        case .restoreOpenFileLimit: nil
        }
    }

    /// What undoing it does, for people.
    public var summary: String {
        switch self {
        case .removeFile(let path): "remove the file \(path)"
        case .removeTree(let path): "remove the directory \(path)"
        case .removeGroup(let path): "remove the group \(path)"
        case .restoreOpenFileLimit(let processID, _, let soft, _):
            "set the open file limit of process \(processID) back to \(soft)"
        }
    }

    /// Whether `path` is one that may ever be removed: absolute, without detours, its last part named as exert names
    /// files, so that no record, whoever wrote it, can take anything else away.
    static func isRemovable(_ path: String) -> Bool {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count < 4096, !path.utf8.contains(0) else { return false }
        let parts = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: Array($0), as: UTF8.self) }
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return false }
        return [".exert-", "exert-"].contains { parts[parts.count - 1].hasPrefix($0) && parts[parts.count - 1] != $0 }
    }
}

/// Why an effect cannot be recorded or undone.
public struct UndoProblem: Error, CustomStringConvertible, Sendable {
    /// What happened, for people.
    public var description: String

    /// Creates a problem.
    public init(_ description: String) { self.description = description }
}

/// What came of undoing one record.
public struct UndoOutcome: Sendable {
    /// How it went.
    public enum Kind: Hashable, Sendable {
        /// The effect is undone.
        case undone
        /// There was nothing left to undo, or what is there is not ours any more; the record is gone.
        case nothingLeft
        /// It could not be undone; the record stays.
        case failed
        /// It would be undone, in a dry run.
        case wouldUndo
    }

    /// How it went.
    public var kind: Kind
    /// One sentence without a full stop, for people.
    public var text: String
}

/// A record that is taken back into the effect that it is about.
public struct UndoRecord: ~Copyable, Sendable {
    /// What stands in the record.
    public let entry: Entry
    private let journal: UndoJournal

    init(_ entry: Entry, in journal: UndoJournal) {
        self.entry = entry
        self.journal = journal
    }

    /// Undoes the effect now and removes the record.
    ///
    /// - Throws: ``UndoProblem`` where the effect could not be undone; the record stays.
    @discardableResult
    public consuming func undo() throws(UndoProblem) -> UndoOutcome {
        let outcome = journal.undo(entry)
        if outcome.kind == .failed { throw UndoProblem(outcome.text) }
        return outcome
    }

    /// Removes the record, the effect being undone already or never made.
    public consuming func discard() { journal.removeFile(named: entry.file) }

    /// One record of the journal.
    public struct Entry: Hashable, Sendable {
        /// The name of the record's file.
        public var file: String
        /// What is to be undone.
        public var action: UndoAction
        /// Who made the effect.
        public var owner: ProcessIdentity
        /// The device (`st_dev`) of the directory that the path is in; 0 where there is no path.
        var device: UInt64
    }
}
