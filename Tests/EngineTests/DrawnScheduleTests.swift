// SPDX-License-Identifier: Apache-2.0

import Glibc
import LoadModel
import Testing

@testable import Engine

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// Operations at times that are drawn, and operations that are not alike.
@Suite struct DrawnScheduleTests {
    private func schedule(_ curve: Curve, seed: UInt64 = 11, gathers: Bool = false) -> OperationSchedule {
        OperationSchedule(
            curve: curve, row: OperationRow(work: 1).drawn(from: seed), workPerArea: 1e-9, gathers: gathers)
    }

    private func times(_ schedule: OperationSchedule) -> [Nanoseconds] {
        var times: [Nanoseconds] = []
        var now: Nanoseconds = 0
        while let ticket = schedule.take(at: now) {
            times.append(ticket.intended)
            now = max(now, ticket.intended)
        }
        return times
    }

    @Test(
        arguments: [
            LoadShape.hold(.count(500)),
            .ramp(from: .count(0), to: .count(1000), over: nil),
            .sine(from: .count(100), to: .count(900), every: 7 * s),
            .pulse(.count(1000), width: s, every: 2 * s),
        ])
    func `whatever the shape, the areas between operations are exponential`(shape: LoadShape) {
        let curve = curve(40 * s, shape)
        let schedule = schedule(curve, gathers: true)
        let times = times(schedule)
        #expect(times == times.sorted() && schedule.dropped == 0)
        // 20,000 in the mean, to four standard deviations.
        #expect(abs(Double(times.count) - 20_000) < 4 * 20_000.0.squareRoot())
        let areas = times.map { curve.area(until: $0) * 1e-9 }
        let gaps = zip([0] + areas, areas).map { $1 - $0 }.sorted()
        var distance = 0.0
        for (index, gap) in gaps.enumerated() {
            distance = max(distance, abs(1 - exp(-gap) - (Double(index) + 0.5) / Double(gaps.count)))
        }
        #expect(distance < 1.63 / Double(gaps.count).squareRoot(), "\(distance)")
    }

    @Test func `the same seed is the same schedule, and its operations are those that the observer counts`() {
        let curve = curve(20 * s, .ramp(from: .count(50), to: .count(500), over: nil))
        let times = times(schedule(curve))
        #expect(times == self.times(schedule(curve)))
        #expect(times != self.times(schedule(curve, seed: 12)))
        var row = ArrivalRow(seed: 11)
        for time in stride(from: 0, through: 20 * s, by: Int(137 * ms)) {
            let counted = row.count(until: curve.area(until: time) * 1e-9)
            #expect(abs(counted - Int64(times.count { $0 <= time })) <= 1)
        }
        #expect(Int(row.count(until: curve.area(until: curve.length) * 1e-9)) == times.count)
    }

    @Test func `after a stall what is overdue by more than the backlog is dropped, and counted one by one`() throws {
        let curve = curve(60 * s, .hold(.count(1000)))
        let schedule = schedule(curve)
        var row = ArrivalRow(seed: 11)
        let late = try #require(schedule.take(at: 30 * s))
        #expect(schedule.dropped == row.count(until: 29_000))
        #expect(late.intended >= 29 * s && late.intended <= 29 * s + 50 * ms)
        #expect(late.sequence == 0, "numbers of dropped ones are left out")
    }

    @Test func `many that come together are no burst that is held back`() {
        // Nobody is late, so nothing is made up for, however many are due in one millisecond.
        let schedule = schedule(curve(20 * s, .hold(.count(2000))))
        var now: Nanoseconds = 0
        var held = 0
        while let ticket = schedule.take(at: now) {
            // Each is begun 60 µs late, as on a machine.
            if ticket.notBefore > max(ticket.intended, now) { held += 1 }
            now = max(now, ticket.intended + 60_000)
        }
        #expect(held == 0)
    }

    @Test func `where the target changes, the row goes on by area`() throws {
        let before = curve(20 * s, .hold(.count(200)))
        var after = before.prefix(until: 5 * s)
        after.append(15 * s, repeating: [.init(length: 15 * s, holding: 800)])
        let source = ChangedOnce(after, at: 5 * s)
        let schedule = OperationSchedule(
            course: Course(before, source: source), row: OperationRow(work: 1).drawn(from: 11), workPerArea: 1e-9)
        var taken: [Nanoseconds] = []
        var now: Nanoseconds = 0
        while let ticket = schedule.take(at: now) {
            if !schedule.holds(ticket) { continue }
            if ticket.intended >= 4900 * ms, source.newest == 1 {
                source.change()
                continue
            }
            taken.append(ticket.intended)
            now = max(now, ticket.intended)
        }
        let whole = times(self.schedule(after))
        #expect(abs(taken.count - whole.count) <= 1)
        #expect(taken.suffix(5000) == whole.suffix(5000))
    }

    // MARK: The verdict

    /// 100 operations a second for half a minute, of which a second has 74 to 130.
    private func judged(_ disturb: (inout JudgeSimulation) -> Void = { _ in }) -> PhaseResult {
        var simulation = JudgeSimulation()
        simulation.unit = .operationsPerSecond
        simulation.operation = 1
        simulation.hold(100, for: 30 * s)
        simulation.drawn = { time in
            var row = ArrivalRow(seed: 11)
            let asked = Double(min(max(0, time), 30 * s)) * 1e-7
            return (Double(row.count(until: asked)) - asked) * 1e9
        }
        disturb(&simulation)
        return simulation.results()[0]
    }

    @Test func `what was drawn is no error, and the result has both`() throws {
        let result = judged()
        #expect(result.verdict == .met && result.targetMean == 100)
        #expect(abs(result.errorMean) < 0.05 && result.errorAbsMax < 2)
        var row = ArrivalRow(seed: 11)
        let drawn = Double(row.count(until: 3000)) / 30
        #expect(abs(try #require(result.dueMean) - drawn) < 0.1 && abs(result.achievedMean - drawn) < 0.1)
        #expect(abs(drawn - 100) > 0.2, "a draw that tells the two apart")
    }

    @Test func `what is missing of it is an error as ever`() {
        #expect(judged { $0.disturb(10 * s, 20 * s, factor: 0.8) }.verdict == .notMet)
        #expect(judged { $0.disturb(0, 30 * s, factor: 0.97) }.verdict == .notMet)
        #expect(judged { $0.disturb(0, 30 * s, factor: 1.03) }.verdict == .notMet)
        // A load that comes evenly is not the one that was drawn, though it is as much.
        let even = judged { simulation in
            let drawn = simulation.drawn ?? { _ in 0 }
            let step = 500 * ms
            for from in stride(from: Nanoseconds(0), to: 30 * s, by: Int(step)) {
                let less = drawn(from + step) - drawn(from)
                simulation.disturb(from, from + step, factor: 1, plus: -less / Double(step))
            }
        }
        #expect(even.verdict == .notMet)
    }

    // MARK: Operations that are not alike

    @Test func `operations of several sizes are due where the area reaches their middle`() {
        let sequence = SizeSequence(SizeMix([.init(bytes: 1000, share: 9000), .init(bytes: 31_000, share: 1000)]))
        var row = OperationRow(mean: 4000) { sequence.work(before: $0) }
        for number in 0..<2000 as Range<Int64> {
            let due = sequence.work(before: number) + Double(sequence.size(number)) / 2
            #expect(row.due(number) == due)
            #expect(row.count(until: due) == number + 1 && row.count(until: due - 1) == number)
        }
        let curve = curve(10 * s, .ramp(from: .bytesPerSecond(0), to: .bytesPerSecond(2e6), over: nil))
        let schedule = OperationSchedule(curve: curve, row: row, workPerArea: 1e-9)
        let times = times(schedule)
        // Of 10 MB all but a part of the last one, whatever the sizes.
        #expect(abs(sequence.work(before: Int64(times.count)) - 1e7) <= 31_000)
        for (number, time) in times.enumerated() {
            #expect(abs(curve.area(until: time) * 1e-9 - row.due(Int64(number))) < 10)
        }
    }
}

/// A course that is changed by hand, once.
private final class ChangedOnce: Course.Source, @unchecked Sendable {
    // Unchecked: used by one thread.
    private let curve: Curve
    private let time: Nanoseconds
    private var number: UInt32 = 1

    init(_ curve: Curve, at time: Nanoseconds) { (self.curve, self.time) = (curve, time) }

    var newest: UInt32 { number }
    func change() { number = 2 }
    func edition() -> Course.Edition? {
        number == 2 ? Course.Edition(number: 2, curve: curve, changedAt: time) : nil
    }
}
