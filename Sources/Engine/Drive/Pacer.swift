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
    private var lead = LeadLimit()

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
        let ahead = Double(done) - (total - regular)
        // Where the load ends soon, a delay of a period or two is still made up for.
        let next = max(owed(wake + .second) - total, 20 * rate * Double(Self.period))
        let most = total + lead.limit(ahead, at: wake, next: next)
        return max(0, Int64(min(total - forgiven, most) - Double(done)))
    }

    /// Forgives what is overdue of the time before `edge`, at which less is asked for than before.
    public mutating func forgive(before edge: Nanoseconds, done: Int64, owed: (Nanoseconds) -> Double) {
        forgiven = max(forgiven, owed(edge) - Double(done))
        lastWake = max(lastWake, edge)
    }
}

/// Keeps a load from making up for a stall in a burst: over any second, no more than a tenth above the target.
///
/// How far the work done is ahead of the target, behind as a rule, may rise by so much above its lowest of the last
/// second. A delay of a few milliseconds, which every second has, is made up for at once.
struct LeadLimit: Sendable {
    /// How much above the target a second may be.
    static let share = 0.1
    private static let bucket: Nanoseconds = 10 * .millisecond
    private static let count = 100

    /// The lowest lead in each hundredth of the last second, and which hundredth it is of.
    private var lowest = [Double](repeating: .infinity, count: Self.count)
    private var numbers = [Int64](repeating: .min, count: Self.count)

    /// How far ahead of the target the work may be at `time`.
    ///
    /// - Parameters:
    ///   - lead: how far ahead it is now, below 0 where it is behind.
    ///   - next: what the next second asks for.
    mutating func limit(_ lead: Double, at time: Nanoseconds, next: Double) -> Double {
        let number = time / Self.bucket
        let place = Int(((number % Int64(Self.count)) + Int64(Self.count)) % Int64(Self.count))
        if numbers[place] != number {
            numbers[place] = number
            lowest[place] = lead
        } else {
            lowest[place] = min(lowest[place], lead)
        }
        var least = lead
        for index in lowest.indices where numbers[index] > number - Int64(Self.count) {
            least = min(least, lowest[index])
        }
        return least + Self.share * max(0, next)
    }
}
