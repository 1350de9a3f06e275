// SPDX-License-Identifier: Apache-2.0

/// One stressor in one window of time.
public struct Reading: Sendable {
    /// The stressor's name.
    public var stressor: String
    /// The mean target of the window for rates, the target at its end for levels; `nil` for as much as there is.
    public var target: Double?
    /// What was due in the window, where operations come at times that are drawn: what the error is counted from.
    public var due: Double?
    /// The same of what the kernel says; `nil` where the process is gone.
    public var achieved: Double?
    /// What reads did of that; `nil` where the load does not both read and write.
    public var reads: Double?
    /// The least, mean and greatest target in the window; `nil` for as much as there is.
    public var targetSpread: Spread?
    /// The same of what the kernel says, between looks; `nil` where the process is gone.
    public var achievedSpread: Spread?
    /// What the stressor holds of a total, as the kernel says; `nil` where all of it is the stressor's.
    public var own: Double?
    /// What the stressor says that it holds or does.
    public var claimed: Double
    /// Why achieved is short of target by more than the tolerance.
    public var limitedBy: Cause?
    /// What that cause rests on.
    public var evidence: CauseEvidence?
    /// Refusals so far.
    public var refusals: Int64
    /// Bytes that hold content rather than zeroes; memory only.
    public var contentBytes: Double?
    /// Operations so far that were overdue beyond the bound and were not issued; rates of operations only.
    public var dropped: Int64?
    /// Operations so far that failed, by the name of their errno; rates of operations only.
    public var failures: [String: Int64] = [:]
    /// How long the operations of the window took; rates of operations only.
    public var latency: LatencySummary?
    /// What the device did in the window, whoever caused it.
    public var device: DeviceReading?
    /// What kept its threads from running in the window; only where it was short of its target.
    public var scheduling: SchedulingFigures?
    /// Its control group, where the kernel tells the group's pressure.
    public var group: GroupReading?

    /// What achieved is compared with: what was due, or else the target.
    public var wanted: Double? { due ?? target }
    /// Achieved less what it is compared with.
    public var error: Double? {
        guard let achieved, let wanted else { return nil }
        return achieved - wanted
    }
    /// What others hold of a total.
    public var others: Double? {
        guard let achieved, let own else { return nil }
        return achieved - own
    }

    /// Creates a reading.
    public init(
        stressor: String, target: Double?, achieved: Double?, own: Double? = nil, claimed: Double, limitedBy: Cause?,
        refusals: Int64, contentBytes: Double?, dropped: Int64? = nil, latency: LatencySummary? = nil,
        device: DeviceReading? = nil, scheduling: SchedulingFigures? = nil, group: GroupReading? = nil
    ) {
        self.stressor = stressor
        self.target = target
        self.achieved = achieved
        self.own = own
        self.claimed = claimed
        self.limitedBy = limitedBy
        self.refusals = refusals
        self.contentBytes = contentBytes
        self.dropped = dropped
        self.latency = latency
        self.device = device
        self.scheduling = scheduling
        self.group = group
    }
}

/// How a figure was spread over a window.
public struct Spread: Hashable, Sendable {
    /// The least value.
    public var least: Double
    /// The mean over time.
    public var mean: Double
    /// The greatest value.
    public var most: Double

    /// Creates a spread.
    public init(least: Double, mean: Double, most: Double) {
        self.least = least
        self.mean = mean
        self.most = most
    }
}

/// What a block device did in one window of time, as its `stat` file says.
public struct DeviceReading: Hashable, Sendable {
    /// The device's name, such as `nvme0n1`.
    public var name: String
    /// Bytes read a second.
    public var readBytesPerSecond: Double
    /// Bytes written a second.
    public var writeBytesPerSecond: Double
    /// Read requests completed a second.
    public var readOperationsPerSecond: Double
    /// Write requests completed a second.
    public var writeOperationsPerSecond: Double
    /// The mean number of requests in flight.
    public var queueDepth: Double

    /// Creates a reading.
    public init(
        name: String, readBytesPerSecond: Double, writeBytesPerSecond: Double, readOperationsPerSecond: Double,
        writeOperationsPerSecond: Double, queueDepth: Double
    ) {
        self.name = name
        self.readBytesPerSecond = readBytesPerSecond
        self.writeBytesPerSecond = writeBytesPerSecond
        self.readOperationsPerSecond = readOperationsPerSecond
        self.writeOperationsPerSecond = writeOperationsPerSecond
        self.queueDepth = queueDepth
    }
}

/// The host in one window of time.
public struct HostReading: Sendable {
    /// `1 − Δ(idle + iowait)/Δt` of all processors, 0 through 1.
    public var cpuBusyRatio: Double?
    /// Stolen time of all processors over the window, 0 through 1.
    public var cpuStealRatio: Double?
    /// `MemAvailable`.
    public var memoryAvailableBytes: Double?
    /// What tasks waited for; `nil` where the kernel does not count it.
    public var pressure: PressureReading?

    /// Creates a reading.
    public init(
        cpuBusyRatio: Double?, cpuStealRatio: Double?, memoryAvailableBytes: Double?, pressure: PressureReading? = nil
    ) {
        self.cpuBusyRatio = cpuBusyRatio
        self.cpuStealRatio = cpuStealRatio
        self.memoryAvailableBytes = memoryAvailableBytes
        self.pressure = pressure
    }
}

/// All stressors and the host in one window of time.
public struct Sample: Sendable {
    /// The window's end, since the run's start.
    public var elapsed: Nanoseconds
    /// The window's measured length.
    public var interval: Nanoseconds
    /// The phase that the window ends in.
    public var phase: Int
    /// One reading a stressor, in the order of the plan.
    public var readings: [Reading]
    /// The host.
    public var host: HostReading

    /// Creates a sample.
    public init(
        elapsed: Nanoseconds, interval: Nanoseconds, phase: Int, readings: [Reading], host: HostReading
    ) {
        self.elapsed = elapsed
        self.interval = interval
        self.phase = phase
        self.readings = readings
        self.host = host
    }
}
