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
            target met, 2 a target not met, 3 aborted by a guard, 4 refused or unsupported here, 5 a stressor was \
            killed, 64 bad usage or profile, 130 or 143 interrupted after a clean release.
            """)

    @OptionGroup var source: ProfileOptions

    @Option(
        help: ArgumentHelp(
            "Append the experiment log (NDJSON, one event a line) to this file; - writes to standard output, and the "
                + "result then goes to standard error.", valueName: "file"),
        completion: .file())
    var log: String?

    @Option(help: ArgumentHelp("The time between two samples in the log, 100ms to 1h.", valueName: "time"))
    var interval: String = "1s"

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "A label that every line of the log carries, such as host=node-1; may be given again. TRACEPARENT of the "
                + "environment (W3C) is carried, too.", valueName: "name=value"))
    var labels: [String] = []

    @Option(
        help: ArgumentHelp(
            "Begin the load at this instant of the wall clock (RFC 3339, such as 2026-11-22T14:00:00Z), so that runs "
                + "on many hosts begin together; within a day.", valueName: "time"))
    var startAt: String?

    @Option(help: "How the result is printed: text or json.")
    var format: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    func run() throws {
        let interval = try logInterval()
        let tags = try runTags()
        let begin = try startTime()
        if log == "-", format == .json {
            throw ValidationError("--log - and --format json both want standard output; give the log a file")
        }
        // Before the plan: what a killed run left would be counted as in use.
        Leftovers.undo()
        let host = HostFacts.read()
        let plan = try source.plan(on: host)
        // Opened before the load: when disk, memory or descriptors run out, the outputs are there.
        let outputs = try RunOutputs(plan: plan, tags: tags, logPath: log, logInterval: interval, isQuiet: quiet)
        if let begin, !quiet { Console.write("waiting until \(Timestamp.text(begin))\n", to: Console.error) }
        let options = Observer.Options(
            logInterval: interval, runID: RunIdentifier.make(at: Clocks.wall), tags: tags, startAt: begin)
        let record = try observe(plan, host, options, outputs)
        // A stressor process that was killed while we live leaves its records to us.
        Leftovers.undo()
        outputs.write(record, as: format)
        // A log that misses lines is not the evidence that was asked for, whatever the verdict.
        if let failure = outputs.logFailure {
            Console.complain("the log is incomplete: \(failure)")
            if record.exitCode == 0 { throw ExitStatus.internalError }
        }
        if record.exitCode != 0 { throw ExitCode(record.exitCode) }
    }

    private func observe(
        _ plan: Plan, _ host: HostFacts, _ options: Observer.Options, _ outputs: RunOutputs
    ) throws -> RunRecord {
        do throws(ObserverFailure) {
            let observer = try Observer(
                plan, host: host, description: host.description, options: options,
                sink: { outputs.take($0) }, display: outputs.isLive ? { outputs.take($0) } : nil)
            return try observer.run(catalog: Catalog.all)
        } catch {
            switch error {
            case .cannotStart(let stressor, let reason): Console.complain("\(stressor) cannot be started: \(reason)")
            case .cannotObserve(let reason): Console.complain(reason)
            case .interrupted(let signal): throw ExitCode(128 + signal)
            }
            throw ExitStatus.unsupported
        }
    }

    private func runTags() throws -> RunTags {
        var tags = RunTags()
        do throws(RunTags.Problem) {
            for label in labels { try tags.add(label: label) }
        } catch {
            throw ValidationError("--label: \(error.message)")
        }
        if let trace = Console.variable("TRACEPARENT"), !trace.isEmpty, !tags.take(traceparent: trace) {
            // The standard says: who cannot read it goes on without it.
            Console.write("note: TRACEPARENT is no W3C trace context; the log goes without it\n", to: Console.error)
        }
        return tags
    }

    private func startTime() throws -> Nanoseconds? {
        guard let startAt else { return nil }
        guard let time = Timestamp.parse(startAt) else {
            throw ValidationError("--start-at \(startAt): write an instant such as 2026-11-22T14:00:00Z (RFC 3339)")
        }
        let left = time - Clocks.wall
        guard left > 0 else {
            throw ValidationError("--start-at \(startAt) is past; it is \(Timestamp.text(Clocks.wall))")
        }
        guard left <= 86_400 * .second else { throw ValidationError("--start-at \(startAt) is more than a day away") }
        return time
    }

    private func logInterval() throws -> Nanoseconds {
        do {
            let interval = try UnitNotation.duration(interval)
            guard (100 * Nanoseconds.millisecond...3600 * .second).contains(interval) else {
                throw ValidationError("--interval must be from 100ms to 1h")
            }
            return interval
        } catch let error as NotationError {
            throw ValidationError("--interval \(interval): \(error.message)")
        }
    }
}

extension HostFacts {
    /// The part of the facts that a reader of the log needs.
    fileprivate var description: HostDescription {
        HostDescription(
            name: name, kernel: kernel, architecture: architecture, onlineCPUs: onlineCPUs.count,
            affinityCPUs: affinityCPUs.count, quotaCores: cpuQuota?.value, memoryTotalBytes: memoryTotal,
            memoryAvailableBytes: memoryAvailable, memoryLimitBytes: (memoryLimit?.value).map { Int64($0) },
            numaNodes: numaNodes, hugePages: hugePages, exertVersion: exertVersion)
    }
}
