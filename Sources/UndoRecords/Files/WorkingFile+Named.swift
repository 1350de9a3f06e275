// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import LinuxSystem
public import SystemPackage

/// A file that has a name for a moment, where the file system has none without.
enum BriefName {
    /// Makes one in `directory`; for that moment there is an undo record.
    static func make(in directory: String, flags: Int32, journal: UndoJournal) throws -> OwnedDescriptor {
        let number = String(UInt64.random(in: 0...(.max)), radix: 16)
        let place = try NamedObject.place("\(directory == "/" ? "" : directory)/.exert-\(getpid())-\(number)")
        let record = try journal.record(MadeFile(place.object))
        let all = flags | O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = openat(place.folder.rawValue, place.object.name, all, 0o600)
        let error = Errno(rawValue: errno)
        // Some file systems make the file and then refuse to open it for direct I/O.
        unlinkat(place.folder.rawValue, place.object.name, 0)
        record.discard()
        guard descriptor >= 0 else { throw error }
        return OwnedDescriptor(owning: descriptor)
    }
}

extension WorkingFile {
    /// Creates an empty file in `directory` that has no name.
    ///
    /// Where the file system has no such files, one of a unique name is made and its name removed at once.
    public static func create(in directory: String, isDirect: Bool) throws(Errno) -> WorkingFile {
        do throws(Errno) {
            return try unnamed(in: directory, isDirect: isDirect)
        } catch {
            guard isWithoutUnnamedFiles(error) else { throw error }
        }
        do {
            let flags = isDirect ? CLinux_o_direct : 0
            return WorkingFile(try BriefName.make(in: directory, flags: flags, journal: .standard()))
        } catch let error as Errno {
            throw error
        } catch {
            throw .permissionDenied
        }
    }
}

extension DirectAlignment {
    /// Finds what files in `directory` want, by making one without a name there.
    ///
    /// - Throws: `Errno`; ``Errno/invalidArgument`` where the file system takes no direct I/O.
    public static func probe(in directory: String) throws(Errno) -> DirectAlignment {
        try DirectAlignment(of: try WorkingFile.create(in: directory, isDirect: true))
    }
}

extension Technique {
    /// Files in `directory`, which must exist: made without a name, 1 MiB at the most, and gone when this returns.
    public static func files(in directory: String) -> [Technique] {
        files(in: directory) { (directory, isDirect) throws(Errno) in
            try WorkingFile.create(in: directory, isDirect: isDirect)
        }
    }
}
