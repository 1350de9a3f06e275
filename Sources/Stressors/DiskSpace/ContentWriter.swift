// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import LinuxSystem

/// Bytes that neither compress nor repeat, a chunk after the other.
final class ContentWriter {
    private let tile: UnsafeMutableRawPointer
    private let buffer: UnsafeMutableRawPointer
    private var stamp: UInt64 = 0

    init(capacity: Int) {
        buffer = .allocate(byteCount: capacity, alignment: 4096)
        tile = .allocate(byteCount: Int(CLINUX_TILE_BYTES), alignment: 4096)
        CLinux_make_tile(tile, 0x6578_6572_7464)
    }

    deinit {
        buffer.deallocate()
        tile.deallocate()
    }

    /// The next `count` bytes, valid until the next call.
    func next(_ count: Int) -> UnsafeRawBufferPointer {
        let page = AnonymousReservation.pageSize
        let pages = (count + page - 1) / page
        CLinux_fill_random(buffer, pages * page, tile, stamp)
        stamp += UInt64(pages)
        return UnsafeRawBufferPointer(start: buffer, count: count)
    }
}
