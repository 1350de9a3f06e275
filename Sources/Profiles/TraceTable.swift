// SPDX-License-Identifier: Apache-2.0

import LoadModel

/// Reads the points of a recorded load from comma-separated values.
///
/// The first column is the time in seconds since the phase began, every other one an amount. A cell may have its unit,
/// or the header may have it for all: `cpu (%)`, `cpu [%]`, `cpu %`. Lines that begin with `#` are comments.
struct TraceTable {
    /// The most bytes that a trace may have.
    static let sizeLimit = 10 << 20
    /// After so many problems of one file the rest would be noise.
    private static let problemLimit = 5

    /// The file as the profile writes it, for messages.
    let file: String
    /// What is given the load.
    let taker: AmountTaker
    /// The most rows that are taken; a row makes a piece of the curve, and the last one is held for one more.
    var rowLimit = Curve.pieceLimit - 1
    /// Whether problems may quote the file; not where whoever names the file may have no right to read it.
    var mayQuote = true

    private struct Row {
        var line: Int
        var cells: [String]
    }

    /// Reads the points of `column`: a header's name, a number from 1, or `nil` for the second column.
    ///
    /// - Returns: the points, or the problems, each naming file and line.
    func points(from bytes: [UInt8], column: String?) -> (points: [Trace.Point], problems: [String]) {
        guard bytes.count <= Self.sizeLimit else {
            return (
                [],
                ["trace \(Wording.quote(file)) is \(mebibytes(bytes.count)); the limit is \(mebibytes(Self.sizeLimit))"]
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return ([], ["trace \(Wording.quote(file)) is not UTF-8 text; save it as comma-separated values in UTF-8"])
        }
        var lexer = RowLexer(text)
        var points: [Trace.Point] = []
        var problems: [String] = []
        var index: Int?
        var unit = ""
        while let row = lexer.next() {
            guard problems.count < Self.problemLimit else { break }
            guard points.count < rowLimit else {
                problems.append(
                    "\(Wording.line(file)):\(row.line): the trace has more than \(rowLimit) rows; thin it out")
                break
            }
            do throws(Problem) {
                guard let known = index else {
                    let header = row.cells.first.map(Self.isTime) == true ? nil : row.cells
                    let place = try self.column(column, header: header, count: row.cells.count)
                    index = place
                    if let header {
                        unit = Self.unit(of: header[place], for: taker)
                    } else {
                        points.append(try point(row, column: place, unit: unit, after: nil))
                    }
                    continue
                }
                points.append(try point(row, column: known, unit: unit, after: points.last?.at))
            } catch {
                guard mayQuote else {
                    problems.append("\(Wording.line(file)):\(row.line): \(Self.unquoted)")
                    break
                }
                problems.append("\(Wording.line(file)):\(row.line): \(error.message)")
                if index == nil { break }
            }
        }
        if let line = lexer.unterminatedLine {
            problems.append("\(Wording.line(file)):\(line): a quote is not closed; close it")
        }
        if points.isEmpty, problems.isEmpty {
            problems.append("trace \(Wording.quote(file)) has no rows; write lines such as '0,10%' and '60,80%'")
        }
        return (points, problems)
    }

    private static let unquoted =
        "the row is not what a trace has here: a time in seconds, none before the row above, and an amount in the "
        + "column that was asked for; what the file says is not told, 'exert check' on that host tells it"

    // MARK: Header

    private struct Problem: Error { var message: String }

    private static func isTime(_ cell: String) -> Bool {
        cell.unicodeScalars.first.map { $0.isDigit || "+-.".unicodeScalars.contains($0) } ?? false
    }

    private func column(_ name: String?, header: [String]?, count: Int) throws(Problem) -> Int {
        guard count >= 2 else {
            throw Problem(message: "the row has one column; write the time in seconds and an amount, such as '0,10%'")
        }
        guard let name else { return 1 }
        let titles = header?.map { Self.split($0).name } ?? []
        if let header, let index = header.firstIndex(of: name) ?? titles.firstIndex(of: name) {
            if index == 0 { throw Problem(message: "column \(Wording.quote(name)) is the time; name another one") }
            return index
        }
        if let number = Int(name), name.unicodeScalars.allSatisfy(\.isDigit) {
            guard number >= 2, number <= count else {
                throw Problem(message: "there is no column \(number) to take amounts from; name one from 2 to \(count)")
            }
            return number - 1
        }
        guard header != nil else {
            throw Problem(
                message:
                    "there is no header row to find column \(Wording.quote(name)) in; name the column by its number")
        }
        let remedy = Wording.remedy(for: name, among: Array(titles.dropFirst().prefix(20)), taking: "the file has")
        throw Problem(message: "unknown column \(Wording.quote(name))\(remedy)")
    }

    /// The name and the unit of a header such as `cpu (%)`; the unit is empty where there is none.
    private static func split(_ header: String) -> (name: String, unit: String) {
        let phrase = Phrase(header)
        for (open, close) in [("(", ")"), ("[", "]")] as [(Unicode.Scalar, Unicode.Scalar)] {
            guard phrase[phrase.end - 1] == close, let start = phrase.firstOffset(where: { $0 == open }) else {
                continue
            }
            return (phrase.slice(phrase.offset, start).text, phrase.slice(start + 1, phrase.end - 1).text)
        }
        guard let last = phrase.words.last, last.offset > phrase.offset else { return (header, "") }
        return (phrase.slice(phrase.offset, last.offset).text, last.text)
    }

    private static func unit(of header: String, for taker: AmountTaker) -> String {
        let unit = split(header).unit
        // The last word of `cpu load` is no unit, and a column of counts needs none.
        return (try? UnitNotation.amount(Phrase("1" + unit), for: taker)) == nil ? "" : unit
    }

    // MARK: Rows

    private func point(
        _ row: Row, column: Int, unit: String, after previous: Nanoseconds?
    ) throws(Problem) -> Trace.Point {
        guard row.cells.count > column, let first = row.cells.first else {
            throw Problem(message: "the row has \(row.cells.count) columns and no column \(column + 1)")
        }
        do throws(NotationError) {
            let time = Phrase(first)
            let (seconds, end) = try NumberNotation.number(in: time, at: time.offset)
            guard end == time.end else {
                throw NotationError(0, "\(Wording.quote(first)) is not a time; write plain seconds such as '1.5'")
            }
            guard seconds <= UnitNotation.durationLimit.seconds else {
                throw NotationError(0, "the time \(Wording.quote(first)) is too long; the limit is 30d")
            }
            let at = Nanoseconds(seconds: seconds)
            if let previous, at < previous {
                throw NotationError(
                    0, "the time \(Wording.quote(first)) is before the row above; sort the rows by time")
            }
            var cell = row.cells[column]
            if !unit.isEmpty, let last = cell.unicodeScalars.last, last.isDigit || last == "." { cell += unit }
            return Trace.Point(at: at, amount: try UnitNotation.amount(Phrase(cell), for: taker))
        } catch {
            throw Problem(message: error.message)
        }
    }

    /// Takes a text apart into rows of cells; quoted cells may have commas, doubled quotes and line breaks.
    private struct RowLexer {
        private var scalars: String.UnicodeScalarView.SubSequence
        private var line = 1
        private(set) var unterminatedLine: Int?

        init(_ text: String) {
            scalars = text.unicodeScalars[...]
            if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        }

        /// The next row that is neither blank nor a comment.
        mutating func next() -> Row? {
            while let first = scalars.first {
                if first == "#" {
                    scalars = scalars.drop { $0 != "\n" }
                } else if first == "\n" || first == "\r" || first.isSpace {
                    take()
                } else {
                    return row()
                }
            }
            return nil
        }

        private mutating func row() -> Row {
            let start = line
            var cells: [String] = []
            var cell = String.UnicodeScalarView()
            var isQuoted = false
            var wasQuoted = false
            func close() { cells.append(wasQuoted ? String(cell) : Phrase(String(cell)).text) }
            while let scalar = scalars.first {
                take()
                if isQuoted {
                    if scalar != "\"" {
                        cell.append(scalar)
                    } else if scalars.first == "\"" {
                        take()
                        cell.append(scalar)
                    } else {
                        isQuoted = false
                    }
                } else if scalar == "\"", cell.allSatisfy(\.isSpace) {
                    cell = String.UnicodeScalarView()
                    isQuoted = true
                    wasQuoted = true
                } else if scalar == "," {
                    close()
                    cell = String.UnicodeScalarView()
                    wasQuoted = false
                } else if scalar == "\n" {
                    break
                } else if !(scalar == "\r" && scalars.first == "\n"), !(wasQuoted && scalar.isSpace) {
                    cell.append(scalar)
                }
            }
            if isQuoted { unterminatedLine = start }
            close()
            return Row(line: start, cells: cells)
        }

        private mutating func take() {
            if scalars.removeFirst() == "\n" { line += 1 }
        }
    }
}
