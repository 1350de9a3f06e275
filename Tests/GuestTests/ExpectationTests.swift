// SPDX-License-Identifier: Apache-2.0

import Testing

/// The language of `expect`, and what it says of evidence.
@Suite struct ExpectationTests {
    private func evidence() throws -> Evidence {
        Evidence(
            figures: try Evidence.figures(of: "cores 0.257\nthrottled 0\nfree 8388608\nnode cpu2 cpu3\nnothing\n"),
            output: .init(json: #"{"exit": 0, "base": "quota of 0.5 cores", "ok": true, "one": 1, "list": [1, "a"]}"#)
                ?? .null,
            errors: "error: out of luck",
            log: try Evidence.log(
                of: """
                    {"event":"sample","cpu":{"limited_by":null,"cores":0.25}}
                    {"event":"sample","cpu":{"limited_by":"quota","cores":0.26}}
                    {"event":"run_ended","verdict":"met"}
                    {"event":"sam
                    """))
    }

    @Test(
        arguments: [
            "cores within 0.01 of 0.25", "cores within 3% of 0.25", "cores > 0.25", "cores >= 0.257", "cores < 1",
            "cores <= 0.257", "throttled is 0", "throttled is not 1", "free is 8MiB", "free within 1KiB of 8192KiB",
            "free > 8MB", "free is free", "free > cores", "nothing is null", "node contains \"cpu2\"",
            "node is \"cpu2 cpu3\"", "errors contains \"out of luck\"", "output.exit is 0", "output.ok is true",
            "output.one is 1", "output.one is not true", "output.base contains \"0.5 cores\"",
            "output.list contains \"a\"", "output.list[-1] is \"a\"", "output.list[0] is output.one",
            "log.run_ended[0].verdict is \"met\"", "log.sample[-1].cpu.limited_by is \"quota\"",
            "log.sample[0].cpu.limited_by is null", "log.sample[*].cpu.limited_by contains \"quota\"",
            "log.sample[*].cpu.cores within 0.02 of 0.25", "log.sample[*].cpu.cores > 0.2",
        ])
    func holds(text: String) throws {
        #expect(try Expectation(text).objection(to: evidence()) == nil)
    }

    @Test(
        arguments: [
            ("cores within 0.006 of 0.25", "it is 0.257"), ("cores within 2% of 0.25", "it is 0.257"),
            ("cores > 0.257", "it is 0.257"), ("cores < 0.257", "it is 0.257"), ("throttled is 1", "it is 0"),
            ("throttled is not 0", "it is 0"), ("free is 8MB", "it is 8388608"),
            ("cores > free", "it is 0.257, and free is 8388608"), ("node contains \"cpu4\"", "it is \"cpu2 cpu3\""),
            ("nothing is 0", "it is null"), ("nothing < 1", "it is null"), ("node < 1", "it is \"cpu2 cpu3\""),
            ("output.ok is 1", "it is true"), ("output.one is true", "it is 1"), ("output.exit is \"0\"", "it is 0"),
            ("output.list contains \"b\"", "it is [1, \"a\"]"),
            ("output.missing is null", "there is no output.missing"),
            ("output.list[2] is 1", "there is no output.list[2]"), ("absent is 0", "there is no absent"),
            ("cores > absent", "there is no absent"),
            ("log.finding[*].code is \"a\"", "there is no log.finding[*].code"),
            ("log.sample[*].cpu.limited_by contains \"steal\"", "it is [null, \"quota\"]"),
            ("log.sample[*].cpu.cores > 0.25", "it is [0.25, 0.26]"),
            ("log.sample[*].cpu.limited_by is null", "it is [null, \"quota\"]"),
        ] as [(String, String)])
    func `does not hold`(text: String, why: String) throws {
        #expect(try Expectation(text).objection(to: evidence()) == "\(text): \(why)")
    }

    @Test(
        arguments: [
            ("", "no subject"), ("\"a\" is 1", "no subject"), ("cores", "nothing is said of 'cores'"),
            ("cores was 1", "'was' is no comparison"), ("cores is", "one value is expected, and there are 0"),
            ("cores is not", "one value is expected, and there are 0"),
            ("cores is 1 2", "one value is expected, and there are 2"), ("cores is \"1", "a quote is not closed"),
            ("cores within 1", "'within' takes 'TOLERANCE of VALUE'"), ("cores within x of 1", "'x' is no tolerance"),
            ("cores within 0 of 1", "'0' is no tolerance"), ("cores within 0% of 1", "'0%' is no tolerance"),
            ("cores < \"1\"", "'\"1\"' is no number"), ("cores within 1 of null", "'null' is no number"),
        ] as [(String, String)])
    func `is not said`(text: String, why: String) {
        #expect(throws: Expectation.Problem(description: why)) { try Expectation(text) }
    }
}

/// What is read of what comes back.
@Suite struct EvidenceTests {
    @Test func `figures are numbers, texts, or nothing`() throws {
        let figures = try Evidence.figures(of: "a 1.5\nb -3\nc two words\nd\n")
        #expect(figures.map(\.name) == ["a", "b", "c", "d"])
        #expect(figures.map(\.value) == [.number(1.5), .number(-3), .text("two words"), .null])
        #expect(throws: Evidence.Problem(description: "two figures 'a'")) { _ = try Evidence.figures(of: "a 1\na 2\n") }
    }

    @Test func `a log is read by event, without what was cut off`() throws {
        let log = try Evidence.log(of: "{\"event\":\"a\"}\n{\"event\":\"b\"}\n{\"event\":\"a\",\"n\":2}\n{\"event\":\"")
        #expect(log["a"]?.count == 2 && log["b"]?.count == 1 && log.count == 2)
        #expect(throws: Evidence.Problem(description: "no event: nonsense")) { _ = try Evidence.log(of: "nonsense\n") }
        #expect(throws: Evidence.Problem.self) { _ = try Evidence.log(of: "{\"even\":1}\n") }
        #expect(try Evidence.log(of: "").isEmpty)
    }

    @Test func `a scenario is read whole or not at all`() throws {
        let text = """
            # Does it?
            profile: { stressors: { cpu: {} } }
            setup: echo
            while: |
              sleep 1
            cgroup: leaf
            expect: [exit is 0]
            """
        let scenario = try Scenario(name: "a", yaml: text)
        #expect(scenario.profile?.contains("stressors") == true && scenario.cgroup == "leaf")
        #expect(scenario.lines == ["setup": "echo", "while": "sleep 1\n"])
        #expect(scenario.expectations.map(\.text) == ["exit is 0"])
        #expect(scenario.command == "exert run profile.yaml --log log --format json --quiet")
        for (bad, why) in [
            ("# Does it?\nexpect: [exit is 0]\nafterwards: x", "a: 'afterwards' is no key of a scenario"),
            ("# Does it?\nexpect: [exit was 0]", "a: 'exit was 0': 'was' is no comparison"),
            ("# Does it?\nsetup: echo", "a: nothing is expected"),
            ("# Does it?\nexpect: [exit is 0]\nsetup: [echo]", "a: 'setup' takes text"),
            ("expect: [exit is 0]", "a: no question is asked"), ("- 1", "a: not a mapping"),
        ] {
            #expect(throws: Scenario.Problem(description: why)) { _ = try Scenario(name: "a", yaml: bad) }
        }
    }
}
