// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Memory for I/O, aligned for any device and filled with bytes that do not compress.
final class RandomBuffer {
    let base: UnsafeMutableRawPointer
    let count: Int
    /// Set where the kernel may still use the memory: then it is never given back.
    var isAbandoned = false

    private static let hugePage = 2 << 20
    /// From which size on huge pages are asked for.
    private static let large = 256 << 10

    /// How many bytes of a buffer of `count` bytes lie together in memory.
    static func pieceSize(count: Int) -> Int {
        let modes = SmallFile.text("/sys/kernel/mm/transparent_hugepage/enabled") ?? ""
        let hasHugePages = modes.contains("[always]") || modes.contains("[madvise]")
        return count >= large && hasHugePages ? hugePage : 4096
    }

    init(count: Int) {
        let tile = Int(CLINUX_TILE_BYTES)
        let isLarge = count >= Self.large
        let unit = isLarge ? Self.hugePage : tile
        self.count = (max(1, count) + unit - 1) / unit * unit
        base = .allocate(byteCount: self.count, alignment: isLarge ? Self.hugePage : 4096)
        // A request to a device has some 128 segments at most: of scattered small pages that is half a mebibyte, and
        // what could be one request becomes two. A kernel without huge pages refuses, and nothing is lost.
        if isLarge { madvise(base, self.count, MADV_HUGEPAGE) }
        // A seed for each tile: copies of one would be found by a compressor that looks back far enough.
        for offset in stride(from: 0, to: self.count, by: tile) {
            CLinux_make_tile(base + offset, 0x6578_6572_74 &+ UInt64(offset))
        }
    }

    deinit { if !isAbandoned { base.deallocate() } }

    /// Makes each 4 KiB of some bytes different from all that was written before.
    static func stamp(_ bytes: UnsafeMutableRawPointer, count: Int, number: UInt64) {
        CLinux_stamp(bytes, count, number)
    }
}
