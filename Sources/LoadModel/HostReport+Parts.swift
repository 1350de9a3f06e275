// SPDX-License-Identifier: Apache-2.0

/// A limit of control groups: of each group from our own up, and what follows from all of them.
public struct HostLimit: Hashable, Sendable {
    /// What is known.
    public enum State: String, Hashable, Sendable {
        /// Every group that could be asked says that there is none.
        case unlimited
        /// There is one.
        case limited
        /// None was found, and not every group could be asked: there may be one.
        case unreadable
        /// No group of ours has such a limit.
        case absent
    }

    /// What one group says.
    public struct Level: Hashable, Sendable {
        /// Its directory.
        public var group: String
        /// What it says.
        public var state: State
        /// How much; `nil` where there is none.
        public var value: Double?
        /// The file that says so; `nil` where there is none.
        public var source: String?
        /// Why it cannot be read: the name of an errno.
        public var error: String?

        /// Creates one group's answer.
        public init(group: String, state: State, value: Double?, source: String?, error: String?) {
            self.group = group
            self.state = state
            self.value = value
            self.source = source
            self.error = error
        }
    }

    /// What follows from all levels.
    public var state = State.absent
    /// The smallest limit that could be read; in cores, bytes, or a count.
    public var value: Double?
    /// The file that it comes from, or the first that could not be read.
    public var source: String?
    /// Why that could not be read: the name of an errno.
    public var error: String?
    /// Each group, our own first.
    public var levels: [Level] = []
    /// Whether there are groups above the topmost that can be seen; `nil` where that cannot be told.
    public var hidesAncestors: Bool?
    /// Whether the first level is our own group, and not the mount point in its stead.
    public var seesOwnGroup = true

    /// Creates the limit that nobody sets.
    public init() {}

    /// Whether everything that could limit was read.
    public var isComplete: Bool {
        hidesAncestors == false && seesOwnGroup && !levels.contains { $0.state == .unreadable }
    }
}

/// A technique that exert can use here or not, and how that was found out.
public struct HostTechnique: Hashable, Sendable {
    /// Such as `io_uring`.
    public var name: String
    /// What it is for, in a few words.
    public var purpose: String
    /// Whether it works.
    public var isAvailable: Bool
    /// What was done to find out.
    public var verifiedBy: String
    /// What was seen, or why it does not work.
    public var detail: String
    /// The name of the errno that the kernel gave.
    public var error: String?
    /// What exert does without it.
    public var fallback: String
    /// What was measured; each name ends in its unit.
    public var figures: [Figure]

    /// A measured number.
    public struct Figure: Hashable, Sendable {
        /// Such as `granularity_ns`.
        public var name: String
        /// The number.
        public var value: Double

        /// Creates a figure.
        public init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// Creates a technique's description.
    public init(
        name: String, purpose: String, isAvailable: Bool, verifiedBy: String, detail: String, error: String?,
        fallback: String, figures: [Figure]
    ) {
        self.name = name
        self.purpose = purpose
        self.isAvailable = isAvailable
        self.verifiedBy = verifiedBy
        self.detail = detail
        self.error = error
        self.fallback = fallback
        self.figures = figures
    }
}

extension HostReport {
    /// How long tasks were stalled for want of a resource, in microseconds since the kernel began to count.
    public struct Pressure: Hashable, Sendable {
        /// `cpu`, `memory` or `io`.
        public var resource: String
        /// `host` or `cgroup`.
        public var scope: String
        /// While some task waited.
        public var some: Sourced<Int64>
        /// While all waited.
        public var full: Sourced<Int64>

        /// Creates a pressure.
        public init(resource: String, scope: String, some: Sourced<Int64>, full: Sourced<Int64>) {
            self.resource = resource
            self.scope = scope
            self.some = some
            self.full = full
        }
    }

    /// One file system.
    public struct FileSystem: Hashable, Sendable {
        /// Where it is mounted.
        public var point: String
        /// Other places where the same one is mounted.
        public var otherPoints: [String] = []
        /// Such as `ext4`.
        public var type: String
        /// Such as `/dev/vda1`.
        public var device: String
        /// Whether nothing can be written through this mount.
        public var isReadOnly: Bool?
        /// How full it is; `nil` where it was not asked or did not say.
        public var space: Space?
        /// Why it was not asked or did not say.
        public var problem: String?
        /// Why exert does not fill it; `nil` where it does.
        public var refusal: String?

        /// Creates a file system's description.
        public init(point: String, type: String, device: String) {
            self.point = point
            self.type = type
            self.device = device
        }
    }

    /// How full a file system is, in bytes and inodes.
    public struct Space: Hashable, Sendable {
        /// All.
        public var total: Int64
        /// In use.
        public var used: Int64
        /// What this user may still take.
        public var available: Int64
        /// What only root may take, or the user that the file system names.
        public var reserved: Int64
        /// All inodes; 0 where they are not counted.
        public var inodes: Int64
        /// Inodes that this user may still take.
        public var inodesAvailable: Int64

        /// Creates a space.
        public init(
            total: Int64, used: Int64, available: Int64, reserved: Int64, inodes: Int64, inodesAvailable: Int64
        ) {
            self.total = total
            self.used = used
            self.available = available
            self.reserved = reserved
            self.inodes = inodes
            self.inodesAvailable = inodesAvailable
        }
    }

    /// A directory that files were tried in.
    public struct Directory: Hashable, Sendable {
        /// As it was asked for.
        public var path: String
        /// The file system; `nil` where the directory cannot be used.
        public var type: String?
        /// Why nothing was tried.
        public var problem: String?
        /// What was tried.
        public var techniques: [HostTechnique]

        /// Creates a directory's description.
        public init(path: String, type: String?, problem: String?, techniques: [HostTechnique]) {
            self.path = path
            self.type = type
            self.problem = problem
            self.techniques = techniques
        }
    }

    /// What runs hold or have left that the kernel does not take back, by the records of it.
    public struct Undo: Hashable, Sendable {
        /// Creates a section without records.
        public init() {}

        /// Where the records are.
        public var directory = ""
        /// Why records there cannot be looked at, or none can be written; `nil` where they can.
        public var problem: String?
        /// The records, newest first.
        public var records: [Record] = []

        /// One record.
        public struct Record: Hashable, Sendable {
            /// The path of its file.
            public var path: String
            /// `held`, `left`, `stuck` or `foreign`.
            public var state: String
            /// What undoing it does; `nil` where that cannot be told.
            public var effect: String?
            /// The process that made the effect; `nil` where that cannot be told.
            public var processID: Int64?
            /// That process and its run, in words.
            public var owner: String?
            /// The run; `nil` where there was none.
            public var run: String?
            /// Why it stays, or is of no use; `nil` where it can be undone.
            public var reason: String?

            /// Creates a record's description.
            public init(path: String, state: String) {
                self.path = path
                self.state = state
            }
        }
    }
}
