// SPDX-License-Identifier: Apache-2.0

/// What kept a stressor's threads from running in one stretch of time, as the kernel counts it.
public struct SchedulingFigures: Hashable, Sendable {
    /// Time that threads were ready and did not run, of all of them together (`run_delay` of `schedstat`).
    public var runDelaySeconds: Double
    /// How often a quota stopped the group (`nr_throttled`); `nil` where no quota applies.
    public var throttledCount: Int64?
    /// For how long it did (`throttled_usec`, or `throttled_time` of v1).
    public var throttledSeconds: Double?
    /// Time that a hypervisor took, of all processors together.
    public var stealSeconds: Double

    /// Creates figures.
    public init(
        runDelaySeconds: Double, throttledCount: Int64? = nil, throttledSeconds: Double? = nil, stealSeconds: Double
    ) {
        self.runDelaySeconds = runDelaySeconds
        self.throttledCount = throttledCount
        self.throttledSeconds = throttledSeconds
        self.stealSeconds = stealSeconds
    }
}

/// The share of a window in which tasks were stalled for want of a resource, 0 through 1: differences of the `total=`
/// figures of the kernel's pressure files.
///
/// `nil` where the kernel does not tell. CPU has no "full": for the whole system it means nothing.
public struct PressureReading: Hashable, Sendable {
    /// Some task waited for a processor.
    public var cpuSome: Double?
    /// Some task waited for memory.
    public var memorySome: Double?
    /// All tasks that were not idle waited for memory.
    public var memoryFull: Double?
    /// Some task waited for a disk.
    public var ioSome: Double?
    /// All tasks that were not idle waited for a disk.
    public var ioFull: Double?

    /// Creates a reading.
    public init(
        cpuSome: Double? = nil, memorySome: Double? = nil, memoryFull: Double? = nil, ioSome: Double? = nil,
        ioFull: Double? = nil
    ) {
        self.cpuSome = cpuSome
        self.memorySome = memorySome
        self.memoryFull = memoryFull
        self.ioSome = ioSome
        self.ioFull = ioFull
    }
}

/// The control group of a stressor in one window of time.
public struct GroupReading: Hashable, Sendable {
    /// Its directory.
    public var directory: String
    /// What its tasks waited for.
    public var pressure: PressureReading

    /// Creates a reading.
    public init(directory: String, pressure: PressureReading) {
        self.directory = directory
        self.pressure = pressure
    }
}
