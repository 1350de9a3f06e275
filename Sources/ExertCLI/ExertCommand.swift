// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import LinuxSystem

struct ExertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exert",
        abstract: "Exert exactly the load that was asked for, and prove it.",
        discussion: """
            exert run profiles/quickstart.yaml
            exert run --load cpu=50% --load memory=1GiB --for 30s
            exert check profile.yaml

            Exit codes: 0 every target met · 1 internal error · 2 a target was not met · 3 aborted by a guard · \
            4 refused or unsupported here · 5 a stressor was killed · 64 bad usage or profile · \
            129/130/143 interrupted, after a clean release.
            """,
        version: exertVersion,
        subcommands: [
            RunCommand.self, CheckCommand.self, ReportCommand.self, ExplainCommand.self, ImportCommand.self,
            HostCommand.self, ListCommand.self, SchemaCommand.self, ProbeCommand.self, CleanupCommand.self,
            ServeCommand.self, ObserveCommand.self, HealthCommand.self,
        ])
}

/// A command that tells processes apart, or watches them, by `/proc`.
protocol ProcessWatching: ParsableCommand {}

extension RunCommand: ProcessWatching {}
extension CheckCommand: ProcessWatching {}
extension ServeCommand: ProcessWatching {}
extension CleanupCommand: ProcessWatching {}
extension ProbeCommand: ProcessWatching {}

extension ExertCommand {
    /// Runs what the words of the command line say, and ends the process.
    ///
    /// - Parameter arguments: without the binary's own name.
    static func runMain(_ arguments: [String]) -> Never {
        do {
            var command = try parseAsRoot(arguments)
            if command is any ProcessWatching, let problem = ProcMount.problem {
                Console.complain(problem.message)
                throw ExitStatus.unsupported
            }
            do {
                try command.run()
            } catch {
                // With the usage of the command that was given, not of all of them.
                end(type(of: command), error)
            }
            exit()
        } catch {
            end(self, error)
        }
    }

    /// Ends the process as `error` says: help is a result, and what was typed may hold anything.
    private static func end(_ command: any ParsableCommand.Type, _ error: any Error) -> Never {
        let code = command.exitCode(for: error)
        let message = command.fullMessage(for: error)
        guard !code.isSuccess, !message.isEmpty else { command.exit(withError: error) }
        Console.write(message + "\n", to: Console.error)
        Glibc.exit(code.rawValue)
    }
}

/// The version of exert, as the log names it.
let exertVersion = "0.1.0"

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
