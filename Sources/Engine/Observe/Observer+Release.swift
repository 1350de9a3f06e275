// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// How everything is given back: in order where that goes on, by the kernel where it does not.
extension Observer {
    /// How long a stressor that was told to stop may do nothing; what is frozen or throttled is killed then.
    private static let patience: Nanoseconds = 300 * .millisecond
    /// How long a killed process may do nothing before it is left to the kernel: it ends when what holds it lets go.
    private static let patienceOnceKilled: Nanoseconds = 400 * .millisecond
    /// How long an orderly release may take in all, beside what the stressors themselves allow for.
    private static let releaseLimit: Nanoseconds = 8 * .second

    /// Tells all stressors to stop, once; nothing stands before that.
    func requestStop() {
        guard stopRequestedAt == nil else { return }
        stopRequestedAt = world.monotonic
        keeper?.noteStop()
        for session in sessions { session.stop() }
    }

    /// Waits until all processes are gone, or hang in the kernel for good.
    func release() {
        requestStop()
        let requested = stopRequestedAt ?? world.monotonic
        let limit = Self.releaseLimit + (plan.stressors.map(\.releaseLimit).max() ?? 0)
        var moved = sessions.map { _ in requested }
        var activities = sessions.map(\.activity)
        while sessions.contains(where: \.isAlive) {
            // Nothing but processes and signals counts from here on; orders find the run ended.
            world.wait(for: [signals.rawDescriptor] + sessions.flatMap(\.pidDescriptors), milliseconds: 20)
            keeper?.beat()
            noticeEnds(stopRequestedAt: requested)
            let isAskedAgain = takeLateSignal() != nil
            let now = world.monotonic
            for (at, session) in sessions.enumerated() where session.isAlive {
                let activity = session.activity
                if activity != activities[at] { (activities[at], moved[at]) = (activity, now) }
                let idle = now - moved[at]
                if !session.isKilledByUs {
                    // Whoever interrupts a run does not wait; the kernel gives back what the process will not.
                    let isLate = idle > Self.patience || interruptedBy != nil && now - requested > Self.patience
                    if isLate || isAskedAgain || now - requested > limit {
                        session.kill()
                        moved[at] = now
                    }
                } else if idle > Self.patienceOnceKilled {
                    for hung in session.leave() {
                        note(
                            Finding(
                                code: RunRecord.leftCode, stressor: session.plan.name,
                                message: "\(hung.text) and does not end, though it was killed; the kernel gives back "
                                    + "what it holds as soon as it does"))
                    }
                }
            }
        }
        // Nothing is held any more that somebody else would have to end.
        keeper?.noteRelease()
        for session in sessions { session.endWitness() }
        noteNotices()
    }

    /// A signal that came after the end had begun; a run whose load fails to begin is interrupted even so.
    @discardableResult
    func takeLateSignal() -> Int32? {
        let signal = signals.next()
        if startFailure != nil { interruptedBy = interruptedBy ?? signal }
        return signal
    }

    /// Whether a process was left that has not ended.
    var isAnyLeft: Bool { sessions.contains { !$0.left.isEmpty } }
}

extension StressorSession {
    /// What moves as long as the processes do anything: CPU time that they take, in ms, and what they say they hold.
    var activity: Int64 {
        let used = running.reduce(0) { $0 &+ (ProcessCPUClock(processID: $1.id)?.now ?? 0) }
        // What a process takes to look whether it may run again is no progress: 1 ms steps.
        return pages.gauges.reduce(used / 1_000_000) { $0 &+ $1.claimed }
    }

    /// Waits no longer for the processes that have not ended, and tells where they wait.
    func leave() -> [HungProcess] {
        let hung = running.map { HungProcess($0.id) }
        left += hung
        ended.formUnion(hung.map(\.id))
        return hung
    }
}
