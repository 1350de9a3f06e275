// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import LoadModel
import Reporting

/// Where a run's events go: the log, the progress display, and at the end the result.
final class RunOutputs {
    /// How long a log's reader may stall, in ms.
    private static let logPatience: Int32 = 1000

    private var encoder: EventLog
    private var display: ProgressDisplay
    private let logFile: OwnedDescriptor?
    private let logDescriptor: Int32?
    private let isLogOnOutput: Bool
    /// Room for the rest of the log on the very disk that is filled; given back at the end.
    private let logReservation: LogReservation?

    /// Whether the display is redrawn in place and wants samples at 10 Hz.
    let isLive: Bool
    /// Why a line of the log could not be written.
    private(set) var logFailure: String?

    init(plan: Plan, tags: RunTags, logPath: String?, logInterval: Nanoseconds, isQuiet: Bool) throws {
        let policy = Console.progressPolicy(isQuiet: isQuiet)
        if case .live = policy { isLive = true } else { isLive = false }
        encoder = EventLog(plan: plan, tags: tags)
        display = ProgressDisplay(plan: plan, policy: policy, isUTF8: Console.isUTF8)
        isLogOnOutput = logPath == "-"
        guard let logPath, logPath != "-" else {
            logFile = nil
            let descriptor = logPath == nil ? nil : Console.output
            logDescriptor = descriptor
            logReservation = descriptor.flatMap { Self.reserve(plan, on: $0, logInterval) }
            return
        }
        do {
            // Appended: evidence of an earlier run is not ours to delete; the run's id tells the lines apart.
            let file = try OwnedDescriptor.open(logPath, FileFlags.appendCreating, mode: 0o644)
            logDescriptor = file.rawValue
            logReservation = Self.reserve(plan, on: file.rawValue, logInterval)
            logFile = consume file
        } catch {
            Console.complain("the log '\(logPath)' cannot be opened: \(error)")
            throw ExitStatus.unsupported
        }
    }

    /// Takes the log's space ahead where a stressor works on the file system that the log is on.
    private static func reserve(_ plan: Plan, on descriptor: Int32, _ interval: Nanoseconds) -> LogReservation? {
        let isThreatened = plan.stressors.contains { stressor in
            stressor.settings.text("directory").map { LogReservation.shares(descriptor, with: $0) } ?? false
        }
        guard isThreatened else { return nil }
        return LogReservation(behindFile: descriptor, count: logSize(plan, interval))
    }

    /// What the log may come to, in bytes, 64 MiB at most: a run killed by SIGKILL leaves that much behind the file.
    private static func logSize(_ plan: Plan, _ interval: Nanoseconds) -> Int64 {
        let samples = plan.length / max(1, interval) + 1
        let stressors = Int64(plan.stressors.count)
        // A line of one stressor has some 700 bytes, of one with latencies 1,200.
        let inSamples = samples.multipliedReportingOverflow(by: 512 + 1024 * stressors)
        // Two histograms of latencies take up to 40 kB.
        let results = plan.stressors.reduce(Int64(1024)) { $0 + ($1.quantum > 0 ? 65536 : 2048) }
        let inPhases = 2 * Int64(plan.phases.count) * results
        // The first line holds the whole plan and the last one all results.
        let size = 65536 + inPhases + (inSamples.overflow ? .max / 2 : inSamples.partialValue)
        return min(64 << 20, size)
    }

    func take(_ event: TimedEvent) {
        // After a line that could not be written whole, nothing more is: what is there stays valid to its last line.
        if let logDescriptor, logFailure == nil {
            do {
                try StreamWriter.write(encoder.line(event), to: logDescriptor, patience: Self.logPatience)
            } catch {
                // The run goes on: a load that is proven in part is better than one that is lost.
                logFailure = "\(error)"
            }
        }
        show(display.handle(event))
    }

    func take(_ sample: Sample) {
        if let progress = display.update(sample, time: Clocks.wall) { show(progress) }
    }

    /// Progress is dropped where nobody reads it: a stopped terminal must not stop the observer.
    private func show(_ progress: [UInt8]) {
        if !progress.isEmpty { try? StreamWriter.write(progress, to: Console.error, patience: 0) }
    }

    func write(_ record: RunRecord, as format: OutputFormat) {
        let stream = isLogOnOutput ? Console.error : Console.output
        switch format {
        case .text: Console.write(Array(SummaryText.text(record, style: Console.style(of: stream)).utf8), to: stream)
        case .json: Console.write(SummaryJSON.document(record), to: stream)
        }
    }
}
