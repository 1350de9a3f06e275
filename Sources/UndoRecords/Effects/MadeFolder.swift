// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// A directory of files whose names are numbers; undone by removing these and it.
struct MadeFolder: NamedEffect {
    /// See ``Undoable/keyword``.
    static let keyword = "made-folder"

    let object: NamedObject

    init(_ object: NamedObject) { self.object = object }

    /// See ``Undoable/summary``.
    var summary: String { "remove the directory \(object.path)" }

    /// See ``Undoable/undo(_:)``.
    func undo(_ circumstances: UndoCircumstances) -> UndoOutcome {
        let removal = Removal(object, circumstances, kind: S_IFDIR)
        return removal.carryOut { (spot, facts) throws(Removal.Refusal) in
            let folder = try Removal.open(spot, O_RDONLY | O_DIRECTORY)
            try removal.prove(folder)
            if object.object == nil, !DirectoryReader.names(ofDescriptor: folder.rawValue, limit: 1).isEmpty {
                throw .notOurs("it is not the empty directory that may have been made there")
            }
            if circumstances.isDryRun { return nil }
            // Through the open directory, which is proven to be ours, whatever has its name by now.
            let left = try Self.empty(folder, of: facts)
            if left > 0 { throw .notOurs("\(left) things in it are not files of exert") }
            if let identity = object.object, !ObjectSearch.isIn(spot.folder, spot.name, identity) {
                throw .notOurs("it was renamed just now; run exert cleanup again")
            }
            try Removal.unlink(spot, AT_REMOVEDIR)
            return nil
        } nameless: { _ throws(Removal.Refusal) in
            throw .notOurs("it was moved to where its name cannot be found")
        }
    }

    /// Removes the files that are ours: with numbers as names, of the same user and device; how many others there are.
    private static func empty(_ folder: borrowing OwnedDescriptor, of facts: stat) throws(Removal.Refusal) -> Int {
        // Names are taken in portions: a directory may hold millions of them.
        while true {
            let names = DirectoryReader.names(ofDescriptor: folder.rawValue, limit: 10_000)
            var removed = 0
            for name in names where name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                var file = stat()
                guard fstatat(folder.rawValue, name, &file, AT_SYMLINK_NOFOLLOW) == 0,
                    file.st_mode & S_IFMT == S_IFREG, file.st_uid == facts.st_uid, file.st_dev == facts.st_dev
                else { continue }
                guard unlinkat(folder.rawValue, name, 0) == 0 else { throw .system(Errno(rawValue: errno)) }
                removed += 1
            }
            if removed == 0 { return names.count }
        }
    }
}
