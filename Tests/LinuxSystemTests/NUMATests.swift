// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem

/// Memory nodes, and where memory lies.
struct NUMATests {
    private func sums(_ text: String, home: Int = 0) -> [Int: Int64] {
        NumaMaps.anonymousBytes(Array(text.utf8)[...], home: home)
    }

    @Test func anonymousPagesAreAddedUpByNode() {
        let maps = """
            556f8eeaa000 default file=/usr/bin/head mapped=2 N0=2 kernelpagesize_kB=4
            556f8eeb5000 default file=/usr/bin/head anon=1 dirty=1 active=0 N1=1 kernelpagesize_kB=4
            7f0000000000 bind:1 anon=1024 dirty=1024 N0=24 N1=1000 kernelpagesize_kB=4
            7f0040000000 prefer:1 anon=2 dirty=2 N1=2 kernelpagesize_kB=2048
            7ffd00000000 default stack anon=3 dirty=3 N0=3 kernelpagesize_kB=4

            """
        #expect(sums(maps) == [0: 27 * 4096, 1: 1001 * 4096 + 4 << 20])
    }

    /// The kernel says how many pages lie where and how many are anonymous, and not which of them.
    @Test func changedPagesOfAFileAreCountedAtHomeFirst() {
        let mixed = "7f00 default file=/lib/x.so anon=3 dirty=3 mapped=7 N0=4 N1=3 kernelpagesize_kB=4\n"
        #expect(sums(mixed, home: 1) == [1: 3 * 4096])
        #expect(sums(mixed, home: 0) == [0: 3 * 4096])
        let most = "7f00 default file=/lib/x.so anon=5 N0=4 N1=3 kernelpagesize_kB=4"
        #expect(sums(most, home: 1) == [1: 3 * 4096, 0: 2 * 4096])
    }

    @Test(arguments: [
        "", "\n\n", "7f00", "7f00 default", "7f00 default anon= N0=", "7f00 default anon=x N0=y Nz=1",
        "7f00 default anon=5 N99999999999=5 kernelpagesize_kB=4", "7f00 default anon=-5 N0=-5", "= = = =",
    ])
    func whatIsNotUnderstoodCountsNothing(_ text: String) {
        #expect(sums(text).isEmpty)
    }

    @Test func hugeNumbersDoNotTrap() {
        let text = "7f00 default anon=99999999999999999999 N0=99999999999999999999 kernelpagesize_kB=99999999999999"
        #expect(sums(text) == [0: 0])
    }

    @Test func allowedNodesAreReadFromTheStatus() {
        let status = "Name:\tx\nMems_allowed:\t00000003\nMems_allowed_list:\t0-1,4\nThreads:\t1\n"
        #expect(ProcessStatus(Array(status.utf8)[...]).allowedNodes == [0, 1, 4])
        #expect(ProcessStatus(Array("Name:\tx\n".utf8)[...]).allowedNodes == nil)
    }

    @Test(.enabled(if: !NUMA.nodes.isEmpty, "needs a kernel with NUMA")) func theHostsNodesHaveMemoryAndProcessors() {
        let nodes = NUMA.nodes
        #expect(nodes.map(\.number) == nodes.map(\.number).sorted())
        #expect(nodes.allSatisfy { $0.free > 0 && $0.free <= $0.total })
        #expect(nodes.contains { !$0.cpus.isEmpty })
        #expect(nodes.contains { $0.isAllowed })
        #expect(NUMA.Gauge(of: 1023) == nil)
    }

    /// In a process of its own: what others of the test library allocate would be seen.
    @Test(.enabled(if: NUMA.isPlaceable, "needs a kernel with NUMA and the permission to place memory"))
    func placedMemoryIsSeenWhereItWasPlaced() async {
        await #expect(processExitsWith: .success) {
            let node = try #require(NUMA.nodes.last { $0.isAllowed && $0.free > 256 << 20 })
            let maps = try #require(NumaMaps())
            _ = maps.anonymousBytes(home: node.number)
            let before = try #require(maps.anonymousBytes(home: node.number))
            for pages in [AnonymousReservation.Pages.huge, .small] {
                let reservation = try AnonymousReservation(count: 32 << 20, pages: pages)
                try reservation.place(on: [node.number], .bind)
                try reservation.populate(0..<(32 << 20))
                let after = try #require(maps.anonymousBytes(home: node.number))
                let grown = after[node.number, default: 0] - before[node.number, default: 0]
                #expect(abs(grown - 32 << 20) < 1 << 20, "\(grown)")
            }
        }
    }

    @Test(.enabled(if: NUMA.isPlaceable, "needs a kernel with NUMA and the permission to place memory"))
    func aNodeThatIsNotThereIsRefused() throws {
        let reservation = try AnonymousReservation(count: 2 << 20, pages: .small)
        #expect(throws: (any Error).self) { try reservation.place(on: [1000], .bind) }
    }
}

extension NUMA {
    /// Whether `mbind` is allowed here.
    static let isPlaceable: Bool = {
        guard let node = nodes.first(where: \.isAllowed) else { return false }
        guard let reservation = try? AnonymousReservation(count: 2 << 20, pages: .small) else { return false }
        return (try? reservation.place(on: [node.number], .preferred)) != nil
    }()
}
