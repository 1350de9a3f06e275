// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Profiles

/// Exact messages: they are what a user has in hand when a profile is wrong.
struct DiagnosticTests {
    private static let cpuTakes =
        "'cpu' takes a percentage such as '80%', cores such as '1.5 cores', 'max' or 'leave 0.5 cores'"
    private static let shapes =
        "or a shape of: hold, ramp, steps, sine, pulse, sawtooth, random, bursts, trace, curve, noise"
    private static let beyond = "to ask for more than there is"
    private static let ramp = "'ramp [from A] to B [in T]'"

    /// The column is of the word within the load; the load's quote is at column 40.
    @Test(arguments: [
        ("", "41: error: a load is missing; \(cpuTakes)"),
        ("80", "41: error: '80' has no unit; \(cpuTakes)"),
        ("0", "41: error: '0' has no unit; \(cpuTakes)"),
        ("120%", "41: error: percent of a limit cannot exceed 100; write an amount such as '3 cores' \(beyond)"),
        ("-5%", "41: error: '-5%' is negative; write a number from 0 on"),
        ("+5%", "41: error: '+5%' has a sign; write the number without it"),
        (".5 cores", "41: error: '.5 cores' begins with a point; write '0' before it"),
        ("1.5.5 cores", "45: error: '1.5.5 cores' has two points in its number"),
        ("010%", "41: error: '010%' has a leading zero; write the number without it"),
        ("1_0%", "43: error: '1_0%' has an underscore; write the digits without it"),
        ("1e30GiB", "43: error: '1e30GiB' has an exponent; write the number in plain digits"),
        ("99999999999999999999 cores", "41: error: '99999999999999999999 cores' is too large"),
        ("1GiB", "41: error: '1GiB' is an amount of bytes; \(cpuTakes)"),
        ("1 cpu", "44: error: unknown unit 'cpu' in '1 cpu'; did you mean 'cores'?"),
        ("2 coers", "44: error: unknown unit 'coers' in '2 coers'; did you mean 'cores'?"),
        ("2 parsecs", "44: error: unknown unit 'parsecs' in '2 parsecs'; \(cpuTakes)"),
        ("5M", "43: error: unknown unit 'M' in '5M'; \(cpuTakes)"),
        ("1:30", "43: error: '1:30' is not an amount; \(cpuTakes)"),
        ("50% 20%", "46: error: unexpected '20%' after '50%'"),
        ("max 2", "46: error: unexpected '2' after 'max'"),
        ("leave", "41: error: 'leave' needs the amount to leave; \(cpuTakes)"),
        ("leave max", "48: error: 'leave' needs the amount to leave; \(cpuTakes)"),
        ("rmap to 80%", "41: error: unknown load 'rmap'; did you mean 'ramp'?"),
        ("banana", "41: error: unknown load 'banana'; \(cpuTakes), \(shapes)"),
        (
            "80% in 30s",
            "46: error: 'in' needs a shape in front of the load, such as 'ramp to 80% in 30s' or 'pulse 80% "
                + "for 1s every 5s'"
        ),
        ("ramp", "41: error: 'ramp' has no 'to'; write it as \(ramp)"),
        ("ramp 80%", "47: error: unexpected '80%' after 'ramp'; write it as \(ramp)"),
        ("ramp to 80% in", "54: error: 'in' has nothing after it; write 'ramp' as \(ramp)"),
        ("ramp to 80% every 5s", "54: error: 'every' does not belong here in 'ramp'; write it as \(ramp)"),
        (
            "ramp to 80% in 2m",
            "57: error: the ramp takes 2m, longer than its phase of 1m; shorten the ramp or lengthen the phase"
        ),
        ("ramp to 80% in 0s", "57: error: 'in' of 'ramp' must be longer than 0; write a duration such as '30s'"),
        ("steps 10%, 20%, every 5s", "57: error: an amount is missing; \(cpuTakes)"),
        ("steps 10%, 20%", "41: error: 'steps' has no 'every'; write it as 'steps A, B, C every T'"),
        (
            "steps 1%, 2%, 3% every 30s",
            "48: error: the last of 3 steps would begin after its phase of 1m has ended; write fewer or shorter steps"
        ),
        ("sine 1% to 2% every 9ms", "62: error: 'every' of 'sine' must be at least 10ms, not '9ms'"),
        ("sawtooth 1% to 2% every 9ms", "66: error: 'every' of 'sawtooth' must be at least 10ms, not '9ms'"),
        ("random 1% to 2% every 9ms", "64: error: 'every' of 'random' must be at least 10ms, not '9ms'"),
        ("pulse 1% for 1ms every 9ms", "65: error: 'every' of 'pulse' must be at least 10ms, not '9ms'"),
        (
            "pulse 80% for 5s every 1s",
            "56: error: the pulse lasts 5s, longer than the 1s from one to the next; shorten 'for' or lengthen 'every'"
        ),
        (
            "pulse 80% every 5s",
            "52: error: 'pulse' has no 'for'; write it as 'pulse A for T every U [offset 90deg | starting at 14:00 "
                + "UTC]'"
        ),
        (
            "sine every 5s",
            "41: error: 'sine' is incomplete; write it as 'sine A to B every T [offset 90deg | "
                + "starting at 14:00 UTC]'"
        ),
        ("trace", "41: error: 'trace' is incomplete; write it as 'trace FILE.csv [column C]'"),
        (
            "trace a.csv b",
            "54: error: unexpected 'b' after the trace's file; put a name that has spaces in double quotes, and write "
                + "'column' before a column"
        ),
    ])
    func loads(load: String, problem: String) {
        // In quotes, the word begins one column after the mark.
        #expect(TestManifests.loadProblem(load) == "p.yaml:1:\(problem)")
    }

    @Test(arguments: [
        ("memory", "5M", "46: error: '5M' is ambiguous: write 5MiB (2^20), as dd and fio mean it, or 5MB (10^6)"),
        ("memory", "5KB", "46: error: '5KB' is ambiguous: write 5kB (10^3) or 5KiB (2^10)"),
        ("memory", "5gib", "46: error: unknown unit 'gib' in '5gib'; did you mean 'GiB'?"),
        ("memory", "5Gi", "46: error: unknown unit 'Gi' in '5Gi'; did you mean 'GiB'?"),
        (
            "memory", "500m",
            "48: error: '500m' is ambiguous: write 500MiB (2^20), as dd and fio mean it, or 500MB (10^6)"
        ),
        ("memory", "9999999TiB", "44: error: '9999999TiB' is too large"),
        (
            "memory", "101%",
            "44: error: percent of a limit cannot exceed 100; write an amount such as '64GiB' \(beyond)"
        ),
        (
            "disk-bandwidth", "50%",
            "52: error: '50%' is a percentage; 'disk-bandwidth' takes bytes per second such as '50MB/s', "
                + "operations per "
                + "second such as '2000 iops' or 'max'"
        ),
        (
            "disk-bandwidth", "5M/s",
            "54: error: '5M/s' is ambiguous: write 5MiB/s (2^20), as dd and fio mean it, or 5MB/s (10^6)"
        ),
        (
            "file-handles", "5.5",
            "50: error: '5.5' is not a whole number; 'file-handles' takes a percentage such as '80%', a count such as "
                + "'15000', 'max' or 'leave 10'"
        ),
    ])
    func unitsOfOtherKinds(kind: String, load: String, problem: String) {
        #expect(TestManifests.loadProblem(load, of: kind) == "p.yaml:1:\(problem)")
    }

    static let good = "phases: [{name: p, for: 1s, load: {cpu: 1%}}]"
    private static let phase = "phases: [{ name: steady, for: 30s, load: { cpu: 80% } }]"

    /// Each line is put in front of a good profile.
    @Test(arguments: [
        ("nmae: x", "1:1: error: unknown key 'nmae' in the profile; did you mean 'name'?"),
        (
            "zebra: x",
            "1:1: error: unknown key 'zebra' in the profile; it takes: name, description, note, labels, include, "
                + "params, "
                + "seed, stressors, "
                + "phases, probes, objectives, guards, "
                + "tolerance"
        ),
        ("name: [x]", "1:7: error: 'name' must be text, not a list; write it such as 'name: squeeze'"),
        ("name: ''", "1:7: error: 'name' is empty; write it such as 'name: squeeze'"),
        ("seed: -1", "1:7: error: 'seed' takes a whole number from 0 on, not '-1'"),
        ("seed: 1.5", "1:7: error: 'seed' takes a whole number from 0 on, not '1.5'"),
        ("seed: 010", "1:7: error: '010' has a leading zero; write the number without it"),
        ("seed: 99999999999999999999", "1:7: error: '99999999999999999999' is too large"),
        ("stressors: []", "1:12: error: 'stressors' must be a mapping such as 'scratch: { kind: cpu }', not a list"),
        ("stressors: {cpu: 5}", "1:18: error: 'cpu' must be a mapping such as 'cpu: { kind: cpu }', not text"),
        ("stressors: {cpu: {of: hots}}", "1:23: error: unknown value 'hots' for 'of' in 'cpu'; did you mean 'host'?"),
        ("stressors: {cpu: {fo: host}}", "1:19: error: unknown key 'fo' in 'cpu'; did you mean 'of'?"),
        ("stressors: {cpu: {mode: total}}", "1:25: error: unknown value 'total' for 'mode' in 'cpu'; it takes: add"),
        (
            "stressors: {cpu: {workers: 0}}",
            "1:28: error: 'workers' in 'cpu' takes a whole number from 1 to 1024, not '0'"
        ),
        ("stressors: {cpu: {workers: 010}}", "1:28: error: '010' has a leading zero; write the number without it"),
        (
            "stressors: {cpu: {workers: 1.5}}",
            "1:28: error: 'workers' in 'cpu' takes a whole number from 1 to 1024, not '1.5'"
        ),
        (
            "stressors: {cpu: {cpus: 0-3,8}}",
            "1:29: error: unknown key '8' in 'cpu'; put a value that has commas in quotes"
        ),
        (
            "stressors: {cpu: {cpus: [0, 1]}}",
            "1:25: error: 'cpus' in 'cpu' takes CPU numbers such as '0-3,8', not a list"
        ),
        (
            "stressors: {cpu: {cpus: 3-1}}",
            "1:25: error: 'cpus' in 'cpu' has the range '3-1'; write the lower number first"
        ),
        ("stressors: {cpu: {cpus: a}}", "1:25: error: 'cpus' in 'cpu' takes CPU numbers such as '0-3,8', not 'a'"),
        ("stressors: {memory: {lock: yes}}", "1:28: error: 'lock' in 'memory' takes true or false, not 'yes'"),
        (
            "stressors: {memory: {headroom: 5M}}",
            "1:33: error: '5M' is ambiguous: write 5MiB (2^20), as dd and fio mean it, or 5MB (10^6)"
        ),
        (
            "stressors: {memory: {headroom: }}",
            "1:32: error: 'headroom' in 'memory' has no value; it takes bytes such as '256MiB'"
        ),
        ("stressors: {x: {kind: cpuu}}", "1:23: error: unknown kind 'cpuu' of 'x'; did you mean 'cpu'?"),
        ("stressors: {x: {}}", "1:13: error: 'x' has no 'kind'; add one of: cpu, memory, file-handles, disk-bandwidth"),
        ("stressors: {memry: {}}", "1:13: error: 'memry' has no 'kind' and is none itself; did you mean 'memory'?"),
        (
            "stressors: {cpu: {kind: memory}}",
            "1:25: error: 'cpu' is the name of a kind and cannot be of kind 'memory'; rename it"
        ),
        (
            "stressors: {'a b': {kind: cpu}}",
            "1:13: error: 'a b' cannot name a stressor; take up to 64 letters, digits, '-' and '_', a letter first"
        ),
        ("guards: x", "1:9: error: 'guards' must be a list such as '- memory.available < 256MiB for 2s', not text"),
        (
            "guards: [cpu.busy]",
            "1:10: error: 'cpu.busy' has no comparison; write a guard such as 'memory.available < 256MiB for 2s'"
        ),
        ("guards: [memory.avail < 5%]", "1:10: error: unknown metric 'memory.avail'; did you mean 'memory.available'?"),
        ("guards: [cpu.busy == 5%]", "1:19: error: unknown comparison '=='; a guard takes: <, <=, >, >="),
        ("guards: [cpu.busy > 5]", "1:21: error: '5' has no unit; 'cpu.busy' takes a percentage such as '80%'"),
        ("guards: [cpu.busy > 5% for 2]", "1:28: error: '2' has no unit; write it such as '2s' or '2m'"),
        (
            "guards: [cpu.busy > 110%]",
            "1:21: error: percent of a limit cannot exceed 100; write a percentage from 0% to 100%"
        ),
        (
            "tolerance: {cpu: 1}",
            "1:18: error: '1' has no unit; tolerance of 'cpu' takes points such as '1pp', percent of the "
                + "target such as "
                + "'1%', or cores such as '1.5 cores'"
        ),
        (
            "tolerance: {cpu: 1MiB}",
            "1:18: error: '1MiB' is an amount of bytes; tolerance of 'cpu' takes cores such as '1.5 cores'"
        ),
        ("tolerance: {cpu: 200%}", "1:18: error: a tolerance cannot exceed 100; write one such as '1pp' or '1%'"),
        ("tolerance: {cqu: 1%}", "1:13: error: unknown stressor 'cqu' in 'tolerance'; did you mean 'cpu'?"),
        (
            "tolerance: {memory: 1%}",
            "1:13: error: 'tolerance' names 'memory', which no phase loads; load it or leave it out"
        ),
        ("<<: 1", "1:1: error: '<<' takes a mapping or a list of them, such as '<<: *base'"),
        ("? [a]\n: 1", "1:3: error: a key must be a word, not a list or a mapping"),
        ("name: a\nname: b", "2:1: error: duplicate key 'name'; it is already on line 1, keep one of them"),
        ("'name': a\n\"name\": b", "2:1: error: duplicate key 'name'; it is already on line 1, keep one of them"),
        (
            "seed: *x",
            "1:7: error: no anchor '&x' ends before alias '*x'; put it before, or put text that begins with '*' in "
                + "quotes"
        ),
        (
            "a: !!str 1",
            "1:4: error: tags ('!!str') are not taken in a profile; leave the tag out, or put text that "
                + "begins with '!' in "
                + "quotes"
        ),
        ("%YAML 1.1\n---", "1:1: error: YAML directives ('%YAML') are not taken in a profile; leave the line out"),
        (
            "a: b\n---",
            "2:1: error: a second document begins here; a profile is one document, so leave the '---' out"
        ),
        (
            "name: 'a",
            "1:7: error: not valid YAML: found unexpected end of stream while scanning a quoted scalar; "
                + "close the quotes"
        ),
        (
            "name: a: b",
            "1:8: error: not valid YAML: mapping values are not allowed in this context; put a value that "
                + "has a colon in "
                + "quotes, and give the keys of one mapping the same indentation"
        ),
        (
            "\tname: a",
            "1:1: error: not valid YAML: found character that cannot start any token while scanning for the "
                + "next token; "
                + "indent with spaces, not tabs"
        ),
    ])
    func lines(line: String, problem: String) {
        #expect(TestManifests.problems("\(line)\n\(Self.good)") == "p.yaml:\(problem)")
    }

    @Test(arguments: [
        ("", " error: the profile is empty; it needs at least 'phases'"),
        (" \n# only\n", " error: the profile is empty; it needs at least 'phases'"),
        ("---\n...\n", " error: the profile is empty; it needs at least 'phases'"),
        ("~", " error: the profile is empty; it needs at least 'phases'"),
        ("[]", "1:1: error: a profile must be a mapping with keys such as 'phases:', not a list"),
        ("text", "1:1: error: a profile must be a mapping with keys such as 'phases:', not text"),
        ("{}", "1:1: error: the profile has no 'phases'; add them such as '\(phase)'"),
        ("phases:", "1:1: error: 'phases' has no phase; add one such as '\(phase)'"),
        ("phases: []", "1:1: error: 'phases' has no phase; add one such as '\(phase)'"),
        ("phases: {}", "1:1: error: 'phases' must be a list, not a mapping; add one such as '\(phase)'"),
        ("phases: [x]", "1:10: error: phase 1 must be a mapping such as '{ name: steady, for: 30s }', not text"),
        (
            "phases: [{name: a, for: 1s}]",
            "1:1: error: nothing to exert: no phase has a load; add one such as 'load: { cpu: 80% }'"
        ),
        (
            "phases: [{name: a, for: 0s, load: {cpu: 1%}}]",
            "1:25: error: 'for' of phase 'a' must be longer than 0; write a duration such as '30s'"
        ),
        (
            "phases: [{name: a, for: -1s, load: {cpu: 1%}}]",
            "1:25: error: '-1s' is negative; write a number from 0 on"
        ),
        (
            "phases: [{name: a, for: 30, load: {cpu: 1%}}]",
            "1:25: error: '30' has no unit; write it such as '30s' or '30m'"
        ),
        (
            "phases: [{name: a, for: 1:30, load: {cpu: 1%}}]",
            "1:26: error: '1:30' could be minutes or hours; write a duration such as '1h30m' or '1m30s'"
        ),
        (
            "phases: [{name: a, for: 2000d, load: {cpu: 1%}}, {name: b, for: 2000d}]",
            "1:1: error: the phases last 4000d in all; the limit is 3650d"
        ),
        (
            "phases: [{name: a, for: 1s, load: {cpu: 1%}}, {name: a, for: 1s}]",
            "1:54: error: duplicate phase name 'a'; it is already on line 1, take another"
        ),
        (
            "phases: [{name: a, for: 1s, load: {cpu: }}]",
            "1:36: error: 'cpu' has no load; write one such as '80%', or leave it out to release it"
        ),
        (
            "phases: [{name: a, for: 1s, load: {cpuu: 1%}}]",
            "1:36: error: unknown stressor 'cpuu'; did you mean 'cpu'?"
        ),
        (
            "phases: [{name: a, for: 1s, load: {zebra: 1%}}]",
            "1:36: error: unknown stressor 'zebra'; define it under 'stressors', or take one of: cpu, "
                + "memory, file-handles, "
                + "disk-bandwidth"
        ),
        (
            "phases: [{name: a, for: 30d, load: {cpu: sine 1% to 2% every 1h + random 1% to 2% every 1s}}]",
            "1:42: error: the load changes 2592002 times in its phase; the limit is 100000, so take longer steps"
        ),
    ])
    func texts(text: String, problem: String) {
        #expect(TestManifests.problems(text) == "p.yaml:\(problem)")
    }

    /// Columns count characters, and offsets within a value hold only where the text is as it is read.
    @Test(arguments: [
        ("- {name: \"日本\", for: 1s, load: {cpu: ramp to 120%}}", "2:45"),
        ("- {name: ü, for: 1s, load: {cpu: 'ramp to 120%'}} # ü", "2:43"),
        ("- name: p\n  for: 1s\n  load:\n    cpu: ramp\n      to\n      120%", "5:10"),
        ("- name: p\n  for: 1s\n  load:\n    cpu: >\n      ramp to\n      120%", "5:10"),
        ("- name: p\n  for: 1s\n  load:\n    cpu: \"ramp\\tto 120%\"", "5:10"),
        ("- name: p\r\n  for: 1s\r\n  load:\r\n    cpu: ramp to 120%\r\n", "5:18"),
    ])
    func columns(phase: String, place: String) {
        let message = "percent of a limit cannot exceed 100; write an amount such as '3 cores' \(Self.beyond)"
        #expect(TestManifests.problems("phases:\n\(phase)") == "p.yaml:\(place): error: \(message)")
    }

    @Test func everyProblemOfTheFileAtOnceInItsOrder() {
        let text = """
            nmae: x
            seed: 010
            stressors:
              cpu: { of: hots, wokers: 2 }
              cpu: {}
              scratch: { kind: disc }
            phases:
              - name: a
                load: { cpu: 120%, scratch: 5, memry: 1GiB }
              - name: a
                for: 1:30
                load:
                  cpu: steps 10%, 20% every 100ms
                  memory: 5M
            guards:
              - memory.available < 5
            tolerance: { cpu: 1 }
            tolerance: { cpu: 2 }
            """
        let found = TestManifests.problems(text).split(separator: "\n").map { line in
            line.split(separator: ";").first.map { String($0.dropFirst("p.yaml:".count)) } ?? ""
        }
        #expect(
            found == [
                "1:1: error: unknown key 'nmae' in the profile",
                "2:7: error: '010' has a leading zero",
                "4:14: error: unknown value 'hots' for 'of' in 'cpu'",
                "4:20: error: unknown key 'wokers' in 'cpu'",
                "5:3: error: duplicate key 'cpu'",
                "6:20: error: unknown kind 'disc' of 'scratch'",
                "8:5: error: phase 'a' has no 'for'",
                "9:18: error: percent of a limit cannot exceed 100",
                "9:36: error: unknown stressor 'memry'",
                "10:11: error: duplicate phase name 'a'",
                "11:11: error: '1:30' could be minutes or hours",
                "14:16: error: '5M' is ambiguous: write 5MiB (2^20), as dd and fio mean it, or 5MB (10^6)",
                "16:24: error: '5' has no unit",
                "17:19: error: '1' has no unit",
                "18:1: error: duplicate key 'tolerance'",
            ])
    }

    @Test func duplicatesAreToldWithSyntaxErrors() {
        #expect(
            TestManifests.problems("name: a\nseed: { x: 1, x: 2 }\nphases: [\n") == """
                p.yaml:2:15: error: duplicate key 'x'; it is already on line 2, keep one of them
                p.yaml:4:1: error: not valid YAML: did not find expected node content while parsing a flow node
                """)
        #expect(TestManifests.problems("'''': 1\n'''': 2\n").contains("2:1: error: duplicate key"))
    }

    /// libyaml ends at the first of these, where it does not pass over it.
    @Test func everythingThatIsNotTakenIsTold() {
        let text = """
            a: *.log
            b: !x!y 1
            c: { d: &, e: !<f 2, g: &h !i 3 }
             !j k: 4
            """
        #expect(
            TestManifests.problems(text + "\n" + Self.good).split(separator: "\n").map { $0.prefix { $0 != ";" } } == [
                "p.yaml:1:4: error: '*.log' is no alias, whose name has letters, digits, '-' and '_'",
                "p.yaml:2:4: error: tags ('!x!y') are not taken in a profile",
                "p.yaml:3:9: error: '&' is no anchor, whose name has letters, digits, '-' and '_'",
                "p.yaml:3:15: error: tags ('!<f') are not taken in a profile",
                "p.yaml:3:28: error: tags ('!i') are not taken in a profile",
                "p.yaml:4:2: error: tags ('!j') are not taken in a profile",
            ])
    }

    @Test func commasInFlowMappingsAreRecognised() {
        #expect(
            TestManifests.problems("phases: [{name: a, for: 1s, load: {cpu: steps 10%, 20% every 100ms}}]")
                .hasSuffix("unknown stressor '20% every 100ms'; put a load that has commas in quotes"))
    }

    @Test func markersInTextAreText() {
        let text = """
            --- # one document may say where it begins
            name: a & b * c ! d
            description: >-
              *emphasis* &amp !important
              --- not a document
              [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
            # *comment &comment !comment
            stressors:
              memory: { note: "*a &b !c \\" *d" }   # *x
              m2:
                kind: memory
                note: plain text goes on
                  *here and
                  &here
            \(Self.good) # !x
            ...
            """
        #expect(TestManifests.problems(text) == "")
        #expect(TestManifests.problems("name: 'it''s *x'\n\(Self.good)") == "")
    }

    /// What an alias stands for may be right where its anchor is.
    @Test func whatAnAliasStandsForIsWrongWhereItStands() {
        #expect(
            TestManifests.problems(
                """
                phases:
                  - { name: a, for: 1s, load: { memory: &x 1GiB } }
                  - { name: b, for: 1s, load: { cpu: *x } }
                """)
                == "p.yaml:3:38: error: '1GiB' is an amount of bytes; 'cpu' takes a percentage such as '80%', cores "
                + "such as "
                + "'1.5 cores', 'max' or 'leave 0.5 cores'")
    }
}
