// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem

/// A group of a pseudo file system such as resctrl; undone by rmdir(2) alone: the files in it are the kernel's.
struct MadeGroup: NamedEffect {
    /// See ``Undoable/keyword``.
    static let keyword = "made-group"

    let object: NamedObject

    init(_ object: NamedObject) { self.object = object }

    /// See ``Undoable/summary``.
    var summary: String { "remove the group \(object.path)" }

    /// See ``Undoable/undo(_:)``.
    func undo(_ circumstances: UndoCircumstances) -> UndoOutcome {
        let removal = Removal(object, circumstances, kind: S_IFDIR)
        return removal.carryOut { (spot, _) throws(Removal.Refusal) in
            try removal.prove(try Removal.open(spot, O_RDONLY | O_DIRECTORY))
            // Its tasks are back where they came from.
            if !circumstances.isDryRun { try Removal.unlink(spot, AT_REMOVEDIR) }
            return nil
        } nameless: { _ throws(Removal.Refusal) in
            throw .notOurs("it was moved to where its name cannot be found")
        }
    }
}
