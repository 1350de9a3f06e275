// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem

/// Whose processes `/proc` is about.
struct ProcMountTests {
    private func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

    @Test func theOneOfTheseTestsIsOurs() { #expect(ProcMount.problem == nil) }

    @Test(arguments: [
        ("Name:\tx\nNSpid:\t12\nNSpgid:\t12\t3\n", 1), ("NSpid:\t4711\t12\nThreads:\t1\n", 2),
        ("NSpid:\t4711\t12\t1\n", 3), ("Name:\tx\n", 0), ("", 0),
    ])
    func aNumberInEachNamespaceIsADepth(_ status: String, _ depth: Int) {
        #expect(ProcMount.depth(bytes(status)) == depth)
    }

    @Test func aChildIsShownAndOthersAreNotTakenForIt() throws {
        let before = Clocks.boot
        let child = try ChildProcess("/bin/sleep", arguments: ["sleep", "20"], descriptors: [nil, nil, nil])
        defer {
            child.send(signal: 9)
            _ = child.wait(milliseconds: 5000)
        }
        #expect(child.procProblem == nil)
        let now = before...Clocks.boot
        #expect(ProcMount.problem(ofChild: child.id, pidDescriptor: -1, spawned: now) == nil)
        // The number of somebody else, with the descriptor and without.
        let stranger = getppid()
        #expect(
            ProcMount.problem(ofChild: stranger, pidDescriptor: child.pidDescriptor, spawned: now)
                == .foreign("process \(stranger) is \(child.id) there"))
        #expect(
            ProcMount.problem(ofChild: stranger, pidDescriptor: -1, spawned: now)
                == .foreign("process \(stranger) has another parent there"))
        let earlier = before - 60_000_000_000...before - 30_000_000_000
        #expect(
            ProcMount.problem(ofChild: child.id, pidDescriptor: -1, spawned: earlier)
                == .foreign("process \(child.id) began at another time there"))
    }

    @Test func aChildThatHasEndedIsNoProblem() throws {
        let child = try ChildProcess("/bin/true", arguments: ["true"], descriptors: [nil, nil, nil])
        #expect(child.wait(milliseconds: 5000)?.exitCode == 0)
        #expect(child.procProblem == nil)
    }

    @Test func birthsAreReadBehindNamesWithBrackets() throws {
        let fields = (5...21).map { "\($0)" }.joined(separator: " ")
        let birth = try #require(ProcessBirth(stat: Array("7 (a) b) R 3 \(fields) 250 1 2\n".utf8)))
        #expect(birth.parent == 3 && birth.start == 250)
        let tick = 1_000_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK)))
        #expect(birth.isWithin(250 * tick...250 * tick))
        #expect(!birth.isWithin(250 * tick + 2_000_000_000...250 * tick + 3_000_000_000))
        #expect(!birth.isWithin(0...250 * tick - 2_000_000_000))
        #expect(ProcessBirth(stat: Array("7 (a) R 3 1".utf8)) == nil)
        #expect(ProcessBirth(stat: []) == nil)
    }

    @Test func theCommandLineIsKnownWithoutProc() {
        #expect(CurrentProcess.arguments == CommandLine.arguments)
        #expect(!CurrentProcess.arguments.isEmpty)
    }
}
