// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// Questions to a file system, asked by a process of its own: one that does not answer, such as a network or FUSE mount
/// whose other end is gone, holds that process up and nobody else.
public final class FileSystemQuestions {
    /// How long an answer is waited for, in ns: it mostly comes within 50 µs.
    public static let patience: Int64 = 50_000_000
    /// The same for the first one, which opens the directory.
    private static let patienceAtFirst: Int64 = 1_000_000_000

    /// What became of a question.
    public enum Answer<Value> {
        /// The answer.
        case value(Value)
        /// The file system said no.
        case failed(Errno)
        /// There is none yet.
        case silent
    }

    private let page: UnsafeMutablePointer<CLinux_aside>
    private let process: ForkedProcess
    private var askedAt: Int64 = 0

    /// Starts the process; `nil` where that fails, or the directory cannot be opened.
    ///
    /// - Parameters:
    ///   - directory: what questions are about.
    ///   - descriptors: directories of ours that ``file(_:below:)`` may be asked of.
    public init?(_ directory: String, with descriptors: [Int32] = []) {
        guard let page = CLinux_aside_create() else { return nil }
        // A directory that we hold open is one that it must hold, too.
        let prefix = "/proc/self/fd/"
        let held = directory.hasPrefix(prefix) ? Int32(directory.dropFirst(prefix.count).prefix { $0 != "/" }) : nil
        let descriptors = descriptors + (held.map { [$0] } ?? [])
        let id = (descriptors + [-1]).withUnsafeBufferPointer { kept in
            CLinux_fork_answerer(page, kept.baseAddress!, descriptors.count)
        }
        self.page = page
        process = ForkedProcess(id)
        guard id > 0, case .value = ask(CLINUX_ASK_OPEN, directory, patience: Self.patienceAtFirst, { _ in }) else {
            return nil
        }
    }

    deinit {
        if process.id > 0 { _ = process.abandon() }
        CLinux_aside_destroy(page)
    }

    /// For how long an answer has been missing, in ns; 0 where none is.
    public var silence: Int64 { CLinux_aside_is_answered(page) != 0 ? 0 : max(1, Clocks.monotonic - askedAt) }

    /// The process that asks, and where it waits.
    public var asker: HungProcess { HungProcess(process.id) }

    /// How full the file system is.
    public func space() -> Answer<FileSystemSpace> {
        ask(CLINUX_ASK_SPACE, "") { page in
            var facts = statvfs()
            (facts.f_frsize, facts.f_blocks, facts.f_bfree) = (
                UInt(page.space.0), UInt(page.space.1), UInt(page.space.2)
            )
            (facts.f_bavail, facts.f_files) = (UInt(page.space.3), UInt(page.space.4))
            (facts.f_ffree, facts.f_favail) = (UInt(page.space.5), UInt(page.space.6))
            return FileSystemSpace(facts)
        }
    }

    /// What is asked of a file.
    struct File: Hashable {
        var device: UInt64
        var inode: UInt64
        var isRegular: Bool
        /// `st_blocks` in bytes.
        var allocated: Int64

        /// `st_dev` in the two parts that the kernel shows: glibc's `gnu_dev_major` and `gnu_dev_minor`.
        var deviceNumber: DeviceNumber {
            DeviceNumber(
                major: Int64(device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000),
                minor: Int64(device & 0xFF | device >> 12 & 0xFFFF_FF00))
        }

        init(device: UInt64, inode: UInt64, mode: UInt32, blocks: Int64) {
            self.device = device
            self.inode = inode
            isRegular = mode & S_IFMT == S_IFREG
            allocated = blocks * 512
        }
    }

    /// What a file is, symbolic links followed.
    func file(_ name: String, below descriptor: Int32) -> Answer<File> {
        ask(CLINUX_ASK_FILE, name, of: descriptor) {
            File(device: $0.device, inode: $0.inode, mode: $0.mode, blocks: $0.blocks)
        }
    }

    /// When a file was last changed, in ns since the Unix epoch.
    public func modified(_ path: String) -> Answer<Int64> {
        ask(CLINUX_ASK_FILE, path, of: AT_FDCWD) { $0.modified }
    }

    /// How many entries a directory below has, and itself; 0 where it is not there.
    func entries(_ name: String) -> Answer<Int64> { ask(CLINUX_ASK_ENTRIES, name) { $0.entries } }

    /// Whether whoever reads a place, or writes there, gets an answer, as far as is known yet; see ``silence``.
    func touch(_ path: String, writes: Bool) -> Bool {
        if case .silent = ask(writes ? CLINUX_ASK_TO_WRITE : CLINUX_ASK_TO_READ, path, of: -1, { _ in }) {
            return false
        }
        return true
    }

    private func ask<Value>(
        _ kind: CLinux_ask, _ name: String, of descriptor: Int32 = -1, patience: Int64 = patience,
        _ value: (CLinux_aside) -> Value
    ) -> Answer<Value> {
        // The last question may still be open; it is not asked again, and its answer is of no use any more.
        guard CLinux_aside_is_answered(page) != 0 else { return .silent }
        askedAt = Clocks.monotonic
        guard CLinux_aside_ask(page, Int32(kind.rawValue), descriptor, name, patience) != 0 else { return .silent }
        let error = page.pointee.error
        return error == 0 ? .value(value(page.pointee)) : .failed(Errno(rawValue: error))
    }
}
