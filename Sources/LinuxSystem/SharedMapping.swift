// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import SystemPackage

/// A shared, writable mapping of a descriptor, unmapped when its owner is gone.
public struct SharedMapping: ~Copyable, @unchecked Sendable {
    // Unchecked: what is in the mapping is shared with other processes anyway, and is read and written as atomics.

    /// The first byte.
    public let base: UnsafeMutableRawPointer
    /// The length in bytes.
    public let count: Int

    /// Maps the first `count` bytes of `descriptor`.
    public init(of descriptor: borrowing OwnedDescriptor, count: Int) throws(Errno) {
        try self.init(rawDescriptor: descriptor.rawValue, count: count)
    }

    /// Maps the first `count` bytes of an open descriptor that somebody else owns.
    public init(rawDescriptor: Int32, count: Int) throws(Errno) {
        let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, rawDescriptor, 0)
        guard let address, address != MAP_FAILED else { throw Errno(rawValue: errno) }
        base = address
        self.count = count
    }

    deinit { munmap(base, count) }
}

/// Facts of a descriptor's file.
public enum FileFacts {
    /// The size of an open file in bytes.
    public static func size(ofDescriptor descriptor: Int32) throws(Errno) -> Int {
        var facts = stat()
        _ = try check(fstat(descriptor, &facts))
        return Int(facts.st_size)
    }
}
