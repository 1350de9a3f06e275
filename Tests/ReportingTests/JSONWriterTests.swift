// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reporting
import Testing

@Suite struct JSONWriterTests {
    private func written(_ layout: JSONWriter.Layout = .compact, _ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(layout)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(
        arguments: [
            ("plain", #""plain""#),
            ("", #""""#),
            ("a\"b\\c/d", #""a\"b\\c/d""#),
            ("\u{08}\t\n\u{0C}\r", #""\b\t\n\f\r""#),
            ("\0\u{1B}[31m\u{1F}\u{7F}", #""\u0000\u001b[31m\u001f\u007f""#),
            ("größe 负载 🔥", "\"größe 负载 🔥\""),
            (
                String(decoding: [0x61, 0xFF, 0xED, 0xA0, 0x80, 0x62], as: UTF8.self),
                "\"a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}b\""
            ),
        ] as [(String, String)])
    func escapes(text: String, json: String) throws {
        let written = written { $0.string(text) }
        #expect(written == json)
        let back = try JSONSerialization.jsonObject(with: Data(written.utf8), options: .fragmentsAllowed)
        #expect(back as? String == text)
    }

    @Test func escapesKeysThatAreData() {
        #expect(
            written {
                $0.beginObject()
                $0.key(data: "a\"\n")
                $0.null()
                $0.endObject()
            } == #"{"a\"\n":null}"#)
    }

    @Test(
        arguments: [
            (0.0, "0"), (-0.0, "0"), (1, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"),
            (0x1p53, "9007199254740992"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"), (.nan, "null"),
            (.infinity, "null"),
        ] as [(Double, String)])
    func numbersReadBackTheSame(value: Double, json: String) {
        let written = written { $0.number(value) }
        #expect(written == json)
        if value.isFinite { #expect(Double(written) == value) }
    }

    @Test(
        arguments: [
            (1.5999, 9, "1.5999"), (1.6000000000000001, 9, "1.6"), (-0.0001, 9, "-0.0001"), (-1e-12, 9, "0"),
            (0.0000000005, 9, "0.000000001"), (536870912.4, 0, "536870912"), (0.99999, 3, "1"), (-2.5, 0, "-3"),
            (1e12, 9, "1000000000000"), (1.5e300, 9, "1.5e+300"), (9_007_199_254_740_992, 0, "9007199254740992"),
            (-.infinity, 3, "null"),
            (12.03, 3, "12.03"),
        ] as [(Double, Int, String)])
    func decimalsAreRounded(value: Double, places: Int, json: String) {
        #expect(written { $0.decimal(value, places: places) } == json)
    }

    @Test func absentIsNull() {
        #expect(written { $0.decimal(nil, places: 3) } == "null")
        #expect(written { $0.number(nil) } == "null")
        #expect(written { $0.string(nil) } == "null")
        #expect(written { $0.integer(nil as Int?) } == "null")
    }

    @Test func integersOfAnyWidth() {
        #expect(written { $0.integer(Int64.min) } == "-9223372036854775808")
        #expect(written { $0.integer(UInt64.max) } == "18446744073709551615")
        #expect(written { $0.integer(Int32(0)) } == "0")
        #expect(written { $0.integer(100) } == "100")
    }

    @Test func secondsAreExact() {
        #expect(written { $0.seconds(of: 12_300_000_000) } == "12.3")
        #expect(written { $0.seconds(of: 1) } == "0.000000001")
        #expect(written { $0.seconds(of: -1_500_000_000) } == "-1.5")
        #expect(written { $0.seconds(of: .max) } == "9223372036.854775807")
    }

    private func nest(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(1)
        writer.boolean(true)
        writer.beginObject()
        writer.endObject()
        writer.endArray()
        writer.key("b")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
    }

    @Test func compactLayout() {
        #expect(written { nest(&$0) } == #"{"a":[1,true,{}],"b":[]}"#)
    }

    @Test func prettyLayout() {
        #expect(
            written(.pretty) { nest(&$0) } == """
                {
                  "a": [
                    1,
                    true,
                    {}
                  ],
                  "b": []
                }
                """)
    }

    @Test func theBufferIsUsedAgain() {
        var writer = JSONWriter(capacity: 64)
        for _ in 0..<3 {
            writer.removeAll()
            nest(&writer)
            writer.endLine()
            #expect(String(decoding: writer.bytes, as: UTF8.self) == "{\"a\":[1,true,{}],\"b\":[]}\n")
        }
    }
}

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_399_000_000_000, "2000-02-28T23:59:59.000000000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (951_868_800_000_000_000, "2000-03-01T00:00:00.000000000Z"),
            (1_709_164_800_000_000_001, "2024-02-29T00:00:00.000000001Z"),
            (1_740_787_200_000_000_000, "2025-03-01T00:00:00.000000000Z"),
            (1_767_225_599_999_999_999, "2025-12-31T23:59:59.999999999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (4_107_456_000_000_000_000, "2100-02-28T00:00:00.000000000Z"),
            (1_795_356_012_300_000_000, "2026-11-22T14:00:12.300000000Z"),
            (Int64.max, "2262-04-11T23:47:16.854775807Z"),
            (Int64.min, "1677-09-21T00:12:43.145224192Z"),
        ] as [(Int64, String)])
    func texts(time: Int64, text: String) {
        #expect(Timestamp.text(time) == text)
    }

    @Test func agreesWithFoundationOverFiveCenturies() {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: -100_000, to: 100_000, by: 97) {
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(day) * 86_400))
            #expect(Timestamp.text(Int64(day) * 86_400_000_000_000) == expected.dropLast() + ".000000000Z")
        }
    }
}
