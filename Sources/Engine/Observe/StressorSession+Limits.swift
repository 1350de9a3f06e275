// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// What holds the processes back, what they have to tell, and how they ended.
extension StressorSession {
    /// Tells the processes that a load leaves no more than `least`, in the unit.
    func keepLess(_ least: Int64) {
        pages.leastLeft = pages.leastLeft > 0 ? min(pages.leastLeft, least) : least
    }

    /// Whether the observer did not look for longer than it means to.
    var isAfterGap: Bool {
        guard let last = history.last else { return false }
        return world.monotonic - started - last.time > 300 * .millisecond
    }

    /// Looks at the limits and takes over what is counted.
    ///
    /// - Parameters:
    ///   - isMissed: whether a target is missed, so that all of them are of interest.
    ///   - hasStopped: whether some child of ours is stopped, or has gone on after that.
    func lookAtLimits(_ point: inout HistoryPoint, isMissed: Bool, hasStopped: Bool) {
        guard let watch else { return }
        let now = world.monotonic
        if isAlive {
            watch.look(at: now, isMissed: isMissed, hasStopped: hasStopped)
            threadWatch?.look(at: now, isMissed: isMissed)
            oom.note(watch.oomKills(at: now), at: now)
        }
        point.throttled = watch.figures.throttled + (threadWatch?.figures.throttled ?? 0)
        point.throttledCount = watch.figures.throttledCount + (threadWatch?.figures.throttledCount ?? 0)
        point.frozen = watch.figures.frozen
        point.stopped = watch.figures.stopped
        point.astray = watch.figures.astray
    }

    /// What holds the processes back, as of the last look; `nil` where they cannot be looked at.
    var limits: LimitFigures? {
        guard var figures = watch?.figures else { return nil }
        threadWatch?.add(to: &figures)
        figures.told = told
        return figures
    }

    /// What the processes had to tell since the last time that this was asked, and what became of their base.
    func takeFindings() -> [Finding] {
        let notices = pages.notices.notices(after: noticesTold)
        noticesTold += notices.count
        var findings: [Finding] = []
        for notice in notices {
            if let (cause, evidence) = StressorContext.evidence(in: notice) {
                told[cause] = evidence
            } else {
                findings.append(Finding(code: notice.code, stressor: plan.name, message: notice.message))
            }
        }
        if let move = watch?.takeMove() { findings.append(move) }
        if isAlive, base != nil, let change = base?.change(to: watch?.bases(at: world.monotonic)) {
            if let finding = change.finding { findings.append(finding) }
            if let factor = change.factor { baseFactor *= factor }
        }
        return findings
    }

    /// The ends of processes that were not noticed before.
    ///
    /// - Parameter hostKills: whether the OOM killer has killed on the host just before; `nil` where nobody can tell.
    func noticeEnds(stopRequestedAt: Nanoseconds?, hostKills: () -> Bool?) -> [StressorEnd] {
        running.compactMap { child in
            // Of one that has ended and is not yet waited for `/proc` still has the limits: the one that ended it may
            // be younger than the last look.
            guard child.hasEnded else { return nil }
            let limits = ProcessLimits.of(child.id)
            guard let end = child.poll() else { return nil }
            ended.insert(child.id)
            var note: String?
            let manner: StressorEnd.Manner
            if end.signal == 9, isKilledByUs, stopRequestedAt != nil {
                note = "it did not end by itself in time, and exert killed it"
                manner = .released
            } else if end.signal != 0 {
                var cpuLimit = limits?.cpuTime
                // With SIGXCPU the kernel raises the soft limit by a second: check_process_timers(),
                // kernel/time/posix-cpu-timers.c.
                if end.signal == KillEvidence.cpuTimeExceeded { cpuLimit?.soft? -= 1 }
                let evidence = evidence(of: end, cpuLimit: cpuLimit ?? watch?.cpuTimeLimit, hostKills: hostKills)
                note = evidence.note
                if killCause == nil { killCause = evidence.cause }
                manner = .killed(signal: end.signal, isOutOfMemory: evidence.isOutOfMemory)
            } else if end.exitCode == 0, stopRequestedAt != nil {
                manner = .released
            } else {
                manner = .failed(pages.failure ?? "the process exited with code \(end.exitCode)")
            }
            return StressorEnd(
                stressor: plan.name, processID: child.id, manner: manner, cpuSeconds: end.cpuTime.seconds,
                releaseSeconds: stopRequestedAt.map { (world.monotonic - $0).seconds }, note: note)
        }
    }

    private func evidence(
        of end: ChildProcess.End, cpuLimit: ProcessLimits.Pair?, hostKills: () -> Bool?
    ) -> KillEvidence {
        let now = world.monotonic
        oom.note(watch?.oomKills(at: now), at: now)
        // Counted first, then the signal, and the process is gone when its memory is given back: 1 GiB takes 0.2 s and
        // with small pages a second.
        let held = plan.unit == .bytes ? history.last?.claimed ?? 0 : 0
        let teardown = Nanoseconds(min(held / 0x1p30, 60) * Double(Nanoseconds.second))
        return KillEvidence(
            signal: end.signal, cpuTime: end.cpuTime, cpuLimit: cpuLimit,
            groupKills: oom.isCounted ? oom.hasKilled(since: now - 300 * .millisecond - teardown) : nil,
            groupSource: oom.source, hostKills: hostKills(), isOwn: isKilledByUs)
    }

    /// Operations that failed so far, by the name of their errno; `nil` where the load is not made of them.
    var failures: [String: Int64]? {
        guard pages.latency != nil else { return nil }
        return pages.gauges.reduce(into: [:]) { sum, gauge in
            for (code, count) in gauge.failures { sum[ErrnoName.text(code), default: 0] += count }
        }
    }
}
