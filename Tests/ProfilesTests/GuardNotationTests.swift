// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Guards on probes and on stressors' errors: what is read, what is wrong and where, and that the schema agrees.
struct GuardNotationTests {
    private static func profile(_ condition: String) -> String {
        let text = condition.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        return """
            {"stressors": {"io": {"kind": "disk-bandwidth"}, "idle": {"kind": "cpu"}},
            "phases": [{"name": "p", "for": "1m", "load": {"io": "5MB/s"}}],
            "probes": {"checkout": {"http": "http://a/", "timeout": "2s"}, "slow": {"http": "http://a/", "every": "5s"},
            "lag": {"command": ["lag"], "value": "bytes"}, "broken": {"http": "nowhere"}},
            "guards": ["\(text)"]}
            """
    }

    private static func read(_ condition: String) throws -> LoadModel.Guard {
        let text = profile(condition).replacing(#", "broken": {"http": "nowhere"}"#, with: "")
        return try #require(try TestManifests.profile(text).guards.first)
    }

    struct Reading: Sendable {
        var text: String
        var metric: Metric
        var name: String
        var limit: Amount
        var window: Nanoseconds = .second
        var length: Nanoseconds = 0
        var unit = PlannedGuard.Unit.ratio
        var percentile: Double?
    }

    static let readings = [
        Reading(
            text: "checkout.bad > 5% for 5s", metric: .bad, name: "checkout", limit: .percent(5), length: 5 * .second),
        Reading(
            text: "checkout < 90% good over 5s for 2s", metric: .good, name: "checkout", limit: .percent(90),
            window: 5 * .second, length: 2 * .second),
        Reading(
            text: "checkout good <= 90 % for 2s over 5s", metric: .good, name: "checkout", limit: .percent(90),
            window: 5 * .second, length: 2 * .second),
        Reading(
            text: "checkout.p95>500ms for 10s", metric: .percentile, name: "checkout", limit: .count(0.5),
            length: 10 * .second,
            unit: .seconds, percentile: 0.95),
        Reading(
            text: "checkout p99.9 >= 2s", metric: .percentile, name: "checkout", limit: .count(2), unit: .seconds,
            percentile: 0.999),
        // One answer is always in the window.
        Reading(text: "slow > 10% bad", metric: .bad, name: "slow", limit: .percent(10), window: 10 * .second),
        Reading(text: "lag.mean > 64 MiB", metric: .mean, name: "lag", limit: .count(0x1p26), unit: .bytes),
        Reading(
            text: "lag.p50 < 1kB", metric: .percentile, name: "lag", limit: .count(1000), unit: .bytes,
            percentile: 0.5),
        Reading(
            text: "io.errors > 10 for 1s", metric: .errors, name: "io", limit: .count(10), length: 1 * .second,
            unit: .errorsPerSecond),
        Reading(
            text: "io errors >= 1 over 30s", metric: .errors, name: "io", limit: .count(1), window: 30 * .second,
            unit: .errorsPerSecond),
    ]

    @Test(arguments: readings) func `what is watched is read`(wanted: Reading) throws {
        let found = try Self.read(wanted.text)
        let subject = try #require(found.subject)
        #expect(found.metric == wanted.metric && found.limit == wanted.limit && found.length == wanted.length)
        #expect(subject.name == wanted.name && subject.unit == wanted.unit && subject.window == wanted.window)
        #expect(subject.percentile.map { ($0 * 1000).rounded() } == wanted.percentile.map { ($0 * 1000).rounded() })
        let schema = try JSONSchema(ProfileSchema.jsonSchema(manifests: TestManifests.all))
        let text = Self.profile(wanted.text).replacing(#"{"http": "nowhere"}"#, with: #""http://a/""#)
        #expect(try schema.accepts(text), "the schema refuses it")
    }

    /// Each with the character of the guard at which it is told, from 0.
    static let wrong = [
        ("chekout.p95 > 2s", 0, "unknown probe 'chekout'; did you mean 'checkout'?"),
        ("ioo.errors > 2", 0, "unknown stressor 'ioo'; did you mean 'io'?"),
        ("zebra errors > 2", 0, "unknown stressor 'zebra'; the profile has: io, idle"),
        ("idle.errors > 2", 0, "no phase loads 'idle'; load it, or drop the guard"),
        ("io.erors > 2", 3, "unknown metric 'io.erors'; did you mean 'errors'?"),
        ("checkout.god < 2%", 9, "unknown metric 'checkout.god'; did you mean 'good'?"),
        ("checkout.x < 2%", 9, "unknown metric 'checkout.x'; of a probe a guard watches: good, bad, p95, mean"),
        ("checkout < 2%", 8, "what of probe 'checkout'? of a probe a guard watches: good, bad, p95, mean"),
        ("chekout < 2%", 0, "unknown metric 'chekout'; did you mean 'checkout'?"),
        ("checkout.p95 > 3s", 15, "3s is beyond the timeout of 'checkout', 2s, from which on nothing is known"),
        ("checkout.p95 > 3%", 16, "unknown unit '%'"),
        ("checkout.p95 < 1s", 13, "a guard says what ends the run, and 'checkout.p95' is worse the more it is; write"),
        ("checkout.good > 90%", 14, "'checkout.good' is worse the less it is; write '<' or '<='"),
        ("checkout > 90% good", 9, "'checkout' is worse the less it is; write '<' or '<='"),
        ("io.errors < 3", 10, "'io.errors' is worse the more it is; write '>' or '>='"),
        ("io.errors > 3%", 12, "'io.errors' takes a count"),
        ("checkout.mean > 3s", 0, "'mean' is of probes of numbers, and of the latencies of 'checkout' a mean tells"),
        ("checkout.p100 > 3s", 9, "'p100' is no percentile; write one such as 'p95' or 'p99.9'"),
        ("slow.bad > 3% over 5s", 19, "a window of 5s is too short for 'slow', which is asked every 5s; take 10s at"),
        ("cpu.busy > 3% over 5s", 19, "'over' is of probes and stressors; shares of the host are of the last second"),
        ("io.errors > 3 for 1s for 2s", 14, "'for' is a second time; write it once"),
        ("io.errors > 3 for", 17, "a duration is missing"),
        ("checkout.p95 >", 14, "the limit is missing; write it such as '300ms'"),
    ]

    @Test(arguments: wrong) func `what is wrong is told at its place`(text: String, offset: Int, message: String) {
        let broken = #", "broken": {"http": "nowhere"}"#
        let profile = Self.profile(text).replacing(broken, with: "")
        // Behind `"guards": ["` in the last line; the whole of a text is its quote.
        let column = offset == 0 ? 12 : 13 + offset
        let place = "p.yaml:\(profile.split(separator: "\n").count):\(column): error: "
        let problems = TestManifests.problems(profile)
        #expect(problems.hasPrefix(place), "\(problems), and must begin with \(place)")
        #expect(problems.contains(message), "\(problems)")
        #expect(!problems.contains("\n"), "one problem is one: \(problems)")
    }

    @Test func `a probe with a problem of its own is not a second one`() {
        let problems = TestManifests.problems(Self.profile("broken.p95 > 1s"))
        #expect(problems.contains("nowhere") && !problems.contains("\n"), "\(problems)")
    }
}
