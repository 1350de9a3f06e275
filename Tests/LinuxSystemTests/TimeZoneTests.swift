// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LinuxSystem

/// Time zones of the host's database, and rules that stand in it.
struct TimeZoneTests {
    @Test func namesThatNeedNoDatabase() throws {
        #expect(try TimeZoneRules(named: "UTC").offset(at: 0) == 0)
        #expect(try TimeZoneRules(named: "+02:00").offset(at: 5) == 7200)
        #expect(try TimeZoneRules(named: "-0930").offset(at: 5) == -34_200)
        for name in ["", "../etc/passwd", "Europe/../UTC", "/etc/localtime", "+25:00", "Nowhere/Land", ".", "a b"] {
            #expect(throws: TimeZoneRules.Failure.unknown) { try TimeZoneRules(named: name) }
        }
    }

    @Test func localIsWhatTheVariableSays() throws {
        #expect(try TimeZoneRules(named: "local", variable: "Asia/Kathmandu").offset(at: 1_700_000_000) == 20_700)
        #expect(try TimeZoneRules(named: "local", variable: ":UTC").offset(at: 0) == 0)
        #expect(
            try TimeZoneRules(named: "local", variable: "EST5EDT,M3.2.0,M11.1.0").offset(at: 1_782_867_600) == -14_400)
        #expect(throws: TimeZoneRules.Failure.unknown) { try TimeZoneRules(named: "local", variable: "../x") }
    }

    /// Changes in both directions, north and south, and rules of other kinds.
    @Test(
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_782_867_600, 7200),  // 2026-07-01
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, 3600),  // 2026-03-29 00:59:59 UTC
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 7200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_889_999, 7200),  // 2026-10-25 00:59:59 UTC
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, 3600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, 39_600),  // the first of January, in summer
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_782_867_600, 36_000),
            ("<-03>3", 0, -10_800), ("EST5EDT,J60,J300", 1_777_000_000, -14_400), ("EST5EDT4,0/0,365/23", 0, -14_400),
        ] as [(String, Int64, Int64)])
    func rules(text: String, time: Int64, offset: Int64) throws {
        let rule = try #require(DaylightRule(Array(text.utf8)[...]))
        #expect(rule.offset(at: time) == offset)
    }

    @Test(arguments: [
        "", "CE-1", "CET", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-1CEST,M3.6.0,M10.5.0", "<a",
    ])
    func whatIsNoRule(text: String) { #expect(DaylightRule(Array(text.utf8)[...]) == nil) }

    /// The same as Foundation says, over two hundred years, of zones of all kinds.
    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
        "Africa/Casablanca",
        "Europe/Dublin", "Pacific/Apia",
    ])
    func zonesOfTheDatabase(name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        let rules = try TimeZoneRules(named: name)
        // Every 11 days and some hours from 1900 to 2100; Foundation knows no rule of Casablanca beyond its table.
        let last: Int64 = name == "Africa/Casablanca" ? 3_000_000_000 : 4_100_000_000
        for time in stride(from: Int64(-2_200_000_000), to: last, by: 987_653) {
            let date = Date(timeIntervalSince1970: Double(time))
            #expect(rules.offset(at: time) == Int64(zone.secondsFromGMT(for: date)), "\(name) at \(date)")
        }
    }

    @Test func theLastTimeOfDay() throws {
        let berlin = try TimeZoneRules(named: "Europe/Berlin")
        let noon: Int64 = 1_782_900_000  // 2026-07-01 10:00 UTC, 12:00 in Berlin
        #expect(berlin.lastTime(showing: 12 * 3600, notAfter: noon) == noon)
        #expect(berlin.lastTime(showing: 12 * 3600 + 1, notAfter: noon) == noon - 86_399)
        // Over the night in which the clocks go forward a day has 23 hours.
        let spring: Int64 = 1_774_778_400  // 2026-03-29 10:00 UTC
        #expect(berlin.lastTime(showing: 13 * 3600, notAfter: spring) == spring - 86_400 + 2 * 3600 - 3600 + 3600)
        #expect(try TimeZoneRules(named: "UTC").lastTime(showing: 0, notAfter: 86_399) == 0)
    }

    @Test func damagedFilesAreRefused() throws {
        let path = "/usr/share/zoneinfo/Europe/Berlin"
        let bytes = try RegularFile.bytes(path, limit: 1 << 20)
        for count in 0..<min(bytes.count, 2000) { _ = try? TimeZoneRules(Array(bytes.prefix(count))) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var broken = bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = (try? TimeZoneRules(broken))?.offset(at: .random(in: -9_000_000_000...9_000_000_000, using: &generator))
        }
        #expect(throws: TimeZoneRules.Failure.damaged) { try TimeZoneRules(Array("TZif".utf8)) }
    }
}
