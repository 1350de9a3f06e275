// SPDX-License-Identifier: Apache-2.0

/// The least of what three sources say was done, look by look; pure.
///
/// None of them alone is proof. What has ended by the stressor's own count may have been merged or held back below it;
/// `/proc/PID/io` counts what was handed over, failed operations too, and with it what the file system writes for
/// itself; a device counts what others do as well. What is behind in one look may come in the next, but what one of
/// them has above the least is forgotten where it is more than can be in flight: what a neighbour did a minute ago must
/// not stand for what we do not do now.
struct LeastWork {
    /// What the sources say since the begin, in units of work.
    struct Totals: Equatable {
        /// Operations that ended well.
        var completed: Double
        /// What was handed to the block layer; `nil` where nobody counts that.
        var submitted: Double?
        /// What the device ended; `nil` where its counters are not to be had.
        var device: Double?
    }

    /// The most that a source may be ahead of the others, in units of work: what can be in flight.
    let slack: Double
    private(set) var done = 0.0
    private var last = Totals(completed: 0, submitted: 0, device: 0)
    private var submittedAhead = 0.0
    private var deviceAhead = 0.0

    init(slack: Double) { self.slack = slack }

    /// Takes a look in; returns the work that is proven so far.
    mutating func add(_ now: Totals) -> Double {
        let submitted = Self.step(now.submitted, last.submitted)
        let device = Self.step(now.device, last.device)
        var step = max(0, now.completed - done)
        if let submitted { step = min(step, submitted + submittedAhead) }
        if let device { step = min(step, device + deviceAhead) }
        if let submitted { submittedAhead = min(slack, submittedAhead + submitted - step) }
        if let device { deviceAhead = min(slack, deviceAhead + device - step) }
        done += step
        last = now
        return done
    }

    private static func step(_ now: Double?, _ before: Double?) -> Double? {
        guard let now, let before else { return nil }
        return max(0, now - before)
    }
}
