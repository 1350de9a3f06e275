// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// Targets that depend on how the run goes.
extension Observer {
    /// Settles what goes by the time of day, now that it is known when the load begins.
    func settleClock() {
        for session in sessions where session.plan.floating.values.contains(where: \.shape.isOnClock) {
            let course = course(session, from: 0, phase: 0, instead: plan.phases, plan)
            // There is room for it: nothing was changed yet.
            try? session.retarget(course, intended: course, from: 0)
        }
    }

    /// What a stressor is to do where `phase` begins at `time` of the run.
    ///
    /// What begins where the stressor stands begins where it stands then, and what goes by the time of day where that
    /// is.
    ///
    /// - Parameter phases: all phases as they lay until now.
    func course(
        _ session: StressorSession, from time: Nanoseconds, phase first: Int, instead phases: [PlannedPhase],
        _ plan: Plan
    ) -> Curve {
        let old = session.intended
        var curve = old.prefix(until: time)
        var last = time > 0 ? old.value(at: time) : 0
        var next = first
        if let final = session.plan.floating.keys.max() {
            while next <= final {
                let length = plan.phases[next].length
                if let floating = session.plan.floating[next], floating.shape.isOnClock || last.isFinite {
                    let shape = floating.shape.begun(at: startWall + curve.length)
                    last = curve.append(length, shape, from: last, seed: floating.seed) { amount in
                        (floating.values[amount] ?? 0) * session.baseScale
                    }
                } else {
                    curve.append(old.prefix(until: phases[next].end), from: phases[next].start)
                    last = old.valueBefore(phases[next].end)
                }
                next += 1
            }
        }
        if next < phases.count { curve.append(old, from: phases[next].start) }
        return curve
    }
}
