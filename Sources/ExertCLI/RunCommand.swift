// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import LinuxSystem
import LoadModel
import Profiles
import Reporting
import Stressors

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a profile: exert the load, prove it, give everything back.",
        discussion: """
            Progress goes to standard error, the result to standard output. The exit code tells the verdict: 0 every \
            target met, or missed as expected, 2 a target not met, 3 aborted by a guard, 4 refused or unsupported \
            here, 5 a stressor was killed, 64 bad usage or profile, 130 or 143 interrupted after a clean release.
            """)

    @OptionGroup var source: ProfileOptions

    @Option(
        help: ArgumentHelp(
            "Append the experiment log (NDJSON, one event a line) to this file; - writes to standard output, and the "
                + "result then goes to standard error.", valueName: "file"),
        completion: .file())
    var log: String?

    @Option(
        help: ArgumentHelp(
            "Write a report to this file when the run is over, as its name says: .html, .json, .md, .csv or .txt.",
            valueName: "file"), completion: .file())
    var report: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The time between two samples in the log, 100ms to 1h.", valueName: "time"))
    var interval: String = "1s"

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "A label that every line of the log carries, such as host=node-1; may be given again. TRACEPARENT of the "
                + "environment (W3C) is carried, too.", valueName: "name=value"))
    var labels: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Begin the load at this instant of the wall clock (RFC 3339, such as 2026-11-22T14:00:00Z), so that runs "
                + "on many hosts begin together; within a day.", valueName: "time"))
    var startAt: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End the run, and release everything, when no --heartbeat comes for this long, such as 30s: a controller "
                + "that vanishes lets go.", valueName: "time"))
    var lease: String?

    @Option(
        help: ArgumentHelp(
            "What renews the lease: a file, whenever it is touched, or - for any line on standard input.",
            valueName: "file"), completion: .file())
    var heartbeat: String?

    @Option(help: "How the result is printed: text or json.")
    var format: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    func run() throws {
        try source.checkFlags()
        var settings = try runSettings()
        let steering = try leaseSteering()
        if log == "-", format == .json {
            throw ValidationError("--log - and --format json both want standard output; give the log a file")
        }
        // Before the plan: what a killed run left would be counted as in use.
        let leftovers = Leftovers()
        leftovers.undo()
        let host = HostFacts.read()
        let plan = try source.plan(on: host, startAt: settings.startAt)
        try Self.told { () throws(RunSettings.Problem) in try settings.take(labelsOf: plan) }
        // Opened before the load: when disk, memory or descriptors run out, the outputs are there.
        let outputs = try RunOutputs(
            plan: plan, tags: settings.tags, logPath: log, logInterval: settings.interval, isQuiet: quiet,
            report: try report.map { try ReportFile($0, log: log) })
        if let begin = settings.startAt, !quiet {
            Console.write("waiting until \(Timestamp.text(begin))\n", to: Console.error)
        }
        Places.endAsking()
        var options = settings.observerOptions
        options.steering = steering
        // A stressor process that was killed while we live leaves its records to us.
        options.settle = { leftovers.undo(after: &$0) }
        let observer = try observer(plan, host, options, outputs)
        // Whoever keeps this process from hanging is there to its end.
        defer { withExtendedLifetime(observer) {} }
        var record = try run(observer)
        // A log that misses lines is not the evidence that was asked for, whatever the verdict.
        if let failure = outputs.finishLog(isInterrupted: record.interruptedBy != nil) {
            record.logFailure = failure
            record.findings.append(
                Finding(code: "log_incomplete", message: "the log is incomplete: \(failure)"))
        }
        let isWritten = outputs.write(record, as: format)
        // What is wrong with it is told; the log, which it is made of, is the evidence: the exit code is the run's.
        outputs.writeReport()
        // Who interrupts a run does not wait, and whoever did not take one message does not take the next.
        let patience: Int32 = record.interruptedBy == nil ? Console.complaintPatience : 50
        let messages = [record.startFailure, record.logFailure.map { "the log is incomplete: \($0)" }]
        let isHeard = messages.compactMap { $0 }.allSatisfy { Console.complain($0, patience: patience) }
        if !isWritten { tellLoss(of: record, onTerminal: !isHeard, patience: patience) }
        if record.exitCode != 0 { throw ExitCode(record.exitCode) }
        if !isWritten {
            throw PendingSignals.ending.map { ExitCode(128 + $0) } ?? ExitStatus.internalError
        }
    }

    /// Says what came of the run where its result could not be written: on standard error, or on the terminal, which
    /// may be there where both streams lead to a disk that stands still.
    private func tellLoss(of record: RunRecord, onTerminal: Bool, patience: Int32) {
        let code = record.exitCode == 0 ? ExitStatus.internalError.rawValue : record.exitCode
        let isInLog = log != nil && log != "-" && record.logFailure == nil
        let text =
            "the result could not be written whole: verdict \(record.verdict.rawValue), exit code \(code)"
            + (isInLog ? "; the last line of the log has all of it" : "")
        if !onTerminal, Console.complain(text, patience: patience) { return }
        if let terminal = try? OwnedDescriptor.open("/dev/tty", FileFlags.appending) {
            Console.complain(text, to: terminal.rawValue, patience: patience)
        }
    }

    private func observer(
        _ plan: Plan, _ host: HostFacts, _ options: Observer.Options, _ outputs: RunOutputs
    ) throws -> Observer {
        do throws(ObserverFailure) {
            return try Observer(
                plan, host: host, description: host.description, options: options,
                sink: { outputs.take($0) }, display: outputs.isLive ? { outputs.take($0) } : nil)
        } catch {
            throw Self.refusal(error)
        }
    }

    private func run(_ observer: Observer) throws -> RunRecord {
        do throws(ObserverFailure) { return try observer.run(catalog: Catalog.all) } catch { throw Self.refusal(error) }
    }

    private static func refusal(_ failure: ObserverFailure) -> ExitCode {
        // All else ends with a result.
        if case .cannotObserve(let reason) = failure { Console.complain(reason) }
        return ExitStatus.unsupported
    }

    private func runSettings() throws -> RunSettings {
        var settings = RunSettings()
        try Self.told { () throws(RunSettings.Problem) in
            try settings.take(interval: interval)
            for label in labels { try settings.take(label: label) }
            if let startAt { try settings.take(startAt: startAt) }
            if let lease { try settings.take(lease: lease) }
        }
        if let trace = Console.variable("TRACEPARENT"), !trace.isEmpty, !settings.tags.take(traceparent: trace) {
            // The standard says: who cannot read it goes on without it.
            Console.write("note: TRACEPARENT is no W3C trace context; the log goes without it\n", to: Console.error)
        }
        return settings
    }

    /// What is wrong with a flag as the parser of flags tells it.
    private static func told(_ take: () throws(RunSettings.Problem) -> Void) throws {
        do throws(RunSettings.Problem) {
            try take()
        } catch {
            throw ValidationError("--\(error.option) \(error.message)")
        }
    }

    private func leaseSteering() throws -> Heartbeat? {
        switch (lease, heartbeat) {
        case (nil, nil): return nil
        case (nil, .some): throw ValidationError("--heartbeat renews a lease; give its length, too: --lease 30s")
        case (.some, nil):
            throw ValidationError("--lease needs to be renewed: add --heartbeat FILE, or --heartbeat - for stdin")
        case (.some, "-"?):
            guard source.profile != "-" else {
                throw ValidationError("the profile and the heartbeat both want standard input; give one a file")
            }
            return Heartbeat(ofStandardInput: ())
        case (.some, let file?): return Heartbeat(file: file)
        }
    }
}
