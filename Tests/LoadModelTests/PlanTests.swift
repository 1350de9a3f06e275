// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

private let s = Nanoseconds.second

@Suite struct PlanTests {
    private static func plan(_ lengths: [Nanoseconds]) -> Plan {
        var start: Nanoseconds = 0
        let phases = lengths.enumerated().map { index, length in
            defer { start += length }
            return PlannedPhase(name: "p\(index)", start: start, length: length, loads: [:])
        }
        return Plan(profile: "p", file: "p.yaml", sha256: "", seed: 0, stressors: [], phases: phases, findings: [])
    }

    @Test func `a phase begins at its start and ends where the next begins`() {
        let plan = Self.plan([10 * s, 1, 5 * s])
        let times: [Nanoseconds] = [-1, 0, 10 * s - 1, 10 * s, 10 * s + 1, 15 * s, 15 * s + 1, 999 * s]
        #expect(times.map(plan.phaseIndex) == [0, 0, 0, 1, 2, 2, 2, 2])
        #expect(plan.length == 15 * s + 1)
    }

    @Test func `a plan without phases has no length and no trap`() {
        #expect(Self.plan([]).length == 0)
        #expect(Self.plan([]).phaseIndex(at: 5) == 0)
    }

    @Test(
        arguments: [
            (0.02, 0, 100, 0.02), (0, 0.01, 200, 2), (1, 0.01, 50, 1), (1, 0.01, 200, 2), (0, 0.01, 0, 0),
        ] as [(Double, Double, Double, Double)])
    func `a tolerance is the larger of its amount and its share`(
        absolute: Double, ratio: Double, target: Double, allowed: Double
    ) {
        #expect(ToleranceLimit(absolute: absolute, ratio: ratio).allowed(at: target) == allowed)
    }

    @Test func `work of cores is nanoseconds, other work is counted a second`() {
        #expect(Unit.allCases.map(\.workPerArea) == [1, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9])
    }

    @Test func `nanoseconds are rounded and saturate`() {
        #expect(Nanoseconds(seconds: 1.5) == 1_500_000_000)
        #expect(Nanoseconds(seconds: 2.6e-9) == 3)
        #expect(Nanoseconds(seconds: 1e300) == .max)
        #expect(Nanoseconds(seconds: -.infinity) == .min)
        #expect((250 * Nanoseconds.millisecond).seconds == 0.25)
    }

    @Test func `settings begin with the defaults and give only what has the asked type`() {
        let manifest = Manifest(
            kind: "k", summary: "", details: "", reach: .ownProcess, drive: .level, unit: .bytes, amounts: [.bytes],
            keys: [
                Manifest.Key("mode", .choice(["a", "b"]), default: .text("a"), reach: .always(.ownProcess), help: ""),
                Manifest.Key("directory", .text, default: nil, reach: .always(.ownProcess), help: ""),
            ], tolerance: ToleranceRule(.percent(1)), witness: "w", examples: [])
        var settings = Settings(defaultsOf: manifest)
        #expect(settings.values == ["mode": .text("a")])
        settings.values["lock"] = .boolean(true)
        settings.values["cpus"] = .cpus([0, 2])
        settings.values["keep"] = .bytes(5)
        settings.values["workers"] = .integer(3)
        #expect(settings.text("mode") == "a")
        #expect(settings.text("workers") == nil)
        #expect(settings.integer("workers") == 3)
        #expect(settings.flag("lock") && !settings.flag("mode") && !settings.flag("absent"))
        #expect(settings.cpus("cpus") == [0, 2])
        #expect(settings.bytes("keep") == 5)
        #expect(settings.bytes("workers") == nil)
    }
}
