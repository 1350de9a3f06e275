// SPDX-License-Identifier: Apache-2.0

import Foundation

/// CPU loads whose processes do not run, and an observer that does not look.
extension Scenario {
    static let cpuStopped: [Scenario] = [
        Scenario(
            "cpu", "stopped for two of five seconds", .load("cpu=600m", seconds: 5),
            acts: [.stop(.stressors, 1.5...3.5)],
            sees: [.rate(.cpu, 1.6...3.4, in: 0...0.01)], must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.5...4.5, in: 0.57...0.63)]),
        Scenario(
            "cpu", "stopped until after the end", .load("cpu=400m", seconds: 4),
            acts: [.stop(.stressors, 2.5...4.4)],
            sees: [.rate(.cpu, 2.6...3.9, in: 0...0.01)], must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.38...0.42)]),
        Scenario(
            "cpu", "the whole container paused in the middle", .load("cpu=500m", seconds: 5),
            needs: [.group("freezer")], always: [.joinFreezer], acts: [.freeze(1.5...3.6)],
            sees: [.rate(.cpu, 1.7...3.5, in: 0...0.01)], must: .notMet("frozen"),
            twinSees: [.rate(.cpu, 0.5...4.5, in: 0.47...0.53)]),
        Scenario(
            "cpu", "the whole container paused until after the end", .load("cpu=500m", seconds: 4),
            needs: [.group("freezer")], always: [.joinFreezer], acts: [.freeze(1.2...4.6)],
            sees: [.rate(.cpu, 1.4...4.5, in: 0...0.01)], must: .notMet("frozen"),
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.47...0.53)]),
        Scenario(
            "cpu", "the stressor alone frozen, its observer not", .load("cpu=300m", seconds: 5),
            needs: [.group("freezer")], always: [.freezerTakes(0.3)], acts: [.freeze(2...3.5)],
            sees: [.rate(.cpu, 2.1...3.4, in: 0...0.01)], must: .notMet("frozen"),
            twinSees: [.rate(.cpu, 0.5...4.5, in: 0.285...0.315)]),
        Scenario(
            "cpu", "observer and stressor stopped together", .load("cpu=300m", seconds: 5),
            acts: [.stop(.all, 1.5...3.7)],
            sees: [.rate(.cpu, 1.6...3.6, in: 0...0.01)], must: .notMet("stopped", "frozen"),
            twinSees: [.rate(.cpu, 0.5...4.5, in: 0.285...0.315)]),
        Scenario(
            "cpu", "the stressor stopped while nobody looks", .load("cpu=300m", seconds: 6),
            acts: [.stop(.observer, 1...4.5), .stop(.stressors, 1.5...3)],
            sees: [.rate(.cpu, 1.6...2.9, in: 0...0.01)], must: .notMet,
            twinSees: [.rate(.cpu, 0.5...5.5, in: 0.285...0.315)]),
        Scenario(
            "cpu", "nobody looks for three of six seconds", .load("cpu=300m", seconds: 6),
            acts: [.stop(.observer, 1.5...4.6)],
            // The load is there all the time, and what is there is in the integral; yet nobody saw that it was even.
            sees: [.rate(.cpu, 1.5...4.5, in: 0.28...0.32)], must: .unverified,
            twinSees: [.rate(.cpu, 1.5...4.5, in: 0.285...0.315)]),
        Scenario(
            "cpu", "20 millicores that never come", .load("cpu=20m", "workers=1", seconds: 4),
            acts: [.stop(.stressors, 0...4.4)],
            sees: [.change(.cpu, 0.2...3.9, in: 0...0.004)], must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.015...0.024)]),
        Scenario(
            "cpu", "15 millicores for half of the time", .load("cpu=15m", "workers=1", seconds: 5),
            acts: [.stop(.stressors, 1...3.6)],
            sees: [.change(.cpu, 1.1...3.5, in: 0...0.002)], must: .notMet("stopped"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.011...0.019)]),
        Scenario(
            "cpu", "a hiccup of a tenth of a second is no miss", .load("cpu=400m", seconds: 6),
            acts: [.stop(.stressors, 2.0...2.1)],
            sees: [.change(.cpu, 2.02...2.09, in: 0...0.004), .rate(.cpu, 0.5...5.9, in: 0.38...0.42)], must: .met,
            twinSees: [.rate(.cpu, 0.5...5.8, in: 0.38...0.42)]),
        Scenario(
            "cpu", "killed by SIGKILL", .load("cpu=300m", seconds: 4), acts: [.signal(SIGKILL, 1.5)],
            sees: [.rate(.cpu, 0.3...1.4, in: 0.27...0.33)], must: .killed,
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.285...0.315)]),
    ]
}
