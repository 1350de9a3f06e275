// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinuxSystem

struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Undo what runs that were killed left behind.",
        discussion: """
            Most loads leave nothing: the kernel takes back what a process held. What it does not take back, a file \
            with a name or another process's limit, has an undo record, and is undone by the next run or by this \
            command. What is not exert's any more is left alone. Exit code 0: nothing is left; 1: something could not \
            be undone, and stands on standard error.
            """)

    @Flag(help: "Only say what would be undone.")
    var dryRun = false

    func run() throws {
        let outcomes = UndoJournal.standard().replay(isDryRun: dryRun)
        if outcomes.isEmpty { Console.write("nothing to undo\n", to: Console.output) }
        for outcome in outcomes where outcome.kind != .failed {
            Console.write(outcome.text + "\n", to: Console.output)
        }
        if !Leftovers.complain(of: outcomes) { throw ExitStatus.internalError }
    }
}

/// What earlier runs left.
enum Leftovers {
    /// Undoes what dead processes left, and says so on standard error.
    ///
    /// A run goes ahead even so: what could not be undone is not its load.
    static func undo() {
        let outcomes = UndoJournal.standard().replay()
        for outcome in outcomes where outcome.kind == .undone {
            Console.write("undone, left by a run that was killed: \(outcome.text)\n", to: Console.error)
        }
        complain(of: outcomes)
    }

    /// Says what could not be undone; `false` where there is something.
    @discardableResult
    static func complain(of outcomes: [UndoOutcome]) -> Bool {
        let failures = outcomes.filter { $0.kind == .failed }
        for failure in failures { Console.complain("not undone: \(failure.text)") }
        return failures.isEmpty
    }
}
