// SPDX-License-Identifier: Apache-2.0

internal import LinuxSystem
internal import LoadModel

/// The scheduler's figures for the threads of one stressor.
final class SchedulerProbe {
    /// More threads than this are not all read at 10 Hz; the first ones stand for the rest.
    private static let most = 16

    private let delays: [ProcFile]
    private let scale: Double

    /// Opens the figures of `threads`; `nil` where there are none to read, which is not a delay of 0.
    init?(threads: [(processID: Int32, id: Int64)]) {
        // "time on cpu, time waiting on a run queue, timeslices", in ns; Documentation/scheduler/sched-stats.rst.
        delays = threads.prefix(Self.most).compactMap {
            ProcFile("/proc/\($0.processID)/task/\($0.id)/schedstat", capacity: 128)
        }
        if delays.isEmpty { return nil }
        scale = Double(threads.count) / Double(delays.count)
    }

    /// How often the first of the threads was put on a processor.
    var timeslices: Int64? { delays.first?.read(SchedulerText.timeslices) }

    /// For how long the threads were ready and did not run, in ns of all of them.
    var runDelay: Nanoseconds {
        var sum: Int64 = 0
        for file in delays {
            sum = sum.addingSaturating(file.read(SchedulerText.runDelay) ?? 0)
        }
        return Int64(min(Double(sum) * scale, 0x1p62))
    }
}
