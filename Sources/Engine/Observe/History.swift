// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// One stressor at one instant, as the observer saw it.
///
/// For rates, `owed`, `achieved` and `claimed` are areas since the start in unit·nanoseconds, so that a window's mean
/// is a difference divided by the measured time; for levels they are the level itself.
struct HistoryPoint {
    var time: Nanoseconds
    var owed: Double
    /// By how much more than that was drawn, of operations whose times are drawn.
    var drawn = 0.0
    /// `nil` where the process is gone.
    var achieved: Double?
    /// What the stressor holds of a total; `nil` where that is all of it.
    var own: Double?
    var claimed: Double
    /// What reads did of what was achieved; `nil` where the load does not both read and write.
    var reads: Double?
    var content: Int64 = 0
    /// What the workers hold, without what the process itself does.
    var held: Int64 = 0
    var refusals: Int64 = 0
    var refusalCause: Cause?
    /// Operations that were dropped.
    var dropped: Int64 = 0
    /// Time that workers were ready and did not run, in ns of all workers.
    var runDelay: Int64 = 0
    /// Time that quotas held the processes' groups back, in ns of all processors.
    var throttled: Int64 = 0
    /// How often it did.
    var throttledCount: Int64 = 0
    /// Time that a hypervisor took from all processors, in ns.
    var stolen: Int64 = 0
    /// Time that the processes were seen frozen, in ns.
    var frozen: Int64 = 0
    /// Time that they were seen stopped by a signal, in ns.
    var stopped: Int64 = 0
    /// Time that one of them was seen outside the control groups that it was put into, in ns.
    var astray: Int64 = 0
}

extension SchedulingFigures {
    /// What lies between two points.
    init(from a: HistoryPoint, to b: HistoryPoint, hasQuota: Bool) {
        self.init(
            runDelaySeconds: max(0, b.runDelay - a.runDelay).seconds,
            throttledCount: hasQuota ? max(0, b.throttledCount - a.throttledCount) : nil,
            throttledSeconds: hasQuota ? max(0, b.throttled - a.throttled).seconds : nil,
            stealSeconds: max(0, b.stolen - a.stolen).seconds)
    }
}

/// What lies between two points.
struct Window {
    var length: Nanoseconds
    var target: Double
    /// What was due: the target, or what was drawn for it.
    var due: Double
    var achieved: Double?
    /// What the stressor had of a total; `nil` where that is all of it.
    var own: Double?
    var claimed: Double
    var reads: Double?
    var runDelay: Int64
    var throttled: Int64
    var frozen: Int64
    var stopped: Int64
    var astray: Int64
    var refusals: Int64
    var refusalCause: Cause?

    init(from a: HistoryPoint, to b: HistoryPoint, _ drive: Drive) {
        length = b.time - a.time
        runDelay = b.runDelay - a.runDelay
        throttled = b.throttled - a.throttled
        frozen = b.frozen - a.frozen
        stopped = b.stopped - a.stopped
        astray = b.astray - a.astray
        refusals = b.refusals - a.refusals
        refusalCause = refusals > 0 ? b.refusalCause ?? .refusal : nil
        switch drive {
        case .level:
            target = b.owed
            due = b.owed
            achieved = b.achieved
            own = b.own
            claimed = b.claimed
        case .rate:
            let span = Double(max(1, length))
            target = (b.owed - a.owed) / span
            due = target + (b.drawn - a.drawn) / span
            claimed = (b.claimed - a.claimed) / span
            if let later = b.reads, let earlier = a.reads { reads = (later - earlier) / span }
            if let later = b.achieved, let earlier = a.achieved { achieved = (later - earlier) / span }
            if let later = b.own, let earlier = a.own { own = (later - earlier) / span }
        }
    }

    /// For how long the processes did nothing of what they were to do: frozen, stopped, or outside their groups.
    var standstill: Nanoseconds { frozen + stopped + astray }
    var error: Double? { achieved.map { $0 - due } }
}

/// The last points of a stressor, enough for a window of one second; its size never changes.
struct History {
    private var points: [HistoryPoint] = []
    private var next = 0
    // 10 Hz for a second, 50 Hz on the way to a target, a look at each jump, and some to spare.
    private static let capacity = 160

    init() { points.reserveCapacity(Self.capacity) }

    var last: HistoryPoint? { points.isEmpty ? nil : points[(next + points.count - 1) % points.count] }

    mutating func append(_ point: HistoryPoint) {
        if points.count < Self.capacity {
            points.append(point)
        } else {
            points[next] = point
            next = (next + 1) % Self.capacity
        }
    }

    /// The latest point that is not after `time`, within the tolerance of a tenth of a sample; else the earliest.
    func point(notAfter time: Nanoseconds) -> HistoryPoint? {
        // Mostly one of the last few is meant.
        for offset in (0..<points.count).reversed() {
            let at = (next + offset) % points.count
            if points[at].time <= time + 10 * .millisecond { return points[at] }
        }
        return points.isEmpty ? nil : points[next % points.count]
    }
}
