// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LinuxSystem

/// A million mutated lines of kernel text through every parser: nothing traps, nothing takes for ever, and what comes
/// out is within what the type promises.
@Suite struct ParserFuzzTests {
    private static let lines = 1_000_000

    @Test(.timeLimit(.minutes(2)), arguments: FuzzedParser.all.indices)
    func `mutated text neither traps a parser nor gets nonsense out of it`(index: Int) {
        let parser = FuzzedParser.all[index]
        let wanted = Self.lines / FuzzedParser.all.count + 1
        var mutator = TextMutator(parser.sample, seed: UInt64(index) + 1)
        var fed = 0
        while fed < wanted {
            let text = mutator.text(lines: parser.linesOfOneText)
            fed += parser.linesOfOneText
            guard parser.accepts(text[...]) != .nonsense else {
                Issue.record("\(parser.name): nonsense out of \(String(decoding: text.prefix(4096), as: UTF8.self))")
                return
            }
        }
        #expect(fed * FuzzedParser.all.count >= Self.lines)
    }

    /// Else the test above would be one of parsers that read nothing.
    @Test(arguments: FuzzedParser.all.indices)
    func `text as the kernel writes it is understood`(index: Int) {
        let parser = FuzzedParser.all[index]
        #expect(parser.accepts(Array(parser.sample.utf8)[...]) == .sense, "\(parser.name)")
    }

    /// As the kernel never writes it, in one piece: no newline at all, nothing but newlines, zeros, and letters.
    @Test(arguments: FuzzedParser.all.indices)
    func `large texts of one byte are refused in no time`(index: Int) {
        let parser = FuzzedParser.all[index]
        for byte in [0x0A, 0x00, 0x20, 0x2C, 0x2D, 0x2F, 0x31, 0x3A, 0x61, 0x80, 0xFF] as [UInt8] {
            #expect(
                parser.accepts([UInt8](repeating: byte, count: 100_000)[...]) != .nonsense, "\(parser.name) \(byte)")
        }
        #expect(parser.accepts([]) != .nonsense)
    }
}

/// Makes text out of the lines of a sample, each line mutated.
struct TextMutator {
    private let samples: [[UInt8]]
    private var generator: SeededGenerator

    init(_ sample: String, seed: UInt64) {
        samples = sample.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.utf8) }
        generator = SeededGenerator(seed: seed)
    }

    private static let numbers = [
        "0", "-1", "-0", "1", "4096", "8191", "8192", "2147483648", "4294967295", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "18446744073709551615", "99999999999999999999999999999",
        "1e308", "nan", "inf", "0x10", "max", "unlimited", "1.5", "+7",
    ].map { Array($0.utf8) }
    private static let junk: [[UInt8]] = [
        [0], [0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF0, 0x9F], [0x0D], [0x09], [0x5C], [0x5C, 0x30],
        [0x2F, 0x2E],
        [0x2E, 0x2E, 0x2F], [0x2D], [0x2C], [0x3A, 0x3A], [0x5B], [0x5D], [0x28], [0x29], [0x20, 0x20],
        [0x20, 0x2D, 0x20],
    ]

    mutating func text(lines: Int) -> [UInt8] {
        var text: [UInt8] = []
        // In the sample's order from anywhere, so that files of few lines keep their shape now and then.
        let start = generator.below(samples.count)
        for index in 0..<lines {
            let isShuffled = generator.below(4) == 0
            let line = isShuffled ? generator.below(samples.count) : (start + index) % samples.count
            text += mutated(samples[line])
            if generator.below(50) != 0 { text.append(0x0A) }
        }
        return text
    }

    private mutating func mutated(_ sample: [UInt8]) -> [UInt8] {
        var line = sample
        for _ in 0...generator.below(3) {
            if line.isEmpty { line = Self.junk[generator.below(Self.junk.count)] }
            let place = generator.below(line.count)
            switch generator.below(12) {
            case 0: line.removeSubrange(place...)
            case 1: line.removeSubrange(..<place)
            case 2: line[place] = UInt8(truncatingIfNeeded: generator.next())
            case 3: line.insert(contentsOf: Self.junk[generator.below(Self.junk.count)], at: place)
            case 4, 5, 6: replaceField(at: place, of: &line, with: Self.numbers[generator.below(Self.numbers.count)])
            case 7: replaceField(at: place, of: &line, with: [])
            case 8: line.insert(contentsOf: Array(" 77 new=1".utf8), at: place)
            case 9: line += [0x0D]
            case 10: line = generator.below(4) == 0 ? [] : line + [0x20] + line
            default: if generator.below(200) == 0 { lengthen(&line) } else { line.swapAt(place, line.count / 2) }
            }
        }
        return line
    }

    /// Puts `field` in the stead of the run of letters or digits around `place`.
    private func replaceField(at place: Int, of line: inout [UInt8], with field: [UInt8]) {
        func isWord(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x41...0x7A).contains(byte) }
        var start = place
        var end = place
        while start > 0, isWord(line[start - 1]) { start -= 1 }
        while end < line.count, isWord(line[end]) { end += 1 }
        line.replaceSubrange(start..<end, with: field)
    }

    private mutating func lengthen(_ line: inout [UInt8]) {
        let length = 4096 << generator.below(4)
        while line.count < length { line += line }
    }
}
