// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import Testing

@testable import LinuxSystem

struct ProcFileTests {
    @Test func aFileIsReadAnewEachTime() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("41 rest\n", to: "value")
        let file = try #require(ProcFile(path))
        #expect(file.integer == 41)
        #expect(file.integer == 41, "the second read begins at the start again")
        try folder.write("-7\n", to: "value")
        #expect(file.integer == -7)
        try folder.write("", to: "value")
        #expect(file.integer == nil, "nothing to read is no number")
    }

    @Test func oneReadTakesItsCapacityAtMost() throws {
        let folder = try TemporaryFolder()
        let file = try #require(ProcFile(try folder.write("123456789", to: "value"), capacity: 4))
        #expect(file.integer == 1234)
    }

    @Test func whatCannotBeOpenedIsNil() {
        #expect(ProcFile("/proc/self/no-such-file") == nil)
    }

    @Test func theKernelsOwnFilesAreRead() throws {
        let stat = try #require(ProcFile("/proc/self/stat"))
        #expect(stat.integer == Int64(getpid()))
    }

    @Test func aProcessThatIsGoneReadsAsNil() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        let file = try #require(ProcFile("/proc/\(process.processIdentifier)/statm"))
        let clock = try #require(ProcessCPUClock(processID: process.processIdentifier))
        #expect(file.integer ?? 0 > 0)
        #expect(clock.now != nil)
        // Not terminate(): whoever runs the tests may have SIGTERM ignored, and children inherit that.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(file.integer == nil)
        #expect(clock.now == nil)
        #expect(ProcessCPUClock(processID: process.processIdentifier) == nil)
    }

    @Test func smallFilesAreReadWholeUpToTheirLimit() throws {
        let folder = try TemporaryFolder()
        // More than one chunk of 64 KiB.
        let path = try folder.write(String(repeating: "x", count: 100_000) + "\n", to: "large")
        #expect(try SmallFile.bytes(path).count == 100_001)
        #expect(SmallFile.text(path)?.utf8.count == 100_000, "the last newline is not part of the text")
        #expect(try SmallFile.bytes(path, limit: 100_001).count == 100_001)
        #expect(throws: Errno.fileTooLarge) { try SmallFile.bytes(path, limit: 100_000) }
        #expect(throws: Errno.noSuchFileOrDirectory) { try SmallFile.bytes(folder.path + "/missing") }
        #expect(throws: Errno.isDirectory) { try SmallFile.bytes(folder.path) }
        #expect(SmallFile.text(folder.path) == nil)
    }

    @Test func aGroupsGaugeIsItsLimitLessItsWorkingSet() throws {
        let folder = try TemporaryFolder()
        let group = CgroupView.Group(directory: folder.path, version: 1)
        let limit = CgroupView.Limit(value: 1000, source: "", group: group)
        #expect(CgroupMemoryGauge(limit)?.available == nil, "there is no usage to read")
        try folder.write("700\n", to: "memory.usage_in_bytes")
        let gauge = CgroupMemoryGauge(limit)
        #expect(gauge?.available == 300, "without statistics, all that is used counts")
        try folder.write("inactive_file 1\ntotal_inactive_file 200\n", to: "memory.stat")
        #expect(CgroupMemoryGauge(limit)?.available == 500, "page cache that nobody uses can be taken")
        try folder.write("max-usage 1\ninactive_file 50\n", to: "memory.stat")
        try folder.write("100\n", to: "memory.current")
        let unified = CgroupView.Limit(value: 1000, source: "", group: .init(directory: folder.path, version: 2))
        #expect(CgroupMemoryGauge(unified)?.available == 950)
    }

    @Test func whatOfAGroupIsPageCacheIsNotTakenForNothingWhereItIsUnreadable() throws {
        let folder = try TemporaryFolder()
        try folder.write("100\n", to: "memory.current")
        let limit = CgroupView.Limit(value: 1000, source: "", group: .init(directory: folder.path, version: 2))
        let gauge = try #require(CgroupMemoryGauge(limit))
        #expect(gauge.used == nil && gauge.available == 900)
        try folder.write("anon 7\n", to: "memory.stat")
        #expect(CgroupMemoryGauge(limit)?.used == nil)
    }

    @Test func theFactsOfThisHostHangTogether() throws {
        let host = HostFacts.read()
        #expect(!host.onlineCPUs.isEmpty && host.onlineCPUs == host.onlineCPUs.sorted())
        #expect(Set(host.affinityCPUs).isSubset(of: Set(host.onlineCPUs)))
        let total = try #require(host.memoryTotal)
        #expect(total > 16 << 20)
        #expect((1...total).contains(try #require(host.memoryAvailable)))
        #expect(host.memoryTotal == HostFacts.installedMemory, "sysinfo(2) tells the same")
        #expect(host.memoryTotalSource == "/proc/meminfo")
        #expect(host.numaNodes >= 1)
        #expect(["always", "madvise", "never", "unknown"].contains(host.hugePages))
        #expect(SmallFile.text("/proc/sys/kernel/osrelease") == host.kernel)
    }
}
