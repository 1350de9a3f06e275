// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// How much of what is overdue may still be made up for.
///
/// Unbounded catch-up turns a stall into a burst over target; none turns it into a lasting shortfall. What is beyond
/// the bound is forgiven, counted, and shows as achieved below target.
public enum CatchUp: Hashable, Sendable {
    /// What a worker of fixed `capacity` (work per ns) can add to its target within `window`.
    case headroom(window: Nanoseconds, capacity: Double)
    /// What the target itself asks for in `window`.
    case backlog(window: Nanoseconds)

    /// The bound in units of work, at `rate` (work per ns).
    public func limit(at rate: Double) -> Double {
        switch self {
        case .headroom(let window, let capacity): max(0, capacity - rate) * Double(window)
        case .backlog(let window): rate * Double(window)
        }
    }
}

/// When a rate lane wakes, and how much work it does then: arithmetic on (time, done), without a clock.
///
/// Wakes lie on an absolute grid of 101 a second. 101 is prime, so the grid never runs in step with a timer tick of
/// 100, 250, 300 or 1000 Hz, and tick-sampled views such as `top` see the load unbiased; at 20 ms periods they see
/// nothing at all (`Documentation/admin-guide/cpu-load.rst` of the kernel tells why). Lanes are staggered over one
/// period.
///
///     due(now) = area(next wake) − forgiven − done          never below 0
public struct Pacer: Sendable {
    /// Wakes a second.
    public static let wakesPerSecond: Int64 = 101
    /// The longest time between two wakes.
    public static let period: Nanoseconds = (Nanoseconds.second + wakesPerSecond - 1) / wakesPerSecond

    private let offset: Nanoseconds
    private let catchUp: CatchUp
    private var index: Int64 = 0
    private var lastWake: Nanoseconds = 0

    /// Work that was overdue beyond the bound and will not be done, in units of work.
    public private(set) var forgiven = 0.0

    /// Creates the pacer of one of `lanes` lanes.
    public init(lane: Int, of lanes: Int, catchUp: CatchUp) {
        offset = Self.period * Int64(lane) / Int64(lanes)
        self.catchUp = catchUp
    }

    /// The first wake after `now`, computed from the grid each time, so that no rounding adds up.
    public mutating func nextWake(after now: Nanoseconds) -> Nanoseconds {
        index = max(index, (now - offset) * Self.wakesPerSecond / .second)
        while wake(index) <= now { index += 1 }
        return wake(index)
    }

    private func wake(_ index: Int64) -> Nanoseconds { offset + index * .second / Self.wakesPerSecond }

    /// The work to do now, so that what was owed by `wake` is done by then.
    ///
    /// - Parameters:
    ///   - owed: the area under the target until a time, in units of work.
    ///   - done: the work done so far.
    public mutating func due(until wake: Nanoseconds, done: Int64, owed: (Nanoseconds) -> Double) -> Int64 {
        let total = owed(wake)
        // Regular is the one period that ends at the wake: a stall makes what came before it overdue.
        let from = max(lastWake, wake - Self.period)
        let regular = total - owed(from)
        let rate = regular / Double(max(1, wake - from))
        lastWake = wake
        let overdue = total - forgiven - Double(done) - regular
        let excess = overdue - catchUp.limit(at: rate)
        if excess > 0 { forgiven += excess }
        return max(0, Int64(total - forgiven - Double(done)))
    }
}
