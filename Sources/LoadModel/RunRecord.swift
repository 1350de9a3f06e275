// SPDX-License-Identifier: Apache-2.0

/// Why a stressor fell short of its target.
public enum Cause: String, Codable, Sendable, CaseIterable {
    /// Its threads were ready and other work had the processors.
    case contention
    /// A cgroup's CPU quota stopped it.
    case quota
    /// The hypervisor ran something else.
    case steal
    /// The kernel, or exert's own headroom rule, refused the next step.
    case refusal
    /// It ran as fast as the resource goes.
    case saturation
    /// A control group's limit of disk bandwidth or operations held it back.
    case ioLimit = "io_limit"
    /// A control group is slowed down above its `memory.high`.
    case memoryHigh = "memory_high"
    /// Its processes were frozen: a paused container, or the whole host with everything on it.
    case frozen
    /// Its processes were stopped by a signal.
    case stopped
    /// Processes were moved out of the control group that they were put into.
    case leftGroup = "left_group"
    /// A limit of processes or of what one process may use: `RLIMIT_CPU`, `RLIMIT_NPROC`, `pids.max`.
    case processLimit = "process_limit"
    /// The kernel commits no more memory (`vm.overcommit_memory=2`).
    case overcommit
    /// Processors that it was planned for are offline or no longer its own to use.
    case offline
    /// Others alone use more than the total that was asked for.
    case others
    /// A guard ended the run.
    case `guard`
}

/// What a cause rests on: where the kernel says it, and what it says.
public struct CauseEvidence: Hashable, Sendable {
    /// The file or call, such as `/sys/fs/cgroup/app/cpu.max`.
    public var source: String
    /// What it says, for people, such as `0.5 cores, throttled 12 times`.
    public var figure: String

    /// Creates evidence.
    public init(source: String, figure: String) {
        self.source = source
        self.figure = figure
    }
}

/// How a stressor, a phase or a run ended.
public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// On target within the tolerance.
    case met
    /// Off target.
    case notMet = "not_met"
    /// Ended early by a guard or a signal.
    case aborted
    /// A stressor process was killed.
    case killed
    /// It cannot be done on this host.
    case unsupported
    /// What the stressor claims and what the kernel says disagree by more than the tolerance.
    case unverified
}

/// Something worth telling the user, with a remedy in the message.
public struct Finding: Hashable, Sendable {
    /// How much it matters.
    public enum Severity: String, Codable, Sendable, CaseIterable {
        /// Good to know; the load is what was asked for.
        case note
        /// The load is, or may become, other than what was asked for.
        case warning
    }
    /// A stable word for machines, such as `target_beyond_capacity`.
    public var code: String
    /// How much it matters.
    public var severity: Severity
    /// The stressor that it is about.
    public var stressor: String?
    /// One sentence, or two: what was found and what to do about it.
    public var message: String

    /// Creates a finding.
    public init(code: String, severity: Severity = .warning, stressor: String? = nil, message: String) {
        self.code = code
        self.severity = severity
        self.stressor = stressor
        self.message = message
    }
}

/// How a stressor did in one phase.
public struct PhaseResult: Sendable {
    /// The phase's index.
    public var phase: Int
    /// The stressor's name.
    public var stressor: String
    /// Whether the phase gave it a load; a released stressor is judged by what it still takes.
    public var isLoaded: Bool
    /// The mean target, in the stressor's unit; `nil` for as much as there is, which has no error either.
    public var targetMean: Double?
    /// The mean of what was due, where operations come at times that are drawn: what the error is counted from.
    public var dueMean: Double?
    /// What achieved is compared with.
    public var wantedMean: Double? { dueMean ?? targetMean }
    /// The mean of what reads did, as the kernel says, where the load both reads and writes.
    public var readsMean: Double?
    /// The mean of what the kernel says; of a killed stressor until it was killed, as all means.
    public var achievedMean: Double
    /// The mean of what the stressor says.
    public var claimedMean: Double
    /// Mean of achieved less target over the whole phase, without the shortfall inside granted allowances.
    public var errorMean: Double
    /// Mean of the error's size outside allowances: of slots of 1 s for rates, of looks for levels.
    public var errorAbsMean: Double
    /// The size of error that 95 % of them stay within.
    public var errorAbsP95: Double
    /// The greatest size of error.
    public var errorAbsMax: Double
    /// The error that was allowed, at the mean target.
    public var tolerance: Double
    /// From the phase's start to the first reading within tolerance, in seconds; `nil` where it was never reached.
    public var timeToReach: Double?
    /// From the phase's start until all of the memory held content, in seconds; memory only.
    public var timeToContent: Double?
    /// What fell short by cause, in the stressor's unit, as a mean over the phase.
    public var shortfall: [Cause: Double]
    /// The resident set by page walk (`smaps_rollup`) at the phase's end; memory only.
    public var residentBytes: Double?
    /// Anonymous memory on each memory node by page walk at the phase's end; where nodes were asked for.
    public var nodeBytes: [Int: Double]?
    /// Operations that were overdue beyond the bound and were not issued; rates of operations only.
    public var dropped: Int64?
    /// Operations that failed, by the name of their errno; rates of operations only.
    public var failures: [String: Int64] = [:]
    /// How long the phase's operations took; rates of operations only.
    public var latency: LatencyPair?
    /// What kept its threads from running in the phase; rates only.
    public var scheduling: SchedulingFigures?
    /// How long it was off target outside allowances, in seconds.
    public var offSeconds = 0.0
    /// How long nobody looked, in seconds.
    public var unseenSeconds = 0.0
    /// How long it was on its way within granted allowances, in seconds.
    public var allowanceSeconds = 0.0
    /// Since the phase's start, when it was killed, in seconds; `nil` where it was not.
    public var killedAfter: Double?
    /// What it held, or its mean rate in the last second, when it was killed.
    public var achievedWhenKilled: Double?
    /// What the stressor claims and what the kernel says, where they differ too much to be proof; `nil` else.
    public var mismatch: ClaimMismatch?
    /// What the causes of ``shortfall`` rest on, and ``endedBy``.
    public var evidence: [Cause: CauseEvidence] = [:]
    /// The limit that ended its process, where one is known to have.
    public var endedBy: Cause?
    /// Whether it is as expected, where the profile expects it to be killed or not met; `nil` where it does not.
    public var isExpected: Bool?
    /// The verdict.
    public var verdict: Verdict

    /// Creates a result.
    public init(
        phase: Int, stressor: String, isLoaded: Bool, targetMean: Double?, achievedMean: Double, claimedMean: Double,
        errorMean: Double, errorAbsMean: Double, errorAbsP95: Double, errorAbsMax: Double, tolerance: Double,
        timeToReach: Double?, timeToContent: Double?, shortfall: [Cause: Double], residentBytes: Double?,
        nodeBytes: [Int: Double]? = nil, dropped: Int64? = nil, latency: LatencyPair? = nil,
        scheduling: SchedulingFigures? = nil, verdict: Verdict
    ) {
        self.phase = phase
        self.stressor = stressor
        self.isLoaded = isLoaded
        self.targetMean = targetMean
        self.achievedMean = achievedMean
        self.claimedMean = claimedMean
        self.errorMean = errorMean
        self.errorAbsMean = errorAbsMean
        self.errorAbsP95 = errorAbsP95
        self.errorAbsMax = errorAbsMax
        self.tolerance = tolerance
        self.timeToReach = timeToReach
        self.timeToContent = timeToContent
        self.shortfall = shortfall
        self.residentBytes = residentBytes
        self.nodeBytes = nodeBytes
        self.dropped = dropped
        self.latency = latency
        self.scheduling = scheduling
        self.verdict = verdict
    }

    /// What ended its process, else the cause that took the most, where anything fell short.
    public var limitedBy: Cause? {
        if let endedBy { return endedBy }
        // The raw value breaks ties, so that the answer does not depend on a dictionary's order.
        return shortfall.filter { $0.value > 0 }.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
    }
}

/// How a stressor process ended.
public struct StressorEnd: Sendable {
    /// How it ended.
    public enum Manner: Hashable, Sendable {
        /// It was asked to stop and exited.
        case released
        /// It gave up by itself, with this reason.
        case failed(String)
        /// A signal ended it; `isOutOfMemory` where the kernel's counter of OOM kills in its group moved just before.
        case killed(signal: Int32, isOutOfMemory: Bool)
    }
    /// The stressor's name.
    public var stressor: String
    /// Its process.
    public var processID: Int32
    /// How it ended.
    public var manner: Manner
    /// CPU time that the process took in all, in seconds.
    public var cpuSeconds: Double
    /// From the request to stop until the process was gone, in seconds; `nil` where it was not asked.
    public var releaseSeconds: Double?
    /// What is known of who ended it, or that it is not known; `nil` where no signal did.
    public var note: String?

    /// Creates an end.
    public init(
        stressor: String, processID: Int32, manner: Manner, cpuSeconds: Double, releaseSeconds: Double?,
        note: String? = nil
    ) {
        self.stressor = stressor
        self.processID = processID
        self.manner = manner
        self.cpuSeconds = cpuSeconds
        self.releaseSeconds = releaseSeconds
        self.note = note
    }
}

/// What the run was made on.
public struct HostDescription: Sendable {
    /// `uname -n`.
    public var name: String
    /// `uname -r`.
    public var kernel: String
    /// `uname -m`.
    public var architecture: String
    /// Processors online.
    public var onlineCPUs: Int
    /// Processors that this process may run on.
    public var affinityCPUs: Int
    /// The CPU quota in cores; `nil` where there is none.
    public var quotaCores: Double?
    /// `MemTotal`; `nil` where it cannot be read.
    public var memoryTotalBytes: Int64?
    /// `MemAvailable` at the start; `nil` where it cannot be read.
    public var memoryAvailableBytes: Int64?
    /// The memory limit of the cgroup; `nil` where there is none.
    public var memoryLimitBytes: Int64?
    /// NUMA nodes that have memory.
    public var numaNodes: Int
    /// Transparent huge pages: `always`, `madvise`, `never` or `unknown`.
    public var hugePages: String
    /// The version of exert.
    public var exertVersion: String

    /// Creates a description.
    public init(
        name: String, kernel: String, architecture: String, onlineCPUs: Int, affinityCPUs: Int, quotaCores: Double?,
        memoryTotalBytes: Int64?, memoryAvailableBytes: Int64?, memoryLimitBytes: Int64?, numaNodes: Int,
        hugePages: String, exertVersion: String
    ) {
        self.name = name
        self.kernel = kernel
        self.architecture = architecture
        self.onlineCPUs = onlineCPUs
        self.affinityCPUs = affinityCPUs
        self.quotaCores = quotaCores
        self.memoryTotalBytes = memoryTotalBytes
        self.memoryAvailableBytes = memoryAvailableBytes
        self.memoryLimitBytes = memoryLimitBytes
        self.numaNodes = numaNodes
        self.hugePages = hugePages
        self.exertVersion = exertVersion
    }
}

/// Everything that a report needs of a run that has ended.
public struct RunRecord: Sendable {
    /// The run's identifier, a ULID.
    public var runID: String
    /// Labels and trace.
    public var tags = RunTags()
    /// What it was made on.
    public var host: HostDescription
    /// What was asked.
    public var plan: Plan
    /// When the load began, in nanoseconds since the Unix epoch.
    public var startedAt: Nanoseconds
    /// How long the load lasted.
    public var elapsed: Nanoseconds
    /// How each stressor did in each phase that was begun.
    public var results: [PhaseResult]
    /// How each stressor process ended.
    public var ends: [StressorEnd]
    /// What was found on the way, the plan's findings first.
    public var findings: [Finding]
    /// The verdict.
    public var verdict: Verdict
    /// The signal that interrupted the run.
    public var interruptedBy: Int32?
    /// The guard that ended the run.
    public var guardTrip: GuardTrip?
    /// The lease that ran out and ended the run.
    public var leaseExpiry: LeaseExpiry?
    /// What was changed while the run went on, in order.
    public var changes: [RunChange] = []
    /// The phases that ended before their time, in order.
    public var shortened: [ShortenedPhase] = []
    /// CPU time that the observer took, in seconds, from the load's start to its end.
    public var observerCPUSeconds: Double

    /// Creates a record.
    public init(
        runID: String, host: HostDescription, plan: Plan, startedAt: Nanoseconds, elapsed: Nanoseconds,
        results: [PhaseResult], ends: [StressorEnd], findings: [Finding], verdict: Verdict, interruptedBy: Int32?,
        guardTrip: GuardTrip? = nil, observerCPUSeconds: Double
    ) {
        self.runID = runID
        self.host = host
        self.plan = plan
        self.startedAt = startedAt
        self.elapsed = elapsed
        self.results = results
        self.ends = ends
        self.findings = findings
        self.verdict = verdict
        self.interruptedBy = interruptedBy
        self.guardTrip = guardTrip
        self.observerCPUSeconds = observerCPUSeconds
    }

    /// Why the load could not begin; `nil` where it did, or was stopped before.
    public var startFailure: String?

    /// Why the log misses lines; `nil` where it is whole, or nobody asked for one.
    public var logFailure: String?

    /// What the system under test did; `nil` where nobody asked it.
    public var service: ServiceRecord?
}
