// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Testing

@testable import Evidence
@testable import Reporting

@Suite struct ExplainTests {
    @Test func `each word is explained, and says what helps in one voice`() {
        #expect(Explain.entries.count > 100)
        for entry in Explain.entries {
            let texts = [entry.explanation.meaning, entry.explanation.remedy]
            #expect(!entry.explanation.meaning.isEmpty)
            for text in texts where !text.isEmpty {
                #expect(!text.hasSuffix(".") && text.first?.isUppercase == false || text.hasPrefix("CPU"), "\(text)")
            }
        }
        #expect(Explain.entries(named: "NOT-met").map(\.word) == ["not_met"])
        #expect(Explain.entries(named: "nothing").isEmpty)
        #expect(Explain.near("contetion").contains("contention"))
        #expect(Explain.text(Explain.entries(named: "quota"), style: TextStyle()).contains("what helps: raise cpu.max"))
        #expect(Explain.list(style: TextStyle(width: 80)).split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    /// Findings are made by any target, where something is found: the sources are what the table is held against.
    @Test func `every finding of the sources is explained, and no other`() throws {
        let sources = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        let makers = ["code: ", "find(", "tell(", "note(", "post(", "Code = "]
        var found: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            guard !file.path.contains("/Evidence/"), !file.path.contains("/ControlServer/") else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for maker in makers {
                for part in text.components(separatedBy: maker).dropFirst() {
                    let rest = part.drop { $0 == " " || $0 == "\n" }
                    guard rest.first == "\"" else { continue }
                    let word = rest.dropFirst().prefix { $0 != "\"" }
                    let isWord = word.allSatisfy { $0 == "_" || ("a"..."z").contains($0) }
                    if isWord, word.contains("_") || word == "moved" || word == "misplaced" {
                        found.insert(String(word))
                    }
                }
            }
        }
        #expect(found.count > 60)
        #expect(found.subtracting(Finding.explanations.keys) == [], "these have no explanation")
        let others: Set<String> = ["changed"]
        #expect(Set(Finding.explanations.keys).subtracting(found).subtracting(others) == [], "nobody finds these")
    }
}
