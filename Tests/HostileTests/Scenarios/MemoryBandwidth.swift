// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Memory bandwidth: no interface of the kernel tells what one process moves, but one without CPU time moves nothing.
extension Scenario {
    private static func asked(_ load: String, _ settings: String..., seconds: Double = 5) -> Request {
        var request = Request.load("memory-bandwidth=\(load)", "workers=1", "buffer=32MiB", seconds: seconds)
        request.arguments += settings.flatMap { ["--set", "memory-bandwidth.\($0)"] }
        return request
    }
    /// 1 GB/s takes something between 2 and 80 % of a processor, whatever machine it is.
    private static let works: [Sight] = [.rate(.cpu, 1.7...3.3, in: 0.02...0.8)]

    static let memoryBandwidth: [Scenario] = [
        Scenario(
            "memory-bandwidth", "stopped for two of five seconds", asked("1GB/s"),
            acts: [.stop(.stressors, 1.5...3.5)],
            sees: [.rate(.cpu, 1.7...3.3, in: 0...0.005)], must: .notMet("stopped"), twinSees: works),
        Scenario(
            "memory-bandwidth", "the whole container paused until after the end", asked("1GB/s", seconds: 4),
            needs: [.group("freezer")], always: [.joinFreezer], acts: [.freeze(1.5...4.5)],
            sees: [.rate(.cpu, 1.7...3.9, in: 0...0.005)], must: .notMet("frozen"), twinSees: works),
        Scenario(
            "memory-bandwidth", "a quota set during the run", asked("1GB/s", "cgroup={cpu}"),
            needs: [.group("cpu")], acts: [.set("cpu", "cpu.cfs_quota_us", "1500", 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0...0.03)], must: .notMet("quota"), twinSees: works),
        Scenario(
            "memory-bandwidth", "as much as there is, and a quota for most of the time",
            asked("max", "cgroup={cpu}", seconds: 8), needs: [.group("cpu")],
            acts: [.set("cpu", "cpu.cfs_quota_us", "1000", 2.5)],
            sees: [.rate(.cpu, 3...7.8, in: 0...0.05)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 1...7.8, in: 0.4...1.02)], isAlone: true),
        Scenario(
            "memory-bandwidth", "more than any memory moves", asked("2000GB/s", seconds: 4),
            sees: [.rate(.cpu, 1...3.8, in: 0.5...1.02)], must: .notMet, twin: asked("1GB/s", seconds: 4),
            twinSees: works),
        Scenario(
            "memory-bandwidth", "a pulse that never comes", asked("pulse 1GB/s for 1s every 2s", seconds: 6),
            acts: [.stop(.stressors, 1.9...3.2)],
            sees: [.change(.cpu, 2...3.9, in: 0...0.01)], must: .notMet("stopped"),
            twinSees: [.change(.cpu, 2...3.9, in: 0.02...0.8)]),
        Scenario(
            "memory-bandwidth", "nobody looks for three of six seconds", asked("1GB/s", seconds: 6),
            acts: [.stop(.observer, 1.5...4.6)], sees: works, must: .unverified, twinSees: works),
        Scenario(
            "memory-bandwidth", "killed by SIGKILL", asked("1GB/s", seconds: 4), acts: [.signal(SIGKILL, 2)],
            sees: [.rate(.cpu, 0.5...1.9, in: 0.02...0.8)], must: .killed, twinSees: works),
    ]
}
