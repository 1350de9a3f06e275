// SPDX-License-Identifier: Apache-2.0

/// CPU loads that change: phases, steps, pulses, ramps, and what is made up for after a stall.
extension Scenario {
    private static let short = (0..<6).flatMap { number in
        [
            (name: "on\(number)", milliseconds: 50, load: Optional("800m")),
            (name: "off\(number)", milliseconds: 100, load: nil),
        ]
    }

    static let cpuShaped: [Scenario] = [
        Scenario(
            "cpu", "a stall across the edge to a phase without load",
            .phases("cpu", [("load", 2000, "600m"), ("recover", 2500, nil)]),
            acts: [.stop(.stressors, 1.2...2.5)],
            // What was missed is not made up for where nothing is asked.
            sees: [.change(.cpu, 1.3...2.4, in: 0...0.01), .change(.cpu, 2.55...4.4, in: 0...0.02)],
            must: .notMet("stopped").phase("load", "not_met"),
            twinSees: [.rate(.cpu, 0.3...1.9, in: 0.56...0.64), .change(.cpu, 2.1...4.4, in: 0...0.02)]),
        Scenario(
            "cpu", "a stall across a step down", .load("cpu=steps 600m, 100m every 2s", seconds: 5),
            acts: [.stop(.stressors, 1.1...2.3)],
            sees: [.change(.cpu, 1.2...2.2, in: 0...0.01), .rate(.cpu, 2.4...4.8, in: 0.09...0.12)],
            must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.3...1.9, in: 0.56...0.64), .rate(.cpu, 2.2...4.8, in: 0.09...0.11)]),
        Scenario(
            "cpu", "a stall on the edge of the first second that is made up for in measure",
            .load("cpu=400m", seconds: 5),
            acts: [.stop(.stressors, 0.4...1.2)],
            sees: [
                .change(.cpu, 0.45...1.15, in: 0...0.01), .fastest(.cpu, over: 1, 1.2...4.9, in: 0.38...0.46),
            ],
            must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.1...4.8, in: 0.38...0.42)]),
        Scenario(
            "cpu", "two of five pulses missing", .load("cpu=pulse 800m for 200ms every 1s", seconds: 5),
            acts: [.stop(.stressors, 0.9...1.6), .stop(.stressors, 2.9...3.6)],
            // No more than a tenth of a second's load may be made up for where none is asked.
            sees: [.change(.cpu, 0.95...1.95, in: 0...0.03), .change(.cpu, 2.95...3.95, in: 0...0.03)],
            must: .notMet("stopped"),
            twinSees: [.change(.cpu, 0.9...1.9, in: 0.14...0.18), .change(.cpu, 0.9...4.9, in: 0.6...0.68)]),
        Scenario(
            "cpu", "phases of 50 ms without their load", .phases("cpu", short),
            acts: [.stop(.stressors, 0...1.2)],
            sees: [.change(.cpu, 0.06...0.88, in: 0...0.02)], must: .notMetOrUnverified,
            twinSees: [.change(.cpu, 0.1...0.88, in: 0.18...0.24)]),
        Scenario(
            "cpu", "a ramp that stands still", .load("cpu=ramp from 100m to 700m in 4s", seconds: 5),
            acts: [.stop(.stressors, 2...3.2)],
            sees: [.change(.cpu, 2.1...3.1, in: 0...0.01)], must: .notMet("stopped"),
            twinSees: [.change(.cpu, 1...3, in: 0.75...0.85)]),
        Scenario(
            "cpu", "a sawtooth without its top", .load("cpu=sawtooth 100m to 700m every 2s", seconds: 6),
            needs: [.group("freezer")], always: [.freezerTakes(0.2)],
            acts: [.freeze(3...4), .freeze(5...5.9)],
            sees: [.change(.cpu, 3.1...3.9, in: 0...0.01), .change(.cpu, 5.1...5.8, in: 0...0.01)],
            must: .notMet("frozen"),
            twinSees: [.change(.cpu, 3...4, in: 0.5...0.6)]),
        Scenario(
            "cpu", "max that stands still for two of six seconds", .load("cpu=max", "cpus=1", seconds: 6),
            acts: [.stop(.stressors, 2...4.2)],
            sees: [.rate(.cpu, 2.1...4.1, in: 0...0.01)], must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.5...5.5, in: 0.6...1.01)], isAlone: true),
        Scenario(
            "cpu", "one second of max hides no other second",
            .load("cpu=steps max, 600m every 1s", "of=affinity", "cpus=1", "cgroup={cpu}", seconds: 5),
            needs: [.group("cpu")], acts: [.set("cpu", "cpu.cfs_quota_us", "20000", 0.5)],
            sees: [.rate(.cpu, 1.2...4.8, in: 0.15...0.25)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 1.2...4.8, in: 0.57...0.63)], isAlone: true),
        Scenario(
            "cpu", "several times of what there is, in the first second alone",
            .load("cpu=steps 3 cores, 300m every 1s", "of=host", "cpus=1", "workers=1", seconds: 4),
            sees: [.change(.cpu, 0.05...0.95, in: 0.3...0.95), .rate(.cpu, 1.2...3.8, in: 0.28...0.32)],
            must: .notMet, twin: .load("cpu=steps 600m, 300m every 1s", "of=host", "cpus=1", "workers=1", seconds: 4),
            twinSees: [.rate(.cpu, 1.2...3.8, in: 0.28...0.32)], isAlone: true),
    ]
}
