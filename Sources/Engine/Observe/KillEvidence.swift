// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// When the OOM killer was seen to kill in a group.
struct OOMLedger {
    private static let capacity = 16

    private var last: Int64?
    private var seen: [Nanoseconds] = []
    private(set) var source = ""

    /// Takes in what the group's counter says at `time`.
    mutating func note(_ kills: (count: Int64, source: String)?, at time: Nanoseconds) {
        guard let kills else { return }
        // Another group has a count of its own.
        if source == kills.source, let last, kills.count > last {
            if seen.count == Self.capacity { seen.removeFirst() }
            seen.append(time)
        }
        (last, source) = (kills.count, kills.source)
    }

    /// Whether there is such a counter.
    var isCounted: Bool { last != nil }

    /// Whether it went up at `time` or later.
    func hasKilled(since time: Nanoseconds) -> Bool { seen.contains { $0 >= time } }
}

/// What is known of a process that a signal ended, and what it says about who sent it.
///
/// The kernel does not keep who sent a signal: only what it sends itself leaves traces in its accounting.
struct KillEvidence {
    /// SIGKILL and SIGXCPU, signal(7).
    private static let kill: Int32 = 9
    static let cpuTimeExceeded: Int32 = 24
    /// How much earlier than the limit the kernel may end a process by its own count: it looks at the tick.
    private static let grain: Nanoseconds = 50 * .millisecond

    var signal: Int32
    /// All that the process took.
    var cpuTime: Nanoseconds
    /// `RLIMIT_CPU` as it was last seen, in seconds.
    var cpuLimit: ProcessLimits.Pair?
    /// Whether the OOM killer took somebody in the process's group just before; `nil` where no group counts that.
    var groupKills: Bool?
    /// The group's counter.
    var groupSource = ""
    /// Whether it took somebody on the host just before; `nil` where the host does not tell.
    var hostKills: Bool?
    /// Whether exert itself sent the signal.
    var isOwn: Bool

    /// Whether the OOM killer did it: the group's word, or else the host's.
    var isOutOfMemory: Bool {
        signal == Self.kill && !isOwn && reachedLimit == nil && (groupKills ?? hostKills ?? false)
    }

    /// The cause and the kernel's word, where a limit of the process ended it; `nil` where none is known to have.
    var cause: (Cause, CauseEvidence)? {
        guard let limit = reachedLimit, !isOwn else { return nil }
        let figure = "Max cpu time \(limit) s, of which it has taken \(Figure.short(cpuTime.seconds)) s"
        return (.processLimit, CauseEvidence(source: "/proc/PID/limits", figure: figure))
    }

    /// The limit of CPU time that the process reached, in seconds: at the soft one comes SIGXCPU, at the hard one
    /// SIGKILL; setrlimit(2).
    private var reachedLimit: Int64? {
        let limit: Int64? =
            switch signal {
            case Self.kill: cpuLimit?.hard
            case Self.cpuTimeExceeded: cpuLimit?.soft
            default: nil
            }
        guard let limit, limit.multipliedSaturating(by: .second) <= cpuTime + Self.grain else { return nil }
        return limit
    }

    /// What is to be said about it.
    var note: String {
        if isOwn { return "exert ended it, since it had not released everything by then" }
        if let limit = reachedLimit {
            return "its CPU time of \(Figure.short(cpuTime.seconds)) s has reached RLIMIT_CPU of \(limit) s "
                + "(/proc/PID/limits; ulimit -t, LimitCPU=)"
        }
        if isOutOfMemory { return "oom_kill in \(groupKills == nil ? "/proc/vmstat" : groupSource) went up" }
        let isBlind = signal == Self.kill && groupKills == nil && hostKills == nil
        return "who sent it is not known to the kernel's accounting"
            + (isBlind ? "; kills of the OOM killer cannot be read here (/proc/vmstat)" : "")
    }
}
