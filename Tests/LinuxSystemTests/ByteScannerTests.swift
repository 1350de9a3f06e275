// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

/// Kernel text: what is there is read exactly, what is missing is nil, and nothing traps.
struct ByteScannerTests {
    private static let meminfo = Array("MemTotal:       24683096 kB\nMemFree:\t22760204 kB\nHugetlb:\nLast: 7".utf8)

    // The macros cannot call what mutates.
    private func next(_ scanner: inout ByteScanner) -> Int64? { scanner.nextInteger() }
    private func seek(_ scanner: inout ByteScanner) -> Bool { scanner.seek(line: "a ") }

    @Test func integersStandBehindTheirKeys() {
        #expect(ByteScanner.integer(after: "MemTotal:", in: Self.meminfo[...]) == 24_683_096)
        #expect(ByteScanner.integer(after: "MemFree:", in: Self.meminfo[...]) == 22_760_204)
        #expect(ByteScanner.integer(after: "Last:", in: Self.meminfo[...]) == 7)
    }

    @Test func missingKeysAndFieldsAreNil() {
        #expect(ByteScanner.integer(after: "MemAvailable:", in: Self.meminfo[...]) == nil)
        // A line without a number must not take the number of the next line.
        #expect(ByteScanner.integer(after: "Hugetlb:", in: Self.meminfo[...]) == nil)
        #expect(ByteScanner.integer(after: "Last: 7 and more", in: Self.meminfo[...]) == nil)
        #expect(ByteScanner.integer(after: "x", in: []) == nil)
    }

    @Test func aKeyCountsOnlyAtTheStartOfALine() {
        let text = Array("total_inactive_file 1\ninactive_file 2\n".utf8)
        #expect(ByteScanner.integer(after: "inactive_file ", in: text[...]) == 2)
    }

    @Test func aSliceKeepsItsOwnIndices() {
        let text = Array("skipped 1\nwanted 2\nbeyond 3\n".utf8)
        #expect(ByteScanner.integer(after: "wanted ", in: text[10..<19]) == 2)
        #expect(ByteScanner.integer(after: "beyond ", in: text[10..<19]) == nil)
    }

    @Test(arguments: [
        ("9223372036854775807", Int64.max), ("9223372036854775808", .max), ("99999999999999999999999999", .max),
        ("-1", -1), ("-9223372036854775807", -.max), ("-99999999999999999999", -.max), ("007", 7), ("0", 0),
    ])
    func numbersSaturateAndKeepTheirSign(text: String, value: Int64) {
        var scanner = ByteScanner(Array(text.utf8))
        #expect(next(&scanner) == value)
        #expect(scanner.isAtEnd)
    }

    @Test(arguments: ["", " ", "-", "--1", "x1", "+1", "\n1", "- 1"])
    func whatIsNoNumberIsNil(text: String) {
        var scanner = ByteScanner(Array(text.utf8))
        #expect(next(&scanner) == nil)
    }

    @Test func fieldsAreSkippedWithinTheirLine() {
        var scanner = ByteScanner(Array("4242 (a) S 1\n99 7\n".utf8))
        scanner.skipFields(3)
        #expect(next(&scanner) == 1)
        scanner.skipFields(5)
        #expect(next(&scanner) == nil, "the line had no more fields, and the next line is not its own")
        scanner.skipLine()
        #expect(next(&scanner) == 99)
        #expect(next(&scanner) == 7)
        scanner.skipLine()
        #expect(scanner.isAtEnd)
        scanner.skipLine()
        scanner.skipFields(1)
        #expect(scanner.isAtEnd, "going on behind the end goes nowhere")
    }

    @Test func seekGoesForwardOnly() {
        var scanner = ByteScanner(Array("a 1\nb 2\na 3\n".utf8))
        #expect(seek(&scanner))
        #expect(next(&scanner) == 1)
        scanner.skipLine()
        #expect(seek(&scanner))
        #expect(next(&scanner) == 3)
        #expect(!seek(&scanner))
    }

    /// 100,000 mutations of kernel text, each compared with a plain and slow reading of the same bytes.
    @Test func mutatedKernelTextReadsAsASlowReaderWould() {
        let seeds = [
            Array("cpu  10 0 -3\nb 123456789012345678\n\nk: 7".utf8),
            Array("17 (x) S 1 2\nk: \t-42 kB\n".utf8),
            Array("0::/a\nk: 18446744073709551615\nk: 1".utf8),
        ]
        let splices = Array("0123456789- \t\nk:".utf8)
        var generator = SeededGenerator(seed: 1)
        var mismatches = 0
        var values = 0
        for round in 0..<100_000 {
            var text = seeds[round % seeds.count]
            for _ in 0...generator.below(4) {
                let place = generator.below(text.count)
                switch generator.below(4) {
                case 0: text[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: text.remove(at: place)
                case 2: text.removeSubrange(place...)
                default: text.insert(splices[generator.below(splices.count)], at: place)
                }
                if text.isEmpty { text = [0x0A] }
            }
            let start = generator.below(text.count)
            let value = ByteScanner.integer(after: "k:", in: text[start...])
            if value != nil { values += 1 }
            if value != Self.slowInteger(afterK: text[start...]) { mismatches += 1 }
            // Behind that, every call in turn: none may trap, and a loop over numbers must come to its end.
            var scanner = ByteScanner(text[start...])
            var steps = 0
            while !scanner.isAtEnd, steps <= text.count {
                if scanner.nextInteger() == nil { scanner.skipFields(1) }
                if scanner.nextInteger() == nil { scanner.skipLine() }
                steps += 1
            }
            if steps > text.count { mismatches += 1 }
        }
        #expect(mismatches == 0)
        #expect(values > 10_000, "the mutations must leave enough to read")
    }

    /// The integer behind the first line that begins with `k:`, in 128 bits, which no number of these texts fills.
    private static func slowInteger(afterK bytes: ArraySlice<UInt8>) -> Int64? {
        var lineStart = bytes.startIndex
        while lineStart < bytes.endIndex {
            if bytes.endIndex - lineStart >= 2, bytes[lineStart] == 0x6B, bytes[lineStart + 1] == 0x3A {
                var index = lineStart + 2
                while index < bytes.endIndex, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
                var sign: Int128 = 1
                if index < bytes.endIndex, bytes[index] == 0x2D {
                    sign = -1
                    index += 1
                }
                var magnitude: Int128?
                while index < bytes.endIndex, bytes[index] >= 0x30, bytes[index] <= 0x39 {
                    magnitude = min(Int128(Int64.max), (magnitude ?? 0) * 10 + Int128(bytes[index] - 0x30))
                    index += 1
                }
                return magnitude.map { Int64(sign * $0) }
            }
            while lineStart < bytes.endIndex, bytes[lineStart] != 0x0A { lineStart += 1 }
            lineStart += 1
        }
        return nil
    }
}
