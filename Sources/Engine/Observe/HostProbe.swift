// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// The host's own figures, from files that are kept open.
final class HostProbe {
    private let stat: ProcFile?
    private let meminfo = ProcFile("/proc/meminfo")
    private let vmstat = ProcFile("/proc/vmstat", capacity: 16384)
    private let pressure = PressureProbe(directory: "/proc/pressure", suffix: "")
    private var lastTicks: [Int64] = []
    /// Stolen time of all processors since the first look, in ns.
    private(set) var stolen: Int64 = 0

    /// Stolen time in the last window, ns of all processors for each ns.
    private(set) var steal = 0.0
    private let cpuCount: Double

    /// - Parameter processorTimes: the file that counts the processors' time, `/proc/stat`.
    init(cpuCount: Int, processorTimes: String) {
        self.cpuCount = Double(cpuCount)
        stat = ProcFile(processorTimes)
    }

    /// The host since the last call.
    func read() -> HostReading {
        var reading = HostReading(cpuBusyRatio: nil, cpuStealRatio: nil, memoryAvailableBytes: nil)
        reading.memoryAvailableBytes = meminfo?.read { ByteScanner.bytes(afterKiB: "MemAvailable:", in: $0) }
            .map { Double($0) }
        reading.pressure = pressure?.read()
        guard let ticks = stat?.read(CPUTicks.parse) else { return reading }
        defer { lastTicks = ticks }
        guard lastTicks.count == ticks.count else { return reading }
        let delta = zip(ticks, lastTicks).map { $0.subtractingSaturating($1) }
        // Busy is what is not idle: the busy columns are sampled at the tick and can miss a load that runs in step.
        let total = delta.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return reading }
        reading.cpuBusyRatio = max(0, 1 - (Double(delta[3]) + Double(delta[4])) / total)
        let stealRatio = delta.count > 7 ? max(0, Double(delta[7]) / total) : 0
        reading.cpuStealRatio = stealRatio
        steal = stealRatio * cpuCount
        if delta.count > 7 { stolen &+= max(0, delta[7]) &* 10_000_000 }
        return reading
    }

    /// How often the OOM killer has killed, on the whole host; `nil` where that cannot be read (before Linux 4.13).
    private var oomKills: Int64? { vmstat?.read { ByteScanner.integer(after: "oom_kill ", in: $0) } }
    private var oomKillsSeen: Int64?

    /// Takes the kills so far for ones that concern nobody; 28 µs.
    func forgetOOMKills() { oomKillsSeen = oomKills }

    /// Whether the OOM killer has killed since then; `nil` where that is not known.
    var hasOOMKills: Bool? {
        guard let oomKillsSeen, let oomKills else { return nil }
        return oomKills > oomKillsSeen
    }
}
