// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Why a stressor was short of its target in a window.
enum Attribution {
    /// The cause that the kernel's figures point to.
    ///
    /// - Parameters:
    ///   - window: the window, achieved below target.
    ///   - stressor: whose window it is.
    ///   - steal: time that the hypervisor took from all processors, in ns for each ns.
    static func cause(_ window: Window, _ stressor: PlannedStressor, steal: Double) -> Cause {
        if stressor.drive == .level { return window.refusalCause ?? .saturation }
        let workers = Double(stressor.workers)
        guard stressor.unit == .cores else { return causeOfFewOperations(window, workers: workers, steal: steal) }
        let limit = workers
        let shortfall = -(window.error ?? 0) * Double(window.length)
        // A throttled group also waits in the run queue on most kernels, so the quota is asked first.
        if Double(window.throttled) >= 0.1 * shortfall { return .quota }
        if window.target > limit { return .saturation }
        if let cause = window.refusalCause { return cause }
        if steal * Double(window.length) >= 0.5 * shortfall { return .steal }
        return Double(window.runDelay) >= 0.1 * shortfall ? .contention : .saturation
    }

    /// Operations need little of a processor: only threads that waited for one for as large a part of the time as the
    /// shortfall is of the target explain it.
    private static func causeOfFewOperations(_ window: Window, workers: Double, steal: Double) -> Cause {
        if let cause = window.refusalCause { return cause }
        let missing = window.target > 0 ? -(window.error ?? 0) / window.target : 0
        let time = Double(max(1, window.length))
        if Double(window.throttled) >= 0.5 * missing * time { return .quota }
        if steal >= 0.5 * missing { return .steal }
        return Double(window.runDelay) >= 0.5 * missing * time * workers ? .contention : .saturation
    }
}

/// The scheduler's and the quota's figures for the threads of one stressor process.
final class SchedulerProbe {
    /// More threads than this are not all read at 10 Hz; the first ones stand for the rest.
    private static let most = 16

    private let delays: [ProcFile]
    private let scale: Double
    private let quota: ProcFile?
    private let quotaKey: StaticString
    private let quotaUnit: Int64
    /// Whether a quota applies at all.
    var hasQuota: Bool { quota != nil }

    init(threads: [(processID: Int32, id: Int64)], quota: CgroupView.Limit?) {
        // "time on cpu, time waiting on a run queue, timeslices", in ns; Documentation/scheduler/sched-stats.rst.
        delays = threads.prefix(Self.most).compactMap {
            ProcFile("/proc/\($0.processID)/task/\($0.id)/schedstat", capacity: 128)
        }
        scale = delays.isEmpty ? 0 : Double(threads.count) / Double(delays.count)
        self.quota = quota.flatMap { ProcFile("\($0.group.directory)/cpu.stat") }
        let isUnified = quota?.group.version == 2
        quotaKey = isUnified ? "throttled_usec " : "throttled_time "
        quotaUnit = isUnified ? 1000 : 1
    }

    var runDelay: Int64 {
        var sum: Int64 = 0
        for file in delays {
            sum = sum.addingSaturating(file.read(SchedulerText.runDelay) ?? 0)
        }
        return Int64(min(Double(sum) * scale, 0x1p62))
    }

    /// How often the quota stopped the group, and for how long in ns.
    var throttled: (count: Int64, time: Int64) {
        let key = quotaKey
        return quota?.read { bytes in
            let time = ByteScanner.integer(after: key, in: bytes) ?? 0
            let count = ByteScanner.integer(after: "nr_throttled ", in: bytes) ?? 0
            return (count, time.multipliedSaturating(by: quotaUnit))
        } ?? (0, 0)
    }
}
