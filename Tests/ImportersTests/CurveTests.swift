// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Importers

/// k6 and Locust: areas are those of their curves.
struct CurveTests {
    private static func options(_ kind: String = "cpu", _ peak: String = "80%") -> ImportOptions {
        Fixture.options {
            $0.kind = kind
            $0.peak = peak
        }
    }

    @Test func `k6's stages have the area of their lines`() throws {
        let imported = try Importer.file(Fixture.source("options.json"), of: .k6, Self.options())
        let areas = try Fixture.areas(imported.profile ?? "").map { $0["cpu"] ?? 0 }
        // Users times seconds, 300, 1200, 7500, 1500, 0 and 300, of 50 users at most, which are 80 %.
        let wanted: [Double] = [480, 1920, 12_000, 2400, 0, 480]
        #expect(areas.count == wanted.count)
        for (area, wanted) in zip(areas, wanted) { #expect(abs(area - wanted) <= wanted / 1000, "\(areas)") }
    }

    @Test func `Locust's users come at their rate and stay`() throws {
        let imported = try Importer.file(
            Fixture.source("stages.json"), of: .locust, Self.options("memory", "1000B"))
        let areas = try Fixture.areas(imported.profile ?? "").map { $0["memory"] ?? 0 }
        // From 0 to 10 in 1 s, to 50 in 20 s, up for 10 s only, to 10 in 5 s, to 0 in 0.1 s; 60 at most.
        let users: [Double] = [595, 1600, 550, 425, 0.5]
        let wanted = users.map { $0 * 1000 / 60 }
        #expect(areas.count == wanted.count)
        for (area, wanted) in zip(areas, wanted) { #expect(abs(area - wanted) <= wanted / 1000, "\(areas)") }
    }

    @Test(arguments: [
        ("{\"vus\": 5, \"duration\": \"10s\"}", 80.0 * 10),
        ("{\"vus\": 0, \"stages\": [{\"duration\": \"10s\", \"target\": 9}]}", 400),
        ("{\"stages\": [{\"duration\": \"0s\", \"target\": 4}, {\"duration\": 5000, \"target\": 4}]}", 400),
    ])
    func shortFormsAreRead(text: String, area: Double) throws {
        let imported = try Fixture.file(.k6, text, Self.options())
        let areas = try Fixture.areas(imported.profile ?? "").map { $0["cpu"] ?? 0 }
        #expect(areas.reduce(0, +) == area)
    }

    @Test func `requests are counted by the second`() throws {
        let imported = try Fixture.file(
            .k6,
            """
            {"scenarios": {
              "a": {"executor": "constant-arrival-rate", "rate": 120, "timeUnit": "1m", "duration": "10s"},
              "b": {"executor": "ramping-arrival-rate", "startTime": "10s", "startRate": 1, "timeUnit": null,
                    "stages": [{"duration": "10s", "target": 4}]}}}
            """, Self.options())
        #expect(
            imported.body.contains("cpu: 40%") && imported.body.contains("ramp from 20% to 80%"), "\(imported.body)")
        #expect(imported.account.isExact)
    }

    @Test(arguments: ["cpu", "processes"])
    func scenariosAtOnceReachThePeakTogether(kind: String) throws {
        let imported = try Fixture.file(
            .k6,
            """
            {"scenarios": {
              "a": {"executor": "constant-vus", "vus": 30, "duration": "20s"},
              "b": {"executor": "ramping-vus", "startTime": "10s", "startVUs": 0,
                    "stages": [{"duration": "10s", "target": 50}, {"duration": "10s", "target": 0}]}}}
            """, Self.options(kind, kind == "cpu" ? "80%" : "160"))
        let areas = try Fixture.areas(imported.profile ?? "").map { ($0[kind] ?? 0) / (kind == "cpu" ? 1 : 2) }
        // 30 users, then 30 to 80, then 50 to 0, of 80 at most, which are 80 % or twice as many processes.
        let wanted: [Double] = [300, 550, 250]
        #expect(areas.count == wanted.count)
        for (area, wanted) in zip(areas, wanted) { #expect(abs(area - wanted) <= wanted / 1000, "\(areas)") }
        #expect(imported.body.contains("name: a-and-b-1, for: 10s"), "\(imported.body)")
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }

    @Test func `scenarios of very many stages are refused`() {
        let scenario = "{\"executor\": \"constant-vus\", \"vus\": 1, \"duration\": \"1s\"}"
        let scenarios = (0...1000).map { "\"s\($0)\": \(scenario)" }.joined(separator: ", ")
        #expect(
            Fixture.refusal { try Fixture.file(.k6, "{\"scenarios\": {\(scenarios)}}", Self.options()) }
                .contains("more than 1000 stages"))
    }

    @Test func `a curve says what its peak stands for`() {
        let text = "{\"vus\": 5, \"duration\": \"10s\"}"
        #expect(Fixture.refusal { try Fixture.file(.k6, text) }.contains("--as cpu --peak 80%"))
        #expect(Fixture.refusal { try Fixture.file(.k6, text, Self.options("cpu", "much")) }.contains("--peak takes"))
        let flat = "{\"vus\": 0, \"duration\": \"10s\"}"
        #expect(Fixture.refusal { try Fixture.file(.k6, flat, Self.options()) }.contains("never rises"))
    }

    @Test func `whole things stay whole`() throws {
        let imported = try Fixture.file(
            .k6,
            "{\"vus\": 0, \"stages\": [{\"duration\": \"10s\", \"target\": 1}, {\"duration\": \"5s\", \"target\": 3}]}",
            Self.options("processes", "100"))
        #expect(imported.body.contains("ramp from 0 to 33"))
        #expect(Fixture.problems(imported.profile ?? "") == "")
    }

    @Test(arguments: [
        ("[{\"duration\": 10, \"users\": 5}]", "'spawn_rate' is missing"),
        ("[{\"duration\": 10, \"users\": 5, \"spawn_rate\": 0}]", "never reached"),
        (
            "[{\"duration\": 9, \"users\": 5, \"spawn_rate\": 1}, {\"duration\": 9, \"users\": 5, \"spawn_rate\": 1}]",
            "grows"
        ),
        ("{\"a\": 1}", "a list of"), ("[{\"duration\": \"1e9\", \"users\": 5, \"spawn_rate\": 1}]", "a number from 0"),
    ])
    func stagesThatAreNoneAreRefused(text: String, reason: String) {
        #expect(Fixture.refusal { try Fixture.file(.locust, text, Self.options()) }.contains(reason))
    }
}
