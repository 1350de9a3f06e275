// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// Why a stressor was short of its target in a window.
enum Attribution {
    /// The cause that the kernel's figures point to.
    ///
    /// - Parameters:
    ///   - window: the window, achieved below target.
    ///   - limit: the most that the workers can do at all, in the stressor's unit; `nil` where that is not known.
    ///   - steal: time that the hypervisor took from all processors, in ns for each ns.
    static func cause(_ window: Window, drive: Drive, limit: Double?, steal: Double) -> Cause {
        if drive == .level { return window.refusals > 0 ? .refusal : .saturation }
        let shortfall = -(window.error ?? 0) * Double(window.length)
        // A throttled group also waits in the run queue on most kernels, so the quota is asked first.
        if Double(window.throttled) >= 0.1 * shortfall { return .quota }
        if let limit, window.target > limit { return .saturation }
        if window.refusals > 0 { return .refusal }
        if steal * Double(window.length) >= 0.5 * shortfall { return .steal }
        return Double(window.runDelay) >= 0.1 * shortfall ? .contention : .saturation
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

    init(processID: Int32, threadIDs: [Int64], quota: CgroupView.Limit?) {
        // "time on cpu, time waiting on a run queue, timeslices", in ns; Documentation/scheduler/sched-stats.rst.
        delays = threadIDs.prefix(Self.most).compactMap {
            ProcFile("/proc/\(processID)/task/\($0)/schedstat", capacity: 128)
        }
        scale = delays.isEmpty ? 0 : Double(threadIDs.count) / Double(delays.count)
        self.quota = quota.flatMap { ProcFile("\($0.group.directory)/cpu.stat") }
        let isUnified = quota?.group.version == 2
        quotaKey = isUnified ? "throttled_usec " : "throttled_time "
        quotaUnit = isUnified ? 1000 : 1
    }

    var runDelay: Int64 {
        var sum: Int64 = 0
        for file in delays {
            sum +=
                file.read { bytes in
                    var scanner = ByteScanner(bytes)
                    scanner.skipFields(1)
                    return scanner.nextInteger()
                } ?? 0
        }
        return Int64(Double(sum) * scale)
    }

    var throttled: Int64 {
        let key = quotaKey
        return (quota?.read { ByteScanner.integer(after: key, in: $0) } ?? 0) * quotaUnit
    }
}
