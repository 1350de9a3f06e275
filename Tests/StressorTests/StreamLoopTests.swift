// SPDX-License-Identifier: Apache-2.0

import CLinux
import Testing

/// Words with room on both sides, at the start of a cache line.
private final class Words {
    /// Words before and after that no loop may touch.
    static let margin = 64
    static let untouched: UInt64 = 0x5555_5555_5555_5555

    let all: UnsafeMutableBufferPointer<UInt64>
    let count: Int

    init(_ count: Int) {
        self.count = count
        let bytes = (count + 2 * Self.margin) * 8
        all = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64).bindMemory(to: UInt64.self)
        all.update(repeating: Self.untouched)
    }

    deinit { all.deallocate() }

    var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(all.baseAddress!) + Self.margin * 8 }

    subscript(index: Int) -> UInt64 {
        get { all[Self.margin + index] }
        set { all[Self.margin + index] = newValue }
    }

    /// Whether nothing was written but `touched` words from the first one on.
    func isUntouched(beyond touched: Int) -> Bool {
        all.indices.allSatisfy { index in
            (Self.margin..<Self.margin + touched).contains(index) || all[index] == Self.untouched
        }
    }
}

/// The loops that move memory: each byte of whole lines, once, and none beside them.
@Suite struct StreamLoopTests {
    private static let line = Int(CLINUX_STREAM_LINE)
    private static let wordsPerLine = line / 8
    /// Around the unrolling of the loops, and longer than any vector.
    static let counts = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 64, 1000]

    /// Expected by the formula of the header, in another language.
    private func word(_ index: Int, first: UInt64) -> UInt64 {
        let (line, word) = (UInt64(index / Self.wordsPerLine), UInt64(index % Self.wordsPerLine))
        return first &+ line &* CLINUX_STREAM_LINE_STEP &+ word &* CLINUX_STREAM_WORD_STEP
    }

    @Test(arguments: counts, [false, true])
    func everyWordIsWrittenAndNoneBeside(lines: Int, isNonTemporal: Bool) {
        // What is beyond the last whole line is left alone.
        for rest in [0, 1, 63] {
            let words = Words((lines + 1) * Self.wordsPerLine)
            let first: UInt64 = 0xDEAD_BEEF_0000_0001
            if isNonTemporal {
                CLinux_stream_write_nt(words.base, lines * Self.line + rest, first)
            } else {
                CLinux_stream_write(words.base, lines * Self.line + rest, first)
            }
            let touched = lines * Self.wordsPerLine
            #expect((0..<touched).allSatisfy { words[$0] == word($0, first: first) })
            #expect(words.isUntouched(beyond: touched), "\(lines) lines and \(rest) bytes")
        }
    }

    @Test(arguments: counts)
    func everyWordIsReadOnceAndNoneBeside(lines: Int) {
        let touched = lines * Self.wordsPerLine
        let words = Words(touched + Self.wordsPerLine)
        // Each bit of each word counts: any word that is skipped, or read twice, changes the checksum.
        var expected: UInt64 = 0
        for index in 0..<touched {
            words[index] = word(index, first: 42)
            expected ^= words[index]
        }
        #expect(CLinux_stream_read(words.base, touched * 8) == expected)
        #expect(CLinux_stream_read(words.base, touched * 8 + 63) == expected)
        for index in [0, touched / 2, touched - 1] where touched > 0 {
            words[index] ^= 1 << 17
            #expect(CLinux_stream_read(words.base, touched * 8) == expected ^ 1 << 17, "word \(index)")
            words[index] ^= 1 << 17
        }
    }

    @Test(arguments: counts)
    func everyWordIsCopiedAndNoneBeside(lines: Int) {
        let touched = lines * Self.wordsPerLine
        let (source, destination) = (Words(touched + 8), Words(touched + 8))
        for index in 0..<touched { source[index] = word(index, first: 7) }
        CLinux_stream_copy(destination.base, source.base, touched * 8 + 40)
        #expect((0..<touched).allSatisfy { destination[$0] == source[$0] })
        #expect(destination.isUntouched(beyond: touched))
        #expect((0..<touched).allSatisfy { source[$0] == word($0, first: 7) }, "the source stays as it was")
    }

    /// What the compiler folds or drops costs the same for N bytes and for 2 N.
    @Test func twiceTheBytesTakeTwiceTheTime() throws {
        // Both are larger than a first-level cache and smaller than a second-level one.
        let words = Words(32 << 10)
        let loops: [(String, (Int) -> Void)] = [
            ("read", { _ = CLinux_stream_read(words.base, $0) }),
            ("write", { CLinux_stream_write(words.base, $0, 1) }),
            ("write-nt", { CLinux_stream_write_nt(words.base, $0, 1) }),
            ("copy", { CLinux_stream_copy(words.base + (128 << 10), words.base, $0) }),
        ]
        for (name, loop) in loops {
            func time(_ bytes: Int) -> Int64 {
                let start = CLinux_thread_cpu_ns()
                for _ in 0..<256 { loop(bytes) }
                return CLinux_thread_cpu_ns() - start
            }
            var seen: [Double] = []
            // A neighbour in the caches makes a measurement too long now and then.
            let isProportional = (0..<20).contains { _ in
                seen.append(Double(time(128 << 10)) / Double(time(64 << 10)))
                return (1.5...2.7).contains(seen[seen.count - 1])
            }
            #expect(isProportional, "\(name): \(seen)")
        }
    }
}
