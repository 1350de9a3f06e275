// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct NotationTests {
    @Test(
        arguments: [
            ("30s", 30 * .second), ("2m", 120 * .second), ("1h30m", 5400 * .second), ("250ms", 250 * .millisecond),
            ("1.5s", 1500 * .millisecond), ("1d", 86_400 * .second), ("0s", 0), (" 1s ", .second),
            ("1d2h3m4s5ms", 93_784_005 * .millisecond), ("0.1s", 100 * .millisecond), ("30d", 30 * 86_400 * .second),
            ("0.0000001ms", 1),
        ] as [(String, Nanoseconds)])
    func durations(text: String, length: Nanoseconds) throws {
        #expect(try UnitNotation.duration(text) == length)
    }

    @Test(arguments: [
        ("", "a duration is missing; write one such as '30s'"),
        ("30", "'30' has no unit; write it such as '30s' or '30m'"),
        ("1:30", "'1:30' could be minutes or hours; write a duration such as '1h30m' or '1m30s'"),
        ("-1s", "'-1s' is negative; write a number from 0 on"),
        ("010s", "'010s' has a leading zero; write the number without it"),
        ("1_0s", "'1_0s' has an underscore; write the digits without it"),
        ("30 s", "'30 s' has a space; write a duration in one word such as '30s'"),
        ("1h 30m", "unexpected '30m' after '1h'; write a duration in one word such as '1h30m'"),
        ("30sec", "unknown unit 'sec' in '30sec'; did you mean 's'?"),
        ("5M", "unknown unit 'M' in '5M'; did you mean 'm'?"),
        ("3w", "unknown unit 'w' in '3w'; a duration takes: d, h, m, s, ms"),
        ("1m1h", "'1m1h' is out of order; write each unit once, the longest first"),
        ("1s1s", "'1s1s' is out of order; write each unit once, the longest first"),
        ("3651d", "'3651d' is too long; the limit is 3650d"),
        ("99999999999999999999d", "'99999999999999999999d' is too large"),
        ("soon", "'soon' is not a duration; write one such as '30s', '2m' or '1h30m'"),
        ("1e3s", "'1e3s' has an exponent; write the number in plain digits"),
        ("1.s", "'1.s' ends its number with a point; write digits after it or leave it out"),
    ])
    func wrongDurations(text: String, message: String) {
        #expect(throws: NotationError.self) { try UnitNotation.duration(text) }
        do throws(NotationError) {
            _ = try UnitNotation.duration(text)
        } catch {
            #expect(error.message == message)
        }
    }

    @Test func durationsAreWrittenAsTheyAreRead() throws {
        for text in ["0s", "1s", "1h30m", "250ms", "1d", "1.5ms", "1s500ms"] {
            let length = try UnitNotation.duration(text)
            #expect(try UnitNotation.duration(UnitNotation.text(of: length)) == length || length % .millisecond != 0)
        }
        #expect(UnitNotation.text(of: 90 * .second) == "1m30s")
        #expect(UnitNotation.text(of: 0) == "0s")
    }

    @Test(
        arguments: [
            ("80%", .percent(80)), ("0%", .percent(0)), ("100%", .percent(100)), ("12.5 %", .percent(12.5)),
            ("1.5 cores", .cores(1.5)), ("1 core", .cores(1)), ("500m", .cores(0.5)), ("7m", .cores(0.007)),
            ("2GiB", .bytes(0x1p31)), ("512 MiB", .bytes(0x1p29)), ("1.5GB", .bytes(1.5e9)), ("10B", .bytes(10)),
            ("3kB", .bytes(3000)), ("3KiB", .bytes(3072)), ("1TB", .bytes(1e12)), ("1TiB", .bytes(0x1p40)),
            ("15000", .count(15000)), ("50MB/s", .bytesPerSecond(5e7)), ("1 GiB/s", .bytesPerSecond(0x1p30)),
            ("2000 iops", .operationsPerSecond(2000)), ("2000iops", .operationsPerSecond(2000)), ("max", .max),
            ("leave 8MiB", .leave(.bytes(0x1p23))), ("leave 10", .leave(.count(10))), ("leave 5%", .leave(.percent(5))),
            ("leave 0.5 cores", .leave(.cores(0.5))), ("  80%  ", .percent(80)),
        ] as [(String, Amount)])
    func amounts(text: String, amount: Amount) throws {
        #expect(try UnitNotation.amount(text, for: "x", kinds: AmountKind.allCases) == amount)
    }

    @Test(
        arguments: [
            ("80%", .hold(.percent(80))), ("hold 1.5 cores", .hold(.cores(1.5))), ("hold max", .hold(.max)),
            ("ramp to 80%", .ramp(from: nil, to: .percent(80), over: nil)),
            ("ramp from 10% to max in 30s", .ramp(from: .percent(10), to: .max, over: 30 * .second)),
            ("ramp to 1.5 cores in 1m", .ramp(from: nil, to: .cores(1.5), over: 60 * .second)),
            ("steps 10%, 1 core,30% every 10s", .steps([.percent(10), .cores(1), .percent(30)], every: 10 * .second)),
            ("steps 10% every 10s", .steps([.percent(10)], every: 10 * .second)),
            ("sine 10% to 80% every 20s", .sine(from: .percent(10), to: .percent(80), every: 20 * .second)),
            ("pulse 90% for 1s every 5s", .pulse(.percent(90), width: .second, every: 5 * .second)),
            ("pulse 90% for 5s every 5s", .pulse(.percent(90), width: 5 * .second, every: 5 * .second)),
            ("sawtooth 0% to 90% every 10ms", .sawtooth(from: .percent(0), to: .percent(90), every: 10 * .millisecond)),
            (
                "random  10%  to  leave 1 core  every  1s",
                .random(from: .percent(10), to: .leave(.cores(1)), every: .second)
            ),
        ] as [(String, LoadShape)])
    func shapes(text: String, shape: LoadShape) {
        #expect(TestManifests.shape(text) == shape)
    }

    @Test(arguments: [
        ("cpus", "3", [3]), ("cpus", "0-3,8", [0, 1, 2, 3, 8]), ("cpus", " 8 , 0 - 1 , 1", [0, 1, 8]),
    ])
    func cpuLists(key: String, text: String, cpus: [Int]) throws {
        let key = try #require(TestManifests.cpu.keys.first { $0.name == key })
        #expect(try SettingNotation.parse(text, for: key, of: "cpu") == .cpus(cpus))
    }

    @Test func nearestWords() {
        #expect(Wording.nearest(to: "amout", among: ["of", "amount"]) == "amount")
        #expect(Wording.nearest(to: "fo", among: ["of", "mode"]) == "of")
        #expect(Wording.nearest(to: "on", among: ["of", "mode"]) == nil)
        #expect(Wording.nearest(to: "CPU", among: ["cpu"]) == "cpu")
        #expect(Wording.nearest(to: "disk-bandwith", among: ["disk-space", "disk-bandwidth"]) == "disk-bandwidth")
        #expect(Wording.nearest(to: "avail", among: ["available", "busy"]) == "available")
        #expect(Wording.nearest(to: "zebra", among: ["cpu", "memory"]) == nil)
        #expect(Wording.nearest(to: "", among: ["cpu"]) == nil)
        #expect(Wording.nearest(to: String(repeating: "a", count: 100_000), among: ["cpu"]) == nil)
    }

    @Test func quotesStayOnOneLine() {
        #expect(Wording.quote("a\nb\u{1B}[31m") == "'a b [31m'")
        #expect(Wording.quote(String(repeating: "x", count: 100)).count == 63)
    }
}
