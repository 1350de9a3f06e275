// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import Testing

@testable import LinuxSystem

/// Looking into descriptor tables: ours and another process's.
@Suite(.serialized)
struct DescriptorTableTests {
    /// `sleep`, with three descriptors; ended when the owner is gone.
    private final class Sleeper {
        let process = Process()
        var id: Int32 { process.processIdentifier }

        init() throws {
            process.executableURL = URL(fileURLWithPath: "/bin/sleep")
            process.arguments = ["60"]
            try process.run()
            // Until it is executed it has the descriptors of this process.
            for _ in 0..<2000 where ProcessFacts(of: id)?.name != "sleep" { usleep(1000) }
        }

        func end() {
            kill(id, SIGKILL)
            process.waitUntilExit()
        }
    }

    @Test func anotherProcessIsCountedAndListed() throws {
        let sleeper = try Sleeper()
        defer { sleeper.end() }
        let table = try DescriptorTable(of: sleeper.id)
        // The test library lets some of its own pass to it.
        let numbers = try #require(table.numbers())
        #expect(numbers.starts(with: [0, 1, 2]))
        #expect(table.count == numbers.count)
        #expect(table.unused(below: 5000) == 5000 - numbers.count)
        #expect(table.unused(below: 3) == 0)
        #expect(table.unused(below: 2) == 0, "number 2 is above that limit")
        #expect(table.numbers(from: 1) == Array(numbers.dropFirst()))
        #expect(table.numbers(from: 5000) == [])
    }

    @Test func aProcessThatEndedHasNoTable() throws {
        let sleeper = try Sleeper()
        let table = try DescriptorTable(of: sleeper.id)
        #expect(table.count ?? 0 >= 3)
        sleeper.end()
        #expect(table.count == nil)
        #expect(table.numbers() == nil)
        #expect(table.unused(below: 1024) == nil)
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try DescriptorTable(of: sleeper.id).count }
        #expect(ProcessFacts(of: sleeper.id) == nil)
    }

    @Test func holesAreUnusedNumbers() async {
        await #expect(processExitsWith: .success) {
            let table = try DescriptorTable(of: getpid())
            let source = try OwnedDescriptor.open("/", O_RDONLY)
            // Far above all others, and with holes in between.
            let high = [300, 302, 310, 700].map { fcntl(source.rawValue, F_DUPFD, $0) }
            #expect(high == [300, 302, 310, 700])
            #expect(table.numbers(from: 301) == [302, 310, 700])
            #expect(table.numbers(from: 302) == [302, 310, 700])
            #expect(table.numbers(from: 701) == [])
            for (limit, above) in [(800, 0), (701, 0), (700, 1), (303, 2), (300, 4)] {
                #expect(
                    happens {
                        guard let count = table.count else { return false }
                        return table.unused(below: UInt64(limit)) == limit - (count - above)
                    })
            }
        }
    }

    @Test func aLargeTableIsListedWhole() async {
        await #expect(processExitsWith: .success) {
            try OpenFileLimit.setSoft(OpenFileLimit.of(processID: 0).hard, ofProcess: 0)
            let table = try DescriptorTable(of: getpid())
            var handles = try HandleTable(of: .dup)
            try handles.grow(by: 3000)
            #expect(happens { table.numbers()?.count == table.count })
            let numbers = try #require(table.numbers())
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        }
    }

    @Test func anotherProcessesLimitIsLoweredAndRaised() throws {
        let sleeper = try Sleeper()
        defer { sleeper.end() }
        let before = try OpenFileLimit.of(processID: sleeper.id)
        try OpenFileLimit.setSoft(500, ofProcess: sleeper.id)
        #expect(try OpenFileLimit.of(processID: sleeper.id) == OpenFileLimit(soft: 500, hard: before.hard))
        try OpenFileLimit.setSoft(before.soft, ofProcess: sleeper.id)
        #expect(try OpenFileLimit.of(processID: sleeper.id) == before)
    }

    // MARK: Facts of a process

    @Test func ownFacts() throws {
        let facts = try #require(ProcessFacts(of: getpid()))
        #expect(facts.id == getpid() && facts.threadGroup == getpid())
        #expect(!facts.isKernelThread && !facts.isEnded)
        #expect(facts.startTime == ProcessIdentity.startTime(of: getpid()))
    }

    @Test func aThreadNamesItsProcess() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").compactMap { Int32($0) }
        let thread = try #require(names.first { $0 != getpid() }, "the test library has threads")
        #expect(ProcessFacts(of: thread)?.threadGroup == getpid())
    }

    @Test func namesMayHoldBracketsAndBlanks() throws {
        let stat = Array("7 (a) (b c) R 1 7 7 0 -1 2097216 1 2 3 4 5 6 7 8 9 10 11 12 424242 14 15".utf8)
        let facts = try #require(ProcessFacts(id: 7, stat: stat, status: Array("Name:\ta\nTgid:\t5\n".utf8)))
        #expect(facts.name == "a) (b c" && facts.startTime == 424242)
        #expect(facts.isKernelThread && facts.threadGroup == 5 && !facts.isEnded)
        let ended = Array("7 (x) Z 1 7 7 0 -1 64 1 2 3 4 5 6 7 8 9 10 11 12 9 14".utf8)
        #expect(ProcessFacts(id: 7, stat: ended, status: [])?.isEnded == true)
        #expect(ProcessFacts(id: 7, stat: Array("7 (x) Z 1".utf8), status: []) == nil)
        #expect(ProcessFacts(id: 7, stat: [], status: []) == nil)
    }

    @Test func theKernelsThreadsAreKnown() throws {
        // kthreadd; a container sees none of them.
        guard let facts = ProcessFacts(of: 2), facts.name == "kthreadd" else { return }
        #expect(facts.isKernelThread)
    }
}
