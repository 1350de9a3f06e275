// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// The setting `cpus` of every kind whose workers may be confined.
enum CPUSetting {
    static let key = Manifest.Key(
        "cpus", .cpuList, default: nil, reach: .always(.ownProcess),
        help: "Confine the load to these CPUs, such as 0-3,8; as many workers as CPUs are pinned one to one.")

    /// The CPUs that are named; `nil` where none are.
    static func cpus(_ settings: Settings, _ host: HostFacts) throws(PlanProblem) -> [Int]? {
        guard let cpus = settings.cpus(key.name) else { return nil }
        let missing = cpus.filter { !host.affinityCPUs.contains($0) }
        guard missing.isEmpty, !cpus.isEmpty else {
            throw .invalid(
                setting: key.name,
                "CPUs \(CPUList.text(missing)) are not ours to use; this process may run on "
                    + CPUList.text(host.affinityCPUs))
        }
        return cpus
    }

    /// Confines the calling thread, which carries `lane`, to `cpus`.
    static func confine(_ lane: Lane, to cpus: [Int]) throws(StressorFailure) {
        // One worker a CPU is pinned to it; another number of workers floats over the list.
        let own = lane.count == cpus.count ? [cpus[lane.index]] : cpus
        do {
            try CurrentThread.setAffinity(own)
        } catch {
            throw .impossible("the kernel refuses CPUs \(CPUList.text(own)): \(error)")
        }
    }
}
