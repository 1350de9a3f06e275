// SPDX-License-Identifier: Apache-2.0

internal import LoadModel
internal import Reporting

/// The samples of runs as a table that spreadsheets read: RFC 4180, a row for each sample.
///
/// Columns are named as the log's members, units last; a figure that is not there is an empty cell. Of several runs the
/// table has the columns of all.
public enum ReportCSV {
    /// The table.
    public static func text(_ runs: [RunEvidence]) -> [UInt8] {
        var bytes: [UInt8] = []
        let columns = runs.map { Self.columns($0) }
        var known: Set<String> = []
        let names = columns.joined().map(\.name).filter { known.insert($0).inserted }
        append((["run_id", "elapsed_s", "interval_s", "phase"] + names).map(cell), to: &bytes)
        for (run, columns) in zip(runs, columns) {
            let own = Dictionary(columns.map { ($0.name, $0.value) }) { first, _ in first }
            append(run, names.map { own[$0] }, to: &bytes)
        }
        return bytes
    }

    private static func append(_ run: RunEvidence, _ columns: [((Int) -> Float)?], to bytes: inout [UInt8]) {
        var phases = PhaseNames(run)
        let runID = cell(run.runID)
        for index in 0..<run.columns.count {
            let time = run.columns.times[index]
            var cells = [
                runID, NumberText.text(time, places: 9, trimming: true),
                NumberText.text(Double(run.columns.lengths[index]), places: 6, trimming: true),
                cell(phases.name(index)),
            ]
            for column in columns {
                let value = column?(index) ?? .nan
                // Of large figures nine decimals are beyond what a Float or a number of NumberText holds.
                let places = value.magnitude < 1e6 ? 9 : 0
                cells.append(value.isNaN ? "" : NumberText.text(Double(value), places: places, trimming: true))
            }
            append(cells, to: &bytes)
        }
    }

    /// The phase of each sample, as the log says; where it does not, as it was planned.
    private struct PhaseNames {
        private let run: RunEvidence
        private var planned = 0

        init(_ run: RunEvidence) { self.run = run }

        /// Samples are asked for in their order.
        mutating func name(_ index: Int) -> String {
            let phase = run.columns.phases[index], time = run.columns.times[index]
            if run.columns.phaseNames.indices.contains(Int(phase)) { return run.columns.phaseNames[Int(phase)] }
            guard phase == Columns.unsaidPhase else { return "" }
            while planned + 1 < run.phases.count, run.phases[planned + 1].start < time { planned += 1 }
            return run.phases.indices.contains(planned) ? run.phases[planned].name : ""
        }
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
            add("\(stressor.name)_due", figures.due, unit: stressor.unitName)
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
        let plain = printable(text)
        let isFormula = plain.utf8.first.map { Array("=+-@".utf8).contains($0) } ?? false
        let safe = isFormula ? "'" + plain : plain
        guard safe.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x27 }) else { return safe }
        return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func append(_ cells: [String], to bytes: inout [UInt8]) {
        bytes += Array(cells.joined(separator: ",").utf8)
        bytes += [0x0D, 0x0A]
    }
}
