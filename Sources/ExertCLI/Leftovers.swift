// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import LoadModel
import Reporting
import UndoRecords

/// What earlier runs left, and what the present one has.
///
/// Files that were left may be on a file system that never answers (frozen, a dead mount). A process of its own undoes
/// them, which may hang where this one must not, and is started only where there is something to undo.
final class Leftovers {
    /// What makes `exert cleanup` that process.
    static let flag = "for-run"
    /// How long it may go without using the processor, before a run and after one, and how long at all, in ns.
    private static let patienceBefore: Int64 = 2_000_000_000
    private static let patienceAfter: Int64 = 500_000_000
    private static let patienceOnceInterrupted: Int64 = 150_000_000
    private static let longest: Int64 = 10_000_000_000

    private let journal = UndoJournal.standard()
    private var told: Set<String> = []
    /// What was told before the run.
    private var earlier: Set<String> = []
    /// Whether the records could not be looked at.
    private var isSilent = false
    private var problems: [String] = []

    /// Undoes what dead processes left, and says so on standard error.
    ///
    /// A run goes ahead even so: what could not be undone is not its load. Where there cannot be records of this user,
    /// as below somebody else's `HOME`, there is nothing to be said: loads that need one are refused by their plan.
    func undo() {
        if let hung = Places.waitForAnswer(of: journal.directory, atMost: Self.patienceBefore) {
            isSilent = true
            complain(silence(hung))
        } else {
            undo(patience: Self.patienceBefore)
        }
        earlier = told
    }

    /// The same once a run has ended, however it did: its processes are gone, or are being killed.
    ///
    /// - Parameter record: the run's; gets a finding for what is left behind.
    func undo(after record: inout RunRecord) {
        problems = []
        // Nothing that needs a record was begun.
        if isSilent { return }
        // Who interrupts a run does not wait.
        let patience = record.interruptedBy == nil ? Self.patienceAfter : Self.patienceOnceInterrupted
        if let hung = Places.silence(of: journal.directory, patience: patience) {
            complain(silence(hung))
        } else {
            undo(patience: patience)
            let remains = journal.remains(of: record.runID)
            for effect in remains.held {
                complain("\(effect): its process has not ended yet; run exert cleanup once it has")
            }
            // What others left is told, and is not this run's.
            if remains.held.isEmpty, remains.left == 0 { return }
        }
        for problem in problems where !earlier.contains(problem) {
            record.findings.append(Finding(code: RunRecord.leftoverCode, message: "not undone: \(problem)"))
        }
    }

    private func silence(_ hung: HungProcess) -> String {
        "what is in \(journal.directory), which does not answer: \(hung.text); run exert cleanup once it does"
    }

    private func undo(patience: Int64) {
        guard journal.isToBeReplayed else { return }
        let end = Clocks.monotonic + (patience < Self.patienceAfter ? patience : Self.longest)
        var deadline = Clocks.monotonic + patience
        guard
            let child = try? PipedChild(ChildProcess.thisExecutable, arguments: ["exert", "cleanup", "--" + Self.flag])
        else { return complain("what earlier runs left: no process can be started for it; run exert cleanup") }
        let clock = ProcessCPUClock(processID: child.id)
        var used: Int64 = 0
        var text: [UInt8] = []
        reading: while true {
            switch child.wait(until: deadline) {
            case .output(let bytes): text += bytes
            case .outputEnded:
                _ = child.end(patience: 500)
                break reading
            case .woken:
                if Clocks.monotonic < deadline { continue }
                // A directory of a million files takes its time, and that is no sign of one that never answers.
                if let now = clock?.now, now > used, Clocks.monotonic < end {
                    used = now
                    deadline = min(end, Clocks.monotonic + patience)
                    continue
                }
                let hung = HungProcess(child.id)
                child.kill()
                complain(
                    "what runs left: \(hung.text), which is to undo it; run exert cleanup once its file system answers "
                        + "again")
                break reading
            }
        }
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let sentence = String(line.dropFirst(2))
            if line.hasPrefix("- ") { complain(sentence) } else { Console.write("\(sentence)\n", to: Console.error) }
        }
    }

    private func complain(_ text: String) {
        problems.append(text)
        // Before a run and after it the same is true.
        if told.insert(text).inserted { Console.complain("not undone: \(printable(text))") }
    }

    /// Does it, in the process of its own: a line for what was undone, and one with a dash for what was not.
    static func report() {
        CurrentProcess.setParentDeathSignal()
        // Who hangs here, our parent tells.
        Places.endAsking()
        let replay = UndoJournal.standard().replay()
        for outcome in replay.outcomes where outcome.kind == .undone {
            let text = printable(outcome.text)
            Console.write("+ undone, left by a run that was killed: \(text)\n", to: Console.output)
        }
        let failures = replay.outcomes.filter { $0.kind == .failed }.map(\.text)
        for failure in failures + [replay.isOurs ? replay.problem : nil].compactMap({ $0 }) {
            Console.write("- \(printable(failure))\n", to: Console.output)
        }
    }
}
