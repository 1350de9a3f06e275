// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
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
    private let descriptor: OwnedDescriptor
    private var record: UndoRecord?

    private init(_ descriptor: consuming OwnedDescriptor, _ record: consuming UndoRecord? = nil) {
        self.descriptor = descriptor
        self.record = record
    }

    deinit {
        // An explicit end says what went wrong; here nobody listens, and the record stays for the next start.
        if let record = consume record { _ = try? record.undo() }
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
        let name = ".exert-\(getpid())-\(String(UInt64.random(in: 0...(.max)), radix: 16))"
        var file = try named("\(directory)/\(name)", journal: journal)
        if let record = file.record.take() {
            // Undone while the descriptor is open: the file lives on without its name.
            do { try record.undo() } catch { throw .other(error.description) }
        }
        return file
    }

    /// Creates a file that everybody can see, whose path must end in a unique name that begins with `.exert-`.
    public static func named(_ path: String, journal: UndoJournal) throws(SpaceProblem) -> SpaceFile {
        let record: UndoRecord
        do { record = try journal.record(.removeFile(path: path)) } catch { throw .other(error.description) }
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            let problem = SpaceProblem(Errno(rawValue: errno))
            record.discard()
            throw problem
        }
        return SpaceFile(OwnedDescriptor(owning: descriptor), record)
    }

    /// The file's size in bytes.
    public var size: Int64 {
        var facts = stat()
        return fstat(descriptor.rawValue, &facts) == 0 ? Int64(facts.st_size) : 0
    }

    /// What the file system says that the file takes (`st_blocks`), in bytes.
    public var allocated: Int64 {
        var facts = stat()
        return fstat(descriptor.rawValue, &facts) == 0 ? Int64(facts.st_blocks) * 512 : 0
    }

    /// Takes the space from `offset` on, without writing to it: `fallocate(2)` in mode 0.
    public func allocate(at offset: Int64, count: Int64) throws(SpaceProblem) {
        while CLinux_fallocate(descriptor.rawValue, offset, count) != 0 {
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
            let count = pwrite(descriptor.rawValue, base + done, bytes.count - done, off_t(offset) + done)
            if count < 0 {
                let error = Errno(rawValue: errno)
                if error == .interrupted { continue }
                if done > 0 { break }
                throw SpaceProblem(error)
            }
            done += count
        }
        guard fdatasync(descriptor.rawValue) == 0 else { throw SpaceProblem(Errno(rawValue: errno)) }
        return done
    }

    /// Gives back what lies behind `size`, blocks behind the end of the file included.
    public func setSize(_ size: Int64) throws(SpaceProblem) {
        while ftruncate(descriptor.rawValue, off_t(size)) != 0 {
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

/// The files without a name, or of exert's own names, that a process holds open below a directory.
///
/// Read by the observer through `/proc/PID/fd`: what the kernel says, not what the stressor says of itself.
public final class HeldFiles {
    /// One of our files, which is the same as long as its number leads to the same inode.
    private struct Known {
        let number: String
        let device: dev_t
        let inode: ino_t
    }

    /// What is known is asked this often before the table is read again.
    private static let trust = 10

    private let table: OwnedDescriptor
    private let directory: String
    private var questions: FileSystemQuestions?
    private var known: [Known] = []
    /// How many descriptors there were when the table was read; `nil` where the kernel does not count them.
    private var count: Int64?
    private var asked = 0
    private var target = [CChar](repeating: 0, count: 4096)
    private var numbers = [Int32](repeating: 0, count: 1024)
    private let held: Int32?

    /// Opens the descriptor table of process `processID`; `nil` where it may not be looked into.
    ///
    /// - Parameters:
    ///   - directory: where the files are, without symbolic links.
    ///   - held: a descriptor of that directory, which may be renamed; it must stay open.
    public init?(processID: Int32, directory: String, held: Int32? = nil) {
        guard let table = try? OwnedDescriptor.open("/proc/\(processID)/fd", O_RDONLY | O_DIRECTORY) else { return nil }
        self.table = table
        self.directory = directory
        self.held = held
    }

    /// The directory of the process's descriptors.
    public var rawDescriptor: Int32 { table.rawValue }

    /// Lets `gauge` ask for the files from now on, where it asks aside; it must know ``rawDescriptor``.
    public func ask(through gauge: FileSystemGauge) { questions = gauge.questions }

    /// The file that a descriptor of the process leads to; `nil` where there is none, or no answer.
    private func facts(_ number: String) -> stat? {
        if let questions {
            if case .value(let facts) = questions.file(number, below: table.rawValue) { return facts }
            return nil
        }
        var facts = stat()
        return fstatat(table.rawValue, number, &facts, 0) == 0 ? facts : nil
    }

    /// How much space they take (`st_blocks`) in bytes; `nil` where the process is gone, or nobody answers.
    ///
    /// As long as there are as many descriptors as before and ours lead to the same files, only these are asked: 2 µs
    /// each, where reading the table costs 20 and more.
    public var allocated: Int64? {
        if asked < Self.trust, let count, count == countNow, let sum = allocatedOfKnown {
            asked += 1
            return sum
        }
        return readTable()
    }

    /// How many descriptors the process has; `nil` where the kernel does not count them.
    private var countNow: Int64? {
        var facts = stat()
        guard DescriptorTable.isCountedByKernel, fstat(table.rawValue, &facts) == 0 else { return nil }
        return Int64(facts.st_size)
    }

    private var allocatedOfKnown: Int64? {
        var sum: Int64 = 0
        for file in known {
            guard let facts = facts(file.number), facts.st_dev == file.device, facts.st_ino == file.inode else {
                return nil
            }
            sum += Int64(facts.st_blocks) * 512
        }
        return sum
    }

    private func readTable() -> Int64? {
        (known, asked) = ([], 0)
        // Counted first: what is opened after that makes a difference the next time.
        count = countNow
        // Listed through the directory that is open: when no more files can be opened, this still works. The standard
        // streams and what the observer passed on are not the load's.
        let found = CLinux_list_descriptors(table.rawValue, 5, &numbers, numbers.count)
        guard found >= 0 else { return nil }
        var sum: Int64 = 0
        let place = held.flatMap { RealPath.ofDescriptor($0) } ?? directory
        for number in numbers.prefix(Int(found)) where number > 4 {
            let text = "\(number)"
            let length = readlinkat(table.rawValue, text, &target, target.count)
            guard length > 0, isOurs(target[..<length], in: place == "/" ? "" : place) else { continue }
            guard let facts = facts(text) else {
                // Closed since; or there is no answer, and the sum is not known.
                guard questions?.silence ?? 0 > 0 else { continue }
                count = nil
                return nil
            }
            guard facts.st_mode & S_IFMT == S_IFREG else { continue }
            known.append(Known(number: text, device: facts.st_dev, inode: facts.st_ino))
            sum += Int64(facts.st_blocks) * 512
        }
        return sum
    }

    /// `/directory/#123 (deleted)` or `/directory/.exert-…`.
    private func isOurs(_ target: ArraySlice<CChar>, in directory: String) -> Bool {
        let text = String(decoding: target.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard text.hasPrefix(directory + "/") else { return false }
        let name = text.dropFirst(directory.count + 1)
        return !name.contains("/") && (name.hasPrefix("#") || name.hasPrefix(".exert-"))
    }
}
