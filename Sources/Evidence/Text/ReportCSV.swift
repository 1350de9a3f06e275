// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// The samples of a run as a table that spreadsheets read: RFC 4180, a row for each sample.
///
/// Columns are named as the log's members, units last; a figure that is not there is an empty cell.
public enum ReportCSV {
    /// The table.
    public static func text(_ run: RunEvidence) -> [UInt8] {
        var bytes: [UInt8] = []
        let columns = columns(run)
        append((["run_id", "elapsed_s", "interval_s", "phase"] + columns.map(\.name)).map(cell), to: &bytes)
        var phase = 0
        let runID = cell(run.runID)
        for index in 0..<run.columns.count {
            let time = run.columns.times[index]
            while phase + 1 < run.phases.count, run.phases[phase + 1].start < time { phase += 1 }
            var cells = [
                runID, NumberText.text(time, places: 9, trimming: true),
                NumberText.text(Double(run.columns.lengths[index]), places: 6, trimming: true),
                cell(run.phases.indices.contains(phase) ? run.phases[phase].name : ""),
            ]
            for column in columns {
                let value = column.value(index)
                // Of large figures nine decimals are beyond what a Float or a number of NumberText holds.
                let places = value.magnitude < 1e6 ? 9 : 0
                cells.append(value.isNaN ? "" : NumberText.text(Double(value), places: places, trimming: true))
            }
            append(cells, to: &bytes)
        }
        return bytes
    }

    private struct Column {
        var name: String
        var value: (Int) -> Float
    }

    private static func columns(_ run: RunEvidence) -> [Column] {
        var columns: [Column] = []
        func add(_ name: String, _ series: Series, spread: Bool = false, unit: String) {
            guard !series.isEmpty else { return }
            let suffix = unit.isEmpty ? "" : "_\(unit)"
            columns.append(Column(name: name + suffix) { series.means[$0] })
            guard spread else { return }
            columns.append(Column(name: "\(name)_min\(suffix)") { series.low($0) })
            columns.append(Column(name: "\(name)_max\(suffix)") { series.high($0) })
        }
        for (stressor, figures) in zip(run.stressors, run.columns.stressors) {
            add("\(stressor.name)_target", figures.target, unit: stressor.unitName)
            add("\(stressor.name)_achieved", figures.achieved, spread: true, unit: stressor.unitName)
            add("\(stressor.name)_error", figures.error, unit: stressor.unitName)
        }
        let host = run.columns.host
        add("host_cpu_busy", host.busy, unit: "ratio")
        add("host_cpu_steal", host.steal, unit: "ratio")
        add("host_memory_available", host.memory, unit: "bytes")
        for (name, series) in zip(PressureColumns.names, host.pressure.series) {
            add("host_psi_\(name)", series, unit: "ratio")
        }
        return columns
    }

    /// Text that may be anything: quoted where it must be, and never a formula.
    private static func cell(_ text: String) -> String {
        let plain = printableCell(text)
        let isFormula = plain.utf8.first.map { Array("=+-@".utf8).contains($0) } ?? false
        let safe = isFormula ? "'" + plain : plain
        guard safe.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x27 }) else { return safe }
        return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func printableCell(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    private static func append(_ cells: [String], to bytes: inout [UInt8]) {
        bytes += Array(cells.joined(separator: ",").utf8)
        bytes += [0x0D, 0x0A]
    }
}
