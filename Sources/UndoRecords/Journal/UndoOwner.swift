// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem

/// Who made an effect.
///
/// Whether that process lives is not told by this: it holds a lock on its record for as long as it does.
public struct UndoOwner: Hashable, Sendable {
    /// The process.
    public var process: ProcessIdentity
    /// The run that it was part of; empty where it was part of none.
    public var run: String

    /// Creates an owner.
    public init(process: ProcessIdentity, run: String) {
        self.process = process
        self.run = run
    }

    /// This process.
    static func current(run: String) -> UndoOwner { UndoOwner(process: .current(), run: run) }

    /// Whether the host has not been booted since; where that cannot be told, it is taken for so.
    var isOfThisBoot: Bool {
        let boot = ProcessIdentity.current().boot
        return boot == process.boot || boot == "unknown" || process.boot == "unknown"
    }

    /// Who that was, for people.
    public var summary: String {
        let isNear = process.namespace == ProcessIdentity.current().namespace
        let words = "process \(process.processID)\(isNear ? "" : " of another PID namespace")"
        return run.isEmpty ? words : "\(words), run \(run)"
    }
}
