// SPDX-License-Identifier: Apache-2.0

/// What one second of the prober itself was like.
public struct ProberSecond: Hashable, Sendable {
    /// When it ended, in ns of `CLOCK_MONOTONIC`.
    public var end: Nanoseconds
    /// How long the prober was ready to run and did not, in ns: field 2 of `/proc/self/schedstat`; `nil` where the
    /// kernel does not tell.
    public var runQueueWait: Nanoseconds?
    /// CPU time that the prober took, in ns.
    public var cpuTime: Nanoseconds
    /// The greatest lateness of a probe that was due in it, in ns.
    public var lateness: Nanoseconds
    /// Results that whoever should have taken them did not take in time, and that are lost.
    public var dropped: Int64

    /// Creates a second.
    public init(
        end: Nanoseconds, runQueueWait: Nanoseconds?, cpuTime: Nanoseconds, lateness: Nanoseconds, dropped: Int64
    ) {
        self.end = end
        self.runQueueWait = runQueueWait
        self.cpuTime = cpuTime
        self.lateness = lateness
        self.dropped = dropped
    }
}

/// What one probe came to that was due in a span of a run.
public struct ProbeSpan: Sendable {
    /// The probe's name.
    public var probe: String
    /// Where the span begins and ends, since the run's start, in ns.
    public var span: Range<Nanoseconds>
    /// What came.
    public var tally: ProbeTally

    /// Creates it.
    public init(probe: String, span: Range<Nanoseconds>, tally: ProbeTally) {
        self.probe = probe
        self.span = span
        self.tally = tally
    }
}

/// What a run's probes and objectives came to.
public struct ServiceRecord: Sendable {
    /// What each objective came to, in the order of the profile.
    public var objectives: [ObjectiveResult] = []
    /// What each probe came to in all.
    public var probes: [ProbeSpan] = []
    /// Whether the system was not steady before the load, so that nothing was exerted.
    public var isNotSteady = false
    /// CPU time that the prober took, in seconds.
    public var proberCPUSeconds = 0.0
    /// Results that the observer did not take in time, and that are lost.
    public var lost: Int64 = 0

    /// Creates an empty one.
    public init() {}
}
