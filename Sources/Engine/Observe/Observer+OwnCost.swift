// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

extension Observer {
    /// What the observer took since the last look goes to the loads that it is part of, in equal shares.
    func shareOwnCost() {
        guard sessions.contains(where: \.plan.includesObserver) else { return }
        let (cpu, time) = (Clocks.processCPU, now)
        let bearers = sessions.reduce(0) { $0 + ($1.countsObserver(at: time) ? 1 : 0) }
        for session in sessions where bearers > 0 && session.countsObserver(at: time) {
            session.count(observer: (cpu - cpuShared) / Int64(bearers), at: time)
        }
        cpuShared = cpu
    }
}
