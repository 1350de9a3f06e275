// SPDX-License-Identifier: Apache-2.0

/// A figure of the host and where it comes from.
public struct Sourced<Value: Hashable & Sendable>: Hashable, Sendable {
    /// The figure; `nil` where it could not be read, or where the source says that there is no limit.
    public var value: Value?
    /// The file or the call that tells it.
    public var source: String
    /// Why it could not be read: the name of an errno, such as `EACCES`; `nil` where it was read.
    public var error: String?

    /// Creates a figure.
    public init(_ value: Value?, source: String, error: String? = nil) {
        self.value = value
        self.source = source
        self.error = error
    }
}

/// What a host or container offers, and where each figure comes from.
///
/// What cannot be read is not left out: it says which file, and why.
public struct HostReport: Hashable, Sendable {
    /// Which host this is.
    public var identity = Identity()
    /// What this process may do.
    public var privileges = Privileges()
    /// How control groups are seen.
    public var cgroups = ControlGroups()
    /// Processors.
    public var cpu = Processors()
    /// Memory.
    public var memory = Memory()
    /// Open files and processes.
    public var handles = Handles()
    /// Time that tasks were stalled, of the whole host and of our own v2 group.
    public var pressures: [Pressure] = []
    /// File systems, in the order of their mount points.
    public var fileSystems: [FileSystem] = []
    /// Ways of doing something, and whether they work here.
    public var techniques: [HostTechnique] = []
    /// The same for files in each directory.
    public var directories: [Directory] = []
    /// What runs hold or have left that the kernel does not take back.
    public var undo = Undo()

    /// Creates an empty report.
    public init() {}

    /// Which host this is.
    public struct Identity: Hashable, Sendable {
        /// Creates a section without figures.
        public init() {}

        /// `uname -n`.
        public var name = ""
        /// `uname -r`.
        public var kernel = ""
        /// `uname -m`.
        public var architecture = ""
        /// The version of exert that looked.
        public var exertVersion = ""
        /// Signs of a container or a virtual machine, each with where it was seen.
        public var hints: [String] = []
        /// Files below `/proc` that are not the kernel's own, as LXCFS puts there.
        public var virtualisedFiles: [String] = []
        /// For each kind of namespace `host`, `own` or `unknown`.
        public var namespaces: [Namespace] = []

        /// A namespace.
        public struct Namespace: Hashable, Sendable {
            /// `cgroup`, `pid`, `user`, `ipc` or `uts`.
            public var kind: String
            /// `host`, `own` or `unknown`.
            public var state: String
            /// Why it is unknown.
            public var error: String?

            /// Creates a namespace's description.
            public init(kind: String, state: String, error: String?) {
                self.kind = kind
                self.state = state
                self.error = error
            }
        }
    }

    /// What this process may do.
    public struct Privileges: Hashable, Sendable {
        /// Creates a section without figures.
        public init() {}

        /// The effective user.
        public var userID: Int64 = 0
        /// Effective capabilities by name, without `CAP_`.
        public var capabilities = Sourced<[String]>(nil, source: "")
        /// `off`, `strict` or `filter`.
        public var seccomp = Sourced<String>(nil, source: "")
        /// Whether programs that it starts can gain rights.
        public var noNewPrivileges = Sourced<Bool>(nil, source: "")
        /// The label of a security module, such as `docker-default (enforce)`.
        public var securityLabel = Sourced<String>(nil, source: "")
        /// `RLIMIT_MEMLOCK` in bytes; no value and no error is no limit.
        public var lockedMemory = Sourced<Int64>(nil, source: "")
        /// `RLIMIT_AS` in bytes.
        public var addressSpace = Sourced<Int64>(nil, source: "")
        /// `RLIMIT_FSIZE` in bytes.
        public var fileSize = Sourced<Int64>(nil, source: "")
    }

    /// How control groups are seen.
    public struct ControlGroups: Hashable, Sendable {
        /// Creates a section without figures.
        public init() {}

        /// `v1`, `v2`, `hybrid` or `none`.
        public var version = ""
        /// `host`, `own` or `unknown`.
        public var namespace = ""
        /// Files that could not be read.
        public var unread: [Sourced<String>] = []
        /// The controllers that apply to us.
        public var controllers: [Controller] = []

        /// A controller and our own group of it.
        public struct Controller: Hashable, Sendable {
            /// Its name.
            public var name: String
            /// 1 or 2.
            public var version: Int
            /// The group's directory.
            public var group: String
            /// The group's path as `/proc/self/cgroup` tells it.
            public var path: String

            /// Creates a controller's description.
            public init(name: String, version: Int, group: String, path: String) {
                self.name = name
                self.version = version
                self.group = group
                self.path = path
            }
        }
    }

    /// Processors.
    public struct Processors: Hashable, Sendable {
        /// Creates a section without figures.
        public init() {}

        /// Those that are online.
        public var online = Sourced<[Int]>(nil, source: "")
        /// Those that this process may run on.
        public var affinity = Sourced<[Int]>(nil, source: "")
        /// Those that the cpuset allows; no value and no error where there is none.
        public var cpuset = Sourced<[Int]>(nil, source: "")
        /// The quota in cores.
        public var quota = HostLimit()
        /// Cores that are not threads of one another.
        public var physicalCores = Sourced<Int64>(nil, source: "")
        /// What can be used, in cores: the smaller of affinity and quota.
        public var usable: Double = 0
    }

    /// Memory, in bytes.
    public struct Memory: Hashable, Sendable {
        /// Creates a section without figures.
        public init() {}

        /// All.
        public var total = Sourced<Int64>(nil, source: "")
        /// What can be taken without paging.
        public var available = Sourced<Int64>(nil, source: "")
        /// Swap space.
        public var swapTotal = Sourced<Int64>(nil, source: "")
        /// Swap space that is left.
        public var swapFree = Sourced<Int64>(nil, source: "")
        /// Beyond it the OOM killer comes.
        public var limit = HostLimit()
        /// Above it the group is slowed down.
        public var high = HostLimit()
        /// The limit of swap; of cgroup v1 that of memory and swap together.
        public var swapLimit = HostLimit()
        /// What the group that sets the limit uses.
        public var used = Sourced<Int64>(nil, source: "")
        /// `always`, `madvise` or `never`.
        public var transparentHugePages = Sourced<String>(nil, source: "")
        /// Explicit huge pages, a count.
        public var hugePages = Sourced<Int64>(nil, source: "")
        /// Those that are free, a count.
        public var hugePagesFree = Sourced<Int64>(nil, source: "")
        /// The size of one.
        public var hugePageSize = Sourced<Int64>(nil, source: "")
        /// `vm.overcommit_memory`: 0 heuristic, 1 always, 2 strict.
        public var overcommit = Sourced<Int64>(nil, source: "")
        /// Nodes.
        public var nodes: [Node] = []
        /// Nodes that the cpuset allows.
        public var cpusetNodes = Sourced<[Int]>(nil, source: "")

        /// One memory node.
        public struct Node: Hashable, Sendable {
            /// Its number.
            public var id: Int
            /// Its processors.
            public var cpus: Sourced<[Int]>
            /// Its memory.
            public var total: Sourced<Int64>
            /// What is free of it.
            public var free: Sourced<Int64>

            /// Creates a node's description.
            public init(id: Int, cpus: Sourced<[Int]>, total: Sourced<Int64>, free: Sourced<Int64>) {
                self.id = id
                self.cpus = cpus
                self.total = total
                self.free = free
            }
        }
    }

    /// Open files and processes, counts; no value and no error is no limit.
    public struct Handles: Hashable, Sendable {
        /// Creates a section without figures.
        public init() {}

        /// `RLIMIT_NOFILE`, soft.
        public var soft = Sourced<Int64>(nil, source: "")
        /// `RLIMIT_NOFILE`, hard.
        public var hard = Sourced<Int64>(nil, source: "")
        /// `fs.nr_open`.
        public var greatest = Sourced<Int64>(nil, source: "")
        /// Open files of the whole system.
        public var systemUsed = Sourced<Int64>(nil, source: "")
        /// `fs.file-max`.
        public var systemMost = Sourced<Int64>(nil, source: "")
        /// `fs.inotify.max_user_instances`.
        public var inotifyInstances = Sourced<Int64>(nil, source: "")
        /// `RLIMIT_NPROC`: processes and threads of this user.
        public var userProcesses = Sourced<Int64>(nil, source: "")
        /// `kernel.threads-max`.
        public var threads = Sourced<Int64>(nil, source: "")
        /// `pids.max` of control groups.
        public var processes = HostLimit()
    }
}
