// SPDX-License-Identifier: Apache-2.0

/// A kernel file that is kept open as soon as it is there.
///
/// Files of a v2 group come and go with its controllers: systemd hands a controller down when the first limit is set,
/// which may be in the middle of a run.
final class KeptFile {
    private let path: String
    private let capacity: Int
    private var file: ProcFile?

    /// Opens `path` if it is there.
    init(_ path: String, capacity: Int = 256) {
        self.path = path
        self.capacity = capacity
        file = ProcFile(path, capacity: capacity)
    }

    /// Opens the file if it was not there before: 2 µs where it is still missing.
    func lookAgain() { if file == nil { file = ProcFile(path, capacity: capacity) } }

    /// Hands the file's present bytes to `body`; `nil` where it is not there or cannot be read.
    func read<R>(_ body: (ArraySlice<UInt8>) -> R?) -> R? { file?.read(body) ?? nil }

    /// The first integer of the file.
    var integer: Int64? { file?.integer }
}

/// The figures of some files, read once for all who ask at the same time.
struct Fresh<Value> {
    /// For how long a reading counts as of now: stressors are looked at one right after the other.
    private static var life: Int64 { 5_000_000 }

    private var time = Int64.min
    private var value: Value?

    mutating func value(at now: Int64, read: () -> Value) -> Value {
        if let value, time <= now, now.subtractingSaturating(time) < Self.life { return value }
        let new = read()
        (time, value) = (now, new)
        return new
    }
}

/// Files of one control group that belong together.
public protocol GroupFiles: AnyObject {
    /// Opens those that are there.
    init(_ group: CgroupView.Group)
    /// The group.
    var group: CgroupView.Group { get }
    /// Opens those that were not there before.
    func lookAgain()
}

/// The files of the control groups that are being watched, each open once however many watch it.
public final class GroupFilePool {
    private struct Weak {
        weak var files: (any GroupFiles)?
    }

    /// How often files are looked for that were not there.
    private static var patience: Int64 { 500_000_000 }

    private var open: [String: Weak] = [:]
    private var lastLook = Int64.min

    /// Creates an empty pool.
    public init() {}

    /// The files of `group`; closed when the last who got them lets go.
    public func files<F: GroupFiles>(_ type: F.Type, of group: CgroupView.Group) -> F {
        let key = "\(type) \(group.directory)"
        if let files = open[key]?.files as? F { return files }
        let files = F(group)
        open = open.filter { $0.value.files != nil }
        open[key] = Weak(files: files)
        return files
    }

    /// Opens what was not there before, for all who watch, unless that was done half a second before `now`, in ns of
    /// any clock.
    public func lookAgain(at now: Int64) {
        guard now.subtractingSaturating(lastLook) >= Self.patience else { return }
        lastLook = now
        for weak in open.values { weak.files?.lookAgain() }
    }
}
