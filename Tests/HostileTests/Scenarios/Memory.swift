// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Memory that is not taken, not given back, or taken by others.
extension Scenario {
    static let mebi = 1_048_576.0

    /// A neighbour that holds so many MiB, charged to the memory group where it is said.
    static func holder(_ mebibytes: Int, inGroup: Bool = true) -> String {
        // dd fills its one block and then waits for a reader that never reads.
        (inGroup ? "echo $$ >'{memory}/cgroup.procs'; " : "")
            + "dd if=/dev/zero bs=\(mebibytes)M count=1 2>/dev/null | sleep 60"
    }

    /// A neighbour in the memory group that has so many MiB for half a second, and nothing for another half.
    private static func flapper(_ mebibytes: Int) -> String {
        "echo $$ >'{memory}/cgroup.procs'; while :; do "
            + "dd if=/dev/zero bs=\(mebibytes)M count=1 2>/dev/null | sleep 0.5; sleep 0.5; done"
    }

    static let memory: [Scenario] = [
        Scenario(
            "memory", "still held where nothing is asked",
            .phases("memory", [("squeeze", 2000, "96MiB"), ("recover", 3000, nil)]),
            acts: [.stop(.stressors, 1.8...4.7)],
            sees: [.level(.resident, 2.2...4.6, in: 95 * mebi...98 * mebi)],
            must: .notMet("stopped").phase("recover", "not_met"),
            twinSees: [
                .level(.resident, 1...1.9, in: 95 * mebi...98 * mebi), .level(.resident, 2.5...4.8, in: 0...64 * mebi),
            ]),
        Scenario(
            "memory", "still held while everything is frozen",
            .phases("memory", [("squeeze", 2000, "96MiB"), ("recover", 3000, nil)]),
            needs: [.group("freezer")], always: [.joinFreezer], acts: [.freeze(1.7...4.2)],
            sees: [.level(.resident, 2.1...4.1, in: 95 * mebi...98 * mebi)],
            must: .notMetOrUnverified.phase("recover", "not_met", "unverified"),
            twinSees: [
                .level(.resident, 1...1.9, in: 95 * mebi...98 * mebi), .level(.resident, 2.5...4.8, in: 0...64 * mebi),
            ]),
        Scenario(
            "memory", "stopped before it grows", .load("memory=steps 64MiB, 128MiB every 2s", seconds: 5),
            acts: [.stop(.stressors, 1.6...4.4)],
            sees: [.level(.resident, 2.1...4.3, in: 60 * mebi...70 * mebi)], must: .notMet("stopped"),
            twinSees: [.level(.resident, 2.8...4.8, in: 127 * mebi...130 * mebi)]),
        Scenario(
            "memory", "nobody looks for three of six seconds", .load("memory=128MiB", seconds: 6),
            acts: [.stop(.observer, 1.5...4.6)],
            sees: [.level(.resident, 1.5...4.6, in: 127 * mebi...130 * mebi)], must: .unverified,
            twinSees: [.level(.resident, 1...5.8, in: 127 * mebi...130 * mebi)]),
        Scenario(
            "memory", "more than its group may have", .load("memory=400MiB", "of=host", "cgroup={memory}", seconds: 4),
            needs: [.group("memory", [("memory.limit_in_bytes", "256M")])],
            sees: [.peak(.resident, 1...3.8, in: 150 * mebi...300 * mebi)], must: .notMet("refusal"),
            twin: .load("memory=128MiB", "of=host", "cgroup={memory}", seconds: 4),
            twinSees: [.level(.resident, 1...3.8, in: 127 * mebi...130 * mebi)]),
        Scenario(
            "memory", "a neighbour has it before the step",
            .load("memory=steps 64MiB, 128MiB every 2s", "of=host", "cgroup={memory}", seconds: 5),
            needs: [.group("memory", [("memory.limit_in_bytes", "256M")])],
            acts: [.neighbour(holder(170), 0.8)],
            sees: [.peak(.resident, 2.2...4.8, in: 50 * mebi...120 * mebi)], must: .notMet("refusal"),
            twinSees: [.level(.resident, 2.8...4.8, in: 127 * mebi...130 * mebi)]),
        Scenario(
            "memory", "a neighbour takes what was to be left",
            .load("memory=steps 32MiB, leave 20MiB every 2s", "cgroup={memory}", seconds: 5),
            needs: [.group("memory", [("memory.limit_in_bytes", "200M")])],
            acts: [.neighbour(holder(60), 0.8)],
            sees: [.peak(.groupMemory, 2.5...4.8, in: 150 * mebi...199 * mebi)], must: .notMet("refusal"),
            twinSees: [.level(.groupMemory, 3...4.8, in: 177 * mebi...183 * mebi)]),
        Scenario(
            "memory", "a total that leaves little, and a neighbour who wants more",
            .load("memory=leave 30MiB", "mode=total", "of=cgroup", "cgroup={memory}", seconds: 5),
            needs: [.group("memory", [("memory.limit_in_bytes", "200M")])],
            acts: [.stop(.stressors, 1.5...4.4), .neighbour(holder(15), 2)],
            sees: [.level(.groupMemory, 3...4.3, in: 182 * mebi...192 * mebi)], must: .notMet,
            twinSees: [.level(.groupMemory, 2...4.8, in: 166 * mebi...174 * mebi)]),
        Scenario(
            "memory", "a total that others alone exceed",
            .load("memory=100MiB", "mode=total", "of=cgroup", "cgroup={memory}", seconds: 6),
            needs: [.group("memory", [("memory.limit_in_bytes", "256M")])],
            acts: [.neighbour(holder(170), 2)],
            sees: [.level(.groupMemory, 3.5...5.8, in: 165 * mebi...240 * mebi)], must: .notMet("others"),
            twinSees: [.level(.groupMemory, 2...5.8, in: 97 * mebi...104 * mebi)]),
        Scenario(
            "memory", "others who change all the time are no excuse for a total",
            .load("memory=60%", "mode=total", "of=cgroup", "cgroup={memory}", seconds: 8),
            needs: [.group("memory", [("memory.limit_in_bytes", "500M")]), .group("cpu")],
            always: [.neighbour(holder(60), 0.2), .noNeighbours(2.4), .neighbour(flapper(120), 2.4)],
            // Starved where others have 60 MiB: from then on it is 60 MiB too little and too much by turns.
            acts: [
                .set("cpu", "cpu.cfs_period_us", "1000000", 1.9), .set("cpu", "cpu.cfs_quota_us", "1000", 2),
                .move(to: "cpu", 2), .neighbour("echo $$ >'{cpu}/cgroup.procs'; while :; do :; done", 2.5),
                .set("cpu", "cpu.cfs_quota_us", "-1", 7.7),
            ],
            sees: [.peak(.groupMemory, 3...7.5, in: 325 * mebi...420 * mebi)], must: .notMet,
            twinSees: [.mean(.groupMemory, 3...7.5, in: 285 * mebi...312 * mebi)], isAlone: true),
        Scenario(
            "memory", "a total that nobody fills up again",
            .load("memory=120MiB", "mode=total", "of=cgroup", "cgroup={memory}", seconds: 6),
            needs: [.group("memory", [("memory.limit_in_bytes", "256M")])],
            always: [.neighbour(holder(50), 0.2)], acts: [.stop(.stressors, 2...5.6), .noNeighbours(2.1)],
            sees: [.level(.groupMemory, 2.6...5.4, in: 30 * mebi...90 * mebi)], must: .notMet("stopped"),
            twinSees: [.level(.groupMemory, 2.6...5.4, in: 116 * mebi...124 * mebi)]),
        Scenario(
            "memory", "killed by SIGKILL", .load("memory=96MiB", seconds: 4), acts: [.signal(SIGKILL, 1.5)],
            sees: [.level(.resident, 0.8...1.4, in: 95 * mebi...98 * mebi)], must: .killed,
            twinSees: [.level(.resident, 0.8...3.8, in: 95 * mebi...98 * mebi)]),
        Scenario(
            "memory", "ended by SIGTERM", .load("memory=96MiB", seconds: 4), acts: [.signal(SIGTERM, 1.5)],
            sees: [.level(.resident, 0.8...1.4, in: 95 * mebi...98 * mebi)], must: .killed,
            twinSees: [.level(.resident, 0.8...3.8, in: 95 * mebi...98 * mebi)]),
        Scenario(
            "memory", "/proc shows processes only", .load("memory=64MiB", seconds: 3),
            // What cannot be read is not 0: the load needs none of it.
            acts: [.launch(apart("mount -t proc -o subset=pid proc /proc"))],
            sees: [.level(.resident, 1...2.8, in: 63 * mebi...66 * mebi)], must: .met,
            twinSees: [.level(.resident, 1...2.8, in: 63 * mebi...66 * mebi)]),
        Scenario(
            "memory", "less than the process itself", .load("memory=1MiB", seconds: 3),
            sees: [.level(.resident, 1.1...2.8, in: 2 * mebi...40 * mebi)], must: .notMet,
            twin: .load("memory=48MiB", seconds: 3),
            twinSees: [.level(.resident, 1...2.8, in: 47 * mebi...50 * mebi)]),
    ]
}
