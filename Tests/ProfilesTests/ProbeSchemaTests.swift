// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Profiles

/// The schema and the reader say the same of each profile; the texts are JSON, which is YAML as well.
struct ProbeSchemaTests {
    private static func profile(probes: String, objectives: String = "[]") -> String {
        """
        {"phases": [{"name": "steady", "for": "1m"}, {"name": "squeeze", "for": "2m", "load": {"cpu": "50%"}},
        {"name": "recover", "for": "1m"}], "probes": \(probes), "objectives": \(objectives)}
        """
    }

    private func check(_ text: String, isRight: Bool) throws {
        try TestManifests.expectAgreement(on: text, isRight: isRight)
    }

    static let right = [
        #""http://localhost:8080/""#, #""https://a/b?c=d""#, #""unix:/run/a.sock:/x""#, #""tcp://a:1""#, #""dns:a.b""#,
        #""grpc://a:1/x.Y""#, #""pid:12""#, #""unit:a.service""#, #"{"http": "http://a/", "good": 200}"#,
        #"{"http": "http://[::1]:8080/", "every": "50ms", "timeout": "2s", "method": "HEAD"}"#,
        #"{"http": "http://a/", "good": "status 200-299, 404"}"#, #"{"http": "http://a/", "good": "200-299, 404"}"#,
        #"{"http": "http://a/", "good": ["status 200", "in 300ms", "json .a.0.\"b c\" == \"UP\""]}"#,
        #"{"http": "http://a/", "good": "body contains \"x and y\" and json .a >= -1.5 and in 1s"}"#,
        #"{"http": "http://a/", "good": "body contains ready to go"}"#,
        #"{"http": "http://a/", "good": "json .a==true"}"#,
        #"{"http": "https://a/", "verify": false, "headers": {"A": "env:X", "B": "file:x"}, "body": "x"}"#,
        #"{"http": "https://a/", "ca": "ca.pem", "server-name": "a.b", "connection": "new"}"#,
        #"{"tcp": "unix:/run/a.sock", "send": "x", "expect": "y", "good": "in 5ms"}"#,
        #"{"tcp": "[::1]:5432"}"#, #"{"dns": "a.b", "expect": "10.0.0.1"}"#, #"{"command": ["a", 1, true]}"#,
        #"{"command": ["a"], "value": "percent"}"#, #"{"grpc": "a:1", "service": "x"}"#,
        #"{"prometheus": "http://a", "query": "up", "value": "seconds", "headers": {"A": "b"}}"#,
        #"{"pid": 1}"#, #"{"unit": "nginx.service"}"#,
    ]

    static let wrong = [
        #""localhost""#, #""ftp://a/""#, #""http://joe:pw@a/""#, #""tcp://a""#, #""""#, "1", "[]", "{}", "null",
        #"{"every": "1s"}"#, #"{"http": "http://a/", "dns": "a"}"#, #"{"http": "a"}"#, #"{"http": "http://a b/"}"#,
        #"{"http": "http://a/", "evry": "1s"}"#, #"{"http": "http://a/", "every": "1"}"#,
        #"{"http": "http://a/", "every": 1}"#, #"{"http": "http://a/", "good": "status 99"}"#,
        #"{"http": "http://a/", "good": 99}"#, #"{"http": "http://a/", "good": "json a == 1"}"#,
        #"{"http": "http://a/", "good": "json .a = 1"}"#, #"{"http": "http://a/", "good": "json .a == UP"}"#,
        #"{"http": "http://a/", "good": "in 300"}"#, #"{"http": "http://a/", "good": "body contains"}"#,
        #"{"http": "http://a/", "good": "status 200 and"}"#, #"{"http": "http://a/", "good": []}"#,
        #"{"http": "http://a/", "headers": {"A B": "x"}}"#, #"{"http": "http://a/", "headers": ["x"]}"#,
        #"{"http": "http://a/", "headers": {"A": ""}}"#, #"{"http": "http://a/", "connection": "kept"}"#,
        #"{"http": "https://a/", "verify": "no"}"#, #"{"http": "https://a/", "tls": "unverified"}"#,
        #"{"http": "https://a/", "ca": ""}"#, #"{"http": "http://a/", "send": "x"}"#, #"{"tcp": "a"}"#,
        #"{"tcp": "a:1", "good": "status 200"}"#,
        #"{"tcp": "a:1", "query": "x"}"#, #"{"command": "a"}"#, #"{"command": []}"#, #"{"command": [["a"]]}"#,
        #"{"command": ["a"], "value": "minutes"}"#, #"{"prometheus": "http://a"}"#, #"{"pid": 0}"#, #"{"pid": "x"}"#,
        #"{"unit": "a b"}"#, #"{"unit": "-x"}"#, #"{"dns": ""}"#,
    ]

    static let rightObjectives = [
        "a 99% good", "a 99.9 % good probes before", "a 95% good seconds during squeeze, from settled over 10s",
        "a p95 < 300ms", "a p99<=before+20% after", "a p50 <= before during load", "a p99.9 < 1s always over 1m",
        "a recovers within 30s", "a within 2m of squeeze", "a within 2m", "n mean >= -1.5", "n p95 <= 3 during squeeze",
        "a p95 < 20ms during \"squeeze\" over 5s, from settled", "a 100% good, after",
    ]

    static let wrongObjectives = [
        "", "a", "a good", "a 99 good", "a 99% bad", "a p95", "a p95 < ", "a p95 = 3ms", "a px < 3ms", "a p95 < x",
        "a p95 <= before + 20", "a recovers", "a recovers in 3s", "a within of squeeze", "a within 2", "9a 99% good",
        "a 99% good somewhere", "a 99% good over 10", "a 99% good from start", "a 99% good during",
        "a recovers within 3s soon",
    ]

    @Test(arguments: right) func probesThatAreRight(probe: String) throws {
        try check(Self.profile(probes: "{\"a\": \(probe)}"), isRight: true)
    }

    @Test(arguments: wrong) func probesThatAreWrong(probe: String) throws {
        try check(Self.profile(probes: "{\"a\": \(probe)}"), isRight: false)
    }

    private static func profile(objective: String) -> String {
        let text = objective.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        let probes = #"{"a": "http://a/", "n": {"prometheus": "http://a/", "query": "up"}}"#
        return profile(probes: probes, objectives: "[\"\(text)\"]")
    }

    @Test(arguments: rightObjectives) func objectivesThatAreRight(objective: String) throws {
        try check(Self.profile(objective: objective), isRight: true)
    }

    @Test(arguments: wrongObjectives) func objectivesThatAreWrong(objective: String) throws {
        try check(Self.profile(objective: objective), isRight: false)
    }

    @Test func othersParts() throws {
        try check(Self.profile(probes: "null", objectives: "null"), isRight: true)
        try check(Self.profile(probes: "{}", objectives: "[]"), isRight: true)
        try check(Self.profile(probes: "[]"), isRight: false)
        try check(Self.profile(probes: #"{"9a": "dns:x"}"#), isRight: false)
        try check(Self.profile(probes: "{}", objectives: "{}"), isRight: false)
        try check(Self.profile(probes: "{}", objectives: "[1]"), isRight: false)
    }
}
