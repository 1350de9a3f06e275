// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import SystemPackage

/// Why a file of ours does not grow.
public enum SpaceProblem: Error, Hashable, Sendable {
    /// The file system is full (`ENOSPC`).
    case full
    /// A quota is used up (`EDQUOT`).
    case quota
    /// The file would be larger than files may be (`EFBIG`).
    case tooLarge
    /// The file system has no such call.
    case unsupported
    /// No more files may be opened (`EMFILE`, `ENFILE`).
    case noDescriptor
    /// Anything else, for people.
    case other(String)

    init(_ error: Errno) {
        switch error {
        case .noSpace: self = .full
        case .diskQuotaExceeded: self = .quota
        case .fileTooLarge: self = .tooLarge
        case .notSupported, .noFunction: self = .unsupported
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: self = .noDescriptor
        default: self = .other("\(error)")
        }
    }
}

/// A file that does nothing but hold space or an inode; what it holds is given back when its owner is gone.
///
/// Without a name the kernel gives it back in any case, however the process ends. With one there is an undo record on
/// disk before the file is made.
public struct SpaceFile: ~Copyable {
    private let unnamed: OwnedDescriptor?
    private let named: LiveObject?
    private let number: Int32

    private init(_ unnamed: consuming OwnedDescriptor) {
        number = unnamed.rawValue
        self.unnamed = consume unnamed
        named = nil
    }

    private init(named: LiveObject) {
        number = named.descriptor.rawValue
        unnamed = nil
        self.named = named
    }

    /// Creates a file without a name in `directory`: `open(2)` with `O_TMPFILE`.
    ///
    /// Where the file system has no such files, one of a unique name is made and its name removed at once; then an undo
    /// record covers the moment in between.
    public static func unnamed(in directory: String, journal: UndoJournal) throws(SpaceProblem) -> SpaceFile {
        let descriptor = CLinux_open_unnamed(directory)
        if descriptor >= 0 { return SpaceFile(OwnedDescriptor(owning: descriptor)) }
        // EISDIR: a kernel that does not know the flag; ENOENT: an old overlay.
        guard [EOPNOTSUPP, EISDIR, ENOENT].contains(errno) else { throw SpaceProblem(Errno(rawValue: errno)) }
        do {
            return SpaceFile(try BriefName.make(in: directory, flags: 0, journal: journal))
        } catch let error as Errno {
            throw SpaceProblem(error)
        } catch {
            throw .other("\(error)")
        }
    }

    /// Creates a file that everybody can see, whose path must end in a unique name that begins with `.exert-`.
    public static func named(_ path: String, journal: UndoJournal) throws(SpaceProblem) -> SpaceFile {
        do {
            var place = try NamedObject.place(path)
            var record = try journal.record(MadeFile(place.object))
            let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let descriptor = openat(place.folder.rawValue, place.object.name, flags, 0o600)
            if descriptor < 0 {
                let problem = SpaceProblem(Errno(rawValue: errno))
                record.discard()
                throw problem
            }
            let file = OwnedDescriptor(owning: descriptor)
            place.object.object = FileIdentity(of: file.rawValue)
            do {
                try record.update(MadeFile(place.object))
            } catch {
                _ = try? record.undo(directory: place.folder.rawValue, object: file.rawValue)
                throw error
            }
            return SpaceFile(named: LiveObject(file, in: place.takeFolder(), record))
        } catch let problem as SpaceProblem {
            throw problem
        } catch {
            throw .other("\(error)")
        }
    }

    /// The file's size in bytes.
    public var size: Int64 {
        var facts = stat()
        return fstat(number, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    /// What the file system says that the file takes (`st_blocks`), in bytes.
    public var allocated: Int64 {
        var facts = stat()
        return fstat(number, &facts) == 0 ? Int64(facts.st_blocks) * 512 : 0
    }

    /// Takes the space from `offset` on, without writing to it: `fallocate(2)` in mode 0.
    public func allocate(at offset: Int64, count: Int64) throws(SpaceProblem) {
        while CLinux_fallocate(number, offset, count) != 0 {
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw SpaceProblem(error) }
        }
    }

    /// Takes space by writing bytes that neither compress nor repeat, and waits until they are on disk: before that,
    /// some file systems have not taken it.
    ///
    /// - Returns: How many bytes were written before the file system was full.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SpaceProblem) -> Int {
        var done = 0
        while let base = bytes.baseAddress, done < bytes.count {
            let count = pwrite(number, base + done, bytes.count - done, off_t(offset) + done)
            if count < 0 {
                let error = Errno(rawValue: errno)
                if error == .interrupted { continue }
                if done > 0 { break }
                throw SpaceProblem(error)
            }
            done += count
        }
        guard fdatasync(number) == 0 else { throw SpaceProblem(Errno(rawValue: errno)) }
        return done
    }

    /// Gives back what lies behind `size`, blocks behind the end of the file included.
    public func setSize(_ size: Int64) throws(SpaceProblem) {
        while ftruncate(number, off_t(size)) != 0 {
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw SpaceProblem(error) }
        }
    }

    /// The largest file that this process may make, in bytes (`RLIMIT_FSIZE`); `nil` where there is no limit.
    ///
    /// Beyond it the kernel would send a signal that kills; from now on it answers with an error.
    public static func sizeLimit() -> Int64? {
        signal(SIGXFSZ, SIG_IGN)
        let limit = CLinux_file_size_limit()
        return limit == .max ? nil : Int64(clamping: limit)
    }
}
