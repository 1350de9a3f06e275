// SPDX-License-Identifier: Apache-2.0

import LoadModel
import Testing

@testable import Engine

private let ms = Nanoseconds.millisecond

/// What limits explain, and what of several comes first: windows of 1 s in which 60 % of the target are missing.
@Suite struct LimitCauseTests {
    /// Figures in which every limit is at work.
    private static var everything: LimitFigures {
        var limits = LimitFigures()
        limits.quota = .init(source: "/g/cpu.max", cores: 0.4, count: 9, time: 900 * ms)
        limits.freezer = CauseEvidence(source: "/g/cgroup.freeze", figure: "1")
        limits.stoppedProcess = 7
        limits.io = .init(source: "/g/io.max", kind: "wbps", device: "8:0", most: 5e6, rate: 4.9e6)
        limits.memoryHigh = .init(
            source: "/g/memory.high", bytes: 60 << 20, used: 60 << 20, swapped: 52 << 20, recentEvents: 3)
        limits.processes = CauseEvidence(source: "/g/pids.max", figure: "20")
        limits.commit = .init(limit: 840 << 20, committed: 800 << 20)
        limits.processors = .init(before: 4, now: 1, source: "/sys/devices/system/cpu/online")
        return limits
    }

    private func answer(
        _ unit: Unit, _ drive: Drive, limits: LimitFigures?, target: Double = 2, mode: LoadMode = .add,
        _ change: (inout Window) -> Void = { _ in }
    ) -> Attribution.Answer {
        let start = HistoryPoint(time: 0, owed: drive == .rate ? 0 : target, achieved: 0, claimed: 0)
        let scale = drive == .rate ? 1e9 : 1
        let end = HistoryPoint(time: .second, owed: target * scale, achieved: 0.4 * target * scale, claimed: 0)
        var window = Window(from: start, to: end, drive)
        change(&window)
        let stressor = PlannedStressor(
            name: "x", kind: "x", unit: unit, drive: drive, settings: Settings(values: [:]), capacity: 1, base: "",
            mode: mode, curve: Curve(), workers: 2, tolerance: ToleranceLimit(absolute: 0, ratio: 0.01),
            witness: "statm")
        return Attribution.cause(window, stressor, steal: 0, limits: limits)
    }

    @Test func `what stands still does not wait in a queue, and comes first`() {
        let all = Self.everything
        let frozen = answer(.cores, .rate, limits: all) { window in
            (window.frozen, window.stopped, window.throttled, window.runDelay) = (
                600 * ms, 600 * ms, 900 * ms, 900 * ms
            )
        }
        #expect(frozen.cause == .frozen && frozen.evidence == all.freezer)
        let stopped = answer(.cores, .rate, limits: all) { $0.stopped = 600 * ms }
        #expect(stopped.cause == .stopped && stopped.evidence?.source == "/proc/7/stat")
    }

    @Test func `a standstill much shorter than what is missing explains nothing`() {
        #expect(answer(.cores, .rate, limits: LimitFigures()) { $0.frozen = 290 * ms }.cause == .saturation)
        #expect(answer(.cores, .rate, limits: LimitFigures()) { $0.frozen = 310 * ms }.cause == .frozen)
        var now = LimitFigures()
        now.isFrozen = true
        #expect(answer(.cores, .rate, limits: now).cause == .frozen, "it is frozen at this moment")
    }

    @Test func `a quota names its file and how often it stopped the group`() {
        let answer = answer(.cores, .rate, limits: Self.everything) { $0.throttled = 600 * ms }
        #expect(answer.cause == .quota)
        #expect(answer.evidence?.source == "/g/cpu.max")
        #expect(answer.evidence?.figure == "0.4 cores, throttled 9 times for 0.9 s so far")
    }

    @Test func `a level that fills slowly because of a quota says so`() {
        #expect(answer(.bytes, .level, limits: LimitFigures()) { $0.throttled = 400 * ms }.cause == .quota)
        #expect(answer(.bytes, .level, limits: LimitFigures()) { $0.throttled = 200 * ms }.cause == .saturation)
    }

    @Test func `a disk's limit counts where the group is at it, or the target beyond it`() {
        var limits = LimitFigures()
        limits.io = .init(source: "/g/io.max", kind: "wbps", device: "8:0", most: 5e6, rate: 4.9e6)
        let at = answer(.bytesPerSecond, .rate, limits: limits, target: 1e7)
        #expect(at.cause == .ioLimit && at.evidence?.source == "/g/io.max")
        #expect(at.evidence?.figure == "8:0 wbps=5000000: 5 MB/s, the group did 4.9 MB/s")
        limits.io?.rate = 1e6
        #expect(answer(.bytesPerSecond, .rate, limits: limits, target: 1e7).cause == .ioLimit, "4 of 5 MB/s")
        #expect(answer(.bytesPerSecond, .rate, limits: limits, target: 4e6).cause == .saturation, "below the limit")
        #expect(answer(.operationsPerSecond, .rate, limits: limits, target: 1e7).cause == .saturation)
        #expect(answer(.cores, .rate, limits: Self.everything).cause == .offline, "of no matter to a processor")
    }

    @Test func `memory-high counts where it is reached`() {
        var limits = LimitFigures()
        limits.memoryHigh = Self.everything.memoryHigh
        let answer = answer(.bytes, .level, limits: limits, target: 0x1p27)
        #expect(answer.cause == .memoryHigh)
        #expect(answer.evidence?.source == "/g/memory.high")
        #expect(answer.evidence?.figure == "60 MiB, 60 MiB charged, 52 MiB swapped out")
        limits.memoryHigh?.used = 55 << 20
        #expect(self.answer(.bytes, .level, limits: limits).cause == .memoryHigh, "reclaimed, and slowed for it")
        limits.memoryHigh?.recentEvents = 0
        #expect(self.answer(.bytes, .level, limits: limits).cause == .saturation)
        limits.memoryHigh?.used = 60 << 20
        #expect(self.answer(.cores, .rate, limits: limits).cause == .saturation)
    }

    @Test func `refusals that name their rule keep it`() {
        var limits = LimitFigures()
        let rule = CauseEvidence(source: "/proc/sys/fs/inotify/max_user_instances", figure: "128")
        limits.told[.refusal] = rule
        let refused = answer(.handles, .level, limits: limits) { ($0.refusals, $0.refusalCause) = (3, .refusal) }
        #expect(refused.cause == .refusal && refused.evidence == rule)
        limits.commit = .init(limit: 840 << 20, committed: 800 << 20)
        let strict = answer(.bytes, .level, limits: limits) { ($0.refusals, $0.refusalCause) = (3, .overcommit) }
        #expect(strict.cause == .overcommit && strict.evidence?.source == "/proc/sys/vm/overcommit_memory")
        #expect(strict.evidence?.figure == "2; CommitLimit 840 MiB, Committed_AS 800 MiB")
        limits.processes = Self.everything.processes
        let few = answer(.handles, .level, limits: limits) { ($0.refusals, $0.refusalCause) = (3, .refusal) }
        #expect(few.cause == .processLimit && few.evidence == limits.processes)
    }

    @Test func `lost processors count where the rest is too few`() {
        var limits = LimitFigures()
        limits.processors = .init(before: 2, now: 1, source: "/sys/devices/system/cpu/online")
        let answer = answer(.cores, .rate, limits: limits) { $0.runDelay = 900 * ms }
        #expect(answer.cause == .offline && answer.evidence?.figure == "1 of 2 processors are left")
        #expect(self.answer(.cores, .rate, limits: limits, target: 0.9) { $0.runDelay = 900 * ms }.cause == .contention)
        limits.processors?.now = 2
        #expect(self.answer(.cores, .rate, limits: limits) { $0.runDelay = 900 * ms }.cause == .contention)
    }

    @Test func `others are the cause where they alone are above the total`() {
        func cause(achieved: Double, own: Double, _ mode: LoadMode = .total) -> Cause {
            answer(.bytes, .level, limits: nil, target: 100, mode: mode) { ($0.achieved, $0.own) = (achieved, own) }
                .cause
        }
        #expect(cause(achieved: 120, own: 10) == .others)
        #expect(cause(achieved: 120, own: 20) == .saturation, "what is too much is our own")
        #expect(cause(achieved: 120, own: 10, .add) == .saturation)
    }

    // MARK: Gaps

    private func gap(
        done: Double, runDelay: Nanoseconds = 0, drive: Drive = .rate, _ change: (inout LimitFigures) -> Void = { _ in }
    ) -> Attribution.Answer? {
        let isRate = drive == .rate
        let a = HistoryPoint(time: 0, owed: isRate ? 0 : 100, achieved: isRate ? 0 : 100, claimed: 0)
        let b = HistoryPoint(
            time: 4 * .second, owed: isRate ? 4e9 : 500, achieved: isRate ? done * 4e9 : 100 + done * 400, claimed: 0,
            runDelay: runDelay)
        let stressor = PlannedStressor(
            name: "x", kind: "x", unit: isRate ? .cores : .bytes, drive: drive, settings: Settings(values: [:]),
            capacity: 1, base: "", curve: Curve(), workers: 1, tolerance: ToleranceLimit(absolute: 0, ratio: 0.01),
            witness: "")
        var limits = LimitFigures()
        change(&limits)
        return Attribution.causeOfGap(from: a, to: b, stressor, steal: 0, limits: limits)
    }

    @Test func `nothing done in a time in which nobody looked, and no waiting, is frozen`() {
        let frozen = gap(done: 0)
        #expect(frozen?.cause == .frozen)
        #expect(frozen?.evidence?.figure.contains("4 s") == true)
        #expect(gap(done: 0, drive: .level)?.cause == .frozen)
        #expect(gap(done: 0, runDelay: 3 * .second)?.cause == .contention)
        #expect(gap(done: 0) { $0.wasContinued = true }?.cause == .stopped)
        #expect(gap(done: 0.9) == nil && gap(done: 1, drive: .level) == nil, "only the observer stood still")
    }
}
