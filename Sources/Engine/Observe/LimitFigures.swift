// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// What holds a stressor's processes back, as the kernel says it at one look; a plain value.
///
/// Times and counts go on from the first look and never go back, wherever the processes are moved.
struct LimitFigures: Sendable {
    /// A CPU quota.
    struct Quota: Hashable, Sendable {
        var source: String
        /// In cores; `nil` where it was taken away since.
        var cores: Double?
        /// How often it stopped the group since it is watched; `nil` where that is not known.
        var count: Int64? = 0
        /// For how long, added up over processors; `nil` where that is not known.
        var time: Nanoseconds? = 0
    }

    /// A limit of what may be done to a disk in a second.
    struct IOLimit: Hashable, Sendable {
        var source: String
        /// As `io.max` names it: `rbps`, `wbps`, `riops` or `wiops`.
        var kind: String
        var device: String
        /// Bytes or requests a second.
        var most: Double
        /// What the whole group did a second lately.
        var rate: Double
    }

    /// A limit above which a group is slowed down.
    struct MemoryHigh: Hashable, Sendable {
        var source: String
        var bytes: Int64
        /// `nil` where it cannot be read.
        var used: Int64?
        /// `nil` where it cannot be read.
        var swapped: Int64?
        /// How often tasks of the group were made to reclaim lately.
        var recentEvents: Int64
    }

    /// The memory that the kernel promises where `vm.overcommit_memory` is 2, in bytes.
    struct Commit: Hashable, Sendable {
        var limit: Int64
        var committed: Int64
        var free: Int64 { max(0, limit - committed) }
    }

    /// Processors that the load may run on.
    struct Processors: Hashable, Sendable {
        var before: Int
        var now: Int
        /// Who took the others away.
        var source: String
    }

    /// How often the quotas of all levels stopped the processes.
    var throttledCount: Int64 = 0
    /// For how long.
    var throttled: Nanoseconds = 0
    /// The quota that did most of it lately, else the smallest one; `nil` where there is none.
    var quota: Quota?
    /// For how long the processes were seen frozen.
    var frozen: Nanoseconds = 0
    var isFrozen = false
    /// Who froze them, as long as they are frozen and afterwards.
    var freezer: CauseEvidence?
    /// For how long the processes were seen stopped by a signal.
    var stopped: Nanoseconds = 0
    var isStopped = false
    /// For how long a process was seen outside the groups that it was put into.
    var astray: Nanoseconds = 0
    /// Who is outside, and of what, or was last; `nil` where nobody was.
    var stray: CauseEvidence?
    /// Whether a stop ended since the look before.
    var wasContinued = false
    /// The process that was seen stopped.
    var stoppedProcess: Int32 = 0
    /// The limit of disks that the group is nearest to.
    var io: IOLimit?
    /// The lowest one of the levels.
    var memoryHigh: MemoryHigh?
    /// A limit of processes that refused one lately.
    var processes: CauseEvidence?
    var commit: Commit?
    var processors: Processors?
    /// What the processes said of refusals: the rule that said no.
    var told: [Cause: CauseEvidence] = [:]
}

extension LimitFigures.Quota {
    var evidence: CauseEvidence {
        let cores = cores.map { Figure.cores($0) } ?? "no quota any more"
        guard let count, let time else {
            return CauseEvidence(source: source, figure: "\(cores), how often it throttled cannot be read")
        }
        return CauseEvidence(
            source: source, figure: "\(cores), throttled \(count) times for \(Figure.short(time.seconds)) s so far")
    }
}

extension LimitFigures.IOLimit {
    var isBytes: Bool { kind.hasSuffix("bps") }

    var evidence: CauseEvidence {
        func amount(_ value: Double) -> String {
            isBytes ? "\(Figure.short(value / 1e6)) MB/s" : "\(Figure.short(value)) operations/s"
        }
        return CauseEvidence(
            source: source, figure: "\(device) \(kind)=\(Int64(most)): \(amount(most)), the group did \(amount(rate))")
    }
}

extension LimitFigures.MemoryHigh {
    var evidence: CauseEvidence {
        func words(_ bytes: Int64?, _ what: String) -> String {
            bytes.map { "\(Figure.mebibytes($0)) \(what)" } ?? "unreadable what is \(what)"
        }
        return CauseEvidence(
            source: source,
            figure: "\(Figure.mebibytes(bytes)), \(words(used, "charged")), \(words(swapped, "swapped out"))")
    }
}

extension LimitFigures.Commit {
    var evidence: CauseEvidence {
        CauseEvidence(
            source: "/proc/sys/vm/overcommit_memory",
            figure: "2; CommitLimit \(Figure.mebibytes(limit)), Committed_AS \(Figure.mebibytes(committed))")
    }
}

/// Figures as people read them.
enum Figure {
    /// Such as `1 core` or `0.5 cores`.
    static func cores(_ value: Double) -> String { value == 1 ? "1 core" : "\(short(value)) cores" }

    /// Three places at most, and as few as there are.
    static func short(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let rounded = (value * 1000).rounded() / 1000
        return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
    }

    /// Such as `60 MiB`.
    static func mebibytes(_ bytes: Int64) -> String { "\(short((Double(bytes) / 0x1p20 * 10).rounded() / 10)) MiB" }
}
