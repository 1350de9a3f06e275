// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinuxSystem
import LoadModel

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

    @Flag(name: .shortAndLong, help: "Say nothing where there is nothing to undo.")
    var quiet = false

    func run() throws {
        let outcomes = UndoJournal.standard().replay(isDryRun: dryRun)
        if outcomes.isEmpty, !quiet { Console.write("nothing to undo\n", to: Console.output) }
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

    /// The same after the run of `record`, by a process of its own, which a file system that does not answer may hold up.
    static func undo(after record: inout RunRecord) {
        guard record.leavesRecords else { return }
        // Who interrupts a run does not wait.
        let patience: Int32 = record.interruptedBy == nil ? 5000 : 150
        guard let child = try? ChildProcess(arguments: ["exert", "cleanup", "--quiet"], descriptors: [nil, nil, nil])
        else { return undo() }
        let deadline = Clocks.monotonic + Int64(patience) * 1_000_000
        while child.wait(milliseconds: min(50, patience)) == nil, Clocks.monotonic < deadline,
            PendingSignals.ending == nil
        {}
        guard child.poll() == nil else { return }
        let hung = HungProcess(child.id)
        child.send(signal: 9)
        record.findings.append(
            Finding(
                code: RunRecord.leftoverCode,
                message: "what a stressor left behind could not be undone: \(hung.text); the next run undoes it, or "
                    + "'exert cleanup'"))
    }

    /// Says what could not be undone; `false` where there is something.
    @discardableResult
    static func complain(of outcomes: [UndoOutcome]) -> Bool {
        let failures = outcomes.filter { $0.kind == .failed }
        for failure in failures { Console.complain("not undone: \(failure.text)") }
        return failures.isEmpty
    }
}
