// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Synchronization
import Testing

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// Time that passes only when somebody waits, and looks at the memory each time.
final class ScriptedTime: TimeSource {
    /// What was there when the lane went to sleep.
    struct Look: Sendable {
        var time: Nanoseconds
        var claimed: Int64
        var content: Int64
        var resident: Int64
    }

    private struct State {
        var now: Nanoseconds = 0
        var looks: [Look] = []
    }

    private let state = Mutex(State())
    private let end: Nanoseconds
    private let gauge: Gauge

    init(end: Nanoseconds, gauge: Gauge) {
        self.end = end
        self.gauge = gauge
    }

    var now: Nanoseconds { state.withLock { $0.now } }
    var isStopping: Bool { now >= end }
    var looks: [Look] { state.withLock { $0.looks } }

    func wait(until time: Nanoseconds) -> Bool {
        state.withLock { state in
            let look = Look(
                time: state.now, claimed: gauge.claimed, content: gauge.content, resident: Self.resident)
            state.looks.append(look)
            state.now = max(state.now, min(time, end))
            return state.now < end
        }
    }

    static var resident: Int64 {
        (try? SmallFile.bytes("/proc/self/statm")).flatMap { MemoryText.resident($0[...]) } ?? 0
    }

    /// The last look before `time`.
    func look(before time: Nanoseconds) -> Look? { looks.last { $0.time < time } }
}

/// The memory stressor's lane on the real kernel under a scripted clock, in processes of their own: what they hold is
/// what the kernel must show.
@Suite(.serialized)
struct MemoryArenaTests {
    @Test func theResidentSetFollowsTheTargetBothWays() async {
        await #expect(processExitsWith: .success) { try Scenario(pages: .huge, content: .random).expectTargets() }
    }

    @Test func smallPagesWithoutContentFollowToo() async {
        await #expect(processExitsWith: .success) { try Scenario(pages: .small, content: .zero).expectTargets() }
    }

    @Test func withinTheHeadroomNothingIsTaken() async {
        await #expect(processExitsWith: .success) {
            var scenario = try Scenario(pages: .small, content: .zero)
            // More than any host has: what is available is always less.
            scenario.hostHeadroom = 1 << 60
            let time = try scenario.run()
            #expect(scenario.gauge.claimed == 0)
            #expect(scenario.gauge.refusals > 0)
            let most = time.looks.map(\.resident).max() ?? 0
            #expect(most - scenario.idle < 8 << 20)
        }
    }

    /// The fixture's usage does not follow what is held, so that each look asks for more back, until nothing is left.
    @Test func aLimitThatIsLoweredIsGivenWayTo() async {
        await #expect(processExitsWith: .success) {
            let folder = NSTemporaryDirectory() + "exert-group-\(getpid())"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            func write(_ file: String, _ mebibytes: Int) throws {
                try "\(mebibytes << 20)\n".write(toFile: folder + "/" + file, atomically: false, encoding: .utf8)
            }
            try write("memory.current", 60)
            try write("memory.max", 100)
            let ceiling = GroupCeiling([.init(directory: folder, version: 2)]) { _ in 4 << 20 }
            #expect(ceiling.cap(holding: 50 << 20) == .max && ceiling.room?.available == 36 << 20)
            func look(_ limit: Int) throws -> Int64 {
                try write("memory.max", limit)
                // Longer than two looks are apart.
                usleep(130_000)
                return ceiling.cap(holding: 50 << 20)
            }
            #expect(try look(90) == (50 + 26) << 20, "room is left")
            #expect(try look(58) == (50 - 6) << 20, "2 MiB above the limit, and 4 of headroom")
            #expect(ceiling.lowered?.limit == 58 << 20 && ceiling.lowered?.source == folder + "/memory.max")
            #expect(try look(5) == 0, "never less than nothing")
            #expect(try look(100) == .max && ceiling.lowered == nil, "it is what it was")
        }
    }

    @Test func aGroupsLimitIsNotCrossed() async {
        await #expect(processExitsWith: .success) {
            let folder = NSTemporaryDirectory() + "exert-group-\(getpid())"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            // The fixture's usage never changes, so that each grant alone is what is bounded: 10 MiB are left.
            try "\(90 << 20)\n".write(toFile: folder + "/memory.current", atomically: false, encoding: .utf8)
            try "\(104 << 20)\n".write(toFile: folder + "/memory.max", atomically: false, encoding: .utf8)
            let headroom = Headroom(
                hostReserve: 0, cgroupReserve: { _ in 4 << 20 }, groups: [.init(directory: folder, version: 2)])
            #expect(try headroom.grant(8 << 20, unit: 4096) == 8 << 20)
            // What is granted and not yet in the kernel's figures is not granted to another lane.
            #expect(try headroom.grant(64 << 20, unit: 4096) == 2 << 20)
            #expect(throws: StressorFailure.self) { try headroom.grant(4096, unit: 4096) }
            headroom.settle(10 << 20)
            #expect(try headroom.grant(64 << 20, unit: 4 << 20) == 8 << 20, "whole units only")
            headroom.settle(8 << 20)
            #expect(throws: StressorFailure.self) { try headroom.grant(64 << 20, unit: 16 << 20) }
        }
    }
}

/// One lane that goes to 48 MiB and some pages, then 20 MiB, then nothing.
struct Scenario {
    static let high: Int64 = (48 << 20) + 5 * 4096
    static let low: Int64 = 20 << 20

    let pages: AnonymousReservation.Pages
    let content: MemoryArena.Content
    let gauge: Gauge
    let overhead: ProcessOverhead
    var hostHeadroom: Int64 = 0
    /// The control groups of the process.
    var groups: [CgroupView.Group] = []
    var cite: @Sendable (String, String) -> Void = { _, _ in }
    /// The resident set of the process before the load.
    let idle: Int64

    init(pages: AnonymousReservation.Pages, content: MemoryArena.Content) throws {
        self.pages = pages
        self.content = content
        // Never freed: gauges outlive everything, as in the pages that processes share.
        let cells = UnsafeMutableRawPointer.allocate(byteCount: Gauge.byteCount, alignment: 128)
        cells.initializeMemory(as: UInt8.self, repeating: 0, count: Gauge.byteCount)
        gauge = Gauge(at: cells)
        idle = ScriptedTime.resident
        overhead = ProcessOverhead(gauges: [gauge])
    }

    func run() throws -> ScriptedTime {
        var curve = Curve()
        for level in [Self.high, Self.low] {
            let total = Double(idle + level)
            curve.append(2 * .second, repeating: [.init(length: 2 * .second, .line(total, total))])
        }
        curve.append(2 * .second, repeating: [.init(length: 2 * .second, .line(0, 0))])
        let time = ScriptedTime(end: 6 * .second, gauge: gauge)
        let lane = Lane(index: 0, count: 1, curve: curve, time: time, gauge: gauge)
        let options = MemoryArena.Options(
            pages: pages, content: content, isLocked: false,
            peakShare: Int(curve.peak) + 2 * AnonymousReservation.hugePageSize)
        let headroom = Headroom(hostReserve: hostHeadroom, groups: groups, cite: cite)
        let word = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        word.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
        let context = StressorContext(
            name: "memory", control: ControlWord(at: word), workers: 1, curve: curve, unit: .bytes, gauges: [gauge])
        var arena = try MemoryArena(options, lane: lane, context: context, overhead: overhead, headroom: headroom)
        try lane.hold(&arena)
        return time
    }

    /// The test library takes and gives back memory of its own while this runs: 4 MiB are left for that.
    func expectTargets() throws {
        let time = try run()
        let slack: Int64 = 4 << 20
        let high = try #require(time.look(before: 2 * .second))
        #expect(abs(high.resident - idle - Self.high) <= slack)
        #expect(abs(high.claimed - Self.high) <= slack)
        #expect(high.claimed % 4096 == 0)
        #expect(high.content == (content == .random ? high.claimed : 0), "all that is held has content by now")
        let low = try #require(time.look(before: 4 * .second))
        #expect(abs(low.resident - idle - Self.low) <= slack)
        #expect(low.content == (content == .random ? low.claimed : 0))
        let none = try #require(time.looks.last)
        #expect(none.claimed == 0)
        #expect(none.resident - idle <= slack)
        #expect(gauge.refusals == 0)
    }
}
