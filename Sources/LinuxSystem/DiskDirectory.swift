// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A directory to do disk I/O in, and what lies behind it.
public struct DiskDirectory: Sendable {
    /// The absolute path without links.
    public var path: String
    /// The file system, such as `ext4`.
    public var type: String
    /// What its files are kept on in the end.
    public var storage: Storage
    /// Whether its files are in memory rather than on a disk.
    public var isMemory: Bool { storage.isMemory }
    /// The size of the file system in bytes.
    public var totalBytes: Int64
    /// What any user may still take, in bytes (`f_bavail`): blocks reserved for root are left alone.
    public var freeBytes: Int64
    /// The block device behind it; `nil` where none can be seen, as on network file systems.
    public var device: BlockDevice? { storage.device }

    /// Looks at `path`, which must be a directory that this process may make files in.
    ///
    /// - Parameter location: what leads to the same where it is held; then `path`, which has no links, is not resolved.
    public init(
        _ path: String, at location: String? = nil, mounts: MountTable = .read()
    ) throws(FileSystemFacts.Problem) {
        let facts = try FileSystemFacts(path, at: location, mounts: mounts)
        self.path = facts.directory
        type = facts.type
        totalBytes = facts.space.used + facts.space.unused
        freeBytes = facts.space.available
        storage = facts.storage
    }
}

/// What direct I/O wants.
public struct DirectAlignment: Hashable, Sendable {
    /// What addresses must be multiples of, in bytes.
    public var memory: Int
    /// What offsets and lengths must be multiples of, in bytes.
    public var offset: Int

    /// Finds what direct I/O of a file wants, which must be open for it.
    ///
    /// - Throws: `Errno`; ``Errno/invalidArgument`` where the file system takes no direct I/O.
    public init(of file: borrowing WorkingFile) throws(Errno) {
        var memory: UInt32 = 0
        var offset: UInt32 = 0
        if CLinux_direct_alignment(file.rawDescriptor, &memory, &offset) == 0 {
            guard memory > 0, offset > 0 else { throw .invalidArgument }
            (self.memory, self.offset) = (Int(memory), Int(offset))
            return
        }
        // Before Linux 6.1, and where the file system does not say: the largest in use.
        (self.memory, self.offset) = (4096, 4096)
    }
}

/// A file without a name to read and write: the kernel removes it when the last descriptor is closed, in any case.
public struct WorkingFile: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor
    /// Whether it lies on an overlay, whose pages are those of a file below: sync_file_range(2) finds none there.
    private let isOverlay: Bool

    /// Takes a file that is open for reading and writing, and has no name.
    public init(_ descriptor: consuming OwnedDescriptor) {
        isOverlay = CLinux_is_overlay(descriptor.rawValue) == 1
        self.descriptor = descriptor
    }

    /// The number, for rings.
    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// Makes a file in a directory, for direct I/O or not, that has no name when this returns.
    public typealias Maker = (_ directory: String, _ isDirect: Bool) throws(Errno) -> WorkingFile

    /// Creates an empty file in `directory`: `open(2)` with `O_TMPFILE`.
    ///
    /// - Throws: `Errno`; what ``isWithoutUnnamedFiles(_:)`` knows where the file system has no such files.
    public static func unnamed(in directory: String, isDirect: Bool) throws(Errno) -> WorkingFile {
        let descriptor = try check(CLinux_open_working_file(directory, isDirect ? 1 : 0))
        return WorkingFile(OwnedDescriptor(owning: descriptor))
    }

    /// Whether an errno means that files without a name cannot be made there at all.
    public static func isWithoutUnnamedFiles(_ error: Errno) -> Bool {
        // EISDIR: a kernel that does not know the flag; ENOENT: an old overlay.
        error == .notSupportedOnSocket || error == .isDirectory || error == .noSuchFileOrDirectory
    }

    /// Takes `count` bytes of space from the file's start.
    ///
    /// The corresponding C function is `fallocate`.
    public func preallocate(_ count: Int64) throws(Errno) {
        while CLinux_fallocate(rawDescriptor, 0, count) != 0 {
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }

    /// Sets the size without taking space, where ``preallocate(_:)`` is not supported.
    public func setSize(_ count: Int64) throws(Errno) { _ = try check(ftruncate(rawDescriptor, off_t(count))) }

    /// What the file system says that the file takes (`st_blocks`), in bytes.
    public var allocated: Int64 {
        var facts = stat()
        return fstat(rawDescriptor, &facts) == 0 ? Int64(facts.st_blocks) * 512 : 0
    }

    /// Lets btrfs overwrite the file in place; only on an empty file, and nothing on other file systems.
    public func setNoCopyOnWrite() { _ = CLinux_set_no_copy_on_write(rawDescriptor) }

    /// Tells the kernel that reads come in no order, so that it does not read ahead.
    public func adviseRandom() { _ = posix_fadvise(rawDescriptor, 0, 0, Int32(POSIX_FADV_RANDOM)) }

    /// Drops clean pages of a range from the page cache.
    public func dropCache(at offset: Int64, count: Int64) {
        _ = posix_fadvise(rawDescriptor, off_t(offset), off_t(count), Int32(POSIX_FADV_DONTNEED))
    }

    /// Writes; returns the bytes written, or a negative errno.
    ///
    /// The corresponding C function is `pwritev2`; durable is `RWF_DSYNC`.
    public func write(_ bytes: UnsafeRawPointer, count: Int, at offset: Int64, isDurable: Bool = false) -> Int {
        let result = CLinux_write_at(rawDescriptor, bytes, count, offset, isDurable ? CLinux_rwf_dsync : 0)
        return result < 0 ? -Int(errno) : result
    }

    /// Reads; returns the bytes read, or a negative errno.
    ///
    /// The corresponding C function is `preadv2`.
    public func read(_ bytes: UnsafeMutableRawPointer, count: Int, at offset: Int64) -> Int {
        let result = CLinux_read_at(rawDescriptor, bytes, count, offset)
        return result < 0 ? -Int(errno) : result
    }

    /// Makes what was written durable; 0, or a negative errno.
    public func syncData() -> Int { fdatasync(rawDescriptor) == 0 ? 0 : -Int(errno) }

    /// Starts to write the dirty pages of a range out without waiting for them; 0, or a negative errno.
    ///
    /// The corresponding C function is `sync_file_range`, as that of ``waitForWriteOut(at:count:)``.
    @discardableResult
    public func startWriteOut(at offset: Int64, count: Int64) -> Int {
        // An overlay hands advice on to the file below, where to drop pages is to start to write them out:
        // ovl_fadvise() in fs/overlayfs/file.c, generic_fadvise() in mm/fadvise.c.
        if isOverlay { return -Int(posix_fadvise(rawDescriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)) }
        return CLinux_start_write_out(rawDescriptor, offset, count) == 0 ? 0 : -Int(errno)
    }

    /// Writes the dirty pages of a range out and waits until the device has them; 0, or a negative errno where it
    /// could not take one of them.
    public func waitForWriteOut(at offset: Int64, count: Int64) -> Int {
        if isOverlay { return syncData() }
        return CLinux_wait_for_write_out(rawDescriptor, offset, count) == 0 ? 0 : -Int(errno)
    }
}
