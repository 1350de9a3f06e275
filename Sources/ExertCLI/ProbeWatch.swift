// SPDX-License-Identifier: Apache-2.0

import Engine
import LinuxSystem
import LoadModel
import Probes
import Reporting

/// Follows a prober: a line on each second, the log, the summary.
final class ProbeWatch {
    /// How long the prober may take until it has everything: names may have to be resolved.
    private static let startLimit: Nanoseconds = 30 * .second

    private let plans: [ProbePlan]
    private let isQuiet: Bool
    private let logFile: OwnedDescriptor?
    private let outlet: Outlet?
    private var isLogWhole = true
    private var log: ProbeLog
    private var start: Nanoseconds = 0
    /// What came in the present second, by probe, for the line that is printed.
    private var present: [ProbeTally]
    /// What was due in each second that is not written yet, by probe.
    private var seconds: [Int64: [ProbeTally]] = [:]
    private var written: Int64 = 0
    private var totals: [ProbeTally]
    private var lost: Int64 = 0

    init(_ plans: [ProbePlan], logPath: String?, isQuiet: Bool) throws {
        self.plans = plans
        self.isQuiet = isQuiet
        present = plans.map { _ in ProbeTally() }
        totals = present
        log = ProbeLog(runID: "", startTime: 0)
        guard let logPath else {
            logFile = nil
            outlet = nil
            return
        }
        do {
            let file = try OwnedDescriptor.open(logPath, FileFlags.appendCreating, mode: 0o644)
            let outlet = Outlet(file.rawValue, byLines: true)
            self.outlet = outlet
            logFile = outlet.hasWriter ? nil : consume file
        } catch {
            Console.complain("the log '\(logPath)' cannot be opened: \(error)")
            throw ExitStatus.unsupported
        }
    }

    /// Whether something of each probe was good.
    var isGoodSomewhere: Bool { totals.allSatisfy { $0.good > 0 } }

    /// Starts the prober and takes what it tells until it ends; whether it began.
    func follow(
        _ prober: ProberProcess, length: Nanoseconds, signals: SignalSource
    ) throws(ProbeProblem) -> Bool {
        let limit = Clocks.monotonic + Self.startLimit
        waiting: while true {
            guard Clocks.monotonic < limit else { throw ProbeProblem("the prober is not ready after 30 s") }
            for event in prober.wait(for: signals.rawDescriptor, until: limit) {
                switch event {
                case .ready: break waiting
                case .problem(let problem): throw problem
                case .ended: throw ProbeProblem("the prober has ended before it began")
                case .told: break
                }
            }
            if signals.next() != nil { return false }
        }
        begin(length, prober)
        var tick: Int64 = 1
        while true {
            for event in prober.wait(for: signals.rawDescriptor, until: start + tick * .second) {
                switch event {
                case .told(let event): take(event)
                case .problem(let problem): throw problem
                case .ready: break
                case .ended:
                    // A prober that was killed leaves the end untold, and all that was due is in the log.
                    let end = prober.finish()
                    if present.contains(where: { $0.due > 0 }) { show(at: tick * .second) }
                    writeSeconds(before: .max)
                    if end.signal != 0 { throw ProbeProblem("the prober was killed by signal \(end.signal)") }
                    return true
                }
            }
            if signals.next() != nil { prober.stop() }
            if Clocks.monotonic >= start + tick * .second {
                turn(tick)
                tick = (Clocks.monotonic - start) / .second + 1
            }
        }
    }

    private func begin(_ length: Nanoseconds, _ prober: ProberProcess) {
        start = Clocks.monotonic + 20 * .millisecond
        log = ProbeLog(runID: RunIdentifier.make(at: Clocks.wall), startTime: Clocks.wall + start - Clocks.monotonic)
        write(log.start(plans, first: ProbeSchedule.offsets(plans)))
        prober.start(at: start, until: start.addingSaturating(length))
    }

    private func take(_ event: Prober.Event) {
        switch event {
        case .result(let result):
            guard plans.indices.contains(result.probe) else { return }
            present[result.probe].add(result)
            totals[result.probe].add(result)
            let second = (result.due - start) / .second
            seconds[second, default: plans.map { _ in ProbeTally() }][result.probe].add(result)
        case .second(let second):
            lost += second.dropped
            write(
                log.prober(
                    at: second.end - start, runQueueWait: second.runQueueWait, cpuTime: second.cpuTime,
                    lateness: second.lateness, dropped: second.dropped))
        case .note(let probe, let text):
            guard plans.indices.contains(probe) else { return }
            write(log.note(text, of: plans[probe].name, at: Clocks.monotonic - start))
            if !isQuiet {
                let name = plans.count > 1 ? "\(plans[probe].name)  " : ""
                let time = HumanUnits.clock(max(0, Clocks.monotonic - start))
                Console.write("\(time)  \(name)\(text)\n", to: Console.output)
            }
        }
    }

    /// Ends the second that is shown, and writes those of which all answers are there.
    private func turn(_ second: Int64) {
        show(at: second * .second)
        let longest = plans.map(\.timeout).max() ?? 0
        writeSeconds(before: second - (longest + .second - 1) / .second - 1)
    }

    private func show(at time: Nanoseconds) {
        if !isQuiet {
            for (plan, tally) in zip(plans, present) where tally.due > 0 || plan.every <= .second {
                let name = plans.count > 1 ? "\(plan.name)  " : ""
                Console.write(
                    "\(HumanUnits.clock(time))  \(name)\(ProbeText.line(tally))\n", to: Console.output)
            }
        }
        present = plans.map { _ in ProbeTally() }
    }

    private func writeSeconds(before end: Int64) {
        for second in seconds.keys.sorted() where second < end {
            guard let tallies = seconds.removeValue(forKey: second) else { continue }
            for (plan, tally) in zip(plans, tallies) where tally.due > 0 {
                write(
                    log.tally(tally, of: plan.name, from: second * .second, to: (second + 1) * .second))
            }
        }
    }

    private func write(_ line: [UInt8]) {
        if let outlet, !outlet.write(line) { isLogWhole = false }
    }

    /// Writes what all came to; whether the log is whole.
    func finish() -> Bool {
        let end = Clocks.monotonic - start
        var text = ""
        for (plan, tally) in zip(plans, totals) {
            write(log.tally(tally, of: plan.name, from: 0, to: end, isTotal: true))
            text += ProbeText.summary(tally, of: plan.name)
            if plan.isUnverified { text += "  its certificate was not verified\n" }
        }
        if lost > 0 { text += "\(lost) results were lost, since they were not taken in time\n" }
        Console.write(text, to: Console.output)
        guard let outlet else { return true }
        do throws(Outlet.Loss) {
            try outlet.finish(patience: 10_000) { PendingSignals.ending != nil }
        } catch {
            isLogWhole = false
        }
        if !isLogWhole { Console.complain("the log is not whole: not all of it could be written") }
        return isLogWhole
    }
}
