// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Something that can be grown and shrunk; what it holds is given back when it is destroyed.
public protocol Holding: ~Copyable {
    /// The smallest step of the level.
    var granularity: Int64 { get }
    /// What all lanes together must hold for the kernel to show `total`.
    func holdings(for total: Int64) -> Int64
    /// What of `total`, as ``holdings(for:)`` gave it, `lane` is to hold; a multiple of the granularity.
    func share(of total: Int64, on lane: Lane) -> Int64
    /// What is held where others may have taken of it; `last` is what the last move left.
    func held(since last: Int64) -> Int64
    /// Moves at most one quantum toward `target` and returns the amount now held.
    mutating func move(toward target: Int64) throws(StressorFailure) -> Int64
    /// Does a short piece of background work, such as writing content, and says when it wants to be called again.
    mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds
}

extension Holding where Self: ~Copyable {
    /// The total itself.
    public func holdings(for total: Int64) -> Int64 { total }
    /// Nobody takes of it.
    public func held(since last: Int64) -> Int64 { last }
    /// As much as any other lane.
    public func share(of total: Int64, on lane: Lane) -> Int64 { lane.share(of: total, granularity: granularity) }
    /// Nothing to do, ever.
    public mutating func upkeep(at now: Nanoseconds) throws(StressorFailure) -> Nanoseconds { .max }
}

/// The rhythm of the level driver.
enum LevelRhythm {
    /// How often a changing level is followed.
    static let tick: Nanoseconds = 20 * .millisecond
    /// How often a constant level is looked after.
    static let idle: Nanoseconds = 500 * .millisecond
    /// How long a refused step rests.
    static let rest: Nanoseconds = 100 * .millisecond
}

extension Lane {
    /// Drives `holder` along this lane's share of the target until the run ends.
    public func hold<H: Holding & ~Copyable>(_ holder: inout H) throws(StressorFailure) {
        guard waitForStart() else { return }
        var held: Int64 = 0
        while !time.isStopping {
            var isRefused = false
            var asked = time.now
            held = holder.held(since: held)
            // The target is read anew before each quantum: a long way up must not miss a turn of the curve.
            while !time.isStopping {
                asked = time.now
                let total = Int64(curve.value(at: asked).rounded())
                let target = holder.share(of: holder.holdings(for: total), on: self)
                if held == target { break }
                do throws(StressorFailure) {
                    held = try holder.move(toward: target)
                    gauge.claimed = held
                } catch .refused(_, let cause) {
                    gauge.noteRefusal(cause)
                    isRefused = true
                    break
                }
            }
            let next = try holder.upkeep(at: time.now)
            let now = time.now
            let curve = self.curve
            // Since the target was asked for, a turn may have come: it is not slept over.
            let constantUntil = curve.constantUntil(after: asked)
            var wake = constantUntil > asked ? min(constantUntil, now + LevelRhythm.idle) : now + LevelRhythm.tick
            if isRefused { wake = min(wake, now + LevelRhythm.rest) }
            wake = min(wake, next)
            if wake > now, !time.wait(until: wake) { return }
        }
    }
}
