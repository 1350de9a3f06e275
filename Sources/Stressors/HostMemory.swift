// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Memory figures of the host that may be unreadable: then they are unknown, and not 0.
extension HostFacts {
    /// `MemAvailable`, for what cannot do without it.
    ///
    /// - Parameters:
    ///   - subject: what needs it.
    ///   - remedy: what to ask for instead.
    func memoryAvailable(for subject: String, or remedy: String) throws(PlanProblem) -> Int64 {
        guard let memoryAvailable else {
            throw .unsupported(
                "\(subject) needs MemAvailable, and /proc/meminfo cannot be read here (ProcSubset=pid?): \(remedy), or "
                    + "run where /proc is whole")
        }
        return memoryAvailable
    }

    /// `MemTotal`, for what cannot do without it.
    func memoryTotal(for subject: String, or remedy: String) throws(PlanProblem) -> Int64 {
        guard let memoryTotal else {
            throw .unsupported(
                "\(subject) needs MemTotal, and neither /proc/meminfo (ProcSubset=pid?) nor sysinfo(2) tells it here: "
                    + "\(remedy)")
        }
        return memoryTotal
    }

    /// Says that nobody watches how much memory the host has left; `nil` where it is watched.
    var unwatchedHeadroom: Finding? {
        guard memoryAvailable == nil else { return nil }
        return Finding(
            code: "headroom_unwatched", severity: .note,
            message: "/proc/meminfo cannot be read here (ProcSubset=pid?): how much memory the host has left is not "
                + "known, and the load does not stop before it runs out; limits of control groups are heeded")
    }
}
