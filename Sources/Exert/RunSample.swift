// SPDX-License-Identifier: Apache-2.0

/// The figures of an interval of a run.
public struct RunSample: Decodable, Sendable {
    /// When the line was written (RFC 3339, UTC).
    public let time: String
    /// The interval's end, in seconds since the load began.
    public let elapsedSeconds: Double
    /// The interval's measured length in seconds.
    public let intervalSeconds: Double
    /// The phase's name.
    public let phase: String?
    /// The stressors' figures by name.
    public let stressors: [String: StressorSample]
    /// What the whole host did.
    public let host: HostSample

    /// The figures of the stressor of this name; `nil` where there is none.
    public subscript(stressor: String) -> StressorSample? { stressors[stressor] }

    private enum CodingKeys: String, CodingKey {
        case elapsedSeconds = "elapsed_s"
        case intervalSeconds = "interval_s"
        case time, phase, stressors, host
    }
}

/// The figures of a stressor, in its unit.
public struct StressorSample: Decodable, Sendable {
    /// The unit, as the log spells it: `cores`, `bytes`, `handles`, `inodes`, `bytes_per_second` or
    /// `operations_per_second`.
    public let unit: String
    /// What was asked for; `nil` for as much as there is.
    public let target: Double?
    /// What the kernel says that was there; `nil` where the stressor's process is gone.
    public let achieved: Double?
    /// Achieved less target, or less what was due.
    public let error: Double?
    /// What was drawn for the target, where operations come at times that are drawn; `nil` elsewhere.
    public let due: Double?
    /// What reads did of what was achieved, where a load reads and writes; `nil` elsewhere.
    public let achievedReads: Double?
    /// What writes did of it.
    public let achievedWrites: Double?
    /// The least target of the interval; `nil` for as much as there is.
    public let targetMin: Double?
    /// Its mean over time.
    public let targetMean: Double?
    /// The greatest target of the interval.
    public let targetMax: Double?
    /// The least of what the kernel says in the interval; `nil` where the stressor's process is gone.
    public let achievedMin: Double?
    /// Its mean over time.
    public let achievedMean: Double?
    /// The greatest of what the kernel says in the interval.
    public let achievedMax: Double?
    /// What the stressor says.
    public let claimed: Double?
    /// What the stressor holds of a total; `nil` where the target is not a total.
    public let own: Double?
    /// What others hold of a total.
    public let others: Double?
    /// Why it fell short, such as `contention`, `quota` or `frozen`; `nil` where it did not.
    public let limitedBy: String?
    /// What that rests on; `nil` where no file of the kernel's says it.
    public let limit: LimitEvidence?
    /// The kernel interface that the achieved figure comes from.
    public let witness: String

    private enum CodingKeys: String, CodingKey {
        case unit, target, due, achieved, error, claimed, own, others, witness, limit
        case targetMin = "target_min"
        case targetMean = "target_mean"
        case targetMax = "target_max"
        case achievedMin = "achieved_min"
        case achievedMean = "achieved_mean"
        case achievedMax = "achieved_max"
        case achievedReads = "achieved_reads"
        case achievedWrites = "achieved_writes"
        case limitedBy = "limited_by"
    }
}

/// What a cause rests on.
public struct LimitEvidence: Decodable, Sendable {
    /// The file or call that says it, such as `/sys/fs/cgroup/app/cpu.max`.
    public let source: String
    /// What it says, for people, such as `0.5 cores, throttled 12 times`.
    public let figure: String
}

/// What the whole host did in an interval.
public struct HostSample: Decodable, Sendable {
    /// The share of CPU time that was not idle, 0 through 1.
    public let cpuBusyRatio: Double?
    /// `MemAvailable` at the interval's end.
    public let memoryAvailableBytes: Double?
    /// Pressure stall ratios by their names in the log, such as `cpu_some_ratio`.
    public let pressure: [String: Double]?

    private enum CodingKeys: String, CodingKey {
        case cpuBusyRatio = "cpu_busy_ratio"
        case memoryAvailableBytes = "memory_available_bytes"
        case pressure = "psi"
    }
}
