// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// A record that this process has locked: its own, or one that a dead process left.
///
/// The lock ends with the process, however that ends: with it a record is nobody's any more.
public struct UndoRecord: ~Copyable, Sendable {
    /// Who made the effect.
    public let owner: UndoOwner
    /// What is to be undone.
    public private(set) var effect: any Undoable
    /// The name of the record's file.
    let name: String
    private let file: OwnedDescriptor
    private let folder: OwnedDescriptor

    init(
        _ content: UndoText.Content, name: String, file: consuming OwnedDescriptor, in folder: consuming OwnedDescriptor
    ) {
        owner = content.owner
        effect = content.effect
        self.name = name
        self.file = file
        self.folder = folder
    }

    /// Puts on disk what is known of the effect now; for one that is being made, whose record is already there.
    ///
    /// - Throws: ``UndoProblem`` where that cannot be written; what the record said before still counts.
    public mutating func update(_ effect: some Undoable) throws(UndoProblem) {
        do throws(Errno) {
            try file.write(all: Array(UndoText.block(effect).utf8))
            _ = try check(fdatasync(file.rawValue))
            self.effect = effect
        } catch {
            throw UndoProblem("the undo record \(name) cannot be written to: \(error)")
        }
    }

    /// Undoes the effect now and removes the record.
    ///
    /// - Parameters:
    ///   - directory: the directory that something was made in, where it is still open.
    ///   - object: what was made, where it is still open.
    /// - Throws: ``UndoProblem`` where the effect could not be undone; the record stays, and is nobody's.
    @discardableResult
    public consuming func undo(directory: Int32? = nil, object: Int32? = nil) throws(UndoProblem) -> UndoOutcome {
        var circumstances = UndoCircumstances(owner: owner)
        circumstances.directory = directory
        circumstances.object = object
        let outcome = effect.undo(circumstances)
        if outcome.kind == .failed { throw UndoProblem(outcome.text) }
        remove()
        return outcome
    }

    /// What undoing would do.
    func preview(mayWait: Bool) -> UndoOutcome {
        var circumstances = UndoCircumstances(owner: owner)
        circumstances.mayWait = mayWait
        circumstances.isDryRun = true
        return effect.undo(circumstances)
    }

    /// Removes the record, the effect being undone already or never made.
    public consuming func discard() { remove() }

    /// Removes the file, which may have got another name, or its directory one, and makes that last.
    private func remove() {
        var (own, found) = (stat(), stat())
        guard fstat(file.rawValue, &own) == 0,
            fstatat(folder.rawValue, name, &found, AT_SYMLINK_NOFOLLOW) == 0, own.st_dev == found.st_dev,
            own.st_ino == found.st_ino
        else { return }
        unlinkat(folder.rawValue, name, 0)
        // A record that comes back after a power cut finds nothing left to undo.
        fsync(folder.rawValue)
    }
}
