// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The level driver under virtual time, with a holder whose moves take as long as the test says.
@Suite struct LevelDriverTests {
    private let memory = GaugeMemory()

    private func lane(_ load: Curve, _ time: VirtualTime) -> Lane {
        Lane(index: 0, count: 1, curve: load, time: time, gauge: memory.gauges[0])
    }

    @Test func `a level follows its curve up and down, never a tick behind`() throws {
        let load = curve(60 * s, .sine(from: .count(1000), to: .count(9000), every: 20 * s))
        let time = VirtualTime(stopAt: 60 * s)
        var holder = ScriptedHolder(time: time)
        let gauge = memory.gauges[0]
        var looks = 0
        time.onWait = { now, until in
            looks += 1
            #expect(abs(Double(gauge.claimed) - load.value(at: now)) <= 0.5)
            #expect(until - now <= 20 * ms)
        }
        try lane(load, time).hold(&holder)
        #expect(looks >= 60 * 50)
        #expect(gauge.refusals == 0)
    }

    @Test func `steps are taken when they come, and between them the driver rests`() throws {
        let load = curve(60 * s, .steps([.count(10), .count(50), .count(20)], every: 1234 * ms))
        let time = VirtualTime(stopAt: 10 * s)
        var holder = ScriptedHolder(time: time)
        var seen: [Int64: Nanoseconds] = [:]
        let gauge = memory.gauges[0]
        time.onWait = { now, _ in if seen[gauge.claimed] == nil { seen[gauge.claimed] = now } }
        try lane(load, time).hold(&holder)
        #expect(seen == [10: 0, 50: 1234 * ms, 20: 2468 * ms])
        #expect(holder.calls == 3)
        #expect(time.waits <= 10 * 2 + 4)
    }

    @Test func `a phase without load gives everything back, on time`() throws {
        var load = curve(s, .hold(.count(700)))
        load.appendRelease(s)
        let time = VirtualTime(stopAt: 2 * s)
        var holder = ScriptedHolder(quantum: 100, time: time)
        var releasedAt: Nanoseconds?
        let gauge = memory.gauges[0]
        time.onWait = { now, _ in if now >= s, gauge.claimed == 0, releasedAt == nil { releasedAt = now } }
        try lane(load, time).hold(&holder)
        #expect(releasedAt == s)
        #expect(holder.calls == 14)
    }

    @Test func `a long way up is left as soon as the curve turns`() throws {
        let load = curve(10 * s, .steps([.count(1000), .count(100)], every: s))
        let time = VirtualTime(stopAt: 10 * s)
        // 10 a move and 50 ms a move: the second would end at 200.
        var holder = ScriptedHolder(quantum: 10, time: time)
        holder.takes = 50 * ms
        var peak: Int64 = 0
        let gauge = memory.gauges[0]
        time.onWait = { _, _ in peak = max(peak, gauge.claimed) }
        try lane(load, time).hold(&holder)
        #expect(gauge.claimed == 100)
        #expect(holder.calls <= 20 + 10 + 1)
        #expect(peak <= 210)
    }

    @Test func `a refused step is counted and tried again after a rest of 100 ms`() throws {
        let load = curve(10 * s, .hold(.count(500)))
        let time = VirtualTime(stopAt: 10 * s)
        var holder = ScriptedHolder(quantum: 100, time: time)
        holder.refusesCall = { (3..<6).contains($0) }
        let gauge = memory.gauges[0]
        var levels: [Nanoseconds: Int64] = [:]
        time.onWait = { now, _ in levels[now] = gauge.claimed }
        try lane(load, time).hold(&holder)
        #expect(gauge.refusals == 3)
        #expect(levels[0] == 200)
        #expect(levels[100 * ms] == 200)
        #expect(levels[200 * ms] == 200)
        #expect(levels[300 * ms] == 500)
    }

    @Test func `a refusal while the level is changing does not slow the ticks`() throws {
        let load = curve(10 * s, .ramp(from: .count(0), to: .count(1_000_000), over: nil))
        let time = VirtualTime(stopAt: s)
        var holder = ScriptedHolder(time: time)
        holder.refusesCall = { _ in true }
        try lane(load, time).hold(&holder)
        #expect((49...51).contains(memory.gauges[0].refusals))
        #expect(memory.gauges[0].claimed == 0)
    }

    @Test func `stop in the middle of a long way up ends it after the move that is under way`() throws {
        let time = VirtualTime(stopAt: s)
        var holder = ScriptedHolder(quantum: 1, time: time)
        holder.takes = 7 * ms
        try lane(curve(60 * s, .hold(.count(1_000_000))), time).hold(&holder)
        #expect(time.now < s + 7 * ms)
        #expect(memory.gauges[0].claimed == Int64(holder.calls) && holder.calls == 143)
    }

    @Test func `stop ends a rest at once`() throws {
        let time = VirtualTime(stopAt: 750 * ms)
        var holder = ScriptedHolder(time: time)
        try lane(curve(60 * s, .hold(.count(5))), time).hold(&holder)
        #expect(time.now == 750 * ms)
        #expect(holder.calls == 1)
    }

    @Test func `what is impossible ends the driver with its reason`() {
        struct Broken: Holding {
            let granularity: Int64 = 1
            mutating func move(toward target: Int64) throws(StressorFailure) -> Int64 { throw .impossible("gone") }
        }
        let time = VirtualTime(stopAt: s)
        #expect(throws: StressorFailure.impossible("gone")) {
            var broken = Broken()
            try lane(curve(s, .hold(.count(5))), time).hold(&broken)
        }
        #expect(memory.gauges[0].refusals == 0)
    }

    @Test func `upkeep is called as often as it asks to be`() throws {
        let time = VirtualTime(stopAt: s)
        var holder = ScriptedHolder(time: time)
        holder.upkeepEvery = 10 * ms
        try lane(curve(60 * s, .hold(.count(5))), time).hold(&holder)
        #expect(holder.upkeeps == (0..<100).map { $0 * 10 * ms })
    }

    @Test func `what the process holds of its own is subtracted, and below that nothing is held`() throws {
        let time = VirtualTime(stopAt: 10 * s)
        var holder = ScriptedHolder(time: time)
        holder.own = 40
        try lane(curve(60 * s, .steps([.count(100), .count(30), .count(90)], every: s)), time).hold(&holder)
        #expect(memory.gauges[0].claimed == 50)
        #expect(holder.calls == 3)
    }

    @Test(arguments: UInt64(1)...50)
    func `the shares of all lanes are whole steps, add up to the total and differ by one step at most`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...64, using: &random)
        let granularity = Int64([1, 4096, 2 << 20].randomElement(using: &random) ?? 1)
        let total =
            Bool.random(using: &random)
            ? Int64.random(in: 0...10_000_000, using: &random) : Int64.random(in: 0...Int64.max, using: &random)
        let time = VirtualTime()
        let shares = (0..<count).map { index in
            Lane(index: index, count: count, curve: Curve(), time: time, gauge: memory.gauges[0])
                .share(of: total, granularity: granularity)
        }
        #expect(shares.allSatisfy { $0 % granularity == 0 && $0 >= 0 })
        #expect(shares.reduce(0, +) == total / granularity * granularity)
        #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= granularity)
    }

    @Test func `a share of less than nothing is nothing`() {
        #expect(lane(Curve(), VirtualTime()).share(of: -5, granularity: 4096) == 0)
    }
}
