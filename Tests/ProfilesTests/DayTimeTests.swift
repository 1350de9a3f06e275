// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Shapes whose periods begin at a time of day.
struct DayTimeTests {
    private static func time(_ load: String) -> DayTime? {
        if case .onClock(_, let time)? = TestManifests.shape(load) { time } else { nil }
    }

    @Test func timesAndZonesAreRead() {
        let hour = 3600 * Nanoseconds.second
        let sine = TestManifests.shape("sine 10% to 80% every 24h starting at 14:00 Europe/Berlin")
        #expect(
            sine
                == .onClock(
                    .sine(from: .percent(10), to: .percent(80), every: 24 * hour),
                    DayTime(sinceMidnight: 14 * hour, zone: "Europe/Berlin")))
        #expect(Self.time("pulse 80% for 1h every 24h starting at 02:30:15 +05:30")?.sinceMidnight == 9_015 * .second)
        #expect(Self.time("sawtooth 1% to 2% every 1h starting at 00:00 local")?.zone == "local")
        guard case .sum(let parts)? = TestManifests.shape("20% + sine 0% to 10% every 24h starting at 02:00 UTC") else {
            Issue.record("no sum")
            return
        }
        #expect(parts[1].isOnClock && !parts[0].isOnClock)
    }

    @Test(arguments: [
        ("sine 1% to 2% every 1h starting at 14:00", "name the time zone, such as '14:00 UTC'"),
        ("sine 1% to 2% every 1h starting at 24:00 UTC", "'24:00' is no time of day"),
        ("sine 1% to 2% every 1h starting at 2:00 UTC", "'2:00' is no time of day"),
        ("sine 1% to 2% every 1h starting 14:00 UTC", "write it as 'starting at 14:00 UTC'"),
        ("sine 1% to 2% every 1h starting at 14:00 +2:00", "'+2:00' is no time zone"),
        ("sine 1% to 2% every 1h starting at 14:00 Europe//Berlin", "'Europe//Berlin' is no time zone"),
        ("sine 1% to 2% every 1h starting at 14:00 UTC today", "unexpected 'today' behind the time zone"),
        ("sine 1% to 2% every 1h offset 90deg starting at 14:00 UTC", "not both; leave one out"),
        ("random 1% to 2% every 1h starting at 14:00 UTC", "'starting' does not belong here in 'random'"),
        ("50% starting at 14:00 UTC", "'starting' needs a shape in front of the load"),
    ])
    func whatIsWrongIsTold(load: String, problem: String) {
        let found = TestManifests.loadProblem(load)
        #expect(found.contains(problem), "\(found)")
    }

    @Test func aShapeBeginsAsFarInItsPeriodAsItIs() throws {
        let second = Nanoseconds.second
        let hour = 3600 * second
        var shape = try #require(TestManifests.shape("sine 0% to 80% every 24h starting at 02:00 UTC"))
        shape = shape.mapTimes { time in
            var time = time
            time.instant = 1000 * 86_400 * second
            return time
        }
        func curve(_ since: Nanoseconds) -> Curve {
            var curve = Curve()
            _ = curve.append(30 * hour, shape.begun(at: 1000 * 86_400 * second + since), from: 0, seed: 0) {
                $0.number ?? ($0 == .percent(80) ? 80 : 0)
            }
            return curve
        }
        #expect(abs(curve(12 * hour).value(at: 0) - 80) < 1e-9, "the peak is half a day after it")
        #expect(abs(curve(6 * hour).value(at: 0) - 40) < 1e-9 && abs(curve(-18 * hour).value(at: 0) - 40) < 1e-9)
        // A day has the same area wherever it begins.
        #expect(abs(curve(7 * hour).area(until: 24 * hour) / Double(24 * hour) - 40) < 1e-6)
    }

    @Test func schemaAndReaderAgree() throws {
        let loads: [(String, Bool)] = [
            ("sine 1% to 2% every 1h starting at 14:00 UTC", true), ("sine 1% to 2% every 1h starting at 14:00", false),
            ("pulse 1% for 1s every 1h starting at 23:59:59 -03:30", true),
            ("20% + sawtooth 1% to 2% every 1h starting at 14:00 Europe/Berlin", true),
            ("random 1% to 2% every 1h starting at 14:00 UTC", false),
            ("sine 1% to 2% every 1h starting at 25:00 UTC", false),
        ]
        for (load, isRight) in loads {
            try TestManifests.expectAgreement(
                on: #"{"phases": [{"for": "1m", "load": {"cpu": "\#(load)"}}]}"#, isRight: isRight)
        }
    }
}
