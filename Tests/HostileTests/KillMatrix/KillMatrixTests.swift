// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs that are struck at any moment, in any way, under any load: no process is left, no file and no record.
///
/// 60 rounds of a seed that is printed; `EXERT_KILL_ROUNDS` for more, `EXERT_KILL_SEED` for those of a seed again, and
/// `EXERT_KILL_ROUND` for a single one of them.
@Suite(.serialized)
struct KillMatrixTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    private static let isWanted: Bool = {
        let wish = ProcessInfo.processInfo.environment["EXERT_HOSTILE"] ?? ""
        return wish == "1" || number("EXERT_KILL_ROUNDS") != nil
    }()

    @Test(.enabled(if: isWanted, "needs both processors for some minutes; scripts/test runs it, alone"))
    func nothingIsLeft() throws {
        let count = Int(Self.number("EXERT_KILL_ROUNDS") ?? 60)
        let seed = Self.number("EXERT_KILL_SEED") ?? UInt64.random(in: 0...999_999)
        say("kill matrix: \(count) rounds of EXERT_KILL_SEED=\(seed)")
        var rounds = KillRound.rounds(count, seed: seed)
        if let only = Self.number("EXERT_KILL_ROUND") { rounds = rounds.filter { $0.number == Int(only) } }
        let stage = try KillStage()
        var cleaned: [Int] = []
        for round in rounds {
            let begin = Clock.now
            let report = stage.report(round)
            if report.neededCleanup { cleaned.append(round.number) }
            let objections = report.objections.map { " | \($0)" }.joined()
            let seconds = Int((Clock.now - begin) * 1000)
            say(
                "\(round.name) | \(report.code) | \(seconds) ms\(report.neededCleanup ? " | cleanup" : "")\(objections)"
            )
            for objection in report.objections { Issue.record("seed \(seed), \(round.name): \(objection)") }
        }
        say("kill matrix: exert cleanup was needed in \(cleaned.count) rounds: \(cleaned)")
    }

    @Test func everyLoadMomentAndActIsTried() {
        let rounds = KillRound.rounds(60, seed: 1)
        #expect(Set(rounds.map(\.load)).count == KillRound.Load.allCases.count)
        #expect(Set(rounds.map(\.moment)).count == KillRound.Moment.allCases.count)
        #expect(Set(rounds.map(\.act)).count == KillRound.Act.allCases.count)
        let all = KillRound.rounds(500, seed: 1).map { "\($0.load) \($0.moment) \($0.act)" }
        #expect(Set(all).count == 500, "none twice")
        #expect(KillRound.rounds(60, seed: 1).map(\.name) == rounds.map(\.name))
    }

    private func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
