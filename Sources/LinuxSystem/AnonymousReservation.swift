// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
public import SystemPackage

/// A reservation of address space whose pages are populated and given back piece by piece.
///
/// Growth and release never map anew: they move a watermark within the one reservation. `MAP_NORESERVE`, so that the
/// reservation itself costs nothing and is not counted as committed. Where `vm.overcommit_memory` is 2 that has no
/// effect (`do_mmap` in mm/mmap.c): there the reservation may not be written to at first, which is not counted, and
/// each piece is made writable when it is populated, which is.
public struct AnonymousReservation: ~Copyable {
    /// The size of a small page in bytes.
    public static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    /// The size of a huge page that the reservation is aligned to, in bytes.
    public static let hugePageSize = 2 << 20

    /// The page size that the kernel is asked for.
    public enum Pages: Sendable {
        /// Transparent huge pages, `MADV_HUGEPAGE`.
        case huge
        /// Small pages, `MADV_NOHUGEPAGE`.
        case small
    }

    /// The first byte, aligned to a huge page.
    public let base: UnsafeMutableRawPointer
    /// The length in bytes.
    public let count: Int
    private let pages: Pages
    private let mapping: UnsafeMutableRawPointer
    private let mappedCount: Int
    /// Whether the kernel counts what is promised, so that no more is to be promised than is populated.
    public let isCommittedPiecewise: Bool
    private let placement = Placement()

    /// Where the pages are to lie; a piece that is mapped anew must be told again.
    private final class Placement {
        var place: (nodes: [Int], policy: NUMA.Policy)?
    }

    /// Whether the kernel promises no more memory than it has (`vm.overcommit_memory` is 2), as is assumed where that
    /// cannot be read: what is right then is right in any case.
    public static var isPromiseLimited: Bool {
        SmallFile.text("/proc/sys/vm/overcommit_memory").map { $0 == "2" } ?? true
    }

    /// Reserves `count` bytes, rounded up to whole huge pages.
    ///
    /// - Parameter isCommittedPiecewise: whether pages are promised only as they are populated.
    public init(
        count: Int, pages: Pages, isCommittedPiecewise: Bool = AnonymousReservation.isPromiseLimited
    ) throws(Errno) {
        let huge = Self.hugePageSize
        let rounded = (max(count, 1) + huge - 1) / huge * huge
        let total = rounded + huge
        let address =
            isCommittedPiecewise
            ? mmap(nil, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            : mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let address, address != MAP_FAILED else { throw Errno(rawValue: errno) }
        self.isCommittedPiecewise = isCommittedPiecewise
        self.pages = pages
        mapping = address
        mappedCount = total
        let start = (Int(bitPattern: address) + huge - 1) / huge * huge
        base = UnsafeMutableRawPointer(bitPattern: start)!
        self.count = rounded
        advise(0..<rounded)
    }

    /// States the policy, which is never inherited; a kernel without huge pages answers EINVAL, and small pages it is.
    private func advise(_ range: Range<Int>) {
        _ = madvise(base + range.lowerBound, range.count, pages == .huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)
        _ = madvise(base + range.lowerBound, range.count, MADV_DONTDUMP)
    }

    deinit { munmap(mapping, mappedCount) }

    /// Says on which memory nodes the pages will lie; must come before they are populated.
    public func place(on nodes: [Int], _ policy: NUMA.Policy) throws(Errno) {
        try NUMA.place(base, count, on: nodes, policy)
        placement.place = (nodes, policy)
    }

    /// Makes the bytes resident without touching what they hold.
    ///
    /// `MADV_POPULATE_WRITE` (Linux 5.14) answers with an errno where a touch would end in SIGBUS. An older kernel, or
    /// a sandbox that ignores it, gets one written word a page.
    ///
    /// Huge pages are touched once each before: a page fault takes the lock of one mapping where `madvise` takes that
    /// of the whole address space, and two threads are then a tenth faster. What the kernel served with a small page is
    /// made whole by the `madvise`.
    ///
    /// - Throws: `ENOMEM` where pages are promised as they are populated, and no more are.
    public func populate(_ range: Range<Int>) throws(Errno) {
        if isCommittedPiecewise {
            _ = try check(mprotect(base + range.lowerBound, range.count, PROT_READ | PROT_WRITE))
        }
        if pages == .huge { CLinux_touch_fresh(base + range.lowerBound, range.count, Self.hugePageSize) }
        while CLinux_populate_write(base + range.lowerBound, range.count) != 0 {
            let error = Errno(rawValue: errno)
            if error == .interrupted { continue }
            guard error == .invalidArgument else { throw error }
            CLinux_touch_fresh(base + range.lowerBound, range.count, Self.pageSize)
            return
        }
    }

    /// Gives the bytes back to the kernel at once (`MADV_DONTNEED`; `MADV_FREE` would leave them resident).
    public func release(_ range: Range<Int>) throws(Errno) {
        guard isCommittedPiecewise else {
            _ = try check(madvise(base + range.lowerBound, range.count, MADV_DONTNEED))
            return
        }
        // What was promised is given back with the mapping alone.
        let address = mmap(
            base + range.lowerBound, range.count, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        guard address != MAP_FAILED else { throw Errno(rawValue: errno) }
        advise(range)
        if let place = placement.place {
            try NUMA.place(base + range.lowerBound, range.count, on: place.nodes, place.policy)
        }
    }

    /// Locks populated bytes, so that reclaim cannot take them.
    public func lock(_ range: Range<Int>) throws(Errno) {
        _ = try check(CLinux_mlock(base + range.lowerBound, range.count))
    }

    /// Unlocks bytes, which must come before their release.
    public func unlock(_ range: Range<Int>) throws(Errno) {
        _ = try check(munlock(base + range.lowerBound, range.count))
    }

    /// Fills whole pages with bytes that neither compress nor repeat.
    public func fill(_ range: Range<Int>, from tile: borrowing RandomTile, firstStamp: UInt64) {
        CLinux_fill_random(base + range.lowerBound, range.count, tile.base, firstStamp)
    }

    /// Rewrites one word every `stride` bytes with what it holds, so that reclaim sees the pages in use.
    public func touch(_ range: Range<Int>, stride: Int) {
        CLinux_touch(base + range.lowerBound, range.count, stride)
    }
}

/// Random bytes to fill memory from.
public struct RandomTile: ~Copyable {
    let base: UnsafeMutableRawPointer

    /// Draws a tile from `seed`.
    public init(seed: UInt64) {
        base = .allocate(byteCount: Int(CLINUX_TILE_BYTES), alignment: 4096)
        CLinux_make_tile(base, seed)
    }

    deinit { base.deallocate() }
}
