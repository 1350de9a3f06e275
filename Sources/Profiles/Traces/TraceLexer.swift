// SPDX-License-Identifier: Apache-2.0

/// One row of a trace: its cells, without quotes and without the blanks around them.
struct TraceRow {
    struct Cell {
        var start: Int
        var end: Int
        /// The character of the line that it begins at, from 1.
        var column: Int
    }

    var line = 1
    var bytes: [UInt8] = []
    var cells: [Cell] = []

    var count: Int { cells.count }

    subscript(index: Int) -> ArraySlice<UInt8> { bytes[cells[index].start..<cells[index].end] }

    /// The cell's text; what is no UTF-8 is shown as U+FFFD.
    func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

    var texts: [String] { cells.indices.map(text) }

    /// How many cells there are up to the last one that is not empty.
    var filledCount: Int { cells.lastIndex { $0.start < $0.end }.map { $0 + 1 } ?? 0 }

    func problem(_ index: Int, _ message: String) -> TraceProblem {
        TraceProblem(line: line, column: index < cells.count ? cells[index].column : 1, message: message)
    }

    mutating func append(_ cell: some Collection<UInt8>, column: Int) {
        let start = bytes.count
        bytes += cell
        cells.append(Cell(start: start, end: bytes.count, column: column))
    }

    mutating func clear(line: Int) {
        self.line = line
        bytes.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
    }
}

/// Takes a text apart into rows of cells; quoted cells may have separators, doubled quotes and line breaks.
struct TraceLexer {
    /// What stands between two cells.
    enum Separator: Hashable {
        case byte(UInt8)
        /// Any number of blanks; a date and the time behind it, or a time and its `AM`, are one cell.
        case blanks
    }

    /// The most bytes that a cell may have.
    static let cellLimit = 4096
    /// The most cells that a row may have.
    static let countLimit = 4096
    /// The most bytes that all cells of a row may have.
    static let rowLimit = 1 << 20

    private(set) var source: TraceSource
    let separator: Separator
    /// The comment right above the row that was read last, without its signs; empty where there is none.
    private(set) var comment: [UInt8] = []
    private var rows = 0

    init(_ source: TraceSource, separator: Separator) {
        self.source = source
        self.separator = separator
    }

    /// Goes on where another lexer stands, with a separator that is known by now.
    init(_ other: TraceLexer, separator: Separator) {
        source = other.source
        comment = other.comment
        self.separator = separator
    }

    /// The next lines that are not empty; nothing is taken.
    mutating func nextLines(_ most: Int) throws(TraceProblem) -> [[UInt8]] { try source.nextLines(most) }

    /// The separator of a text, told by its first lines: what most of them have, of a tab, a semicolon and a comma;
    /// where less than half of them have one, blanks.
    static func separator(of lines: [[UInt8]], hasDecimalComma: Bool) -> Separator {
        let rows = lines.filter { $0.first != .hash }
        let counts = rows.map(Counts.init)
        // Where commas are in numbers, they separate quoted cells at most.
        let hasCommas = !hasDecimalComma || counts.contains { $0.quotes > 0 }
        var best = (separator: Separator.blanks, lines: (rows.count + 1) / 2 - 1)
        // sadf(1) writes a tab between semicolons where the host was started.
        let tabs = counts.count { $0.tabs > 0 && $0.tabs >= $0.semicolons }
        if tabs > best.lines { best = (.byte(.tab), tabs) }
        let semicolons = counts.count { $0.semicolons > 0 }
        if semicolons > best.lines { best = (.byte(.semicolon), semicolons) }
        let commas = counts.count { $0.commas > 0 }
        if hasCommas, commas > best.lines { best = (.byte(.comma), commas) }
        return best.separator
    }

    /// How many separators a line has outside of quotes.
    private struct Counts {
        var (tabs, semicolons, commas, quotes) = (0, 0, 0, 0)

        init(_ line: [UInt8]) {
            var isQuoted = false
            for byte in line {
                if byte == .quote {
                    isQuoted.toggle()
                    quotes += 1
                }
                guard !isQuoted else { continue }
                if byte == .tab { tabs += 1 }
                if byte == .semicolon { semicolons += 1 }
                if byte == .comma { commas += 1 }
            }
        }
    }

    /// Skips blank lines and comments, of which the last is kept.
    mutating func skipToRow() throws(TraceProblem) -> Bool {
        if rows > 0 { comment = [] }
        rows += 1
        while let first = try source.peek() {
            if first == .hash {
                comment = []
                while let byte = try source.take(), byte != .newline {
                    if comment.count < TraceSource.windowLimit { comment.append(byte) }
                }
                comment.removeFirst(comment.firstIndex { $0 != .hash && !$0.isBlank } ?? comment.count)
            } else if try isVoid(first) {
                _ = try source.take()
            } else {
                return true
            }
        }
        return false
    }

    /// Whether `first`, at a line's begin, says nothing; where tabs separate, one may close an empty cell.
    private mutating func isVoid(_ first: UInt8) throws(TraceProblem) -> Bool {
        guard first.isBlank else { return first == .newline || first == .carriageReturn }
        guard separator == .byte(.tab) else { return true }
        var ahead = 0
        while let byte = try source.peek(ahead), ahead < TraceSource.windowLimit {
            if byte == .newline || byte == .carriageReturn { return true }
            guard byte.isBlank else { return false }
            ahead += 1
        }
        return true
    }

    /// Reads the next row that is neither blank nor a comment; `false` at the end.
    mutating func next(into row: inout TraceRow) throws(TraceProblem) -> Bool {
        guard try skipToRow() else { return false }
        row.clear(line: source.line)
        var start = 0
        var column = source.column
        var isQuoted = false
        var wasQuoted = false
        while true {
            let place = source.column
            guard let byte = try source.take() else { break }
            if isQuoted {
                if byte != .quote {
                    row.bytes.append(byte)
                } else if try source.peek() == .quote {
                    _ = try source.take()
                    row.bytes.append(byte)
                } else {
                    isQuoted = false
                }
            } else if byte == .newline {
                break
            } else if byte == .quote, row.bytes.count == start, !wasQuoted {
                isQuoted = true
                wasQuoted = true
            } else if isSeparator(byte) {
                if separator == .blanks, row.bytes.count == start, !wasQuoted {
                    column = place + 1
                } else {
                    close(&row, &start, column, wasQuoted)
                    column = place + 1
                    wasQuoted = false
                }
            } else if byte.isBlank, row.bytes.count == start || wasQuoted {
                if !wasQuoted { column = place + 1 }
            } else {
                row.bytes.append(byte)
            }
            guard row.bytes.count - start <= Self.cellLimit else {
                throw TraceProblem(
                    line: row.line, column: column, message: "a cell is longer than \(Self.cellLimit) bytes, the limit")
            }
            guard row.cells.count < Self.countLimit, row.bytes.count <= Self.rowLimit else {
                throw TraceProblem(
                    line: row.line, message: "the row is longer than \(Self.countLimit) cells or 1 MiB, the limits")
            }
        }
        if isQuoted { throw TraceProblem(line: row.line, column: column, message: "a quote is not closed; close it") }
        if separator != .blanks || row.bytes.count > start || wasQuoted { close(&row, &start, column, wasQuoted) }
        return true
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        switch separator {
        case .byte(let separator): byte == separator
        case .blanks: byte.isBlank
        }
    }

    private func close(_ row: inout TraceRow, _ start: inout Int, _ column: Int, _ wasQuoted: Bool) {
        var end = row.bytes.count
        if !wasQuoted {
            while end > start, row.bytes[end - 1].isBlank { end -= 1 }
        }
        defer { start = row.bytes.count }
        if separator == .blanks, let last = row.cells.last {
            let before = row.bytes[last.start..<last.end]
            let cell = row.bytes[start..<end]
            if Self.isDate(before) && Self.isClock(cell) || Self.isClock(before) && Self.isHalfOfDay(cell) {
                row.bytes.insert(.space, at: last.end)
                row.cells[row.cells.count - 1].end = end + 1
                return
            }
        }
        row.cells.append(.init(start: start, end: end, column: column))
    }

    private static func isDate(_ cell: ArraySlice<UInt8>) -> Bool {
        cell.count == 10 && cell.filter { $0 == .minus || $0 == .slash || $0 == .point }.count == 2
            && cell.filter(\.isDigit).count == 8
    }

    private static func isClock(_ cell: ArraySlice<UInt8>) -> Bool {
        cell.first?.isDigit == true && cell.count >= 4 && cell.contains(.colon)
            && cell.allSatisfy { $0.isDigit || $0 == .colon || $0 == .point || $0 == .plus || $0 == 0x5A }
    }

    private static func isHalfOfDay(_ cell: ArraySlice<UInt8>) -> Bool {
        cell.elementsEqual("AM".utf8) || cell.elementsEqual("PM".utf8)
    }
}

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let minus: UInt8 = 0x2D
    static let point: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B

    var isBlank: Bool { self == .space || self == .tab }
    var isDigit: Bool { (.zero...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5A).contains(self & 0xDF) }
}
