// SPDX-License-Identifier: Apache-2.0

public import LoadModel

/// One worker's view of the run: its share of the target, its clock, its gauge.
public struct Lane: Sendable {
    /// Which of the lanes this is, from 0.
    public let index: Int
    /// How many lanes share the target.
    public let count: Int
    /// The target of all lanes together, as it may change.
    public let course: Course
    /// The run's clock.
    public let time: any TimeSource
    /// Where this lane tells what it does.
    public let gauge: Gauge
    private let begin: @Sendable () -> Bool
    private let countedWork: @Sendable () -> Int64

    /// Creates a lane.
    ///
    /// - Parameters:
    ///   - countedWork: work that others did so far and that counts for all lanes together, in units of work.
    ///   - begin: called when the worker is ready; returns when the load begins, `false` where it never does.
    public init(
        index: Int, count: Int, course: Course, time: any TimeSource, gauge: Gauge,
        countedWork: @escaping @Sendable () -> Int64 = { 0 }, begin: @escaping @Sendable () -> Bool = { true }
    ) {
        self.index = index
        self.count = count
        self.course = course
        self.time = time
        self.gauge = gauge
        self.countedWork = countedWork
        self.begin = begin
    }

    /// Creates a lane whose target never changes.
    public init(
        index: Int, count: Int, curve: Curve, time: any TimeSource, gauge: Gauge,
        begin: @escaping @Sendable () -> Bool = { true }
    ) {
        self.init(index: index, count: count, course: Course(curve), time: time, gauge: gauge, begin: begin)
    }

    /// The target of all lanes together, as it stands; taken anew for each decision.
    public var curve: Curve { course.curve }

    /// This lane's share of what others did and counts as part of the load, in units of work.
    var counted: Int64 { countedWork() / Int64(count) }

    /// Says that this worker is ready and waits for the load to begin; `false` where the run ends first.
    func waitForStart() -> Bool { begin() }

    /// This lane's share of `total`, in whole multiples of `granularity`; the shares of all lanes add up to it.
    public func share(of total: Int64, granularity: Int64) -> Int64 {
        let units = max(0, total) / granularity
        let (index, count) = (Int64(self.index), Int64(self.count))
        // Not units·(i+1)/n − units·i/n, whose product overflows for amounts that fit.
        let (each, rest) = units.quotientAndRemainder(dividingBy: count)
        return (each + (index < rest ? 1 : 0)) * granularity
    }
}
