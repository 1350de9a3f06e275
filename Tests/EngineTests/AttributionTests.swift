// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

private let ms = Nanoseconds.millisecond

/// Windows of 1 s with a target of 1 core of which 0.4 were achieved: 600 ms of CPU time are missing.
@Suite struct AttributionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var runDelay: Nanoseconds = 0
        var throttled: Nanoseconds = 0
        var refusals: Int64 = 0
        var workers = 2
        var steal = 0.0
        var target = 1.0
        var cause: Cause
    }

    @Test(
        arguments: [
            Case(testDescription: "nothing to see", cause: .saturation),
            Case(testDescription: "ready and not run", runDelay: 500 * ms, cause: .contention),
            Case(testDescription: "just enough delay", runDelay: 60 * ms, cause: .contention),
            Case(testDescription: "too little delay", runDelay: 59 * ms, cause: .saturation),
            Case(testDescription: "throttled", throttled: 600 * ms, cause: .quota),
            Case(testDescription: "a throttled group waits too", runDelay: 900 * ms, throttled: 60 * ms, cause: .quota),
            Case(testDescription: "hardly throttled", runDelay: 900 * ms, throttled: 59 * ms, cause: .contention),
            Case(
                testDescription: "more than the workers can do", runDelay: 900 * ms, workers: 1, target: 1.1,
                cause: .saturation),
            Case(testDescription: "all that they can do", runDelay: 900 * ms, workers: 1, cause: .contention),
            Case(testDescription: "quota before the limit", throttled: 900 * ms, workers: 1, target: 2, cause: .quota),
            Case(testDescription: "refused", runDelay: 900 * ms, refusals: 1, cause: .refusal),
            Case(testDescription: "limit before refusal", refusals: 1, workers: 1, target: 2, cause: .saturation),
            Case(testDescription: "stolen", runDelay: 900 * ms, steal: 0.3, cause: .steal),
            Case(testDescription: "hardly stolen", runDelay: 900 * ms, steal: 0.29, cause: .contention),
            Case(testDescription: "refusal before steal", refusals: 1, steal: 1, cause: .refusal),
        ])
    func `the cause of a missing rate`(example: Case) {
        #expect(cause(example, .rate) == example.cause)
    }

    @Test func `a level is short for a refusal or because there is no more`() {
        #expect(cause(Case(testDescription: "", refusals: 2, cause: .refusal), .level) == .refusal)
        #expect(cause(Case(testDescription: "", runDelay: 900 * ms, cause: .saturation), .level) == .saturation)
    }

    /// 60 % of the operations are missing: threads that waited for less than half of that did not miss them so.
    @Test(
        arguments: [
            Case(testDescription: "waited for a third of the time", runDelay: 350 * ms, workers: 1, cause: .contention),
            Case(testDescription: "waited a little", runDelay: 250 * ms, workers: 1, cause: .saturation),
            Case(testDescription: "of two workers one waited", runDelay: 350 * ms, cause: .saturation),
            Case(testDescription: "throttled", throttled: 300 * ms, cause: .quota),
            Case(testDescription: "refused", runDelay: 900 * ms, refusals: 1, workers: 1, cause: .refusal),
            Case(testDescription: "stolen", steal: 0.3, cause: .steal),
        ])
    func `the cause of missing operations`(example: Case) {
        #expect(cause(example, .rate, unit: .bytesPerSecond) == example.cause)
    }

    private func cause(_ example: Case, _ drive: Drive, unit: LoadModel.Unit = .cores) -> Cause {
        let span = 1e9
        let start = HistoryPoint(
            time: 5 * .second, owed: 7 * span, achieved: 6 * span, claimed: 0, refusals: 3, runDelay: 11, throttled: 13)
        let end = HistoryPoint(
            time: 6 * .second, owed: (7 + example.target) * span, achieved: (6 + example.target - 0.6) * span,
            claimed: 0, refusals: 3 + example.refusals, runDelay: 11 + example.runDelay,
            throttled: 13 + example.throttled)
        let stressor = PlannedStressor(
            name: "x", kind: "x", unit: unit, drive: drive, settings: Settings(values: [:]), capacity: 1, base: "",
            curve: Curve(), workers: example.workers, tolerance: ToleranceLimit(absolute: 1, ratio: 0), witness: "")
        return Attribution.cause(Window(from: start, to: end, drive), stressor, steal: example.steal, limits: nil).cause
    }

    @Test func `a window of a rate is the difference by the measured time, and of a level its end`() {
        let a = HistoryPoint(time: 1000 * ms, owed: 1e9, achieved: 2e9, claimed: 3e9, refusals: 1)
        let b = HistoryPoint(time: 1500 * ms, owed: 2e9, achieved: 2.5e9, claimed: 3e9, refusals: 4)
        let rate = Window(from: a, to: b, .rate)
        #expect(rate.length == 500 * ms && rate.refusals == 3)
        #expect(rate.target == 2 && rate.achieved == 1 && rate.claimed == 0 && rate.error == -1)
        let level = Window(from: a, to: b, .level)
        #expect(level.target == 2e9 && level.achieved == 2.5e9 && level.claimed == 3e9 && level.error == 0.5e9)
    }

    @Test func `a window that ends with a dead process has no achieved figure`() {
        let a = HistoryPoint(time: 0, owed: 0, achieved: 0, claimed: 0)
        let b = HistoryPoint(time: 1, owed: 1, achieved: nil, claimed: 0)
        #expect(Window(from: a, to: b, .rate).achieved == nil && Window(from: b, to: a, .rate).achieved == nil)
        #expect(Window(from: a, to: b, .level).error == nil)
    }
}
