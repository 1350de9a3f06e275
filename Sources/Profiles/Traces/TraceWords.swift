// SPDX-License-Identifier: Apache-2.0

/// What can be said of a trace behind its file, for people.
public enum TraceWords {
    /// Each clause as it is written, and what it means; they stand in any order.
    public static let all: [(written: String, meaning: String)] = [
        ("column cpu, column 3", "the amounts: a header, whole or without its unit, or a position"),
        ("in %, in MiB, in % of 64 cores", "the unit of bare numbers"),
        ("x 0.01, × 1/30", "what they are multiplied by"),
        ("time ts, time 2", "the times: the first column, or one with such a name, where none is named"),
        ("time 2 in ms", "their form: \(forms), or a pattern such as \"%d.%m.%Y %H:%M\""),
        ("rows every 5s", "how far apart the rows are, where they have no times"),
        ("where machine = m_1 and cpu = all", "which rows, or which series"),
        ("from first, from 14:00:00 to 15:00:00", "which part; a length such as 1h counts from the first row"),
        ("mean every 1m", "rows of a stretch of time put together: \(folds)"),
        ("gaps held", "what an empty cell or NaN means: \(gaps)"),
        ("decimal comma", "10,5 is ten and a half"),
        ("as steps, as lines", "how its points are joined"),
        ("stretch to 10m, to phase, by 1/30", "how long it is to last"),
        ("repeat, repeat 3", "again until the phase ends, or so often"),
    ]

    private static let forms = TraceTime.units.map(\.name).filter { $0 != "µs" }.joined(separator: ", ") + ", rfc3339"
    private static let folds = TraceRequest.Fold.allCases.map(\.rawValue).joined(separator: ", ")
    private static let gaps = TraceRequest.Gaps.allCases.map(\.rawValue).joined(separator: ", ")
}
