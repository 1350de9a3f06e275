// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// What is started before the load begins.
extension Observer {
    func startProcesses(_ catalog: [any Stressor.Type], lifeline: Int32) throws(ObserverFailure) {
        for stressor in plan.stressors {
            guard let type = catalog.first(where: { $0.manifest.kind == stressor.kind }) else {
                throw .cannotStart(stressor.name, "no such kind: \(stressor.kind)")
            }
            let seen: HostFacts
            do throws(GroupProblem) {
                seen =
                    try stressor.settings.text("cgroup").map { (group) throws(GroupProblem) in
                        try host.joining(group)
                    } ?? host
            } catch {
                throw .cannotStart(stressor.name, error.message)
            }
            sessions.append(
                try StressorSession(
                    stressor, type: type, runID: options.runID, length: plan.length, lifeline: lifeline, host: seen,
                    isLive: isLive, leaseEnd: leaseEnd, world: world, limitFiles: limitFiles,
                    isShare: plan.rests(onBaseOf: stressor.name)))
            keeper?.know(sessions.last?.children.map(\.id) ?? [])
        }
        let begin = world.monotonic
        var nextWord = begin + .second
        while true {
            var waiting: [StressorSession] = []
            for session in sessions where try !session.isReady() { waiting.append(session) }
            guard let first = waiting.first else { break }
            let now = world.monotonic
            guard now < begin + first.startLimit else {
                throw .cannotStart(
                    first.plan.name, "its workers are not ready after \(Int(first.startLimit.seconds)) s")
            }
            try attend()
            if now >= nextWord {
                for session in waiting { emit(.preparing(session.plan.name, session.setupRatio), elapsed: 0) }
                nextWord += 2 * .second
            }
            world.wait(
                for: [signals.rawDescriptor] + steeringDescriptors, milliseconds: now - begin < .second ? 1 : 20)
        }
    }

    /// What the stressors' processes found.
    func noteNotices() {
        for session in sessions { for finding in session.takeFindings() { note(finding) } }
        followBases()
    }
}
