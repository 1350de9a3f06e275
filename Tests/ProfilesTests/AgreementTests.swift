// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// The schema and the reader say the same of profiles that are made at random, right ones and wrong ones.
struct AgreementTests {
    /// Texts of one notation: those that are taken and those that are not.
    private struct Choice {
        var right: [String]
        var wrong: [String]
    }

    private static let length = Choice(
        right: [
            #""30s""#, #""1h30m""#, #""1.5s""#, #""250ms""#, #""0.001ms""#, #""30d""#, #""1d0h""#, #"" 5m ""#,
            #""720h""#, #""43200m""#, #""2592000s""#, #""2592000000ms""#, #""29d23h59m""#,
        ],
        wrong: [
            #""0s""#, #""0d0h0.0s""#, #""3651d""#, #""3650.5d""#, #""87601h""#, #""10000d""#, #""315360001s""#,
            #""1s1h""#,
            #""1s1s""#,
            #""1_000s""#, #""30""#, "30", #""""#, "null", "true", "[]", "{}", #""30 s""#, #""-1s""#, #""1e3s""#,
            #""010s""#,
            #""30s"#, #""99999999999999999999d""#, #""2592000000000000001ms""#, #""1m5""#, #""s""#, #""1w""#,
        ])
    private static let times = Choice(
        right: ["1", #""1""#, "3", #"" 7 ""#, "12"],
        wrong: [
            "0", #""0""#, #""1_000""#, #""01""#, "1001", #""1001""#, "-1", #""-1""#, "1.5", #""3x""#, "null", "[1]",
        ])
    private static let name = Choice(
        right: [#""a""#, "7", "true", #""a b: c""#, #""é""#, #"" x ""#],
        wrong: [
            #""""#, #"" ""#, "null", "[]", "{}", #""a\tb\u0001""#, "\"" + String(repeating: "x", count: 101) + "\"",
        ])
    private static let note = Choice(
        right: [#""a""#, "7", "true", #""a\nb""#], wrong: [#""""#, #"" ""#, "null", "[]", "{}"])
    private static let load = Choice(
        right: [
            #""80%""#, #""1.5 cores""#, #""500m""#, #""max""#, #""leave 10%""#, #""hold 1 core""#, #""100.0%""#,
            #""ramp to 80% in 1s""#, #""ramp from 0% to max""#, #""steps 1%, 2% every 1s""#,
            #""random 1% to 2% every 1s""#,
            #""sine 1% to 2% every 1s offset 90deg""#, #""pulse 5% for 1s every 2s offset 1s""#,
            #""sawtooth 1% to 2% every 1s""#, #""curve 1% in 1s, 2% for 1s, hold 1s""#, #""curve from 1%, 2% in 1s""#,
            #""20% + sine 0% to 30% every 1s + noise 2% every 1s""#, #""noise 1% every 1s + 5%""#,
            #""random 1% to 2% every 1s + sine 1% to 2% every 1s offset 5deg""#, #""trace t.csv""#,
            #""trace t.csv column \"b c\" in % + 5%""#, #""trace t.csv column + x 0.5""#, #""trace t.csv repeat""#,
            #""trace t.csv repeat 3 column + ""#, #""trace t.csv column b c""#, #"" 5 % ""#,
        ],
        wrong: [
            "80", #""80""#, #""101%""#, #""010%""#, #""1GiB""#, #""10,5%""#, #""1_0%""#, #""ramp 5%""#,
            #""steps 1% 2% every 1s""#,
            #""noise 5% every 1s""#, #""random 1% to 2% every 1s offset 5deg""#, #""20% + ""#, #""20% +""#, #""+ 20%""#,
            #""20%+5%""#, #""20% + + 5%""#, #""20% + ramp to 5%""#, #""20% + curve 5% in 1s""#,
            #""1% + 1% + 1% + 1% + 1%""#,
            #""noise max every 1s + 5%""#, #""noise leave 1% every 1s + 5%""#, #""80%""#.dropLast().description,
            #""trace t.csv column \"b c""#, #""trace \"t.csv""#, #""trace t.csv repeat 0""#,
            #""trace t.csv repeat 1000001""#,
            #""trace t.csv x""#, #""trace""#, "null", "true", "[]", #""""#, #"" ""#, #""sine 1% to 2%""#, #""max 5%""#,
            #""leave max""#, #""hold""#, #""curve""#, #""curve from 1%""#, #""1e400%""#, #""5 %%""#,
        ])
    private static let within = length
    private static let start = Choice(
        right: [#""0s""#, #""0.5s""#], wrong: [#""""#, #"" ""#, "0", "null", #""3651d""#, #""1s1h""#])
    private static let end = Choice(right: [#""killed""#, #""not_met""#], wrong: [#""met""#, #""""#, "null", "1"])
    private static let integer = Choice(
        right: ["1", #""1024""#, "1024", "2", #""999""#],
        wrong: ["0", "1025", #""1025""#, #""0""#, "1.5", #""1.0""#, #""x""#, "null", "true", #""1_0""#, #""""#, "[1]"])
    private static let truth = Choice(
        right: ["true", "false", #""true""#], wrong: ["1", #""yes""#, #""on""#, "null", #""""#, "{}"])
    private static let bytes = Choice(
        right: [#""1GiB""#, #""5 MB""#, #""0B""#],
        wrong: ["5", #""5""#, #""5M""#, #""max""#, #""1_0B""#, "null", #""-1B""#])
    private static let text = Choice(right: [#""x""#, "1", "true"], wrong: [#""""#, #"" ""#, "null", "[]"])
    private static let list = Choice(
        right: [#""0-3,8""#, "3", #""5""#], wrong: ["-1", #""a""#, #""1,""#, #""01""#, "null", "[]", "70000"])
    private static let seed = Choice(
        right: ["0", "7", #""7""#, "9007199254740991"],
        wrong: ["-1", #""-1""#, #""1.5""#, #""0x7""#, #""x""#, "null", "[]", #""007""#])
    private static let label = Choice(right: [#""x""#, "1", "true", #""""#], wrong: ["null", "[]", "{}"])
    private static let tolerance = Choice(
        right: [#""1pp""#, #""1%""#, #""0.5 cores""#], wrong: [#""1""#, "1", #""101%""#, #""1 MiB""#, "null", "[]"])
    private static let defaults = Choice(
        right: [#""on""#, "false", #""true""#], wrong: [#""maybe""#, "1", "null"])
    private static let include = Choice(
        right: [#""a.yaml""#, #"["a.yaml"]"#], wrong: [#""/a""#, "[]", "null", "{}", #""""#, "[null]"])

    /// A mapping of which some members are there, each right or, where one is to be wrong, that one wrong.
    private struct Maker {
        var generator: Generator
        /// How many values are made until a wrong one; `nil` for none.
        var countdown: Int?
        private(set) var isRight = true

        mutating func value(_ choice: Choice) -> String {
            if let left = countdown {
                countdown = left - 1
                if left == 0 {
                    isRight = false
                    return choice.wrong.randomElement(using: &generator) ?? "null"
                }
            }
            return choice.right.randomElement(using: &generator) ?? "null"
        }

        mutating func chance(_ odds: Int) -> Bool { Int.random(in: 0..<odds, using: &generator) == 0 }

        mutating func mapping(_ members: [(String, Choice)], always: [String] = [], odds: Int = 3) -> String {
            var parts: [String] = []
            for (key, choice) in members where always.contains(key) || chance(odds) {
                parts.append("\"\(key)\": \(value(choice))")
            }
            if let left = countdown, left >= 0, chance(12) {
                countdown = -1
                isRight = false
                parts.append(#""zz-unknown": 1"#)
            }
            return "{" + parts.joined(separator: ", ") + "}"
        }

        mutating func phase() -> String {
            var load = value(AgreementTests.load)
            if chance(3), isRight {
                load = mapping(
                    [
                        ("load", AgreementTests.load), ("start", AgreementTests.start),
                        ("within", AgreementTests.within), ("expect", AgreementTests.end),
                    ], always: ["load"])
            }
            var own = mapping(
                [
                    ("name", AgreementTests.name), ("within", AgreementTests.within), ("repeat", AgreementTests.times),
                    ("note", AgreementTests.note),
                ])
            own.removeFirst()
            // Long enough for every shape above, and only now and then one that is to be looked at itself.
            let length =
                chance(4) && isRight && countdown.map { $0 >= 0 } ?? false ? value(AgreementTests.length) : #""9m""#
            return #"{"for": \#(length), "load": {"cpu": \#(load)}"# + (own == "}" ? "" : ", ") + own
        }

        mutating func profile() -> String {
            var parts: [String] = []
            let group = chance(4)
            let phase = phase()
            parts.append(
                group
                    ? #""phases": [{"repeat": \#(value(AgreementTests.times)), "phases": [\#(phase)]}]"#
                    : #""phases": [\#(phase)]"#)
            if chance(2) {
                let cpu = mapping([
                    ("workers", AgreementTests.integer), ("cpus", AgreementTests.list),
                ])
                let memory = mapping([
                    ("lock", AgreementTests.truth), ("headroom", AgreementTests.bytes), ("note", AgreementTests.text),
                    ("within", AgreementTests.within), ("expect", AgreementTests.end),
                ])
                parts.append(#""stressors": {"cpu": \#(cpu), "memory": \#(memory)}"#)
            }
            let top = mapping(
                [
                    ("seed", AgreementTests.seed), ("name", AgreementTests.name), ("note", AgreementTests.note),
                    ("include", AgreementTests.include),
                ]
            ).dropFirst().dropLast()
            if !top.isEmpty { parts.append(String(top)) }
            if chance(3) { parts.append(#""labels": {"a": \#(value(AgreementTests.label))}"#) }
            if chance(3) { parts.append(#""tolerance": {"cpu": \#(value(AgreementTests.tolerance))}"#) }
            if chance(3) { parts.append(#""guards": {"defaults": \#(value(AgreementTests.defaults))}"#) }
            return "{" + parts.joined(separator: ", ") + "}"
        }
    }

    private static let files = [
        "t.csv": "t,b c,+\n0,1,1%\n1,1,1%\n", "a.yaml": "description: x",
    ]

    /// What the reader sees and the schema cannot: names, files and arithmetic.
    private static let onlyRead = [
        "longer than its phase", "when its phase of", "longer than the", "is repeated", "are more than 1000",
        "the phases last", "would begin after", "fits 2 columns", "has no unit; say which", "have no figure",
        "the load changes", "the loads of the profile change",
    ]

    /// Right ones by the right words alone, and wrong ones by one that is wrong.
    @Test(arguments: 0..<2)
    func ofProfilesMadeAtRandom(part: Int) throws {
        let schema = try JSONSchema(ProfileSchema.jsonSchema(manifests: TestManifests.all))
        var generator = Generator(state: UInt64(part + 1))
        var counts = (right: 0, wrong: 0)
        for _ in 0..<FuzzRounds.ofSuite(600, parts: 2) {
            var maker = Maker(
                generator: generator, countdown: part == 0 ? nil : Int.random(in: 0..<8, using: &generator))
            let text = maker.profile()
            generator = maker.generator
            let problems = TestManifests.problems(text, files: Self.files)
            if Self.onlyRead.contains(where: problems.contains) { continue }
            let isTaken = schema.takes(text)
            if maker.isRight { counts.right += 1 } else { counts.wrong += 1 }
            #expect(problems.isEmpty == maker.isRight, "the reader: \(problems)\n\(text)")
            #expect(isTaken == maker.isRight, "the schema\n\(text)")
        }
        #expect(part == 0 ? counts.right > 100 && counts.wrong == 0 : counts.wrong > 100)
    }

    /// Each word in its place.
    @Test func ofEachWord() throws {
        let schema = try JSONSchema(ProfileSchema.jsonSchema(manifests: TestManifests.all))
        let phases = #""phases": [{"for": "9m", "load": {"cpu": "1%", "memory": "1%"}}]"#
        let places: [(String, Choice)] = [
            (#"{"phases": [{"for": @, "load": {"cpu": "1%"}}]}"#, Self.length),
            (#"{"phases": [{"for": "9m", "load": {"cpu": @}}]}"#, Self.load),
            (#"{"phases": [{"for": "9m", "load": {"cpu": {"load": @}}}]}"#, Self.load),
            (#"{"phases": [{"for": "30d", "load": {"cpu": {"load": "1%", "for": @}}}]}"#, Self.length),
            (#"{"phases": [{"for": "9m", "load": {"cpu": {"load": "1%", "start": @}}}]}"#, Self.start),
            (#"{"phases": [{"for": "9m", "load": {"cpu": {"load": "1%", "within": @}}}]}"#, Self.within),
            (#"{"phases": [{"for": "9m", "load": {"cpu": {"load": "1%", "expect": @}}}]}"#, Self.end),
            (#"{"phases": [{"for": "9m", "repeat": @, "load": {"cpu": "1%"}}]}"#, Self.times),
            (#"{"phases": [{"repeat": @, "phases": [{"for": "9m", "load": {"cpu": "1%"}}]}]}"#, Self.times),
            (#"{"phases": [{"for": "9m", "name": @, "load": {"cpu": "1%"}}]}"#, Self.name),
            (#"{"phases": [{"for": "9m", "note": @, "load": {"cpu": "1%"}}]}"#, Self.note),
            (#"{\#(phases), "name": @}"#, Self.name), (#"{\#(phases), "note": @}"#, Self.note),
            (#"{\#(phases), "seed": @}"#, Self.seed), (#"{\#(phases), "include": @}"#, Self.include),
            (#"{\#(phases), "labels": {"a": @}}"#, Self.label),
            (#"{\#(phases), "tolerance": {"cpu": @}}"#, Self.tolerance),
            (#"{\#(phases), "guards": {"defaults": @}}"#, Self.defaults),
            (#"{\#(phases), "guards": [{"defaults": @}]}"#, Self.defaults),
            (#"{\#(phases), "stressors": {"cpu": {"workers": @}}}"#, Self.integer),
            (#"{\#(phases), "stressors": {"cpu": {"cpus": @}}}"#, Self.list),
            (#"{\#(phases), "stressors": {"memory": {"lock": @}}}"#, Self.truth),
            (#"{\#(phases), "stressors": {"memory": {"headroom": @}}}"#, Self.bytes),
            (#"{\#(phases), "stressors": {"memory": {"note": @}}}"#, Self.text),
            (#"{\#(phases), "stressors": {"memory": {"within": @}}}"#, Self.within),
        ]
        for (place, choice) in places {
            for (words, isRight) in [(choice.right, true), (choice.wrong, false)] {
                for word in words {
                    let text = place.split(separator: "@", maxSplits: 1).joined(separator: word)
                    let problems = TestManifests.problems(text, files: Self.files)
                    // Which only arithmetic tells.
                    if isRight, Self.onlyRead.contains(where: problems.contains) { continue }
                    #expect(problems.isEmpty == isRight, "the reader: \(problems)\n\(text)")
                    #expect(schema.takes(text) == isRight, "the schema\n\(text)")
                }
            }
        }
    }

    @Test(arguments: [
        0...0, 0...9, 1...1000, 1...1_000_000, 7...7, 13...27, 98...1003, 0...65_535, -5...5, -120...(-7),
    ])
    func wholeNumbersWithinBounds(range: ClosedRange<Int>) throws {
        let pattern = try Regex("^" + NotationPattern.wholeNumber(in: range) + "$")
        let near = [range.lowerBound, range.upperBound].flatMap { end in (-130...130).map { end + $0 } }
        for number in Set(near + Array(-200...1200)).sorted() {
            #expect(("\(number)".wholeMatch(of: pattern) != nil) == range.contains(number), "\(number) of \(range)")
        }
        for text in ["", "00", "01", "+1", "1.0", " 1", "-", "99999999999"] {
            #expect(text.wholeMatch(of: pattern) == nil)
        }
    }
}
