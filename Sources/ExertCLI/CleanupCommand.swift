// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Engine
import LoadModel
import Reporting
import UndoRecords

struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Undo what runs that were killed left behind.",
        discussion: """
            Most loads leave nothing: the kernel takes back what a process held. What it does not take back, a file \
            with a name or another process's limit, has an undo record, which its maker holds locked for as long as it \
            runs; what nobody holds is undone by the next run or by this command, also where it was renamed. What is \
            not provably exert's is left alone. Exit code 0: nothing is left but what runs still hold; 1: something \
            could not be undone, and stands on standard error.
            """)

    @Flag(help: "Only say what there is, whose it is, what would be undone, and what would stay and why.")
    var dryRun = false

    @Option(help: "How it is printed: text or json.")
    var format: OutputFormat = .text

    @Flag(name: .customLong(Leftovers.flag), help: .hidden)
    var isForRun = false

    func run() throws {
        if isForRun { return Leftovers.report() }
        let journal = UndoJournal.standard()
        let replay = dryRun ? UndoJournal.Replay() : journal.replay()
        let undo = HostReport.Undo(journal, mayWait: true)
        if format == .json {
            let outcomes = replay.outcomes.map { CleanupJSON.Outcome(result: $0.kind.word, text: $0.text) }
            try Console.deliver(CleanupJSON.document(outcomes, undo, isDryRun: dryRun))
        } else {
            let lines = dryRun ? Self.preview(undo) : Self.done(replay.outcomes) + Self.held(undo)
            try Console.deliver((lines.isEmpty ? ["nothing to undo"] : lines).map { printable($0) + "\n" }.joined())
        }
        let stays = dryRun ? Self.staying(undo) : replay.outcomes.filter { $0.kind == .failed }.map(\.text)
        // A journal that could not take a record may well be read, and then holds none.
        let problems = stays + [dryRun ? journal.survey().problem : replay.problem].compactMap { $0 }
        for problem in problems { Console.complain("not undone: \(printable(problem))") }
        if !problems.isEmpty { throw ExitStatus.internalError }
    }

    private static func done(_ outcomes: [UndoOutcome]) -> [String] {
        outcomes.filter { $0.kind != .failed }.map(\.text)
    }

    private static func preview(_ undo: HostReport.Undo) -> [String] {
        undo.records.filter { $0.state == "left" }.map { record in
            let what = record.reason ?? "would \(record.effect ?? "remove \(record.path)")"
            return "\(what) (left by \(record.owner ?? "a run"); record \(record.path))"
        } + held(undo)
    }

    private static func held(_ undo: HostReport.Undo) -> [String] {
        undo.records.filter { $0.state == "held" }.map { record in
            "held by \(record.owner ?? "a run"), or by who undoes it now, and left alone: \(record.effect ?? "?") "
                + "(record \(record.path))"
        }
    }

    private static func staying(_ undo: HostReport.Undo) -> [String] {
        undo.records.filter { $0.state == "stuck" || $0.state == "foreign" }.map { record in
            record.state == "stuck"
                ? "\(record.reason ?? record.path) (left by \(record.owner ?? "a run"); record \(record.path))"
                : "\(record.path) is left: \(record.reason ?? "")"
        }
    }
}

extension UndoOutcome.Kind {
    /// As JSON has it.
    fileprivate var word: String {
        switch self {
        case .undone: "undone"
        case .nothingLeft: "nothing_left"
        case .failed: "failed"
        case .wouldUndo: "would_undo"
        }
    }
}
