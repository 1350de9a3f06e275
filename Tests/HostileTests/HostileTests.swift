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
        for (role, report) in zip(["hostile", "twin"], Rehearsals.reports(of: scenario, among: Self.scenarios)) {
            for objection in report.objections { Issue.record("\(role): \(objection)") }
        }
    }
}

/// The runs, made by whoever asks first for one of them.
private enum Rehearsals {
    private static let done = Reports()

    /// The reports of a scenario and of its twin; those of its kind are made with it, side by side.
    static func reports(of scenario: Scenario, among all: [Scenario]) -> [Performance.Report] {
        if done.isMissing(scenario) {
            let kin = all.filter { $0.kind == scenario.kind && !$0.isAlone && done.isMissing($0) }
            let runs = (scenario.isAlone ? [scenario] : kin).flatMap { scenario in
                [false, true].map { Performance(scenario: scenario, isTwin: $0) }
            }
            // Each has a disk and groups of its own.
            perform(runs, sideBySide: scenario.isAlone ? 1 : 2 * Scenario.sideBySide(scenario.kind))
            // A shared machine has moments of its own, which are neither the act nor exert: what holds, holds when it
            // is tried again, alone.
            for run in runs where done.isObjectedTo(run) {
                perform(Performance(scenario: run.scenario, isTwin: run.isTwin))
            }
        }
        return done.reports(of: scenario)
    }

    /// Makes runs on so many threads: concurrentPerform has no more of them than there are processors, and these wait.
    private static func perform(_ runs: [Performance], sideBySide count: Int) {
        let left = Left(runs)
        let group = DispatchGroup()
        for _ in 0..<count {
            group.enter()
            let thread = Thread {
                while let run = left.next() { perform(run) }
                group.leave()
            }
            thread.stackSize = 4 << 20
            thread.start()
        }
        group.wait()
    }

    private static func perform(_ run: Performance) {
        let report = run.report()
        show(report, of: run)
        done.put(report, of: run.scenario, isTwin: run.isTwin)
    }

    /// Whoever waits for some minutes wants to see what goes on.
    private static func show(_ report: Performance.Report, of run: Performance) {
        let role = run.isTwin ? "twin" : "hostile"
        let objections = report.objections.map { " | \($0)" }.joined()
        let line = "\(role) | \(run.scenario.testDescription) | \(report.line)\(objections)\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}

/// Runs that nobody has begun yet, for many threads.
private final class Left: @unchecked Sendable {
    private let lock = NSLock()
    private var runs: ArraySlice<Performance>

    init(_ runs: [Performance]) { self.runs = runs[...] }

    func next() -> Performance? { lock.withLock { runs.popFirst() } }
}

/// Reports by scenario, from many threads.
private final class Reports: @unchecked Sendable {
    private let lock = NSLock()
    private var reports: [String: Performance.Report] = [:]

    private func key(_ scenario: Scenario, _ isTwin: Bool) -> String { "\(scenario.testDescription) \(isTwin)" }

    func put(_ report: Performance.Report, of scenario: Scenario, isTwin: Bool) {
        lock.withLock { reports[key(scenario, isTwin)] = report }
    }

    func isMissing(_ scenario: Scenario) -> Bool { lock.withLock { reports[key(scenario, true)] == nil } }

    func isObjectedTo(_ run: Performance) -> Bool {
        lock.withLock { reports[key(run.scenario, run.isTwin)]?.objections.isEmpty == false }
    }

    func reports(of scenario: Scenario) -> [Performance.Report] {
        lock.withLock { [false, true].compactMap { reports[key(scenario, $0)] } }
    }
}
