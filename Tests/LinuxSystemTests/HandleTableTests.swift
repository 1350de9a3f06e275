// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxSystem
import SystemPackage
import Testing

/// Whether `check` holds in one of a few attempts: the test library opens descriptors of its own when it likes.
func happens(_ check: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<20 where try check() { return true }
    return false
}

/// Handles that are held, each test in a process of its own: the kernel's count of its table is what is checked.
@Suite(.serialized)
struct HandleTableTests {
    @Test(arguments: HandleTable.Kind.allCases)
    func theKernelCountsWhatIsHeld(kind: HandleTable.Kind) async {
        await #expect(processExitsWith: .success) { [name = kind.rawValue as String] in
            let kind = try #require(HandleTable.Kind(rawValue: name))
            let table = try DescriptorTable(of: getpid())
            let isExact = try happens {
                var handles = try HandleTable(of: kind)
                guard let idle = table.count else { return false }
                // Odd amounts too: a pipe is two handles.
                for (amount, isGrowth) in [(7, true), (40, true), (1, false), (12, false), (3, true), (99, false)] {
                    isGrowth ? try handles.grow(by: amount) : handles.shrink(by: amount)
                    if table.count != idle + handles.count { return false }
                }
                return handles.count == 0
            }
            #expect(isExact)
        }
    }

    @Test func handlesGoWithTheirOwner() async {
        await #expect(processExitsWith: .success) {
            let table = try DescriptorTable(of: getpid())
            let isClean = try happens {
                let idle = table.count
                for kind in HandleTable.Kind.allCases {
                    var handles = try HandleTable(of: kind)
                    try handles.grow(by: 50)
                    if handles.count != 50 { return false }
                }
                return table.count == idle
            }
            #expect(isClean)
        }
    }

    @Test func whatOthersOpenInBetweenStaysOpen() async {
        await #expect(processExitsWith: .success) {
            var handles = try HandleTable(of: .dup)
            var others: [Int32] = []
            for _ in 0..<20 {
                try handles.grow(by: 5)
                others.append(open("/dev/null", O_RDONLY))
            }
            handles.shrink(by: 63)
            #expect(handles.count == 37)
            handles.shrink(by: 37)
            #expect(others.allSatisfy { fcntl($0, F_GETFD) >= 0 })
            for number in others { close(number) }
        }
    }

    @Test(arguments: [HandleTable.Kind.dup, .path, .pipe])
    func aTableIsFilledToTheLastNumber(kind: HandleTable.Kind) async {
        await #expect(processExitsWith: .success) { [name = kind.rawValue as String] in
            let kind = try #require(HandleTable.Kind(rawValue: name))
            let limit: UInt64 = 1500
            let table = try DescriptorTable(of: getpid())
            try OpenFileLimit.setSoft(limit, ofProcess: 0)
            try CurrentProcess.expandDescriptorTable(to: Int(limit))
            var handles = try HandleTable(of: kind)
            let isExact = happens {
                handles.shrink(by: handles.count)
                guard let free = table.unused(below: limit) else { return false }
                do throws(Errno) {
                    try handles.grow(by: free)
                } catch {
                    return false
                }
                return table.count == Int(limit) && table.unused(below: limit) == 0 && handles.count == free
            }
            #expect(isExact)
            // The runtime may close a descriptor of its own just then, and leave room for one more.
            var held = 0
            let isRefused = happens {
                held = handles.count
                do throws(Errno) {
                    try handles.grow(by: 1)
                    return false
                } catch {
                    return error == .tooManyOpenFiles
                }
            }
            #expect(isRefused)
            #expect(handles.count == held, "what was refused is not counted")
            handles.shrink(by: 10)
            #expect(handles.count == held - 10)
        }
    }

    @Test func partOfARequestIsHeldAndCounted() async {
        await #expect(processExitsWith: .success) {
            try OpenFileLimit.setSoft(200, ofProcess: 0)
            let table = try DescriptorTable(of: getpid())
            var handles = try HandleTable(of: .eventfd)
            #expect(throws: Errno.tooManyOpenFiles) { try handles.grow(by: 10_000) }
            #expect(table.unused(below: 200) == 0)
            #expect((100...200).contains(handles.count))
            handles.shrink(by: 50)
            #expect(table.unused(below: 200) ?? 0 >= 45)
        }
    }

    @Test func onlyDupsTakeNoFileOfTheSystem() async {
        await #expect(processExitsWith: .success) {
            let system = try #require(SystemFileTable())
            // Other processes come and go: 3,000 are more than that.
            for kind in [HandleTable.Kind.dup, .path, .eventfd, .pipe] {
                var handles = try HandleTable(of: kind)
                let before = try #require(system.read())
                try handles.grow(by: 3000)
                let during = try #require(system.read())
                handles.shrink(by: 3000)
                let after = try #require(system.read())
                let taken = during.used - before.used
                #expect(abs(taken - (kind == .dup ? 0 : 3000)) < 1000, "\(kind) took \(taken)")
                #expect(abs(after.used - before.used) < 1000)
                #expect(before.most > before.used && before.free == before.most - before.used)
            }
        }
    }

    @Test func theLimitIsRaisedAsFarAsItGoes() async {
        await #expect(processExitsWith: .success) {
            let (hard, count) = (try OpenFileLimit.of(processID: 0).hard, Self.unusedNumber() + 1)
            try OpenFileLimit.setSoft(100, ofProcess: 0)
            #expect(try CurrentProcess.raiseOpenFileLimit() == hard)
            #expect(try OpenFileLimit.of(processID: 0).soft == hard)
            #expect(throws: Errno.invalidArgument, "beyond the soft limit") {
                try OpenFileLimit.setSoft(UInt64(count), ofProcess: 0)
                try CurrentProcess.expandDescriptorTable(to: count + 1)
            }
            try CurrentProcess.expandDescriptorTable(to: count)
        }
    }

    @Test func aTableWhoseHighestNumberIsInUseIsLargeEnough() async {
        await #expect(processExitsWith: .success) {
            let number = Self.unusedNumber()
            try OpenFileLimit.setSoft(UInt64(number + 1), ofProcess: 0)
            #expect(dup2(0, Int32(number)) == number)
            try CurrentProcess.expandDescriptorTable(to: number + 1)
            #expect(fcntl(Int32(number), F_GETFD) >= 0, "and it stays open")
        }
    }

    /// A number above all that are in use here: a test process that is busy hands down what it has open.
    private static func unusedNumber() -> Int {
        let used = (0..<4096 as Range<Int32>).last { fcntl($0, F_GETFD) >= 0 } ?? 0
        return max(100, Int(used) + 50)
    }
}
