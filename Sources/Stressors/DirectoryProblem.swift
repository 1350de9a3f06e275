// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import UndoRecords

extension FileSystemFacts.Problem {
    /// The same as a problem of a plan: what is not there is the profile's fault, what is refused is this host's.
    var planProblem: PlanProblem {
        switch self {
        case .missing(let words): .invalid(setting: "directory", words)
        case .refused(let words): .unsupported(words)
        }
    }
}

/// Loads that leave something when they are killed.
enum UndoNeed {
    /// Refuses a load that needs an undo record where none can be kept.
    static func check() throws(PlanProblem) {
        if let obstacle = UndoJournal.standard().obstacle { throw .unsupported(obstacle) }
    }
}
