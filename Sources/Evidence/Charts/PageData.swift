// SPDX-License-Identifier: Apache-2.0

internal import Reporting

/// What the page's script draws from: every sample of every chart.
///
/// The steps of the values are as fine as the size of the page allows; where even coarse ones are too much, each two
/// samples become one, with their least and most.
struct PageData {
    /// The most bytes of all curves together: with pictures, tables and script the page is under 1 MB.
    static let sizeLimit = 640_000
    /// How many steps there are from the bottom of a chart to its top.
    private static let fineness: [Double] = [4000, 2000, 1000, 500, 250, 120]

    private let charts: [Chart]
    private let axis: TimeAxis

    init(_ charts: [Chart], _ axis: TimeAxis) {
        self.charts = charts
        self.axis = axis
    }

    /// The JSON, with how many samples one value stands for.
    func json() -> (text: String, merged: Int) {
        var charts = charts
        var merged = 1
        while true {
            for steps in Self.fineness {
                let bytes = document(charts, steps)
                if bytes.count <= Self.sizeLimit || merged >= 1 << 16 {
                    return (String(decoding: bytes, as: UTF8.self), merged)
                }
            }
            for chart in charts.indices {
                for curve in charts[chart].curves.indices { charts[chart].curves[curve].points.halve() }
            }
            merged *= 2
        }
    }

    private func document(_ charts: [Chart], _ steps: Double) -> [UInt8] {
        var writer = JSONWriter(.compact, capacity: 1 << 20)
        // Charts of samples share their times; those of a probe's seconds theirs.
        var times: [[Double]] = []
        var lengths: [[Float]] = []
        writer.beginObject()
        writer.key("charts")
        writer.beginArray()
        for chart in charts {
            let step = (chart.high - chart.low) / steps
            writer.beginObject()
            writer.key("low")
            writer.number(chart.low)
            writer.key("high")
            writer.number(chart.high)
            writer.key("step")
            writer.number(step)
            writer.key("curves")
            writer.beginArray()
            for curve in chart.curves {
                let points = curve.points
                let place = times.firstIndex { $0 == points.times } ?? times.count
                if place == times.count {
                    times.append(points.times)
                    lengths.append(points.lengths)
                }
                writer.beginObject()
                writer.key("times")
                writer.integer(place)
                writer.key("role")
                writer.string(curve.role.rawValue)
                writer.key("fill")
                writer.boolean(curve.isFilled)
                valueMembers(&writer, curve, from: chart.low, step: step, steps)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.key("times")
        writer.beginArray()
        for place in times.indices { timeMembers(&writer, times[place], lengths[place]) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func valueMembers(
        _ writer: inout JSONWriter, _ curve: Chart.Curve, from low: Double, step: Double, _ steps: Double
    ) {
        let series = curve.points.series
        func whole(_ value: Float) -> Int32? {
            guard !value.isNaN, step > 0 else { return nil }
            return Int32(min(max((Double(value) - low) / step, -100), steps + 100).rounded())
        }
        let means = series.means.map(whole)
        writer.key("mean")
        writer.string(PackedSeries.text(means))
        guard curve.hasBand, series.hasSpread else { return }
        func distances(_ value: (Int) -> Float) -> [Int32?] {
            means.indices.map { index in
                guard let mean = means[index], let other = whole(value(index)) else { return nil }
                return abs(other - mean)
            }
        }
        writer.key("below")
        writer.string(PackedSeries.text(distances(series.low)))
        writer.key("above")
        writer.string(PackedSeries.text(distances(series.high)))
    }

    /// Times in ms: how much each is off the mean step from the first to the last, and how long before it began.
    private func timeMembers(_ writer: inout JSONWriter, _ times: [Double], _ lengths: [Float]) {
        let first = times.first ?? 0
        let step = times.count > 1 ? ((times.last ?? 0) - first) / Double(times.count - 1) : 0
        func whole(_ seconds: Double) -> Int32 { Int32(min(max(seconds * 1000, -90_000), 90_000).rounded()) }
        writer.beginObject()
        writer.key("first_s")
        writer.number(first)
        writer.key("step_s")
        writer.number(step)
        writer.key("off_ms")
        writer.string(PackedSeries.text(times.enumerated().map { whole($1 - first - Double($0) * step) }))
        writer.key("length_ms")
        writer.string(PackedSeries.text(lengths.map { whole(Double($0)) }))
        writer.endObject()
    }
}

extension TimeSeries {
    /// Makes one of each two values.
    mutating func halve() {
        series.halve(lengths)
        var (times, lengths): ([Double], [Float]) = ([], [])
        for index in stride(from: 0, to: self.times.count, by: 2) {
            let last = min(index + 1, self.times.count - 1)
            times.append(self.times[last])
            lengths.append(last > index ? self.lengths[index] + self.lengths[last] : self.lengths[index])
        }
        (self.times, self.lengths) = (times, lengths)
    }
}
