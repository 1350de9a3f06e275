// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// The kernel's time, for as long as a test takes.
private struct RealTime: TimeSource {
    let start = Clocks.monotonic
    var now: Nanoseconds { Clocks.monotonic - start }
    var isStopping: Bool { false }
    func wait(until time: Nanoseconds) -> Bool {
        usleep(UInt32(max(0, (time - now) / 1000)))
        return true
    }
}

/// Drives a holder as the level driver does, as long as the test wants.
private struct Stage<H: Holding & ~Copyable>: ~Copyable {
    var holder: H
    let lane: Lane
    let total: Int64
    var held: Int64 = 0

    /// Moves and looks until all is at rest, or refused.
    mutating func settle() throws {
        for _ in 0..<20 {
            for _ in 0..<2000 {
                let target = lane.share(of: holder.holdings(for: total), granularity: holder.granularity)
                if held == target { break }
                do throws(StressorFailure) {
                    held = try holder.move(toward: target)
                    lane.gauge.claimed = held
                } catch .refused(_, let cause) {
                    lane.gauge.noteRefusal(cause)
                    break
                }
            }
            _ = try holder.upkeep(at: lane.time.now)
            usleep(5000)
        }
    }
}

/// Space and inodes of small file systems on loop devices.
@Suite(.serialized, .enabled(if: LoopDisk.isPossible(), "needs root and loop devices"))
struct SpaceHolderTests {
    private static let types = ["ext4", "xfs", "btrfs"]

    private static func lane(_ total: Int64) -> Lane {
        let cells = UnsafeMutableRawPointer.allocate(byteCount: Gauge.byteCount, alignment: 128)
        cells.initializeMemory(as: UInt8.self, repeating: 0, count: Gauge.byteCount)
        return Lane(
            index: 0, count: 1, curve: .constant(Double(total), for: 1000 * .second), time: RealTime(),
            gauge: Gauge(at: cells))
    }

    private static func options(
        _ disk: LoopDisk, _ mode: LoadMode, keepFree: Int64 = 0, method: SpacePile.Options.Method = .auto
    ) throws -> SpaceHolder.Options {
        let facts = try FileSystemFacts(disk.path)
        return SpaceHolder.Options(
            pile: .init(
                directory: facts.directory, location: facts.directory, namePrefix: nil, method: method,
                blockSize: facts.space.blockSize),
            keepFree: keepFree, usesReserved: false, heldBack: facts.heldBack ?? 0, isStale: facts.isStale,
            mode: mode)
    }

    private static func space(_ disk: LoopDisk) throws -> FileSystemSpace {
        let gauge = try #require(FileSystemGauge(disk.path))
        gauge.sync()
        return try #require(gauge.space)
    }

    private static func write(_ count: Int, to path: String) throws {
        try Data(repeating: 7, count: count).write(to: URL(fileURLWithPath: path))
    }

    @Test(
        .enabled(if: types.allSatisfy { LoopDisk.isPossible($0) }, "needs mkfs.ext4, mkfs.xfs and mkfs.btrfs"),
        arguments: types)
    func allButEightMebibytesAreHeldWhileOthersComeAndGo(type: String) throws {
        let disk = try LoopDisk(type: type, size: 400 << 20)
        let before = try Self.space(disk)
        let lane = Self.lane(before.capacity - 8 << 20)
        do {
            let holder = try SpaceHolder(Self.options(disk, .total), lane: lane, tell: { _, _ in })
            var stage = Stage(holder: holder, lane: lane, total: before.capacity - 8 << 20)
            try stage.settle()
            #expect(abs(try Self.space(disk).available - 8 << 20) <= before.blockSize)
            try Self.write(4 << 20, to: disk.path + "/other")
            _ = try Self.space(disk)
            try stage.settle()
            #expect(abs(try Self.space(disk).available - 8 << 20) <= before.blockSize, "another came")
            unlink(disk.path + "/other")
            _ = try Self.space(disk)
            try stage.settle()
            #expect(abs(try Self.space(disk).available - 8 << 20) <= before.blockSize, "and went")
            #expect(lane.gauge.refusals == 0)
        }
        usleep(50000)
        #expect(abs(try Self.space(disk).used - before.used) <= 4 * before.blockSize, "all is given back")
        #expect(!(try FileManager.default.contentsOfDirectory(atPath: disk.path)).contains { $0.contains("exert") })
    }

    @Test(arguments: [SpacePile.Options.Method.auto, .write])
    func anAmountOfItsOwnIsExactToTheBlock(method: SpacePile.Options.Method) throws {
        let disk = try LoopDisk(size: 128 << 20)
        let pile = try SpacePile(Self.options(disk, .add, method: method).pile, tell: { _, _ in })
        for target in [20 << 20, 8192, 50 << 20, 0] as [Int64] {
            for _ in 0..<100 where pile.allocated != target { if try pile.move(toward: target) == target { break } }
            #expect(abs(pile.allocated - target) <= pile.granularity)
            let own = HeldFiles(processID: getpid(), directory: disk.path)?.allocated()
            #expect(own == pile.allocated)
            pile.rest()
        }
    }

    @Test func whatIsToBeKeptFreeIsNeverTakenAndIsGivenBack() throws {
        let disk = try LoopDisk(size: 128 << 20)
        let capacity = try Self.space(disk).capacity
        let lane = Self.lane(capacity)
        let holder = try SpaceHolder(Self.options(disk, .add, keepFree: 16 << 20), lane: lane, tell: { _, _ in })
        var stage = Stage(holder: holder, lane: lane, total: capacity)
        try stage.settle()
        #expect(abs(try Self.space(disk).available - 16 << 20) <= 4096)
        try Self.write(8 << 20, to: disk.path + "/other")
        try stage.settle()
        #expect(abs(try Self.space(disk).available - 16 << 20) <= 4096)
        #expect(lane.gauge.refusalCause == .refusal && lane.gauge.refusals > 0)
    }

    @Test func aFullDiskIsSaturation() throws {
        let disk = try LoopDisk(size: 64 << 20)
        let available = try Self.space(disk).available
        let lane = Self.lane(available + 4 << 20)
        var told: [String] = []
        let holder = try SpaceHolder(Self.options(disk, .add), lane: lane, tell: { code, _ in told.append(code) })
        var stage = Stage(holder: holder, lane: lane, total: available + 4 << 20)
        try stage.settle()
        #expect(try Self.space(disk).available <= 8192)
        #expect(lane.gauge.refusalCause == .saturation)
        #expect(told == ["disk_full"])
        #expect(try Self.space(disk).unused > 1 << 20, "the blocks of root are left alone")
    }

    /// In a process of its own, whose limit stays.
    @Test func filesStayBelowTheLimitOfTheirSize() async {
        await #expect(processExitsWith: .success) {
            let disk = try LoopDisk(size: 64 << 20)
            var limit = rlimit(rlim_cur: 5 << 20, rlim_max: 5 << 20)
            try #require(setrlimit(__rlimit_resource_t(1) /* RLIMIT_FSIZE */, &limit) == 0)
            let pile = try SpacePile(
                .init(directory: disk.path, location: disk.path, namePrefix: nil, method: .auto, blockSize: 4096),
                tell: { _, _ in })
            for _ in 0..<20 where pile.allocated != 22 << 20 { _ = try pile.move(toward: 22 << 20) }
            #expect(pile.allocated == 22 << 20)
            for _ in 0..<20 where pile.allocated != 3 << 20 { _ = try pile.move(toward: 3 << 20) }
            #expect(pile.allocated == 3 << 20)
        }
    }

    @Test(arguments: types.filter { $0 != "btrfs" }, [64, 1 << 20])
    func allButAHundredInodesAreHeld(type: String, unnamedLimit: Int) throws {
        setenv("EXERT_STATE_DIRECTORY", NSTemporaryDirectory() + "exert-state-\(getpid())", 1)
        defer { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "exert-state-\(getpid())") }
        // XFS makes no file system as small as ext4 does; there a number will do.
        let disk = try LoopDisk(type: type, size: type == "ext4" ? 16 << 20 : 400 << 20)
        let before = try Self.space(disk)
        let total = type == "ext4" ? before.usedFiles + before.availableFiles - 100 : 3000
        let lane = Self.lane(total)
        do {
            let cells = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
            defer { cells.deallocate() }
            cells.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
            let context = StressorContext(
                name: "inodes", control: ControlWord(at: cells), workers: 1, curve: lane.curve, unit: .inodes,
                mode: .total, gauges: [lane.gauge])
            let holder = try InodeHolder(
                .init(directory: disk.path, location: disk.path, unnamedLimit: unnamedLimit, run: ""), lane: lane,
                context: context)
            var stage = Stage(holder: holder, lane: lane, total: total)
            try stage.settle()
            #expect(try Self.space(disk).usedFiles == total)
            for index in 0..<10 { try Self.write(0, to: disk.path + "/other-\(index)") }
            try stage.settle()
            #expect(try Self.space(disk).usedFiles == total, "others are made room for")
            #expect(stage.held == total - before.usedFiles - 10)
            for index in 0..<10 { unlink(disk.path + "/other-\(index)") }
            try stage.settle()
            #expect(try Self.space(disk).usedFiles == total)
        }
        usleep(50000)
        #expect(try Self.space(disk).usedFiles == before.usedFiles)
    }

    // MARK: Plans

    private func base(_ type: any Stressor.Type, _ path: String, _ amounts: Set<AmountKind>) throws -> Base {
        try type.base(
            LoadRequest(type.manifest, ["directory": .text(path)], on: FakeHost.make(), amounts: amounts))
    }

    @Test func theBaseIsWhatDfCounts() throws {
        let disk = try LoopDisk(size: 64 << 20)
        let space = try Self.space(disk)
        let whole = try base(DiskSpaceStressor.self, disk.path, [.percent])
        #expect(whole.capacity == Double(space.capacity) && whole.free == whole.capacity && whole.mode == .total)
        #expect(whole.text.contains("ext4") && whole.text.contains("df"), "\(whole.text)")
        let own = try base(DiskSpaceStressor.self, disk.path, [.bytes])
        #expect(own.mode == .add && own.free == Double(space.available))
        #expect(throws: PlanProblem.self) { try base(DiskSpaceStressor.self, disk.path, [.bytes, .leave]) }
        let inodes = try base(InodesStressor.self, disk.path, [.leave])
        #expect(inodes.capacity == Double(space.files) && inodes.mode == .total)
        try disk.remount("ro")
        #expect(throws: PlanProblem.self) { try base(DiskSpaceStressor.self, disk.path, [.bytes]) }
    }
}

/// What stands in the way before anything is started; nothing is held.
struct SpacePlanTests {
    private func problem(_ path: String, peak: Double = 0) -> String {
        let request = LoadRequest(
            DiskSpaceStressor.manifest, ["directory": .text(path)], on: FakeHost.make(), amounts: [.bytes])
        do throws(PlanProblem) {
            let base = try DiskSpaceStressor.base(request)
            _ = try DiskSpaceStressor.prepare(request, base: base, curve: .constant(peak))
            return "none"
        } catch {
            switch error {
            case .invalid(let setting, let message): return "invalid \(setting ?? "-"): \(message)"
            case .unsupported(let message): return "unsupported: \(message)"
            }
        }
    }

    @Test func whatCannotBeIsAnErrorWithItsReason() {
        #expect(problem("/no/such/place") == "invalid directory: there is no directory '/no/such/place'")
        #expect(problem("/etc/passwd") == "invalid directory: '/etc/passwd' is not a directory")
        #expect(problem("/dev/shm").hasPrefix("unsupported: '/dev/shm' is on tmpfs, whose files are in memory"))
        let folder = NSTemporaryDirectory()
        guard problem(folder) == "none" else { return }
        let large = problem(folder, peak: 1e18)
        #expect(large == "none", "beyond what there is, it runs as far as it goes: \(large)")
        let larger = problem(folder, peak: 0x1p62)
        #expect(
            larger.hasPrefix("invalid -: the target goes up to 4.000 EiB, more than any file system holds"), "\(larger)"
        )
        #expect(larger.contains("lower the target, or write 'max'"))
        #expect(problem(folder, peak: 1).hasPrefix("invalid -: the target is 1 bytes at most"))
        #expect(problem(folder, peak: 0x1p20) == "none")
    }
}
