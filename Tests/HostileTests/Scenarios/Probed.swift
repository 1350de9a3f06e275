// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs that ask a service: who asks is killed, stopped or starved, and the service is away while the load is not.
///
/// Times count from the first phase, which has no load and lasts 1 s. What asks takes some 2 ms of CPU time a second.
extension Scenario {
    private static let quota: [(file: String, value: String)] = [
        ("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "100000"), ("cpu.shares", "20000"),
    ]
    /// A millisecond in each second.
    private static let crumb: [(file: String, value: String)] = [
        ("cpu.cfs_period_us", "1000000"), ("cpu.cfs_quota_us", "1000"),
    ]
    private static let good = "90% good during squeeze"
    private static let quick = "p90 < 400ms during squeeze"
    private static let back = "recovers within 3s"
    private static let loaded = Sight.rate(.cpu, 2...5.8, in: 0.28...0.32)
    private static let asking = Sight.rate(.prober, 1...5.8, in: 0.0005...0.2)
    private static let answering = Sight.rate(.service, 1...5.8, in: 0.0005...0.4)

    static let probed: [Scenario] = [
        Scenario(
            "cpu", "who asks the service is killed", .asking("300m", "99% good before", good, quick), needs: [.service],
            acts: [.at(3) { $0.send(SIGKILL, to: .prober) }],
            sees: [.change(.prober, 3.1...5.8, in: 0...0), .change(.service, 3.2...5.8, in: 0...0.001), loaded],
            must: .met.objectives("held", "inconclusive", "inconclusive", reasons: ["prober_starved"])
                .telling("the prober was killed by signal 9"),
            twinSees: [asking, answering, loaded]),
        Scenario(
            "cpu", "who asks the service is stopped for two of five seconds", .asking("300m", good, quick),
            needs: [.service], acts: [.stop(.prober, 2.5...4.5)],
            sees: [.change(.prober, 2.6...4.4, in: 0...0), .change(.service, 2.6...4.4, in: 0...0.001), loaded],
            must: .met.objectives("inconclusive", "inconclusive", reasons: ["prober_starved"])
                .telling("kept from running"),
            twinSees: [asking, answering, loaded]),
        Scenario(
            "cpu", "who asks the service is stopped until after the end", .asking("300m", good, quick),
            needs: [.service], acts: [.stop(.prober, 4...6.3)],
            sees: [.change(.prober, 4.1...5.9, in: 0...0), loaded],
            must: .met.objectives("inconclusive", "inconclusive", reasons: ["prober_starved"])
                .telling("kept from running"),
            twinSees: [asking, answering, loaded]),
        Scenario(
            "cpu", "who asks the service gets a thousandth of a processor", .asking("300m", good, quick),
            needs: [.service, .group("cpu", crumb)], acts: [.moveProber(to: "cpu", 2)],
            sees: [.rate(.prober, 2.5...5.8, in: 0...0.004), loaded],
            must: .met.objectives("inconclusive", "inconclusive", reasons: ["prober_starved"])
                .telling("kept from running"),
            twinSees: [asking, answering, loaded]),
        Scenario(
            "cpu", "what is of a higher class takes the processor of who asks",
            .asking("300m", settings: "{ cpus: '0', of: host, cgroup: '{cpu}' }", good, quick),
            needs: [.service, .group("cpu", quota)],
            always: [
                .at(0.5) { stage in
                    if let id = stage.prober { try Child.run("taskset", "-cp", "1", "\(id)") }
                }
            ],
            acts: [
                .neighbour("exec taskset -c 1 chrt -f 10 sh -c 'while :; do :; done'", 2), .noNeighbours(5),
            ],
            sees: [.rate(.prober, 2.2...4.8, in: 0...0.06), .rate(.cpu, 2...5.8, in: 0.27...0.32)],
            must: .met.objectives("inconclusive", "inconclusive", reasons: ["prober_starved"])
                .telling("kept from running"),
            twinSees: [asking, answering, loaded], isAlone: true),
        Scenario(
            "cpu", "the service is stopped while a quota holds back the load",
            .asking("600m", settings: "{ of: host, cgroup: '{cpu}' }", good, quick, back),
            needs: [.service, .group("cpu", quota)],
            acts: [.set("cpu", "cpu.cfs_quota_us", "20000", 2), .stop(.service, 3...4.5)],
            sees: [.rate(.cpu, 2.4...5.8, in: 0.15...0.25), .change(.service, 3.1...4.4, in: 0...0)],
            must: .notMet("quota").objectives(
                "inconclusive", "inconclusive", "inconclusive", reasons: ["load_not_met"]
            ).telling("nothing is known"),
            twinSees: [.rate(.cpu, 2...5.8, in: 0.57...0.63), answering]),
        Scenario(
            "cpu", "the service is well while a quota holds back the load",
            .asking("600m", settings: "{ of: host, cgroup: '{cpu}' }", good, quick, back),
            needs: [.service, .group("cpu", quota)], acts: [.set("cpu", "cpu.cfs_quota_us", "20000", 2)],
            sees: [.rate(.cpu, 2.4...5.8, in: 0.15...0.25), answering],
            must: .notMet("quota").objectives(
                "inconclusive", "inconclusive", "inconclusive", reasons: ["load_not_met"]
            ).telling("nothing is known"),
            twinSees: [.rate(.cpu, 2...5.8, in: 0.57...0.63), answering]),
        Scenario(
            "cpu", "the service is stopped beyond the end of the load",
            .asking("300m", recover: true, good, quick, back), needs: [.service],
            acts: [.stop(.service, 3...7.5)],
            sees: [.change(.service, 3.1...7.4, in: 0...0), loaded],
            must: .met.objectives("lost", "lost", "recovered", back: 1.5).telling("came back"),
            twinSees: [asking, answering, loaded]),
        Scenario(
            "cpu", "the service comes back while who asks is stopped",
            .asking("300m", recover: true, good, back), needs: [.service],
            acts: [.stop(.service, 3...7.5), .stop(.prober, 7.3...7.9)],
            sees: [.change(.service, 3.1...7.4, in: 0...0), .change(.prober, 7.4...7.8, in: 0...0), loaded],
            // It was not seen when: the interval is as wide as that, or nobody knows.
            must: .met.objectives("lost", "inconclusive", reasons: ["prober_starved"], back: 1.5),
            twinSees: [asking, answering, loaded]),
        Scenario(
            "cpu", "nobody takes for two seconds what who asks has seen", .asking("300m", every: "5ms", good, quick),
            needs: [.service], acts: [.stop(.observer, 2.5...4.5)],
            sees: [.rate(.prober, 2.6...4.4, in: 0.0005...0.2), .rate(.service, 2.6...4.4, in: 0.0005...0.8), loaded],
            must: .unverified.objectives("inconclusive", "inconclusive", reasons: ["load_not_met"]),
            twinSees: [asking, loaded]),
    ]
}
