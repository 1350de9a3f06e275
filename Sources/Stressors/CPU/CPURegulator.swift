// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import LinuxSystem
internal import LoadModel

/// Holds the CPU time of everybody in the base at the target, on a thread of its own in the stressor's process.
///
/// In this process and not in the observer, so that a log that nobody reads, or an observer that is stopped, cannot
/// keep the load up while others need the processors.
struct CPURegulator: Sendable {
    /// For how long others must take more than the target alone before the user is told.
    private static let patience = 10

    /// How long the processes that are being started take of the processors what is no other's load.
    private static let startUp = 20 * Nanoseconds.millisecond
    /// How long before the load the regulator must have begun to know what others take.
    static let leadTime = startUp + TotalController.interval

    let base: CPUBase
    let most: Double
    let context: StressorContext
    let setPoint = SetPoint()

    /// Runs until the end of the run; `time` and the curve are those of a lane.
    func run(on lane: Lane) {
        guard let gauge = base.scope.flatMap(CPUUseGauge.init) else { return }
        var controller = TotalController(capacity: base.capacity, most: most)
        // A first look before the load begins, so that the first decision knows what others take.
        context.control.sleep(while: .preparing, until: Clocks.monotonic + Self.startUp)
        let before = Self.look(gauge)
        while context.control.state == .preparing {
            context.control.sleep(while: .preparing, until: Clocks.monotonic + .second)
        }
        guard lane.time.wait(until: 0) else { return }
        if let before { _ = controller.update(before, target: 0) }
        var next: Nanoseconds = 0
        var looksOver = 0
        while !lane.time.isStopping {
            let now = lane.time.now
            next = max(next + TotalController.interval, now)
            let target = (lane.curve.area(until: next) - lane.curve.area(until: now)) / Double(max(1, next - now))
            if target <= 0 {
                controller.reset()
                setPoint.value = 0
            } else if let look = Self.look(gauge) {
                setPoint.value = controller.update(look, target: target)
                let isOver = setPoint.value == 0 && controller.others ?? 0 > target
                looksOver = isOver ? looksOver + 1 : 0
                if looksOver == Self.patience, let others = controller.others { tell(others, target) }
            }
            guard lane.time.wait(until: next) else { return }
        }
    }

    private func tell(_ others: Double, _ target: Double) {
        let (taken, wanted) = HumanUnits.amounts(others, target, .cores)
        context.tell(
            "others_exceed_target",
            "others alone took \(taken) where the total was to be \(wanted); exert's own load was released "
                + "until they left some again")
    }

    private static func look(_ gauge: CPUUseGauge) -> TotalController.Look? {
        // Our own clock first: reading it brings the group's counter up to date.
        let own = Clocks.processCPU
        return gauge.read().map { TotalController.Look(time: $0.time, whole: Double($0.used), own: Double(own)) }
    }
}
