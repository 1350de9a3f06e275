// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs that something hostile is done to, judged by the kernel, each with an undisturbed twin.
///
/// One after the other: the processors are what many of them are about. It takes some minutes and wants both of them,
/// so scripts/test runs it alone. `EXERT_HOSTILE`: unset, none; `1`, all; else parts of their names, with commas.
@Suite(.serialized)
struct HostileTests {
    private static let wish = ProcessInfo.processInfo.environment["EXERT_HOSTILE"] ?? ""
    private static let isWanted = !wish.isEmpty

    private static let scenarios: [Scenario] = {
        let parts = wish.split(separator: ",")
        return Scenario.all.filter { scenario in
            wish == "1" || parts.contains { scenario.testDescription.contains($0) }
        }
    }()

    @Test(
        .enabled(if: isWanted, "needs both processors for some minutes; scripts/test runs it, alone"),
        arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        let pair = [Performance(scenario: scenario, isTwin: false), Performance(scenario: scenario, isTwin: true)]
        let reports: [Performance.Report]
        if scenario.isAlone {
            reports = pair.map { $0.report() }
        } else {
            // What does not need the processors runs beside its twin, each with a disk and groups of its own.
            reports = sideBySide(pair)
        }
        for (report, role) in zip(reports, ["hostile", "twin"]) {
            FileHandle.standardError.write(Data("\(role) | \(scenario.testDescription) | \(report.line)\n".utf8))
            for objection in report.objections { Issue.record("\(role): \(objection)") }
        }
    }

    private func sideBySide(_ pair: [Performance]) -> [Performance.Report] {
        let reports = Reports()
        DispatchQueue.concurrentPerform(iterations: pair.count) { index in
            reports.put(pair[index].report(), at: index)
        }
        return (0..<pair.count).map(reports.at)
    }
}

/// Reports by number, from many threads.
private final class Reports: @unchecked Sendable {
    private let lock = NSLock()
    private var reports: [Int: Performance.Report] = [:]

    func put(_ report: Performance.Report, at index: Int) { lock.withLock { reports[index] = report } }
    func at(_ index: Int) -> Performance.Report {
        lock.withLock { reports[index] } ?? Performance.Report(objections: ["no report"], line: "no report")
    }
}
