// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Reporting

/// A disk that is written as fast as it goes, and a file system that is held at a total.
private enum DiskFixture {
    static let latency: LatencyPair = {
        var intended = [Int64](repeating: 0, count: LatencyScale.cellCount)
        var service = intended
        for step in 1...1000 {
            intended[LatencyScale.cell(of: Nanoseconds(step) * 10_000)] += 1
            service[LatencyScale.cell(of: 85_500)] += 1
        }
        return LatencyPair(
            intended: LatencyDistribution(counts: intended), service: LatencyDistribution(counts: service))
    }()

    static let plan: Plan = {
        var disk = Curve()
        disk.append(5 * .second, repeating: [.init(length: 5 * .second, .unlimited)])
        var space = Curve()
        space.append(5 * .second, repeating: [.init(length: 5 * .second, .line(950, 950))])
        return Plan(
            profile: "disk", file: "disk.yaml", sha256: "00", seed: 0,
            stressors: [
                PlannedStressor(
                    name: "disk", kind: "disk-bandwidth", unit: .bytesPerSecond, drive: .rate,
                    settings: Settings(values: ["read-share": .percent(70)]), capacity: .infinity,
                    base: "as fast as it goes", curve: disk, workers: 1, quantum: 1048576,
                    tolerance: ToleranceLimit(absolute: 0, ratio: 0.01), witness: "proc_io"),
                PlannedStressor(
                    name: "space", kind: "disk-space", unit: .bytes, drive: .level,
                    settings: Settings(values: ["mode": .text("total")]), capacity: 1000, base: "df", mode: .total,
                    curve: space, workers: 1, processes: 2, tolerance: ToleranceLimit(absolute: 1, ratio: 0),
                    witness: "statvfs"),
            ],
            phases: [
                PlannedPhase(name: "fill", start: 0, length: 5 * .second, loads: ["disk": "max", "space": "95%"])
            ],
            findings: [])
    }()

    static let sample = Sample(
        elapsed: .second, interval: .second, phase: 0,
        readings: [
            Reading(
                stressor: "disk", target: nil, achieved: 9e8, claimed: 9e8, limitedBy: nil, refusals: 0,
                contentBytes: nil, dropped: 3, latency: latency.summary,
                device: DeviceReading(
                    name: "vda", readBytesPerSecond: 0, writeBytesPerSecond: 9.1e8, readOperationsPerSecond: 0,
                    writeOperationsPerSecond: 900.5, queueDepth: 15.25)),
            Reading(
                stressor: "space", target: 950, achieved: 950, own: 300, claimed: 300, limitedBy: nil, refusals: 0,
                contentBytes: nil),
        ],
        host: HostReading(cpuBusyRatio: nil, cpuStealRatio: nil, memoryAvailableBytes: nil))

    static let result = PhaseResult(
        phase: 0, stressor: "disk", isLoaded: true, targetMean: nil, achievedMean: 9e8, claimedMean: 9e8, errorMean: 0,
        errorAbsMean: 0, errorAbsP95: 0, errorAbsMax: 0, tolerance: 9e6, timeToReach: 0.1, timeToContent: nil,
        shortfall: [:], residentBytes: nil, dropped: 3, latency: latency, verdict: .met)

    static func line(_ event: Event) -> [UInt8] {
        var log = EventLog(plan: plan)
        return log.line(Fixture.event(1, event))
    }
}

@Suite struct OperationsLogTests {
    private let schema = try! MiniSchema(LogSchema.jsonSchema())

    private func object(_ event: Event) throws -> [String: Any] {
        let line = DiskFixture.line(event)
        #expect(try schema.accepts(String(decoding: line, as: UTF8.self)))
        return try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    @Test func `as much as there is has neither target nor error`() throws {
        let sample = try object(.sample(DiskFixture.sample))
        let disk = try #require((sample["stressors"] as? [String: [String: Any]])?["disk"])
        #expect(disk["target"] is NSNull && disk["error"] is NSNull && disk["achieved"] as? Double == 9e8)
        let results = try object(.phaseEnded(0, [DiskFixture.result]))["results"] as? [[String: Any]]
        let result = try #require(results?.first)
        #expect(result["target_mean"] is NSNull && result["error_abs_p95"] is NSNull)
        let start = try object(.runStarted(Fixture.host, DiskFixture.plan))
        let plan = try #require((start["plan"] as? [String: Any])?["stressors"] as? [String: [String: Any]])
        #expect(plan["disk"]?["capacity"] is NSNull && plan["disk"]?["peak_target"] is NSNull)
        #expect(plan["space"]?["mode"] as? String == "total" && plan["space"]?["processes"] as? Int == 2)
        #expect((plan["disk"]?["settings"] as? [String: Any])?["read-share"] as? Double == 70)
    }

    @Test func `latencies, drops and the device stand beside the figures`() throws {
        let sample = try object(.sample(DiskFixture.sample))
        let disk = try #require((sample["stressors"] as? [String: [String: Any]])?["disk"])
        #expect(disk["dropped"] as? Int == 3)
        let latency = try #require(disk["latency"] as? [String: Any])
        #expect(latency["operations"] as? Int == 1000)
        let p99 = try #require((latency["intended"] as? [String: Any])?["p99_s"] as? Double)
        #expect(abs(p99 - 0.0099) < 0.00002)
        #expect((disk["device"] as? [String: Any])?["queue_depth"] as? Double == 15.25)
    }

    @Test func `of a total it is told what is ours and what is not`() throws {
        let sample = try object(.sample(DiskFixture.sample))
        let space = try #require((sample["stressors"] as? [String: [String: Any]])?["space"])
        #expect(space["own"] as? Double == 300 && space["others"] as? Double == 650)
        #expect(space["device"] == nil && space["latency"] == nil)
    }

    @Test func `preparing is an event`() throws {
        let event = try object(.preparing("disk", 0.25))
        #expect(event["event"] as? String == "preparing" && event["done_ratio"] as? Double == 0.25)
    }

    @Test func `the summary has a table of latencies`() {
        var record = Fixture.met
        record.plan = DiskFixture.plan
        record.results = [DiskFixture.result]
        let text = SummaryText.text(record, style: TextStyle())
        let rows = text.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(rows.contains { $0.starts(with: ["fill", "disk", "max", "900.0", "MB/s"]) }, "\(text)")
        let wanted: [Substring] = "fill disk intended time 1000 3 5.00 ms 9.00 ms 9.90 ms 9.99 ms 10.0 ms".split(
            separator: " ")
        #expect(rows.contains(wanted), "\(text)")
        #expect(rows.contains { $0.starts(with: ["submission", "85.5", "us", "85.5", "us"]) }, "\(text)")
    }

    @Test func `a run whose second process was not seen to end is not released`() {
        var record = Fixture.met
        record.plan = DiskFixture.plan
        var space = DiskFixture.result
        space.stressor = "space"
        record.results = [DiskFixture.result, space]
        func end(_ name: String, _ pid: Int32) -> StressorEnd {
            StressorEnd(stressor: name, processID: pid, manner: .released, cpuSeconds: 0, releaseSeconds: 0)
        }
        record.ends = [end("disk", 1), end("space", 2)]
        #expect(!record.isReleased)
        record.ends.append(end("space", 3))
        #expect(record.isReleased)
    }
}

@Suite struct HistogramEncodingTests {
    /// Decoded by HdrHistogram's own tools: 3 counts, at 1, 2 and 100 ms.
    @Test func `the text is what HdrHistogram's tools read`() {
        var counts = [Int64](repeating: 0, count: LatencyScale.cellCount)
        for (milliseconds, count) in [(1, 1000), (2, 70), (100, 3)] as [(Int64, Int64)] {
            counts[LatencyScale.cell(of: milliseconds * .millisecond)] = count
        }
        let text = HistogramEncoding.text(of: LatencyDistribution(counts: counts))
        #expect(
            text
                == "HISTFAAAAD54AQEzAMz/HISTEwAAAAsAAAAAAAAAAwAAAAAAAAIAAAAAF0h26AA/8AAAAAAAAMEe0A/9D4wBpVkGmxAIng=="
        )
    }

    @Test func `nothing counted is an empty histogram`() {
        let text = HistogramEncoding.text(of: LatencyDistribution(counts: []))
        #expect(Data(base64Encoded: text)?.count == 59)
    }
}
