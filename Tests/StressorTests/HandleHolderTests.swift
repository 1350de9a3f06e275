// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Synchronization
import Testing

@testable import Engine
@testable import LinuxSystem
@testable import Stressors

/// Time that passes only when somebody waits, and asks the kernel each time.
private final class LookingTime: TimeSource {
    private let state = Mutex<(now: Nanoseconds, seen: [(time: Nanoseconds, figure: Int)])>((0, []))
    private let end: Nanoseconds
    private let figure: @Sendable () -> Int

    init(end: Nanoseconds, figure: @escaping @Sendable () -> Int) {
        self.end = end
        self.figure = figure
    }

    var now: Nanoseconds { state.withLock { $0.now } }
    var isStopping: Bool { now >= end }

    func wait(until time: Nanoseconds) -> Bool {
        let figure = figure()
        return state.withLock { state in
            state.seen.append((state.now, figure))
            state.now = max(state.now, min(time, end))
            return state.now < end
        }
    }

    /// What the kernel said last before `time`.
    func figure(before time: Nanoseconds) -> Int? { state.withLock { $0.seen.last { $0.time < time }?.figure } }
}

/// Handles on the real kernel under a scripted clock, in processes of their own.
@Suite(.serialized)
struct HandleHolderTests {
    /// Gauges and a control word that outlive everything, as in the pages that processes share.
    private static func context(_ curve: Curve, mode: LoadMode = .add) -> StressorContext {
        let cells = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 128)
        cells.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
        return StressorContext(
            name: "handles", control: ControlWord(at: cells + 2048), workers: 1, curve: curve, unit: .handles,
            mode: mode, gauges: [Gauge(at: cells)])
    }

    private static func curve(_ levels: [Double]) -> Curve {
        var curve = Curve()
        for level in levels {
            curve.append(.second, repeating: [.init(length: .second, .line(level, level))])
        }
        return curve
    }

    @Test func whatAShareIsOfIsReadAnewAndOfASqueezedProcessItIsTheLoadsOwn() throws {
        func amount(_ values: [String: SettingValue]) -> BaseAmount? {
            let request = WitnessRequest(
                processIDs: [getpid()], settings: Settings(values: values), unit: .handles, host: HostFacts.read(),
                claims: { 0 })
            guard case .meter(let read)? = FileHandleStressor.baseSource(request) else { return nil }
            return read()
        }
        let hard = try OpenFileLimit.of(processID: 0).hard
        #expect(amount([:]) == BaseAmount(value: Double(hard), source: "/proc/\(getpid())/limits, Max open files"))
        #expect(amount(["of": .text("system")])?.source == "/proc/sys/fs/file-nr")
        #expect(amount(["target.pid": .integer(7)]) == nil)
    }

    /// The test library opens descriptors when it likes, which the holder learns of within a second.
    @Test(arguments: ["dup", "path", "pipe", "socket"])
    func theTableFollowsTheTargetBothWays(kind: String) async {
        await #expect(processExitsWith: .success) { [kind = kind as String] in
            let kind = try #require(HandleTable.Kind(rawValue: kind))
            let levels: [Double] = [1501, 700, 0, 2000]
            let context = Self.context(Self.curve(levels))
            let table = try DescriptorTable(of: getpid())
            let idle = try #require(table.count)
            let time = LookingTime(end: 4 * .second) { [id = getpid()] in
                (try? DescriptorTable(of: id))?.count.map { $0 - 1 } ?? -1
            }
            let lane = Lane(index: 0, count: 1, curve: context.curve, time: time, gauge: context.gauges[0])
            var holder = try HandleHolder(of: kind, lane: lane, context: context, system: nil)
            try lane.hold(&holder)
            for (index, level) in levels.enumerated() {
                let seen = try #require(time.figure(before: Int64(index + 1) * .second))
                #expect(abs(seen - (level == 0 ? idle + 2 : Int(level))) <= 4, "\(seen) for \(level)")
            }
            holder.release()
            #expect(context.gauges[0].claimed == 0 && context.gauges[0].refusals == 0)
            #expect(abs((table.count ?? 0) - idle) <= 6)
        }
    }

    @Test func aFullTableIsARefusalAndNoEnd() async {
        await #expect(processExitsWith: .success) {
            try OpenFileLimit.setSoft(600, ofProcess: 0)
            let context = Self.context(Self.curve([5000, 300]))
            let time = LookingTime(end: 2 * .second) { 0 }
            let lane = Lane(index: 0, count: 1, curve: context.curve, time: time, gauge: context.gauges[0])
            var holder = try HandleHolder(of: .dup, lane: lane, context: context, system: nil)
            try lane.hold(&holder)
            #expect(context.gauges[0].refusals > 0)
            #expect(context.gauges[0].refusalCause == .refusal, "RLIMIT_NOFILE is a rule")
            let total = context.gauges[0].claimed + context.gauges[0].own
            #expect(abs(total - 300) <= 4, "\(total)")
        }
    }

    @Test func ofTheSystemNothingIsTakenBelowKeepFree() async {
        await #expect(processExitsWith: .success) {
            let reading = try #require(SystemFileTable()?.read())
            let context = Self.context(Self.curve([500]))
            let time = LookingTime(end: .second) { 0 }
            let lane = Lane(index: 0, count: 1, curve: context.curve, time: time, gauge: context.gauges[0])
            // More is to be kept free than is.
            let share = TotalFollower(systemTableOf: context, keepFree: reading.most)
            var holder = try HandleHolder(of: .path, lane: lane, context: context, system: share)
            try lane.hold(&holder)
            #expect(context.gauges[0].claimed == 0 && context.gauges[0].refusalCause == .refusal)
        }
    }

    @Test func ofTheSystemsTotalOthersAreLeftOut() async {
        await #expect(processExitsWith: .success) {
            let before = try #require(SystemFileTable()?.read()).used
            // Others come and go on this machine: 5,000 are more than that.
            let context = Self.context(Self.curve([Double(before) + 5000]), mode: .total)
            let time = LookingTime(end: .second) { Int(SystemFileTable()?.read()?.used ?? 0) }
            let lane = Lane(index: 0, count: 1, curve: context.curve, time: time, gauge: context.gauges[0])
            let share = TotalFollower(systemTableOf: context, keepFree: 0)
            var holder = try HandleHolder(of: .path, lane: lane, context: context, system: share)
            try lane.hold(&holder)
            #expect(abs(context.gauges[0].claimed - 5000) < 2500)
            let seen = try #require(time.figure(before: .second))
            #expect(abs(seen - Int(before) - 5000) < 500)
            holder.release()
            #expect(context.gauges[0].claimed == 0)
        }
    }
}
