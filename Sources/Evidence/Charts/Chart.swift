// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// A picture of figures over the time of a run: what is drawn by exert, and again by the page's script when zoomed.
struct Chart {
    /// What a curve stands for; its name is a class of the style sheet and of the script.
    enum Role: String {
        case achieved, target, error, good, bad, plain, second
    }

    /// A figure of the chart.
    struct Curve {
        var name: String
        var role: Role
        var points: TimeSeries
        /// Whether the space between its least and most is shaded, which tells what came and went within a sample.
        var hasBand = true
        /// Whether what is under it is filled.
        var isFilled = false
    }

    /// A stretch of time and of values: what is allowed, or asked for.
    struct Zone {
        var from: Double
        var to: Double
        var low: Double
        var high: Double
        /// Whether being in it is good.
        var isGood: Bool
        var name: String
    }

    /// For links, and for the names of files: letters, digits and dashes.
    var id: String
    var title: String
    /// The title in as few words as a line of a terminal has room for.
    var short: String
    /// What the figures are in, and how they are written.
    var scale: FigureScale
    var curves: [Curve]
    var zones: [Zone] = []
    /// The values at the bottom and at the top.
    var low: Double
    var high: Double
    /// Where lines and numbers are.
    var ticks: [Double]
    /// Whether it belongs below the one before it, as an error below its load.
    var isBelow = false
    /// The curve that it is drawn for.
    var main: Curve? { curves.first { $0.role == .achieved } ?? curves.first }
    /// What it shows, in a sentence, for who cannot see it.
    var summary = ""

    /// Chooses the ends of the value axis, and round numbers on it, so that all of `values` are in.
    mutating func fit(_ values: [Double], lines: Int = 4) {
        let finite = values.filter(\.isFinite)
        var least = finite.min() ?? 0, most = finite.max() ?? 1
        if most <= least { (least, most) = (min(least, 0), max(most, least == 0 && most == 0 ? scale.divisor : 0)) }
        if most <= least { most = least + max(1, least.magnitude) }
        let step = Self.step((most - least) / scale.divisor / Double(lines)) * scale.divisor
        let first = (least / step + 1e-9).rounded(.down), last = (most / step - 1e-9).rounded(.up)
        low = first * step
        high = max(last * step, low + step)
        let count = min(12, max(1, Int(exactly: (last - first).rounded()) ?? 1))
        ticks = (0...count).map { low + Double($0) * step }
        var places = 0
        var rest = step / scale.divisor
        while places < 6, (rest - rest.rounded()).magnitude > 1e-6 * max(1, rest.magnitude) {
            rest *= 10
            places += 1
        }
        tickPlaces = places
    }

    private(set) var tickPlaces = 0

    /// A tick as it is written.
    func tickText(_ value: Double) -> String {
        let text = NumberText.text(value / scale.divisor, places: tickPlaces)
        return scale.suffix == "%" ? text + "%" : text
    }

    /// The next of 1, 2, 2.5, 5 or 10 times a power of ten.
    static func step(_ rough: Double) -> Double {
        guard rough > 0, rough.isFinite else { return 1 }
        var power = 1.0
        while power * 10 <= rough { power *= 10 }
        while power > rough { power /= 10 }
        return [1, 2, 2.5, 5].map { $0 * power }.first { $0 >= rough * (1 - 1e-9) } ?? 10 * power
    }

    init(_ id: String, _ title: String, _ scale: FigureScale, _ curves: [Curve], fit values: [Double] = []) {
        (self.id, self.title, self.scale, self.curves) = (id, title, scale, curves)
        short = title
        (low, high, ticks) = (0, 1, [])
        var all = values
        for curve in curves {
            guard let extremes = curve.points.series.extremes(0..<curve.points.count) else { continue }
            all += [Double(extremes.lowerBound), Double(extremes.upperBound)]
        }
        fit(all)
    }
}

/// The time axis that all charts of a run share.
struct TimeAxis {
    var length: Double
    var phases: [PhaseEvidence]
    /// When something happened that is marked in every chart.
    var marks: [(time: Double, isBad: Bool)]

    init(_ run: RunEvidence) {
        length = run.axisLength
        let (all, length) = (run.phases.filter { $0.start < run.axisLength && $0.end >= 0 }, run.axisLength)
        // Of hundreds, those that there is room for.
        phases = all.count <= 40 ? all : all.filter { $0.length >= length / 100 }
        marks = run.events.filter { $0.weight != .note && $0.kind != "phase_ended" }.prefix(200).map {
            ($0.elapsed, $0.weight == .bad)
        }
    }

    private static let steps: [Double] = [
        0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
    ]

    /// Round times, some six of them.
    var ticks: [Double] {
        let step = Self.steps.first { length / $0 <= 8 } ?? (length / 6).rounded(.up)
        return (0...min(12, Int(length / step))).map { Double($0) * step }
    }

    /// A time as it is written on the axis: `12 s`, `1:30`, `1:00:00`.
    static func text(_ time: Double) -> String {
        guard time < 1e9 else { return "–" }
        if time < 60 { return NumberText.text(time, places: 1, trimming: true) + " s" }
        return HumanUnits.clock(Nanoseconds(seconds: time))
    }
}
