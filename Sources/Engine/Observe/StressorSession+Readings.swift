// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

// What log and display are told of one stressor besides its level or rate.
extension StressorSession {
    /// What kept the threads from running in a stretch of time; `nil` where nobody asks the scheduler.
    func scheduling(from first: HistoryPoint?, to last: HistoryPoint?) -> SchedulingFigures? {
        guard scheduler != nil, let first, let last else { return nil }
        let hasQuota = watch?.figures.quota != nil || last.throttledCount > 0
        return SchedulingFigures(from: first, to: last, hasQuota: hasQuota)
    }

    /// The control group since the last time that this was asked; `nil` where the kernel does not tell its pressure.
    func takeGroup() -> GroupReading? { isAlive ? group?.read() : nil }

    /// The latencies of all operations so far; `nil` where there are none.
    var latency: LatencyPair? { pages.latency?.pair }

    /// Operations that were dropped so far; `nil` where the load is not made of them.
    var dropped: Int64? { pages.latency == nil ? nil : pages.gauges.map(\.dropped).max() }

    /// Operations so far that failed, were refused or were dropped.
    ///
    /// One that fails is counted as a refusal as well, whatever the load is made of.
    var errors: Int64 { pages.gauges.reduce(0) { $0 + $1.refusals } + (dropped ?? 0) }

    /// What the witness has to tell of the figures.
    func takeFinding() -> Finding? {
        guard isAlive, var finding = witness?.takeFinding() else { return nil }
        finding.stressor = plan.name
        return finding
    }

    /// The latencies since the last time that this was asked.
    func takeLatency() -> LatencySummary? {
        guard let pair = latency else { return nil }
        defer { loggedLatency = pair }
        return (loggedLatency.map { pair.since($0) } ?? pair).summary
    }

    /// Whether the target was as much as there is, at some time of `window` that ended at `end`.
    func isUnlimited(_ window: Window?, endingAt end: Nanoseconds) -> Bool {
        curve.isUnlimited(from: end - (window?.length ?? 0), to: end)
    }

    /// What the device did since the last time that this was asked.
    func takeDevice() -> DeviceReading? {
        guard isAlive, let counters = witness?.readDevice() else { return nil }
        let now = world.monotonic
        defer { device = (counters, now) }
        guard let (earlier, time) = device, now > time else { return nil }
        let span = (now - time).seconds
        func rate(_ counter: (DeviceCounters) -> Int64) -> Double {
            Double(max(0, counter(counters) - counter(earlier))) / span
        }
        return DeviceReading(
            name: counters.name, readBytesPerSecond: rate(\.readBytes), writeBytesPerSecond: rate(\.writtenBytes),
            readOperationsPerSecond: rate(\.readOperations), writeOperationsPerSecond: rate(\.writtenOperations),
            queueDepth: rate(\.queueTime) / 1e9)
    }
}
