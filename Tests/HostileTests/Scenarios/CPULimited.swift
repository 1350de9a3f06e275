// SPDX-License-Identifier: Apache-2.0

/// CPU loads that others hold back: quotas, lost processors, neighbours.
extension Scenario {
    private static let whole: [(file: String, value: String)] = [
        ("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "100000"),
    ]
    private static let burner = "while :; do :; done"

    static let cpuLimited: [Scenario] = [
        Scenario(
            "cpu", "a quota set during the run", .load("cpu=700m", "of=host", "cgroup={cpu}", seconds: 5),
            needs: [.group("cpu")], acts: [.set("cpu", "cpu.cfs_quota_us", "20000", 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0.15...0.25)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.665...0.735)]),
        Scenario(
            "cpu", "a quota lowered during the run", .load("cpu=600m", "of=host", "cgroup={cpu}", seconds: 5),
            needs: [.group("cpu", whole)], acts: [.set("cpu", "cpu.cfs_quota_us", "30000", 2)],
            sees: [.rate(.cpu, 2.4...4.8, in: 0.24...0.36)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.57...0.63)]),
        Scenario(
            "cpu", "a parent's quota set during the run",
            .load("cpu=600m", "of=host", "cgroup={cpu}/child", seconds: 5),
            needs: [.group("cpu", child: true)], acts: [.set("cpu", "cpu.cfs_quota_us", "20000", 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0.15...0.25)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.57...0.63)]),
        Scenario(
            "cpu", "a quota that is raised too late", .load("cpu=600m", "of=host", "cgroup={cpu}", seconds: 5),
            needs: [.group("cpu", whole)],
            acts: [.set("cpu", "cpu.cfs_quota_us", "10000", 0), .set("cpu", "cpu.cfs_quota_us", "-1", 3)],
            sees: [
                .rate(.cpu, 0.4...2.9, in: 0.05...0.15),
                // What is made up for comes in measure: a tenth above the target over any second.
                .fastest(.cpu, over: 1, 3.1...4.9, in: 0.5...0.69),
            ], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.57...0.63)]),
        Scenario(
            "cpu", "the stressor moved to a group with less", .load("cpu=500m", "of=host", seconds: 5),
            needs: [.group("cpu", [("cpu.cfs_quota_us", "10000")])],
            acts: [.move(to: "cpu", 2)],
            sees: [.rate(.cpu, 2.5...4.8, in: 0.05...0.16)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.475...0.525)]),
        Scenario(
            "cpu", "moved out of the group that was asked for",
            .load("cpu=500m", "of=host", "cgroup={cpu}/child", seconds: 5), needs: [.group("cpu", child: true)],
            acts: [.move(to: "cpu", 2)],
            sees: [.rate(.cpu, 2.5...4.8, in: 0.47...0.53)], must: .notMet("left_group"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.475...0.525)]),
        Scenario(
            "cpu", "one of its threads frozen", .load("cpu=400m", "workers=2", seconds: 5), needs: [.group("freezer")],
            acts: [.moveThread(to: "freezer", 1.4), .freeze(1.5...4.6)],
            sees: [.rate(.cpu, 2...4.5, in: 0.15...0.26)], must: .notMet("frozen"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.38...0.42)]),
        Scenario(
            "cpu", "one of its threads in a group with less", .load("cpu=400m", "workers=2", seconds: 5),
            needs: [.group("cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "2000")])],
            acts: [.moveThread(to: "cpu", 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0.18...0.28)], must: .notMet("quota"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.38...0.42)]),
        Scenario(
            "cpu", "RLIMIT_CPU set during the run ends it", .load("cpu=700m", seconds: 4),
            acts: [.tool(["prlimit", "--cpu=1:1", "--pid"], 1.8)],
            sees: [.rate(.cpu, 0.3...1.7, in: 0.65...0.75)],
            must: Must(verdicts: ["killed"], causes: ["process_limit"]).telling("RLIMIT_CPU of 1 s"),
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.665...0.735)]),
        Scenario(
            "cpu", "a soft RLIMIT_CPU set during the run ends it", .load("cpu=700m", seconds: 4),
            acts: [.tool(["prlimit", "--cpu=1:100", "--pid"], 1.8)],
            sees: [.rate(.cpu, 0.3...1.7, in: 0.65...0.75)],
            must: Must(verdicts: ["killed"], causes: ["process_limit"]).telling("RLIMIT_CPU of 1 s"),
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.665...0.735)]),
        Scenario(
            "cpu", "a neighbour uses up the parent's quota",
            .load("cpu=600m", "of=host", "cgroup={cpu}/child", seconds: 5),
            needs: [.group("cpu", whole, child: true)],
            acts: [.neighbour("echo $$ >'{cpu}/cgroup.procs'; \(burner) & \(burner) & \(burner) & \(burner)", 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0...0.56)], must: .notMet("quota", "contention"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.57...0.63)], isAlone: true),
        Scenario(
            "cpu", "confined to one processor", .load("cpu=1.4 cores", "of=host", "workers=2", seconds: 5),
            acts: [.tool(["taskset", "-acp", "0"], 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0.5...1.02)], must: .notMet("offline"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 1.3...1.47)], isAlone: true),
        Scenario(
            "cpu", "neighbours burn beside it", .load("cpu=1.6 cores", "of=host", "cpus=0-1", seconds: 5),
            acts: [.neighbour("taskset 3 sh -c '\(burner)'", 1, count: 6)],
            sees: [.rate(.cpu, 2...4.8, in: 0.1...1.3)], must: .notMet("contention"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 1.45...1.68)], isAlone: true),
        Scenario(
            "cpu", "an idle load gives way to a neighbour", .load("cpu=500m", "priority=idle", "cpus=1", seconds: 5),
            acts: [.neighbour("taskset 2 sh -c '\(burner)'", 1.5)],
            sees: [.rate(.cpu, 2...4.8, in: 0...0.1)], must: .notMet("contention"),
            twinSees: [.rate(.cpu, 0.5...4.8, in: 0.47...0.53)], isAlone: true),
        Scenario(
            "cpu", "RLIMIT_CPU ends it", .load("cpu=700m", seconds: 4), acts: [.launch("ulimit -t 1")],
            sees: [.change(.cpu, 0.1...1.2, in: 0.3...1), .peak(.cpu, 0...4, in: 0.9...1.5)],
            must: .killed.telling("process_limit", "RLIMIT_CPU"),
            twinSees: [.rate(.cpu, 0.5...3.8, in: 0.665...0.735)]),
        Scenario(
            "cpu", "a total that others alone exceed",
            .load("cpu=300m", "mode=total", "of=cgroup", "cgroup={path}", seconds: 5),
            needs: [.group("cpu", whole), .group("cpuacct")],
            acts: [
                .neighbour(
                    "echo $$ >'{cpu}/cgroup.procs'; echo $$ >'{cpuacct}/cgroup.procs'; \(burner)", 1.5)
            ],
            sees: [.rate(.groupCPU, 2...4.8, in: 0.6...1.05)], must: .notMet("others"),
            twinSees: [.rate(.groupCPU, 1...4.8, in: 0.28...0.32)], isAlone: true),
    ]
}
