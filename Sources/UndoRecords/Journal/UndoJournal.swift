// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Records of effects that the kernel does not undo by itself when a process dies.
///
/// A record is on disk before the effect is made, and is removed when it is undone. Whoever makes the effect holds a
/// lock on the record (`flock(2)`), which the kernel lets go with the process, in whatever namespace that lives; what
/// nobody holds was left, and is undone by the next start or by `exert cleanup`. Each record is one small file in a
/// directory that only its owner may write to, and files there that are not exactly records are told and left alone.
public struct UndoJournal: Sendable {
    /// Where the records are.
    public let directory: String
    /// The run that records are written for; empty for none.
    public var run = ""
    /// Whether those above the directory are made, too: below a home, and not where somebody has named a place.
    private var makesAbove = true

    static let prefix = "undo-"
    static let temporaryPrefix = "new-undo-"

    /// Uses the records in `directory`, which is made when the first one is written.
    public init(directory: String) { self.directory = directory }

    /// The journal of this user.
    ///
    /// It is in the first of these that is set: `$EXERT_STATE_DIRECTORY`, `$STATE_DIRECTORY` (systemd), for root
    /// `/var/lib/exert`, else `$XDG_STATE_HOME/exert`, `$HOME/.local/state/exert`, `$TMPDIR/exert-UID`.
    ///
    /// - Parameter run: the run that records are written for.
    public static func standard(run: String = "") -> UndoJournal {
        let named = variable(named)
        var journal = UndoJournal(directory: named ?? standardDirectory)
        journal.makesAbove = named == nil
        journal.run = run
        return journal
    }

    private static let named = "EXERT_STATE_DIRECTORY"

    private static func variable(_ name: String) -> String? {
        let value = getenv(name).map { String(cString: $0) } ?? ""
        return value.hasPrefix("/") ? value : nil
    }

    private static var standardDirectory: String {
        // systemd separates several by colons.
        if let directory = variable("STATE_DIRECTORY")?.split(separator: ":").first {
            // With DynamicUser it is a link, which is systemd's own.
            return RealPath.of(String(directory)) ?? String(directory)
        }
        if geteuid() == 0 { return "/var/lib/exert" }
        if let home = variable("XDG_STATE_HOME") { return home + "/exert" }
        if let home = variable("HOME") { return home + "/.local/state/exert" }
        return (variable("TMPDIR") ?? "/tmp") + "/exert-\(geteuid())"
    }

    // MARK: Writing

    /// Puts on disk how an effect is undone; make the effect only when this has returned.
    ///
    /// - Throws: ``UndoProblem`` where the record cannot be written.
    public func record(_ effect: some Undoable) throws(UndoProblem) -> UndoRecord {
        let owner = UndoOwner.current(run: run)
        do throws(Errno) {
            // Beyond a limit on files the kernel would kill; from now on it answers with an error.
            signal(SIGXFSZ, SIG_IGN)
            let folder = try openDirectory(creating: true)
            while true {
                let number = String(UInt64.random(in: 0...(.max)), radix: 16)
                let name = "\(owner.process.processID)-\(owner.process.startTime)-\(number)"
                let text = UndoText.head(owner) + UndoText.block(effect)
                if let file = try write(text, as: name, in: folder) {
                    let content = UndoText.Content(owner: owner, effect: effect)
                    return UndoRecord(content, name: Self.prefix + name, file: file, in: folder)
                }
            }
        } catch {
            throw UndoProblem("no undo record can be written to \(directory): \(error); \(Self.remedy)")
        }
    }

    private static let remedy = "set \(named) to a directory of your own on a disk with room"

    /// Writes a record, which is locked before anybody can see it under its name.
    ///
    /// - Returns: `nil` where somebody cleaned up in between.
    private func write(
        _ text: String, as name: String, in folder: borrowing OwnedDescriptor
    ) throws(Errno) -> OwnedDescriptor? {
        let (temporary, final) = (Self.temporaryPrefix + name, Self.prefix + name)
        let flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = OwnedDescriptor(owning: try check(openat(folder.rawValue, temporary, flags, 0o600)))
        do throws(Errno) {
            _ = try check(CLinux_lock(file.rawValue))
            try file.write(all: Array(text.utf8))
            _ = try check(fsync(file.rawValue))
            _ = try check(renameat(folder.rawValue, temporary, folder.rawValue, final))
            _ = try check(fsync(folder.rawValue))
            return file
        } catch {
            // Both mean that it was taken for one that nobody finishes.
            let isTaken = error == .noSuchFileOrDirectory || error == .resourceTemporarilyUnavailable
            unlinkat(folder.rawValue, temporary, 0)
            unlinkat(folder.rawValue, final, 0)
            if isTaken { return nil }
            throw error
        }
    }

    /// Opens the directory and makes sure that nobody else can put records into it.
    func openDirectory(creating: Bool) throws(Errno) -> OwnedDescriptor {
        if creating { makeDirectories() }
        let folder = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        var facts = stat()
        _ = try check(fstat(folder.rawValue, &facts))
        guard facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0 else { throw .notPermitted }
        return folder
    }

    /// Makes the directory and, where they are ours to make, those above it; what is wrong shows when it is opened.
    private func makeDirectories() {
        for end in makesAbove ? pathEnds : pathEnds.suffix(1) { mkdir(String(directory[..<end]), 0o700) }
    }

    /// Where the path of each directory on the way ends, and last its own.
    private var pathEnds: [String.Index] {
        var ends: [String.Index] = []
        var end = directory.startIndex
        while end < directory.endIndex {
            end = directory[directory.index(after: end)...].firstIndex(of: "/") ?? directory.endIndex
            ends.append(end)
        }
        return ends
    }

    /// Why no record could be written here, by what can be told without making anything; `nil` where one could.
    public var obstacle: String? {
        let reason: String
        do throws(Errno) {
            if Places.waitForAnswer(of: directory, writes: true) != nil { throw .timedOut }
            let folder = try openDirectory(creating: false)
            if faccessat(folder.rawValue, ".", W_OK | X_OK, AT_EACCESS) == 0 { return nil }
            reason = "\(Errno(rawValue: errno))"
        } catch .noSuchFileOrDirectory {
            let above = pathEnds.map { String(directory[..<$0]) }.last { access($0, F_OK) == 0 } ?? "/"
            let parent = pathEnds.dropLast().last.map { String(directory[..<$0]) } ?? "/"
            if !makesAbove, access(parent, F_OK) != 0 {
                return "no undo record can be kept in \(directory): there is no \(parent); make that first, or set "
                    + "\(Self.named) to a directory of your own on a disk with room"
            }
            // Beside it is made, which only a directory can take.
            if faccessat(AT_FDCWD, above + "/.", W_OK | X_OK, AT_EACCESS) == 0 { return nil }
            reason = "\(above): \(Errno(rawValue: errno))"
        } catch .notPermitted {
            reason = Self.foreign
        } catch {
            reason = "\(error)"
        }
        return "no undo record can be kept in \(directory): \(reason); \(Self.remedy)"
    }

    static let foreign = "others may write to it, or own it"
}
