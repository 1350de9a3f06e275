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

    /// Whether the display is redrawn in place and wants samples at 10 Hz.
    let isLive: Bool
    /// Why a line of the log could not be written.
    private(set) var logFailure: String?

    init(plan: Plan, logPath: String?, isQuiet: Bool) throws {
        let policy = Console.progressPolicy(isQuiet: isQuiet)
        if case .live = policy { isLive = true } else { isLive = false }
        encoder = EventLog(plan: plan)
        display = ProgressDisplay(plan: plan, policy: policy, isUTF8: Console.isUTF8)
        isLogOnOutput = logPath == "-"
        guard let logPath, logPath != "-" else {
            logFile = nil
            logDescriptor = logPath == nil ? nil : Console.output
            return
        }
        do {
            // Appended: evidence of an earlier run is not ours to delete; the run's id tells the lines apart.
            let file = try OwnedDescriptor.open(logPath, FileFlags.appendCreating, mode: 0o644)
            logDescriptor = file.rawValue
            logFile = consume file
        } catch {
            Console.complain("the log '\(logPath)' cannot be opened: \(error)")
            throw ExitStatus.unsupported
        }
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
        case .text: Console.write(SummaryText.text(record, style: Console.style(of: stream)), to: stream)
        case .json: Console.write(SummaryJSON.document(record), to: stream)
        }
    }
}
