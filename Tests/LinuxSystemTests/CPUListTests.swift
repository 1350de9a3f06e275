// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

struct CPUListTests {
    @Test(arguments: [
        ("", []), ("0", [0]), ("0-3,8", [0, 1, 2, 3, 8]), ("8,0-1", [0, 1, 8]), ("1,1,0-1", [0, 1]), ("8191", [8191]),
    ])
    func listsAreReadSortedAndOnce(text: String, cpus: [Int]) {
        #expect(CPUList.parse(text) == cpus)
    }

    /// 8192 is one more than Linux can be built for: no text may make a list that fills memory.
    @Test(arguments: [
        "a", ",", "0,", ",0", "-", "-1", "1-", "3-1", "1-2-3", "0-8192", "8192", "0--1", "1 2", "0-9999999999999999999",
        "0x1", "1.5",
    ])
    func whatIsNoListIsNil(text: String) {
        #expect(CPUList.parse(text) == nil)
    }

    @Test(arguments: [([], ""), ([5], "5"), ([0, 1, 2, 3, 8], "0-3,8"), ([0, 2, 4], "0,2,4"), ([0, 1], "0-1")])
    func listsAreWrittenInRanges(cpus: [Int], text: String) {
        #expect(CPUList.text(cpus) == text)
    }

    /// Whatever is taken as a list means the same when it is written and read again.
    @Test func mutatedListsSurviveWritingAndReading() {
        var generator = SeededGenerator(seed: 2)
        let alphabet = Array("0123456789,-".utf8)
        var lists = 0
        for _ in 0..<5_000 {
            let bytes = (0..<generator.below(8)).map { _ in alphabet[generator.below(alphabet.count)] }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let cpus = CPUList.parse(text) else { continue }
            lists += 1
            #expect(CPUList.parse(CPUList.text(cpus)) == cpus, "from \(text)")
        }
        #expect(lists > 500, "the mutations must leave enough lists")
    }
}
