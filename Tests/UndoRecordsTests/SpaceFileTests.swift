// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem
@testable import UndoRecords

/// Files that hold space or an inode, and what the kernel says of them; small ones, in the temporary directory.
struct SpaceFileTests {
    private let folder: TemporaryFolder
    private let journal: UndoJournal
    private static let isOnDisk = (try? FileSystemFacts(NSTemporaryDirectory()))?.isMemory == false

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inner")
        journal = UndoJournal(directory: folder.path + "/state")
    }

    private var work: String { folder.path + "/inner" }
    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: work) }

    @Test(.enabled(if: isOnDisk, "the temporary directory is in memory"))
    func aFileWithoutANameHoldsWhatTheFileSystemCounts() throws {
        let file = try SpaceFile.unnamed(in: work, journal: journal)
        let held = try #require(HeldFiles(processID: getpid(), directory: work))
        try file.allocate(at: 0, count: 1 << 20)
        #expect(file.size == 1 << 20 && file.allocated >= 1 << 20)
        #expect(held.allocated() == file.allocated, "the observer sees the same through /proc")
        #expect(try names().isEmpty)
        try file.setSize(0)
        #expect(file.allocated == 0 && held.allocated() == 0)
        #expect(try file.write(UnsafeRawBufferPointer(start: nil, count: 0), at: 0) == 0)
    }

    @Test(.enabled(if: isOnDisk, "the temporary directory is in memory"))
    func aKnownFileOfALocalFileSystemNeedsNobodyToAsk() throws {
        let file = try SpaceFile.unnamed(in: work, journal: journal)
        try file.allocate(at: 0, count: 1 << 20)
        for mounts in [MountTable(""), MountTable.read()] {
            let isLocal = mounts.mount(of: work).map { ["ext2", "ext3", "ext4", "xfs"].contains($0.type) }
            let wanted = isLocal == true ? file.allocated : nil
            // Other tests in this process open and close files meanwhile: then the table must be read anew.
            let isFound = try (0..<50).contains { _ in
                let held = try #require(HeldFiles(processID: getpid(), directory: work))
                let gauge = try #require(FileSystemGauge(work, isAside: true, with: [held.rawDescriptor]))
                held.ask(through: gauge, mounts: mounts)
                guard held.allocated() == file.allocated else { return false }
                let asker = try #require(gauge.questions?.asker.id)
                // From now on there is no answer, as where the file system has none for whoever asks it.
                #expect(kill(asker, SIGKILL) == 0)
                return held.allocated() == wanted
            }
            #expect(isFound)
        }
    }

    @Test func aNamedFileHasARecordAndGoesWithItsOwner() throws {
        do {
            let file = try SpaceFile.named(work + "/.exert-a-0", journal: journal)
            #expect(file.size == 0)
            #expect(try names() == [".exert-a-0"])
            #expect(journal.survey().items.map(\.effect) == ["remove the file \(work)/.exert-a-0"])
            #expect(journal.survey().items.map(\.state) == [.held])
            #expect(throws: SpaceProblem.self) { _ = try SpaceFile.named(work + "/.exert-a-0", journal: journal).size }
        }
        #expect(try names().isEmpty && journal.survey().items.isEmpty)
    }

    @Test func inodesAreMadeAndGivenBackOneByOne() throws {
        do {
            var files = try InodeFiles(in: work, journal: journal)
            try files.addNamed(4)
            #expect(files.count == 4, "three files and their directory")
            let tree = try #require(InodeFiles.treePath(of: getpid(), in: work))
            let counter = EntryCounter(tree)
            #expect(counter.read() == 4)
            try files.remove(2)
            #expect(files.count == 2 && counter.read(isExact: true) == 2)
            try files.remove(2)
            #expect(files.count == 0 && counter.read(isExact: true) == 0)
            #expect(journal.survey().items.isEmpty)
            try files.addNamed(3)
        }
        #expect(try names().isEmpty && journal.survey().items.isEmpty)
    }

    @Test(.enabled(if: isOnDisk, "the temporary directory is in memory"))
    func theLogHasRoomAheadThatNobodySees() throws {
        let path = try folder.write("a line\n", to: "run.log")
        let log = try OwnedDescriptor.open(path, FileFlags.appendCreating)
        func blocks() -> Int {
            var facts = stat()
            return stat(path, &facts) == 0 ? Int(facts.st_blocks) * 512 : -1
        }
        try #require(LogReservation.reserve(behindFile: log.rawValue, count: 1 << 20))
        let outlet = Outlet(log.rawValue, byLines: true, givesBack: true)
        #expect(blocks() >= 1 << 20)
        #expect(outlet.write(Array("another\n".utf8)))
        try outlet.finish(patience: 5000)
        #expect(blocks() < 1 << 16, "given back")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "a line\nanother\n")
        #expect(LogReservation.shares(log.rawValue, with: work))
        #expect(!LogReservation.shares(log.rawValue, with: "/proc"))
        let counter = try OwnedDescriptor.eventCounter()
        #expect(!LogReservation.reserve(behindFile: counter.rawValue, count: 4096), "this is no file")
    }

    @Test func directoriesThatCannotBeUsedAreToldApart() throws {
        func problem(_ path: String) -> FileSystemFacts.Problem? {
            do { _ = try FileSystemFacts(path) } catch { return error }
            return nil
        }
        let file = try folder.write("", to: "file")
        #expect(problem(work) == nil)
        #expect(problem(work + "/none") == .missing("there is no directory '\(work)/none'"))
        #expect(problem(file) == .missing("'\(file)' is not a directory"))
        #expect(problem(file + "/below") == .missing("there is no directory '\(file)/below'"))
    }

    @Test func aFileSystemIsCountedAsDfCountsIt() throws {
        let space = try #require(FileSystemGauge(work)?.space)
        #expect(space.capacity == space.used + space.available)
        #expect(space.unused >= space.available && space.used > 0 && space.blockSize >= 512)
        var huge = statvfs()
        huge.f_frsize = 4096
        huge.f_blocks = .max
        huge.f_bfree = .max
        huge.f_bavail = .max
        #expect(FileSystemSpace(huge).capacity > 0, "no overflow")
    }
}
