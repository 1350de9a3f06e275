// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import SystemPackage

/// The soft limit on open files of another process, lowered; undone by putting it back where it is still lowered.
public struct LoweredFileLimit: Undoable {
    /// See ``Undoable/keyword``.
    public static let keyword = "lowered-file-limit"

    /// The process.
    public var processID: Int32
    /// When it was started, from ``ProcessIdentity``, so that a successor of the same id is left alone.
    public var startTime: UInt64
    /// The limit to put back.
    public var soft: UInt64
    /// The highest value that exert sets: a limit above it was set by somebody else since, and stays.
    public var lowered: UInt64

    /// Creates the effect.
    public init(processID: Int32, startTime: UInt64, soft: UInt64, lowered: UInt64) {
        self.processID = processID
        self.startTime = startTime
        self.soft = soft
        self.lowered = lowered
    }

    /// See ``Undoable/init(_:)``.
    public init?(_ fields: inout UndoFields) {
        // 0 and negative ids mean "this process" and groups to system calls.
        guard let process = fields.takeNumbers("process", count: 2), let id = Int32(exactly: process[0]), id > 0,
            let limits = fields.takeNumbers("limits", count: 2)
        else { return nil }
        self.init(processID: id, startTime: process[1], soft: limits[0], lowered: limits[1])
    }

    /// See ``Undoable/fields``.
    public var fields: UndoFields {
        var fields = UndoFields()
        fields.put("process", "\(processID) \(startTime)")
        fields.put("limits", "\(soft) \(lowered)")
        return fields
    }

    /// See ``Undoable/summary``.
    public var summary: String { "set the open file limit of process \(processID) back to \(soft)" }

    /// See ``Undoable/undo(_:)``.
    public func undo(_ circumstances: UndoCircumstances) -> UndoOutcome {
        // It is of the owner's boot and of its namespace.
        var process = circumstances.owner.process
        process.processID = processID
        process.startTime = startTime
        let subject = "the open file limit of process \(processID)"
        let id: Int32
        switch process.here {
        case .running(let found): id = found
        case .ended: return UndoOutcome(.nothingLeft, "\(subject) needs no undoing: the process has ended")
        case .unknown:
            return UndoOutcome(
                .failed,
                "\(subject) is left: whether the process runs cannot be told here (another PID namespace, or a /proc "
                    + "that hides it)")
        }
        do throws(Errno) {
            let limit = try OpenFileLimit.of(processID: id)
            // Who lowered it may have followed the process further down; above its bound somebody else has been at it.
            guard limit.soft <= lowered, limit.soft < soft else {
                return UndoOutcome(
                    .nothingLeft, "\(subject) is left at \(limit.soft): it was changed by somebody else since")
            }
            let restored = min(soft, limit.hard)
            if circumstances.isDryRun { return UndoOutcome(.wouldUndo, "would set \(subject) back to \(restored)") }
            try OpenFileLimit.setSoft(restored, ofProcess: id)
            return UndoOutcome(.undone, "set \(subject) back to \(restored)")
        } catch {
            return UndoOutcome(.failed, "\(subject) is left: it cannot be read or set: \(error)")
        }
    }
}
