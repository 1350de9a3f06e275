// SPDX-License-Identifier: Apache-2.0

/// Memory whose target moves.
extension Scenario {
    static let memoryShaped: [Scenario] = [
        Scenario(
            "memory", "a pulse that stays on", .load("memory=pulse 96MiB for 700ms every 2s", seconds: 6),
            acts: [.stop(.stressors, 2.4...5.4)],
            sees: [.level(.resident, 2.8...5.3, in: 95 * mebi...98 * mebi)], must: .notMet("stopped"),
            twinSees: [
                .level(.resident, 2.3...2.6, in: 95 * mebi...98 * mebi),
                .level(.resident, 3.0...3.9, in: 0...64 * mebi),
            ]),
        Scenario(
            "memory", "a pulse that never comes", .load("memory=pulse 96MiB for 1s every 3s", seconds: 6),
            acts: [.stop(.stressors, 2.5...4.2)],
            sees: [.level(.resident, 2.6...4.1, in: 0...64 * mebi)], must: .notMet("stopped"),
            twinSees: [.level(.resident, 3.4...3.9, in: 95 * mebi...98 * mebi)]),
        Scenario(
            "memory", "a ramp that stands still", .load("memory=ramp from 64MiB to 160MiB in 4s", seconds: 5),
            acts: [.stop(.stressors, 1.5...4.2)],
            sees: [.level(.resident, 1.7...4.1, in: 95 * mebi...105 * mebi)], must: .notMet("stopped"),
            twinSees: [.mean(.resident, 1.9...2.1, in: 109 * mebi...115 * mebi)]),
        Scenario(
            "memory", "a sawtooth frozen at its top, with its observer",
            .load("memory=sawtooth 64MiB to 160MiB every 3s", seconds: 6),
            needs: [.group("freezer")], always: [.joinFreezer], acts: [.freeze(2.6...4.5)],
            sees: [.level(.resident, 3.1...4.4, in: 138 * mebi...155 * mebi)], must: .notMet("frozen"),
            twinSees: [.mean(.resident, 4.4...4.6, in: 108 * mebi...116 * mebi)]),
        Scenario(
            "memory", "stopped for the whole of a short phase",
            .phases("memory", [("low", 1500, "64MiB"), ("high", 800, "96MiB"), ("again", 1500, "64MiB")]),
            acts: [.stop(.stressors, 1.3...2.4)],
            sees: [.level(.resident, 1.5...2.3, in: 63 * mebi...66 * mebi)],
            must: .notMet("stopped").phase("high", "not_met"),
            twinSees: [.level(.resident, 1.9...2.2, in: 95 * mebi...98 * mebi)]),
        Scenario(
            "memory", "moved out of the group that was asked for",
            .load("memory=64MiB", "cgroup={memory}/child", seconds: 5), needs: [.group("memory", child: true)],
            acts: [.move(to: "memory", 2)],
            sees: [.level(.resident, 2.5...4.8, in: 63 * mebi...66 * mebi)], must: .notMet("left_group"),
            twinSees: [.level(.resident, 1...4.8, in: 63 * mebi...66 * mebi)]),
    ]
}
