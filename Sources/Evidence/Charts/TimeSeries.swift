// SPDX-License-Identifier: Apache-2.0

/// A figure with the times that it is of, reduced to what a picture has room for.
struct TimeSeries {
    /// When each value ends, in s.
    var times: [Double]
    /// How long each is, in s.
    var lengths: [Float]
    var series: Series

    var count: Int { min(times.count, series.count) }

    /// What is drawn as one: a stretch of time with its least, mean and most.
    struct Cell {
        var from: Double
        var to: Double
        var low: Float
        var mean: Float
        var high: Float
    }

    /// At most `columns` cells over `length` s, each with the least and the most of all samples that touch it.
    ///
    /// No extreme is lost, however short it was: of a curve that stands for a load, that is the message.
    func cells(_ columns: Int, over length: Double) -> [Cell] {
        guard length > 0, columns > 0 else { return [] }
        guard count > columns else {
            return (0..<count).compactMap { index in
                let mean = series.means[index]
                guard !mean.isNaN else { return nil }
                let from = max(index > 0 ? times[index - 1] : 0, times[index] - Double(lengths[index]))
                return Cell(
                    from: from, to: times[index], low: series.low(index), mean: mean, high: series.high(index))
            }
        }
        var cells: [Cell] = []
        cells.reserveCapacity(columns)
        var first = 0
        for column in 0..<columns {
            let from = Double(column) * length / Double(columns), to = Double(column + 1) * length / Double(columns)
            while first < count, times[first] <= from { first += 1 }
            var end = first
            while end < count, times[end] <= to { end += 1 }
            // The one that ends behind the column began in it, or before.
            if end < count, times[end] - Double(lengths[end]) < to { end += 1 }
            if let extremes = series.extremes(first..<end), let mean = series.mean(first..<end) {
                cells.append(
                    Cell(from: from, to: to, low: extremes.lowerBound, mean: mean, high: extremes.upperBound))
            }
        }
        return cells
    }
}

extension Columns {
    func timeSeries(_ series: Series) -> TimeSeries { TimeSeries(times: times, lengths: lengths, series: series) }
}

extension ProbeColumns {
    /// A figure of each second.
    func timeSeries(_ value: (Span) -> (mean: Float, low: Float, high: Float)) -> TimeSeries {
        var series = Series()
        for span in spans {
            let (mean, low, high) = value(span)
            series.append(
                mean.isNaN ? nil : Double(mean), low: low.isNaN ? nil : Double(low),
                high: high.isNaN ? nil : Double(high))
        }
        return TimeSeries(times: spans.map(\.to), lengths: spans.map { Float($0.to - $0.from) }, series: series)
    }
}
