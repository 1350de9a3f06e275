// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Looks at the worker threads one by one while a target is missed: each may be in groups of its own, and each may be
/// stopped alone.
///
/// A thread is moved by its id in `tasks` of cgroup v1, or in `cgroup.threads` of a threaded v2 group; a tracer stops a
/// thread (ptrace(2)). The process as a whole is what ``LimitWatch`` looks at.
final class ThreadWatch {
    /// More threads than this are not all asked.
    private static let most = 32
    /// How long what was found speaks without a new look.
    private static let memory: Nanoseconds = .second

    private let threads: [(processID: Int32, id: Int64)]
    private let view: CgroupView
    private let pool: GroupFilePool
    /// By what `/proc` says of a membership.
    private var levels: [String: GroupLevels] = [:]
    private var lastLook: Nanoseconds?

    /// Who froze a thread; `nil` where none is frozen.
    private(set) var freezer: CauseEvidence?
    /// A thread that is stopped.
    private(set) var stopped: Int64?
    /// What quotas held threads back for that have groups of their own, since the first look.
    private(set) var figures = LimitFigures()

    init(_ threads: [(processID: Int32, id: Int64)], view: CgroupView, pool: GroupFilePool) {
        self.threads = Array(threads.prefix(Self.most))
        self.view = view
        self.pool = pool
    }

    /// Looks at all threads where the target is missed.
    func look(at now: Nanoseconds, isMissed: Bool) {
        guard isMissed else {
            if let last = lastLook, now - last > Self.memory { (freezer, stopped, lastLook) = (nil, nil, nil) }
            return
        }
        lastLook = now
        (freezer, stopped) = (nil, nil)
        var seen: Set<String> = []
        for thread in threads {
            let path = "/proc/\(thread.processID)/task/\(thread.id)"
            if stopped == nil, let state = try? SmallFile.bytes(path + "/stat"), ProcessState.isStopped(state[...]) {
                stopped = thread.id
            }
            // The process's own groups are watched all the time.
            guard let own = SmallFile.text("/proc/\(thread.processID)/cgroup"),
                let text = SmallFile.text(path + "/cgroup"), text != own, seen.insert(text).inserted
            else { continue }
            look(at: now, inGroupsOf: text)
        }
    }

    private func look(at now: Nanoseconds, inGroupsOf membership: String) {
        if var known = levels[membership] {
            known.countThrottled(at: now, all: true, &figures)
            if known.frozen(at: now, since: 0).isFrozen, freezer == nil { freezer = known.freezer }
            levels[membership] = known
            return
        }
        var new = GroupLevels(view.view(ofMembership: Array(membership.utf8)[...]), pool)
        new.readQuota(at: now, &figures)
        if new.frozen(at: now, since: 0).isFrozen, freezer == nil { freezer = new.freezer }
        levels[membership] = new
    }

    /// Adds to what holds the processes back what holds single threads back.
    ///
    /// - Parameter processes: the figures of the processes, which come first.
    func add(to processes: inout LimitFigures) {
        if !processes.isFrozen, let freezer { (processes.isFrozen, processes.freezer) = (true, freezer) }
        if !processes.isStopped, let stopped {
            (processes.isStopped, processes.stoppedProcess) = (true, Int32(clamping: stopped))
        }
        if figures.throttled > 0, lastLook != nil { processes.quota = figures.quota ?? processes.quota }
    }
}
