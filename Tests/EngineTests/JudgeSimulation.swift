// SPDX-License-Identifier: Apache-2.0

import LoadModel

@testable import Engine

private let s = Nanoseconds.second
private let ms = Nanoseconds.millisecond

/// A stressor in virtual time, whose truth is known in full, seen by ledgers as an observer would see it.
///
/// What it achieves is `factor · target + plus`, piece by piece: on target where nothing else is said.
struct JudgeSimulation {
    struct Piece {
        var from: Nanoseconds
        var to: Nanoseconds
        var factor: Double
        var plus = 0.0
    }

    var drive = Drive.rate
    var unit = Unit.cores
    /// Units in one operation; 0 where there are none.
    var operation = 0.0
    var tolerance = ToleranceLimit(absolute: 0, ratio: 0.01)
    var mode = LoadMode.add
    private(set) var curve = Curve()
    private(set) var phases: [PlannedPhase] = []
    private var pieces: [Piece] = []
    /// What claims are of what is done.
    var claimFactor = 1.0
    /// When the observer does not look.
    var blind: [Range<Nanoseconds>] = []
    /// When the process is gone.
    var diesAt = Nanoseconds.max
    /// What others have of a total.
    var others: (Nanoseconds) -> Double = { _ in 0 }
    /// Operations that were dropped by a time.
    var dropped: (Nanoseconds) -> Int64 = { _ in 0 }
    /// What the kernel says of why a load is short.
    var runDelay: (Nanoseconds) -> Int64 = { _ in 0 }
    var refusals: (Nanoseconds) -> Int64 = { _ in 0 }
    /// For how long its processes were stopped by a time.
    var stopped: (Nanoseconds) -> Nanoseconds = { _ in 0 }
    /// By how much what was drawn comes to more than the target by a time, in unit·ns; the load does that as well.
    var drawn: ((Nanoseconds) -> Double)?
    /// Another target from a time on.
    var changes: [(at: Nanoseconds, curve: Curve)] = []
    /// Where the run is cut.
    var cutAt: Nanoseconds?

    init(_ drive: Drive = .rate) {
        self.drive = drive
        if drive == .level { unit = .bytes }
    }

    /// Appends a phase.
    mutating func phase(_ length: Nanoseconds, _ load: Curve.Piece..., within: Nanoseconds? = nil) {
        phase(length, load, within: within)
    }

    mutating func phase(_ length: Nanoseconds, _ load: [Curve.Piece], within: Nanoseconds? = nil) {
        let start = curve.length
        var planned = PlannedPhase(
            name: "\(phases.count)", start: start, length: length, loads: load.isEmpty ? [:] : ["x": ""])
        planned.within = within.map { ["x": $0] } ?? [:]
        phases.append(planned)
        if load.isEmpty { curve.appendRelease(length) } else { curve.append(length, repeating: load) }
    }

    /// A phase that holds `value`.
    mutating func hold(_ value: Double, for length: Nanoseconds, within: Nanoseconds? = nil) {
        phase(length, [.init(length: length, holding: value)], within: within)
    }

    /// From `from` up to `to` it does `factor · target + plus`, whatever was said before of that time.
    mutating func disturb(_ from: Nanoseconds, _ to: Nanoseconds, factor: Double, plus: Double = 0) {
        guard to > from else { return }
        var rest: [Piece] = []
        for piece in pieces {
            if piece.from < from {
                rest.append(Piece(from: piece.from, to: min(piece.to, from), factor: piece.factor, plus: piece.plus))
            }
            if piece.to > to {
                rest.append(Piece(from: max(piece.from, to), to: piece.to, factor: piece.factor, plus: piece.plus))
            }
        }
        pieces = (rest.filter { $0.from < $0.to } + [Piece(from: from, to: to, factor: factor, plus: plus)])
            .sorted { $0.from < $1.from }
    }

    /// What is achieved at `time`: the rate, or the level; nothing of as much as there is where nothing is said.
    func value(at time: Nanoseconds) -> Double {
        let target = curve.value(at: time).isFinite ? curve.value(at: time) : 0
        guard let piece = pieces.first(where: { $0.from <= time && time < $0.to }) else { return target }
        return piece.factor * target + piece.plus
    }

    /// What was achieved from the start until `time`, in unit·ns.
    func area(until time: Nanoseconds) -> Double {
        var sum = curve.area(until: time)
        for piece in pieces where piece.from < time {
            let end = min(piece.to, time)
            sum += (piece.factor - 1) * (curve.area(until: end) - curve.area(until: piece.from))
            sum += piece.plus * Double(end - piece.from)
        }
        return sum
    }

    private var stressor: PlannedStressor {
        var stressor = PlannedStressor(
            name: "x", kind: "x", unit: unit, drive: drive, settings: Settings(values: [:]), capacity: 1, base: "",
            mode: mode, curve: curve, workers: 1, quantum: operation, tolerance: tolerance, witness: "")
        if drawn != nil { stressor.arrivals = DrawnArrivals(seed: 0, work: 1) }
        return stressor
    }

    private func point(at time: Nanoseconds, _ curve: Curve) -> HistoryPoint {
        let mine = (drive == .rate ? area(until: time) : value(at: time)) + (drawn?(time) ?? 0)
        var point = HistoryPoint(
            time: time, owed: drive == .rate ? curve.area(until: time) : curve.value(at: time),
            achieved: mine + others(time), claimed: mine * claimFactor)
        if mode == .total { point.own = mine }
        if time >= diesAt { point.achieved = nil }
        point.drawn = drawn?(time) ?? 0
        point.dropped = dropped(time)
        point.runDelay = runDelay(time)
        point.refusals = refusals(time)
        point.stopped = stopped(time)
        return point
    }

    /// Makes the run and returns a result for each phase.
    func results() -> [PhaseResult] {
        var stressor = stressor
        let plan = Plan(
            profile: "", file: "", sha256: "", seed: 0, stressors: [stressor], phases: phases, findings: [])
        var results: [PhaseResult] = []
        var history = History()
        var changes = changes[...]
        var index = 0
        var ledger = PhaseLedger(phase: 0, of: plan, stressor)
        var time: Nanoseconds = 0
        var before: HistoryPoint?
        history.append(point(at: 0, stressor.curve))
        ledger.open(after: nil, history)
        ledger.add(history, steal: 0)
        while true {
            let end = phases[index].end
            var next = LookSchedule.next(after: time, phaseEnd: end, nextLog: .max, [ledger])
            // Nobody wakes in time.
            next += 100_000
            if let gap = blind.first(where: { $0.contains(next) }) { next = gap.upperBound }
            time = next
            if let change = changes.first, time >= change.at - 50 * ms {
                changes.removeFirst()
                stressor.curve = change.curve
                ledger.retarget(change.curve, from: change.at)
            }
            if let cutAt, time >= cutAt {
                results.append(ledger.result(isCut: true, at: time))
                return results
            }
            if time >= diesAt { ledger.noteKilled(at: diesAt, history) }
            if time >= end {
                if drive == .rate {
                    before = history.last
                    history.append(point(at: time, stressor.curve))
                    ledger.add(history, steal: 0)
                }
                while time >= phases[index].end {
                    results.append(ledger.result(isCut: false))
                    index += 1
                    guard index < phases.count else { return results }
                    let shortPhases = ledger.shortPhases
                    ledger = PhaseLedger(phase: index, of: plan, stressor)
                    ledger.shortPhases = shortPhases
                    ledger.open(after: before, history)
                    if time >= diesAt { ledger.noteKilled(at: diesAt, history) }
                }
            }
            if history.last?.time != time { history.append(point(at: time, stressor.curve)) }
            ledger.add(history, steal: 0)
        }
    }

    /// The verdict of a level's only phase, which holds 1 until an order asks for `value`, reached some time later.
    func resultAfterOrder(
        at time: Nanoseconds, to value: Double, within: Nanoseconds?, arrivingAfter delay: Nanoseconds
    ) -> Verdict {
        let plan = Plan(
            profile: "", file: "", sha256: "", seed: 0, stressors: [stressor], phases: phases, findings: [])
        var ledger = PhaseLedger(phase: 0, of: plan, stressor)
        var changed = curve.prefix(until: time)
        let rest = phases[0].end - time
        changed.append(rest, repeating: [.init(length: rest, holding: value)])
        var history = History()
        for at in stride(from: 0, to: phases[0].end, by: 20 * Int64.Stride(Nanoseconds.millisecond)) {
            if at == time {
                ledger.revise(within: within, from: time)
                ledger.retarget(changed, from: time)
            }
            let there = at >= time + delay ? value : 1
            history.append(
                HistoryPoint(
                    time: at, owed: (at >= time ? changed : curve).value(at: at), achieved: there, claimed: there))
            ledger.add(history, steal: 0)
        }
        return ledger.result(isCut: false).verdict
    }

    // MARK: Truth

    /// Achieved less target, in unit·ns.
    private func missed(_ from: Nanoseconds, _ to: Nanoseconds) -> Double {
        area(until: to) - area(until: from) - curve.area(until: to) + curve.area(until: from)
    }

    /// What really was in a phase, by steps of 5 ms.
    struct Truth {
        /// The share of the time that was off by more than so many times the allowed error, in pieces that are long.
        var off = 0.0
        /// The mean error, and what is allowed of it.
        var error = 0.0
        var allowed = 0.0
        /// What a rate cannot resolve, as a mean.
        var quantum = 0.0
    }

    /// The truth of a phase, without what lies in `excused`; of a level, what is shorter than `least` is no error
    /// either: it may lie between two looks.
    func truth(
        of phase: PlannedPhase, beyond factor: Double, longerThan least: Nanoseconds,
        excused: [Range<Nanoseconds>] = []
    ) -> Truth {
        var truth = Truth()
        let step = 5 * ms
        var off: Nanoseconds = 0
        var run: Nanoseconds = 0
        var error = missed(phase.start, phase.end)
        for span in excused {
            let (from, to) = (max(span.lowerBound, phase.start), min(span.upperBound, phase.end))
            if from < to { error -= missed(from, to) }
        }
        var time = phase.start
        if drive == .level { error = 0 }
        var errorOfRun = 0.0
        var isAbove = false
        func close() {
            if run > least {
                off += run
                error += errorOfRun
            }
            (run, errorOfRun) = (0, 0)
        }
        // What was asked for before a jump is right no longer.
        var stretch = phase.start
        var jump = curve.nextJump(after: stretch) ?? .max
        while time < phase.end {
            let width = min(step, phase.end - time)
            let middle = time + width / 2
            while jump <= middle {
                stretch = jump
                jump = curve.nextJump(after: stretch) ?? .max
            }
            let target = curve.value(at: middle)
            let difference = value(at: middle) - target
            if excused.contains(where: { $0.contains(middle) }) {
                close()
            } else {
                let allowed = factor * tolerance.allowed(at: target)
                // A level that moves is followed in steps: what was asked for a moment ago is right, too.
                let lag = drive == .level ? curve.value(at: max(stretch, middle - LevelJudge.lag)) - target : 0
                // Three hundredths are not more than three times one: a hair's breadth is the arithmetic's.
                let slack = 1e-9 * abs(target)
                let isOff =
                    difference > allowed + max(0, lag) + slack || difference < min(0, lag) - allowed - slack
                // Of a rate, what is too much and what is too little in one slot offset each other.
                if !isOff || drive == .rate && isAbove != (difference > 0) { close() }
                isAbove = difference > 0
                if drive == .level {
                    let miss = difference > 0 ? max(0, difference - max(0, lag)) : min(0, difference - min(0, lag))
                    if isOff { errorOfRun += miss * Double(width) } else { error += miss * Double(width) }
                }
                if isOff { run += width }
            }
            time += width
        }
        close()
        truth.off = Double(off) / Double(phase.length)
        truth.error = error / Double(phase.length)
        let mean = curve.mean(from: phase.start, to: phase.end)
        truth.allowed = tolerance.allowed(at: mean)
        if drive == .rate {
            let length = Double(phase.length)
            truth.quantum = JudgedPhase.quantum(operation, at: mean, due: mean * length) / length
            truth.allowed = max(truth.allowed, truth.quantum)
        }
        return truth
    }
}
