// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Takes the rows of a trace one after the other: finds the header and the columns, and then adds to the curve.
struct TraceCollector {
    /// A report that is made for people: its lines are read by what it looks like.
    enum Report {
        /// sar(1) and mpstat(1): tables below each other, each with its header.
        case sar
        /// vmstat(8): a header each page.
        case vmstat
    }

    let request: TraceRequest
    let taker: AmountTaker
    let keptLength: Nanoseconds?
    let rowLimit: Int

    private(set) var report: Report?
    private(set) var problems: [TraceProblem] = []
    private var headers: [TraceHeader] = []
    private var comment: TraceHeader?
    /// Whether headers stand in comments, as sadf(1) writes them, and a new one begins another table.
    private var isInComments = false
    private var columns: TraceColumns?
    /// The columns that the curve was made from.
    private var used: TraceColumns?
    private var cellCount = 0
    private var curve: TraceCurve?
    private var window: (from: TraceInstant?, until: TraceInstant?) = (nil, nil)
    /// How many rows were taken so far.
    private(set) var rows: Int64 = 0
    /// The header of the table that has the columns, where a file has several.
    private var table: [String]?
    private var lastLine = 1

    init(request: TraceRequest, taker: AmountTaker, keptLength: Nanoseconds?, rowLimit: Int) {
        self.request = request
        self.taker = taker
        self.keptLength = keptLength
        self.rowLimit = rowLimit
    }

    /// Looks whether the file's first line is that of a report.
    mutating func recognise(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        let words = text.split(separator: " ")
        if words.first == "Linux", text.contains("(") { report = .sar }
        let isHeader = words.starts(with: ["r", "b", "swpd"])
        if isHeader || words.first == "procs" && text.contains("memory") { report = .vmstat }
    }

    /// Takes a comment that has cells: the header, where no other one is there.
    mutating func takeComment(_ header: TraceHeader) throws(TraceProblem) {
        if isInComments { try beginTable(header) } else if columns == nil { comment = header }
    }

    // MARK: Rows

    mutating func take(_ row: TraceRow, isSplit: Bool) throws(TraceProblem) {
        lastLine = row.line
        if report != nil {
            guard try !isFurniture(row) else { return }
        } else if isInComments || comment != nil,
            row.cells.indices.contains(where: { row[$0].starts(with: Self.restart) })
        {
            return
        }
        guard let columns else {
            guard table == nil, report != .sar else { return }
            try open(row)
            return
        }
        do throws(TraceProblem) {
            if isSplit, row.filledCount > cellCount {
                throw row.problem(
                    cellCount,
                    "the row has \(row.filledCount) cells and the \(headers.isEmpty ? "first row" : "header") "
                        + "\(cellCount); is it a decimal comma? Then separate cells with semicolons, or put them in "
                        + "quotes, and write 'decimal comma' behind the trace")
            }
            try add(row, columns)
        } catch {
            if headers.contains(where: { $0.texts == row.texts }) { return }
            // What is wrong with one of the rows of a line is wrong with the next ones.
            let isTold = problems.contains { $0.line == error.line && $0.message == error.message }
            if !isTold { problems.append(error) }
        }
    }

    /// Whether a row of a report is no measurement; a header begins a table.
    private mutating func isFurniture(_ row: TraceRow) throws(TraceProblem) -> Bool {
        let first = row.text(0)
        if report == .vmstat {
            if first == "procs" { return true }
            guard first == "r", columns != nil else { return false }
            return true
        }
        if ["Linux", "Average:", "Summary:"].contains(first) || row.count > 1 && row.text(1) == "LINUX" { return true }
        let hasNumber = row.cells.indices.dropFirst().contains { index in
            TraceNumber(row[index]).map { $0.end == row[index].endIndex } ?? false
        }
        guard !hasNumber, row.count > 1, first.contains(":") else { return false }
        try beginTable(TraceHeader(line: row.line, texts: ["time"] + row.texts.dropFirst()))
        return true
    }

    /// Begins a table of a file that has several: rows of those without the columns are passed over.
    private mutating func beginTable(_ header: TraceHeader) throws(TraceProblem) {
        if headers.last?.texts == header.texts { return }
        let time = header.texts.firstIndex(where: TraceTime.isName)
        let found: TraceColumns
        do throws(TraceProblem) {
            found = try TraceColumns(
                request, time: time, headers: [header], count: header.texts.count, line: header.line, isPlain: false,
                for: taker)
        } catch {
            // What is asked of none of the tables is told at the end, of the last one.
            headers = [header]
            columns = nil
            pending = pending ?? error
            return
        }
        guard table == nil || table == header.texts else {
            throw TraceProblem(
                line: header.line, message: "two tables of the file have the column; keep one of them in the file")
        }
        table = header.texts
        headers = [header]
        columns = found
        cellCount = header.texts.count
    }

    private var pending: TraceProblem?

    /// What sadf(1) writes where the host was started.
    private static let restart = Array("LINUX-RESTART".utf8)

    // MARK: The first row

    /// Takes a row above the first measurement, or that one itself.
    private mutating func open(_ row: TraceRow) throws(TraceProblem) {
        let time = timeColumn(row)
        guard isMeasurement(row, time: time) else {
            guard headers.count < TraceColumns.headerLimit else {
                let line = headers.count > 1 ? headers[1].line : row.line
                throw TraceProblem(
                    line: line, message: "none of \(TraceColumns.headerLimit) rows has a time in \(timeTitle)")
            }
            headers.append(TraceHeader(line: row.line, texts: row.texts))
            return
        }
        if headers.isEmpty, let comment = commentHeader(of: row) {
            isInComments = true
            headers = [comment]
            if request.timeColumn == nil, let named = comment.texts.firstIndex(where: TraceTime.isName), named != time {
                columns = nil
                try begin(row, time: named)
                return
            }
        }
        try begin(row, time: time)
    }

    private mutating func begin(_ row: TraceRow, time: Int?) throws(TraceProblem) {
        let named = headers.map(\.texts.count).max() ?? 0
        let found = try TraceColumns(
            request, time: time, headers: headers, count: max(row.count, named), line: row.line,
            isPlain: (time == 0 || request.rowInterval != nil) && report == nil, for: taker)
        if !isInComments { try Self.checkHeader(headers.last, found, decimalComma: request.hasDecimalComma) }
        columns = found
        if isInComments { table = headers[0].texts }
        cellCount = headers.isEmpty ? row.count : max(headers.map { $0.texts.count }.max() ?? 0, 1)
        try take(row, isSplit: report == nil)
    }

    /// The comment above the first row, where it has as many cells as that.
    private func commentHeader(of row: TraceRow) -> TraceHeader? {
        comment.flatMap { [row.count, row.filledCount].contains($0.texts.count) ? $0 : nil }
    }

    private var timeTitle: String {
        request.timeColumn.map { "column \(Wording.quote($0.text))" } ?? "its first column; write 'time' and a column"
    }

    /// The column that the time stands in; `nil` where there is none, or none is known yet.
    private func timeColumn(_ row: TraceRow) -> Int? {
        guard request.rowInterval == nil else { return nil }
        var names = headers.map(\.texts)
        if names.isEmpty, let comment = commentHeader(of: row) { names = [comment.texts] }
        if let key = request.timeColumn {
            if let number = key.number { return number - 1 }
            return names.lazy.compactMap { $0.firstIndex(of: key.text) }.first
        }
        if report == .vmstat { return row.count - 1 }
        for texts in names.reversed() {
            if let first = texts.first, TraceTime.isName(first) { return 0 }
            if let index = texts.firstIndex(where: TraceTime.isName) { return index }
        }
        return 0
    }

    private func isMeasurement(_ row: TraceRow, time: Int?) -> Bool {
        if request.rowInterval != nil {
            let index = (request.column?.number ?? 1) - 1
            let isNamed = request.column != nil && request.column?.number == nil
            if isNamed, headers.isEmpty { return false }
            if isNamed { return true }
            guard row.cells.indices.contains(index) else { return true }
            return TraceNumber(row[index], decimalComma: request.hasDecimalComma) != nil || row[index].isEmpty
        }
        guard let time else { return false }
        guard row.cells.indices.contains(time), let first = row[time].first else { return false }
        if report == .vmstat { return !headers.isEmpty }
        // What begins like a number is meant as a time, and what is wrong with it is told of it.
        return first.isDigit || first == .minus || first == .plus || first == .point
            || form(of: row[time], header: nil) != nil
    }

    private func form(of cell: ArraySlice<UInt8>, header: String?) -> TraceTime? {
        if let time = request.time {
            return time.instant(cell, decimalComma: request.hasDecimalComma) == nil ? nil : time
        }
        return TraceTime.guess(cell, header: header, decimalComma: request.hasDecimalComma)
    }

    // MARK: Measurements

    private mutating func add(_ row: TraceRow, _ columns: TraceColumns) throws(TraceProblem) {
        guard columns.takes(row) else { return }
        var instant = TraceInstant(whole: rows)
        if let time = columns.time {
            guard row.count > time else {
                throw row.problem(0, "the row has \(row.count) columns and no column \(time + 1)")
            }
            let cell = row[time]
            if curve == nil { try start(cell, row, columns) }
            guard let read = curve?.form.instant(cell, decimalComma: request.hasDecimalComma) else {
                throw row.problem(time, Self.noTime(cell, curve?.form))
            }
            instant = read
        } else if curve == nil {
            makeCurve(.number(unit: Double(request.rowInterval ?? .second)), columns)
            window = try window(from: instant, line: row.line)
        }
        rows += 1
        var reading: TraceAmount.Reading?
        if let value = columns.value {
            guard row.count > value else {
                throw row.problem(0, "the row has \(row.count) columns and no column \(value + 1)")
            }
            reading = try Self.of(row, value) { () throws(NotationError) in try curve?.amounts.read(row[value]) }
        }
        let value = columns.value ?? 0
        let place = try Self.of(row, columns.time ?? value) { () throws(NotationError) in
            try curve?.place(instant, window: window)
        }
        if let place { try Self.of(row, value) { () throws(NotationError) in try curve?.add(place, reading) } }
    }

    /// Not of this value: that would be a copy, with all rows so far.
    private static func of<Value>(
        _ row: TraceRow, _ index: Int, _ read: () throws(NotationError) -> Value
    ) throws(TraceProblem) -> Value {
        do throws(NotationError) {
            return try read()
        } catch {
            throw row.problem(index, error.message)
        }
    }

    /// Begins the curve with the form of the first row's time.
    private mutating func start(
        _ cell: ArraySlice<UInt8>, _ row: TraceRow, _ columns: TraceColumns
    ) throws(TraceProblem) {
        guard let form = request.time ?? form(of: cell, header: columns.timeHeader) else {
            throw row.problem(columns.time ?? 0, Self.noTime(cell, nil))
        }
        if report == .vmstat, case .number = form {
            throw TraceProblem(
                line: row.line,
                message: "vmstat has written no times; say how far apart the rows are, such as 'rows every 1s'",
                isDiscreet: true)
        }
        makeCurve(form, columns)
        guard let first = form.instant(cell, decimalComma: request.hasDecimalComma) else { return }
        window = try window(from: first, line: row.line)
    }

    private mutating func makeCurve(_ form: TraceTime, _ columns: TraceColumns) {
        let amounts = TraceAmount(taker: taker, request: request, headerUnit: columns.unit)
        curve = TraceCurve(
            request: request, amounts: amounts, form: form, keptLength: keptLength, rowLimit: rowLimit)
        used = columns
    }

    /// Where the curve begins and ends: a time as the file writes it, or a length from the first row on.
    private func window(
        from first: TraceInstant, line: Int
    ) throws(TraceProblem) -> (from: TraceInstant?, until: TraceInstant?) {
        func instant(_ text: String?, _ word: String) throws(TraceProblem) -> TraceInstant? {
            guard let text, let form = curve?.form, text != TraceRequest.firstRow else { return nil }
            let cell = Array(text.utf8)[...]
            if case .number = form {
            } else if let read = form.instant(cell, decimalComma: false)
                ?? TraceTime.guess(cell, header: nil, decimalComma: false)?.instant(cell, decimalComma: false)
            {
                return read
            }
            if columns?.time != nil, let read = form.instant(cell, decimalComma: request.hasDecimalComma) {
                return read
            }
            guard let length = try? UnitNotation.duration(text) else {
                throw TraceProblem(
                    line: line, message: "'\(word)' is no time as the rows have it, and no length such as '1h'",
                    isDiscreet: true)
            }
            let steps = Double(length) / form.unit
            let begin = form.isNumberOfPhase(first) ? TraceInstant(whole: 0) : first
            let whole = begin.whole.addingReportingOverflow(Int64(steps.rounded(.down))).partialValue
            return TraceInstant(whole: whole, fraction: begin.fraction + steps - steps.rounded(.down))
        }
        return (try instant(request.from, "from"), try instant(request.until, "to"))
    }

    // MARK: JSON

    /// Takes what an object of a JSON file says, as a row of its members.
    mutating func take(_ row: TraceRow, named header: TraceHeader, time: Int?, value: Int?) throws(TraceProblem) {
        if columns == nil || headers.last?.texts != header.texts {
            headers = [header]
            cellCount = header.texts.count
            do throws(TraceProblem) {
                columns = try TraceColumns(
                    request, time: time, headers: headers, count: cellCount, line: row.line, isPlain: value != nil,
                    for: taker)
                if let value, request.column == nil, request.fold != .count { columns?.value = value }
            } catch {
                // A series or an object without the member is none that is meant.
                columns = nil
                pending = pending ?? error
            }
        }
        guard columns != nil else { return }
        try take(row, isSplit: false)
    }

    // MARK: The end

    /// The trace; what it lacks is thrown.
    mutating func finish() throws(TraceProblem) -> Trace {
        if curve == nil, headers.count > 1 || report == .sar, pending == nil, columns == nil, !headers.isEmpty {
            let line = headers.count > 1 ? headers[1].line : headers[0].line
            throw TraceProblem(line: line, message: "no row has a time in \(timeTitle)")
        }
        if curve == nil, let pending, columns == nil { throw pending }
        if curve == nil, columns != nil, !request.selections.isEmpty {
            throw TraceProblem(line: lastLine, message: "no row has what 'where' asks for")
        }
        let title = self.title
        let place = lastLine
        let trace: Trace?
        do throws(NotationError) {
            trace = try curve?.finish(title: title)
        } catch {
            throw TraceProblem(line: place, message: error.message)
        }
        guard let trace else {
            throw TraceProblem(
                message: curve == nil
                    ? "it has no rows; write lines such as '0,10%' and '60,80%'"
                    : "no row has an amount between 'from' and 'to'")
        }
        return trace
    }

    /// How the file was read, in words that do not quote it.
    private var title: String {
        guard let curve, let columns = used else { return "" }
        let every = request.rowInterval.map { "every \(HumanUnits.duration($0))" } ?? "without times"
        let form = columns.time == nil ? every : "times \(curve.form.title)"
        let unit = curve.amounts.unit.flatMap { unit in
            unit.kind == .count ? nil : unit.kind == .percent ? "%" : unit.kind.description.words
        }
        let column = columns.value.map { " from column \($0 + 1)" } ?? ""
        let whole = request.whole == nil ? "" : " of an amount"
        let pairs = curve.pairs == 0 ? "" : " (\(curve.pairs) of them at the time of the row above, a step)"
        let count = "\(curve.rows) \(curve.rows == 1 ? "row" : "rows")\(pairs)"
        return "\(count), \(form), amounts\(column)\(unit.map { " in \($0)" } ?? "")\(whole)"
    }
}
