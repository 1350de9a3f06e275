// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
public import LoadModel

/// One lane's view of something that everybody takes from: what others have of it, how much more may be taken, and when
/// to look again.
///
/// Others are what the kernel counts less what the lanes of all processes hold. Belongs to one lane; not shared between
/// threads.
public final class TotalFollower {
    /// What the kernel counts.
    public struct Use {
        /// What is in use, by everybody.
        public var used: Int64
        /// How much more there is.
        public var free: Int64

        /// Creates a count.
        public init(used: Int64, free: Int64) {
            self.used = used
            self.free = free
        }
    }

    /// How often others are looked at while they change what they hold.
    private static let shortestLook: Nanoseconds = .millisecond
    /// And while they do not.
    private static let longestLook: Nanoseconds = 20 * .millisecond
    /// How long after a change the next one is expected.
    private static let attention: Nanoseconds = 250 * .millisecond
    /// How long a moving lane may keep the others from an exact look.
    private static let patience: Nanoseconds = 100 * .millisecond
    /// The part of a processor that looking may take: one in so many.
    private static let share: Nanoseconds = 20

    private let read: () -> Use?
    private let keepFree: Int64
    private let refusal: StressorFailure
    private let mode: LoadMode
    private let gauges: [Gauge]
    private let inexactness: Int64
    /// What everybody else has.
    private var others: Int64 = 0
    private var lastLook: Nanoseconds = 0
    private var lastExact: Nanoseconds = 0
    private var lastSeen: Int64 = 0
    private var lastChange: Nanoseconds = 0
    private var pause: Nanoseconds
    /// The least time between two looks, as far as they come cheap.
    private let usual: Nanoseconds
    /// And as they turned out to cost.
    private var shortest: Nanoseconds

    /// Creates a view.
    ///
    /// - Parameters:
    ///   - keepFree: what is never taken.
    ///   - inexactness: by how much the kernel's count may be off.
    ///   - refusal: what a lane is told that may take no more.
    ///   - read: asks the kernel; `nil` where it does not say.
    public init(
        _ context: StressorContext, keepFree: Int64 = 0, inexactness: Int64 = 0, refusal: String,
        read: @escaping () -> Use?
    ) {
        self.read = read
        self.keepFree = keepFree
        self.inexactness = inexactness
        self.refusal = .refused(refusal, because: .refusal)
        mode = context.mode
        gauges = context.gauges
        // Many processes do not all look a thousand times a second.
        usual = Self.shortestLook * Int64(max(1, gauges.count / 4))
        shortest = usual
        pause = usual
    }

    /// What is in use, by everybody; `nil` where the kernel does not say.
    public var used: Int64? { read()?.used }

    /// What all lanes together must hold for the kernel to count `total`.
    public func holdings(for total: Int64) -> Int64 {
        guard mode == .total else { return total }
        look()
        return max(0, total - others)
    }

    /// Counts what others have: all of it less what the lanes hold.
    ///
    /// Exact only while no lane is taking or giving back; what was seen last stands meanwhile.
    private func look() {
        let now = Clocks.monotonic
        // Others that never rest must not keep the lane from sleeping.
        guard now - lastLook >= shortest else { return }
        let before = held
        guard let used else { return }
        lastLook = Clocks.monotonic
        shortest = max(usual, (lastLook - now) * Self.share)
        let isStill = !gauges.contains { $0.isMoving } && before == held
        guard isStill || now - lastExact > Self.patience else { return }
        others = used - before
        lastExact = now
    }

    private var held: Int64 { gauges.reduce(0) { $0 + $1.claimed } }

    /// When to look again: soon while others come and go.
    public func nextLook(at now: Nanoseconds) -> Nanoseconds {
        guard mode == .total else { return .max }
        if others != lastSeen { lastChange = now }
        lastSeen = others
        pause = now - lastChange < Self.attention ? shortest : min(Self.longestLook, pause * 2)
        return now + max(shortest, pause)
    }

    /// How many of `wanted` may be taken with `keepFree` left; the lanes divide what is left, so that all together do
    /// not pass it.
    ///
    /// - Throws: the refusal where that is none.
    public func grant(_ wanted: Int64) throws(StressorFailure) -> Int64 {
        guard let use = read() else { return wanted }
        let room = use.free - keepFree
        if room >= wanted * Int64(gauges.count) { return wanted }
        let granted = min(wanted, max(min(1, room), room / Int64(gauges.count)))
        guard granted > 0 else { throw refusal }
        return granted
    }

    /// Gives back at once what of `taken` is beyond `keepFree`: some are not stopped by the kernel.
    ///
    /// - Parameter giveBack: gives back so many, and says what is held then.
    /// - Throws: the refusal where nothing of it may be kept.
    public func giveBackExcess(_ taken: Int64, _ giveBack: (Int64) -> Void) throws(StressorFailure) {
        guard taken > 0, let use = read(), use.free < keepFree else { return }
        let excess = min(keepFree - use.free, taken)
        giveBack(excess)
        if excess == taken { throw refusal }
    }

    /// How long the kernel may take to show what was given back.
    private static let releaseLimit: Nanoseconds = .second

    /// Waits until the kernel's count is down by `held` since it was `before`; `false` where that takes too long.
    ///
    /// Others take meanwhile: a hundredth is allowed for.
    public func awaitRelease(of held: Int64, from before: Int64?, _ control: ControlWord) -> Bool {
        guard held > 0, let before else { return true }
        let deadline = Clocks.monotonic + Self.releaseLimit
        while let used, before - used < held - held / 100 - inexactness {
            guard Clocks.monotonic < deadline else { return false }
            control.sleep(while: .stop, until: Clocks.monotonic + .millisecond)
        }
        return true
    }
}
