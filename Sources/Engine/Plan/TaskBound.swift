// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// How many processes and threads a run takes, held against what every limit of the host leaves.
struct TaskBound {
    /// What stressors take together, by the control group that counts them.
    private var groups: [CgroupView.Group: Int64] = [:]
    private var total: Int64 = 0

    /// Adds a stressor, whose processes are where `host` says.
    mutating func add(_ stressor: PlannedStressor, on host: HostFacts) {
        // Each process has a thread beside its workers.
        let count = Int64(stressor.workers) + Int64(stressor.processes)
        total += count
        for group in host.cgroups.groups(of: "pids") { groups[group, default: 0] += count }
    }

    /// What stands in the way, for people.
    ///
    /// - Parameter rooms: the limits of the host and of the user.
    func problems(_ rooms: [TaskRoom] = TaskRoom.ofHost()) -> [String] {
        guard total > 0 else { return [] }
        var found = rooms.filter { total > $0.free }.map { Self.words($0, total) }
        for (group, count) in groups.sorted(by: { $0.key.directory < $1.key.directory }) {
            found += TaskRoom.ofGroups([group]).filter { count > $0.free }.map { Self.words($0, count) }
        }
        return found
    }

    private static func words(_ room: TaskRoom, _ count: Int64) -> String {
        let kept = room.kept > 0 ? ", and \(room.kept) are kept for others" : ""
        return "the stressors take \(count) processes and threads, more than can be had here: \(room.source) is "
            + "\(room.most), of which \(room.used) are in use\(kept); give them fewer 'workers', run fewer stressors, "
            + "or raise the limit"
    }
}
