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
            target met, 2 a target not met, 4 refused or unsupported here, 5 a stressor was killed, 64 bad usage or \
            profile, 130 or 143 interrupted after a clean release.
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

    @Option(help: "How the result is printed: text or json.")
    var format: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    func run() throws {
        let interval = try logInterval()
        if log == "-", format == .json {
            throw ValidationError("--log - and --format json both want standard output; give the log a file")
        }
        // Before the plan: what a killed run left would be counted as in use.
        Leftovers.undo()
        let host = HostFacts.read()
        let plan = try source.plan(on: host)
        // Opened before the load: when disk, memory or descriptors run out, the outputs are there.
        let outputs = try RunOutputs(plan: plan, logPath: log, logInterval: interval, isQuiet: quiet)
        let record = try observe(plan, host, interval, outputs)
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
        _ plan: Plan, _ host: HostFacts, _ interval: Nanoseconds, _ outputs: RunOutputs
    ) throws -> RunRecord {
        do throws(ObserverFailure) {
            let observer = try Observer(
                plan, host: host, description: host.description,
                options: .init(logInterval: interval, runID: RunIdentifier.make(at: Clocks.wall)),
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
