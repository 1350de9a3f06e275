// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Looks at every limit that applies to a stressor's processes now.
///
/// Its files are opened before the load begins, those of a group once for all stressors in it. A look costs some µs
/// for each stressor and for each set of groups; once a second it is a full one.
final class LimitWatch {
    /// How often everything is read, rather than what moves fast.
    private static let fullLook: Nanoseconds = 900 * .millisecond
    private static let missedLook: Nanoseconds = 90 * .millisecond
    /// More processes than this are not all asked; their groups and limits are the same.
    private static let most = 16

    private let stressor: PlannedStressor
    private let processes: [ProcessWatch]
    private let view: CgroupView
    private let pool: GroupFilePool
    private var levels: GroupLevels
    private let disks: DiskLimitWatch?
    private let surroundings: SurroundingsWatch
    private(set) var figures = LimitFigures()
    private var lastLook: Nanoseconds?
    private var lastFull: Nanoseconds?
    /// What the processes may use of the processors' time, in seconds, with `/proc/PID/limits` as the source.
    private(set) var cpuTimeLimit: ProcessLimits.Pair?
    /// How many descriptors the least of their tables may have in all; of loads that are shares of that.
    private(set) var openFileLimit: LimitBases.Amount?

    /// Opens the files; `nil` where the processes cannot be looked at.
    ///
    /// - Parameters:
    ///   - view: the hierarchies as the observer sees them.
    ///   - now: ns of `CLOCK_MONOTONIC`, as in ``look(at:)``.
    init?(_ stressor: PlannedStressor, processIDs: [Int32], view: CgroupView, pool: GroupFilePool, at now: Nanoseconds)
    {
        processes = processIDs.prefix(Self.most).compactMap(ProcessWatch.init)
        guard let first = processes.first else { return nil }
        self.stressor = stressor
        self.view = view
        self.pool = pool
        let own = first.takeNewMembership().map { view.view(ofMembership: $0[...]) }
        levels = GroupLevels(own, pool)
        disks = DiskLimitWatch(stressor)
        surroundings = SurroundingsWatch(stressor, first)
        look(at: now)
    }

    /// Reads what moves fast, and everything once a second, or at each look while a target is missed.
    func look(at now: Nanoseconds, isMissed: Bool = false) {
        let span = lastLook.map { max(0, now - $0) } ?? 0
        lookAtState(at: now, span)
        if lastFull.map({ now - $0 >= (isMissed ? Self.missedLook : Self.fullLook) }) ?? true {
            // Before the processes are found to have moved: what their old groups did until then counts.
            if lastFull != nil { levels.countThrottled(at: now, all: true, &figures) }
            lookAtAll(at: now)
            lastFull = now
        } else {
            levels.countThrottled(at: now, all: false, &figures)
        }
        lastLook = now
    }

    private func lookAtState(at now: Nanoseconds, _ span: Nanoseconds) {
        let freezing = levels.frozen(at: now, since: span)
        if freezing.isFrozen, !figures.isFrozen || figures.freezer == nil { figures.freezer = levels.freezer }
        figures.isFrozen = freezing.isFrozen
        figures.frozen += freezing.time
        if freezing.time > 0, figures.freezer == nil { figures.freezer = levels.freezer }
        let stopped = processes.first { $0.isStopped }
        if let stopped { figures.stoppedProcess = stopped.id }
        figures.isStopped = stopped != nil
        if stopped != nil { figures.stopped += span }
        // A stop that began and ended between two looks leaves this behind.
        figures.wasContinued = processes.contains { ChildProcess.takeContinued($0.id) }
    }

    private func lookAtAll(at now: Nanoseconds) {
        if lastFull != nil, let membership = processes[0].takeNewMembership() {
            levels = GroupLevels(view.view(ofMembership: membership[...]), pool)
        }
        levels.lookAgain()
        levels.readQuota(at: now, &figures)
        figures.memoryHigh = levels.memoryHigh(at: now)
        figures.processes = levels.processLimit(at: now)
        figures.io = disks?.nearest(levels.io, at: now)
        let limits = processes[0].processLimits
        cpuTimeLimit = limits?.cpuTime ?? cpuTimeLimit
        if stressor.kind == "file-handles" { lookAtTables(limits) }
        surroundings.look(&figures)
    }

    /// The hard limit: the soft one the processes raise to it at the start.
    private func lookAtTables(_ first: ProcessLimits?) {
        for (index, process) in processes.enumerated() {
            guard let most = (index == 0 ? first : process.processLimits)?.openFiles?.hard else { continue }
            if index > 0, Double(most) >= openFileLimit?.value ?? .infinity { continue }
            openFileLimit = LimitBases.Amount(value: Double(most), source: "/proc/\(process.id)/limits, Max open files")
        }
    }

    /// What 100 % is made of now: the quota in cores, the least of the memory limits, the processors.
    func bases(at now: Nanoseconds) -> LimitBases {
        LimitBases(
            quota: levels.smallestQuota, memory: levels.smallestMemory(at: now), processors: figures.processors,
            handles: openFileLimit)
    }

    /// How often the OOM killer took one of the processes' group; `nil` where no group of theirs counts it.
    var oomKills: (count: Int64, source: String)? { levels.oomKills }
}

/// What a percentage may rest on.
struct LimitBases: Hashable {
    /// An amount and the file that says so.
    struct Amount: Hashable {
        var value: Double
        var source: String
    }
    var quota: Amount?
    var memory: Amount?
    var processors: LimitFigures.Processors?
    /// Of handles, what a process's table or the system's may have.
    var handles: Amount?
    /// The inodes of a file system that has a table of them.
    var inodes: Amount?
    /// All of a file system, which may grow while it is mounted.
    var space: Amount?
}
