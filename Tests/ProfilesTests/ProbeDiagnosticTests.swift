// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

struct ProbeDiagnosticTests {
    private static let phases = ProbeNotationTests.phases

    @Test func tellsEveryProblemAtOnceWithItsPlace() {
        let text =
            Self.phases + """
                probes:
                  a: { http: "http://localhost/", evry: 1s, timeout: 5m }
                  b: { htp: "http://localhost/" }
                  c: { http: localhost, good: status 99 }
                  d: { tcp: "localhost:5432", good: "status 200" }
                  e: { command: /usr/bin/app --check }
                  f: { http: "http://localhost/", expect: status 200, verify: false }
                  g: { http: "http://localhost/", headers: { "A B": x, C: { env: X } } }
                  h: { prometheus: "http://localhost/" }
                  i: { http: "http://localhost/", good: in 2s }
                  j: { every: 1s }
                  k: { http: "http://localhost/", dns: a.b }
                  l: { http: "http://localhost/", every: 1ms, timeout: 60s }
                  m:
                objectives:
                  - a 99% good
                  - ok 99% good
                  - a

                """
        #expect(
            TestManifests.problems(text) == """
                p.yaml:6:35: error: unknown key 'evry' in probe 'a'; did you mean 'every'?
                p.yaml:6:54: error: 'timeout' of probe 'a' is 1m40s at most
                p.yaml:7:8: error: unknown key 'htp' in probe 'b'; did you mean 'http'?
                p.yaml:8:14: error: 'localhost' is not a URL; it begins with 'http://', 'https://' or 'unix:', as in \
                'http://localhost:8080/healthz'
                p.yaml:9:37: error: 'status' is no condition of 'tcp'; 'good' of 'tcp' takes 'in 300ms'
                p.yaml:10:17: error: 'command' of probe 'e': there is no shell; 'command' takes a program with its \
                arguments as a list such as '[/usr/bin/app, --check]', not text
                p.yaml:11:35: error: unknown key 'expect' in probe 'f'; did you mean 'good'?
                p.yaml:11:63: error: 'verify' is of https, and this probe asks http
                p.yaml:12:46: error: 'A B' cannot be the name of a header
                p.yaml:12:59: error: header 'C' of probe 'g' must be text, not a mapping; write it such as 'env:TOKEN'
                p.yaml:13:3: error: probe 'h' has no 'query'; add one such as 'query: sum(up)'
                p.yaml:14:3: error: probe 'i' is good 'in 2s' and given up after its timeout of 1s; lengthen the timeout
                p.yaml:15:3: error: probe 'j' does not say what it asks; add one of: http, tcp, dns, command, grpc, \
                prometheus, pid, unit
                p.yaml:16:35: error: probe 'k' asks 'http' already; write 'dns' as a probe of its own
                p.yaml:17:3: error: probe 'l' may have 60001 in flight at a time, and the limit is 4096; shorten its \
                timeout, or ask less often
                p.yaml:18:3: error: probe 'm' asks nothing; write it such as 'checkout: http://localhost:8080/healthz'
                p.yaml:21:5: error: unknown probe 'ok'; there are: a, b, c, d, e, f, g, h, i, j, k, l, m
                """)
    }

    /// What is wrong with how a certificate is to be verified, and where.
    @Test(
        arguments: [
            ("ca: none.pem", 32, "cannot read the authorities 'none.pem'"), ("ca: empty.pem", 32, "it is empty"),
            ("ca: junk.pem", 32, "no certificate in PEM"), ("verify: maybe", 36, "it takes: true, false"),
            ("server-name: 'a b'", 41, "is no name of a server"), ("ca: ca.pem, verify: false", 3, "drop one"),
            ("tls: unverified", 28, "unknown key 'tls'"),
        ])
    func verification(text: String, column: Int, problem: String) {
        let found = TestManifests.problems(
            Self.phases + "probes:\n  a: { http: 'https://x/', \(text) }\n")
        #expect(found.hasPrefix("p.yaml:6:\(column): error: "), "\(found)")
        #expect(found.contains(problem) && found.split(separator: "\n").count == 1, "\(found)")
    }

    /// What is wrong with one condition.
    @Test(
        arguments: [
            ("", "condition is missing"), ("status 200-", "'200-' is no status"), ("2xx", "'2xx' is no status"),
            ("status 299-200", "lower code first"), ("status", "is no status"), ("sttus 200", "did you mean 'status'?"),
            ("status 200 and", "'and' stands between two"), ("status 200 and 301", "two conditions on 'status'"),
            ("body \"x\"", "'body' is followed by 'contains'"), ("body contains", "has no text"),
            ("json status == 1", "begins with a point"), ("json .a = 1", "'='"), ("json .a", "no comparison"),
            ("json .a == UP", "in double quotes"), ("json .a > true", "neither more nor less"),
            ("json .a[0] == 1", "without brackets"), ("json .a. == 1", "step of the path is missing"),
            ("json .a == 1 2", "unexpected '2'"), ("in 300", "has no unit"), ("in 0s", "longer than 0"),
        ])
    func conditions(condition: String, problem: String) {
        let text = Self.phases + "probes: { a: { http: 'http://x/', good: '\(condition)' } }"
        let found = TestManifests.problems(text)
        #expect(found.contains(problem) && found.split(separator: "\n").count == 1, "\(found)")
    }

    /// What is wrong with one objective, and where in it.
    @Test(
        arguments: [
            ("a 99 good", 2, "is no share"), ("a 0% good", 2, "more than 0%"), ("a 99% bad", 5, "of good probes"),
            ("a p95 300ms", 5, "followed by a comparison"), ("a p95 < 300", 8, "has no unit"),
            ("a p95 < 3s", 8, "beyond the timeout"), ("a p95 > 3ms", 6, "asked to be slow"),
            ("a p101 < 3ms", 2, "no percentile"), ("a mean < 5", 2, "take a percentile"),
            ("a recover within 3s", 2, "did you mean 'recovers'?"), ("a recovers in 3s", 10, "within 30s"),
            ("a 99% good durng squeeze", 11, "did you mean 'during'?"),
            ("a 99% good during squeze", 18, "did you mean 'squeeze'?"), ("a 99% good during", 17, "name of a phase"),
            ("a 99% good before after", 18, "a second time"), ("a 99% good over 10", 16, "has no unit"),
            ("a 99% good during squeeze over 3m", 31, "does not fit into 2m"),
            ("a 99% good before from settled", 18, "'from settled' is of a load"),
            ("a 99% good during recover from settled", 26, "'from settled' is of a load"),
            ("a p95 <= before + 20% before", 22, "what comes later"), ("a p95 <= before + 20", 18, "share of it"),
            ("a within 2m of recover", 15, "has no load"), ("a within 2m squeeze", 12, "within 2m of squeeze"),
            ("a recovers within 3s soon", 21, "unexpected 'soon'"), ("n mean < 5s", 9, "is a number"),
            ("n p95 >= 5 somewhere", 11, "unexpected 'somewhere'"), ("a 99% good over 10ms", 16, "at least 1s"),
        ])
    func objectives(objective: String, offset: Int, problem: String) {
        let text =
            Self.phases + """
                probes: { a: http://x/, n: { prometheus: http://x/, query: up } }
                objectives:
                - \(objective)

                """
        let found = TestManifests.problems(text)
        #expect(found.hasPrefix("p.yaml:7:\(offset + 3): error: "), "\(found)")
        #expect(found.contains(problem) && found.split(separator: "\n").count == 1, "\(found)")
    }

    @Test func timeWithoutLoadIsNeededBeforeAndAfter() {
        func problems(_ objective: String) -> String {
            TestManifests.problems(
                "phases: [{name: p, for: 1m, load: {cpu: 1%}}]\nprobes: {a: 'http://x/'}\nobjectives: ['\(objective)']")
        }
        #expect(problems("a 99% good") == "" && problems("a 99% good always") == "")
        #expect(problems("a 99% good before").contains("'before' needs time without a load"))
        #expect(problems("a p99 < before + 5%").contains("relative to 'before' needs time without a load"))
        #expect(problems("a 99% good after").contains("'after' needs time behind the last load"))
        // A recovery is waited for.
        #expect(problems("a recovers within 3s") == "")
    }

    @Test func aPhaseWithAProblemIsNoProblemOfObjectives() {
        let text =
            "phases: [{name: p, for: 1x, load: {cpu: 1%}}]\nprobes: {a: 'http://x/'}\n"
            + "objectives: [a 99% good before, a 99% good during q]"
        #expect(TestManifests.problems(text).split(separator: "\n").count == 1)
    }

    @Test func aWindowHasALimit() {
        let text = "phases: [{name: p, for: 1h, load: {cpu: 1%}}]\nprobes: {a: {tcp: 'x:1', every: 1ms}}\n"
        #expect(TestManifests.problems(text + "objectives: ['a 99% good over 100s']") == "")
        #expect(
            TestManifests.problems(text + "objectives: ['a 99% good over 101s']").contains("101000 probes is too long"))
    }

    @Test func countsAreLimited() {
        let probes = (0...ProfileReader.probeLimit).map { "  p\($0): dns:x\n" }.joined()
        let objectives = (0...ProfileReader.objectiveLimit).map { _ in "- p0 99% good\n" }.joined()
        let found = TestManifests.problems(Self.phases + "probes:\n\(probes)objectives:\n\(objectives)")
        #expect(found.contains("'probes' has 65 probes; the limit is 64"))
        #expect(found.contains("'objectives' has 65 objectives; the limit is 64"))
    }
}
