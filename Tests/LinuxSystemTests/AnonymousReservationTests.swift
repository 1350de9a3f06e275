// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import SystemPackage
import Testing

/// Memory is counted in a process of its own, where no other test takes any.
@Suite(.serialized)
struct AnonymousReservationTests {
    @Test(arguments: [1, 4096, 2 << 20, (2 << 20) + 1])
    func reservationsAreWholeHugePages(count: Int) throws {
        let reservation = try AnonymousReservation(count: count, pages: .small)
        let huge = AnonymousReservation.hugePageSize
        #expect(Int(bitPattern: reservation.base) % huge == 0)
        #expect(reservation.count % huge == 0)
        #expect(reservation.count >= count && reservation.count < count + huge)
    }

    @Test func populatedSmallPagesAreResidentToTheByte() async {
        await #expect(processExitsWith: .success) {
            try ResidentSet.expectExactGrowth(pages: .small, steps: [4096, 8 << 20, (24 << 20) + 12288])
        }
    }

    @Test func populatedHugePagesAreResidentToTheByte() async {
        await #expect(processExitsWith: .success) {
            try ResidentSet.expectExactGrowth(pages: .huge, steps: [2 << 20, 16 << 20, 48 << 20])
        }
    }

    /// The kernel counts promises always, and refuses them only where `vm.overcommit_memory` is 2.
    @Test func promisedIsWhatIsPopulatedAndNoMore() async {
        await #expect(processExitsWith: .success) {
            func promised() throws -> Int64 {
                // `VmData` is what is private and may be written to, which is what is promised.
                let status = try SmallFile.bytes("/proc/self/status")
                return try #require(ByteScanner.bytes(afterKiB: "VmData:", in: status[...]))
            }
            let before = try promised()
            let reservation = try AnonymousReservation(count: 256 << 20, pages: .small, isCommittedPiecewise: true)
            #expect(try promised() - before < 4 << 20, "a reservation promises nothing")
            try reservation.populate(0..<(96 << 20))
            #expect(try abs(promised() - before - 96 << 20) < 4 << 20)
            reservation.touch(0..<(96 << 20), stride: 4096)
            try reservation.release((32 << 20)..<(96 << 20))
            #expect(try abs(promised() - before - 32 << 20) < 4 << 20)
            let held = ResidentSet.now
            try reservation.populate((32 << 20)..<(64 << 20))
            #expect(abs(ResidentSet.now - held - 32 << 20) < 4 << 20, "what was given back can be taken again")
        }
    }

    @Test func aDestroyedReservationIsGivenBack() async {
        await #expect(processExitsWith: .success) {
            let bytes = 32 << 20
            let (before, after) = try ResidentSet.around {
                let reservation = try AnonymousReservation(count: bytes, pages: .small)
                try reservation.populate(0..<bytes)
                let held = ResidentSet.now
                try #require(held >= Int64(bytes))
            }
            #expect(after - before < 1 << 20)
        }
    }

    @Test func lockedBytesAreCountedByTheKernel() async {
        await #expect(processExitsWith: .success) {
            // Less than the smallest RLIMIT_MEMLOCK that a kernel ships with.
            let bytes = 48 << 10
            let reservation = try AnonymousReservation(count: bytes, pages: .small)
            try reservation.populate(0..<bytes)
            try reservation.lock(0..<bytes)
            #expect(ResidentSet.lockedKibibytes == 48)
            try reservation.unlock(0..<4096)
            #expect(ResidentSet.lockedKibibytes == 44)
            try reservation.unlock(0..<bytes)
            try reservation.release(0..<bytes)
            #expect(ResidentSet.lockedKibibytes == 0)
        }
    }

    @Test func populatingKeepsWhatIsThere() throws {
        let reservation = try AnonymousReservation(count: 1 << 20, pages: .small)
        reservation.base.storeBytes(of: 0x5A5A, as: UInt64.self)
        try reservation.populate(0..<(1 << 20))
        reservation.touch(0..<(1 << 20), stride: 4096)
        #expect(reservation.base.load(as: UInt64.self) == 0x5A5A)
        try reservation.release(0..<4096)
        #expect(reservation.base.load(as: UInt64.self) == 0, "what was given back comes again as zeroes")
    }

    @Test func bytesOutsideTheProcessAreRefusedAndNotFatal() throws {
        let reservation = try AnonymousReservation(count: 2 << 20, pages: .small)
        // Beyond all user addresses, wherever the reservation lies.
        let beyond = 1 << 50
        #expect(throws: Errno.self) { try reservation.release(beyond..<(beyond + 4096)) }
        #expect(throws: Errno.self) { try reservation.lock(beyond..<(beyond + 4096)) }
    }

    // MARK: Content

    @Test func noTwoPagesOfContentAreEqual() throws {
        let bytes = 32 << 20
        let reservation = try AnonymousReservation(count: bytes, pages: .small)
        let tile = RandomTile(seed: 7)
        // In two goes, as the stressor does: the stamps go on where the first one ended.
        reservation.fill(0..<(8 << 20), from: tile, firstStamp: 0)
        reservation.fill((8 << 20)..<bytes, from: tile, firstStamp: UInt64((8 << 20) / 4096))
        var pages = Set<Data>()
        for offset in stride(from: 0, to: bytes, by: 4096) {
            pages.insert(Data(bytesNoCopy: reservation.base + offset, count: 4096, deallocator: .none))
        }
        #expect(pages.count == bytes / 4096)
    }

    /// 4096 random bytes have 7.95 bits each on average; deflate would have to find less than that to win.
    @Test func everyPageOfContentIsRandom() throws {
        let bytes = 1 << 20
        let reservation = try AnonymousReservation(count: bytes, pages: .small)
        reservation.fill(0..<bytes, from: RandomTile(seed: 11), firstStamp: 0)
        var least = 8.0
        for offset in stride(from: 0, to: bytes, by: 4096) {
            var counts = [Int](repeating: 0, count: 256)
            let page = UnsafeRawBufferPointer(start: reservation.base + offset, count: 4096)
            for byte in page { counts[Int(byte)] += 1 }
            var entropy = 0.0
            for count in counts where count > 0 {
                let share = Double(count) / 4096
                entropy -= share * log2(share)
            }
            least = min(least, entropy)
        }
        #expect(least > 7.9)
    }

    @Test func contentOfOneSeedIsAlwaysTheSameAndOfAnotherIsNot() throws {
        let reservation = try AnonymousReservation(count: 4 * 65536, pages: .small)
        for (index, seed) in [3, 3, 4].enumerated() {
            let start = index * 65536
            reservation.fill(start..<(start + 65536), from: RandomTile(seed: UInt64(seed)), firstStamp: 0)
        }
        let base = reservation.base
        #expect(memcmp(base, base + 65536, 65536) == 0)
        #expect(memcmp(base, base + 2 * 65536, 65536) != 0)
    }

    @Test func fillingStopsAtItsEnd() throws {
        let reservation = try AnonymousReservation(count: 1 << 20, pages: .small)
        reservation.fill(65536..<(65536 + 3 * 4096), from: RandomTile(seed: 5), firstStamp: 0)
        #expect((reservation.base + 65536 - 8).load(as: UInt64.self) == 0)
        #expect((reservation.base + 65536 + 3 * 4096).load(as: UInt64.self) == 0)
        #expect((reservation.base + 65536 + 3 * 4096 - 8).load(as: UInt64.self) != 0)
    }
}

/// What the kernel counts of this process.
enum ResidentSet {
    // Unsafe: each process that counts does so on one thread only.
    nonisolated(unsafe) private static let statm = ProcFile("/proc/self/statm", capacity: 128)

    /// The resident set in bytes.
    static var now: Int64 {
        let pages = statm?.read { bytes -> Int64? in
            var scanner = ByteScanner(bytes)
            scanner.skipFields(1)
            return scanner.nextInteger()
        }
        return (pages ?? 0) * Int64(AnonymousReservation.pageSize)
    }

    /// `VmLck` in KiB.
    static var lockedKibibytes: Int64? {
        ProcFile("/proc/self/status")?.read { ByteScanner.integer(after: "VmLck:", in: $0) }
    }

    static func around(_ body: () throws -> Void) rethrows -> (before: Int64, after: Int64) {
        // Twice, so that what the body itself needs for the first time is not counted.
        try body()
        let before = now
        try body()
        return (before, now)
    }

    /// Grows through `steps`, down again, and expects every step to be exactly in the resident set.
    ///
    /// The test library has threads of its own, which may take a page at any time: three attempts, of which one must be
    /// exact in all its steps.
    static func expectExactGrowth(pages: AnonymousReservation.Pages, steps: [Int]) throws {
        var errors: [Int64] = []
        for _ in 0..<3 {
            let reservation = try AnonymousReservation(count: steps[steps.count - 1], pages: pages)
            errors = [Int64](repeating: 0, count: 2 * steps.count)
            let before = now
            var held = 0
            for (index, step) in steps.enumerated() {
                try reservation.populate(held..<step)
                held = step
                errors[index] = now - before - Int64(held)
            }
            for (index, step) in ([0] + steps.dropLast()).reversed().enumerated() {
                try reservation.release(step..<held)
                held = step
                errors[steps.count + index] = now - before - Int64(held)
            }
            if errors.allSatisfy({ $0 == 0 }) { return }
        }
        Issue.record("off by \(errors) bytes on the way up and down")
    }
}
