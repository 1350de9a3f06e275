// SPDX-License-Identifier: Apache-2.0

import Foundation
import LoadModel
import Stressors
import Testing

/// docs/verdict.md says what is allowed; it says what the kinds declare.
@Suite struct VerdictTableTests {
    private static let page: String = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (try? String(contentsOf: root.appendingPathComponent("docs/verdict.md"), encoding: .utf8)) ?? ""
    }()

    private func row(_ manifest: Manifest) -> String {
        let (rule, unit) = (manifest.tolerance, manifest.unit)
        let floor = rule.floorWords(unit).isEmpty ? "–" : rule.floorWords(unit)
        let note = rule.note.isEmpty ? "" : " (\(rule.note))"
        return "| `\(manifest.kind)` | \(rule.declared(unit)) | \(floor)\(note) | \(rule.releasedWords(unit)) |"
    }

    @Test func everyKindHasItsRow() {
        let kinds = Catalog.manifests.filter(\.isListed)
        #expect(kinds.count >= 7)
        for manifest in kinds { #expect(Self.page.contains("\n" + row(manifest) + "\n"), "\(row(manifest))") }
        let rows = Self.page.split(separator: "\n").filter { line in
            kinds.contains { line.hasPrefix("| `\($0.kind)` |") }
        }
        #expect(rows.count == kinds.count, "no kind has two rows")
    }

    @Test func theSharesAreThoseOfTheModel() {
        #expect(ToleranceRule.shareText == "5%" && Self.page.contains("and 5 % of the target"))
        #expect(ToleranceRule.mostText == "50%" && Self.page.contains("never above half of the target"))
    }

    @Test func everyCauseIsExplained() {
        for cause in Cause.allCases { #expect(Self.page.contains("\n| `\(cause.rawValue)` | "), "\(cause)") }
        for verdict in Verdict.allCases { #expect(Self.page.contains("\n| `\(verdict.rawValue)` | "), "\(verdict)") }
    }

    @Test func allowancesAreThoseOfTheModel() {
        let phase = PlannedPhase(name: "p", start: 0, length: 60 * .second, loads: [:], within: ["a": 20 * .second])
        #expect(phase.allowance(of: "b", stretch: 60 * .second) == .second)
        #expect(Self.page.contains("- 1 s, and a quarter of the stretch at most"))
        #expect(phase.allowance(of: "b", stretch: 2 * .second) == 500 * .millisecond)
        #expect(phase.allowance(of: "a", stretch: 60 * .second) == 20 * .second)
        #expect(phase.allowance(of: "a", stretch: 30 * .second) == 15 * .second)
        #expect(Self.page.contains("- `within`, and half of the stretch at most"))
    }
}
