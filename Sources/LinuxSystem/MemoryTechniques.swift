// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc
internal import SystemPackage

extension Technique {
    /// Memory, on 4 MiB at the most that are given back; some 10 ms.
    ///
    /// Whole and writable from the start, also where the kernel counts its promises: it is touched without a word.
    public static func memory() -> [Technique] { [populateWrite(), hugePages(), lockMemory(), bindMemory()] }

    /// Makes 4 MiB resident and asks both `mincore(2)` and `/proc/self/statm`.
    static func populateWrite() -> Technique {
        let means = "MADV_POPULATE_WRITE of 4 MiB, then mincore and /proc/self/statm"
        let size = 4 << 20
        do throws(Errno) {
            let reservation = try AnonymousReservation(count: size, pages: .small, isCommittedPiecewise: false)
            let resident = residentBytes
            if CLinux_populate_write(reservation.base, size) != 0 {
                return .fails(.populateWrite, by: means, "refused", lastError)
            }
            let pages = CLinux_resident_pages(reservation.base, size)
            let grown = residentBytes.flatMap { after in resident.map { after - $0 } }
            let wanted = Int64(size / AnonymousReservation.pageSize)
            let figures =
                [
                    Figure(name: "resident_pages", value: Double(pages))
                ] + [grown.map { Figure(name: "resident_growth_bytes", value: Double($0)) }].compactMap { $0 }
            // The counter of old kernels lags by up to 64 pages for each thread.
            guard pages == wanted, let grown, grown >= Int64(size) / 2 else {
                let growth = grown.map { "\($0) bytes more" } ?? "unreadable (/proc/self/statm)"
                return .fails(
                    .populateWrite, by: means,
                    "accepted, and \(pages) of \(wanted) pages are resident, the resident set \(growth)", nil, figures)
            }
            return .works(.populateWrite, by: means, "\(pages) pages became resident", figures)
        } catch {
            return .fails(.populateWrite, by: means, "no memory to try it on", error)
        }
    }

    private static var residentBytes: Int64? {
        (try? SmallFile.bytes("/proc/self/statm")).flatMap { MemoryText.resident($0[...]) }
    }

    /// Touches one huge page and asks `/proc/self/smaps_rollup` for `AnonHugePages`.
    static func hugePages() -> Technique {
        let means = "MADV_HUGEPAGE, one touch, then AnonHugePages of /proc/self/smaps_rollup"
        let mode: String
        do throws(Errno) {
            mode = ChoiceText.chosen(try SmallFile.bytes("/sys/kernel/mm/transparent_hugepage/enabled")[...]) ?? "?"
        } catch {
            return .fails(.hugePages, by: "/sys/kernel/mm/transparent_hugepage/enabled", "the kernel has none", error)
        }
        do throws(Errno) {
            let reservation = try AnonymousReservation(
                count: AnonymousReservation.hugePageSize, pages: .huge, isCommittedPiecewise: false)
            let before = try anonymousHugeBytes()
            CLinux_touch_fresh(reservation.base, reservation.count, reservation.count)
            let grown = try anonymousHugeBytes() - before
            return grown >= Int64(AnonymousReservation.hugePageSize)
                ? .works(.hugePages, by: means, "one touch made 2 MiB resident; mode \(mode)")
                : .fails(.hugePages, by: means, "a touch made no huge page; mode \(mode)")
        } catch {
            return .fails(.hugePages, by: means, "could not be looked at; mode \(mode)", error)
        }
    }

    private static func anonymousHugeBytes() throws(Errno) -> Int64 {
        let bytes = try SmallFile.bytes("/proc/self/smaps_rollup")
        return ByteScanner.bytes(afterKiB: "AnonHugePages:", in: bytes[...]) ?? 0
    }

    /// Locks 64 KiB and looks at `VmLck`.
    static func lockMemory() -> Technique {
        let means = "mlock of 64 KiB, then VmLck of /proc/self/status"
        let size = 64 << 10
        do throws(Errno) {
            let reservation = try AnonymousReservation(count: size, pages: .small, isCommittedPiecewise: false)
            let before = lockedBytes
            try reservation.lock(0..<size)
            let grown = lockedBytes.flatMap { after in before.map { after - $0 } }
            try reservation.unlock(0..<size)
            guard let grown else {
                return .fails(.lockMemory, by: means, "accepted, and /proc/self/status tells no VmLck")
            }
            return grown >= Int64(size)
                ? .works(.lockMemory, by: means, "locked")
                : .fails(.lockMemory, by: means, "accepted, and VmLck grew by \(grown) bytes only")
        } catch {
            return .fails(.lockMemory, by: means, "refused", error)
        }
    }

    private static var lockedBytes: Int64? {
        (try? SmallFile.bytes("/proc/self/status")).flatMap { ProcessStatus($0[...]).locked }
    }

    /// Binds a page to the first node it may be on, writes to it and asks where it is.
    static func bindMemory() -> Technique {
        let means = "mbind of one page, then get_mempolicy of where it is"
        let status = ProcessStatus(((try? SmallFile.bytes("/proc/self/status")) ?? [])[...])
        let node = status.allowedNodes?.first ?? 0
        do throws(Errno) {
            let size = AnonymousReservation.pageSize
            let reservation = try AnonymousReservation(count: size, pages: .small, isCommittedPiecewise: false)
            if CLinux_bind_memory(reservation.base, size, Int32(node)) != 0 {
                return .fails(.bindMemory, by: means, "refused", lastError)
            }
            CLinux_touch_fresh(reservation.base, size, size)
            let seen = Int(CLinux_node_of(reservation.base))
            if seen < 0 {
                return .fails(.bindMemory, by: means, "bound, and where the page is cannot be asked", lastError)
            }
            return seen == node
                ? .works(.bindMemory, by: means, "a page bound to node \(node) is there")
                : .fails(.bindMemory, by: means, "accepted, and a page bound to node \(node) is on node \(seen)")
        } catch {
            return .fails(.bindMemory, by: means, "no memory to try it on", error)
        }
    }
}
