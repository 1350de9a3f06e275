// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// The instant of the wall clock at which a load is to begin, so that runs on many hosts begin together.
struct StartTime {
    /// How long before it the stressors are told: their own clocks do the rest.
    private static let lastWord = 50 * Nanoseconds.millisecond

    /// In nanoseconds since the Unix epoch.
    let wall: Nanoseconds
    /// How much longer than usual the workers may take to become ready.
    let setupLimit: Nanoseconds

    /// Sleeps until the processes must be made to be ready in time; they are not to wait for long.
    func sleepUntilPreparation(_ observer: Observer) throws(ObserverFailure) {
        try sleep(until: wall - 3 * .second - setupLimit, observer)
    }

    /// Sleeps until just before the start; a finding where that is past.
    func sleepUntilStart(_ observer: Observer) throws(ObserverFailure) -> Finding? {
        let late = observer.world.wall - wall
        guard late <= 0 else {
            return Finding(
                code: "late_start",
                message: "the load begins \(HumanUnits.seconds(late.seconds)) after the wanted start: what had to be "
                    + "prepared took longer"
            )
        }
        try sleep(until: wall - Self.lastWord, observer)
        return nil
    }

    /// Sleeps on the wall clock, which may be set meanwhile, and ends at a signal or an order.
    private func sleep(until time: Nanoseconds, _ observer: Observer) throws(ObserverFailure) {
        while case let left = time - observer.world.wall, left > 0 {
            let milliseconds = Int32(min(left, .second) / .millisecond) + 1
            observer.world.wait(
                for: [observer.signals.rawDescriptor] + observer.steeringDescriptors, milliseconds: milliseconds)
            try observer.attend()
        }
    }
}
