// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Why a stressor was off its target in a window.
///
/// Pure: everything that it knows is in the window and the figures of the limits.
enum Attribution {
    /// The cause that the kernel's figures point to, and what it rests on.
    typealias Answer = (cause: Cause, evidence: CauseEvidence?)

    /// The cause that the kernel's figures point to.
    ///
    /// - Parameters:
    ///   - window: the window, achieved below target, or of a total above it.
    ///   - stressor: whose window it is.
    ///   - steal: time that the hypervisor took from all processors, in ns for each ns.
    ///   - limits: what holds the processes back as it was seen at the window's end; `nil` where nobody looked.
    static func cause(_ window: Window, _ stressor: PlannedStressor, steal: Double, limits: LimitFigures?) -> Answer {
        let miss = Miss(window, stressor)
        if let answer = causeOfStandstill(miss, limits) { return answer }
        if miss.isThrottled(window.throttled) { return (.quota, limits?.quota?.evidence) }
        if let limits, let answer = causeInLimits(miss, limits) { return answer }
        if let answer = causeInOthers(miss) ?? causeInLoss(miss) { return answer }
        let evidence = window.refusalCause.flatMap { limits?.told[$0] }
        switch stressor.drive {
        case .level: return (window.refusalCause ?? .saturation, evidence)
        case .rate:
            let isBeyondWorkers = stressor.unit == .cores && window.target > Double(stressor.workers)
            if isBeyondWorkers { return (.saturation, nil) }
            if let cause = window.refusalCause { return (cause, evidence) }
            if miss.isStolen(steal) {
                return (.steal, CauseEvidence(source: "/proc/stat", figure: "\(Figure.cores(steal)) stolen"))
            }
            return miss.hasWaited(window.runDelay) ? (.contention, contention(window)) : (.saturation, nil)
        }
    }

    /// Why a stressor did nothing in a time in which the observer itself did not run; `nil` where it did something, or
    /// nothing was due.
    ///
    /// What stops both and does not let them wait for a processor is a freezer: of the container, or of the host.
    ///
    /// - Parameters:
    ///   - a: the last look before it.
    ///   - b: the first one after it, detailed.
    static func causeOfGap(
        from a: HistoryPoint, to b: HistoryPoint, _ stressor: PlannedStressor, steal: Double, limits: LimitFigures?
    ) -> Answer? {
        let window = Window(from: a, to: b, stressor.drive)
        let (due, done): (Double, Double) =
            switch stressor.drive {
            case .rate: (window.target, window.achieved ?? 0)
            case .level: (abs(b.owed - a.owed), abs((b.achieved ?? 0) - (a.achieved ?? 0)))
            }
        guard due > stressor.tolerance.allowed(at: stressor.drive == .rate ? window.target : b.owed),
            done < 0.1 * due, window.length > 0
        else { return nil }
        let time = Double(window.length)
        if limits?.wasContinued == true || Double(window.stopped) >= 0.5 * time {
            return (.stopped, CauseEvidence(source: "waitid(2)", figure: "continued after a stop"))
        }
        if Double(window.throttled) >= 0.5 * time { return (.quota, limits?.quota?.evidence) }
        if Double(window.runDelay) >= 0.5 * time { return (.contention, contention(window)) }
        if steal >= 0.5 { return (.steal, nil) }
        let figure =
            "no look and no progress for \(Figure.short(window.length.seconds)) s, without waiting in a run queue"
        return (.frozen, limits?.freezer ?? CauseEvidence(source: "CLOCK_MONOTONIC", figure: figure))
    }

    /// What limits a load that is to be as much as there is; `nil` where nobody set a limit that it meets.
    static func causeOfUnlimited(_ window: Window, _ stressor: PlannedStressor, _ limits: LimitFigures?) -> Answer? {
        guard let limits else { return nil }
        if Double(window.throttled) >= 0.1 * Double(window.length) { return (.quota, limits.quota?.evidence) }
        if let io = limits.io, io.rate >= 0.85 * io.most, stressor.unit != .cores { return (.ioLimit, io.evidence) }
        if let high = limits.memoryHigh, high.recentEvents > 0, high.isReached {
            return (.memoryHigh, high.evidence)
        }
        return nil
    }

    /// A task that is frozen or stopped does not wait for a processor, and is not refused anything.
    private static func causeOfStandstill(_ miss: Miss, _ limits: LimitFigures?) -> Answer? {
        let window = miss.window
        if window.astray > 0, let stray = limits?.stray { return (.leftGroup, stray) }
        if miss.isExplained(by: window.frozen) || limits?.isFrozen == true { return (.frozen, limits?.freezer) }
        guard miss.isExplained(by: window.stopped) || limits?.isStopped == true else { return nil }
        let process = limits.map { "/proc/\($0.stoppedProcess)/stat" } ?? "/proc/PID/stat"
        return (.stopped, CauseEvidence(source: process, figure: "state T (stopped)"))
    }

    private static func causeInLimits(_ miss: Miss, _ limits: LimitFigures) -> Answer? {
        let (window, stressor) = (miss.window, miss.stressor)
        if let io = limits.io, miss.isHeldBack(by: io) { return (.ioLimit, io.evidence) }
        if let high = limits.memoryHigh, stressor.unit != .cores, miss.isShort, high.isReached {
            return (.memoryHigh, high.evidence)
        }
        if miss.isShort, window.refusalCause == .processLimit || limits.processes != nil && window.refusals > 0 {
            return (.processLimit, limits.told[.processLimit] ?? limits.processes)
        }
        if miss.isShort, window.refusalCause == .overcommit {
            return (.overcommit, limits.told[.overcommit] ?? limits.commit?.evidence)
        }
        if let processors = limits.processors, processors.now < processors.before, stressor.unit == .cores,
            window.target > Double(processors.now), Double(stressor.workers) > Double(processors.now)
        {
            let figure = "\(processors.now) of \(processors.before) processors are left"
            return (.offline, CauseEvidence(source: processors.source, figure: figure))
        }
        return nil
    }

    /// Whether files that the stressor holds, by its own count, are no longer there: nobody but others cuts them.
    private static func causeInLoss(_ miss: Miss) -> Answer? {
        let (window, stressor) = (miss.window, miss.stressor)
        guard stressor.drive == .level, stressor.mode == .add, stressor.settings.text("directory") != nil,
            let achieved = window.achieved, miss.isShort,
            window.refusalCause == .others
                || window.claimed >= window.target - 2 * stressor.tolerance.allowed(at: window.target)
        else { return nil }
        let (claimed, there) = HumanUnits.amounts(max(window.claimed, window.target), achieved, stressor.unit)
        return (
            .others,
            CauseEvidence(
                source: stressor.witness, figure: "\(there) of \(claimed) that were held: others cut or removed files")
        )
    }

    /// Whether others alone have more than the total that was asked for: nothing that could be given back is left.
    private static func causeInOthers(_ miss: Miss) -> Answer? {
        let (window, stressor) = (miss.window, miss.stressor)
        guard stressor.mode == .total, let achieved = window.achieved, let own = window.own,
            achieved - own > window.target
        else { return nil }
        let (others, target) = (Figure.short(achieved - own), Figure.short(window.target))
        let figure = "others have \(others) \(stressor.unit.rawValue), the total is to be \(target)"
        return (.others, CauseEvidence(source: stressor.witness, figure: figure))
    }

    private static func contention(_ window: Window) -> CauseEvidence {
        CauseEvidence(
            source: "/proc/PID/task/TID/schedstat",
            figure: "threads waited \(Figure.short(window.runDelay.seconds)) s "
                + "of \(Figure.short(window.length.seconds)) s")
    }
}

extension LimitFigures.MemoryHigh {
    /// The kernel reclaims down to the limit, which is then never quite reached: `MEMCG_CHARGE_BATCH`, mm/memcontrol.c.
    var isReached: Bool {
        guard let used else { return recentEvents > 0 }
        return recentEvents > 0 && Double(used) >= 0.9 * Double(bytes) || used >= bytes
    }
}

/// How much a window is off, and what can explain it.
private struct Miss {
    let window: Window
    let stressor: PlannedStressor
    /// What is missing of the target, 0 through 1.
    private let missing: Double
    private let time: Double

    init(_ window: Window, _ stressor: PlannedStressor) {
        self.window = window
        self.stressor = stressor
        time = Double(max(1, window.length))
        missing = window.target > 0 ? min(1, max(0, -(window.error ?? 0) / window.target)) : 0
    }

    private var isCPU: Bool { stressor.unit == .cores && stressor.drive == .rate }
    /// CPU time that is missing.
    private var shortfall: Double { -(window.error ?? 0) * Double(window.length) }
    var isShort: Bool { window.error ?? 0 < 0 }

    /// Whether `time` in which nothing could be done is as large a part of the window as what is missing, or half of
    /// that; of a level, whether there was any.
    func isExplained(by standstill: Nanoseconds) -> Bool {
        guard standstill > 0 else { return false }
        return stressor.drive == .level || Double(standstill) >= 0.5 * missing * time
    }

    /// A throttled group also waits in the run queue on most kernels, so the quota is asked before that.
    ///
    /// Operations, and what fills a level, need little of a processor: only a throttled time that is as large a part of
    /// the window as what is missing, or half of that, explains it.
    func isThrottled(_ throttled: Nanoseconds) -> Bool {
        guard throttled > 0, isShort else { return false }
        return Double(throttled) >= (isCPU ? 0.1 * shortfall : 0.5 * missing * time)
    }

    func isStolen(_ steal: Double) -> Bool {
        isCPU ? steal * time >= 0.5 * shortfall : steal >= 0.5 * missing
    }

    func hasWaited(_ runDelay: Int64) -> Bool {
        isCPU
            ? Double(runDelay) >= 0.1 * shortfall : Double(runDelay) >= 0.5 * missing * time * Double(stressor.workers)
    }

    /// Whether a group does what it may; or the load asks for more than that, and gets what there is of it.
    func isHeldBack(by io: LimitFigures.IOLimit) -> Bool {
        guard isShort, stressor.unit != .cores else { return false }
        if io.rate >= 0.85 * io.most { return true }
        let isSameUnit = stressor.unit == (io.isBytes ? .bytesPerSecond : .operationsPerSecond)
        guard isSameUnit, let achieved = window.achieved else { return false }
        // What is in flight counts as done already: of a target far beyond the limit that is more than the limit.
        let most = window.target >= 2 * io.most ? 2 * io.most : 1.2 * io.most
        return window.target > io.most && achieved >= 0.5 * io.most && achieved <= most
    }
}
