// SPDX-License-Identifier: Apache-2.0

import Engine
import LinuxSystem
import LoadModel
import Stressors
import Testing

/// Percent of what: the base of CPU loads, and the workers that carry them.
struct CPUPlanTests {
    private func base(_ host: HostFacts, _ changes: [String: SettingValue] = [:]) throws -> Base {
        try CPUStressor.base(LoadRequest(CPUStressor.manifest, changes, on: host))
    }

    struct Case: Sendable {
        var of: String
        var affinity = [0, 1, 2, 3]
        var quota: Double?
        var capacity: Double
        var text: String
    }

    @Test(arguments: [
        Case(of: "auto", capacity: 4, text: "host: 4 CPUs online"),
        Case(of: "auto", affinity: [0, 1], capacity: 2, text: "affinity: 2 CPUs"),
        Case(of: "auto", quota: 1.5, capacity: 1.5, text: "cgroup: quota of 1.5 cores (/g/cpu.max)"),
        Case(of: "auto", quota: 8, capacity: 4, text: "host: 4 CPUs online"),
        Case(of: "auto", affinity: [0, 1], quota: 3, capacity: 2, text: "affinity: 2 CPUs"),
        Case(of: "auto", affinity: [0, 1], quota: 0.5, capacity: 0.5, text: "cgroup: quota of 0.5 cores"),
        Case(of: "host", affinity: [0], quota: 0.5, capacity: 4, text: "host: 4 CPUs online"),
        Case(of: "affinity", affinity: [1, 2, 3], quota: 0.5, capacity: 3, text: "affinity: 3 CPUs"),
        Case(of: "cgroup", quota: 2.5, capacity: 2.5, text: "cgroup: quota of 2.5 cores (/g/cpu.max)"),
        Case(of: "cgroup", quota: 16, capacity: 4, text: "is more than 4 CPUs"),
        Case(of: "cgroup", affinity: [0, 1, 2], capacity: 3, text: "cgroup: no quota, so 3 CPUs"),
    ])
    func theBaseIsWhatTheSettingSays(_ example: Case) throws {
        let host = FakeHost.make(affinity: example.affinity, quota: example.quota)
        let base = try base(host, ["of": .text(example.of)])
        #expect(base.capacity == example.capacity)
        #expect(base.free == example.capacity)
        #expect(base.text.contains(example.text), "\(base.text)")
    }

    @Test func chosenCPUsAreTheBase() throws {
        let base = try base(FakeHost.make(), ["cpus": .cpus([1, 3])])
        #expect(base.capacity == 2)
        #expect(base.text.contains("CPUs 1,3"), "\(base.text)")
    }

    @Test(arguments: [[4], [0, 7, 8]])
    func cpusOutsideTheAffinityAreInvalid(cpus: [Int]) {
        let missing = CPUList.text(cpus.filter { $0 > 3 })
        do throws(PlanProblem) {
            _ = try CPUStressor.base(
                LoadRequest(CPUStressor.manifest, ["cpus": .cpus(cpus)], on: FakeHost.make()))
            Issue.record("CPUs \(cpus) were taken")
        } catch {
            guard case .invalid(setting: "cpus", let message) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(message.contains("CPUs \(missing) are not ours") && message.contains("0-3"), "\(message)")
        }
    }

    // MARK: Workers

    private func prepare(
        _ host: HostFacts, peak: Double, _ changes: [String: SettingValue] = [:]
    ) throws -> Preparation {
        let request = LoadRequest(CPUStressor.manifest, changes, on: host)
        return try CPUStressor.prepare(request, base: CPUStressor.base(request), curve: .constant(peak))
    }

    @Test func thereIsAWorkerForEachCoreOfTheBase() throws {
        #expect(try prepare(FakeHost.make(), peak: 0.4).workers == 4)
        #expect(try prepare(FakeHost.make(affinity: [0, 1]), peak: 0.4).workers == 2)
        #expect(try prepare(FakeHost.make(quota: 1.5), peak: 0.4).workers == 2, "a fraction of a core is a worker too")
        #expect(try prepare(FakeHost.make(quota: 0.5), peak: 0.1).workers == 1)
        #expect(try prepare(FakeHost.make(), peak: 0.1, ["cpus": .cpus([2])]).workers == 1)
        #expect(try prepare(FakeHost.make(), peak: 0.4, ["workers": .integer(9)]).workers == 9)
    }

    @Test func theObserverIsPartOfTheLoadUnlessItRunsElsewhere() throws {
        #expect(try prepare(FakeHost.make(), peak: 0.4).includesObserver)
        #expect(try prepare(FakeHost.make(quota: 0.5), peak: 0.4, ["workers": .integer(1)]).includesObserver)
        #expect(try !prepare(FakeHost.make(), peak: 0.4, ["cpus": .cpus([2])]).includesObserver)
        #expect(try !prepare(FakeHost.make(), peak: 0.4, ["cgroup": .text("/g")]).includesObserver)
    }

    @Test func aTargetBeyondTheBaseGetsMoreWorkersButNotMoreThanCPUs() throws {
        #expect(try prepare(FakeHost.make(quota: 0.5), peak: 2.5).workers == 3)
        #expect(try prepare(FakeHost.make(), peak: 40).workers == 4)
    }

    @Test func aTargetWithinReachFindsNothing() throws {
        #expect(try prepare(FakeHost.make(), peak: 4).findings.isEmpty)
        #expect(try prepare(FakeHost.make(quota: 0.5), peak: 0.5).findings.isEmpty)
        #expect(try prepare(FakeHost.make(), peak: 1, ["workers": .integer(1)]).findings.isEmpty)
    }

    @Test func aTargetBeyondTheQuotaNamesTheQuota() throws {
        let findings = try prepare(FakeHost.make(quota: 0.5), peak: 1).findings
        #expect(findings.map(\.code) == ["target_beyond_capacity"])
        #expect(findings.first?.message.contains("the quota in /g/cpu.max allows 0.5 cores") == true, "\(findings)")
    }

    @Test func aTargetBeyondTheWorkersNamesThem() throws {
        let few = try prepare(FakeHost.make(), peak: 2, ["workers": .integer(1)]).findings
        #expect(few.map(\.code) == ["target_beyond_capacity"])
        #expect(few.first?.message.contains("1 workers on 4 CPUs allows 1 core") == true, "\(few)")
        let many = try prepare(FakeHost.make(), peak: 5).findings
        #expect(many.first?.message.contains("4 workers on 4 CPUs allows 4 cores") == true, "\(many)")
        let crowded = try prepare(FakeHost.make(), peak: 2, ["workers": .integer(8), "cpus": .cpus([0])]).findings
        #expect(crowded.first?.message.contains("8 workers on 1 CPUs allows 1 core") == true, "\(crowded)")
    }
}

/// `mode: total` and `cgroup:` of CPU loads.
struct CPUTotalPlanTests {
    private func base(_ host: HostFacts, _ changes: [String: SettingValue]) throws -> Base {
        try CPUStressor.base(LoadRequest(CPUStressor.manifest, changes, on: host))
    }

    @Test func aTotalIsJudgedLessSternly() throws {
        let base = try base(HostFacts.read(), ["mode": .text("total"), "of": .text("host")])
        #expect(base.mode == .total)
        #expect(CPUStressor.manifest.tolerance.ofTotal == .points(2))
        #expect(try self.base(HostFacts.read(), [:]).mode == .add)
    }

    @Test func aTotalThatNobodyCountsIsUnsupported() {
        let host = FakeHost.make(quota: 0.5)
        do throws(PlanProblem) {
            _ = try CPUStressor.base(
                LoadRequest(
                    CPUStressor.manifest, ["mode": .text("total"), "of": .text("cgroup")], on: host))
            Issue.record("/g/cpu.max is a group that does not exist")
        } catch {
            guard case .unsupported(let message) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(message.contains("nobody counts it"), "\(message)")
        }
    }

    @Test func aGroupThatIsJoinedIsTheBase() throws {
        let group: [String: SettingValue] = ["cgroup": .text("/g")]
        #expect(try base(FakeHost.make(), group).text.hasPrefix("cgroup: no quota, so 4 CPUs"))
        let host = FakeHost.make(quota: 8)
        #expect(try base(host, group).text.hasPrefix("cgroup: quota of 8.0 cores is more than 4 CPUs"))
        #expect(try base(host, group.merging(["of": .text("host")]) { $1 }).text.hasPrefix("host: 4 CPUs"))
    }

    @Test func whatExertCannotAddIsUpToOthers() throws {
        let request = LoadRequest(
            CPUStressor.manifest, ["mode": .text("total"), "workers": .integer(1)], on: FakeHost.make())
        let base = Base(capacity: 4, free: 4, text: "host", mode: .total)
        let preparation = try CPUStressor.prepare(request, base: base, curve: .constant(3))
        #expect(preparation.findings.map(\.code) == ["target_beyond_capacity"])
    }
}
