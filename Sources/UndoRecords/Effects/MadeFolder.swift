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
            let (left, links) = try Self.empty(folder, of: facts)
            if left > 0 { throw .notOurs("\(left) things in it are not files of exert") }
            if let identity = object.object, !ObjectSearch.isIn(spot.folder, spot.name, identity) {
                throw .notOurs("it was renamed just now; run exert cleanup again")
            }
            try Removal.unlink(spot, AT_REMOVEDIR)
            return links > 0 ? "\(links) of its files stay under other names, and are empty" : nil
        } nameless: { _ throws(Removal.Refusal) in
            throw .notOurs("it was moved to where its name cannot be found")
        }
    }

    /// Removes the files that are ours: with numbers as names, and the very inodes that the list in the directory tells
    /// of; how many other things there are, and how many files have other names, which stay.
    private static func empty(
        _ folder: borrowing OwnedDescriptor, of facts: stat
    ) throws(Removal.Refusal) -> (left: Int, links: Int) {
        let list = InodeList.open(of: facts.st_uid, in: folder.rawValue)
        let (hasList, count) = (list != nil, list?.count ?? 0)
        var links = 0
        // Names are taken in portions: a directory may hold millions of them.
        while true {
            let names = DirectoryReader.names(ofDescriptor: folder.rawValue, limit: 10_000)
            var removed = 0
            for name in names {
                guard let file = Int(name), name == "\(file)", file >= 0,
                    let mark = InodeMark(name, in: folder.rawValue, of: facts.st_uid)
                else { continue }
                // One that is not in the list yet was made last; versions before this one kept none.
                if hasList, file != count, list?.mark(file) != mark { continue }
                if mark.links > 1 { links += 1 }
                guard unlinkat(folder.rawValue, name, 0) == 0 else { throw .system(Errno(rawValue: errno)) }
                removed += 1
            }
            if removed > 0 { continue }
            // Last, so that whoever comes after a crash still knows.
            guard hasList, names == [InodeList.name] else { return (names.count - (hasList ? 1 : 0), links) }
            guard unlinkat(folder.rawValue, InodeList.name, 0) == 0 else { throw .system(Errno(rawValue: errno)) }
        }
    }
}
