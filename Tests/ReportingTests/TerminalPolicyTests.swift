// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct TerminalPolicyTests {
    private func decide(
        quiet: Bool = false, terminal: Bool = true, noColor: String? = nil, term: String? = "xterm-256color",
        columns: String? = nil, window: Int? = 100
    ) -> TerminalPolicy {
        .decide(
            isQuiet: quiet, isTerminal: terminal, noColor: noColor, term: term, columns: columns, windowWidth: window)
    }

    @Test func aTerminalIsLive() { #expect(decide() == .live(color: true, width: 100)) }

    @Test func quietIsSilent() {
        #expect(decide(quiet: true) == .silent)
        #expect(decide(quiet: true, terminal: false) == .silent)
    }

    @Test func noColorCountsWhereItIsNotEmpty() {
        #expect(decide(noColor: "1") == .live(color: false, width: 100))
        #expect(decide(noColor: "0") == .live(color: false, width: 100))
        #expect(decide(noColor: "") == .live(color: true, width: 100))
    }

    @Test func aFileGetsPlainLines() { #expect(decide(terminal: false) == .lines(color: false)) }

    @Test(arguments: [nil, "", "dumb"] as [String?])
    func aDumbTerminalGetsPlainLines(term: String?) { #expect(decide(term: term) == .lines(color: false)) }

    @Test func theNarrowerWidthCounts() {
        #expect(decide(columns: "80", window: 100) == .live(color: true, width: 80))
        #expect(decide(columns: "120", window: 100) == .live(color: true, width: 100))
        #expect(decide(columns: "x", window: 0) == .live(color: true, width: 80))
        #expect(decide(columns: "-5", window: nil) == .live(color: true, width: 80))
        #expect(decide(columns: "10") == .lines(color: true))
    }

    @Test func localesThatAreUTF8() {
        #expect(TerminalPolicy.isUTF8(lcAll: nil, lcCType: nil, lang: "en_GB.UTF-8"))
        #expect(TerminalPolicy.isUTF8(lcAll: "", lcCType: "C.utf8", lang: "C"))
        #expect(!TerminalPolicy.isUTF8(lcAll: "C", lcCType: nil, lang: "en_GB.UTF-8"))
        #expect(!TerminalPolicy.isUTF8(lcAll: nil, lcCType: nil, lang: nil))
    }
}
