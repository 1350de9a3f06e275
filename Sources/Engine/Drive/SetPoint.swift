// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Synchronization

/// A rate that is moved while the run goes, for all lanes of a process together; in the stressor's unit.
public final class SetPoint: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// Creates a rate of 0.
    public init() {}

    /// The rate.
    public var value: Double {
        get { Double(bitPattern: bits.load(ordering: .relaxed)) }
        set { bits.store(newValue.bitPattern, ordering: .relaxed) }
    }
}

/// What a lane owes under a set-point: the area so far, and a straight line on from there.
struct MovedArea {
    private let setPoint: SetPoint
    private var time: Nanoseconds = 0
    private var area = 0.0
    private var rate = 0.0

    init(_ setPoint: SetPoint) { self.setPoint = setPoint }

    /// Takes the present rate as that of the time since the last call until `wake`; 0 where nothing is asked for.
    mutating func advance(to wake: Nanoseconds, isReleased: Bool) {
        rate = isReleased ? 0 : setPoint.value
        // A lane that has slept through a release owes nothing for it.
        area += rate * Double(min(max(0, wake - time), 2 * Pacer.period))
        time = max(time, wake)
    }

    /// The area until `time`, which lies within the last step.
    func value(until time: Nanoseconds) -> Double { area - rate * Double(self.time - time) }
}
