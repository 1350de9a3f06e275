// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import SystemPackage

/// A kernel file that is kept open and read again from its start.
///
/// The observer opens these before the load: when the descriptor table is full, it can still read. One `pread` costs 1
/// to 10 µs; opening each time would add 3 to 8.
public final class ProcFile {
    private let descriptor: OwnedDescriptor
    private var buffer: [UInt8]

    /// Opens `path`; `nil` where it cannot be read.
    ///
    /// - Parameter capacity: how many bytes one read takes at most.
    public init?(_ path: String, capacity: Int = 4096) {
        guard let descriptor = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
        self.descriptor = descriptor
        buffer = [UInt8](repeating: 0, count: capacity)
    }

    /// Hands the file's present bytes to `body`; `nil` where the read fails, as for a process that is gone.
    public func read<R>(_ body: (ArraySlice<UInt8>) -> R?) -> R? {
        let count = buffer.withUnsafeMutableBytes { pread(descriptor.rawValue, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        return body(buffer[..<count])
    }

    /// The first integer of the file.
    public var integer: Int64? {
        read { bytes in
            var scanner = ByteScanner(bytes)
            return scanner.nextInteger()
        }
    }
}

/// Whole files that are read once.
public enum SmallFile {
    /// The bytes of a file of at most `limit` bytes.
    ///
    /// - Throws: `Errno`; ``Errno/fileTooLarge`` where the file is larger than `limit`.
    public static func bytes(_ path: String, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        let descriptor = try OwnedDescriptor.open(path, O_RDONLY)
        return try bytes(ofDescriptor: descriptor.rawValue, limit: limit)
    }

    /// The bytes that are left of an open file, `limit` at most.
    public static func bytes(ofDescriptor descriptor: Int32, limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                let error = Errno(rawValue: errno)
                if error == .interrupted { continue }
                throw error
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            if bytes.count > limit { throw .fileTooLarge }
        }
    }

    /// The text of a kernel file without its last newline; `nil` where it cannot be read.
    public static func text(_ path: String) -> String? {
        guard let bytes = try? bytes(path) else { return nil }
        let trimmed = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
        return String(decoding: trimmed, as: UTF8.self)
    }
}
