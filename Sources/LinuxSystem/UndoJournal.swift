// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import SystemPackage

/// Records of effects that the kernel does not undo by itself when a process dies.
///
/// A record is on disk before the effect is made, and is removed when it is undone; what a dead process left is undone
/// by the next start or by `exert cleanup`. Each record is one small file in a directory that only its owner may write
/// to, and files there that are not exactly records are told and left alone.
public struct UndoJournal: Sendable {
    /// Where the records are.
    public let directory: String

    private static let prefix = "undo-"
    private static let temporaryPrefix = "new-undo-"
    /// A record is some hundred bytes and one path, each of whose characters may be escaped.
    private static let sizeLimit = 16 << 10

    /// Uses the records in `directory`, which is made when the first one is written.
    public init(directory: String) { self.directory = directory }

    /// The journal of this user.
    ///
    /// It is in the first of these that is set: `$EXERT_STATE_DIRECTORY`, `$STATE_DIRECTORY` (systemd), for root
    /// `/var/lib/exert`, else `$XDG_STATE_HOME/exert`, `$HOME/.local/state/exert`, `$TMPDIR/exert-UID`.
    public static func standard() -> UndoJournal {
        func variable(_ name: String) -> String? {
            let value = getenv(name).map { String(cString: $0) } ?? ""
            return value.hasPrefix("/") ? value : nil
        }
        if let directory = variable("EXERT_STATE_DIRECTORY") { return UndoJournal(directory: directory) }
        // systemd separates several by colons.
        if let directory = variable("STATE_DIRECTORY")?.split(separator: ":").first {
            // With DynamicUser it is a link, which is systemd's own.
            return UndoJournal(directory: RealPath.of(String(directory)) ?? String(directory))
        }
        if geteuid() == 0 { return UndoJournal(directory: "/var/lib/exert") }
        if let home = variable("XDG_STATE_HOME") { return UndoJournal(directory: home + "/exert") }
        if let home = variable("HOME") { return UndoJournal(directory: home + "/.local/state/exert") }
        return UndoJournal(directory: (variable("TMPDIR") ?? "/tmp") + "/exert-\(geteuid())")
    }

    // MARK: Writing

    /// Puts on disk how an effect is undone; make the effect only when this has returned.
    ///
    /// - Throws: ``UndoProblem`` where the record cannot be written, or where the path is not one that exert may
    ///   remove: its last part must begin with `.exert-` or `exert-`, and nothing may be there yet.
    public func record(_ action: UndoAction) throws(UndoProblem) -> UndoRecord {
        var action = action
        var device: UInt64 = 0
        if let path = action.path {
            let place = try UndoPlace.new(path)
            device = place.device
            switch action {
            case .removeFile: action = .removeFile(path: place.path)
            case .removeTree: action = .removeTree(path: place.path)
            case .removeGroup: action = .removeGroup(path: place.path)
            case .restoreOpenFileLimit: break
            }
        }
        let owner = ProcessIdentity.current()
        let name = "\(owner.processID)-\(owner.startTime)-\(String(UInt64.random(in: 0...(.max)), radix: 16))"
        let entry = UndoRecord.Entry(file: Self.prefix + name, action: action, owner: owner, device: device)
        do throws(Errno) {
            let folder = try openDirectory(creating: true)
            try write(UndoText.text(entry), as: entry.file, temporary: Self.temporaryPrefix + name, in: folder)
        } catch {
            throw UndoProblem(
                "no undo record can be written to \(directory): \(error); set EXERT_STATE_DIRECTORY to a directory of "
                    + "your own on a disk with room")
        }
        return UndoRecord(entry, in: self)
    }

    private func write(
        _ text: String, as name: String, temporary: String, in folder: borrowing OwnedDescriptor
    ) throws(Errno) {
        let descriptor = openat(folder.rawValue, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        let file = OwnedDescriptor(owning: try check(descriptor))
        do throws(Errno) {
            try file.write(all: Array(text.utf8))
            _ = try check(fsync(file.rawValue))
            _ = try check(renameat(folder.rawValue, temporary, folder.rawValue, name))
            _ = try check(fsync(folder.rawValue))
        } catch {
            unlinkat(folder.rawValue, temporary, 0)
            unlinkat(folder.rawValue, name, 0)
            throw error
        }
    }

    /// Opens the directory and makes sure that nobody else can put records into it.
    private func openDirectory(creating: Bool) throws(Errno) -> OwnedDescriptor {
        if creating { makeDirectories() }
        let folder = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        var facts = stat()
        _ = try check(fstat(folder.rawValue, &facts))
        guard facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0 else { throw .notPermitted }
        return folder
    }

    /// Makes the directory and those above it; what is wrong shows when it is opened.
    private func makeDirectories() {
        var end = directory.startIndex
        while end < directory.endIndex {
            end = directory[directory.index(after: end)...].firstIndex(of: "/") ?? directory.endIndex
            mkdir(String(directory[..<end]), 0o700)
        }
    }

    // MARK: Reading

    /// What is in the journal.
    public struct Listing: Sendable {
        /// Records whose owner is dead.
        public var stale: [UndoRecord.Entry] = []
        /// Records whose owner still runs.
        public var live: [UndoRecord.Entry] = []
        /// Files that are not ours to judge, each with the reason, for people.
        public var problems: [String] = []
    }

    /// Reads the whole journal.
    public func listing() -> Listing {
        var listing = Listing()
        let folder: OwnedDescriptor
        do throws(Errno) {
            folder = try openDirectory(creating: false)
        } catch {
            // No directory, no records.
            if error != .noSuchFileOrDirectory {
                let reason = error == .notPermitted ? "others may write to it, or own it" : "\(error)"
                listing.problems.append("\(directory) is not used: \(reason)")
            }
            return listing
        }
        for name in DirectoryReader.names(ofDescriptor: folder.rawValue).sorted() {
            // Something else may live in a state directory; only what is named as a record is looked at.
            if name.hasPrefix(Self.temporaryPrefix) { removeAbandoned(name) }
            guard name.hasPrefix(Self.prefix) else { continue }
            do throws(UndoProblem) {
                guard let entry = try read(name, in: folder) else { continue }
                switch entry.owner.isAlive {
                case true?: listing.live.append(entry)
                case false?: listing.stale.append(entry)
                case nil:
                    listing.problems.append(
                        "\(directory)/\(name) is left: whether its owner lives cannot be told here (another PID "
                            + "namespace, or a /proc that hides it)")
                }
            } catch {
                listing.problems.append(error.description)
            }
        }
        return listing
    }

    /// Records whose owner is dead.
    public func stale() -> [UndoRecord.Entry] { listing().stale }

    /// Reads one record; `nil` where it went away meanwhile.
    private func read(_ name: String, in folder: borrowing OwnedDescriptor) throws(UndoProblem) -> UndoRecord.Entry? {
        let descriptor = openat(folder.rawValue, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw UndoProblem("\(directory)/\(name) is left: it cannot be opened: \(Errno(rawValue: errno))")
        }
        let file = OwnedDescriptor(owning: descriptor)
        var facts = stat()
        guard fstat(file.rawValue, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_uid == geteuid(),
            facts.st_mode & 0o022 == 0, facts.st_nlink <= 1
        else { throw UndoProblem("\(directory)/\(name) is left: it is not a file that only its owner can write") }
        guard let bytes = try? SmallFile.bytes(ofDescriptor: file.rawValue, limit: Self.sizeLimit),
            let entry = UndoText.entry(String(decoding: bytes, as: UTF8.self), file: name)
        else { throw UndoProblem("\(directory)/\(name) is left: it is not a record of this version of exert") }
        return entry
    }

    /// Removes a record that was never finished, once the process that its name begins with is gone.
    private func removeAbandoned(_ name: String) {
        let parts = name.dropFirst(Self.temporaryPrefix.count).split(separator: "-")
        guard parts.count == 3, let processID = Int32(parts[0]), let startTime = UInt64(parts[1]) else { return }
        if ProcessIdentity.startTime(of: processID) != startTime { removeFile(named: name) }
    }

    /// Removes a file of the journal, and makes that last.
    func removeFile(named name: String) {
        guard let folder = try? openDirectory(creating: false) else { return }
        unlinkat(folder.rawValue, name, 0)
        // A record that comes back after a power cut finds nothing left to undo.
        fsync(folder.rawValue)
    }

    // MARK: Undoing

    /// Undoes what dead processes left, newest first, and says what came of each record.
    ///
    /// - Parameter isDryRun: only say what would be done.
    public func replay(isDryRun: Bool = false) -> [UndoOutcome] {
        let listing = listing()
        let outcomes = listing.stale.reversed().map { entry in
            isDryRun ? UndoOutcome(kind: .wouldUndo, text: "would \(entry.action.summary)") : undo(entry)
        }
        return outcomes + listing.problems.map { UndoOutcome(kind: .failed, text: $0) }
    }

    /// Undoes one record and removes it, unless that fails.
    func undo(_ entry: UndoRecord.Entry) -> UndoOutcome {
        let outcome = UndoEffect.undo(entry)
        if outcome.kind != .failed { removeFile(named: entry.file) }
        return outcome
    }
}
