// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing
import UndoRecords

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// What a disk load resolves to, and what is refused before it starts.
struct DiskBandwidthPlanTests {
    private static let temporary = try? DiskDirectory(NSTemporaryDirectory())
    static let hasDisk: Bool = {
        guard let temporary, !temporary.isMemory else { return false }
        return (try? DirectAlignment.probe(in: temporary.path)) != nil
    }()

    private func plan(
        _ changes: [String: SettingValue] = [:], peak: Double = 50e6, amounts: Set<AmountKind> = [.bytesPerSecond],
        unit: LoadModel.Unit = .bytesPerSecond
    ) throws -> Preparation {
        var changes = changes
        if changes["directory"] == nil { changes["directory"] = .text(NSTemporaryDirectory()) }
        let request = LoadRequest(
            DiskBandwidthStressor.manifest, changes, on: .read(), amounts: amounts, unit: unit)
        let base = try DiskBandwidthStressor.base(request)
        return try DiskBandwidthStressor.prepare(request, base: base, curve: .constant(peak))
    }

    /// The setting and the message of what is wrong with a plan.
    private func problem(
        _ changes: [String: SettingValue], peak: Double = 50e6
    ) throws -> (setting: String?, message: String) {
        do {
            _ = try plan(changes, peak: peak)
        } catch let problem as PlanProblem {
            switch problem {
            case .invalid(let setting, let message): return (setting ?? "", message)
            case .unsupported(let message): return (nil, message)
            }
        }
        Issue.record("nothing is wrong with \(changes)")
        return (nil, "")
    }

    @Test(.enabled(if: hasDisk, "the temporary directory takes no direct I/O"))
    func everythingIsResolved() throws {
        let plan = try plan()
        #expect(plan.settings["block"] == .bytes(256 << 10))
        #expect(plan.settings["pattern"] == .text("sequential"))
        #expect(plan.quantum == Double(256 << 10))
        let options = try #require(DiskOptions(Settings(values: plan.settings)))
        #expect(options.size >= 1 << 20 && options.size % Int64(options.largest) == 0)
        #expect(options.depth == (options.engine == .uring ? 32 : 2))
        #expect(plan.workers == (options.engine == .uring ? 1 : 2))
        #expect(plan.setupLimit > 0)
    }

    @Test(.enabled(if: hasDisk, "the temporary directory takes no direct I/O"))
    func operationsAreRandomAndSmall() throws {
        let plan = try plan(
            ["operation": .text("read"), "engine": .text("threads")], peak: 2000, amounts: [.operationsPerSecond],
            unit: .operationsPerSecond)
        #expect(plan.settings["block"] == .bytes(4096))
        #expect(plan.settings["pattern"] == .text("random"))
        #expect(plan.quantum == 1)
        #expect(plan.workers == 10, "2000 a second at 5 ms each")
    }

    @Test func theBlockFollowsTheRate() {
        func block(
            _ peak: Double, unit: LoadModel.Unit = .bytesPerSecond, hasOnlyMax: Bool = false, isRandom: Bool = false
        ) -> Int {
            DiskPlanner.block(unit: unit, hasOnlyMax: hasOnlyMax, isRandom: isRandom, peak: peak, alignment: 512)
        }
        #expect(block(50e6) == 256 << 10)
        #expect(block(2e9) == 1 << 20)
        #expect(block(1e6) == 8 << 10, "100 operations a second at least")
        #expect(block(1) == 4096)
        #expect(block(0) == 256 << 10)
        #expect(block(Base.unlimited, hasOnlyMax: true) == 1 << 20)
        #expect(block(Base.unlimited, hasOnlyMax: true, isRandom: true) == 256 << 10)
        #expect(block(Base.unlimited) == 256 << 10)
        #expect(block(5000, unit: .operationsPerSecond) == 4096)
    }

    @Test(
        .enabled(if: hasDisk, "the temporary directory takes no direct I/O"),
        arguments: [
            (["block": .bytes(1000)], "block", "multiple"), (["block": .bytes(0)], "block", "between"),
            (["block": .bytes(1 << 40)], "block", "between"),
            (["block": .bytes(1 << 20), "size": .bytes(4096)], "size", "does not hold one block"),
            (["depth": .integer(64), "size": .bytes(1 << 20)], "depth", "has 4"),
            (["depth": .integer(1024), "block": .bytes(1 << 20)], "depth", "256 MiB"),
            (["size": .bytes(1 << 50)], nil, "does not fit"),
            (["keep-free": .bytes(1 << 60)], nil, "kept free"),
            (["size": .bytes(8 << 20), "max-written": .bytes(4 << 20)], "max-written", "laying out"),
            (["read-share": .percent(30)], "read-share", "operation: mix"),
            (["fdatasync-every": .integer(3)], "fdatasync-every", "sync: fdatasync"),
            (["operation": .text("read"), "sync": .text("fdatasync")], "sync", "reads need no"),
            (["operation": .text("mix"), "sync": .text("buffered")], "operation", "from memory"),
        ] as [([String: SettingValue], String?, String)])
    func whatCannotWorkIsRefused(_ changes: [String: SettingValue], _ setting: String?, _ part: String) throws {
        let found = try problem(changes)
        #expect(found.setting == setting, "\(found.message)")
        #expect(found.message.contains(part), "\(found.message)")
    }

    @Test func directoriesThatAreNoneAreRefused() throws {
        let folder = NSTemporaryDirectory() + "exert-plan-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/file"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        for path in [file, folder + "/none"] {
            let found = try problem(["directory": .text(path)])
            #expect(found.setting == "directory")
            #expect(found.message.contains(path), "\(found.message)")
        }
    }

    @Test(.enabled(if: (try? DiskDirectory("/dev/shm"))?.type == "tmpfs", "/dev/shm is no writable tmpfs"))
    func memoryIsRefusedWithTheReason() throws {
        let found = try problem(["directory": .text("/dev/shm")])
        #expect(found.setting == nil)
        #expect(found.message.contains("in memory") && found.message.contains("tmpfs"), "\(found.message)")
    }

    @Test(.enabled(if: hasDisk, "the temporary directory takes no direct I/O"))
    func moreThanMayBeWrittenIsFound() throws {
        let found = try plan(["size": .bytes(8 << 20), "max-written": .bytes(100 << 20)]).findings
        #expect(found.contains { $0.code == "max_written_too_low" }, "500 MB in 10 s")
        let enough = try plan(["size": .bytes(8 << 20), "max-written": .bytes(600 << 20)]).findings
        #expect(!enough.contains { $0.code == "max_written_too_low" })
    }

    @Test(.enabled(if: LoopDisk.isPossible(), "no loop devices"))
    func aRunThatIsSureToReachTheBoundIsToldWithTheRemedy() throws {
        let disk = try LoopDisk(size: 64 << 20)
        let settings: [String: SettingValue] = [
            "directory": .text(disk.path), "size": .bytes(8 << 20), "keep-free": .bytes(0),
        ]
        let found = try plan(settings).findings.filter { $0.code == "max_written_too_low" }
        #expect(found.count == 1 && found[0].severity == .warning)
        #expect(found[0].message.contains("unless the profile says so. Set 'max-written: 490MiB'"), "\(found)")
        #expect(try plan(settings, peak: 1e6).findings.isEmpty, "10 MB in 10 s")
        let written = try plan(settings.merging(["max-written": .bytes(2 << 30)]) { $1 })
        #expect(!written.findings.contains { $0.code == "max_written_too_low" })
    }

    @Test(.enabled(if: hasDisk, "the temporary directory takes no direct I/O"))
    func sizesAndArrivalsAreResolved() throws {
        let sizes = SizeMix([.init(bytes: 4096, share: 2500), .init(bytes: 1 << 20, share: 7500)])
        let mixed = try plan(["block": .sizes(sizes), "size": .bytes(64 << 20)])
        #expect(mixed.settings["block"] == .sizes(sizes) && mixed.settings["merge"] == .text("never"))
        #expect(mixed.quantum == 0x1p20 && mixed.arrivals == nil && mixed.settings["seed"] == nil)
        let drawn = try plan(["arrivals": .text("poisson"), "block": .bytes(65_536)])
        #expect(drawn.settings["seed"] == .integer(0) && drawn.arrivals == DrawnArrivals(seed: 0, work: 65_536))
        let odd = SizeMix([.init(bytes: 4096, share: 5000), .init(bytes: 1000, share: 5000)])
        for (changes, peak, setting, part) in [
            (["block": .sizes(odd)], 50e6, "block", "a block of 1000 bytes is no multiple of"),
            (["seed": .integer(3)], 50e6, "seed", "'seed' is of arrivals: poisson"),
            (["arrivals": .text("poisson")], Base.unlimited, "arrivals", "'max' has none"),
            (["arrivals": .text("poisson")], 1e18, "arrivals", "are more than can be drawn for one run, 10000000000"),
        ] as [([String: SettingValue], Double, String, String)] {
            let found = try problem(changes, peak: peak)
            #expect(found.setting == setting && found.message.contains(part), "\(found)")
        }
    }

    @Test(.enabled(if: LoopDisk.isPossible(), "no loop devices"))
    func aReadOnlyFileSystemIsRefused() throws {
        let disk = try LoopDisk(size: 32 << 20)
        try disk.remount("ro")
        let found = try problem(["directory": .text(disk.path)])
        #expect(found.setting == nil && found.message.contains("read-only"), "\(found.message)")
    }

    @Test(.enabled(if: LoopDisk.isPossible(), "no loop devices"))
    func aFileSystemWithoutRoomIsRefused() throws {
        let disk = try LoopDisk(size: 32 << 20)
        let found = try problem(["directory": .text(disk.path), "size": .bytes(32 << 20)])
        #expect(found.message.contains("does not fit"), "\(found.message)")
        #expect(try plan(["directory": .text(disk.path), "size": .bytes(8 << 20)]).workers > 0)
    }
}
