// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// Decides how much of a rate's total a stressor adds, while others come and go: arithmetic on counters, no clock.
///
/// What others take is what everybody takes less our own, and our share is what they leave of the target. That is a
/// subtraction, with nothing to integrate: an integrator with one sample of delay wanders by many points where this one
/// holds within half a point. The error of the last two looks is added at half gain, for the sake of what the
/// subtraction alone would miss each time (a quantum of the kernel's counters, a worker's late burst).
///
///     others = whole − own        in the last interval
///     share  = target − others + leak(error) / 2
public struct TotalController: Sendable {
    /// The time between two looks.
    public static let interval: Nanoseconds = 100 * .millisecond
    /// By how much of the capacity the share may grow from one look to the next; it falls at once.
    static let rise = 0.2
    /// A share that is more than this of the target, and a step, makes up for nothing that others do.
    static let mostOfTarget = 1.1
    /// From this share of the capacity on, more of ours is less of others, and the subtraction would feed on itself.
    static let saturation = 0.97

    /// What one look finds: counters since any fixed time, in unit·nanoseconds.
    public struct Look: Hashable, Sendable {
        /// When it was taken, since the run's start.
        public var time: Nanoseconds
        /// What everybody has taken.
        public var whole: Double
        /// What the stressor has taken.
        public var own: Double

        /// Creates a look.
        public init(time: Nanoseconds, whole: Double, own: Double) {
            self.time = time
            self.whole = whole
            self.own = own
        }
    }

    private let capacity: Double
    private let most: Double
    private var last: Look?
    private var lastTarget = 0.0
    private var error = 0.0
    private var hasDecided = false

    /// The share that was decided last, in the unit.
    public private(set) var share = 0.0
    /// What others took in the last interval, in the unit; `nil` before there is one.
    public private(set) var others: Double?

    /// Creates a controller.
    ///
    /// - Parameters:
    ///   - capacity: all that there is, in the unit.
    ///   - most: what the stressor can take at most.
    public init(capacity: Double, most: Double) {
        self.capacity = capacity
        self.most = most
    }

    /// Forgets what was, as after a time without load.
    public mutating func reset() {
        last = nil
        share = 0
        error = 0
        hasDecided = false
        others = nil
    }

    /// Takes in a look and returns the share until the next one.
    ///
    /// - Parameter target: the mean of the target until the next look.
    public mutating func update(_ look: Look, target: Double) -> Double {
        defer {
            last = look
            lastTarget = target
        }
        // The first look has nothing to compare with: nothing is added before it is known what others take.
        guard let last, look.time > last.time else { return share }
        let span = Double(look.time - last.time)
        let whole = max(0, (look.whole - last.whole) / span)
        let own = max(0, (look.own - last.own) / span)
        // Below 0 now and then: the whole is counted in larger steps. Cut off there, the errors of the steps would no
        // longer cancel out, and with nobody else around the total would stay short by more than a point.
        let others = whole - own
        self.others = max(0, others)
        // The first decision has no target behind it that could have been missed, and nothing to be careful about yet.
        if hasDecided { error = error / 2 + (lastTarget - whole) }
        var wanted = target - others + error / 2
        let limit = hasDecided ? min(most, share + Self.rise * capacity) : most
        hasDecided = target > 0
        if whole >= Self.saturation * capacity { wanted = min(wanted, share) }
        // Who was moved out of the group finds its own part missing there, and must not make up for it again and again.
        wanted = min(wanted, Self.mostOfTarget * target + Self.rise * capacity)
        if wanted > limit || wanted < 0 {
            // What cannot be acted on must not be stored up.
            error = 0
            wanted = min(limit, max(0, wanted))
        }
        share = wanted
        return wanted
    }
}
