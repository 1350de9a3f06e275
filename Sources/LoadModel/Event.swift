// SPDX-License-Identifier: Apache-2.0

/// What happens in a run, in order; the observer hands these to the log and to the progress display.
public enum Event: Sendable {
    /// A stressor is doing what it does before the load begins, and how much of it is done, 0 through 1.
    case preparing(String, Double)
    /// The load is about to begin.
    case runStarted(HostDescription, Plan)
    /// A phase begins.
    case phaseStarted(Int)
    /// A window of the log's interval has passed.
    case sample(Sample)
    /// Something worth telling was found.
    case finding(Finding)
    /// A guard ends the run.
    case guardTripped(GuardTrip)
    /// Somebody outside changed what the run does.
    case changed(RunChange)
    /// A phase ends before its time, since what it was to go on until is there.
    case phaseShortened(ShortenedPhase)
    /// Nobody renewed the lease, which ends the run.
    case leaseExpired(LeaseExpiry)
    /// A stressor process is gone.
    case stressorEnded(StressorEnd)
    /// All results of one probe that were due in a second are there.
    case probed(ProbeSpan)
    /// A second of the prober itself is over.
    case proberSecond(ProberSecond)
    /// What was said beside an answer of a probe.
    case probeNote(probe: String, text: String)
    /// A phase is over.
    case phaseEnded(Int, [PhaseResult])
    /// The run is over and everything is released.
    case runEnded(RunRecord)
}

/// An event with its time.
public struct TimedEvent: Sendable {
    /// Nanoseconds since the Unix epoch.
    public var time: Nanoseconds
    /// Since the load began; 0 before that.
    public var elapsed: Nanoseconds
    /// The run.
    public var runID: String
    /// What happened.
    public var event: Event

    /// Creates a timed event.
    public init(time: Nanoseconds, elapsed: Nanoseconds, runID: String, event: Event) {
        self.time = time
        self.elapsed = elapsed
        self.runID = runID
        self.event = event
    }
}
