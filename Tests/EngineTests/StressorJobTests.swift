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
            curve: curve(10 * .second, .pulse(.cores(1.5), width: .millisecond, every: .second)), workers: workers,
            killAfter: 20 * .second)
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

    @Test(
        arguments: [
            "", "name\tcpu", "kind\tcpu", "name\tcpu\nkind", "name\tcpu\nkind\tcpu\nsetting\tkey\ttext",
            "name\tcpu\nkind\tcpu\nsetting\tkey\tcolour\tred", "name\tcpu\nkind\tcpu\nsetting\tkey\tinteger\tmany",
            "name\tcpu\nkind\tcpu\nsetting\tkey\tcpus\t3-1", "name\tcpu\nkind\tcpu\nsetting\tkey\tbytes\t1.5",
            "name\tcpu\nkind\tcpu\nnonsense",
        ])
    func `what is not a job is none: no setting is lost in silence`(text: String) {
        #expect(StressorJob(text: Array(text.utf8), curve: Curve(), workers: 1, killAfter: 0) == nil)
    }

    @Test func `text that is not UTF-8 does not trap`() {
        #expect(StressorJob(text: [0xFF, 0x00, 0x0A, 0xC3], curve: Curve(), workers: 1, killAfter: 0) == nil)
    }
}
