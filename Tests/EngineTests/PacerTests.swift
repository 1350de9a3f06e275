// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The pacer is arithmetic: the tests put in times and work, and look at wakes and dues.
@Suite struct PacerTests {
    private static let ample = CatchUp.headroom(window: 100 * ms, capacity: 1)

    @Test(arguments: [(0, 1), (0, 4), (1, 4), (3, 4), (63, 64)])
    func `a lane wakes exactly 101 times in each second`(lane: Int, lanes: Int) {
        var pacer = Pacer(lane: lane, of: lanes, catchUp: Self.ample)
        var counts = [Int](repeating: 0, count: 60)
        var now: Nanoseconds = 0
        while true {
            let wake = pacer.nextWake(after: now)
            #expect(wake > now && wake - now <= Pacer.period)
            guard wake < 60 * s else { break }
            counts[Int(wake / s)] += 1
            now = wake
        }
        // The wake at 0 is not after 0, so that the first second of the lane without an offset has one less.
        #expect(counts.dropFirst().allSatisfy { $0 == 101 })
        #expect(counts[0] == (lane == 0 ? 100 : 101))
    }

    /// The grid is asked at random times of a whole day, which must give the same wakes as going through it would.
    @Test func `the grid is absolute: after 24 hours it has not drifted by a nanosecond`() {
        var pacer = Pacer(lane: 0, of: 1, catchUp: Self.ample)
        for second in Swift.stride(from: Nanoseconds(1), through: 86_400, by: 997) {
            #expect(pacer.nextWake(after: second * s - 1) == second * s)
            for beat in Nanoseconds(1)...3 {
                let earlier = second * s + (beat - 1) * s / 101
                #expect(pacer.nextWake(after: earlier) == second * s + beat * s / 101)
            }
        }
        #expect(pacer.nextWake(after: 86_400 * s - 1) == 86_400 * s)
    }

    @Test func `lanes are spread over one period`() {
        let wakes = (0..<4).map { lane in
            var pacer = Pacer(lane: lane, of: 4, catchUp: Self.ample)
            return pacer.nextWake(after: 5 * s)
        }
        let inOrder = wakes.sorted()
        for (a, b) in zip(inOrder, inOrder.dropFirst()) { #expect(abs(b - a - Pacer.period / 4) <= 2) }
        #expect(inOrder[3] - inOrder[0] < Pacer.period)
    }

    @Test func `a wake in the past is never given, however late one asks`() {
        var pacer = Pacer(lane: 1, of: 2, catchUp: Self.ample)
        #expect(pacer.nextWake(after: 0) == Pacer.period / 2)
        #expect(pacer.nextWake(after: 3 * s) > 3 * s)
        #expect(pacer.nextWake(after: 3 * s) <= 3 * s + Pacer.period)
    }

    @Test func `what is due is what will be owed at the wake, less what is done`() {
        var pacer = Pacer(lane: 0, of: 1, catchUp: Self.ample)
        let owed = { (time: Nanoseconds) in Double(time) / 2 }
        #expect(pacer.due(until: 10 * ms, done: 0, owed: owed) == 5 * ms)
        // 1 ms too much was done, then 1 ms too little.
        #expect(pacer.due(until: 19 * ms, done: 6 * ms, owed: owed) == 3_500_000)
        #expect(pacer.due(until: 28 * ms, done: 8_500_000, owed: owed) == 5_500_000)
        #expect(pacer.forgiven == 0)
        // More than enough is done: nothing, and never less than nothing.
        #expect(pacer.due(until: 37 * ms, done: 50 * ms, owed: owed) == 0)
    }

    @Test(
        arguments: [
            (CatchUp.headroom(window: 100, capacity: 1), 0.25, 75), (.headroom(window: 100, capacity: 1), 1, 0),
            (.headroom(window: 100, capacity: 1), 2, 0), (.headroom(window: 100, capacity: 1), 0, 100),
            (.backlog(window: 100), 0.25, 25), (.backlog(window: 100), 0, 0),
        ] as [(CatchUp, Double, Double)])
    func `the bound of what is made up for`(catchUp: CatchUp, rate: Double, limit: Double) {
        #expect(catchUp.limit(at: rate) == limit)
    }

    /// 10 s at half a core, of which 2 s pass without any work.
    @Test(
        arguments: [
            (CatchUp.headroom(window: 100 * ms, capacity: 1), 50 * ms), (.backlog(window: 100 * ms), 50 * ms),
            (.headroom(window: 100 * ms, capacity: 0.5), 0), (.headroom(window: 10 * s, capacity: 1), 1000 * ms),
        ] as [(CatchUp, Nanoseconds)])
    func `after a stall no more is made up for than the bound, and the rest is forgiven`(
        catchUp: CatchUp, madeUpFor: Nanoseconds
    ) {
        var pacer = Pacer(lane: 0, of: 1, catchUp: catchUp)
        let owed = { (time: Nanoseconds) in Double(time) / 2 }
        var done: Int64 = 0
        var now: Nanoseconds = 0
        while now < 4 * s {
            let wake = pacer.nextWake(after: now)
            done += pacer.due(until: wake, done: done, owed: owed)
            now = wake
        }
        // Where there is no headroom at all, the fraction of a nanosecond that a due was rounded by is forgiven.
        let rounding = pacer.forgiven
        #expect(rounding <= 4 * 101)
        now += 2 * s
        let due = pacer.due(until: pacer.nextWake(after: now), done: done, owed: owed)
        // Of that no more comes at once than keeps the next second within a tenth of its target.
        #expect(abs(due - min(madeUpFor, 50 * ms) - Pacer.period / 2) <= 2, "one period's work and the bound")
        #expect(abs(pacer.forgiven - rounding - Double(1000 * ms - madeUpFor)) <= 2)
    }

    @Test func `where the target has become nothing, nothing of before is made up for`() {
        var pacer = Pacer(lane: 0, of: 1, catchUp: .backlog(window: s))
        let owed = { (time: Nanoseconds) in Double(min(time, s)) }
        _ = pacer.due(until: s, done: 0, owed: owed)
        #expect(pacer.due(until: s + 9 * ms, done: 400 * ms, owed: owed) == 0)
        #expect(pacer.forgiven == Double(600 * ms))
    }

    /// Random loads, stalls of up to 3 s, short and excessive work.
    ///
    /// `regular` is what the load asks for in the period that ends at the wake; the books must balance at each step.
    @Test(arguments: UInt64(1)...40)
    func `whatever happens, done stays below the area and the books balance`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let load = curve(
            60 * s,
            .random(from: .cores(0), to: .cores(1), every: Nanoseconds.random(in: 300 * ms...5 * s, using: &random)))
        let window = Nanoseconds.random(in: 10 * ms...500 * ms, using: &random)
        let catchUp =
            Bool.random(using: &random) ? CatchUp.headroom(window: window, capacity: 1) : .backlog(window: window)
        var pacer = Pacer(lane: Int.random(in: 0..<3, using: &random), of: 3, catchUp: catchUp)
        var done: Int64 = 0
        var now: Nanoseconds = 0
        var forgiven = 0.0
        var lastWake: Nanoseconds = 0
        while now < 60 * s {
            let wake = pacer.nextWake(after: now)
            defer { lastWake = wake }
            let due = pacer.due(until: wake, done: done) { load.area(until: $0) }
            let owed = load.area(until: wake)
            let regular = owed - load.area(until: wake - Pacer.period)
            #expect(due >= 0)
            #expect(pacer.forgiven >= forgiven, "what is forgiven stays forgiven")
            forgiven = pacer.forgiven
            if due > 0 {
                let left = owed - forgiven - Double(done) - Double(due)
                #expect(left >= -1, "no more is due than is owed, and neither done nor forgiven")
                // What is left over for later is never for want of the work that is due anyway.
                let since = load.area(until: wake) - load.area(until: max(lastWake, wake - Pacer.period))
                #expect(left <= 1 || Double(due) >= since - 1)
                #expect(Double(due) <= regular + catchUp.limit(at: regular / Double(Pacer.period)) + 2)
            }
            // At times less than asked for is done, and at times the work itself overruns by 1 µs.
            done += Int.random(in: 0..<10, using: &random) == 0 ? due / 3 : due
            if due > 0, Int.random(in: 0..<10, using: &random) == 0 { done += 1000 }
            #expect(Double(done) <= owed - forgiven + 1001)
            now = wake
            if Int.random(in: 0..<100, using: &random) == 0 { now += Nanoseconds.random(in: 0...3 * s, using: &random) }
        }
    }

    /// A stall of 0.7 s at 0.4 cores, as a snapshot of the virtual machine makes it.
    @Test func `after a stall, no second is more than a tenth above its target`() {
        var pacer = Pacer(lane: 0, of: 1, catchUp: .headroom(window: 250 * ms, capacity: 1))
        let owed = { (time: Nanoseconds) in Double(time) * 0.4 }
        var done: [(time: Nanoseconds, sum: Int64)] = [(0, 0)]
        var now: Nanoseconds = 0
        while now < 5 * s {
            if (150 * ms..<850 * ms).contains(now) { now = 850 * ms }
            let due = pacer.due(until: pacer.nextWake(after: now), done: done.last?.sum ?? 0, owed: owed)
            done.append((now, (done.last?.sum ?? 0) + due))
            now = pacer.nextWake(after: now)
        }
        var most: Int64 = 0
        for (index, a) in done.enumerated() {
            guard let b = done[index...].last(where: { $0.time <= a.time + s }) else { continue }
            most = max(most, b.sum - a.sum)
        }
        // Two periods that the seconds cut.
        #expect(Double(most) <= 0.44e9 + 0.4 * 2 * Double(Pacer.period))
        #expect(pacer.forgiven > 0, "what is beyond the bound does not come back")
        // A delay as short as those of a busy host is made up for at once.
        var brief = Pacer(lane: 0, of: 1, catchUp: .headroom(window: 250 * ms, capacity: 1))
        _ = brief.due(until: Pacer.period, done: 0, owed: owed)
        let due = brief.due(until: 4 * Pacer.period, done: 0, owed: owed)
        #expect(abs(Double(due) - 0.4 * 4 * Double(Pacer.period)) <= 2)
    }

    @Test func `where less is asked for, what is overdue is forgiven`() {
        var pacer = Pacer(lane: 0, of: 1, catchUp: .headroom(window: 250 * ms, capacity: 1))
        let owed = { (time: Nanoseconds) in Double(min(time, s)) * 0.5 + Double(max(0, time - s)) * 0.1 }
        pacer.forgive(before: s, done: 400 * ms, owed: owed)
        #expect(pacer.forgiven == 1e8)
        #expect(pacer.due(until: s + Pacer.period, done: 400 * ms, owed: owed) == Int64(0.1 * Double(Pacer.period)))
        pacer.forgive(before: s, done: 400 * ms, owed: owed)
        #expect(pacer.forgiven == 1e8, "once")
    }
}

/// Random numbers that are the same in every run: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
