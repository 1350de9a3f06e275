// SPDX-License-Identifier: Apache-2.0

/// A directory that was found by its path once and is held open: whatever is put in its place later, it stays the one.
public struct HeldDirectory: Hashable, Sendable {
    /// Its absolute path without links, as it was when it was opened; for people, and never resolved again.
    public let path: String
    /// The descriptor that holds it, in the process that this value is in.
    public let descriptor: Int32
    /// Closes the descriptor when nobody holds the directory any more; `nil` where the process keeps it to its end.
    private let owner: (any AnyObject & Sendable)?

    /// Describes a directory that `descriptor` holds.
    public init(path: String, descriptor: Int32, owner: (any AnyObject & Sendable)? = nil) {
        self.path = path
        self.descriptor = descriptor
        self.owner = owner
    }

    /// A path that leads to what is held, and only there: a magic link of the kernel (`proc_pid_get_link` in
    /// fs/proc/base.c), which looks at no name.
    public var location: String { "/proc/self/fd/\(descriptor)" }

    /// Whether both are of the same path and descriptor.
    public static func == (a: HeldDirectory, b: HeldDirectory) -> Bool {
        a.path == b.path && a.descriptor == b.descriptor
    }

    /// Feeds path and descriptor.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(descriptor)
    }
}

extension Settings {
    /// The directory of `key` that is held; `nil` where it is not set, or only a path yet.
    public func held(_ key: String) -> HeldDirectory? {
        if case .directory(let directory)? = values[key] { directory } else { nil }
    }
}
