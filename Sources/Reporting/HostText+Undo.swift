// SPDX-License-Identifier: Apache-2.0

internal import LoadModel

/// Rows of undo records: what each is about, whose it is, and why it stays.
enum UndoRows {
    static func append(_ undo: HostReport.Undo, to lines: inout TextLines) {
        if let problem = undo.problem { lines.append(StyledText("  \(lines.style.bad) ", .bad), sentence: problem) }
        if undo.records.isEmpty, undo.problem == nil { lines.append("  none: no run holds or has left anything") }
        for record in undo.records {
            let (mark, ink): (String, StyledText.Ink) =
                switch record.state {
                case "held": (lines.style.good, .good)
                case "left": ("!", .warning)
                default: (lines.style.bad, .bad)
                }
            let what = record.effect ?? record.path
            let state =
                switch record.state {
                case "held": "held by \(record.owner ?? "its owner"), or by who undoes it now; at its end: \(what)"
                case "left": "left by \(record.owner ?? "a run"): exert cleanup would \(what)"
                default: "\(what): \(record.reason ?? "it stays")"
                }
            lines.append(StyledText("  \(mark) ", ink), sentence: state)
            var rest = StyledText()
            rest.pad(to: 4)
            if record.effect != nil { lines.append(rest, sentence: "record: \(record.path)") }
        }
    }
}
