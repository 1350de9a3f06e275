// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine
@testable import LinuxSystem

private let s = Nanoseconds.second

/// New loads of a run that goes on, resolved as its plan was.
@Suite struct RetargeterTests {
    /// Of which 100 % is 8, of which 6 are free; it refuses more than 7 and takes a second process beyond 5.
    private struct Fake: Stressor {
        static let manifest = Manifest(
            kind: "fake", summary: "", details: "", reach: .ownProcess, drive: .rate, unit: .bytesPerSecond,
            units: [.operationsPerSecond: .operationsPerSecond], amounts: AmountKind.allCases, keys: [],
            tolerance: ToleranceRule(.points(1)), witness: "", examples: [])
        static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
            Base(capacity: 8, free: 6, text: "", mode: request.amounts.contains(.leave) ? .total : .add)
        }
        static func prepare(_ request: LoadRequest, base: Base, curve: Curve) throws(PlanProblem) -> Preparation {
            guard curve.peak <= 7 else { throw .invalid(setting: nil, "more than 7 is too much") }
            return Preparation(workers: 2, processes: curve.peak > 5 ? 2 : 1)
        }
        static func witness(_ request: WitnessRequest) -> (any Witness)? { nil }
        init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}
        func run(on lane: Lane) throws(StressorFailure) {}
    }

    /// A rate that nobody knows the end of.
    private struct Endless: Stressor {
        static let manifest = Manifest(
            kind: "endless", summary: "", details: "", reach: .ownProcess, drive: .rate, unit: .bytesPerSecond,
            amounts: AmountKind.allCases, keys: [], tolerance: ToleranceRule(.percent(1)), witness: "", examples: [])
        static func base(_ request: LoadRequest) throws(PlanProblem) -> Base {
            Base(capacity: Base.unlimited, free: Base.unlimited, text: "")
        }
        static func prepare(_ request: LoadRequest, base: Base, curve: Curve) throws(PlanProblem) -> Preparation {
            Preparation(workers: 2)
        }
        static func witness(_ request: WitnessRequest) -> (any Witness)? { nil }
        init(_ settings: Settings, process: StressorContext) throws(StressorFailure) {}
        func run(on lane: Lane) throws(StressorFailure) {}
    }

    private static let host = HostFacts(
        name: "", kernel: "", architecture: "", onlineCPUs: [0], affinityCPUs: [0], cpuQuota: nil, memoryTotal: 1,
        memoryAvailable: 1, memoryLimit: nil, numaNodes: 1, memoryNodes: [], hugePages: "never",
        cgroups: CgroupView(mountinfo: "", membership: ""))

    /// A run of two phases of 10 s at 2 and at 4; `shape` is what any text is read as.
    private static func run(
        _ shape: LoadShape, kind: String = "fake"
    ) throws(PlanErrors) -> (stressor: PlannedStressor, retargeter: Retargeter) {
        let mark = SourceMark(line: 1, column: 1)
        func phase(_ name: String, _ amount: Double) -> Phase {
            let load = PhaseLoad(stressor: "a", shape: .hold(.bytesPerSecond(amount)), text: "", mark: mark)
            return Phase(name: name, length: 10 * s, loads: [load], mark: mark)
        }
        let entry = StressorEntry(
            name: "a", kind: kind, settings: Settings(values: [:], marks: [:]), tolerance: nil, mark: mark)
        let profile = Profile(
            name: "", file: "", sha256: "", seed: 1, stressors: [entry], phases: [phase("p", 2), phase("q", 4)],
            guards: [])
        let prepared = try Planner(host: host, catalog: [Fake.self, Endless.self]).prepare(profile)
        let retargeter = Retargeter(prepared) { (_, _, _, _) throws(ProfileErrors) in
            shape
        } readWithin: { (_, _) throws(ProfileErrors) in
            9 * s
        }
        return (prepared.plan.stressors[0], retargeter)
    }

    private static func change(
        _ shape: LoadShape, at time: Nanoseconds = 4 * s, kind: String = "fake", instead before: Curve? = nil
    ) throws -> Curve {
        let (stressor, retargeter) = try run(shape, kind: kind)
        let curve = before ?? stressor.curve
        return try retargeter.change("x", of: stressor, instead: curve, from: time, until: 10 * s, begin: 0).curve
    }

    @Test func `more time for the way than the stretch has is told, as in a plan`() throws {
        let (stressor, retargeter) = try Self.run(.hold(.bytesPerSecond(4)))
        let cut = try retargeter.change(
            "x", within: "9s", of: stressor, instead: stressor.curve, from: 4 * s, until: 10 * s, begin: 0)
        #expect(cut.within == 9 * s && cut.findings.map(\.code) == ["within_cut"])
        #expect(cut.findings.first?.message.contains("3s are granted") == true, "\(cut.findings)")
        let none = try retargeter.change(
            "x", of: stressor, instead: stressor.curve, from: 4 * s, until: 10 * s, begin: 0)
        #expect(none.within == nil && none.findings.isEmpty)
    }

    @Test func `max of a rate without an end can be held, and nothing can slope to it or from it`() throws {
        let held = try Self.change(.hold(.max), kind: "endless")
        #expect(held.unlimitedLength(from: 0, to: 20 * s) == 6 * s && held.value(at: 4 * s) == .infinity)
        #expect(held.area(until: 20 * s) == Double(8 * s + 40 * s))
        let steps = try Self.change(.steps([.max, .bytesPerSecond(1e13)], every: s), kind: "endless")
        #expect(steps.unlimitedLength(from: 0, to: 20 * s) == s && steps.value(at: 9 * s) == 1e13)
        let slopes: [(LoadShape, Curve?, String)] = [
            (.ramp(from: nil, to: .max, over: nil), nil, "held, pulsed or a step"),
            (.sine(from: .bytesPerSecond(1), to: .max, every: s), nil, "held, pulsed or a step"),
            (.ramp(from: nil, to: .bytesPerSecond(1), over: nil), held, "write 'ramp from A to B'"),
        ]
        for (shape, before, reason) in slopes {
            let refusal = #expect(throws: OrderRefusal.self) {
                try Self.change(shape, at: 5 * s, kind: "endless", instead: before)
            }
            #expect(refusal?.kind == .invalid && refusal?.message.contains(reason) == true, "\(shape)")
        }
        let share = #expect(throws: OrderRefusal.self) { try Self.change(.hold(.percent(50)), kind: "endless") }
        #expect(share?.message.contains("no figure to take a share of") == true)
    }

    @Test func `a ramp begins where the load stands, and the next phase is as planned`() throws {
        let curve = try Self.change(.ramp(from: nil, to: .percent(50), over: 2 * s))
        #expect(curve.length == 20 * s)
        #expect(curve.value(at: 4 * s - 1) == 2 && curve.value(at: 4 * s) == 2)
        #expect(abs(curve.value(at: 5 * s) - 3) < 1e-9 && curve.value(at: 7 * s) == 4)
        #expect(curve.value(at: 10 * s - 1) == 4 && curve.value(at: 10 * s) == 4 && curve.value(at: 20 * s - 1) == 4)
        #expect(abs(curve.area(until: 10 * s) / 1e9 - (8 + 6 + 16)) < 1e-9)
    }

    @Test func `percent and leave are of what they were of`() throws {
        #expect(try Self.change(.hold(.percent(25))).value(at: 6 * s) == 2)
        #expect(try Self.change(.hold(.bytesPerSecond(0))).value(at: 6 * s) == 0)
    }

    @Test(
        arguments: [
            (LoadShape.hold(.operationsPerSecond(1)), "is in operations_per_second, and the run began with"),
            (.hold(.leave(.percent(50))), "speaks of another whole"),
            (.hold(.bytesPerSecond(7.5)), "more than 7 is too much"),
            (.hold(.bytesPerSecond(6)), "would need 2 processes and the run began with 1"),
        ] as [(LoadShape, String)])
    func `what does not fit the run is refused with the reason`(shape: LoadShape, reason: String) throws {
        let refusal = #expect(throws: OrderRefusal.self) { try Self.change(shape) }
        #expect(refusal?.kind == .invalid)
        #expect(refusal?.message.contains(reason) == true, "\(refusal?.message ?? "")")
    }
}
