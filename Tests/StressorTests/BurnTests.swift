// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import Synchronization
import Testing

@testable import Stressors

/// One worker's burning, given back at its end.
private final class Burn {
    let state: OpaquePointer

    init(_ method: BurnMethod, seed: UInt64 = 42) throws {
        state = try #require(CLinux_burn_create(method.code, seed))
    }

    deinit { CLinux_burn_destroy(state) }

    func run(_ iterations: UInt64) -> UInt64 { CLinux_burn_run(state, iterations) }

    /// Thread-CPU time of `iterations`, in nanoseconds.
    func time(_ iterations: UInt64, rounds: Int) -> Int64 {
        let start = CLinux_thread_cpu_ns()
        for _ in 0..<rounds { checksum ^= run(iterations) }
        return CLinux_thread_cpu_ns() - start
    }

    private(set) var checksum: UInt64 = 0
}

/// No method may be optimised away, skip iterations, or outlast its deadline.
@Suite(.serialized)
struct BurnTests {
    /// A mixed burn takes another kernel at each call: one round goes through all six.
    private func rounds(of method: BurnMethod) -> Int { method == .mixed ? 6 : 1 }

    @Test(arguments: BurnMethod.allCases)
    func theSameSeedAndSequenceGiveTheSameChecksum(method: BurnMethod) throws {
        let sequence: [UInt64] = [1, 1000, 17, 0, 4096, 3, 250]
        let one = try Burn(method)
        let other = try Burn(method)
        #expect(sequence.map(one.run) == sequence.map(other.run))
    }

    @Test(arguments: BurnMethod.allCases)
    func everyIterationIsInTheChecksum(method: BurnMethod) throws {
        var checksums = Set<UInt64>()
        let counts: [UInt64] = [1, 2, 3, 16, 17, 100, 101, 10_000, 10_001]
        for count in counts { checksums.insert(try Burn(method).run(count)) }
        #expect(checksums.count == counts.count)
    }

    /// All the methods whose state the seed fills; float and simd begin at zero always, and time tells the rest.
    @Test(arguments: [BurnMethod.spin, .int, .branch, .cache, .memory, .syscall])
    func anotherSeedGivesAnotherChecksum(method: BurnMethod) throws {
        #expect(try Burn(method, seed: 1).run(1000) != Burn(method, seed: 2).run(1000))
    }

    /// Work that the compiler hoists or folds costs the same for N and for 2 N.
    @Test(arguments: BurnMethod.allCases)
    func twiceTheIterationsTakeTwiceTheTime(method: BurnMethod) throws {
        let burn = try Burn(method)
        let rounds = rounds(of: method)
        let nanoseconds = CLinux_burn_iteration_ns(burn.state)
        try #require(nanoseconds > 0)
        var iterations = UInt64(7e6 / nanoseconds / Double(rounds)) + 1
        var seen: [(single: Int64, ratio: Double)] = []
        // A neighbour on the same core makes a measurement too long now and then, and the calibration with it.
        for _ in 0..<8 {
            let single = burn.time(iterations, rounds: rounds)
            guard single >= 5_000_000 else {
                iterations *= 2
                continue
            }
            let ratio = Double(burn.time(2 * iterations, rounds: rounds)) / Double(single)
            seen.append((single, ratio))
            if (1.6...2.6).contains(ratio) { return }
        }
        Issue.record("\(iterations) iterations of \(method): \(seen)")
    }

    /// The formula of `int` once more, in another language and by another compiler.
    @Test(arguments: [0, 1, 7, 5000] as [UInt64])
    func theIntMethodComputesItsFormula(iterations: UInt64) throws {
        func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
        let seed: UInt64 = 99
        var x = (0..<4).map { (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 &+ $0 &* 0xD1B5_4A32_D192_ED03 }
        var checksum: UInt64 = 0
        let burn = try Burn(.int, seed: seed)
        // Twice: the second call goes on from where the first one ended.
        for call in 1...2 {
            for i in 0..<iterations {
                for _ in 0..<8 {
                    x[0] = rotated(x[0] &* 0x9E37_79B9_7F4A_7C15 &+ i, 7)
                    x[1] = rotated(x[1] ^ (x[0] &+ 0xD1B5_4A32_D192_ED03), 13) &+ x[3]
                    x[2] = (x[2] &+ 0xAEF1_7502_108E_F2D9) &* (x[1] | 1)
                    x[3] = rotated(x[3] ^ x[2], 31) &- x[0]
                }
            }
            checksum = rotated(checksum, 1) ^ (x[0] ^ x[1] ^ x[2] ^ x[3])
            #expect(burn.run(iterations) == checksum, "call \(call)")
        }
    }

    // MARK: Until a deadline

    @Test(arguments: BurnMethod.allCases)
    func burningEndsAtItsDeadlineOnTheThreadsClock(method: BurnMethod) throws {
        let burn = try Burn(method)
        var word: UInt32 = 1
        var best = Int64.max
        for _ in 0..<10 {
            let deadline = CLinux_thread_cpu_ns() + 3_000_000
            let end = CLinux_burn_until(burn.state, deadline, .max, &word, 2)
            try #require(end >= deadline, "it must never end early")
            #expect(CLinux_thread_cpu_ns() >= end, "what it returns is the clock that it read")
            best = min(best, end - deadline)
            if best < 20_000 { break }
        }
        // One quantum of 15 µs and the look at the clock; ten times that is a machine that does something else.
        #expect(best < 100_000)
    }

    @Test func aDeadlineThatIsPastIsNoWork() throws {
        let burn = try Burn(.int)
        var word: UInt32 = 1
        let start = CLinux_thread_cpu_ns()
        let end = CLinux_burn_until(burn.state, start - 1, .max, &word, 2)
        #expect(end >= start)
        #expect(end - start < 1_000_000)
    }

    @Test(arguments: BurnMethod.allCases)
    func burningEndsAtOnceWhenTheWordSaysStop(method: BurnMethod) throws {
        let burn = try Burn(method)
        var word: UInt32 = 2
        var best = Int64.max
        for _ in 0..<10 {
            let start = CLinux_thread_cpu_ns()
            let end = CLinux_burn_until(burn.state, start + 20_000_000_000, .max, &word, 2)
            best = min(best, end - start)
        }
        #expect(best < 200_000)
    }

    @Test func burningEndsWhenAnotherThreadSaysStop() throws {
        let burn = try Burn(.int)
        let word = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        word.initialize(to: Atomic(1))
        let address = UInt(bitPattern: word)
        let stopper = Thread {
            usleep(20_000)
            UnsafeMutablePointer<Atomic<UInt32>>(bitPattern: address)?.pointee.store(2, ordering: .releasing)
        }
        let start = CLinux_thread_cpu_ns()
        stopper.start()
        let end = CLinux_burn_until(
            burn.state, start + 20_000_000_000, .max, UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), 2)
        #expect(end - start < 5_000_000_000)
        #expect(word.pointee.load(ordering: .acquiring) == 2)
        word.deallocate()
    }

    @Test func everyMethodHasItsOwnCode() {
        #expect(Set(BurnMethod.allCases.map(\.code)) == Set(0..<Int32(CLINUX_BURN_METHODS.rawValue)))
    }
}
