// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is read from the kernel, and never from exert.
enum Meter: Hashable, Sendable {
    /// CPU time of the stressors, in seconds: their process CPU clocks (clock_getcpuclockid(3)), which count each
    /// nanosecond, where `utime` and `stime` may be short of a tick.
    case cpu
    /// CPU time of the process that asks the probes, in seconds.
    case prober
    /// CPU time of the service that is asked, in seconds: each request takes some of it.
    case service
    /// Resident bytes of the stressors: `/proc/PID/statm`.
    case resident
    /// Open descriptors of the stressors: entries of `/proc/PID/fd`.
    case handles
    /// Threads of the stressors: `/proc/PID/task`.
    case tasks
    /// Processes and threads that are charged to the `pids` group: `pids.current`.
    case groupTasks
    /// Bytes in use on the disk beyond those before exert: statvfs(3).
    case space
    /// Inodes in use on the disk beyond those before exert: statvfs(3).
    case inodes
    /// Bytes written to the disk's device: `/sys/block/DEVICE/stat`.
    case written
    /// Bytes read from it.
    case read
    /// Bytes written to the device below the disk's: what the disk's own did not fail to write.
    case writtenBelow
    /// Writes and reads that the device has completed.
    case operations
    /// CPU time of the `cpuacct` group, in seconds: `cpuacct.usage`.
    case groupCPU
    /// Bytes that are charged to the `memory` group: `memory.usage_in_bytes`.
    case groupMemory
    /// Processes of the `memory` group that the OOM killer has killed: `oom_kill` of `memory.oom_control`.
    case groupKills
    /// Descriptors that the first neighbour may still open: numbers below its soft RLIMIT_NOFILE that it has not open.
    case neighbourFree
}

/// The readings of one meter: seconds since the load began, and the value.
struct Track: Sendable {
    private(set) var points: [(time: Double, value: Double)] = []

    mutating func append(_ value: Double, at time: Double) { points.append((time, value)) }

    /// The value at a time, between the two readings beside it; `nil` beyond the readings.
    func value(at time: Double) -> Double? {
        guard let next = points.firstIndex(where: { $0.time >= time }) else { return nil }
        if next == 0 { return points[0].time - time < 0.1 ? points[0].value : nil }
        let (a, b) = (points[next - 1], points[next])
        return a.value + (b.value - a.value) * (time - a.time) / (b.time - a.time)
    }

    func change(in span: ClosedRange<Double>) -> Double? {
        guard let from = value(at: span.lowerBound), let to = value(at: span.upperBound) else { return nil }
        return to - from
    }

    func values(in span: ClosedRange<Double>) -> [Double] {
        points.filter { span.contains($0.time) }.map(\.value)
    }
}

/// What one meter must have shown in a span of time.
struct Sight: Sendable {
    /// What is made of the readings.
    enum Figure: Sendable {
        /// The change over the span, for each second.
        case rate
        /// The change over the span.
        case change
        /// Every single reading.
        case level
        /// The mean of the readings.
        case mean
        /// The greatest reading.
        case peak
        /// The fastest change over any so many seconds of the span, for each second.
        case fastest(over: Double)
    }
    var meter: Meter
    var figure: Figure
    /// Seconds since the load began.
    var span: ClosedRange<Double>
    /// What is right.
    var range: ClosedRange<Double>

    static func rate(_ meter: Meter, _ span: ClosedRange<Double>, in range: ClosedRange<Double>) -> Sight {
        Sight(meter: meter, figure: .rate, span: span, range: range)
    }
    static func change(_ meter: Meter, _ span: ClosedRange<Double>, in range: ClosedRange<Double>) -> Sight {
        Sight(meter: meter, figure: .change, span: span, range: range)
    }
    static func level(_ meter: Meter, _ span: ClosedRange<Double>, in range: ClosedRange<Double>) -> Sight {
        Sight(meter: meter, figure: .level, span: span, range: range)
    }
    static func mean(_ meter: Meter, _ span: ClosedRange<Double>, in range: ClosedRange<Double>) -> Sight {
        Sight(meter: meter, figure: .mean, span: span, range: range)
    }
    static func peak(_ meter: Meter, _ span: ClosedRange<Double>, in range: ClosedRange<Double>) -> Sight {
        Sight(meter: meter, figure: .peak, span: span, range: range)
    }
    static func fastest(
        _ meter: Meter, over seconds: Double, _ span: ClosedRange<Double>, in range: ClosedRange<Double>
    ) -> Sight {
        Sight(meter: meter, figure: .fastest(over: seconds), span: span, range: range)
    }

    /// The figures of the span: one, or for a level the least and the greatest; none where nobody read often enough.
    func figures(in track: Track) -> [Double] {
        let values = track.values(in: span)
        switch figure {
        case .rate: return track.change(in: span).map { [$0 / (span.upperBound - span.lowerBound)] } ?? []
        case .change: return track.change(in: span).map { [$0] } ?? []
        case .level, .mean, .peak:
            // A few readings say nothing of what was between them.
            guard Double(values.count) > (span.upperBound - span.lowerBound) * 8, let least = values.min(),
                let most = values.max()
            else { return [] }
            if case .mean = figure { return [values.reduce(0, +) / Double(values.count)] }
            if case .peak = figure { return [most] }
            return [least, most]
        case .fastest(let seconds):
            let starts = track.points.map(\.time).filter { $0 >= span.lowerBound && $0 + seconds <= span.upperBound }
            return starts.compactMap { track.change(in: $0...$0 + seconds) }.max().map { [$0 / seconds] } ?? []
        }
    }

    /// What the meter showed, in words.
    func account(of tracks: [Meter: Track]) -> String {
        let found = figures(in: tracks[meter] ?? Track()).map { $0.formatted(.number.precision(.significantDigits(4))) }
        return "\(figure) of \(meter) in \(span) s: \(found.isEmpty ? "not seen" : found.joined(separator: " to "))"
    }

    /// What is wrong with it; `nil` where nothing is.
    func objection(to tracks: [Meter: Track]) -> String? {
        let found = figures(in: tracks[meter] ?? Track())
        if !found.isEmpty, found.allSatisfy(range.contains) { return nil }
        return "\(account(of: tracks)), and must be in \(range)"
    }
}
