// SPDX-License-Identifier: Apache-2.0

#if Server
import Testing

@testable import ControlServer

@Suite struct PartsTests {
    @Test(
        arguments: [
            ("127.0.0.1:7117", .tcp(host: "127.0.0.1", port: 7117), true),
            ("localhost:0", .tcp(host: "localhost", port: 0), true), ("[::1]:80", .tcp(host: "::1", port: 80), true),
            ("0.0.0.0:1", .tcp(host: "0.0.0.0", port: 1), false),
            ("node-1:65535", .tcp(host: "node-1", port: 65535), false),
            ("127.0.0.1.example:1", .tcp(host: "127.0.0.1.example", port: 1), false),
            ("unix:/run/exert.sock", .unix(path: "/run/exert.sock"), true),
        ] as [(String, ListenAddress, Bool)])
    func `addresses are read, and local ones known`(text: String, address: ListenAddress, isLocal: Bool) {
        #expect(ListenAddress(text) == address && address.isLocal == isLocal && address.text == text)
    }

    @Test(arguments: ["", "7117", ":7117", "a:", "a:x", "a:65536", "a:-1", "::1:7", "unix:", "[]:1"])
    func `what is no address is none`(text: String) { #expect(ListenAddress(text) == nil) }

    @Test func `queries are decoded as forms are`() throws {
        let query = try #require(Query("a=1&b=x%20y+z&a=%C3%A4&c&d=="))
        #expect(query.values("a") == ["1", "ä"] && query.values("b") == ["x y z"])
        #expect(try query.value("c") == "" && query.value("d") == "=" && query.value("e") == nil)
        #expect(throws: Problem.self) { try query.value("a") }
        let combined = try #require(Query("a=\u{301}&\u{301}b=\u{1F3FB}"))
        #expect(try combined.value("a") == "\u{301}" && combined.value("\u{301}b") == "\u{1F3FB}")
        for text in ["a=%", "a=%4", "a=%g0", "%ff=1"] { #expect(Query(text[...]) == nil, "\(text)") }
        #expect(Query(nil)?.items.isEmpty == true)
    }

    @Test(
        arguments: [
            (nil, "text/plain", 1), ("*/*", "text/plain", 1), ("text/*;q=0.5", "text/plain", 0.5),
            ("application/json, text/plain;q=0.2", "text/plain", 0.2), ("text/html", "text/plain", 0),
            ("text/*;q=0.9, TEXT/plain; q=0.1", "text/plain", 0.1), ("", "text/plain", 0),
        ] as [(String?, String, Double)])
    func `the most specific range tells what is wanted`(field: String?, type: String, quality: Double) {
        #expect(Accept.quality(of: type, in: field) == quality)
    }

    @Test(arguments: [("secret", true), ("", false), ("secre", false), ("secrets", false), ("Secret", false)])
    func `a token is compared whole`(given: String, isSame: Bool) {
        #expect(AccessRules.isSame(Array(given.utf8), Array("secret".utf8)) == isSame)
        #expect(!AccessRules.isSame(Array("secretsecret".utf8), Array("secret".utf8)))
    }

    @Test func `requests that differ have different fingerprints`() {
        func fingerprint(_ parts: String...) -> IdempotencyKey.Fingerprint { .init(parts.map { Array($0.utf8) }) }
        #expect(fingerprint("a", "b") == fingerprint("a", "b"))
        #expect(fingerprint("ab") != fingerprint("a", "b") && fingerprint("a", "b") != fingerprint("b", "a"))
    }

    @Test func `dates are as HTTP writes them`() {
        #expect(DateField.text(of: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(DateField().value.hasSuffix(" GMT"))
    }

    @Test func `metrics are escaped, and whole numbers are whole`() {
        var metrics = PrometheusWriter()
        metrics.metric("a_total", .counter, "With \\ and\nmore.", [([("l", "x\"\\\ny")], 12), ([], 0.5)])
        metrics.metric("b", .gauge, "Nothing.", nil)
        metrics.metric("c", .gauge, "Odd.", [([], .nan), ([], -.infinity), ([], 1e300)])
        #expect(
            metrics.text == """
                # HELP a_total With \\\\ and\\nmore.
                # TYPE a_total counter
                a_total{l="x\\"\\\\\\ny"} 12
                a_total 0.5
                # HELP c Odd.
                # TYPE c gauge
                c NaN
                c -Inf
                c 1e+300

                """)
    }

    @Test(
        arguments: [
            ("null", .null), (" true ", .boolean(true)), ("-0.5e+1", .number(-5)), ("[]", .array([])),
            (#""a\u00e4\ud83d\ude00\n\/""#, .string("aä😀\n/")),
            (#"{"a":[1,{}]}"#, .object(["a": .array([.number(1), .object([:])])])),
        ] as [(String, JSONValue)])
    func `JSON is read as it is written`(text: String, value: JSONValue) throws {
        #expect(try JSONParser.value(of: Array(text.utf8)) == value)
    }

    @Test(
        arguments: [
            "", " ", "01", "1.", ".5", "+1", "1e", "--1", "1e999", "NaN", "tru", "truee", "nul", "'a'", #""\x""#,
            #""\u12""#,
            #""\ud800""#, #""\udc00""#, "\"\n\"", "\"a", "[1,]", "[1 2]", "[", "{", "{a:1}", #"{"a" 1}"#, #"{"a":}"#,
            #"{"a":1,}"#, "1 2", "{}x",
        ])
    func `what is no JSON is none`(text: String) {
        #expect(throws: JSONParser.Failure.malformed) { try JSONParser.value(of: Array(text.utf8)) }
        #expect(throws: JSONParser.Failure.self) { try JSONParser.value(of: [0x22, 0xFF, 0x22]) }
    }

    @Test func `JSON is looked at member by member`() throws {
        var object = JSONObject(
            try JSONValue.object(in: Array(#" {"a":"x","b":{"c":"d"},"e":null,"f":[1,true]}"#.utf8)))
        #expect(try object.string("a") == "x" && object.strings("b") == ["c": "d"] && object.string("e") == nil)
        #expect(object.has("f") && !object.has("a"))
        #expect(throws: Problem.self) { try object.end(known: []) }
        #expect(throws: Problem.self) { try object.string("f") }
        try object.end(known: [])
        let deep = String(repeating: #"{"a":"#, count: 10_000)
        #expect(throws: Problem.self) { try JSONValue.object(in: Array(deep.utf8)) }
    }
}
#endif
