// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

@Suite struct OperationScheduleTests {
    private func schedule(_ curve: Curve, block: Double = 1000) -> OperationSchedule {
        OperationSchedule(curve: curve, row: OperationRow(work: block), workPerArea: 1e-9)
    }

    /// Ticket times until `end`, each taken when it is due.
    private func times(_ schedule: OperationSchedule, until end: Nanoseconds) -> [Nanoseconds] {
        var times: [Nanoseconds] = []
        var now: Nanoseconds = 0
        while let ticket = schedule.take(at: now), ticket.intended < end {
            times.append(ticket.intended)
            now = max(now, ticket.intended)
        }
        return times
    }

    @Test func `a constant rate is an even grid with half a step before the first`() {
        let times = times(schedule(curve(10 * s, .hold(.bytesPerSecond(100_000)))), until: s)
        #expect(times.count == 100)
        for (index, time) in times.enumerated() { #expect(abs(time - (5 * ms + Int64(index) * 10 * ms)) <= 1) }
    }

    @Test(
        arguments: [
            LoadShape.ramp(from: .bytesPerSecond(0), to: .bytesPerSecond(1e6), over: nil),
            .sine(from: .bytesPerSecond(1e5), to: .bytesPerSecond(1e6), every: 3 * s),
            .sawtooth(from: .bytesPerSecond(0), to: .bytesPerSecond(1e6), every: 2 * s),
            .pulse(.bytesPerSecond(1e6), width: s / 3, every: s),
            .steps([.bytesPerSecond(1e5), .bytesPerSecond(0), .bytesPerSecond(1e6)], every: 3 * s),
        ])
    func `operations of any shape never stray from its area by more than one`(shape: LoadShape) {
        let curve = curve(10 * s, shape)
        let times = times(schedule(curve), until: .max)
        #expect(times.count > 1000)
        #expect(times == times.sorted())
        for (index, time) in times.enumerated() {
            let owed = curve.area(until: time) * 1e-9 / 1000
            #expect(abs(owed - (Double(index) + 0.5)) < 0.01, "operation \(index) at \(time)")
        }
    }

    @Test func `what is overdue by more than the backlog is dropped and counted, what is within it is done`() throws {
        let schedule = schedule(curve(10 * s, .hold(.bytesPerSecond(100_000))))
        let late = try #require(schedule.take(at: 3 * s))
        #expect(schedule.dropped == 200)
        #expect(late.intended >= 2 * s && late.intended <= 2 * s + 20 * ms)
        let ready = (0..<200).prefix { _ in schedule.take(at: 3 * s).map { $0.intended <= 3 * s } == true }.count
        #expect((98...100).contains(ready))
        #expect(schedule.dropped == 200)
    }

    @Test func `what a phase left over is not done in the release after it`() {
        var curve = curve(s, .hold(.bytesPerSecond(100_000)))
        curve.appendRelease(5 * s)
        let late = schedule(curve)
        #expect(late.take(at: 2 * s) == nil)
        #expect(late.dropped == 100)
    }

    @Test func `after a stall operations are made up for at a tenth above the rate`() {
        let schedule = schedule(curve(10 * s, .hold(.bytesPerSecond(100_000))))
        // 100 operations a second, and nobody takes any for 0.8 s.
        var issued: [Nanoseconds] = []
        var now = 800 * ms
        var next = schedule.take(at: now)
        while now < 5 * s {
            while let ticket = next, ticket.notBefore <= now {
                issued.append(now)
                next = schedule.take(at: now)
            }
            now += ms
        }
        for second in stride(from: 800 * ms, to: 4 * s, by: Int(50 * ms)) {
            let count = issued.count { (second..<second + s).contains($0) }
            #expect(count >= 98 && count <= 112, "\(count) from \(second)")
        }
    }

    @Test func `what is overdue does not go on where less is asked for`() {
        var curve = curve(s, .hold(.bytesPerSecond(100_000)))
        curve.append(5 * s, repeating: [.init(length: 5 * s, .line(1000, 1000))])
        let schedule = schedule(curve)
        var count = 0
        while let ticket = schedule.take(at: 2 * s), ticket.intended <= 2 * s { count += 1 }
        #expect(count <= 2 && schedule.dropped >= 99)
    }

    @Test func `the last operations of a load may begin a moment after it`() {
        var curve = curve(s, .hold(.bytesPerSecond(1e6)))
        curve.appendRelease(5 * s)
        let schedule = schedule(curve)
        for _ in 0..<995 { _ = schedule.take(at: s - 4 * ms) }
        let last = (0..<5).compactMap { _ in schedule.take(at: s + ms) }
        #expect(last.count == 5 && schedule.take(at: s + ms) == nil)
        #expect(schedule.dropped == 0)
    }

    @Test func `as much as there is is due whenever it is asked for, and the schedule goes on after it`() throws {
        var curve = Curve()
        let resolve: (Amount) -> Double = { if case .bytesPerSecond(let value) = $0 { value } else { .infinity } }
        _ = curve.append(s, .hold(.bytesPerSecond(10_000)), from: 0, seed: 0, resolve: resolve)
        _ = curve.append(s, .hold(.max), from: 0, seed: 0, resolve: resolve)
        _ = curve.append(s, .hold(.bytesPerSecond(10_000)), from: 0, seed: 0, resolve: resolve)
        #expect(curve.isUnlimited(from: 0, to: 3 * s) && !curve.isUnlimited(from: 0, to: s))
        #expect(!curve.isUnlimited(from: 2 * s, to: 3 * s))
        let schedule = schedule(curve)
        for _ in 0..<10 { #expect(try #require(schedule.take(at: s - 1)).intended < s) }
        let first = try #require(schedule.take(at: s - 1)).intended
        #expect(first - s <= 1 && first >= s, "the first of the next phase")
        for now in [s, s, s + 5, 2 * s - 1] { #expect(try #require(schedule.take(at: now)).intended == now) }
        let next = try #require(schedule.take(at: 2 * s))
        #expect(abs(next.intended - (2 * s + 50 * ms)) < 10)
        #expect(schedule.dropped == 0)
    }

    @Test func `after a stall the last second of a load is not held below the target`() {
        let schedule = schedule(curve(3 * s, .hold(.bytesPerSecond(1e6))))
        var issued: [Nanoseconds] = []
        var next: Ticket?
        for now in stride(from: 0, to: 3 * s, by: Int64.Stride(ms)) where now < 1850 * ms || now >= 1950 * ms {
            while true {
                next = next ?? schedule.take(at: now)
                guard let ticket = next, ticket.notBefore <= now else { break }
                issued.append(now)
                next = nil
            }
        }
        #expect(issued.count { $0 >= 2 * s } >= 998, "\(issued.count { $0 >= 2 * s }) of 1000")
        #expect(issued.count >= 2990 && schedule.dropped == 0, "\(issued.count)")
    }

    @Test func `numbers go up by one, whichever lane asks`() {
        let schedule = schedule(curve(s, .hold(.bytesPerSecond(10_000))))
        #expect((0..<10).map { _ in schedule.take(at: 0)?.sequence } == (0..<10).map { Int64($0) })
        #expect(schedule.take(at: 0) == nil, "ten fit into the curve")
    }
}

/// A device under virtual time: operations take `takes`, at most `depth` at once.
private struct ScriptedDevice: Issuing {
    let depth: Int
    let takes: Nanoseconds
    var fails: (Int64) -> Bool = { _ in false }
    private var flying: [(ticket: Ticket, submitted: Nanoseconds)] = []
    private(set) var issued: [Nanoseconds] = []

    init(depth: Int, takes: Nanoseconds) {
        self.depth = depth
        self.takes = takes
    }

    var room: Int { depth - flying.count }
    var inFlight: Int { flying.count }

    mutating func issue(_ ticket: Ticket, at now: Nanoseconds) throws(StressorFailure) {
        if fails(ticket.sequence) { throw .refused("as scripted", because: .saturation) }
        issued.append(now)
        flying.append((ticket, now))
    }

    mutating func reap(
        until wake: Nanoseconds, _ time: any TimeSource, _ finished: (Completion) -> Void
    ) throws(StressorFailure) {
        let next = flying.map { $0.submitted + takes }.min() ?? .max
        if min(wake, next) > time.now, !time.wait(until: min(wake, next)), next > time.now, next != .max {
            // The run is over, and the device ends what it has begun all the same.
            (time as? VirtualTime)?.pass(next - time.now)
        }
        let now = time.now
        for (ticket, submitted) in flying where submitted + takes <= now {
            finished(Completion(ticket: ticket, submitted: submitted, ended: submitted + takes, work: 1000))
        }
        flying.removeAll { $0.submitted + takes <= now }
    }
}

@Suite struct OperationDriverTests {
    private struct Outcome {
        var gauge: Gauge
        var latency: LatencyPair
        var device: ScriptedDevice
    }

    private let memory = GaugeMemory()
    private let latencyMemory = UnsafeMutableRawPointer.allocate(
        byteCount: LatencyCells.byteCount, alignment: 8)

    private func run(_ curve: Curve, _ device: ScriptedDevice) throws -> Outcome {
        latencyMemory.initializeMemory(as: UInt8.self, repeating: 0, count: LatencyCells.byteCount)
        var device = device
        let time = VirtualTime(stopAt: curve.length)
        let lane = Lane(index: 0, count: 1, curve: curve, time: time, gauge: memory.gauges[0])
        let latency = LatencyCells(at: latencyMemory)
        let schedule = OperationSchedule(curve: curve, row: OperationRow(work: 1000), workPerArea: 1e-9)
        try lane.issue(&device, schedule: schedule, latency: latency)
        defer { latencyMemory.deallocate() }
        return Outcome(gauge: memory.gauges[0], latency: latency.pair, device: device)
    }

    @Test func `a device that keeps up does all, each on time`() throws {
        let outcome = try run(curve(10 * s, .hold(.bytesPerSecond(1e6))), ScriptedDevice(depth: 4, takes: 200_000))
        #expect(outcome.gauge.claimed == 10_000 * 1000 && outcome.gauge.dropped == 0)
        #expect(outcome.latency.intended.total == 10_000)
        #expect(abs(outcome.latency.intended.percentile(1) - 200_000) < 1000)
        #expect(outcome.latency.intended == outcome.latency.service)
    }

    @Test func `a slow device shows in the latency from the intended time, and what it cannot do is dropped`() throws {
        // One at a time, 2 ms each: 500 a second where 1000 are due.
        let outcome = try run(curve(10 * s, .hold(.bytesPerSecond(1e6))), ScriptedDevice(depth: 1, takes: 2 * ms))
        #expect(abs(outcome.gauge.claimed - 5_000_000) <= 1000)
        #expect((3990...4010).contains(outcome.gauge.dropped), "of 10,000, 5,000 are done and 1,000 are the backlog")
        #expect(outcome.latency.service.percentile(1) < 2 * ms + 2000)
        let half = outcome.latency.intended.percentile(0.5)
        #expect(half > 900 * ms && half < 1010 * ms, "the backlog is waited for, and no longer: \(half)")
    }

    @Test func `as much as there is keeps the device full`() throws {
        var curve = Curve()
        curve.append(s, repeating: [Curve.Piece(length: s, .unlimited)])
        let outcome = try run(curve, ScriptedDevice(depth: 8, takes: ms))
        #expect((7992...8000).contains(outcome.gauge.claimed / 1000))
        #expect(outcome.gauge.dropped == 0)
        #expect(outcome.latency.intended.percentile(1) < 2 * ms)
    }

    @Test func `a refused operation is counted with its cause and the next one rests`() throws {
        var device = ScriptedDevice(depth: 4, takes: 200_000)
        device.fails = { $0 == 500 }
        let outcome = try run(curve(2 * s, .hold(.bytesPerSecond(1e6))), device)
        #expect(outcome.gauge.refusals == 1 && outcome.gauge.refusalCause == .saturation)
        #expect(outcome.gauge.claimed == 1999 * 1000, "what was due while it rested is made up for")
        let pause = zip(outcome.device.issued, outcome.device.issued.dropFirst()).map { $1 - $0 }.max() ?? 0
        #expect(pause >= 100 * ms && pause < 110 * ms)
    }
}

@Suite struct NoticeBoardTests {
    @Test func `notices are read in order, once, and each code is told once`() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: NoticeBoard.byteCount, alignment: 8)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: NoticeBoard.byteCount)
        defer { memory.deallocate() }
        let board = NoticeBoard(at: memory)
        board.post("a", "first")
        board.post("b", "second\twith a tab")
        board.post("a", "again")
        #expect(board.notices(after: 0).map(\.code) == ["a", "b"])
        #expect(board.notices(after: 1).map(\.message) == ["second\twith a tab"])
        for number in 0..<20 { board.post("n\(number)", String(repeating: "x", count: 1000)) }
        let all = board.notices(after: 0)
        #expect(all.count == 8 && all.allSatisfy { $0.message.utf8.count < 512 })
        #expect(board.notices(after: 8).isEmpty)
    }
}

@Suite struct ProcessLaneTests {
    @Test(arguments: [(1, 1), (8, 1), (8, 3), (7, 7), (100, 6)])
    func `lanes are shared out without gap or overlap, none empty`(workers: Int, processes: Int) {
        let ranges = (0..<processes).map {
            StressorProcess.lanes(of: $0, workers: workers, processes: processes)
        }
        #expect(ranges.flatMap { Array($0) } == Array(0..<workers))
        #expect(ranges.allSatisfy { !$0.isEmpty })
    }
}
