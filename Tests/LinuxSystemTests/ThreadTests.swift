// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import Synchronization
import SystemPackage
import Testing

/// Threads of the kernel, and how they sleep and wake each other.
@Suite(.serialized)
struct ThreadTests {
    /// A word that threads share and sleep on.
    private final class Word: @unchecked Sendable {
        // Unchecked: an atomic behind a pointer that lives as long as the object.
        let pointer = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        init(_ value: UInt32) { pointer.initialize(to: Atomic(value)) }
        deinit { pointer.deallocate() }
        var value: UInt32 {
            get { pointer.pointee.load(ordering: .acquiring) }
            set { pointer.pointee.store(newValue, ordering: .releasing) }
        }
    }

    @Test func aThreadIsTheKernelsOwnAndNamed() throws {
        let facts = Mutex<(id: Int32, name: String?)>((0, nil))
        let thread = try KernelThread(named: "a-name-that-is-far-too-long") {
            let id = CurrentThread.id
            let name = SmallFile.text("/proc/self/task/\(id)/comm")
            facts.withLock { $0 = (id, name) }
        }
        thread.join()
        let (id, name) = facts.withLock { $0 }
        #expect(id > 0 && id != CurrentThread.id && id != getpid())
        #expect(name == "a-name-that-is-", "Linux keeps 15 characters")
    }

    @Test func joiningWaitsForTheEnd() throws {
        let isDone = Word(0)
        let thread = try KernelThread(named: "slow") {
            usleep(50_000)
            isDone.value = 1
        }
        thread.join()
        #expect(isDone.value == 1)
    }

    @Test func affinityIsTheThreadsOwn() throws {
        let all = try CurrentThread.affinity()
        #expect(!all.isEmpty && all == all.sorted())
        let seen = Mutex<[Int]>([])
        let last = try #require(all.last)
        let thread = try KernelThread(named: "pinned") {
            try? CurrentThread.setAffinity([last])
            let own = (try? CurrentThread.affinity()) ?? []
            seen.withLock { $0 = own }
        }
        thread.join()
        #expect(seen.withLock { $0 } == [last])
        #expect(try CurrentThread.affinity() == all, "this thread is where it was")
    }

    @Test(arguments: [[], [-1], [8192], [8191]])
    func impossibleAffinitiesAreRefused(cpus: [Int]) throws {
        let online = try #require(SmallFile.text("/sys/devices/system/cpu/possible").flatMap(CPUList.parse))
        try #require(!online.contains(8191))
        #expect(throws: Errno.invalidArgument) { try CurrentThread.setAffinity(cpus) }
    }

    @Test func niceAndIdleAreTheThreadsOwn() throws {
        let policies = Mutex<(nice: Int32, scheduler: Int32)>((0, 0))
        let thread = try KernelThread(named: "nice") {
            try? CurrentThread.setNice(19)
            try? CurrentThread.setIdlePolicy()
            let id = id_t(CurrentThread.id)
            policies.withLock { $0 = (getpriority(Int32(PRIO_PROCESS.rawValue), id), sched_getscheduler(0)) }
        }
        let before = getpriority(Int32(PRIO_PROCESS.rawValue), id_t(CurrentThread.id))
        thread.join()
        #expect(policies.withLock { $0.nice } == 19)
        #expect(policies.withLock { $0.scheduler } == 5, "SCHED_IDLE")
        #expect(getpriority(Int32(PRIO_PROCESS.rawValue), id_t(CurrentThread.id)) == before)
    }

    // MARK: Futex

    @Test func aSleeperIsWokenByWhoeverChangesTheWord() throws {
        let word = Word(7)
        let wokenAfter = Mutex<Int64>(0)
        let start = Clocks.monotonic
        let thread = try KernelThread(named: "sleeper") {
            while word.value == 7, Clocks.monotonic < start + 20_000_000_000 {
                Futex.wait(word.pointer, while: 7, until: start + 20_000_000_000)
            }
            wokenAfter.withLock { $0 = Clocks.monotonic - start }
        }
        usleep(30_000)
        word.value = 8
        Futex.wakeAll(word.pointer)
        thread.join()
        let after = wokenAfter.withLock { $0 }
        #expect(after >= 30_000_000)
        #expect(after < 10_000_000_000, "woken, not timed out")
    }

    @Test func waitingForAnotherValueReturnsAtOnce() {
        let word = Word(1)
        let start = Clocks.monotonic
        Futex.wait(word.pointer, while: 2, until: start + 20_000_000_000)
        #expect(Clocks.monotonic - start < 10_000_000_000)
    }

    @Test func aWaitEndsAtItsDeadline() {
        let word = Word(1)
        let deadline = Clocks.monotonic + 20_000_000
        while Clocks.monotonic < deadline { Futex.wait(word.pointer, while: 1, until: deadline) }
        let late = Clocks.monotonic - deadline
        #expect(late < 5_000_000_000)
        // A deadline that is past is no wait at all.
        let now = Clocks.monotonic
        Futex.wait(word.pointer, while: 1, until: now - 1_000_000_000)
        #expect(Clocks.monotonic - now < 5_000_000_000)
    }

    // MARK: Clocks

    @Test func theThreadsClockCountsWorkAndNotSleep() {
        let before = Clocks.threadCPU
        let start = Clocks.monotonic
        usleep(100_000)
        #expect(Clocks.monotonic - start >= 100_000_000)
        #expect(Clocks.threadCPU - before < 50_000_000)
        while Clocks.threadCPU - before < 60_000_000 {}
        #expect(Clocks.monotonic - start >= 60_000_000, "a thread cannot take more CPU time than passes")
    }

    @Test func theClockOfAProcessCountsAllItsThreads() throws {
        let clock = try #require(ProcessCPUClock(processID: getpid()))
        let before = try #require(clock.now)
        let thread = try KernelThread(named: "burner") {
            let start = Clocks.threadCPU
            while Clocks.threadCPU - start < 40_000_000 {}
        }
        thread.join()
        #expect(try #require(clock.now) - before >= 40_000_000)
        // Beyond 2^22, the most processes that Linux can be told to number.
        #expect(ProcessCPUClock(processID: (1 << 22) + 1) == nil)
    }
}
