// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Threads that are not made, not ended, or that others take.
extension Scenario {
    private static let limited = Need.group("pids", [("pids.max", "200")])
    private static let inGroup = "cgroup={pids}"

    static let processes: [Scenario] = [
        Scenario(
            "processes", "a limit lowered before it grows",
            .load("processes=steps 40, 150 every 2s", "mode=add", inGroup, seconds: 5), needs: [limited],
            acts: [.set("pids", "pids.max", "100", 1)],
            sees: [.level(.groupTasks, 2.3...4.8, in: 100...100)], must: .notMet("process_limit"),
            twinSees: [.level(.groupTasks, 2.3...4.8, in: 150...150)]),
        Scenario(
            "processes", "all but ten, while others come",
            .load("processes=leave 10", "of=cgroup", inGroup, seconds: 5), needs: [limited],
            acts: [
                .at(1.5) { stage in
                    try stage.startNeighbour(
                        "echo $$ >{pids}/cgroup.procs; for i in 1 2 3 4 5; do sleep 60 & done; wait")
                }
            ],
            // They are made room for.
            sees: [.level(.groupTasks, 2.5...4.8, in: 190...190)], must: .met,
            twinSees: [.level(.groupTasks, 1...4.8, in: 190...190)]),
        Scenario(
            "processes", "others have more than the target",
            .load("processes=10%", "of=cgroup", inGroup, seconds: 5), needs: [limited],
            acts: [
                .at(1.5) { stage in
                    try stage.startNeighbour(
                        "echo $$ >{pids}/cgroup.procs; for i in $(seq 40); do sleep 60 & done; wait")
                }
            ],
            sees: [.level(.groupTasks, 2.5...4.8, in: 41...60)], must: .notMet,
            twinSees: [.level(.groupTasks, 1...4.8, in: 20...20)]),
        Scenario(
            "processes", "stopped before it grows",
            .load("processes=steps 50, 500 every 2s", "mode=add", seconds: 5),
            acts: [.stop(.stressors, 1.7...4.5)],
            sees: [.level(.tasks, 2.1...4.4, in: 50...50)], must: .notMet("stopped"),
            twinSees: [.level(.tasks, 2.7...4.8, in: 500...500)]),
        Scenario(
            "processes", "still there where none are asked",
            .phases("processes", [("squeeze", 2000, "400"), ("recover", 3000, nil)], settings: "{ mode: add }"),
            acts: [.stop(.stressors, 1.8...4.7)],
            sees: [.level(.tasks, 2.1...4.6, in: 400...400)],
            must: .notMet("stopped").phase("recover", "not_met"),
            twinSees: [.level(.tasks, 1...1.9, in: 400...400), .level(.tasks, 2.5...4.8, in: 0...20)]),
        Scenario(
            "processes", "killed by SIGKILL", .load("processes=9000", "mode=add", seconds: 4),
            acts: [.signal(SIGKILL, 1.5)],
            sees: [.level(.tasks, 1...1.4, in: 9000...9000)], must: .killed,
            twinSees: [.level(.tasks, 1...3.8, in: 9000...9000)]),
    ]
}
