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
    private var seconds: ProbeSeconds
    private var lost: Int64 = 0

    init(_ plans: [ProbePlan], logPath: String?, isQuiet: Bool) throws {
        self.plans = plans
        self.isQuiet = isQuiet
        present = plans.map { _ in ProbeTally() }
        seconds = ProbeSeconds(plans, start: 0)
        seconds = ProbeSeconds(plans, start: start)
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
    var isGoodSomewhere: Bool { seconds.totals.allSatisfy { $0.good > 0 } }

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
                    write(seconds.takeRest())
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
        seconds = ProbeSeconds(plans, start: start)
        log = ProbeLog(runID: RunIdentifier.make(at: Clocks.wall), startTime: Clocks.wall + start - Clocks.monotonic)
        write(log.start(plans, first: ProbeSchedule.offsets(plans)))
        prober.start(at: start, until: start.addingSaturating(length))
    }

    private func take(_ event: Prober.Event) {
        switch event {
        case .result(let result):
            if seconds.add(result) { present[result.probe].add(result) }
        case .second(let second):
            lost += second.dropped
            write(log.prober(second, at: second.end - start))
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
        write(seconds.takeWhole(at: Clocks.monotonic))
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

    private func write(_ spans: [ProbeSpan]) {
        for span in spans { write(log.tally(span)) }
    }

    private func write(_ line: [UInt8]) {
        if let outlet, !outlet.write(line) { isLogWhole = false }
    }

    /// Writes what all came to; whether the log is whole.
    func finish() -> Bool {
        let end = Clocks.monotonic - start
        var text = ""
        for (plan, tally) in zip(plans, seconds.totals) {
            write(log.tally(ProbeSpan(probe: plan.name, span: 0..<max(0, end), tally: tally), isTotal: true))
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
