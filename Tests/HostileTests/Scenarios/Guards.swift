// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Guards on a probe and on errors, and memory beyond its limit.
extension Scenario {
    /// 300 handles, and a guard on whether the neighbour is alive.
    private static let watched = """
        phases: [{ name: squeeze, for: 8s, load: { file-handles: 300 } }]
        probes: { service: { pid: {neighbour}, every: 50ms } }
        guards: [service < 50% good over 1s for 1s]

        """

    /// What the service is like that a guard watches: a process that has not ended.
    private static let service = Act.before { try $0.startNeighbour("exec sleep 60") }

    private static func beyond(_ load: String) -> Request {
        let profile = """
            stressors: { memory: { cgroup: '{memory}', beyond-limit: true } }
            phases:
              - { name: fill, for: 1s, load: { memory: 50%, file-handles: 100 } }
              - { name: over, for: 3s, load: { memory: \(load), file-handles: 100 } }

            """
        return Request(profile: profile, seconds: 4)
    }

    static let guards: [Scenario] = [
        Scenario(
            "file-handles", "a guard on a service that dies", Request(profile: watched, seconds: 8), always: [service],
            acts: [
                .noNeighbours(2),
                .at(6) { _ in throw Failure("the load goes on 4 s after the service has ended") },
            ],
            sees: [.level(.handles, 1...2.5, in: 300...300)],
            must: Must(verdicts: ["aborted"]).telling("service < 50% good over 1s for 1s"),
            twinSees: [.level(.handles, 1...7.8, in: 300...300)]),
        Scenario(
            "file-handles", "a guard on its own errors",
            Request(
                profile: """
                    phases: [{ name: squeeze, for: 7s, load: { file-handles: 'steps 200, 1000 every 2s' } }]
                    guards: [file-handles.errors > 2 for 1s]

                    """, seconds: 7),
            acts: [
                .tool(["prlimit", "--nofile=400:400", "--pid"], 1),
                .at(6) { _ in throw Failure("the load goes on 4 s after it was refused first") },
            ],
            sees: [.peak(.handles, 2.1...3.2, in: 190...400)],
            must: Must(verdicts: ["aborted"]).telling("file-handles.errors"),
            twinSees: [.level(.handles, 2.7...3.8, in: 1000...1000)]),
        Scenario(
            "memory", "through the limit of its group, as is wanted", beyond("{ load: 120%, expect: killed }"),
            needs: [.group("memory", [("memory.limit_in_bytes", "200M"), ("memory.swappiness", "0")])],
            sees: [
                .peak(.groupKills, 1...3.8, in: 1...100), .peak(.groupMemory, 1...3.8, in: 190 * mebi...200 * mebi),
            ],
            must: .met.phase("over", "killed"), twin: beyond("60%"),
            twinSees: [
                // What the process shares with others is charged to them.
                .peak(.groupKills, 0.5...3.8, in: 0...0), .level(.groupMemory, 2...3.8, in: 96 * mebi...122 * mebi),
            ]),
    ]
}
