// SPDX-License-Identifier: Apache-2.0

import Engine
import LoadModel
import Testing

@testable import LinuxSystem
@testable import Stressors

/// How memory is divided among nodes, and what stands in the way.
struct NodePlacementTests {
    private static func node(_ number: Int, isAllowed: Bool = true) -> NUMA.Node {
        NUMA.Node(
            number: number, total: 8 << 30, free: 6 << 30, cpus: [2 * number, 2 * number + 1], isAllowed: isAllowed)
    }

    private let host = FakeHost.make(nodes: [node(0), node(1)])

    private func settings(_ selection: NodeSelection, _ more: [String: SettingValue] = [:]) -> [String: SettingValue] {
        more.merging(["nodes": .nodes(selection)]) { $1 }
    }

    private func placed(_ selection: NodeSelection, _ more: [String: SettingValue] = [:]) -> NodePlacement? {
        NodePlacement(Settings(MemoryStressor.manifest, settings(selection, more)), host: host)
    }

    private static let oneToThree = NodeSelection(amounts: [0: .bytes(1 << 30), 1: .bytes(3 << 30)])

    @Test func theSumOfTheAmountsIsExactlyTheAmounts() throws {
        let placement = try #require(placed(Self.oneToThree))
        #expect(placement.parts(of: 4 << 30) == [1 << 30, 3 << 30])
        #expect(placement.targets(of: 4 << 30) == [0: 0x1p30, 1: 3 * 0x1p30])
        #expect(placement.home == 0)
    }

    @Test(arguments: [0, 4096, 8192, 12_288, 1 << 20, (1 << 30) + 4096, (4 << 30) - 4096, 5 << 30, 1 << 60])
    func otherTotalsAreDividedInProportionToThePage(_ total: Int64) throws {
        let placement = try #require(placed(Self.oneToThree))
        let parts = placement.parts(of: total)
        #expect(parts.reduce(0, +) == total)
        #expect(parts.allSatisfy { $0 % 4096 == 0 })
        #expect(abs(parts[1] - total / 4 * 3) <= 2 * 4096)
    }

    @Test func nodesWithoutAmountsHaveEqualParts() throws {
        #expect(try #require(placed(NodeSelection(nodes: [0, 1]))).parts(of: 3 * 4096) == [8192, 4096])
        let one = try #require(placed(NodeSelection(nodes: [1])))
        #expect(one.parts(of: 1 << 30) == [1 << 30])
        #expect(one.home == 1)
    }

    @Test func interleavedNodesAreOnePlace() throws {
        let placement = try #require(placed(NodeSelection(nodes: [0, 1]), ["placement": .text("interleave")]))
        #expect(placement.places.map(\.nodes) == [[0, 1]])
        #expect(placement.targets(of: 1 << 30) == [0: 0x1p29, 1: 0x1p29])
    }

    /// In a process of its own: what other tests hold would be counted as the process's overhead.
    @Test func theSharesOfAllLanesAreTheParts() async {
        await #expect(processExitsWith: .success) {
            let placement = try #require(NodePlacementTests().placed(NodePlacementTests.oneToThree))
            let memory = UnsafeMutableRawPointer.allocate(byteCount: 5 * Gauge.byteCount, alignment: 128)
            memory.initializeMemory(as: UInt8.self, repeating: 0, count: 5 * Gauge.byteCount)
            defer { memory.deallocate() }
            let gauges = (0..<5).map { Gauge(at: memory + $0 * Gauge.byteCount) }
            let shares = try NodeShares(placement, gauges: gauges)
            let own = gauges[0].own
            #expect(own > 0, "the process itself")
            let total: Int64 = 4 << 30
            let held = gauges.indices.map { shares.share(of: total, lane: $0) }
            #expect(held.reduce(0, +) + own == total)
            #expect(held[1] + held[3] == 3 << 30, "what the process has of its own lies on node 0")
            #expect(shares.share(of: 0, lane: 0) == 0)
            #expect(shares.place(of: 3).nodes == [1])
        }
    }

    // MARK: Plan

    private func base(_ values: [String: SettingValue], on host: HostFacts? = nil) throws -> Base {
        try MemoryStressor.base(LoadRequest(MemoryStressor.manifest, values, on: host ?? self.host))
    }

    @Test func amountsAre100Percent() throws {
        let base = try base(settings(NodeSelection(amounts: [0: .bytes(1 << 30), 1: .percent(50)])))
        #expect(base.capacity == 5 * 0x1p30)
        #expect(base.free == base.capacity, "so that max is exactly what is stated")
        #expect(base.text == "nodes: 1073741824 bytes on node 0, 4294967296 bytes on node 1")
    }

    @Test func namedNodesAreTheirMemory() throws {
        let one = try base(settings(NodeSelection(nodes: [1])))
        #expect(one.capacity == 8 * 0x1p30)
        #expect(one.free == Double((6 << 30) - (64 << 20)))
        #expect(one.text.contains("nodes 1: MemTotal"))
        #expect(try base(settings(NodeSelection(nodes: [1]), ["of": .text("host")])).capacity == 0x1p34)
        let small = FakeHost.make(memoryLimit: 0x1p30, nodes: [Self.node(0), Self.node(1)])
        #expect(try base(settings(NodeSelection(nodes: [1])), on: small).capacity == 0x1p30, "the group has less")
    }

    private func problem(_ values: [String: SettingValue], on host: HostFacts? = nil) -> PlanProblem? {
        do throws(PlanProblem) {
            _ = try MemoryStressor.base(LoadRequest(MemoryStressor.manifest, values, on: host ?? self.host))
            return nil
        } catch {
            return error
        }
    }

    private func invalid(_ values: [String: SettingValue]) -> String {
        if case .invalid(let setting, let message)? = problem(values) { "\(setting ?? ""): \(message)" } else { "" }
    }

    @Test func whatMakesNoSenseIsInvalid() {
        #expect(
            invalid(settings(NodeSelection(nodes: [0, 2]))) == "nodes: there is no memory node 2 here; there are 0, 1")
        let tooMuch = invalid(settings(NodeSelection(amounts: [1: .bytes(9 << 30)])))
        #expect(tooMuch.contains("node 1 has 8.000 GiB, less than 9.000 GiB"), "\(tooMuch)")
        #expect(invalid(settings(NodeSelection(amounts: [1: .bytes(100)]))).hasPrefix("nodes: no node is to have"))
        #expect(invalid(settings(Self.oneToThree, ["placement": .text("interleave")])).hasPrefix("placement: "))
        #expect(invalid(settings(Self.oneToThree, ["of": .text("host")])).hasPrefix("of: "))
        #expect(invalid(settings(NodeSelection(nodes: [0]), ["mode": .text("total")])).hasPrefix("mode: "))
    }

    @Test func whatTheHostHasNotIsUnsupported() throws {
        let lonely = FakeHost.make(nodes: [Self.node(0)])
        let none = FakeHost.make()
        for host in [lonely, none] {
            guard case .unsupported(let message)? = problem(settings(NodeSelection(nodes: [1])), on: host) else {
                Issue.record("node 1 was planned")
                return
            }
            #expect(message == "this host has one memory node, 0; leave 'nodes' out, or run where there are more")
        }
        let confined = FakeHost.make(nodes: [Self.node(0), Self.node(1, isAllowed: false)])
        guard case .unsupported(let message)? = problem(settings(NodeSelection(nodes: [1])), on: confined) else {
            Issue.record("a node outside the cpuset was planned")
            return
        }
        #expect(message.contains("cpuset"))
    }

    private func prepare(_ values: [String: SettingValue], _ peak: Double, on host: HostFacts) throws -> Preparation {
        let request = LoadRequest(MemoryStressor.manifest, values, on: host)
        return try MemoryStressor.prepare(request, base: MemoryStressor.base(request), curve: .constant(peak))
    }

    @Test func oneNodeIsANote() throws {
        for host in [FakeHost.make(nodes: [Self.node(0)]), FakeHost.make()] {
            let findings = try prepare(settings(NodeSelection(nodes: [0])), 0x1p28, on: host).findings
            #expect(findings.map(\.code) == ["one_memory_node"])
            #expect(findings.map(\.severity) == [.note])
        }
    }

    @Test func aNodeThatHasLessRoomIsNamed() throws {
        let selection = NodeSelection(amounts: [0: .bytes(1 << 30), 1: .bytes(7 << 30)])
        let findings = try prepare(settings(selection), 0x1p33, on: host).findings
        #expect(findings.map(\.code) == ["target_beyond_node"])
        #expect(findings.first?.message.contains("node 1 is to have 7.000 GiB") == true)
    }

    @Test func eachPlaceHasAsManyWorkers() throws {
        func workers(_ selection: NodeSelection, _ more: [String: SettingValue] = [:]) throws -> Int {
            try prepare(settings(selection, more), 0x1p30, on: host).workers
        }
        #expect(try workers(Self.oneToThree) == 4)
        #expect(try workers(Self.oneToThree, ["workers": .integer(1)]) == 2)
        #expect(try workers(Self.oneToThree, ["workers": .integer(5)]) == 4)
        #expect(
            try workers(NodeSelection(nodes: [0, 1]), ["placement": .text("interleave"), "workers": .integer(3)]) == 3)
    }

    @Test func percentagesOfNodesAreResolvedForTheProcess() throws {
        let selection = NodeSelection(amounts: [0: .percent(25), 1: .bytes(4097)])
        let resolved = try prepare(settings(selection), 0x1p28, on: host).settings["nodes"]
        #expect(resolved == .nodes(NodeSelection(amounts: [0: .bytes(2 << 30), 1: .bytes(4096)])))
    }

    @Test func misplacedMemoryIsToldByTheHugePage() {
        let target = [0: 0x1p30, 1: 0x1p30]
        #expect(NodeReading(bytes: [0: 0x1p30 + 0x1p21, 1: 0x1p30], targets: target).misplacement == nil)
        let wrong = NodeReading(bytes: [0: 0x1p30 + 0x1p22, 1: 0x1p30 - 0x1p22], targets: target).misplacement ?? ""
        #expect(wrong.contains("node 0 has 1.004 GiB and should have 1.000 GiB"))
        #expect(wrong.contains("node 1 has 0.996 GiB and should have 1.000 GiB"))
        let elsewhere = NodeReading(bytes: [1: 0x1p30], targets: [0: 0x1p30]).misplacement ?? ""
        #expect(elsewhere.contains("node 0 has 0 bytes and should have 1.000 GiB"), "\(elsewhere)")
        #expect(NodeReading(bytes: [1: 0x1p30]).misplacement == nil)
    }
}
