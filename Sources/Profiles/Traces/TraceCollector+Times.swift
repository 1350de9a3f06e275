// SPDX-License-Identifier: Apache-2.0

import LoadModel

// What is no time.
extension TraceCollector {
    /// What is wrong with a cell that is no time of `form`, or of none that is known.
    static func noTime(_ cell: ArraySlice<UInt8>, _ form: TraceTime?) -> String {
        let text = TraceAmount.quote(cell)
        if let form { return "\(text) is not a time \(form.title), as the rows before it have or the profile says" }
        if DatePattern.isAmbiguous(cell) {
            return "\(text) could have the day or the month first; say which, such as "
                + "'time 1 in \"\(DatePattern.dayFirst(cell))\"'"
        }
        if let number = TraceNumber(cell), number.end == cell.endIndex {
            return "the time \(text) is too long for seconds, of which the limit is 30d; say what it is, such as "
                + "'time 1 in ms'"
        }
        return "\(text) is not a time; write plain seconds such as '1.5' or a date such as '2026-03-02 08:00:00', or "
            + "say its form, such as 'time 1 in \"%d.%m.%Y %H:%M\"'"
    }

    /// A row of measurements whose time is damaged is no header.
    static func checkHeader(
        _ header: TraceHeader?, _ columns: TraceColumns, decimalComma: Bool
    ) throws(TraceProblem) {
        guard let time = columns.time, let value = columns.value, let last = header,
            last.texts.count > max(time, value), last.texts[time].contains(where: \.isNumber),
            !TraceTime.isName(last.texts[time])
        else { return }
        let cell = Array(last.texts[value].utf8)[...]
        guard let number = TraceNumber(cell, decimalComma: decimalComma), number.end == cell.endIndex else {
            return
        }
        throw TraceProblem(
            line: last.line,
            message: "\(Wording.quote(last.texts[time])) is not a time, and an amount stands in its row; mend the row")
    }
}
