// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// The files without a name, or of exert's own names, that a process holds open below a directory.
///
/// Read by the observer through `/proc/PID/fd`: what the kernel says, not what the stressor says of itself.
public final class HeldFiles {
    private let table: OwnedDescriptor
    private let directory: String

    /// Opens the descriptor table of process `processID`; `nil` where it may not be looked into.
    ///
    /// - Parameter directory: where the files are, without symbolic links.
    public init?(processID: Int32, directory: String) {
        guard let table = try? OwnedDescriptor.open("/proc/\(processID)/fd", O_RDONLY | O_DIRECTORY) else { return nil }
        self.table = table
        self.directory = directory == "/" ? "" : directory
    }

    /// How much space they take (`st_blocks`) in bytes; `nil` where the process is gone.
    public var allocated: Int64? {
        // Listed through the directory that is open: when no more files can be opened, this still works. The standard
        // streams and what the observer passed on are not the load's.
        var numbers = [Int32](repeating: 0, count: 1024)
        let found = CLinux_list_descriptors(table.rawValue, 5, &numbers, numbers.count)
        guard found >= 0 else { return nil }
        var sum: Int64 = 0
        var target = [CChar](repeating: 0, count: 4096)
        for number in numbers.prefix(Int(found)) where number > 4 {
            let count = readlinkat(table.rawValue, "\(number)", &target, target.count)
            var facts = stat()
            guard count > 0, isOurs(target[..<count]), fstatat(table.rawValue, "\(number)", &facts, 0) == 0,
                facts.st_mode & S_IFMT == S_IFREG
            else { continue }
            sum += Int64(facts.st_blocks) * 512
        }
        return sum
    }

    /// `/directory/#123 (deleted)` or `/directory/.exert-…`.
    private func isOurs(_ target: ArraySlice<CChar>) -> Bool {
        let text = String(decoding: target.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard text.hasPrefix(directory + "/") else { return false }
        let name = text.dropFirst(directory.count + 1)
        return !name.contains("/") && (name.hasPrefix("#") || name.hasPrefix(".exert-"))
    }
}
