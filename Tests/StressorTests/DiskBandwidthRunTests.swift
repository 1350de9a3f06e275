// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import LoadModel
import Synchronization
import Testing

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// Disk loads on a file system of their own; each in a process of its own, whose I/O the witness counts.
@Suite(.serialized, .enabled(if: LoopDisk.isPossible(), "no loop devices"))
struct DiskBandwidthRunTests {
    @Test func aRingMeetsARate() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(["block": .bytes(65536), "engine": .text("uring")], rate: 20e6)
            try run.go()
            try run.expectWork(10e6, blocks: 2)
        }
    }

    @Test func threadsMeetARate() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(["block": .bytes(65536), "engine": .text("threads")], rate: 20e6)
            #expect(run.plan.workers == 2)
            try run.go()
            try run.expectWork(10e6, blocks: 2)
        }
    }

    @Test func randomReadsAreCountedInOperations() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(
                ["operation": .text("read")], rate: 1000, amounts: [.operationsPerSecond], unit: .operationsPerSecond)
            try run.go()
            try run.expectWork(500, blocks: 4)
            #expect(run.latency.pair.intended.counts.reduce(0, +) == run.claimed)
        }
    }

    @Test(arguments: ["uring", "threads"])
    func aMixReadsAndWrites(_ engine: String) async {
        await #expect(processExitsWith: .success) { [engine] in
            let run = try DiskRun(
                [
                    "operation": .text("mix"), "read-share": .percent(75), "engine": .text(engine),
                    "block": .bytes(65536), "pattern": .text("random"),
                ], rate: 20e6)
            let before = try DiskRun.counters()
            try run.go()
            let after = try DiskRun.counters()
            try run.expectWork(10e6, blocks: 2)
            let layout = run.size
            let read = after.read - before.read
            let written = after.written - before.written - layout
            #expect(abs(Double(read) / Double(read + written) - 0.75) < 0.01, "\(read) \(written)")
        }
    }

    private static let sizes = SizeMix([.init(bytes: 4096, share: 5000), .init(bytes: 16_384, share: 5000)])

    @Test(arguments: ["uring", "threads"], [Unit.bytesPerSecond, .operationsPerSecond])
    func theDeviceSeesTheSizesOfAMix(_ engine: String, _ unit: LoadModel.Unit) async {
        await #expect(processExitsWith: .success) { [engine, unit] in
            let isBytes = unit == .bytesPerSecond
            let run = try DiskRun(
                ["block": .sizes(Self.sizes), "engine": .text(engine), "pattern": .text("sequential")],
                rate: isBytes ? 20.48e6 : 2000, amounts: [isBytes ? .bytesPerSecond : .operationsPerSecond], unit: unit)
            #expect(run.settings.text("merge") == "never")
            let seen = try run.goCountingDevice()
            // 10,240 bytes each in the mean, by the device's own counters of both.
            let mean = Double(seen.bytes) / Double(seen.operations)
            #expect(abs(mean / 10_240 - 1) < 0.03, "\(seen)")
            let claimed = Double(run.claimed) / (isBytes ? 10_240 : 1)
            #expect(abs(Double(seen.operations) / claimed - 1) < 0.03, "\(seen) \(claimed)")
            try run.expectWork(isBytes ? 10.24e6 : 1000, blocks: 4)
        }
    }

    @Test(arguments: ["uring", "threads"])
    func drawnArrivalsAreAsManyAsWereDrawn(_ engine: String) async {
        await #expect(processExitsWith: .success) { [engine] in
            let run = try DiskRun(
                ["arrivals": .text("poisson"), "seed": .integer(8), "engine": .text(engine)], rate: 1000,
                amounts: [.operationsPerSecond], unit: .operationsPerSecond)
            var row = ArrivalRow(seed: 8)
            let drawn = row.count(until: 500)
            #expect(abs(drawn - 500) > 20, "a draw that differs from the mean")
            #expect(run.plan.arrivals == DrawnArrivals(seed: 8, work: 1))
            #expect(run.plan.findings.contains { $0.code == "arrivals_drawn" && $0.message.contains("\(drawn)") })
            let seen = try run.goCountingDevice()
            // Less what a busy machine keeps from half a second.
            #expect(run.claimed <= drawn && Double(run.claimed) >= 0.8 * Double(drawn), "\(run.claimed) of \(drawn)")
            #expect(abs(Double(seen.operations) / Double(run.claimed) - 1) < 0.03, "\(seen) of \(run.claimed)")
        }
    }

    @Test func theWitnessTellsReadsFromWrites() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(
                ["operation": .text("mix"), "read-share": .percent(90), "block": .sizes(Self.sizes)], rate: 2000,
                amounts: [.operationsPerSecond], unit: .operationsPerSecond)
            var request = WitnessRequest(
                processIDs: [getpid()], settings: run.settings, unit: .operationsPerSecond, host: HostFacts.read(),
                claims: { run.claimed })
            request.claimedReads = { run.gauges.reduce(0) { $0 + $1.claimedReads } }
            let witness = try #require(DiskBandwidthStressor.witness(request))
            run.whenLaidOut = { witness.begin() }
            try run.go()
            let reading = try #require(witness.read(target: 2000))
            let reads = try #require(reading.reads)
            #expect(abs(reading.amount - Double(run.claimed)) <= 16, "\(reading.amount) \(run.claimed)")
            #expect(abs(reads - 0.9 * Double(run.claimed)) <= 16, "\(reads) \(run.claimed)")
        }
    }

    @Test(arguments: ["uring", "threads"])
    func durableWritesAreMade(_ engine: String) async {
        await #expect(processExitsWith: .success) { [engine] in
            for sync in ["direct+dsync", "fdatasync"] {
                let run = try DiskRun(
                    ["sync": .text(sync), "engine": .text(engine), "block": .bytes(65536)], rate: 5e6)
                try run.go()
                try run.expectWork(2.5e6, blocks: 2)
            }
        }
    }

    @Test func bufferedWritesAreCounted() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(["sync": .text("buffered"), "block": .bytes(65536)], rate: 20e6)
            #expect(run.plan.settings["engine"] == .text("threads"))
            try run.go()
            try run.expectWork(10e6, blocks: 2)
        }
    }

    @Test(arguments: ["sequential", "random"], ["uring", "threads"])
    func theDeviceSeesEachOperation(_ pattern: String, _ engine: String) async {
        await #expect(processExitsWith: .success) { [pattern, engine] in
            let run = try DiskRun(
                ["pattern": .text(pattern), "engine": .text(engine)], rate: 2000, amounts: [.operationsPerSecond],
                unit: .operationsPerSecond)
            #expect(run.settings.text("merge") == "never")
            let seen = try run.goCountingWrites()
            #expect(abs(Double(seen) / Double(run.claimed) - 1) < 0.03, "\(seen) of \(run.claimed)")
            try run.expectWork(1000, blocks: 4)
        }
    }

    @Test func neighboursAreMergedWhereThatIsAllowed() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(
                ["pattern": .text("sequential"), "engine": .text("uring"), "merge": .text("allowed")], rate: 20_000,
                amounts: [.operationsPerSecond], unit: .operationsPerSecond)
            let seen = try run.goCountingWrites()
            #expect(Double(seen) < 0.8 * Double(run.claimed), "\(seen) of \(run.claimed)")
        }
    }

    @Test func aBufferedWriteEndsWhenTheDeviceHasIt() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(["sync": .text("buffered"), "block": .bytes(65536)], rate: 40e6)
            let counters = try run.deviceCounters()
            let before = try #require(counters.read()).writtenBytes
            try run.go()
            let written = try #require(counters.read()).writtenBytes - before
            #expect(written >= run.claimed, "\(written) \(run.claimed)")
            try run.expectWork(20e6, blocks: 2)
        }
    }

    @Test(arguments: ["direct", "buffered"])
    func whatFailsIsCountedByErrno(_ sync: String) async {
        await #expect(processExitsWith: .success) { [sync] in
            // The disk's image is sparse, and the disk that it lies on becomes full.
            let below = try LoopDisk(size: 96 << 20)
            let disk = try LoopDisk(size: 256 << 20, in: below.path)
            let run = try DiskRun(
                ["block": .bytes(65536), "sync": .text(sync), "size": .bytes(16 << 20), "engine": .text("threads")],
                rate: 40e6, disk: disk)
            run.whenLaidOut = {
                disk.forgetContent()
                if (try? below.fill()) != true { Issue.record("it cannot be filled") }
            }
            try run.go()
            let failures = run.gauges.reduce(into: [Int32: Int64]()) { $0.merge($1.failures, uniquingKeysWith: +) }
            #expect(failures[EIO, default: 0] + failures[ENOSPC, default: 0] > 0, "\(failures)")
            #expect(run.claimed < 19_000_000, "\(run.claimed)")
        }
    }

    @Test(arguments: ["uring", "threads"])
    func asMuchAsThereIsEndsAtTheBound(_ engine: String) async {
        await #expect(processExitsWith: .success) { [engine] in
            let run = try DiskRun(
                [
                    "max-written": .bytes(32 << 20), "size": .bytes(16 << 20), "block": .bytes(65536),
                    "engine": .text(engine),
                ], rate: Base.unlimited, amounts: [.max])
            try run.go()
            #expect(run.claimed == 16 << 20, "what laying out the file left of it")
            #expect(run.gauges.reduce(0) { $0 + $1.refusals } > 0)
            #expect(run.gauges.compactMap(\.refusalCause).allSatisfy { $0 == .refusal })
        }
    }

    @Test func theWitnessAgreesAndTheDeviceIsSeen() async {
        await #expect(processExitsWith: .success) {
            let run = try DiskRun(["block": .bytes(65536)], rate: 20e6)
            let request = WitnessRequest(
                processIDs: [getpid()], settings: run.settings, unit: .bytesPerSecond, host: HostFacts.read(),
                claims: { run.claimed })
            let witness = try #require(DiskBandwidthStressor.witness(request))
            let before = try #require(witness.readDevice())
            witness.begin()
            try run.go()
            let reading = try #require(witness.read(target: 20e6))
            #expect(abs(reading.amount - Double(run.claimed)) <= 4 * 65536, "\(reading.amount) \(run.claimed)")
            let after = try #require(witness.readDevice())
            #expect(!after.name.hasPrefix("loop"), "the disk below it")
            #expect(after.writtenBytes >= before.writtenBytes)
        }
    }
}

/// One disk load in this process, on a loop device of its own.
final class DiskRun {
    let plan: Preparation
    let settings: Settings
    let latency: LatencyCells
    let gauges: [Gauge]
    let size: Int64
    private let disk: LoopDisk
    /// Called once, when all lanes are ready and the load begins.
    var whenLaidOut: () -> Void = {}
    private let stressor: DiskBandwidthStressor
    private let curve: Curve
    private let memory: UnsafeMutableRawPointer
    private static let length: Nanoseconds = 500 * .millisecond

    init(
        _ changes: [String: SettingValue], rate: Double, amounts: Set<AmountKind> = [.bytesPerSecond],
        unit: LoadModel.Unit = .bytesPerSecond, disk: LoopDisk? = nil
    ) throws {
        self.disk = try disk ?? LoopDisk(size: 256 << 20)
        let disk = self.disk
        var changes = changes
        changes["directory"] = .text(disk.path)
        if changes["size"] == nil { changes["size"] = .bytes(32 << 20) }
        curve = .constant(rate, for: Self.length)
        let request = LoadRequest(
            DiskBandwidthStressor.manifest, changes, on: .read(), amounts: amounts, unit: unit, length: Self.length)
        let base = try DiskBandwidthStressor.base(request)
        plan = try DiskBandwidthStressor.prepare(request, base: base, curve: curve)
        var settings = request.settings
        settings.values.merge(plan.settings) { $1 }
        self.settings = settings
        size = settings.bytes("size") ?? 0
        let count = 128 + plan.workers * Gauge.byteCount + LatencyCells.byteCount
        memory = .allocate(byteCount: count, alignment: 128)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        let memory = memory
        gauges = (0..<plan.workers).map { Gauge(at: memory + 128 + $0 * Gauge.byteCount) }
        latency = LatencyCells(at: memory + 128 + plan.workers * Gauge.byteCount)
        let context = StressorContext(
            name: "disk", control: ControlWord(at: memory), workers: plan.workers, curve: curve, unit: unit,
            gauges: gauges, latency: latency)
        stressor = try DiskBandwidthStressor(settings, process: context)
    }

    /// What all lanes say that they did.
    var claimed: Int64 { gauges.reduce(0) { $0 + $1.claimed } }

    /// Runs all lanes on threads of their own until the curve ends.
    func go() throws {
        let clock = Stopwatch(length: Self.length)
        let (stressor, curve, gauges, count) = (self.stressor, self.curve, self.gauges, plan.workers)
        let group = DispatchGroup()
        let state = RunState(whenLaidOut)
        for index in 0..<count {
            let lane = Lane(index: index, count: count, curve: curve, time: clock, gauge: gauges[index]) {
                state.ready.add(1, ordering: .relaxed)
                while state.ready.load(ordering: .relaxed) < count { usleep(100) }
                state.beginOnce()
                clock.start()
                return true
            }
            group.enter()
            Thread.detachNewThread {
                do { try stressor.run(on: lane) } catch { Issue.record("\(error)") }
                group.leave()
            }
        }
        #expect(group.wait(timeout: .now() + 60) == .success)
    }

    /// What the device under its file system counts.
    func deviceCounters() throws -> BlockDeviceCounters {
        let device = try #require(BlockDevice(behind: settings.text("directory") ?? ""))
        return try #require(BlockDeviceCounters(upper: device))
    }

    /// Runs, and returns how many writes the device has ended since the load began.
    func goCountingWrites() throws -> Int64 {
        let (counters, gauges) = (try deviceCounters(), gauges)
        whenLaidOut = { gauges[0].content = Int64(counters.read()?.writtenOperations ?? 0) }
        try go()
        return Int64(try #require(counters.read()).writtenOperations) - gauges[0].content
    }

    /// Runs, and returns what the device has written since the load began, in bytes and in requests.
    func goCountingDevice() throws -> (bytes: Int64, operations: Int64) {
        let counters = try deviceCounters()
        let before = Mutex<(bytes: Int64, operations: Int64)>((0, 0))
        whenLaidOut = {
            guard let reading = counters.read() else { return }
            before.withLock { $0 = (reading.writtenBytes, reading.writtenOperations) }
        }
        try go()
        let (reading, begin) = (try #require(counters.read()), before.withLock { $0 })
        return (reading.writtenBytes - begin.bytes, Int64(reading.writtenOperations) - begin.operations)
    }

    /// Expects that `work` was done, give or take some operations, and less what a busy machine keeps from half a
    /// second.
    func expectWork(_ work: Double, blocks: Double) throws {
        let (some, done) = ((blocks + 1) * plan.quantum, Double(claimed))
        #expect(done - work <= some + 0.05 * work && work - done <= some + 0.4 * work, "\(claimed)")
        #expect(gauges.allSatisfy { $0.refusals == 0 })
    }

    /// What this process read and wrote at the block layer.
    static func counters() throws -> (read: Int64, written: Int64) {
        let bytes = try SmallFile.bytes("/proc/self/io")
        return (
            ByteScanner.integer(after: "read_bytes:", in: bytes[...]) ?? 0,
            ByteScanner.integer(after: "write_bytes:", in: bytes[...]) ?? 0
        )
    }
}

private final class RunState: @unchecked Sendable {
    // Unchecked: what is to be done is done under the lock.
    let ready = Atomic<Int>(0)
    private let lock = NSLock()
    private var action: (() -> Void)?

    init(_ action: @escaping () -> Void) { self.action = action }

    func beginOnce() {
        lock.withLock {
            action?()
            action = nil
        }
    }
}

/// Real time from the moment at which the last lane is ready.
private final class Stopwatch: TimeSource {
    private let begin = Atomic<Int64>(0)
    private let length: Nanoseconds

    init(length: Nanoseconds) { self.length = length }

    func start() { _ = begin.compareExchange(expected: 0, desired: Clocks.monotonic, ordering: .relaxed) }

    var now: Nanoseconds { Clocks.monotonic - begin.load(ordering: .relaxed) }
    var isStopping: Bool { now >= length }

    func wait(until time: Nanoseconds) -> Bool {
        let left = min(time, length) - now
        if left > 0 { usleep(UInt32(left / 1000 + 1)) }
        return !isStopping
    }
}
