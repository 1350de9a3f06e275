// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// The descriptor table of a process, as `/proc/PID/fd` shows it; kept open, so that it can be read when ours is full.
public final class DescriptorTable {
    private let directory: OwnedDescriptor
    private let mayList: Bool

    /// Opens the table of process `id`.
    ///
    /// - Throws: `Errno`; ``Errno/permissionDenied`` where the process is not ours to look into (`ptrace(2)`).
    public init(of id: Int32) throws(Errno) {
        let path = "/proc/\(id)/fd"
        do throws(Errno) {
            directory = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            mayList = true
        } catch {
            // What may not be listed may still be counted.
            guard error == .permissionDenied, Self.isCountedByKernel else { throw error }
            directory = try OwnedDescriptor.open(path, Self.pathOnly | O_DIRECTORY)
            mayList = false
        }
    }

    private static let pathOnly: Int32 = 0o10_000_000 /* O_PATH */

    /// Whether the kernel gives the count as the directory's size, as it does since Linux 6.2 (`fs/proc/fd.c`).
    public static let isCountedByKernel: Bool = {
        guard let directory = try? OwnedDescriptor.open("/proc/self/fd", pathOnly | O_DIRECTORY) else { return false }
        return (size(directory.rawValue) ?? 0) > 0
    }()

    private static func size(_ descriptor: Int32) -> Int? {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// How many descriptors are open; `nil` where the process is gone.
    ///
    /// One `fstat` of 2 µs where the kernel counts, else the directory is read, which costs 0.3 µs or so for each.
    public var count: Int? {
        if Self.isCountedByKernel { return Self.size(directory.rawValue) }
        let count = CLinux_list_descriptors(directory.rawValue, 0, nil, 0)
        return count < 0 ? nil : Int(count)
    }

    /// The open numbers from `first` on, ascending; `nil` where the process is gone or may not be looked into.
    public func numbers(from first: Int32 = 0) -> [Int32]? {
        guard mayList else { return nil }
        // Where the kernel is not known to seek by number, all are read and the lower ones dropped.
        let start = Self.isCountedByKernel ? first : 0
        var capacity = max(256, (count ?? 0) + 64)
        while true {
            var found: Int64 = 0
            let numbers = [Int32](unsafeUninitializedCapacity: capacity) { buffer, count in
                guard let base = buffer.baseAddress else { return }
                found = CLinux_list_descriptors(directory.rawValue, start, base, capacity)
                count = max(0, min(capacity, Int(found)))
            }
            if found < 0 { return nil }
            if found <= Int64(capacity) { return start == first ? numbers : numbers.filter { $0 >= first } }
            capacity = Int(found) + 256
        }
    }

    /// How many numbers below `limit` are not in use: what the process can still open under that soft limit.
    ///
    /// `nil` where the process is gone or may not be looked into.
    public func unused(below limit: UInt64) -> Int? {
        let bound = Int32(clamping: limit)
        guard let above = numbers(from: bound), let count else { return nil }
        return Int(bound) - max(0, count - above.count)
    }
}
