// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem

/// Something with a name that is open, with its directory and its record; it goes with its owner.
final class LiveObject {
    /// What was made.
    let descriptor: OwnedDescriptor
    private let folder: OwnedDescriptor
    private var record: UndoRecord?

    init(_ descriptor: consuming OwnedDescriptor, in folder: consuming OwnedDescriptor, _ record: consuming UndoRecord)
    {
        self.descriptor = descriptor
        self.folder = folder
        self.record = consume record
    }

    // An explicit end says what went wrong; here nobody listens, and the record stays for the next start.
    deinit { _ = try? end() }

    /// Undoes it.
    func end() throws(UndoProblem) {
        guard let record = record.take() else { return }
        try record.undo(directory: folder.rawValue, object: descriptor.rawValue)
    }
}
