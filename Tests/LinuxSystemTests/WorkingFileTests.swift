// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import Testing
import UndoRecords

@testable import LinuxSystem

/// Files to do I/O on, and the ring that does it.
struct WorkingFileTests {
    static let hasRing: Bool = {
        do throws(Errno) {
            try IORing.probe(try WorkingFile.create(in: NSTemporaryDirectory(), isDirect: false), count: 512)
            return true
        } catch {
            return false
        }
    }()

    private final class Buffer {
        let base = UnsafeMutableRawPointer.allocate(byteCount: 65536, alignment: 4096)
        init(_ byte: UInt8) { base.initializeMemory(as: UInt8.self, repeating: byte, count: 65536) }
        deinit { base.deallocate() }
        subscript(_ index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }
    }

    @Test func whatIsWrittenIsReadAndTheFolderStaysEmpty() throws {
        let folder = try TemporaryFolder()
        let file = try WorkingFile.create(in: folder.path, isDirect: false)
        try file.preallocate(65536)
        #expect(try FileFacts.size(ofDescriptor: file.rawDescriptor) == 65536)
        let (out, back) = (Buffer(7), Buffer(0))
        #expect(file.write(out.base, count: 8192, at: 4096) == 8192)
        #expect(file.write(out.base, count: 4096, at: 12288, isDurable: true) == 4096)
        #expect(file.syncData() == 0)
        #expect(file.startWriteOut(at: 0, count: 4096) == 0)
        #expect(file.waitForWriteOut(at: 0, count: 4096) == 0)
        file.adviseRandom()
        file.setNoCopyOnWrite()
        file.dropCache(at: 0, count: 65536)
        #expect(file.read(back.base, count: 16384, at: 0) == 16384)
        #expect(back[4095] == 0 && back[4096] == 7 && back[16383] == 7)
        #expect(file.read(back.base, count: 4096, at: 65536) == 0, "nothing behind the end")
        #expect(file.write(out.base, count: 4096, at: -2) == -Int(EINVAL))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func noFileIsMadeWhereThereIsNoFolder() {
        #expect(throws: (any Error).self) {
            _ = try WorkingFile.create(in: "/no/such/folder", isDirect: false).rawDescriptor
        }
        #expect(throws: (any Error).self) { _ = try WorkingFile.create(in: "/proc", isDirect: false).rawDescriptor }
    }

    @Test func aFolderTellsWhatItIs() throws {
        let folder = try TemporaryFolder()
        let directory = try DiskDirectory(folder.path + "/./")
        #expect(directory.path == folder.path)
        #expect(directory.totalBytes > 0 && directory.freeBytes > 0 && directory.freeBytes <= directory.totalBytes)
        #expect(!directory.type.isEmpty)
        let file = try folder.write("x", to: "file")
        for (path, part) in [(file, "is not a directory"), (folder.path + "/none", "there is no directory")] {
            #expect {
                _ = try DiskDirectory(path)
            } throws: {
                if case .missing(let text)? = $0 as? FileSystemFacts.Problem { text.contains(part) } else { false }
            }
        }
        #expect(throws: FileSystemFacts.Problem.self) { _ = try DiskDirectory("/proc/1/fdinfo") }
    }

    @Test(.enabled(if: (try? DiskDirectory("/dev/shm"))?.type == "tmpfs", "/dev/shm is no writable tmpfs"))
    func memoryIsNoDisk() throws {
        #expect(try DiskDirectory("/dev/shm").isMemory)
    }

    @Test(.enabled(if: hasRing, "io_uring cannot be used here"))
    func aRingWritesReadsAndSyncs() throws {
        let folder = try TemporaryFolder()
        let file = try WorkingFile.create(in: folder.path, isDirect: false)
        try file.preallocate(65536)
        let buffer = Buffer(9)
        let ring = try IORing(depth: 4)
        ring.use(file, buffers: buffer.base, each: 4096)
        for slot in 0..<3 {
            let isQueued = ring.queue(
                slot: UInt32(slot), isWrite: true, buffer.base + slot * 4096, count: 4096, at: Int64(slot) * 4096)
            #expect(isQueued)
        }
        let isSyncQueued = ring.queueSync(slot: 3)
        #expect(isSyncQueued)
        var results: [UInt32: Int32] = [:]
        let limit = Clocks.monotonic + 10_000_000_000
        while results.count < 4, Clocks.monotonic < limit {
            try ring.enter(waitingFor: 4 - results.count, patience: 1000, until: limit)
            for index in 0..<ring.collect() {
                let completion = ring.completion(index)
                results[completion.slot] = completion.result
            }
        }
        #expect(results == [0: 4096, 1: 4096, 2: 4096, 3: 0])
        let back = Buffer(0)
        #expect(file.read(back.base, count: 16384, at: 0) == 16384)
        #expect(back[0] == 9 && back[12287] == 9 && back[12288] == 0)
        let text = ring.description
        #expect(text.contains("task run"))
    }

    @Test(.enabled(if: hasRing, "io_uring cannot be used here"))
    func aRingTellsFailuresAndWakesInTime() throws {
        let folder = try TemporaryFolder()
        let file = try WorkingFile.create(in: folder.path, isDirect: false)
        let buffer = Buffer(1)
        let ring = try IORing(depth: 2)
        ring.use(file, buffers: buffer.base, each: 4096)
        let start = Clocks.monotonic
        try ring.enter(waitingFor: 1, until: start + 20_000_000)
        let took = Clocks.monotonic - start
        #expect(took >= 20_000_000 && took < 5_000_000_000)
        let early = ring.collect()
        #expect(early == 0)
        // Reading at the end of an empty file is no failure, and nothing.
        let isQueued = ring.queue(slot: 1, isWrite: false, buffer.base + 4096, count: 4096, at: 0)
        #expect(isQueued)
        try ring.enter(waitingFor: 1, until: Clocks.monotonic + 5_000_000_000)
        let count = ring.collect()
        let completion = ring.completion(0)
        #expect(count == 1 && completion.slot == 1 && completion.result == 0)
        let isBad = ring.queue(slot: 0, isWrite: true, buffer.base, count: 4096, at: -2)
        #expect(isBad)
        try ring.enter(waitingFor: 1, until: Clocks.monotonic + 5_000_000_000)
        let badCount = ring.collect()
        let failed = ring.completion(0)
        #expect(badCount == 1 && failed.result < 0)
    }
}
