// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Evidence

@Suite struct JSONPullTests {
    private func tree(_ text: String) throws -> JSONTree {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var pull = JSONPull(bytes)
            let tree = try pull.tree()
            try pull.end()
            return tree
        }
    }

    private func skips(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            var pull = JSONPull(bytes)
            do {
                try pull.skip()
                try pull.end()
                return true
            } catch {
                return false
            }
        }
    }

    @Test(
        arguments: [
            "0", "-0", "1", "0.1", "-12.5", "123456789.987654321", "0.000000001", "536870912", "1e3", "2.5E-7", "1e308",
            "9007199254740993.0", "0.30000000000000004", "123456789012345678901234567890", "4.9e-324",
        ])
    func `a number is the very one that is written`(text: String) throws {
        #expect(try tree(text).number?.bitPattern == Double(text)?.bitPattern)
        #expect(skips(text))
    }

    @Test func `a seed keeps all of its digits`() throws {
        #expect(try tree("18446744073709551615") == .whole(.max))
    }

    @Test func `strings are what their escapes say`() throws {
        #expect(try tree(#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\u0041""#).text == "a\"\\/\u{8}\u{C}\n\r\té\u{E9}😀A")
        #expect(try tree(#""\ud83d""#).text == "\u{FFFD}")
        #expect(try tree(#""\ud83dx\ude00""#).text == "\u{FFFD}x\u{FFFD}")
    }

    @Test func `members keep their order`() throws {
        #expect(try tree(#" { "b" : [ 1 , null , true ] , "a" : { } } "#).members.map(\.name) == ["b", "a"])
    }

    @Test(
        arguments: [
            "", " ", "{", "}", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "01",
            "1.", "-", "1e", "1e+", ".5", "+1", "nul", "tru", "falsee", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"",
            "\"\\u12g4\"", "\"\u{1}\"", "1 2", "1e999", "'a'", "[1 2]", "{\"a\" 1}", "NaN", "Infinity",
        ])
    func `what is no JSON is an error`(text: String) {
        #expect(throws: JSONPull.Malformed.self) { try tree(text) }
        // What is passed over is looked at for its form alone.
        if text != "1e999" { #expect(!skips(text)) }
    }

    @Test func `bytes that are no UTF-8 are an error`() {
        for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]] {
            #expect(throws: JSONPull.Malformed.self) {
                try bytes.withUnsafeBufferPointer { bytes in
                    var pull = JSONPull(bytes)
                    _ = try pull.tree()
                }
            }
        }
    }

    @Test func `depth has a limit`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONPull.Malformed.self) { try tree(deep) }
        #expect(!skips(deep))
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: JSONPull.Malformed.self) { try tree(objects) }
        #expect(!skips(objects))
    }
}
