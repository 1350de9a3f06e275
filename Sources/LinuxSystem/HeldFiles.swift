// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The files without a name, or of exert's own names, that a process holds open below a directory.
///
/// Read by the observer through `/proc/PID/fd`: what the kernel says, not what the stressor says of itself.
public final class HeldFiles {
    /// One of our files, which is the same as long as its number leads to the same inode.
    private struct Known {
        let number: String
        let file: FileSystemQuestions.File
        /// Whether its file system answers at once.
        let isLocal: Bool
    }

    /// What is known is asked this often before the table is read again, every few seconds.
    ///
    /// Until then another file of ours could hide only where a descriptor of something else was closed in the same
    /// moment.
    private static let trust = 30

    private let table: OwnedDescriptor
    private let directory: String
    private var questions: FileSystemQuestions?
    /// The devices of file systems that are asked directly all the same.
    private var local: Set<DeviceNumber> = []
    private var known: [Known] = []
    /// How many descriptors there were when the table was read; `nil` where the kernel does not count them.
    private var count: Int64?
    private var asked = 0
    private var last: Int64?
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
    ///
    /// - Parameter mounts: tells which files need nobody to ask for them once they are known: those that are of a file
    ///   system whose `getattr` does no input and output for an inode that is open.
    public func ask(through gauge: FileSystemGauge, mounts: MountTable) {
        questions = gauge.questions
        local = Set(
            mounts.entries.filter { Self.inMemory.contains($0.type) }
                .map { DeviceNumber(major: Int64($0.major), minor: Int64($0.minor)) })
    }

    /// What these say of an open file lies in its inode in memory, and takes no lock that is held over a request to a
    /// device: `ext4_getattr` in fs/ext4/inode.c, `xfs_vn_getattr` in fs/xfs/xfs_iops.c. (A volume of btrfs has a
    /// device number of its own, which no mount has.)
    private static let inMemory: Set<String> = ["ext2", "ext3", "ext4", "xfs"]

    /// The file that a descriptor of the process leads to; `nil` where there is none, or no answer.
    ///
    /// - Parameter isLocal: whether it is known to be on a file system that answers at once.
    private func facts(_ number: String, isLocal: Bool) -> FileSystemQuestions.File? {
        if let questions, !isLocal {
            if case .value(let facts) = questions.file(number, below: table.rawValue) { return facts }
            return nil
        }
        var facts = stat()
        guard fstatat(table.rawValue, number, &facts, 0) == 0 else { return nil }
        return FileSystemQuestions.File(
            device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino), mode: facts.st_mode,
            blocks: Int64(facts.st_blocks))
    }

    /// How much space they take (`st_blocks`) in bytes; `nil` where the process is gone, or nobody answers.
    ///
    /// As long as there are as many descriptors as before and ours lead to the same files, only these are asked: 2 µs
    /// each, where reading the table costs 20 and more. While ours take what they took, the descriptors are counted at
    /// each fifth time.
    ///
    /// - Parameter isSettled: whether nothing is to have changed.
    public func allocated(isSettled: Bool = false) -> Int64? {
        if asked < Self.trust, let sum = allocatedOfKnown,
            isSettled && sum == last && asked % 5 > 0 || count != nil && count == countNow
        {
            asked += 1
            last = sum
            return sum
        }
        last = readTable()
        return last
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
            guard let facts = facts(file.number, isLocal: file.isLocal), facts.device == file.file.device,
                facts.inode == file.file.inode
            else {
                return nil
            }
            sum += facts.allocated
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
            guard let facts = facts(text, isLocal: false) else {
                // Closed since; or there is no answer, and the sum is not known.
                guard questions?.silence ?? 0 > 0 else { continue }
                count = nil
                return nil
            }
            guard facts.isRegular else { continue }
            known.append(Known(number: text, file: facts, isLocal: local.contains(facts.deviceNumber)))
            sum += facts.allocated
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
