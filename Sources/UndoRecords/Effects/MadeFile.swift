// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// A file that was made in a directory of others; undone by emptying it and removing its name.
struct MadeFile: NamedEffect {
    /// See ``Undoable/keyword``.
    static let keyword = "made-file"

    let object: NamedObject

    init(_ object: NamedObject) { self.object = object }

    /// See ``Undoable/summary``.
    var summary: String { "remove the file \(object.path)" }

    /// See ``Undoable/undo(_:)``.
    func undo(_ circumstances: UndoCircumstances) -> UndoOutcome {
        let removal = Removal(object, circumstances, kind: S_IFREG)
        return removal.carryOut { (spot, facts) throws(Removal.Refusal) in
            guard object.object != nil || facts.st_size == 0 && facts.st_nlink == 1 else {
                throw .notOurs("it is not the empty file that may have been made there")
            }
            if circumstances.isDryRun { return nil }
            // Through the open file, which is proven to be ours: what it holds is given back whatever other names it
            // has, and whoever moves it meanwhile.
            let file = try Removal.open(spot, O_WRONLY | O_NONBLOCK)
            try removal.prove(file)
            while ftruncate(file.rawValue, 0) != 0, errno == EINTR {}
            try Removal.unlink(spot, 0)
            var after = stat()
            guard fstat(file.rawValue, &after) == 0, after.st_nlink > 0 else { return nil }
            return "\(after.st_nlink) other names of it stay, and it is empty"
        } nameless: { file throws(Removal.Refusal) in
            // Opened again for writing: a handle that is open for reading cannot be emptied.
            if !circumstances.isDryRun, truncate("/proc/self/fd/\(file.rawValue)", 0) != 0 {
                throw .system(Errno(rawValue: errno))
            }
            throw .notOurs(
                "it was moved to where its name cannot be found; what it held is given back, and an empty file stays")
        }
    }
}

/// The steps that all removals share: find, prove, remove, say.
struct Removal {
    /// Why something is left.
    enum Refusal: Error {
        case notOurs(String)
        case system(Errno)
    }

    private let object: NamedObject
    private let circumstances: UndoCircumstances
    private let kind: mode_t

    /// Prepares the removal of something that must be of `kind`, such as `S_IFREG`.
    init(_ object: NamedObject, _ circumstances: UndoCircumstances, kind: mode_t) {
        self.object = object
        self.circumstances = circumstances
        self.kind = kind
    }

    private var path: String { object.path }
    private var word: String { kind == S_IFREG ? "file" : "directory" }

    /// Finds what was made and has `remove` remove it, which returns what is to be said besides.
    func carryOut(
        _ remove: (borrowing Spot, stat) throws(Refusal) -> String?,
        nameless: (borrowing OwnedDescriptor) throws(Refusal) -> Void
    ) -> UndoOutcome {
        do throws(Refusal) {
            switch ObjectSearch(object, circumstances).find() {
            case .gone: return UndoOutcome(.nothingLeft, "\(path) is gone already")
            case .unknown(let reason): return UndoOutcome(.failed, "\(path) is left: \(reason)")
            case .nameless(let file):
                try nameless(file)
                return UndoOutcome(.failed, "\(path) is left")
            case .here(let spot):
                var facts = stat()
                guard fstatat(spot.folder.rawValue, spot.name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
                    throw .system(Errno(rawValue: errno))
                }
                guard facts.st_uid == object.object.map({ uid_t($0.user) }) ?? geteuid() else {
                    throw .notOurs("it belongs to another user")
                }
                guard facts.st_mode & S_IFMT == kind else { throw .notOurs("it is not a \(word) of exert") }
                let place = LinkText.path(of: spot.folder.rawValue).map { ($0 == "/" ? "" : $0) + "/" + spot.name }
                if !circumstances.isDryRun, let hung = Places.waitForAnswer(of: place ?? path, writes: true) {
                    throw .notOurs("its file system does not answer: \(hung.text)")
                }
                let more = try remove(spot, facts)
                let moved = place == nil || place == path ? "" : ", which is now \(place ?? "")"
                if circumstances.isDryRun { return UndoOutcome(.wouldUndo, "would remove \(path)\(moved)") }
                return UndoOutcome(.undone, "removed \(path)\(moved)" + (more.map { "; \($0)" } ?? ""))
            }
        } catch {
            switch error {
            case .notOurs(let reason): return UndoOutcome(.failed, "\(path) is left: \(reason)")
            case .system(.noSuchFileOrDirectory): return UndoOutcome(.nothingLeft, "\(path) is gone already")
            case .system(let error): return UndoOutcome(.failed, "\(path) is left: \(error)")
            }
        }
    }

    /// Makes sure that an open file or directory is what was made.
    func prove(_ file: borrowing OwnedDescriptor) throws(Refusal) {
        guard let wanted = object.object else { return }
        guard let identity = FileIdentity(of: file.rawValue), identity.isSame(as: wanted) else {
            throw .notOurs("another \(word) has its name now")
        }
    }

    /// Opens what a name leads to, never through a link.
    static func open(_ spot: borrowing Spot, _ flags: Int32) throws(Refusal) -> OwnedDescriptor {
        let descriptor = openat(spot.folder.rawValue, spot.name, flags | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(Errno(rawValue: errno)) }
        return OwnedDescriptor(owning: descriptor)
    }

    /// Removes a name; what stands under it was just proven to be ours.
    ///
    /// Whoever could change that in between may remove the name as well: a file, or a directory that is empty.
    static func unlink(_ spot: borrowing Spot, _ flags: Int32) throws(Refusal) {
        guard unlinkat(spot.folder.rawValue, spot.name, flags) == 0 else { throw .system(Errno(rawValue: errno)) }
    }
}
