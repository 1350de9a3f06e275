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
    private let membership: MembershipWatch?
    /// The groups of the first process.
    private var directories: Set<String>
    private var move: Finding?
    private(set) var figures = LimitFigures()
    private var lastLook: Nanoseconds?
    private var lastFull: Nanoseconds?
    /// What the processes may use of the processors' time, in seconds, with `/proc/PID/limits` as the source.
    private(set) var cpuTimeLimit: ProcessLimits.Pair?

    /// Opens the files; `nil` where the processes cannot be looked at.
    ///
    /// - Parameters:
    ///   - joined: the directories of the groups that they were put into.
    ///   - view: the hierarchies as the observer sees them.
    ///   - now: ns of `CLOCK_MONOTONIC`, as in ``look(at:)``.
    init?(
        _ stressor: PlannedStressor, processIDs: [Int32], joined: [String] = [], view: CgroupView, pool: GroupFilePool,
        at now: Nanoseconds
    ) {
        processes = processIDs.prefix(Self.most).compactMap(ProcessWatch.init)
        guard let first = processes.first else { return nil }
        self.stressor = stressor
        self.view = view
        self.pool = pool
        let own = first.takeNewMembership().map { view.view(ofMembership: $0[...]) }
        levels = GroupLevels(own, pool)
        directories = own?.ownDirectories ?? []
        disks = DiskLimitWatch(stressor)
        surroundings = SurroundingsWatch(stressor, first)
        membership = MembershipWatch(joined, processes, view: view)
        look(at: now)
    }

    /// Reads what moves fast, and everything once a second, or at each look while a target is missed.
    ///
    /// - Parameter hasStopped: whether some child of ours is stopped, or has gone on after that.
    func look(at now: Nanoseconds, isMissed: Bool = false, hasStopped: Bool = false) {
        let span = lastLook.map { max(0, now - $0) } ?? 0
        // A tracer's stop is told to the tracer alone.
        let isFull = lastFull.map { now - $0 >= (isMissed ? Self.missedLook : Self.fullLook) } ?? true
        lookAtState(at: now, span, asksProcesses: hasStopped || isFull || figures.isStopped)
        // A stop that began and ended between two looks leaves this behind.
        figures.wasContinued = hasStopped && processes.contains { ChildProcess.takeContinued($0.id) }
        if isFull {
            // Before the processes are found to have moved: what their old groups did until then counts.
            if lastFull != nil { levels.countThrottled(at: now, all: true, &figures) }
            lookAtAll(at: now)
            lastFull = now
        } else {
            levels.countThrottled(at: now, all: false, &figures)
        }
        lastLook = now
    }

    private func lookAtState(at now: Nanoseconds, _ span: Nanoseconds, asksProcesses: Bool) {
        let freezing = levels.frozen(at: now, since: span)
        if freezing.isFrozen, !figures.isFrozen || figures.freezer == nil { figures.freezer = levels.freezer }
        figures.isFrozen = freezing.isFrozen
        figures.frozen += freezing.time
        if freezing.time > 0, figures.freezer == nil { figures.freezer = levels.freezer }
        let stopped = asksProcesses ? processes.first { $0.isStopped } : nil
        if let stopped { figures.stoppedProcess = stopped.id }
        figures.isStopped = stopped != nil
        if stopped != nil { figures.stopped += span }
        if let outside = membership?.stray(at: now) {
            figures.stray = outside
            figures.astray += span
        }
    }

    private func lookAtAll(at now: Nanoseconds) {
        if lastFull != nil, let membership = processes[0].takeNewMembership() {
            let new = view.view(ofMembership: membership[...])
            levels = GroupLevels(new, pool)
            move = directories.subtracting(new.ownDirectories).first.map { left in
                Finding(
                    code: "moved", stressor: stressor.name,
                    message: "process \(processes[0].id) was moved out of the control group \(left) during the run; "
                        + "what limits its new group (/proc/\(processes[0].id)/cgroup) holds from now on")
            }
            directories = new.ownDirectories
        }
        pool.lookAgain(at: now)
        levels.readQuota(at: now, &figures)
        figures.memoryHigh = levels.memoryHigh(at: now)
        figures.processes = levels.processLimit(at: now)
        figures.io = disks?.nearest(levels.io, at: now)
        // What ended a process is read once more at its end; what takes little of a processor is not ended by its time.
        if stressor.drive == .rate { cpuTimeLimit = processes[0].processLimits?.cpuTime ?? cpuTimeLimit }
        surroundings.look(&figures)
    }

    /// What there is to tell of other groups that the processes are in now.
    func takeMove() -> Finding? {
        defer { move = nil }
        return move
    }

    /// What 100 % is made of now: the quota in cores, the least of the memory limits, the processors.
    func bases(at now: Nanoseconds) -> LimitBases {
        LimitBases(
            quota: levels.smallestQuota, memory: levels.smallestMemory(at: now), processors: figures.processors)
    }

    /// How often the OOM killer took one of the processes' group; `nil` where no group of theirs counts it.
    func oomKills(at now: Nanoseconds) -> (count: Int64, source: String)? { levels.oomKills(at: now) }
}

/// What a percentage may rest on that is watched anyway.
struct LimitBases: Hashable {
    var quota: BaseAmount?
    var memory: BaseAmount?
    var processors: LimitFigures.Processors?
}
