// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Evidence

@Suite struct ColumnTests {
    /// The same numbers in every run.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static func series(_ values: [Double?]) -> Series {
        var series = Series()
        for value in values { series.append(value) }
        return series
    }

    @Test func `halving loses no extreme`() {
        var series = Self.series([1, 2, nil, 4, 100, 5, 6])
        series.append(7, low: -3, high: 9)
        series.append(nil)
        let weights = [Float](repeating: 1, count: series.count)
        #expect(series.extremes(0..<series.count) == -3...100)
        series.halve(weights)
        #expect(series.count == 5)
        #expect(series.extremes(0..<series.count) == -3...100)
        #expect(series.means[0] == 1.5)
        #expect(series.means[1] == 4)
        #expect(series.means[4].isNaN)
    }

    @Test func `means are weighted by time`() {
        var series = Self.series([0, 10])
        series.halve([3, 1])
        #expect(series.means == [2.5])
    }

    @Test func `samples that become one have the phase that they end in`() {
        var columns = Columns()
        for index in 0...Columns.limit {
            columns.beginSample()
            if index != 2 { columns.take(phase: index < 2 ? "a" : index == 3 ? nil : "b") }
            _ = columns.endSample(Double(index), length: 1)
        }
        #expect(columns.phases.count == columns.count && columns.merged == 2)
        #expect(columns.phases.prefix(3) == [0, Columns.noPhase, 1] && columns.phaseNames == ["a", "b"])
    }

    @Test func `a spike of one sample is in what is drawn`() {
        for place in [0, 1, 7777, 35_999] {
            var values = [Double?](repeating: 1, count: 36_000)
            values[place] = 0.25
            let series = TimeSeries(
                times: (1...36_000).map { Double($0) / 10 }, lengths: [Float](repeating: 0.1, count: 36_000),
                series: Self.series(values))
            let cells = series.cells(600, over: 3600)
            #expect(cells.count == 600)
            #expect(cells.map(\.low).min() == 0.25, "at \(place)")
        }
    }

    @Test func `a gap stays one`() {
        let series = TimeSeries(
            times: [1, 2, 10, 11], lengths: [1, 1, 1, 1], series: Self.series([1, 2, 3, 4]))
        #expect(series.cells(600, over: 11).map(\.from) == [0, 1, 9, 10])
        let chart = Chart(
            "a", "a", FigureScale(suffix: "", places: 0), [.init(name: "a", role: .plain, points: series)])
        let path = PlotSVG(chart: chart, axis: TimeAxis(RunEvidence(runID: "x"))).body()
        #expect(!path.isEmpty)
    }

    /// As the page's script reads it.
    private func unpack(_ text: String) -> [Int?] {
        let numbers = Dictionary(uniqueKeysWithValues: PackedSeries.alphabet.enumerated().map { ($1, $0) })
        var rest = Array(text.utf8)[...]
        var values: [Int?] = []
        var last = 0
        func take(_ width: Int) -> Int {
            var (number, factor) = (0, 1)
            for _ in 0..<width {
                number += (numbers[rest.removeFirst()] ?? -1) * factor
                factor *= 90
            }
            return number
        }
        while !rest.isEmpty {
            let code = take(1)
            switch code {
            case 0...80:
                for difference in [code / 9 - 4, code % 9 - 4] {
                    last += difference
                    values.append(last)
                }
            case 81...83:
                let zigzag = take(code - 80)
                last += zigzag.isMultiple(of: 2) ? zigzag / 2 : -(zigzag + 1) / 2
                values.append(last)
            default:
                let value: Int? = code == 86 ? nil : last
                for _ in 0..<take(code == 84 ? 1 : 2) { values.append(value) }
            }
        }
        return values
    }

    @Test func `packed numbers are read back as they were`() {
        var dice = Dice(state: 7)
        for width in [0, 1, 4, 5, 44, 45, 4000, 90_000] {
            var values: [Int32?] = []
            while values.count < 2000 {
                switch Int.random(in: 0..<5, using: &dice) {
                case 0: values += [Int32?](repeating: nil, count: Int.random(in: 1..<5, using: &dice))
                case 1:
                    let value = Int32.random(in: Int32(-width)...Int32(width), using: &dice)
                    values += [Int32?](repeating: value, count: Int.random(in: 1..<300, using: &dice))
                default: values.append(Int32.random(in: Int32(-width)...Int32(width), using: &dice))
                }
            }
            #expect(unpack(PackedSeries.text(values)) == values.map { $0.map(Int.init) }, "within \(width)")
        }
        let long: [Int32?] = [5] + [Int32?](repeating: 5, count: 20_000) + [Int32?](repeating: nil, count: 20_000)
        let text = PackedSeries.text(long)
        #expect(unpack(text) == long.map { $0.map(Int.init) })
        #expect(text.utf8.count < 40, "what is held takes no room")
        #expect(Set(PackedSeries.alphabet).count == 90)
    }

    @Test func `axes end in round numbers`() {
        let cases: [(values: [Double], ticks: [Double])] = [
            ([0, 1], [0, 0.25, 0.5, 0.75, 1]), ([0, 60], [0, 20, 40, 60]), ([-3, 3], [-4, -2, 0, 2, 4]),
            ([0, 0], [0, 0.25, 0.5, 0.75, 1]), ([5, 5], [5, 7.5, 10]),
        ]
        for (values, ticks) in cases {
            var chart = Chart("a", "a", FigureScale(suffix: "", places: 0), [])
            chart.fit(values)
            #expect(chart.ticks.first == chart.low && chart.ticks.last == chart.high)
            #expect(chart.low <= values[0] && chart.high >= values[1])
            if values != [5, 5] { #expect(chart.ticks == ticks, "\(values)") }
        }
        var chart = Chart("a", "a", FigureScale(suffix: "", places: 0), [])
        for values in [[.nan, .infinity], [-1e38, 1e38], [1e-30, 2e-30], []] as [[Double]] {
            chart.fit(values)
            #expect(chart.high > chart.low && chart.ticks.count <= 13)
        }
    }
}
