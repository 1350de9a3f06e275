// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Probes

/// The schedule on a clock that only moves when it is told.
@Suite struct CourseTests {
    /// Answers when the test says so.
    private final class FakeAsker: Asker {
        var reply: Reply?
        var isFree = true
        var asked = 0
        var givenUp = 0
        func ask() -> Reply? {
            asked += 1
            return nil
        }
        func wake() -> Reply? { reply }
        func giveUp() { givenUp += 1 }
        func isCurrent(_ generation: UInt32) -> Bool { true }
    }

    private final class Stage {
        var time: Nanoseconds = 0
        var results: [ProbeResult] = []
        var starvation = Starvation(least: .millisecond, memory: 10 * .second)
        let askers: [FakeAsker]
        private(set) var course: ProbeCourse!

        init(_ plan: ProbePlan, askers count: Int, end: Nanoseconds) {
            askers = (0..<count).map { _ in FakeAsker() }
            course = ProbeCourse(plan, index: 0, askers: askers, first: 0, end: end) { [unowned self] result, _ in
                results.append(result)
            }
        }

        /// Lets time pass in steps in which a prober that runs would have woken.
        func pass(to end: Nanoseconds, step: Nanoseconds = 10 * .millisecond) {
            while time < end {
                time = min(end, time + step)
                course.advance({ [unowned self] in time }, starvation)
            }
        }

        func answer(_ slot: Int, _ reply: Reply) {
            askers[slot].reply = reply
            course.wake(slot: slot, generation: 0, { [unowned self] in time }, starvation)
            askers[slot].reply = nil
        }
    }

    private func slow(every: Nanoseconds = 100 * .millisecond, timeout: Nanoseconds = .second) -> ProbePlan {
        plan(.process(id: 1), every: every, timeout: timeout)
    }

    @Test func `every due time has one result, whatever the service does`() {
        let stage = Stage(slow(), askers: slow().mostInFlight, end: 5 * .second)
        stage.course.advance({ 0 }, stage.starvation)
        stage.pass(to: 10 * .second)
        #expect(stage.results.map(\.number) == Array(0..<50))
        #expect(stage.results.allSatisfy { $0.outcome == .timeout && $0.latency == .second })
        #expect(stage.results.map(\.due) == (0..<50).map { Nanoseconds($0) * 100 * .millisecond })
        #expect(stage.course.isOver && stage.course.nextTime(after: stage.time) == nil)
        #expect(stage.askers.reduce(0) { $0 + $1.givenUp } == 50)
    }

    @Test func `beyond the bound nothing is sent, and that is a result`() {
        let stage = Stage(slow(), askers: 2, end: 500 * .millisecond)
        stage.course.advance({ 0 }, stage.starvation)
        stage.pass(to: 2 * .second)
        #expect(stage.results.filter { $0.outcome == .busy }.map(\.number) == [2, 3, 4])
        #expect(stage.results.count == 5 && stage.askers.map(\.asked) == [1, 1])
    }

    @Test func `latency counts from the due time, lateness is told apart`() {
        let stage = Stage(slow(), askers: 2, end: 100 * .millisecond)
        stage.time = 30 * .millisecond
        stage.course.advance({ [unowned stage] in stage.time }, stage.starvation)
        stage.time = 80 * .millisecond
        stage.answer(0, Reply(.good))
        let result = stage.results.first
        #expect(result?.latency == 80 * .millisecond && result?.lateness == 30 * .millisecond)
        #expect(result?.serviceTime == 50 * .millisecond && result?.outcome == .good)
    }

    /// A prober that was kept from running for 600 ms waits 600 ms longer.
    @Test func `who is silent for the time limit, and for what was lost of it, is silent for certain`() {
        let asked = plan(.process(id: 1), every: 10 * .second, timeout: .second)
        for (answered, outcome) in [(nil, ProbeOutcome.timeout), (1500, .withdrawn)] as [(Nanoseconds?, ProbeOutcome)] {
            let stage = Stage(asked, askers: 2, end: 10 * .second)
            stage.course.advance({ 0 }, stage.starvation)
            stage.starvation.note(planned: 200 * .millisecond, woke: 800 * .millisecond)
            stage.pass(to: 1550 * .millisecond - (answered == nil ? 0 : 60 * .millisecond))
            #expect(stage.results.isEmpty, "it is not given up yet")
            if let answered {
                stage.time = answered * .millisecond
                stage.answer(0, Reply(.good))
            }
            stage.pass(to: 1700 * .millisecond)
            #expect(stage.results.map(\.outcome) == [outcome])
        }
    }

    @Test func `what took long may have lost a tenth of that`() {
        let asked = plan(
            .process(id: 1), every: 10 * .second, timeout: 5 * .second, goodWithin: 300 * .millisecond)
        for (lost, outcome) in [(400, ProbeOutcome.slow), (600, .withdrawn)] as [(Nanoseconds, ProbeOutcome)] {
            let stage = Stage(asked, askers: 2, end: 10 * .second)
            stage.course.advance({ 0 }, stage.starvation)
            stage.starvation.note(planned: .second, woke: .second + lost * .millisecond)
            stage.pass(to: 4900 * .millisecond)
            stage.answer(0, Reply(.good))
            #expect(stage.results.map(\.outcome) == [outcome], "\(lost) ms")
        }
    }

    @Test func `what a starved prober would have asked late is withdrawn and not sent`() {
        let stage = Stage(slow(), askers: 20, end: 3 * .second)
        stage.course.advance({ 0 }, stage.starvation)
        // The prober was to wake at 0.1 s, and did at 2.05 s.
        stage.time = 2050 * .millisecond
        stage.starvation.note(planned: 100 * .millisecond, woke: stage.time)
        stage.course.advance({ [unowned stage] in stage.time }, stage.starvation)
        // The first one was sent, and whether it was answered meanwhile is still to be seen.
        #expect(stage.results.count == 19 && stage.results.allSatisfy { $0.outcome == .withdrawn })
        // What was due at 2.0 s is only half a tenth of a limit late.
        #expect(stage.askers.reduce(0) { $0 + $1.asked } == 2)
        stage.time = 2060 * .millisecond
        stage.answer(1, Reply(.good))
        #expect(stage.results.last?.outcome == .good && stage.results.last?.number == 20)
    }

    @Test func `many short gaps are as bad as one long one`() {
        var starvation = Starvation(least: .millisecond, memory: .second)
        for turn in 0..<5 {
            let from = Nanoseconds(turn) * 50 * .millisecond
            starvation.note(planned: from, woke: from + 30 * .millisecond)
        }
        #expect(starvation.touches(from: 0, to: 250 * .millisecond, tolerance: 100 * .millisecond))
        #expect(!starvation.touches(from: 100 * .millisecond, to: 200 * .millisecond, tolerance: 100 * .millisecond))
    }

    @Test func `later than the probe calls good is slow, and complete too late is a timeout`() {
        var late = slow(every: .second)
        late.goodWithin = 300 * .millisecond
        let stage = Stage(late, askers: 2, end: 2 * .second)
        stage.course.advance({ 0 }, stage.starvation)
        stage.time = 301 * .millisecond
        stage.answer(0, Reply(.good))
        stage.pass(to: .second)
        stage.time = 2 * .second
        stage.answer(0, Reply(.good))
        #expect(stage.results.map(\.outcome) == [.slow, .timeout])
    }

    @Test func `an asker that has not come back is not asked`() {
        let stage = Stage(slow(timeout: 100 * .millisecond), askers: 1, end: 400 * .millisecond)
        stage.askers[0].isFree = false
        stage.course.advance({ 0 }, stage.starvation)
        stage.pass(to: 250 * .millisecond)
        #expect(stage.results.map(\.outcome) == [.timeout, .busy, .busy])
        stage.askers[0].isFree = true
        stage.pass(to: 600 * .millisecond)
        #expect(stage.results.map(\.outcome) == [.timeout, .busy, .busy, .timeout])
    }

    @Test func `what is in flight at a cut is withdrawn`() {
        let stage = Stage(slow(), askers: 5, end: .second)
        stage.course.advance({ 0 }, stage.starvation)
        stage.pass(to: 250 * .millisecond)
        stage.course.cut(stage.time)
        #expect(stage.results.map(\.outcome) == [.withdrawn, .withdrawn, .withdrawn])
    }

    @Test func `probes of one period are never due at the same time`() {
        let plans = Array(repeating: slow(), count: 20)
        let offsets = ProbeSchedule.offsets(plans).sorted()
        #expect(offsets[0] == 0 && offsets.allSatisfy { (0..<100 * .millisecond).contains($0) })
        for (a, b) in zip(offsets, offsets.dropFirst()) { #expect(b - a > 100 * .millisecond / 60) }
        #expect(ProbeSchedule.offsets(plans, host: 1) != ProbeSchedule.offsets(plans))
    }

    @Test func `a period that meets the load always in the same place is told`() {
        #expect(ProbeSchedule.beatsWithLoad(every: .second) && ProbeSchedule.beatsWithLoad(every: 5 * .second))
        #expect(ProbeSchedule.beatsWithLoad(every: 9_900_990))
        #expect(!ProbeSchedule.beatsWithLoad(every: 100 * .millisecond))
        #expect(!ProbeSchedule.beatsWithLoad(every: 1_003 * .millisecond))
    }

    @Test func `due times are counted without walking them`() {
        #expect(ProbeSchedule.count(slow(every: 50 * .millisecond), first: 0, end: 30 * .second) == 600)
        #expect(ProbeSchedule.count(slow(every: 50 * .millisecond), first: 1, end: 30 * .second) == 600)
        #expect(ProbeSchedule.count(slow(), first: 10, end: 10) == 0)
    }
}
