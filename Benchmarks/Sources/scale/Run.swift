// SPDX-License-Identifier: Apache-2.0

import CHeap
@_spi(Benchmarks) import Engine
import LinuxSystem
import LoadModel
import Reporting
import Stressors

/// One run that is observed from its start to its end, in virtual time.
struct Run {
    var stressors: Int
    /// Of all stressors together.
    var workers: Int
    var phases = 24
    var hours = 24
    /// The time between two lines of the log.
    var logInterval: Nanoseconds = .second
    /// Whether somebody watches: then the observer makes a sample for the display at each look.
    var isWatched = false

    /// What was seen when so many hours had passed.
    struct Mark {
        var hours: Int
        var looks: Int
        /// CPU time of the observer since the start, in ns, without what the world itself takes.
        var cpu: Double
        /// Bytes that are allocated, more than when the load began.
        var heap: Int
        /// The resident set, in bytes.
        var resident: Int
        /// Bytes of the log so far.
        var log: Int
    }

    struct Outcome {
        var run: Run
        var marks: [Mark]
        /// Bytes that were allocated before the load began, more than before the observer was made.
        var heapAtStart: Int
        var verdict: Verdict
        /// CPU time that the world took for each look, in ns; already taken off.
        var worldCost: Double

        var last: Mark { marks[marks.count - 1] }
        /// CPU time of one look at all stressors, in ns.
        var perLook: Double { last.cpu / Double(last.looks) }
        var perStressor: Double { perLook / Double(run.stressors) }
        /// The cost of a look at the end over that of the first hour.
        var growth: Double {
            guard marks.count > 1 else { return 1 }
            let (a, b) = (marks[marks.count - 2], last)
            return (b.cpu - a.cpu) / Double(b.looks - a.looks) / (marks[0].cpu / Double(marks[0].looks))
        }
    }

    /// Makes the run; `nil` where it was interrupted.
    func measure() throws -> Outcome? {
        let plan = plan
        let world = try VirtualWorld(plan)
        let host = HostFacts.read()
        let hours = hours
        let tracker = Tracker(hours: [1, 6, 24].filter { $0 < hours })
        var encoder = EventLog(plan: plan)
        CHeap_trim()
        let heapBefore = Tracker.allocated
        let observer = try Observer(
            plan, host: host, description: Self.description, options: .init(logInterval: logInterval, runID: "scale"),
            world: world,
            sink: { event in
                tracker.logSize += encoder.line(event).count
                if case .runStarted = event.event { tracker.begin() }
                if case .phaseEnded(let index, _) = event.event, index == plan.phases.count - 1 {
                    tracker.mark(world, hours: hours)
                }
            },
            display: isWatched ? { sample in tracker.shown += sample.readings.count } : nil)
        world.onTick = { tracker.look($0) }
        let record = try observer.run(catalog: [NullStressor.self, StandInLevel.self])
        guard record.interruptedBy == nil else { return nil }
        let worldCost = world.cost()
        let marks = tracker.marks.map { mark in
            var mark = mark
            mark.cpu -= Double(mark.looks) * worldCost
            return mark
        }
        return Outcome(
            run: self, marks: marks, heapAtStart: tracker.heapAtStart - heapBefore, verdict: record.verdict,
            worldCost: worldCost)
    }

    private static let description = HostDescription(
        name: "virtual", kernel: "", architecture: "", onlineCPUs: 1, affinityCPUs: 1, quotaCores: nil,
        memoryTotalBytes: 0, memoryAvailableBytes: 0, memoryLimitBytes: nil, numaNodes: 1, hugePages: "",
        exertVersion: "")

    /// Ramps, waves and levels in turn; every other stressor is a rate.
    private var plan: Plan {
        let length = Nanoseconds(hours) * 3600 * .second / Nanoseconds(phases)
        let names = (0..<stressors).map { "stressor-\($0)" }
        let loads = Dictionary(uniqueKeysWithValues: names.map { ($0, "ramp from 1000 to 5000") })
        let planned = names.enumerated().map { index, name in
            let drive = index % 2 == 0 ? Drive.rate : .level
            // Bytes, so that the claim's rounding is nothing.
            let scale = drive == .rate ? 1.0 : 1e6
            var curve = Curve()
            for phase in 0..<phases {
                let formula: Curve.Piece.Formula =
                    switch phase % 3 {
                    case 0: .line(1000 * scale, 5000 * scale)
                    case 1: .sine(low: 1000 * scale, high: 5000 * scale, period: 600 * .second)
                    default: .line(5000 * scale, 5000 * scale)
                    }
                curve.append(length, repeating: [.init(length: length, formula)])
            }
            let share = workers * (index + 1) / stressors - workers * index / stressors
            return PlannedStressor(
                name: name, kind: drive == .rate ? "null" : "stand-in",
                unit: drive == .rate ? .operationsPerSecond : .bytes, drive: drive, settings: Settings(values: [:]),
                capacity: 1e6, base: "", curve: curve, workers: max(1, share),
                tolerance: ToleranceLimit(absolute: 0, ratio: 0.01), witness: "none")
        }
        let list = (0..<phases).map {
            PlannedPhase(name: "phase-\($0)", start: Nanoseconds($0) * length, length: length, loads: loads)
        }
        return Plan(
            profile: "scale", file: "scale", sha256: "", seed: 0, stressors: planned, phases: list, findings: [])
    }
}

/// Looks at this process while the run goes on.
private final class Tracker {
    private var hours: [Int]
    private var cpuAtStart: Nanoseconds = 0
    private(set) var heapAtStart = 0
    private(set) var marks: [Run.Mark] = []
    var logSize = 0
    var shown = 0

    init(hours: [Int]) { self.hours = hours }

    static var allocated: Int { CHeap_allocated() }

    func begin() {
        heapAtStart = Self.allocated
        logSize = 0
        cpuAtStart = Clocks.processCPU
    }

    func look(_ world: VirtualWorld) {
        guard let next = hours.first, world.elapsed >= Nanoseconds(next) * 3600 * .second else { return }
        hours.removeFirst()
        mark(world, hours: next)
    }

    func mark(_ world: VirtualWorld, hours: Int) {
        let cpu = Clocks.processCPU - cpuAtStart
        let resident = (try? SmallFile.bytes("/proc/self/statm")).flatMap { MemoryText.resident($0[...]) } ?? 0
        marks.append(
            Run.Mark(
                hours: hours, looks: world.ticks, cpu: Double(cpu), heap: Self.allocated - heapAtStart,
                resident: Int(resident), log: logSize))
    }
}
