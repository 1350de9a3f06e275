// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// Curves of segments, sums, offsets and a load's own place in its phase.
struct ShapeSumTests {
    private static let s = Nanoseconds.second

    @Test(
        arguments: [
            (
                "curve 20% in 1m, 60% in 5m, hold 10m",
                .curve(from: nil, [.line(.percent(20), 60 * s), .line(.percent(60), 300 * s), .hold(600 * s)])
            ),
            (
                "curve from 5%,max for 10s , leave 10% in 1s",
                .curve(from: .percent(5), [.step(.max, 10 * s), .line(.leave(.percent(10)), s)])
            ),
            (
                "sine 1% to 2% every 8s offset 90deg",
                .sine(from: .percent(1), to: .percent(2), every: 8 * s, offset: 2 * s)
            ),
            (
                "pulse 1% for 1s every 8s offset 4s",
                .pulse(.percent(1), width: s, every: 8 * s, offset: 4 * s)
            ),
            (
                "sawtooth 1% to 2% every 8s offset 0 deg",
                .sawtooth(from: .percent(1), to: .percent(2), every: 8 * s)
            ),
            (
                "20% + sine 0% to 30% every 1m",
                .sum([.hold(.percent(20)), .sine(from: .percent(0), to: .percent(30), every: 60 * s)])
            ),
            (
                "sine 0% to 30% every 1m + sine 0% to 10% every 5s offset 180deg + 5% + noise 5% every 100ms",
                .sum([
                    .sine(from: .percent(0), to: .percent(30), every: 60 * s),
                    .sine(from: .percent(0), to: .percent(10), every: 5 * s, offset: 2500 * .millisecond),
                    .hold(.percent(5)), .noise(.percent(5), every: 100 * .millisecond),
                ])
            ),
            (
                "trace t.csv + ramp from 1% to 2%",
                .sum([
                    .trace(Trace(file: "t.csv", points: [.init(at: 0, amount: .percent(1))])),
                    .ramp(from: .percent(1), to: .percent(2), over: nil),
                ])
            ),
        ] as [(String, LoadShape)])
    func shapes(load: String, shape: LoadShape) throws {
        let text = "phases: [{name: p, for: 20m, load: {cpu: '\(load)'}}]"
        var read = try TestManifests.profile(text, files: ["t.csv": "0,1%"]).phases[0].loads[0].shape
        if case .sum(var parts) = read, case .trace(var trace) = parts[0] {
            #expect(trace.title.hasPrefix("1 row"))
            trace.title = ""
            parts[0] = .trace(trace)
            read = .sum(parts)
        }
        #expect(read == shape)
    }

    @Test func `a phase is as long as a trace in a sum`() throws {
        let files = ["t.csv": "0,1%\n40,2%"]
        for load in ["trace t.csv + 5%", "5% + trace t.csv", "trace t.csv"] {
            let text = "phases: [{name: p, for: trace, load: {cpu: '\(load)'}}]"
            #expect(try TestManifests.profile(text, files: files).phases[0].length == 40 * .second)
        }
    }

    /// The phase is a minute long.
    @Test(arguments: [
        ("curve", "'curve' is incomplete; write it as 'curve [from A,] B in T, C for T, hold T'"),
        ("curve from 1%", "'curve' has no segment"),
        ("curve 1% in 1s,", "a segment is missing"),
        ("curve 1%", "'1%' has no length; write '1% in 30s' for a way to it, or '… for 30s' to be there at once"),
        ("curve 1% in 2m", "the curve takes 2m, longer than its phase of 1m; shorten it or lengthen the phase"),
        ("curve hold 1ms", "'hold' of 'curve' must be at least 10ms, not '1ms'"),
        ("sine 1% to 2% every 8s offset 360deg", "an offset takes degrees below 360 such as '90deg', or a time"),
        ("sine 1% to 2% every 8s offset 8s", "the offset of '8s' is not less than the period of 8s"),
        ("random 1% to 2% every 8s offset 1s", "'offset' does not belong here in 'random'"),
        ("20% +", "'+' stands between two loads"), ("+ 20%", "'+' stands between two loads"),
        ("20% + ramp to 30%", "in a sum a ramp says where it begins: 'ramp from A to B'"),
        ("20% + curve 30% in 1s", "in a sum a curve says where it begins: 'curve from A, B in T'"),
        ("1% + 1% + 1% + 1% + 1%", "a sum has 5 parts; the limit is 4"),
        (
            "sine 1% to 2% every 8s + sine 1% to 2% every 8s + sine 1% to 2% every 8s",
            "a sum has more than 2 sine waves, the limit"
        ),
        ("noise 5% every 1s", "'noise' is added to a load, as in '50% + noise 5% every 1s'"),
        ("20% + noise max every 1s", "'noise' takes an amount with a figure"),
        ("ramp from 1% to 2% + pulse 1% for 10ms every 10ms + random 1% to 2% every 10ms", ""),
    ])
    func problems(load: String, problem: String) {
        let found = TestManifests.loadProblem(load)
        #expect(found.isEmpty == problem.isEmpty && found.contains(problem), "\(found)")
    }

    @Test func aSumThatChangesTooOftenIsRefused() {
        let text = "phases: [{for: 1d, load: {cpu: ramp from 1% to 2% + pulse 1% for 10ms every 1s}}]"
        #expect(TestManifests.problems(text).contains("the load changes 172"))
        #expect(TestManifests.problems("phases: [{for: 1d, load: {cpu: 1% + pulse 1% for 10ms every 1s}}]") == "")
    }

    // MARK: A load's place

    @Test func aLoadHasItsOwnPlaceInAPhase() throws {
        func load(_ text: String) throws -> PhaseLoad {
            try TestManifests.profile("phases: [{name: p, for: 1m, load: {cpu: \(text)}}]").phases[0].loads[0]
        }
        let placed = try load("{ load: ramp to 80%, start: 10s, for: 20s }")
        let ramp = LoadShape.ramp(from: nil, to: .percent(80), over: nil)
        #expect(placed.shape == .placed(ramp, start: 10 * .second, length: 20 * .second))
        #expect(placed.text == "ramp to 80% (from 10s, for 20s)")
        #expect(try load("{ load: 1%, for: 1m }").shape == .hold(.percent(1)))
        #expect(
            try load("{ load: 1%, start: 50s }").shape
                == .placed(.hold(.percent(1)), start: 50 * .second, length: 10 * .second))
    }

    @Test(arguments: [
        ("start: 1m", "the load of 'cpu' starts at '1m', when its phase of 1m is over"),
        ("start: 50s, for: 20s", "the load of 'cpu' lasts '20s', longer than the 10s that its phase has left then"),
        ("for: 0s", "'for' of the load of 'cpu' must be longer than 0"),
        ("start: soon", "'soon' is not a duration"),
        ("for: 5s, load: ramp to 1% in 6s", "the ramp takes 6s, longer than its phase of 5s"),
    ])
    func placesThatDoNotFit(keys: String, problem: String) {
        let load = keys.contains("load:") ? keys : "load: 1%, " + keys
        let found = TestManifests.problems("phases: [{name: p, for: 1m, load: {cpu: { \(load) }}}]")
        #expect(found.contains(problem) && found.split(separator: "\n").count == 1, "\(found)")
    }

    // MARK: Schema

    static let right = [
        #""curve 20% in 10s, 60% in 20s, hold 10s""#, #""curve from 5%, max for 10s""#,
        #""sine 1% to 2% every 8s offset 90deg""#, #""pulse 1% for 1s every 8s offset 1s""#,
        #""20% + sine 0% to 30% every 1m""#, #""20% + noise 5% every 1s + 1% + 2%""#,
        #"{"load": "80%", "start": "10s", "for": "20s", "within": "1s"}"#, #"{"load": "80%", "start": "0s"}"#,
        #""ramp from 1% to 2% in 1s + curve from 1%, 2% in 3s""#, #""hold 1% + steps 1%, 2% every 3s""#,
    ]

    static let wrong = [
        #""curve""#, #""curve 20%""#, #""curve from 20%""#, #""curve hold""#, #""curve 20% in 1s 30% in 1s""#,
        #""sine 1% to 2% every 8s offset""#, #""sine 1% to 2% every 8s offset 90""#, #""20% +""#, #""20%+ 30%""#,
        #""20% + ramp to 30%""#, #""noise 5% every 1s""#, #""20% + noise max every 1s""#,
        #""1% + 1% + 1% + 1% + 1%""#, #"{"load": "80%", "start": 10}"#, #"{"load": "80%", "from": "10s"}"#,
        #"{"start": "10s"}"#, #""random 1% to 2% every 8s offset 1s""#,
    ]

    @Test(arguments: right.map { ($0, true) } + wrong.map { ($0, false) })
    func schemaAndReaderAgree(load: String, isRight: Bool) throws {
        let text = #"{"phases": [{"for": "2m", "load": {"cpu": \#(load)}}]}"#
        try TestManifests.expectAgreement(on: text, isRight: isRight)
    }
}
