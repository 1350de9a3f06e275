// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import LoadModel
import Reporting

/// Where a run's events go: the log, the progress display, and at the end the result.
final class RunOutputs {
    /// How long what was written may take to arrive at the end, in ms; a run that was interrupted waits less.
    private static let patience: Int32 = 10_000
    private static let patienceOnceInterrupted: Int32 = 100

    private var encoder: EventLog
    private var display: ProgressDisplay
    private let logFile: OwnedDescriptor?
    private let log: Outlet?
    /// Standard error while the run lasts: a file system that stands still must not stop the observer.
    private lazy var progress = Outlet(Console.error)
    private var isProgressUsed = false
    private let isLogOnOutput: Bool

    /// Whether the display is redrawn in place and wants samples at 10 Hz.
    let isLive: Bool
    /// How many lines of the log nobody took.
    private var missing = 0
    /// The report that is made at the end; `nil` where nobody asked for one.
    private var report: ReportFile?

    init(
        plan: Plan, tags: RunTags, logPath: String?, logInterval: Nanoseconds, isQuiet: Bool, report: ReportFile?
    ) throws {
        self.report = report
        let policy = Console.progressPolicy(isQuiet: isQuiet)
        if case .live = policy { isLive = true } else { isLive = false }
        encoder = EventLog(plan: plan, tags: tags)
        display = ProgressDisplay(plan: plan, policy: policy, isUTF8: Console.isUTF8)
        isLogOnOutput = logPath == "-"
        guard let logPath, logPath != "-" else {
            logFile = nil
            log = logPath == nil ? nil : Self.open(plan, Console.output, logInterval)
            return
        }
        do {
            // Appended: evidence of an earlier run is not ours to delete; the run's id tells the lines apart.
            let file = try OwnedDescriptor.open(logPath, FileFlags.appendCreating, mode: 0o644)
            let outlet = Self.open(plan, file.rawValue, logInterval)
            log = outlet
            // Whoever closes a file of a network or FUSE mount may wait for its server: the writer alone has it open.
            logFile = outlet.hasWriter ? nil : consume file
        } catch {
            Console.complain("the log '\(logPath)' cannot be opened: \(error)")
            throw ExitStatus.unsupported
        }
    }

    private static func open(_ plan: Plan, _ descriptor: Int32, _ interval: Nanoseconds) -> Outlet {
        // What is reserved on the disk that is filled is given back by whoever writes the log, however we end.
        Outlet(descriptor, byLines: true, givesBack: reserve(plan, on: descriptor, interval))
    }

    /// Takes the log's space ahead where a stressor works on the file system that the log is on.
    private static func reserve(_ plan: Plan, on descriptor: Int32, _ interval: Nanoseconds) -> Bool {
        let isThreatened = plan.stressors.contains { stressor in
            stressor.settings.text("directory").map { LogReservation.shares(descriptor, with: $0) } ?? false
        }
        return isThreatened && LogReservation.reserve(behindFile: descriptor, count: logSize(plan, interval))
    }

    /// What the log may come to, in bytes, 64 MiB at most.
    private static func logSize(_ plan: Plan, _ interval: Nanoseconds) -> Int64 {
        let samples = plan.length / max(1, interval) + 1
        let stressors = Int64(plan.stressors.count)
        // A line of one stressor has some 700 bytes, of one with latencies 1,200.
        let inSamples = samples.multipliedReportingOverflow(by: 512 + 1024 * stressors)
        // Two histograms of latencies take up to 40 kB.
        let results = plan.stressors.reduce(Int64(1024)) { $0 + ($1.quantum > 0 ? 65536 : 2048) }
        let inPhases = 2 * Int64(plan.phases.count) * results
        // In the plan, and where their phases begin.
        let notes = plan.phases.reduce(Int64(0)) { $0 + 2 * Int64($1.note?.utf8.count ?? 0) }
        // The first line holds the whole plan and the last one all results.
        let size = 65536 + notes + inPhases + (inSamples.overflow ? .max / 2 : inSamples.partialValue)
        return min(64 << 20, size)
    }

    func take(_ event: TimedEvent) {
        // The run goes on in any case: a load that is proven in part is better than one that is lost.
        if log != nil || report != nil {
            let line = encoder.line(event)
            report?.take(line)
            if let log, !log.write(line) { missing += 1 }
        }
        show(display.handle(event))
    }

    func take(_ sample: Sample) {
        if let progress = display.update(sample, time: Clocks.wall) { show(progress) }
    }

    /// Progress is dropped where nobody reads it.
    private func show(_ bytes: [UInt8]) {
        if bytes.isEmpty { return }
        isProgressUsed = true
        progress.write(bytes)
    }

    /// Waits until the log is written; why it is not whole, `nil` where it is.
    func finishLog(isInterrupted: Bool) -> String? {
        guard let log else { return nil }
        do throws(Outlet.Loss) {
            try log.finish(patience: isInterrupted ? Self.patienceOnceInterrupted : Self.patience) {
                Self.isInterruptedNow
            }
            return nil
        } catch {
            return text(error)
        }
    }

    private func text(_ loss: Outlet.Loss) -> String {
        switch loss {
        case .failed(let error): "a line could not be written: \(error)"
        case .removed: "its file was removed while the run wrote to it"
        case .cut: "its file was cut short while the run wrote to it, and lines are gone"
        case .killed(let signal): "the process that writes it was killed by signal \(signal)"
        case .stalled(_, let writer):
            "whoever keeps it takes nothing"
                + (missing > 0 ? " and \(missing) lines did not even come that far" : "")
                + (writer.map { ": \($0.text), which is exert's own and writes the log" } ?? "")
        }
    }

    /// Prints the result; `false` where it could not be written whole, or was cut short by a signal.
    func write(_ record: RunRecord, as format: OutputFormat) -> Bool {
        let stream = isLogOnOutput ? Console.error : Console.output
        let bytes =
            switch format {
            case .text: Array(SummaryText.text(record, style: Console.style(of: stream)).utf8)
            case .json: SummaryJSON.document(record)
            }
        let isInterrupted = record.interruptedBy != nil
        let patience = isInterrupted ? Self.patienceOnceInterrupted : -1
        // In order, where both are one stream.
        if isProgressUsed {
            try? progress.finish(patience: isInterrupted ? patience : Self.patience) { Self.isInterruptedNow }
        }
        return Console.write(bytes, to: stream, patience: patience)
    }

    /// Writes the report; what is wrong with it is told.
    func writeReport() { report?.write() }

    /// Whether a signal came that would end this process if it were not blocked.
    private static var isInterruptedNow: Bool { PendingSignals.ending != nil }
}
