// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

/// Operations that are due together, for engines to whom a wake is dear.
struct GatheredScheduleTests {
    private func times(_ rate: Double, count: Int) -> [Nanoseconds] {
        var curve = Curve()
        curve.append(10 * .second, repeating: [.init(length: 10 * .second, .line(rate, rate))])
        let schedule = OperationSchedule(curve: curve, workPerOperation: 1, workPerArea: 1e-9, gathers: true)
        return (0..<count).compactMap { _ in schedule.take(at: 0)?.intended }
    }

    @Test(arguments: [(400.0, 10), (763, 10), (1000, 5), (2000, 2), (3052, 2), (10_000, 1)])
    func theyAreDueOnAGrid(_ rate: Double, _ milliseconds: Int64) {
        let times = times(rate, count: Int(rate))
        #expect(times.allSatisfy { $0 % (milliseconds * .millisecond) == 0 })
        #expect(times == times.sorted())
        for (index, time) in times.enumerated() {
            let exact = (Double(index) + 0.5) / rate * 1e9
            #expect(Double(time) >= exact - 1 && Double(time) < exact + Double(milliseconds) * 1e6 + 1)
        }
    }

    @Test func fewOperationsKeepTheirOwnTimes() {
        let times = times(100, count: 100)
        #expect(times[0] == 5 * .millisecond && times[1] == 15 * .millisecond)
    }
}
