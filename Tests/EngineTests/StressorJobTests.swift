// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

@Suite struct StressorJobTests {
    static func job(
        name: String = "cpu", kind: String = "cpu", _ values: [String: SettingValue] = [:], workers: Int = 2
    ) -> StressorJob {
        StressorJob(
            name: name, kind: kind, settings: Settings(values: values),
            curve: curve(10 * .second, .pulse(.cores(1.5), width: .millisecond, every: .second)), unit: .cores,
            workers: workers, killAfter: 20 * .second)
    }

    private func roundTrip(_ job: StressorJob) -> StressorJob? {
        StressorJob(text: job.text, curve: job.curve, workers: job.workers, killAfter: job.killAfter)
    }

    @Test(
        arguments: [
            .text("int"), .text(""), .text("/var/lib/with space"), .text("a\tb"), .text("a\nb\r\nc"),
            .text("back\\slash\\n"), .text("\u{301}combining"),
            .text("Speicher voll: 日本語 👩‍🚀"), .integer(0), .integer(.min), .integer(.max),
            .boolean(true), .boolean(false), .cpus([0, 1, 2, 5, 8191]), .cpus([]), .cpus([3]), .bytes(.max), .bytes(0),
            .percent(0), .percent(33.3), .nodes(NodeSelection(nodes: [0, 1, 5])), .nodes(NodeSelection(nodes: [])),
            .nodes(NodeSelection(amounts: [0: .bytes(.max), 7: .percent(33.3)])),
            .directory(HeldDirectory(path: "/with space\tand tab", descriptor: 5)),
        ] as [SettingValue])
    func `a setting of any type arrives as it was sent`(value: SettingValue) throws {
        let job = Self.job(["key-1": value, "z": .integer(1)])
        let arrived = try #require(roundTrip(job))
        #expect(arrived.settings.values == job.settings.values)
    }

    @Test(arguments: ["cpu", "Größe", "two words", "tab\tand\nline", "日本語"])
    func `a name of any kind arrives as it was sent`(name: String) throws {
        let arrived = try #require(roundTrip(Self.job(name: name, kind: "disk-space")))
        #expect(arrived.name == name && arrived.kind == "disk-space")
        #expect(arrived.settings.values.isEmpty)
        #expect(arrived.workers == 2 && arrived.killAfter == 20 * .second)
    }

    @Test func `unit, mode, run, processes and timing arrive as they were sent`() throws {
        var job = Self.job(workers: 6)
        job.unit = .operationsPerSecond
        job.mode = .total
        job.runID = "01J"
        job.processes = 3
        job.hasLatency = true
        job.groups = ["/sys/fs/cgroup/cpu/a b", "/sys/fs/cgroup/memory/x\ty"]
        job.releaseLimit = 7
        let arrived = try #require(roundTrip(job))
        #expect(arrived.unit == .operationsPerSecond && arrived.mode == .total && arrived.runID == "01J")
        #expect(arrived.groups == job.groups)
        #expect(arrived.processes == 3 && arrived.hasLatency && arrived.releaseLimit == 7)
    }

    @Test(
        arguments: [
            "kind", "setting\tkey\ttext", "setting\tkey\tcolour\tred", "setting\tkey\tinteger\tmany",
            "setting\tkey\tcpus\t3-1", "setting\tkey\tbytes\t1.5",
            "setting\tkey\tnodes\t3-1", "setting\tkey\tnodes\t0=x", "setting\tkey\tnodes\t0=1 0=2", "nonsense",
            "unit\tparsecs", "mode\tboth",
            "processes\t0", "processes\t3", "processes\tmany", "latency\tperhaps",
        ])
    func `what is not a job is none: no setting is lost in silence`(line: String) {
        let text = Self.job().text
        #expect(StressorJob(text: text, curve: Curve(), workers: 2, killAfter: 0) != nil)
        let damaged = text + Array("\n\(line)".utf8)
        #expect(StressorJob(text: damaged, curve: Curve(), workers: 2, killAfter: 0) == nil)
    }

    @Test(arguments: ["name", "kind", "unit", "mode", "run", "processes", "latency", "release"])
    func `a job that lacks a line is none`(word: String) {
        let lines = String(decoding: Self.job().text, as: UTF8.self).split(separator: "\n")
        let rest = lines.filter { !$0.hasPrefix(word + "\t") }.joined(separator: "\n")
        #expect(rest.utf8.count < Self.job().text.count)
        #expect(StressorJob(text: Array(rest.utf8), curve: Curve(), workers: 2, killAfter: 0) == nil)
    }

    @Test func `text that is not UTF-8 does not trap`() {
        #expect(StressorJob(text: [0xFF, 0x00, 0x0A, 0xC3], curve: Curve(), workers: 1, killAfter: 0) == nil)
    }
}
