// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Sees whether a process still runs, and is the one that it was before the load: ids are used again.
final class ProcessAsker: Asker {
    private let id: Int32
    private let startTime: UInt64

    init(_ id: Int32) throws(ProbeProblem) {
        guard let facts = ProcessFacts(of: id), !facts.isEnded else { throw ProbeProblem("there is no process \(id)") }
        self.id = id
        startTime = facts.startTime
    }

    func ask() -> Reply? {
        Reply(ProcessFacts.isRunning(id, startedAt: startTime) ? .good : .status)
    }

    func wake() -> Reply? { nil }
    func giveUp() {}
    func isCurrent(_ generation: UInt32) -> Bool { false }
}
