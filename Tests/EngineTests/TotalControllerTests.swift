// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel
import Testing

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// The controller of totals against a machine that others load as a script says.
@Suite struct TotalControllerTests {
    /// A machine of `capacity` cores, looked at every 100 ms with counters of the given quantum.
    private struct Machine {
        var capacity = 2.0
        /// What the counters are rounded down to, in ns: 10 ms for `/proc/stat`.
        var quantum = 10e6
        var controller: TotalController
        private var whole = 0.0
        private var own = 0.0
        private(set) var time: Nanoseconds = 0

        init(capacity: Double = 2, most: Double? = nil, quantum: Double = 10e6) {
            self.capacity = capacity
            self.quantum = quantum
            controller = TotalController(capacity: capacity, most: most ?? capacity)
            _ = look(target: 0)
        }

        private mutating func look(target: Double) -> Double {
            controller.update(
                .init(time: time, whole: (whole / quantum).rounded(.down) * quantum, own: own), target: target)
        }

        /// Lets 100 ms pass in which others want `others` and returns what everybody took.
        mutating func pass(others: Double, target: Double) -> Double {
            let share = look(target: target)
            let step = 100 * ms
            let taken = min(capacity, share + others)
            // Where there is not enough, both get their part.
            let got = share + others > 0 ? share * taken / (share + others) : 0
            own += got * Double(step)
            whole += taken * Double(step)
            time += step
            return taken
        }
    }

    @Test func `what others leave of the target is taken at the second look`() {
        var machine = Machine()
        _ = machine.pass(others: 0.5, target: 1.4)
        for _ in 0..<50 {
            #expect(abs(machine.pass(others: 0.5, target: 1.4) - 1.4) < 0.11, "a quantum of 10 ms in 100 is 0.1 cores")
        }
    }

    @Test(arguments: [0.0, 10e6])
    func `steps of others are followed both ways within a second`(quantum: Double) {
        var machine = Machine(quantum: max(1, quantum))
        var errors: [Double] = []
        for second in 0..<60 {
            let others = [0.0, 0.8, 0.2][second / 5 % 3]
            var sum = 0.0
            for _ in 0..<10 { sum += machine.pass(others: others, target: 1.4) }
            // The second of the step is not judged.
            if second % 5 != 0 { errors.append(abs(sum / 10 - 1.4)) }
        }
        let mean = errors.reduce(0, +) / Double(errors.count)
        #expect(mean < 0.01, "0.5 points of 2 cores; \(mean)")
    }

    @Test func `alone, a coarse counter does not keep the total short`() {
        var machine = Machine()
        var sum = 0.0
        for look in 0..<500 {
            // Next to nothing, and never the same: where the counter's steps fall is then by chance.
            let others = 0.02 * (Double(look) * 0.618034).truncatingRemainder(dividingBy: 1)
            let taken = machine.pass(others: others, target: 1.4)
            if look >= 20 { sum += taken }
        }
        #expect(abs(sum / 480 - 1.4) < 0.005, "\(sum / 480)")
    }

    @Test func `others that take more than the target alone are left alone`() {
        var machine = Machine()
        for _ in 0..<20 { _ = machine.pass(others: 0.2, target: 1) }
        for look in 0..<50 {
            _ = machine.pass(others: 1.6, target: 1)
            if look > 0 { #expect(machine.controller.share == 0) }
        }
        #expect(abs((machine.controller.others ?? 0) - 1.6) < 0.11)
        // And what was missed meanwhile is not made up for.
        _ = machine.pass(others: 0.2, target: 1)
        for _ in 0..<20 { #expect(machine.pass(others: 0.2, target: 1) < 1.15) }
    }

    @Test func `a machine that others fill is not fought for`() {
        var machine = Machine()
        for _ in 0..<20 { _ = machine.pass(others: 2, target: 1.9) }
        #expect(machine.controller.share < 0.3, "\(machine.controller.share)")
    }

    @Test func `the share grows in steps and falls at once`() {
        var machine = Machine(quantum: 1)
        for _ in 0..<10 { _ = machine.pass(others: 1.8, target: 1.8) }
        #expect(machine.controller.share < 0.01)
        _ = machine.pass(others: 0, target: 1.8)
        var last = machine.controller.share
        for _ in 0..<10 {
            _ = machine.pass(others: 0, target: 1.8)
            #expect(machine.controller.share <= last + 0.4 + 1e-9)
            last = machine.controller.share
        }
        #expect(abs(last - 1.8) < 0.01)
        for _ in 0..<10 { _ = machine.pass(others: 0, target: 1) }
        for _ in 0..<2 { _ = machine.pass(others: 0.9, target: 1) }
        #expect(machine.controller.share < 0.11, "\(machine.controller.share)")
    }

    @Test func `no more is taken than there is to take, and a reset forgets`() {
        var machine = Machine(most: 1)
        for _ in 0..<20 { _ = machine.pass(others: 0, target: 1.8) }
        #expect(machine.controller.share == 1)
        machine.controller.reset()
        #expect(machine.controller.share == 0)
        #expect(machine.controller.others == nil)
    }

    @Test func `a lane does the area under a set-point that moves`() throws {
        let time = VirtualTime(stopAt: 10 * s)
        let memory = GaugeMemory()
        let setPoint = SetPoint()
        time.onWait = { now, _ in setPoint.value = now < 5 * s ? 0.25 : 0.75 }
        let lane = Lane(
            index: 0, count: 1, curve: curve(10 * s, .hold(.cores(1))), time: time, gauge: memory.gauges[0])
        var worker = ScriptedWorker { _, due throws(StressorFailure) in
            time.pass(due)
            return due
        }
        try lane.pace(
            &worker, workPerArea: 1, catchUp: .headroom(window: 20 * ms, capacity: 1), following: setPoint)
        let done = Double(memory.gauges[0].claimed)
        #expect(abs(done - 5e9) < 30e6, "\(done)")
    }

    @Test func `a release is slept through, and nothing is owed for it`() throws {
        let time = VirtualTime(stopAt: 9 * s)
        let memory = GaugeMemory()
        let setPoint = SetPoint()
        setPoint.value = 0.5
        var load = Curve()
        load.appendRelease(8 * s)
        _ = load.append(s, .hold(.cores(1)), from: 0, seed: 1) { (_) throws(Never) -> Double in 1 }
        let lane = Lane(index: 0, count: 1, curve: load, time: time, gauge: memory.gauges[0])
        var worker = ScriptedWorker { _, due throws(StressorFailure) in
            time.pass(due)
            return due
        }
        try lane.pace(
            &worker, workPerArea: 1, catchUp: .headroom(window: 20 * ms, capacity: 1), following: setPoint)
        let done = Double(memory.gauges[0].claimed)
        #expect(done < 0.56e9, "half of the second with a load; \(done)")
    }
}
