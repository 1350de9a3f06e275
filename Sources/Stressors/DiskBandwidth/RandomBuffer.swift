// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// Memory for I/O, aligned for any device and filled with bytes that do not compress.
final class RandomBuffer {
    let base: UnsafeMutableRawPointer
    let count: Int
    /// Set where the kernel may still use the memory: then it is never given back.
    var isAbandoned = false

    init(count: Int) {
        let tile = Int(CLINUX_TILE_BYTES)
        self.count = (max(1, count) + tile - 1) / tile * tile
        base = .allocate(byteCount: self.count, alignment: 4096)
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
