// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The rate driver under virtual time.
///
/// The scripted worker is a processor: `due` nanoseconds of work take as long.
@Suite struct RateDriverTests {
    private static let catchUp = CatchUp.headroom(window: 100 * ms, capacity: 1)

    /// Runs one lane; `script` may let time pass beyond what its work takes.
    @discardableResult
    private func run(
        _ load: Curve, stopAt: Nanoseconds, lane: Int = 0, of lanes: Int = 1, time: VirtualTime? = nil,
        counted: @escaping @Sendable (Nanoseconds) -> Int64 = { _ in 0 },
        begin: @escaping @Sendable () -> Bool = { true },
        _ script: @escaping (VirtualTime, Int, Int64) throws(StressorFailure) -> Int64
    ) throws(StressorFailure) -> (claimed: Int64, forgiven: Int64, refusals: Int64, lagMax: Nanoseconds, calls: Int) {
        let time = time ?? VirtualTime(stopAt: stopAt)
        let memory = GaugeMemory()
        let gauge = memory.gauges[0]
        let lane = Lane(
            index: lane, count: lanes, course: Course(load), time: time, gauge: gauge,
            countedWork: { counted(time.now) }, begin: begin)
        var worker = ScriptedWorker { call, due throws(StressorFailure) in try script(time, call, due) }
        try lane.pace(&worker, workPerArea: 1, catchUp: Self.catchUp)
        return withExtendedLifetime(memory) {
            (gauge.claimed, gauge.forgiven, gauge.refusals, gauge.lagMax, worker.calls)
        }
    }

    private func burn(_ time: VirtualTime, _ call: Int, _ due: Int64) -> Int64 {
        time.pass(due)
        return due
    }

    private static let shapes: [LoadShape] = [
        .hold(.cores(2.4)), .ramp(from: .cores(0), to: .cores(3), over: nil),
        .sine(from: .cores(0.5), to: .cores(2.5), every: 7 * s), .pulse(.cores(3), width: 400 * ms, every: 3 * s),
        .random(from: .cores(0), to: .cores(3), every: 900 * ms),
    ]

    @Test(arguments: shapes)
    func `the lanes together do the area of the load, to the nanosecond of each`(shape: LoadShape) throws {
        let load = curve(20 * s, shape)
        var sum: Int64 = 0
        for lane in 0..<3 {
            let result = try run(load, stopAt: 21 * s, lane: lane, of: 3, burn)
            #expect(abs(Double(result.claimed) - load.area(until: 20 * s) / 3) <= 1)
            #expect(result.forgiven == 0)
            sum += result.claimed
        }
        #expect(abs(Double(sum) - load.area(until: 20 * s)) <= 3)
    }

    @Test func `at no time is more done than the load asks for until the next wake, nor a period's work less`() throws {
        let load = curve(30 * s, .sine(from: .cores(0), to: .cores(1), every: 10 * s))
        var done: Int64 = 0
        try run(load, stopAt: 30 * s) { time, _, due in
            done += due
            #expect(Double(done) <= load.area(until: time.now + Pacer.period))
            time.pass(due)
            #expect(Double(done) >= load.area(until: time.now) - 1)
            return due
        }
        #expect(done > 14 * s)
    }

    @Test func `what others did and counts is left off, in equal shares`() throws {
        let load = curve(10 * s, .hold(.cores(1)))
        for lane in 0..<2 {
            let result = try run(load, stopAt: 11 * s, lane: lane, of: 2, counted: { $0 / 1000 }, burn)
            // Half of 10 s, less half of 10 ms; what came in the last period, it cannot leave off any more.
            #expect(abs(result.claimed - (5 * s - 5 * ms)) <= 10_000)
        }
    }

    @Test func `short work is made up for at the next wake`() throws {
        let load = curve(10 * s, .hold(.cores(0.5)))
        let result = try run(load, stopAt: 11 * s) { time, call, due in
            let done = call % 5 == 0 ? due / 2 : due
            time.pass(done)
            return done
        }
        // But for the last one: the load is over then.
        let last = Pacer.period / 2
        #expect(result.claimed <= 5 * s && result.claimed >= 5 * s - last)
        #expect(result.forgiven <= last && abs(result.claimed + result.forgiven - 5 * s) <= 1)
    }

    @Test func `an overrun is paid back by doing less`() throws {
        let load = curve(10 * s, .hold(.cores(0.5)))
        let result = try run(load, stopAt: 11 * s) { time, call, due in
            let done = call == 7 ? due + 40 * ms : due
            time.pass(done)
            return done
        }
        #expect(abs(result.claimed - 5 * s) <= 1)
    }

    @Test func `a stall of two seconds is made up for within its bound, and the rest is told as forgiven`() throws {
        let load = curve(10 * s, .hold(.cores(0.5)))
        let result = try run(load, stopAt: 11 * s) { time, call, due in
            time.pass(call == 300 ? due + 2 * s : due)
            return due
        }
        // Half of 2 s was missed; 100 ms with half a core to spare make up for 50 ms of it.
        #expect(abs(result.forgiven - 950 * ms) <= 2 * Pacer.period)
        #expect(abs(result.claimed + result.forgiven - 5 * s) <= 2)
    }

    /// Only every fourth nanosecond is ours for 20 s, at a target of one half: the work of each period takes two.
    @Test func `what a crowded processor kept away is no burst once it is free`() throws {
        let load = curve(60 * s, .hold(.cores(0.5)))
        var afterwards: Int64 = 0
        let result = try run(load, stopAt: 61 * s) { time, _, due in
            let isCrowded = time.now < 20 * s
            let before = time.now
            time.pass(isCrowded ? due * 4 : due)
            if !isCrowded, before < 22 * s { afterwards += due }
            return due
        }
        // In the 2 s after: their own second of work, the bound, and the last crowded piece of work.
        #expect(afterwards <= s + 50 * ms + 2 * Pacer.period)
        // A quarter of 20 s was done, and the remaining 40 s in full.
        #expect(abs(result.claimed - 25 * s) <= 150 * ms)
        #expect(abs(result.claimed + result.forgiven - 30 * s) <= 2)
    }

    @Test func `a refusal is counted, its work is still due, and the driver goes on`() throws {
        let load = curve(10 * s, .hold(.cores(0.25)))
        let result = try run(load, stopAt: 11 * s) { time, call, due throws(StressorFailure) in
            if (100..<103).contains(call) { throw .refused("as scripted") }
            time.pass(due)
            return due
        }
        #expect(result.refusals == 3)
        #expect(abs(result.claimed - 2500 * ms) <= 1)
    }

    @Test func `what is impossible ends the worker with its reason`() {
        #expect(throws: StressorFailure.impossible("gone")) {
            try run(curve(10 * s, .hold(.cores(0.25))), stopAt: 11 * s) { _, call, due throws(StressorFailure) in
                if call == 5 { throw .impossible("gone") }
                return due
            }
        }
    }

    @Test func `a run that never begins does nothing`() throws {
        let result = try run(curve(s, .hold(.cores(1))), stopAt: 2 * s, begin: { false }, burn)
        #expect(result.calls == 0)
    }

    @Test func `stop is followed at once: the piece of work that is under way is the last`() throws {
        let time = VirtualTime(stopAt: 3 * s + 1)
        var lastCall: Nanoseconds = 0
        try run(curve(60 * s, .hold(.cores(0.5))), stopAt: 0, time: time) { time, _, due in
            lastCall = time.now
            return burn(time, 0, due)
        }
        #expect(lastCall <= 3 * s)
        #expect(time.now > 3 * s && time.now < 3 * s + Pacer.period)
    }

    @Test func `where nothing is asked for the worker sleeps, and is on time when it is wanted again`() throws {
        var load = curve(s, .hold(.cores(0.5)))
        load.appendRelease(60 * s)
        load.append(s, repeating: [Curve.Piece(length: s, .line(0.5, 0.5))])
        let time = VirtualTime(stopAt: 62 * s)
        var first: Nanoseconds?
        let result = try run(load, stopAt: 0, time: time) { time, _, due in
            if time.now > 2 * s, first == nil { first = time.now }
            return burn(time, 0, due)
        }
        let resumed = try #require(first)
        #expect(resumed >= 61 * s - Pacer.period && resumed <= 61 * s + Pacer.period)
        // 202 wakes of load, and a handful in the minute between.
        #expect(time.waits < 202 + 12)
        #expect(abs(result.claimed - s) <= 1)
    }

    @Test func `lateness is told, and costs no work`() throws {
        let time = VirtualTime(stopAt: 11 * s)
        time.lateness = { $0 > 5 * s && $0 < 5 * s + 15 * ms ? 3 * ms : 20_000 }
        let result = try run(curve(10 * s, .hold(.cores(0.5))), stopAt: 0, time: time, burn)
        #expect(result.lagMax == 3 * ms)
        #expect(abs(result.claimed - 5 * s) <= 1)
    }

    @Test func `work in bytes a second is counted in bytes`() throws {
        let memory = GaugeMemory()
        let load = curve(10 * s, .hold(.bytesPerSecond(50e6)))
        let lane = Lane(
            index: 0, count: 1, curve: load, time: VirtualTime(stopAt: 11 * s), gauge: memory.gauges[0])
        var worker = ScriptedWorker { _, due in due }
        try lane.pace(&worker, workPerArea: 1e-9, catchUp: .backlog(window: s))
        #expect(worker.hasBegun)
        #expect(abs(withExtendedLifetime(memory) { memory.gauges[0].claimed } - 500_000_000) <= 1)
    }
}
