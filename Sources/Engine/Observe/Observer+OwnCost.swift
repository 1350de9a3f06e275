// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

extension Observer {
    /// What the observer took since the last look goes to the loads that it is part of, in equal shares.
    func shareOwnCost() {
        let (cpu, time) = (Clocks.processCPU, now)
        let bearers = sessions.filter { $0.countsObserver(at: time) }
        for session in bearers { session.count(observer: (cpu - cpuShared) / Int64(bearers.count), at: time) }
        cpuShared = cpu
    }
}
