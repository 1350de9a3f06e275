// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where a process's anonymous memory lies, from `/proc/PID/numa_maps`; proc(5).
///
/// The file is written by walking the page tables, about 10 µs for each MiB of small pages, and comes in pieces: it is
/// read to its end into a buffer that is allocated once, so that a process can look at itself without changing what it
/// sees.
public final class NumaMaps {
    private let file: OwnedDescriptor
    private var buffer: [UInt8]

    /// Opens the file of process `id`, of this process where it is `nil`; `nil` where it cannot be read.
    public init?(processID id: Int32? = nil) {
        guard let file = try? OwnedDescriptor.open("/proc/\(id.map(String.init) ?? "self")/numa_maps", 0) else {
            return nil
        }
        self.file = file
        // A line has some 150 bytes and a process some hundred of them; a page more is read than was there before.
        buffer = [UInt8](repeating: 0, count: 256 << 10)
    }

    /// Anonymous bytes on each node; `nil` once the process is gone.
    ///
    /// - Parameter home: where the process's own pages are taken from. A mapping of a file may have changed pages,
    ///   which are anonymous, next to the file's own, and the kernel tells only how many of both lie where: they are
    ///   counted there first.
    public func anonymousBytes(home: Int) -> [Int: Int64]? {
        var count = 0
        while count < buffer.count {
            let read = buffer.withUnsafeMutableBytes { bytes in
                pread(file.rawValue, bytes.baseAddress! + count, bytes.count - count, off_t(count))
            }
            if read < 0 { return nil }
            if read == 0 { break }
            count += read
        }
        return count == 0 ? nil : Self.anonymousBytes(buffer[..<count], home: home)
    }

    /// Adds up the lines of the file.
    public static func anonymousBytes(_ bytes: ArraySlice<UInt8>, home: Int) -> [Int: Int64] {
        var sums: [Int: Int64] = [:]
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
            add(bytes[start..<end], home: home, to: &sums)
            start = end + 1
        }
        return sums
    }

    /// `7f00 bind:1 anon=512 dirty=512 N1=512 kernelpagesize_kB=4`: the address, the policy, then what there is.
    private static func add(_ line: ArraySlice<UInt8>, home: Int, to sums: inout [Int: Int64]) {
        var anonymous: Int64 = 0
        var pageSize: Int64 = 4096
        var pages: [Int: Int64] = [:]
        for field in line.split(separator: 0x20).dropFirst(2) {
            guard let equals = field.firstIndex(of: 0x3D) else { continue }
            var scanner = ByteScanner(field[(equals + 1)...])
            guard let value = scanner.nextInteger(), value >= 0 else { continue }
            let name = field[..<equals]
            if name.elementsEqual("anon".utf8) {
                anonymous = value
            } else if name.elementsEqual("kernelpagesize_kB".utf8) {
                pageSize = min(value, 1 << 40) * 1024
            } else if name.first == 0x4E /* N */ {
                var number = ByteScanner(name.dropFirst())
                if let node = number.nextInteger(), (0..<1024).contains(node) { pages[Int(node)] = value }
            }
        }
        for (node, count) in pages.sorted(by: { ($0.key == home ? -1 : $0.key) < ($1.key == home ? -1 : $1.key) }) {
            let part = min(anonymous, count)
            anonymous -= part
            let (bytes, overflow) = part.multipliedReportingOverflow(by: pageSize)
            if part > 0 { sums[node, default: 0] += overflow ? 0 : bytes }
        }
    }
}
