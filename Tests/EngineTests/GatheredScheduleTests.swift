// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

/// Operations that are due together, for engines to whom a wake is dear.
struct GatheredScheduleTests {
    private func times(_ rate: Double, count: Int) -> [Nanoseconds] {
        var curve = Curve()
        curve.append(10 * .second, repeating: [.init(length: 10 * .second, .line(rate, rate))])
        let schedule = OperationSchedule(curve: curve, row: OperationRow(work: 1), workPerArea: 1e-9, gathers: true)
        return (0..<count).compactMap { _ in schedule.take(at: 0)?.intended }
    }

    @Test(arguments: [(400.0, 10), (763, 10), (1000, 5), (2000, 2), (3052, 2), (10_000, 1)])
    func theyAreDueOnAGrid(_ rate: Double, _ milliseconds: Int64) {
        let times = times(rate, count: Int(rate))
        let step = milliseconds * .millisecond
        #expect(times.filter { $0 > 11 * step && $0 < .second - 11 * step }.allSatisfy { $0 % step == step / 2 })
        #expect(times == times.sorted())
        for (index, time) in times.enumerated() {
            let exact = (Double(index) + 0.5) / rate * 1e9
            #expect(abs(Double(time) - exact) <= Double(step / 2) + 1)
        }
    }

    @Test func nearAJumpEachHasItsOwnTime() {
        var curve = Curve()
        // The pulse's end lies on no point of the grid.
        curve.append(
            2 * .second,
            repeating: [
                .init(length: 93 * .millisecond, .line(1000, 1000)), .init(length: 907 * .millisecond, .line(0, 0)),
            ])
        let schedule = OperationSchedule(curve: curve, row: OperationRow(work: 1), workPerArea: 1e-9, gathers: true)
        let times = (0..<186).compactMap { _ in schedule.take(at: 0)?.intended }
        #expect(times.prefix(93).allSatisfy { $0 < 93 * .millisecond })
        #expect(times.dropFirst(93).allSatisfy { $0 >= .second && $0 < 1093 * .millisecond } && times.count == 186)
        for (index, time) in times.prefix(93).enumerated() {
            #expect(abs(time - Int64(index) * 1_000_000 - 500_000) < 2)
        }
    }

    @Test func afterAnOverloadAFeasibleTargetIsFollowedAtOnce() throws {
        var curve = Curve()
        curve.append(
            .second,
            repeating: [
                .init(length: 300 * .millisecond, .line(1e6, 1e6)), .init(length: 700 * .millisecond, .line(0, 0)),
            ])
        curve.append(.second, repeating: [.init(length: .second, .line(300, 300))])
        let schedule = OperationSchedule(curve: curve, row: OperationRow(work: 1), workPerArea: 1e-9, gathers: true)
        // A device that does 10,000 a second.
        var now: Nanoseconds = 0
        var late: Nanoseconds = 0
        while let ticket = schedule.take(at: now), ticket.intended < 2 * .second {
            now = max(now, ticket.notBefore) + 100_000
            if ticket.intended >= .second { late = max(late, ticket.notBefore - ticket.intended) }
        }
        #expect(late < 20 * .millisecond)
    }

    @Test func fewOperationsKeepTheirOwnTimes() {
        let times = times(100, count: 100)
        #expect(times[0] == 5 * .millisecond && times[1] == 15 * .millisecond)
    }
}
