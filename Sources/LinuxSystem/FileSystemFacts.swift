// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import SystemPackage

/// How full a file system is, from one `statvfs(3)`.
public struct FileSystemSpace: Hashable, Sendable {
    /// The smallest amount that is counted, in bytes (`f_frsize`).
    public var blockSize: Int64
    /// What is in use: `f_blocks` less `f_bfree`, in bytes.
    public var used: Int64
    /// What anybody may still take: `f_bavail`, in bytes.
    public var available: Int64
    /// What root may still take: `f_bfree`, in bytes, the blocks reserved for root included.
    public var unused: Int64
    /// Inodes in use: `f_files` less `f_ffree`.
    public var usedFiles: Int64
    /// Inodes that anybody may still take: `f_favail`.
    public var availableFiles: Int64
    /// All inodes; 0 where the file system does not count them, as btrfs.
    public var files: Int64

    /// 100 % as df has it: what is in use and what is available; blocks reserved for root are no part of it.
    public var capacity: Int64 { used + available }

    init(_ facts: statvfs) {
        let size = UInt64(facts.f_frsize)
        func bytes(_ blocks: UInt64) -> Int64 {
            // Some file systems report more than 64 bits can count.
            let (product, overflow) = blocks.multipliedReportingOverflow(by: size)
            return overflow ? .max / 4 : min(.max / 4, Int64(clamping: product))
        }
        blockSize = max(1, Int64(clamping: size))
        unused = bytes(UInt64(facts.f_bfree))
        used = max(0, bytes(UInt64(facts.f_blocks)) - unused)
        available = bytes(UInt64(facts.f_bavail))
        files = Int64(clamping: UInt64(facts.f_files))
        usedFiles = max(0, files - Int64(clamping: UInt64(facts.f_ffree)))
        availableFiles = Int64(clamping: UInt64(facts.f_favail))
    }
}

/// How full a file system is, again and again, from a directory that is kept open: 1 µs a look.
public final class FileSystemGauge {
    private let directory: OwnedDescriptor?
    /// Who asks in our place; `nil` where we ask ourselves, and hang where the file system does.
    let questions: FileSystemQuestions?
    private let path: String
    private var isSilenceTold = false

    /// Opens `directory`; `nil` where it cannot be opened.
    ///
    /// - Parameters:
    ///   - isAside: whether a process of its own asks, for who must not hang: the observer. Where none can be had, we
    ///     ask ourselves.
    ///   - descriptors: directories of ours that this process may be asked of, too.
    public init?(_ directory: String, isAside: Bool = false, with descriptors: [Int32] = []) {
        path = directory
        questions = isAside ? FileSystemQuestions(directory, with: descriptors) : nil
        if questions != nil {
            self.directory = nil
        } else {
            guard let opened = try? OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY) else { return nil }
            self.directory = consume opened
        }
    }

    /// The figures of this moment; `nil` where the file system does not answer.
    public var space: FileSystemSpace? {
        if let questions {
            if case .value(let space) = questions.space() { return space }
            return nil
        }
        var facts = statvfs()
        return fstatvfs(rawDescriptor, &facts) == 0 ? FileSystemSpace(facts) : nil
    }

    private var rawDescriptor: Int32 {
        switch directory {
        case .some(let directory): directory.rawValue
        case .none: -1
        }
    }

    /// What there is to tell of a file system that has not answered for a second; once for each time.
    public func takeSilence() -> String? {
        guard let questions, questions.silence > 1_000_000_000 else {
            isSilenceTold = false
            return nil
        }
        if isSilenceTold { return nil }
        isSilenceTold = true
        return "the file system of \(path) has not answered for 1 s: \(questions.asker.text); until it does, nobody "
            + "knows what is taken there"
    }

    /// Writes the file system out, after which btrfs shows what was taken and given back before.
    ///
    /// The corresponding C function is `syncfs`.
    public func sync() { _ = CLinux_syncfs(rawDescriptor) }
}

/// What is known of the file system behind a directory that files are to be made in.
public struct FileSystemFacts: Sendable {
    /// The directory's path without symbolic links.
    public var directory: String
    /// The file system, such as `ext4`.
    public var type: String
    /// What is mounted, such as `/dev/vda1`.
    public var source: String
    /// What its files are kept on in the end.
    public var storage: Storage
    /// Whether its files are in memory rather than on a disk.
    public var isMemory: Bool { storage.isMemory }
    /// How full it is.
    public var space: FileSystemSpace
    /// What ext4 keeps from root, too, so that it never fails to write its own metadata: bytes that `unused` includes
    /// (`reserved_clusters` in `Documentation/ABI/testing/sysfs-fs-ext4` of the kernel);
    /// `nil` where that cannot be read.
    public var heldBack: Int64?

    /// File systems that keep their files in memory.
    static let memoryTypes: Set<String> = ["tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"]

    /// Why a directory cannot be used, for people.
    public enum Problem: Error, Hashable, Sendable {
        /// There is no such directory, or it is something else: the profile is wrong.
        case missing(String)
        /// It is there, and this process or the file system does not allow it.
        case refused(String)
    }

    /// Whether `statvfs` lags behind until the file system is written out.
    public var isStale: Bool { type == "btrfs" }

    /// Whether this process may take the blocks that ext4 reserves, as root and `CAP_SYS_RESOURCE` may
    /// (`ext4_has_free_clusters` in `fs/ext4/balloc.c`).
    public static var mayUseReserved: Bool { geteuid() == 0 || CLinux_has_capability(24) == 1 }

    /// What files are made in where nobody says where: `$TMPDIR`, else `/tmp`.
    public static var temporaryDirectory: String {
        let value = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return value.hasPrefix("/") ? value : "/tmp"
    }

    /// Looks at `path`, which must be a directory that this process may make files in.
    ///
    /// - Parameter location: what leads to the same where it is held; then `path`, which has no links, is not resolved.
    public init(_ path: String, at location: String? = nil, mounts: MountTable = .read()) throws(Problem) {
        if location == nil {
            // Loads write there.
            if let hung = Places.waitForAnswer(of: path, writes: true) {
                throw .refused("the file system of '\(path)' does not answer: \(hung.text)")
            }
            guard let resolved = realpath(path, nil) else {
                throw errno == ENOENT || errno == ENOTDIR
                    ? .missing("there is no directory '\(path)'")
                    : .refused("'\(path)' cannot be reached: \(Errno(rawValue: errno))")
            }
            defer { free(resolved) }
            directory = String(cString: resolved)
        } else {
            directory = path
        }
        let place = location ?? directory
        var facts = stat()
        guard stat(place, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
            throw .missing("'\(path)' is not a directory")
        }
        guard access(place, W_OK | X_OK) == 0 else {
            throw errno == EROFS
                ? .refused("'\(path)' is on a file system that is mounted read-only")
                : .refused("there is no permission to make files in '\(path)'")
        }
        guard let space = FileSystemGauge(place)?.space else {
            throw .refused("the file system of '\(path)' does not say how full it is")
        }
        self.space = space
        let mount = mounts.mount(of: directory, at: location)
        type = mount?.type ?? "unknown"
        source = mount?.source ?? "unknown"
        storage = Storage(of: mount, mounts: mounts)
        let blockSize = space.blockSize
        heldBack = type == "ext4" ? Self.heldBack(source).map { $0.multipliedSaturating(by: blockSize) } : 0
    }

    private static func heldBack(_ source: String) -> Int64? {
        guard let device = realpath(source, nil) else { return nil }
        defer { free(device) }
        let name = String(cString: device).split(separator: "/").last.map(String.init) ?? ""
        return ProcFile("/sys/fs/ext4/\(name)/reserved_clusters")?.integer
    }
}
