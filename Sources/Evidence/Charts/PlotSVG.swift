// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Draws a chart's curves into a box of 1200 by 1000, whole numbers only: an SVG that is stretched to its place.
///
/// Strokes keep their width (`non-scaling-stroke`), so that a spike of one sample in an hour is a line to be seen.
struct PlotSVG {
    static let width = 1200
    static let height = 1000
    /// The most cells of a curve: two units each.
    static let columns = 600

    let chart: Chart
    let axis: TimeAxis

    private func x(_ time: Double) -> Int { Self.whole(time / axis.length * Double(Self.width), Self.width) }

    private func y(_ value: Double) -> Int {
        Self.whole((1 - (value - chart.low) / (chart.high - chart.low)) * Double(Self.height), Self.height)
    }

    private static func whole(_ value: Double, _ most: Int) -> Int {
        value.isNaN ? 0 : Int(min(max(value, 0), Double(most)).rounded())
    }

    /// What is in the box, back to front.
    func body() -> String {
        var text = ""
        for (index, phase) in axis.phases.enumerated() where index.isMultiple(of: 2) {
            text += rectangle("phase", phase.start, min(phase.end, axis.length), chart.low, chart.high)
        }
        for zone in chart.zones {
            if zone.low == zone.high {
                let left = x(zone.from)
                text += "<path class=\"limit\" d=\"M\(left) \(y(zone.low))h\(x(zone.to) - left)\"/>"
            } else {
                text += rectangle(zone.isGood ? "zone" : "limit", zone.from, zone.to, zone.low, zone.high)
            }
        }
        let lines = chart.ticks.map { "M0 \(y($0))h\(Self.width)" }.joined()
        text += "<path class=\"grid\" d=\"\(lines)\"/>"
        for phase in axis.phases where phase.start > 0 {
            text += "<path class=\"edge\" d=\"M\(x(phase.start)) 0v\(Self.height)\"/>"
        }
        for mark in axis.marks {
            text += "<path class=\"mark\(mark.isBad ? " bad" : "")\" d=\"M\(x(mark.time)) 0v\(Self.height)\"/>"
        }
        for curve in chart.curves { text += draw(curve) }
        return text
    }

    private func rectangle(_ name: String, _ from: Double, _ to: Double, _ low: Double, _ high: Double) -> String {
        let (left, top) = (x(from), y(high))
        let (width, height) = (x(to) - left, y(low) - top)
        guard width > 0, height > 0 else { return "" }
        return "<rect class=\"\(name)\" x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(height)\"/>"
    }

    private func draw(_ curve: Chart.Curve) -> String {
        let cells = curve.points.cells(Self.columns, over: axis.length)
        var text = ""
        if curve.isFilled {
            text += path("\(curve.role.rawValue) fill", cells, { $0.mean }, { _ in Float(max(0, chart.low)) })
        }
        let hasBand = curve.hasBand && cells.contains { $0.high > $0.low }
        if hasBand { text += path("\(curve.role.rawValue) band", cells, { $0.high }, { $0.low }) }
        return text + line("\(curve.role.rawValue) line", cells)
    }

    /// Stretches of cells that follow upon each other.
    private func stretches(_ cells: [TimeSeries.Cell]) -> [ArraySlice<TimeSeries.Cell>] {
        var result: [ArraySlice<TimeSeries.Cell>] = []
        var start = 0
        for index in 0...cells.count {
            guard index == cells.count || (index > 0 && x(cells[index].from) > x(cells[index - 1].to) + 2) else {
                continue
            }
            if index > start { result.append(cells[start..<index]) }
            start = index
        }
        return result
    }

    private func line(_ name: String, _ cells: [TimeSeries.Cell]) -> String {
        var path = SVGPath()
        for stretch in stretches(cells) {
            guard let first = stretch.first else { continue }
            path.move(x(first.from), y(Double(first.mean)))
            for cell in stretch { path.step(x(cell.to), y(Double(cell.mean))) }
        }
        return "<path class=\"\(name)\" d=\"\(path.text)\"/>"
    }

    /// The space between two curves of the same cells.
    private func path(
        _ name: String, _ cells: [TimeSeries.Cell], _ top: (TimeSeries.Cell) -> Float,
        _ bottom: (TimeSeries.Cell) -> Float
    ) -> String {
        var path = SVGPath()
        for stretch in stretches(cells) {
            guard let first = stretch.first, let last = stretch.last else { continue }
            path.move(x(first.from), y(Double(top(first))))
            for cell in stretch { path.step(x(cell.to), y(Double(top(cell)))) }
            path.vertical(y(Double(bottom(last))))
            for cell in stretch.reversed() { path.step(x(cell.from), y(Double(bottom(cell)))) }
            path.close()
        }
        return "<path class=\"\(name)\" d=\"\(path.text)\"/>"
    }
}

/// A path of horizontal and vertical lines, in as few bytes as it takes.
struct SVGPath {
    private var written = ""
    private var at = (x: 0, y: 0)
    /// A horizontal line that is not written yet: the next one may go on from it.
    private var waiting = 0

    /// The path's `d`.
    var text: String { waiting == 0 ? written : written + "h\(waiting)" }

    mutating func move(_ x: Int, _ y: Int) {
        flush()
        written += "M\(x) \(y)"
        at = (x, y)
    }

    mutating func vertical(_ y: Int) {
        guard y != at.y else { return }
        flush()
        written += "v\(y - at.y)"
        at.y = y
    }

    /// Goes to the height of a cell, and then to its end.
    mutating func step(_ x: Int, _ y: Int) {
        vertical(y)
        waiting += x - at.x
        at.x = x
    }

    mutating func close() {
        flush()
        written += "z"
    }

    private mutating func flush() {
        if waiting != 0 { written += "h\(waiting)" }
        waiting = 0
    }
}
