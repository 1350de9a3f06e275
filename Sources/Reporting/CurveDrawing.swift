// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Draws what a stressor is to follow, over the whole run.
struct CurveDrawing {
    /// How many lines the curve takes, without its axis.
    private static let height = 4
    private static let eighths: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    let curve: Curve
    let unit: LoadModel.Unit
    /// When each phase begins, in ns.
    let starts: [Nanoseconds]
    let isUTF8: Bool

    /// The drawing, `width` cells wide at most; nothing where the curve is the same all the time, or there is no room.
    ///
    /// A column stands for a stretch of time. What the curve never falls below in it is solid; what it only reaches at
    /// times, as a pulse that is shorter than the stretch, is shaded.
    func lines(width: Int) -> [String] {
        let whole = curve.extremes(from: 0, to: curve.length)
        guard curve.length > 0, Curve.isJump(whole.lowerBound, whole.upperBound) else { return [] }
        let top = finitePeak
        let label = top.map { HumanUnits.amount($0, unit) } ?? "max"
        let margin = label.count
        let count = Int(min(Nanoseconds(width - margin - 1), curve.length))
        guard count >= 10 else { return [] }
        let columns = (0..<count).map { column in
            let from = time(column, of: count)
            return curve.extremes(from: from, to: max(time(column + 1, of: count), from + 1), isExact: true)
        }
        var lines = (0..<Self.height).map { line in
            let left = line == 0 ? label : String(repeating: " ", count: margin)
            var cells = columns.map { cell($0, line: Self.height - 1 - line, top: top ?? 1) }
            while cells.last == " " { cells.removeLast() }
            return left + (isUTF8 ? "│" : "|") + String(cells)
        }
        let marks = Set(starts.dropFirst().map { column(of: $0, count) })
        let axis = (0..<count).map { marks.contains($0) ? (isUTF8 ? "┴" : "+") : (isUTF8 ? "─" : "-") }
        lines.append(String(repeating: " ", count: margin - 1) + "0" + (isUTF8 ? "└" : "+") + axis.joined())
        lines.append(String(repeating: " ", count: margin + 1) + times(count))
        return lines
    }

    /// The largest amount that is a number.
    private var finitePeak: Double? {
        let peak = curve.peak
        if peak.isFinite { return peak }
        // 'as much as there is' stands beside numbers: the drawing is to their scale, and goes beyond it.
        let amounts = (0..<1000 as Range<Int>).map { curve.value(at: time($0, of: 1000)) }
        return amounts.filter { $0.isFinite && $0 > 0 }.max()
    }

    private func time(_ column: Int, of count: Int) -> Nanoseconds {
        Nanoseconds(Double(curve.length) * Double(column) / Double(count))
    }

    private func column(of time: Nanoseconds, _ count: Int) -> Int {
        min(count - 1, Int(Double(time) / Double(curve.length) * Double(count)))
    }

    private func cell(_ column: ClosedRange<Double>, line: Int, top: Double) -> Character {
        // In cells; what lies in this line of it.
        let (least, most) = (
            column.lowerBound / top * Double(Self.height) - Double(line),
            column.upperBound / top * Double(Self.height) - Double(line)
        )
        if least > 0.95 { return isUTF8 ? "█" : "#" }
        guard most > (line == 0 ? 0 : 0.05) else { return " " }
        if min(1, most) - max(0, least) > 0.5 { return isUTF8 ? "░" : ":" }
        let level = (min(1, most) + max(0, least)) / 2
        return isUTF8 ? Self.eighths[min(7, Int(level * 8))] : level < 0.5 ? "." : "#"
    }

    /// Where phases begin, as far as there is room, and the end.
    private func times(_ count: Int) -> String {
        let end = HumanUnits.duration(curve.length)
        var text = ""
        for start in starts {
            let (place, label) = (column(of: start, count), HumanUnits.duration(start))
            guard text.isEmpty || place > text.count + 1, place + label.count + 2 + end.count <= count else { continue }
            text += String(repeating: " ", count: place - text.count) + label
        }
        return text + String(repeating: " ", count: max(1, count - end.count - text.count)) + end
    }
}
