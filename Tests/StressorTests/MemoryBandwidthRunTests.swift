// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// Real time from its first look on; sleeps in slices.
private final class WallClock: TimeSource {
    private let begin = Clocks.monotonic
    private let length: Nanoseconds

    init(length: Nanoseconds) { self.length = length }

    var now: Nanoseconds { Clocks.monotonic - begin }
    var isStopping: Bool { now >= length }

    func wait(until time: Nanoseconds) -> Bool {
        while now < min(time, length) { usleep(200) }
        return !isStopping
    }
}

/// One worker on this machine's memory, and a judge that does not ask it: what is in the buffer afterwards tells how
/// often each line was written.
private struct StreamRun: ~Copyable {
    static let lineBytes = Int(CLINUX_STREAM_LINE)

    let access: MemoryAccess
    let gauge: Gauge
    var worker: StreamWorker
    private let lane: Lane
    private let control: ControlWord

    init(
        _ access: MemoryAccess, buffer count: Int, _ curve: Curve, length: Nanoseconds = 400 * .millisecond
    ) throws {
        // Never freed: gauges outlive everything, as in the pages that processes share.
        let cells = UnsafeMutableRawPointer.allocate(byteCount: 128 + Gauge.byteCount, alignment: 128)
        cells.initializeMemory(as: UInt8.self, repeating: 0, count: 128 + Gauge.byteCount)
        control = ControlWord(at: cells)
        gauge = Gauge(at: cells + 128)
        self.access = access
        lane = Lane(index: 0, count: 1, curve: curve, time: WallClock(length: length), gauge: gauge)
        let buffer = try StreamBuffer(count: count, pages: .huge)
        try buffer.fill(seed: 1, headroom: Headroom(hostReserve: 0)) { _ in }
        worker = StreamWorker(buffer, access: access, control: control, gauge: gauge)
    }

    mutating func go() throws {
        try lane.pace(&worker, workPerArea: 1e-9, catchUp: .backlog(window: 100 * .millisecond))
    }

    /// Which pass wrote each line; 0 where none did.
    func passes() -> [Int] {
        // Of few passes, so that a table finds them.
        let stamps = Dictionary(
            uniqueKeysWithValues: (1...4096).map { (StreamWorker.stamp(pass: UInt64($0), line: 0), $0) })
        return worker.withBytes { bytes in
            let words = bytes.bindMemory(to: UInt64.self)
            return (0..<bytes.count / Self.lineBytes).map { line in
                let first = words[line * Self.lineBytes / 8]
                let pass = stamps[first &- UInt64(line) &* CLINUX_STREAM_LINE_STEP] ?? 0
                // The whole line is of that pass, or none of it counts.
                let isWhole = (1..<Self.lineBytes / 8).allSatisfy { word in
                    words[line * Self.lineBytes / 8 + word] == first &+ UInt64(word) &* CLINUX_STREAM_WORD_STEP
                }
                return isWhole ? pass : 0
            }
        }
    }
}

@Suite(.serialized)
struct MemoryBandwidthRunTests {
    @Test(arguments: [MemoryAccess.write, .writeNonTemporal])
    func everyByteThatIsClaimedIsInTheBuffer(access: MemoryAccess) throws {
        // Of a size that no chunk divides, written through several times.
        var run = try StreamRun(access, buffer: (3 << 20) + 4096, .constant(50e6))
        try run.go()
        let passes = run.passes()
        let written = passes.reduce(0) { $0 + $1 * StreamRun.lineBytes }
        #expect(Int64(written) == run.gauge.claimed, "to the byte")
        #expect(passes == passes.sorted(by: >), "from the start to the end, a pass after the other")
        #expect((passes.first ?? 0) - (passes.last ?? 0) <= 1)
        // 50 MB/s for 0.4 s; the last period is done ahead, and a stall may be forgiven.
        #expect((10_000_000...21_000_000).contains(written), "\(written)")
    }

    @Test func aCopyFillsTheOtherHalf() throws {
        var run = try StreamRun(.copy, buffer: 4 << 20, .constant(50e6))
        let before = run.worker.withBytes { Array($0) }
        try run.go()
        let after = run.worker.withBytes { Array($0) }
        #expect(before[..<(2 << 20)] == after[..<(2 << 20)], "the source stays")
        #expect(before[(2 << 20)...] != before[..<(2 << 20)])
        #expect(after[(2 << 20)...] == after[..<(2 << 20)])
        #expect((10_000_000...21_000_000).contains(run.gauge.claimed), "both are counted: \(run.gauge.claimed)")
    }

    @Test func aReadTakesEveryByteIn() throws {
        var run = try StreamRun(.read, buffer: 2 << 20, .constant(0))
        let words = run.worker.withBytes { Array($0.bindMemory(to: UInt64.self)) }
        #expect(words.filter { $0 == 0 }.count < 8, "content, and not the zero page")
        // In parts that end within a chunk, over the buffer's end, and within the next pass.
        var position = 0
        var expected: UInt64 = 0
        for part in [1000, 24576, 1, 8191, 40000] {
            let bytes = Int64(part * StreamRun.lineBytes)
            // A call comes back after a period, which a busy machine may let pass between two chunks.
            var left = bytes
            while left > 0 { left -= try run.worker.work(left) }
            #expect(left == 0, "never more than is due")
            for word in position..<position + part * 8 { expected ^= words[word % words.count] }
            position += part * 8
            #expect(run.worker.checksum == expected, "after \(position) words")
        }
        #expect(run.gauge.claimed == Int64(position * 8))
    }

    @Test(arguments: MemoryAccess.allCases)
    func lessThanALineIsLeftForLater(access: MemoryAccess) throws {
        var run = try StreamRun(access, buffer: 1 << 20, .constant(0))
        let line = Int64(access.payloadPerLine)
        #expect(try run.worker.work(0) == 0)
        #expect(try run.worker.work(line - 1) == 0)
        #expect(try run.worker.work(line) == line)
        #expect(try run.worker.work(10 * line - 1) == 9 * line)
    }

    @Test(arguments: MemoryAccess.allCases)
    func asMuchAsThereIsComesBackWithinAPeriod(access: MemoryAccess) throws {
        var run = try StreamRun(access, buffer: 8 << 20, .constant(0))
        var best = Nanoseconds.max
        var most: Int64 = 0
        for _ in 0..<5 {
            let start = Clocks.monotonic
            most = max(most, try run.worker.work(.max))
            best = min(best, Clocks.monotonic - start)
        }
        #expect(best >= Pacer.period, "it goes on as long as it may")
        #expect(best < 3 * Pacer.period, "\(best)")
        // No memory of these days is slower than 0.1 GB/s, and none faster than 1 TB/s from one thread.
        let rate = Double(most) / Double(best) * 1e9
        #expect((1e8...1e12).contains(rate), "\(rate)")
    }

    @Test func aTargetBeyondReachIsForgivenAndStopsAtOnce() throws {
        var run = try StreamRun(.read, buffer: 8 << 20, .constant(1e15), length: 200 * .millisecond)
        let start = Clocks.monotonic
        try run.go()
        #expect(Clocks.monotonic - start < 2 * .second)
        #expect(run.gauge.forgiven > 0)
        #expect(run.gauge.claimed > 0)
    }

    @Test func asMuchAsThereIsGoesOnAllTheTimeAndOwesNothing() throws {
        var run = try StreamRun(.read, buffer: 8 << 20, .constant(Base.unlimited), length: 200 * .millisecond)
        let start = Clocks.monotonic
        try run.go()
        #expect(Clocks.monotonic - start < 2 * .second)
        #expect(run.gauge.forgiven == 0)
        #expect(run.gauge.claimed > 10 << 20, "it has gone through its buffer and more")
    }

    @Test func aBufferThatDoesNotFitIsAFailureThatNamesTheRemedy() throws {
        let buffer = try StreamBuffer(count: 4 << 20, pages: .small)
        // More than any host has: what is available is always less.
        let headroom = Headroom(hostReserve: 1 << 60)
        do throws(StressorFailure) {
            try buffer.fill(seed: 1, headroom: headroom) { _ in }
            Issue.record("it was filled")
        } catch {
            guard case .impossible(let message) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(message.contains("of a buffer of 4.0 MiB 0 bytes could be taken"), "\(message)")
            #expect(message.contains("make 'buffer' smaller"), "\(message)")
        }
    }
}
